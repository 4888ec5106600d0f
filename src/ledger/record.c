/* SPDX-License-Identifier: MIT */
/*
 * The grammar of a record.  One pass from left to right without allocation:
 * reading a whole history is bound by it.  Each step returns NULL or what was
 * expected instead.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "util/cursor.h"
#include "util/parse.h"
#include "util/percent.h"
#include "util/timestamp.h"

#include "ledger/name.h"
#include "ledger/record.h"

#define HASH_KEY " h="

/* The columns, then t=, b=, id=, m=, h= and of=, each as long as it may be. */
#define COLUMNS_MAX \
	(19 + 1 + USER_NAME_MAX + 1 + USER_NAME_MAX + 1 + AMOUNT_TEXT_MAX)
#define FIELDS_MAX                                                       \
	(3 + TIMESTAMP_LEN + 12 + 4 + OPERATION_ID_MAX + 3 + 3 * MEMO_MAX + \
	 3 + CHAIN_HEX_SIZE)
#define OF_MAX (RECORD_OF_NAMES_MAX * (BLOCK_NAME_MAX + 1) - 1)

_Static_assert(COLUMNS_MAX + FIELDS_MAX + 4 + OF_MAX <= RECORD_LINE_MAX,
	       "the largest record fits");
_Static_assert(OF_MAX <= RECORD_OF_MAX, "the largest of= fits");

/* What is left of the line. */
struct rest {
	const char *p;
	const char *end;
};

static const char fault_name_rule[] = "expected names of 1 to 64 bytes of "
				      "printable UTF-8 without spaces = , \"";

/* What stands before the next space or the end; false if that is nothing. */
static inline bool take_word(struct rest *s, struct slice *ret)
{
	const char *start = s->p;
	const char *p = start;

	/* Words are short: a loop is quicker than a call. */
	while (p < s->end && *p != ' ')
		p++;
	s->p = p;
	*ret = (struct slice){ start, (size_t)(p - start) };
	return p > start;
}

static inline bool take_space(struct rest *s)
{
	if (s->p == s->end)
		return false;

	/* It stands at a space: a word ends nowhere else. */
	s->p++;
	return true;
}

static const char *parse_serial(struct slice text, struct record *r)
{
	int e = parse_u64_range(text, 1, INT64_MAX, &r->serial);

	if (e == -ERANGE)
		return "serial: expected 1 to 9223372036854775807";
	if (e < 0)
		return "serial: expected digits without sign or leading zeros";
	return NULL;
}

static const char *parse_amount(struct slice text, struct record *r)
{
	bool opening = slice_equal(r->sender, r->receiver);
	int e = amount_parse(text, &r->amount);

	if (e == -ERANGE)
		return "amount: expected at most 9223372036854775807";
	if (e < 0)
		return "amount: expected digits without sign or leading zeros";
	if (amount_is_zero(r->amount) && !opening)
		return "amount: expected 1 or more from one user to another";
	if (!amount_is_zero(r->amount) && opening)
		return "amount: expected 0 where sender and receiver are one";
	return NULL;
}

/* The four columns that the original system's reader reads. */
static const char *parse_columns(struct rest *s, struct record *r)
{
	struct slice serial;
	struct slice amount;
	const char *fault;

	if (!take_word(s, &serial) || !take_space(s) ||
	    !take_word(s, &r->sender) || !take_space(s) ||
	    !take_word(s, &r->receiver) || !take_space(s) ||
	    !take_word(s, &amount))
		return s->p < s->end
			       ? "expected single spaces between the columns"
			       : "expected four columns: serial sender "
				 "receiver amount";

	fault = parse_serial(serial, r);
	if (fault)
		return fault;
	if (user_name_fault(r->sender) || user_name_fault(r->receiver))
		return fault_name_rule;
	return parse_amount(amount, r);
}

static const char *parse_time(struct slice value, struct record *r)
{
	if (timestamp_parse(value, &r->time) < 0)
		return "t=: expected a time as 2026-11-22T13:37:00.123456Z";
	r->chained = true;
	return NULL;
}

