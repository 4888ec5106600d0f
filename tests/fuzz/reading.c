/* SPDX-License-Identifier: MIT */
/*
 * A line is split at its spaces first; then each word is looked at by itself.
 */
#include "config.h"

#include <time.h>

#include "ledger/name.h"

#include "fuzz.h"
#include "reading.h"

#define COLUMNS 4
/* Four columns, t= b= id= m= h= of=. */
#define WORDS_MAX 10
#define LINE_MAX_BYTES 1100
/* Blocks in an of=. */
#define OF_NAMES_MAX 15

static const char digits[] = "0123456789";
static const char hex_digits[] = "0123456789abcdef";
static const char upper_hex_digits[] = "0123456789ABCDEF";
static const char alphanumeric[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789";

struct words {
	struct slice word[WORDS_MAX];
	size_t count;
	size_t next;
};

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool consists_of(struct slice s, const char *set)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_one_of(s.p[i], set))
			return false;
	return true;
}

/* What stands before the first @c, or all; the rest behind it, or NULL. */
static struct slice cut_at(struct slice *rest, char c)
{
	struct slice head = *rest;
	const char *at = rest->len > 0 ? memchr(rest->p, c, rest->len) : NULL;

	if (!at) {
		*rest = (struct slice){ NULL, 0 };
		return head;
	}
	head.len = (size_t)(at - rest->p);
	rest->p = at + 1;
	rest->len -= head.len + 1;
	return head;
}

static bool split(struct slice text, struct words *ret)
{
	*ret = (struct words){ 0 };
	while (text.p) {
		if (ret->count == WORDS_MAX)
			return false;
		ret->word[ret->count] = cut_at(&text, ' ');
		if (ret->word[ret->count++].len == 0)
			return false;
	}
	return true;
}

/* No sign, no leading zero, up to @max. */
static bool take_number(struct slice s, uint64_t max, uint64_t *ret)
{
	char text[20] = { 0 };

	if (s.len < 1 || s.len >= sizeof(text) || !consists_of(s, digits))
		return false;
	if (s.p[0] == '0' && s.len > 1)
		return false;
	memcpy(text, s.p, s.len);
	*ret = strtoull(text, NULL, 10);
	return *ret <= max;
}

static bool is_time(struct slice s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
	struct tm given = { 0 };
	struct tm made = { 0 };
	char text[sizeof(form)] = { 0 };
	time_t seconds;

	if (s.len != strlen(form))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (form[i] == 'd' ? !is_one_of(s.p[i], digits)
				   : s.p[i] != form[i])
			return false;

	/* A date that does not exist comes back as another. */
	memcpy(text, s.p, s.len);
	given.tm_year = (int)strtol(text, NULL, 10) - 1900;
	given.tm_mon = (int)strtol(text + 5, NULL, 10) - 1;
	given.tm_mday = (int)strtol(text + 8, NULL, 10);
	given.tm_hour = (int)strtol(text + 11, NULL, 10);
	given.tm_min = (int)strtol(text + 14, NULL, 10);
	given.tm_sec = (int)strtol(text + 17, NULL, 10);
	made = given;
	seconds = timegm(&made);
	return seconds >= 0 && made.tm_year == given.tm_year &&
	       made.tm_mon == given.tm_mon && made.tm_mday == given.tm_mday &&
	       made.tm_hour == given.tm_hour && made.tm_min == given.tm_min &&
	       made.tm_sec == given.tm_sec;
}

static bool is_batch(struct slice s)
{
	struct slice position = cut_at(&s, '/');
	uint64_t largest = 8192;
	uint64_t size;
	uint64_t n;

	if (s.len > 0 && s.p[s.len - 1] == '!') {
		largest = 1000;
		s.len--;
	}
	return s.p && take_number(s, largest, &size) && size >= 2 &&
	       take_number(position, size, &n) && n >= 1;
}

