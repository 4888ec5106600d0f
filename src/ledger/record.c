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

/* A literal, with its length at hand. */
#define KEY(text)                       \
	{                               \
		text, sizeof(text) - 1, \
	}
#define HASH_KEY " h="

static const struct slice hash_key = KEY(HASH_KEY);

/* The columns, then t=, b=, id=, m=, h= and of=, each as long as it may be. */
#define COLUMNS_MAX \
	(19 + 1 + USER_NAME_MAX + 1 + USER_NAME_MAX + 1 + AMOUNT_TEXT_MAX)
#define FIELDS_MAX                                                       \
	(3 + TIMESTAMP_LEN + 13 + 4 + OPERATION_ID_MAX + 3 + 3 * MEMO_MAX + \
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

/* A word, and whether it is of nothing but what name_plain() takes. */
struct word {
	struct slice text;
	bool plain;
};

/* What stands before the next space or the end; false if that is nothing. */
static inline bool take_word(struct rest *s, struct word *ret)
{
	const char *start = s->p;
	const char *p = start + name_plain(start, (size_t)(s->end - start));

	ret->plain = p == s->end || *p == ' ';
	while (p < s->end && *p != ' ')
		p++;
	s->p = p;
	ret->text = (struct slice){ start, (size_t)(p - start) };
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

static inline bool is_name(const struct word *w)
{
	if (w->plain && w->text.len <= USER_NAME_MAX)
		return true;
	return !user_name_fault(w->text);
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

static const char fault_columns[] =
	"expected four columns: serial sender receiver amount";

/* The four columns that the original system's reader reads. */
static const char *parse_columns(struct rest *s, struct record *r)
{
	struct word serial;
	struct word sender;
	struct word receiver;
	struct word amount;
	const char *fault;

	if (!take_word(s, &serial) || !take_space(s) ||
	    !take_word(s, &sender) || !take_space(s) ||
	    !take_word(s, &receiver) || !take_space(s) ||
	    !take_word(s, &amount))
		return s->p < s->end
			       ? "expected single spaces between the columns"
			       : fault_columns;

	fault = parse_serial(serial.text, r);
	if (fault)
		return fault;
	if (!is_name(&sender) || !is_name(&receiver))
		return fault_name_rule;
	r->sender = sender.text;
	r->receiver = receiver.text;
	return parse_amount(amount.text, r);
}

static const char *parse_time(const struct word *value, struct record *r)
{
	if (timestamp_parse(value->text, &r->time) < 0)
		return "t=: expected a time as 2026-11-22T13:37:00.123456Z";
	r->chained = true;
	return NULL;
}

static const char *parse_batch(const struct word *word, struct record *r)
{
	static const char fault[] =
		"b=: expected K/N, the K-th record in a batch of 2 to 8192, "
		"or K/N!, of 2 to 1000 that stand or fall as one";
	struct slice value = word->text;
	struct slice left = { value.p, 0 };
	struct slice right;
	uint64_t largest = RECORD_BATCH_MAX;
	uint64_t position;
	uint64_t size;

	r->whole = value.p[value.len - 1] == '!';
	if (r->whole) {
		largest = RECORD_WHOLE_MAX;
		value.len--;
	}
	/* It is short: a loop is quicker than a call. */
	while (left.len < value.len && value.p[left.len] != '/')
		left.len++;
	if (left.len == value.len)
		return fault;
	right = (struct slice){ value.p + left.len + 1,
				value.len - left.len - 1 };
	if (parse_u64_range(right, 2, largest, &size) < 0 ||
	    parse_u64_range(left, 1, size, &position) < 0)
		return fault;

	r->batch_position = (uint32_t)position;
	r->batch_size = (uint32_t)size;
	return NULL;
}

static const char *parse_id(const struct word *value, struct record *r)
{
	bool good = value->plain && value->text.len <= OPERATION_ID_MAX;

	if (!good && operation_id_fault(value->text))
		return "id=: expected 1 to 64 characters of printable ASCII "
		       "without = , \"";
	r->id = value->text;
	return NULL;
}

static const char *parse_memo(const struct word *value, struct record *r)
{
	char text[MEMO_MAX];
	int len = percent_decode(value->text, text, sizeof(text));

	if (len == -ENOBUFS)
		return "m=: expected at most 160 bytes";
	if (len < 0)
		return "m=: expected percent-encoded text in its one form";
	if (memo_fault((struct slice){ text, (size_t)len }))
		return "m=: expected UTF-8 without control characters";
	r->memo = value->text;
	return NULL;
}

/* The line up to here is the body. */
static const char *parse_hash(const struct word *value, struct record *r)
{
	if (parse_hex(value->text, r->hash, sizeof(r->hash)) < 0)
		return "h=: expected 64 lower-case hex digits";
	r->body.len =
		(size_t)(value->text.p - strlen(HASH_KEY) - r->body.p);
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

static const char *parse_of(const struct word *word, struct record *r)
{
	struct slice value = word->text;
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
	struct slice key;
	size_t width; /* of the value; 0: it depends */
	const char *(*parse)(const struct word *value, struct record *r);
	const char *missing; /* what is said without it; NULL: not needed */
} fields[] = {
	{ KEY(" t="), TIMESTAMP_LEN, parse_time,
	  "expected t=, h= or the end of the line behind the amount" },
	{ KEY(" b="), 0, parse_batch, NULL },
	{ KEY(" id="), 0, parse_id, NULL },
	{ KEY(" m="), 0, parse_memo, NULL },
	{ KEY(HASH_KEY), CHAIN_HEX_SIZE, parse_hash,
	  "expected the fields t= b= id= m= h= of= in this order, and an h=" },
	{ KEY(" of="), 0, parse_of, NULL },
};

/* Does @key stand next?  It begins with a space and is short. */
static inline bool at_key(const struct rest *s, struct slice key)
{
	if ((size_t)(s->end - s->p) < key.len)
		return false;
	for (size_t i = 1; i < key.len; i++)
		if (s->p[i] != key.p[i])
			return false;
	return s->p[0] == key.p[0];
}

static inline bool take_key(struct rest *s, struct slice key)
{
	if (!at_key(s, key))
		return false;
	s->p += key.len;
	return true;
}

/*
 * The word of a field.  One of @width bytes, as it should be, needs no search
 * for its end; if there is a space in it, neither that nor a part of it is what
 * the field may be, and its parser says so.
 */
static inline bool take_value(struct rest *s, size_t width, struct word *ret)
{
	size_t left = (size_t)(s->end - s->p);

	if (width == 0 || left < width || s->p[0] == ' ' ||
	    (left > width && s->p[width] != ' '))
		return take_word(s, ret);
	*ret = (struct word){ .text = { s->p, width } };
	s->p += width;
	return true;
}

static const char *parse_fields(struct rest *s, struct record *r)
{
	struct word value;
	const char *fault;

	for (size_t i = 0; i < ELEMENTS(fields); i++) {
		if (!take_key(s, fields[i].key)) {
			/* An old one's copy has its h= where t= would be. */
			if (fields[i].missing && !at_key(s, hash_key))
				return fields[i].missing;
			continue;
		}
		if (!take_value(s, fields[i].width, &value))
			return "expected a value behind each =";
		fault = fields[i].parse(&value, r);
		if (fault)
			return fault;
	}
	return s->p < s->end ? "expected the end of the line behind h= and of="
			     : NULL;
}

static const char *parse_line(struct slice line, struct record *r)
{
	bool carriage_return;
	const char *fault;
	struct rest s;

	/* It may have no place in memory. */
	if (line.len == 0)
		return fault_columns;
	if (line.len > RECORD_LINE_MAX)
		return "expected at most 1100 bytes in a line";

	s = (struct rest){ line.p, line.p + line.len };
	carriage_return = s.end[-1] == '\r';
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
	if (r->whole)
		write_text(w, "!");
}

size_t record_format_body(const struct record *r, char out[RECORD_LINE_MAX])
{
	struct writer w = writer_of(out, RECORD_LINE_MAX);
	char time[TIMESTAMP_LEN];

	assert(r->serial >= 1 && r->serial <= INT64_MAX);
	assert(r->batch_position >= 1 && r->batch_position <= r->batch_size);
	assert(r->batch_size <= RECORD_BATCH_MAX);
	assert(!r->whole ||
	       (r->batch_size > 1 && r->batch_size <= RECORD_WHOLE_MAX));

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
