/* SPDX-License-Identifier: MIT */
/*
 * alichain is what the original system reads, and its statement; csv and json
 * have the fields of records.c under their names; ledger is accounting.c's.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "walletctl/csv.h"
#include "walletctl/records.h"

#include "walletctl/forms.h"

static void put(FILE *out, struct slice text)
{
	(void)fwrite(text.p, 1, text.len, out);
}

static int put_columns(struct writing *w, const struct answer_record *r)
{
	fprintf(w->out, "%" PRId64 " ", r->serial);
	put(w->out, r->sender);
	putc(' ', w->out);
	put(w->out, r->receiver);
	fprintf(w->out, " %" PRId64 "\n", r->amount);
	return 0;
}

static void begin_csv(struct writing *w)
{
	output_csv_names(w->out, records_columns, RECORD_COLUMNS);
}

static int put_csv(struct writing *w, const struct answer_record *r)
{
	struct value values[RECORD_COLUMNS_MAX];

	records_values(r, values);
	output_csv_line(w->out, values, RECORD_COLUMNS);
	return 0;
}

static int put_json(struct writing *w, const struct answer_record *r)
{
	struct value values[RECORD_COLUMNS_MAX];

	records_values(r, values);
	output_json_object(w->out, records_columns, RECORD_COLUMNS, values);
	putc('\n', w->out);
	return 0;
}

static int put_accounting(struct writing *w, const struct answer_record *r)
{
	return accounting_record(w->accounting, w->out, r);
}

static const struct writer_form table[] = {
	{ "alichain", false, NULL, put_columns },
	{ "csv", false, begin_csv, put_csv },
	{ "json", false, NULL, put_json },
	{ "ledger", true, NULL, put_accounting },
};

const struct writer_form *forms_find(const char *name)
{
	for (size_t i = 0; i < ELEMENTS(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}