/* ASCII that prints, but not what separates fields. */
static bool is_id(struct slice s)
{
	if (s.len < 1 || s.len > 64)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '!' || s.p[i] > '~' || is_one_of(s.p[i], "=,\""))
			return false;
	return true;
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] > '\x7f')
			return false;
	return true;
}

static bool is_user(struct slice s)
{
	/* Which characters beyond ASCII are blanks is src's to say. */
	return is_ascii(s) ? is_id(s) : !user_name_fault(s);
}

/* Percent-encoded in the one form. */
static bool is_memo(struct slice s)
{
	char text[160];
	size_t len = 0;
	const char *c;

	for (size_t i = 0; i < s.len; len++) {
		if (len == sizeof(text))
			return false;
		text[len] = s.p[i];
		if (s.p[i] != '%') {
			if (!is_one_of(s.p[i], alphanumeric) &&
			    !is_one_of(s.p[i], "-._~"))
				return false;
			i++;
			continue;
		}
		if (s.len - i < 3 ||
		    !consists_of((struct slice){ s.p + i + 1, 2 },
				 upper_hex_digits))
			return false;
		c = strchr(upper_hex_digits, s.p[i + 1]);
		text[len] = (char)((c - upper_hex_digits) << 4);
		c = strchr(upper_hex_digits, s.p[i + 2]);
		text[len] = (char)(text[len] | (c - upper_hex_digits));
		if (is_one_of(text[len], alphanumeric) ||
		    is_one_of(text[len], "-._~"))
			return false;
		i += 3;
	}
	/* As for what UTF-8 is, see above. */
	return len > 0 && !memo_fault((struct slice){ text, len });
}

static bool is_hash(struct slice s)
{
	return s.len == 64 && consists_of(s, hex_digits);
}

static bool is_block(struct slice s)
{
	if (s.len < 1 || s.len > 16 || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_one_of(s.p[i], alphanumeric) &&
		    !is_one_of(s.p[i], "_."))
			return false;
	return true;
}

static bool is_of(struct slice s)
{
	struct slice name[OF_NAMES_MAX];
	size_t count = 0;

	while (s.p) {
		if (count == OF_NAMES_MAX)
			return false;
		name[count] = cut_at(&s, ',');
		if (!is_block(name[count]))
			return false;
		for (size_t i = 0; i < count; i++)
			if (slice_equal(name[i], name[count]))
				return false;
		count++;
	}
	return true;
}

/*
 * The value behind @key, if the next word begins with that.  A field that may
 * be absent is always good if it is.
 */
static bool take_field(struct words *w, const char *key,
		       bool (*is_good)(struct slice), bool needed,
		       struct slice *ret)
{
	struct slice word = w->word[w->next];
	size_t len = strlen(key);

	if (w->next == w->count || word.len < len ||
	    memcmp(word.p, key, len) != 0)
		return !needed;
	w->next++;
	*ret = (struct slice){ word.p + len, word.len - len };
	return ret->len > 0 && is_good(*ret);
}

static bool take_columns(struct words *w, struct reading_line *l)
{
	bool opening;

	if (w->count < COLUMNS)
		return false;
	l->sender = w->word[1];
	l->receiver = w->word[2];
	opening = slice_equal(l->sender, l->receiver);
	w->next = COLUMNS;
	return take_number(w->word[0], INT64_MAX, &l->serial) &&
	       l->serial > 0 && is_user(l->sender) && is_user(l->receiver) &&
	       take_number(w->word[3], INT64_MAX, &l->amount) &&
	       (l->amount == 0) == opening;
}

/* An old record that was refilled has only the last two. */
static bool take_fields(struct words *w, struct reading_line *l)
{
	struct slice time = { 0 };

	if (!take_field(w, "t=", is_time, false, &time))
		return false;
	l->chained = time.len > 0;
	if (l->chained && !(take_field(w, "b=", is_batch, false, &l->batch) &&
			    take_field(w, "id=", is_id, false, &l->id) &&
			    take_field(w, "m=", is_memo, false, &l->memo)))
		return false;
	return take_field(w, "h=", is_hash, true, &l->hash) &&
	       take_field(w, "of=", is_of, false, &l->of) &&
	       w->next == w->count;
}