static const char *parse_batch(struct slice value, struct record *r)
{
	static const char fault[] =
		"b=: expected K/N, the K-th record in a batch of 2 to 8192";
	const char *slash = memchr(value.p, '/', value.len);
	struct slice left;
	struct slice right;
	uint64_t position;
	uint64_t size;

	if (!slash)
		return fault;
	left = (struct slice){ value.p, (size_t)(slash - value.p) };
	right = (struct slice){ slash + 1, value.len - left.len - 1 };
	if (parse_u64_range(right, 2, RECORD_BATCH_MAX, &size) < 0 ||
	    parse_u64_range(left, 1, size, &position) < 0)
		return fault;

	r->batch_position = (uint32_t)position;
	r->batch_size = (uint32_t)size;
	return NULL;
}

static const char *parse_id(struct slice value, struct record *r)
{
	if (operation_id_fault(value))
		return "id=: expected 1 to 64 characters of printable ASCII "
		       "without = , \"";
	r->id = value;
	return NULL;
}

static const char *parse_memo(struct slice value, struct record *r)
{
	char text[MEMO_MAX];
	int len = percent_decode(value, text, sizeof(text));

	if (len == -ENOBUFS)
		return "m=: expected at most 160 bytes";
	if (len < 0)
		return "m=: expected percent-encoded text in its one form";
	if (memo_fault((struct slice){ text, (size_t)len }))
		return "m=: expected UTF-8 without control characters";
	r->memo = value;
	return NULL;
}

/* The line up to here is the body. */
static const char *parse_hash(struct slice value, struct record *r)
{
	if (parse_hex(value, r->hash, sizeof(r->hash)) < 0)
		return "h=: expected 64 lower-case hex digits";
	r->body.len = (size_t)(value.p - strlen(HASH_KEY) - r->body.p);
	r->sealed = true;
	return NULL;
}

bool record_next_of(struct slice *of, struct slice *ret)
{
	const char *comma;

	if (!of->p)
		return false;
	comma = memchr(of->p, ',', of->len);
	*ret = *of;
	if (!comma) {
		*of = (struct slice){ NULL, 0 };
		return true;
	}
	ret->len = (size_t)(comma - of->p);
	of->p += ret->len + 1;
	of->len -= ret->len + 1;
	return true;
}

static const char *parse_of(struct slice value, struct record *r)
{
	struct slice names = value;
	struct slice name;
	size_t count = 0;

	if (value.len > RECORD_OF_MAX)
		return "of=: expected at most 255 bytes";
	while (record_next_of(&names, &name)) {
		struct slice before = { value.p, (size_t)(name.p - value.p) };

		if (block_name_fault(name) || ++count > RECORD_OF_NAMES_MAX)
			return "of=: expected 1 to 15 names of blocks with "
			       "commas between them";

		/* The comma before this name goes with it. */
		if (before.len > 0) {
			before.len--;
			if (record_of_contains(before, name))
				return "of=: expected each block only once";
		}
	}
	r->of = value;
	return NULL;
}

/* In the order in which they stand. */
static const struct field {
	const char *key;
	const char *(*parse)(struct slice value, struct record *r);
	const char *missing; /* what is said without it; NULL: not needed */
} fields[] = {
	{ " t=", parse_time,
	  "expected t=, h= or the end of the line behind the amount" },
	{ " b=", parse_batch, NULL },
	{ " id=", parse_id, NULL },
	{ " m=", parse_memo, NULL },
	{ HASH_KEY, parse_hash,
	  "expected the fields t= b= id= m= h= of= in this order, and an h=" },
	{ " of=", parse_of, NULL },
};

/* The length of @key if it stands next, else 0. */
static inline size_t at_key(const struct rest *s, const char *key)
{
	size_t len = strlen(key);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, key, len) != 0)
		return 0;
	return len;
}

static inline bool take_key(struct rest *s, const char *key)
{
	size_t len = at_key(s, key);

	s->p += len;
	return len > 0;
}

