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

/* In this order; the end of a line is that of RFC 4180. */
static const size_t csv_columns[] = {
	RECORD_SERIAL, RECORD_TIME, RECORD_SENDER, RECORD_RECEIVER,
	RECORD_AMOUNT, RECORD_ID,   RECORD_MEMO,   RECORD_HASH,
};
#define CSV_END "\r\n"

static void begin_csv(struct writing *w)
{
	for (size_t i = 0; i < ELEMENTS(csv_columns); i++)
		fprintf(w->out, "%s%s", i ? "," : "",
			records_columns[csv_columns[i]].name);
	fputs(CSV_END, w->out);
}

static int put_csv(struct writing *w, const struct answer_record *r)
{
	struct value values[RECORD_COLUMNS_MAX];

	records_values(r, values);
	for (size_t i = 0; i < ELEMENTS(csv_columns); i++) {
		const struct value *v = &values[csv_columns[i]];

		if (i > 0)
			putc(',', w->out);
		if (v->kind == VALUE_NUMBER)
			fprintf(w->out, "%" PRId64, v->number);
		else if (v->kind != VALUE_NONE)
			csv_write(w->out, v->text);
	}
	fputs(CSV_END, w->out);
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
