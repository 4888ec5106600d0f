/* SPDX-License-Identifier: MIT */
/*
 * The first line may hold the names of the columns.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "ledger/name.h"
#include "ledger/newtext.h"
#include "util/parse.h"
#include "walletctl/csv.h"

#include "walletctl/payments.h"

/* There is no column of that kind. */
#define COLUMN_NONE SIZE_MAX

static const char *const names[PAYMENT_COLUMNS] = {
	[PAYMENT_SENDER] = "sender",
	[PAYMENT_RECEIVER] = "receiver",
	[PAYMENT_AMOUNT] = "amount",
	[PAYMENT_MEMO] = "memo",
	[PAYMENT_ID] = "id",
	[PAYMENT_SERIAL] = "serial",
	[PAYMENT_HASH] = "hash",
};

void payments_begin(struct payments *p, struct mistakes *m, uint32_t file)
{
	p->mistakes = m;
	p->file = file;
	p->line = 0;
	p->begun = false;
	for (size_t c = 0; c < PAYMENT_COLUMNS; c++)
		p->column[c] = c <= PAYMENT_ID ? c : COLUMN_NONE;
}

static bool is_needed(size_t column)
{
	return column < PAYMENT_MEMO;
}

/* Is this a line of names?  Then it says where the columns are. */
static bool take_names(struct payments *p, const struct csv_line *l)
{
	size_t column[PAYMENT_COLUMNS];

	for (size_t c = 0; c < PAYMENT_COLUMNS; c++) {
		column[c] = COLUMN_NONE;
		for (size_t i = 0; i < l->fields; i++)
			if (slice_equal(l->field[i], slice_of(names[c])))
				column[c] = i;
		if (column[c] == COLUMN_NONE && is_needed(c))
			return false;
	}
	memcpy(p->column, column, sizeof(column));
	return true;
}

static void wrong(struct payments *p, const char *sentence)
{
	mistakes_tell(p->mistakes, p->file, p->line, "%s", sentence);
}

/* @fault of a name and so on is the end of a sentence, or NULL. */
static bool good_field(struct payments *p, enum payment_column c,
		       const char *fault)
{
	if (fault)
		mistakes_tell(p->mistakes, p->file, p->line, "%s: it %s",
			      names[c], fault);
	return !fault;
}

static const char *amount_fault(struct slice text, bool opening,
				struct amount *ret)
{
	int e = amount_parse(text, ret);

	if (e == -ERANGE)
		return "amount: expected at most 9223372036854775807";
	if (e < 0)
		return "amount: expected digits without sign or leading zeros";
	if (opening && !amount_is_zero(*ret))
		return "amount: expected 0 where sender and receiver are one";
	if (!opening && amount_is_zero(*ret))
		return "amount: expected 1 or more";
	return NULL;
}

static struct slice field_of(const struct payments *p, const struct csv_line *l,
			     enum payment_column c)
{
	size_t at = p->column[c];

	return at < l->fields ? l->field[at] : (struct slice){ "", 0 };
}

/* Others may mean something else by these names: that is no mistake. */
static void take_origin(const struct payments *p, const struct csv_line *l,
			struct payment *a)
{
	struct slice hash = field_of(p, l, PAYMENT_HASH);

	if (parse_u64_range(field_of(p, l, PAYMENT_SERIAL), 1, INT64_MAX,
			    &a->serial) < 0)
		a->serial = 0;
	a->sealed = a->serial > 0 && hash.len == 2 * sizeof(a->hash) &&
		    parse_hex(hash, a->hash, sizeof(a->hash)) == 0;
}

static bool take_fields(struct payments *p, const struct csv_line *l,
			struct payment *a)
{
	const char *fault;
	bool opening;

	*a = (struct payment){
		.sender = field_of(p, l, PAYMENT_SENDER),
		.receiver = field_of(p, l, PAYMENT_RECEIVER),
		.memo = field_of(p, l, PAYMENT_MEMO),
	};
	if (p->ids)
		a->id = field_of(p, l, PAYMENT_ID);
	if (!good_field(p, PAYMENT_SENDER, user_name_fault(a->sender)) ||
	    !good_field(p, PAYMENT_RECEIVER, user_name_fault(a->receiver)) ||
	    !good_field(p, PAYMENT_MEMO,
			a->memo.len ? new_memo_fault(a->memo) : NULL) ||
	    !good_field(p, PAYMENT_ID,
			a->id.len ? operation_id_fault(a->id) : NULL))
		return false;

	opening = p->openings && slice_equal(a->sender, a->receiver);
	fault = amount_fault(field_of(p, l, PAYMENT_AMOUNT), opening,
			     &a->amount);
	if (fault)
		wrong(p, fault);
	take_origin(p, l, a);
	return !fault;
}

/* What spreadsheets put before the first line of UTF-8. */
static struct slice without_mark(struct slice line)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t len = strlen(mark);

	if (line.len < len || memcmp(line.p, mark, len) != 0)
		return line;
	return (struct slice){ line.p + len, line.len - len };
}

static bool is_blank(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if (!strchr(" \t\r", line.p[i]))
			return false;
	return true;
}

static bool has_needed(const struct payments *p, const struct csv_line *l)
{
	for (size_t c = 0; c < PAYMENT_COLUMNS; c++)
		if (is_needed(c) && l->fields <= p->column[c])
			return false;
	return true;
}

int payments_read(struct payments *p, uint64_t number, struct slice line,
		  struct payment *ret)
{
	struct csv_line l;
	const char *fault;
	bool first;

	p->line = number;
	if (number == 1)
		line = without_mark(line);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	if (is_blank(line))
		return 0;
	if (csv_read(line, p->room, &l, &fault) < 0) {
		wrong(p, fault);
		return 0;
	}

	first = !p->begun;
	p->begun = true;
	if (first && take_names(p, &l))
		return 0;
	if (!has_needed(p, &l)) {
		wrong(p, "expected sender, receiver and amount, with commas "
			 "between them");
		return 0;
	}
	return take_fields(p, &l, ret);
}