static const char *parse_fields(struct rest *s, struct record *r)
{
	struct slice value;
	const char *fault;

	for (size_t i = 0; i < ELEMENTS(fields); i++) {
		if (!take_key(s, fields[i].key)) {
			/* An old one's copy has its h= where t= would be. */
			if (fields[i].missing && at_key(s, HASH_KEY) == 0)
				return fields[i].missing;
			continue;
		}
		if (!take_word(s, &value))
			return "expected a value behind each =";
		fault = fields[i].parse(value, r);
		if (fault)
			return fault;
	}
	return s->p < s->end ? "expected the end of the line behind h= and of="
			     : NULL;
}

static const char *parse_line(struct slice line, struct record *r)
{
	struct rest s = { line.p, line.p + line.len };
	bool carriage_return = line.len > 0 && s.end[-1] == '\r';
	const char *fault;

	if (line.len > RECORD_LINE_MAX)
		return "expected at most 1100 bytes in a line";

	/* Left by editors of another system on what was typed in by hand. */
	if (carriage_return)
		s.end--;
	fault = parse_columns(&s, r);
	if (fault)
		return fault;
	r->body = (struct slice){ line.p, (size_t)(s.p - line.p) };

	if (s.p == s.end)
		return NULL;
	fault = parse_fields(&s, r);
	if (!fault && carriage_return)
		fault = "expected no carriage return on a record with fields";
	return fault;
}

int record_parse(struct slice line, struct record *ret, const char **ret_fault)
{
	struct record r = { .batch_position = 1, .batch_size = 1 };
	const char *fault;

	fault = parse_line(line, &r);
	if (fault) {
		*ret_fault = fault;
		return -EBADMSG;
	}
	*ret = r;
	return 0;
}

static void write_text(struct writer *w, const char *text)
{
	writer_bytes(w, text, strlen(text));
}

static void write_u64(struct writer *w, uint64_t v)
{
	char digits[U64_DIGITS_MAX];

	writer_bytes(w, digits, format_u64(v, digits));
}

static void write_field(struct writer *w, const char *key, struct slice value)
{
	write_text(w, key);
	writer_bytes(w, value.p, value.len);
}

static void write_columns(struct writer *w, const struct record *r)
{
	write_u64(w, r->serial);
	write_field(w, " ", r->sender);
	write_field(w, " ", r->receiver);
	write_text(w, " ");
	write_u64(w, amount_to_u64(r->amount));
}

static void write_batch(struct writer *w, const struct record *r)
{
	write_text(w, " b=");
	write_u64(w, r->batch_position);
	write_text(w, "/");
	write_u64(w, r->batch_size);
}

size_t record_format_body(const struct record *r, char out[RECORD_LINE_MAX])
{
	struct writer w = writer_of(out, RECORD_LINE_MAX);
	char time[TIMESTAMP_LEN];

	assert(r->serial >= 1 && r->serial <= INT64_MAX);
	assert(r->batch_position >= 1 && r->batch_position <= r->batch_size);
	assert(r->batch_size <= RECORD_BATCH_MAX);

	write_columns(&w, r);
	timestamp_format(r->time, time);
	write_field(&w, " t=", (struct slice){ time, sizeof(time) });
	if (r->batch_size > 1)
		write_batch(&w, r);
	if (r->id.len > 0)
		write_field(&w, " id=", r->id);
	if (r->memo.len > 0)
		write_field(&w, " m=", r->memo);

	assert(!w.bad);
	return writer_len(&w);
}

bool record_same(const struct record *a, const struct record *b)
{
	if (!slice_equal(a->body, b->body))
		return false;
	return !a->sealed || !b->sealed ||
	       memcmp(a->hash, b->hash, CHAIN_HASH_SIZE) == 0;
}

bool record_of_contains(struct slice of, struct slice name)
{
	struct slice one;

	while (record_next_of(&of, &one))
		if (slice_equal(one, name))
			return true;
	return false;
}