bool reading_line(struct slice text, struct reading_line *ret)
{
	struct reading_line l = { 0 };
	struct words w;

	if (text.len > LINE_MAX_BYTES || !split(text, &w))
		return false;
	/* Editors of another system leave a carriage return. */
	if (w.count == COLUMNS && text.p[text.len - 1] == '\r') {
		w.word[3].len--;
		text.len--;
	}
	if (!take_columns(&w, &l))
		return false;

	l.body = text;
	l.stored = text;
	if (w.count > COLUMNS) {
		if (!take_fields(&w, &l))
			return false;
		l.body.len = (size_t)(l.hash.p - strlen(" h=") - text.p);
	}
	*ret = l;
	return true;
}

bool reading_next(struct slice *rest, struct slice *ret)
{
	if (rest->len == 0)
		return false;
	*ret = cut_at(rest, '\n');
	return true;
}

static bool is_same(const struct reading_line *a, const struct reading_line *b)
{
	return slice_equal(a->body, b->body) &&
	       (a->hash.len == 0 || b->hash.len == 0 ||
		slice_equal(a->hash, b->hash));
}

/* Put @l in its place; of identical ones the first that is at home stays. */
static bool insert(struct reading *r, const struct reading_line *l)
{
	size_t at = r->count;

	while (at > 0 && r->line[at - 1].serial > l->serial)
		at--;
	if (at > 0 && r->line[at - 1].serial == l->serial) {
		r->rising = false;
		if (!is_same(&r->line[at - 1], l))
			return false;
		if (r->line[at - 1].of.len > 0 && l->of.len == 0)
			r->line[at - 1] = *l;
		return true;
	}

	if (at < r->count)
		r->rising = false;
	r->line = reallocarray(r->line, r->count + 1, sizeof(*r->line));
	fuzz_check(r->line);
	memmove(r->line + at + 1, r->line + at,
		(r->count - at) * sizeof(*r->line));
	r->line[at] = *l;
	r->count++;
	return true;
}

bool reading_take(struct slice text, struct reading *ret)
{
	struct reading_line l;
	struct slice line;

	*ret = (struct reading){ .rising = true };
	while (reading_next(&text, &line)) {
		if (line.len == 0 || slice_equal(line, slice_of("\r")))
			continue;
		if (!reading_line(line, &l) || !insert(ret, &l))
			return false;
	}
	return true;
}

void reading_done(struct reading *r)
{
	free(r->line);
	*r = (struct reading){ 0 };
}

static bool all_absent(struct slice of, const struct store_filter *f)
{
	bool absent = true;

	while (of.p && absent) {
		struct slice name = cut_at(&of, ',');

		absent = false;
		for (size_t i = 0; i < f->absents; i++)
			absent = absent || slice_equal(f->absent[i], name);
	}
	return absent;
}

static bool is_counted(const struct reading_line *l,
		       const struct store_filter *f)
{
	if (f->everything)
		return true;
	for (size_t i = 0; i < f->ranges; i++)
		if (l->serial >= f->range[i].from &&
		    l->serial <= f->range[i].to)
			return f->range[i].take;
	return l->of.len == 0 || all_absent(l->of, f);
}

bool reading_matches(const struct reading_line *l, const struct store_query *q)
{
	return l->serial > q->after && l->serial <= q->upto &&
	       (q->user.len == 0 || slice_equal(l->sender, q->user) ||
		slice_equal(l->receiver, q->user)) &&
	       is_counted(l, &q->filter);
}

__int128 reading_net(const struct reading_line *l, struct slice user)
{
	__int128 net = 0;

	if (slice_equal(l->receiver, user))
		net += (__int128)l->amount;
	if (slice_equal(l->sender, user))
		net -= (__int128)l->amount;
	return net;
}
