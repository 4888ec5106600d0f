/* SPDX-License-Identifier: MIT */
/*
 * A checkpoint as text, written piece by piece and read strictly.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/record.h"
#include "util/parse.h"
#include "util/timestamp.h"

#include "main/snapshot.h"

#define FIRST_WORDS "alichain checkpoint "
#define FORMAT "1"
#define FIRST_LINE FIRST_WORDS FORMAT "\n"
#define SEAL_WORD "seal "
#define SEAL_BYTES 32
#define SEAL_LINE_LEN (sizeof(SEAL_WORD) - 1 + 2 * SEAL_BYTES + 1)
#define NOBODY "-"
#define BASE64 sodium_base64_VARIANT_ORIGINAL_NO_PADDING
#define PIECE_TEXT_SIZE sodium_base64_ENCODED_LEN(IDFILTER_PIECE, BASE64)

void snapshot_done(struct snapshot *s)
{
	irregulars_done(&s->irregulars);
	ledger_free(s->ledger);
	idfilter_free(s->filter);
	free(s->balance);
	*s = (struct snapshot){ 0 };
}

/* Writing. */

static int put_place(const struct snapshot *s, struct buf *out)
{
	char hex[CHAIN_HEX_SIZE];
	char time[TIMESTAMP_LEN];

	format_hex(s->place.tip, CHAIN_HASH_SIZE, hex);
	timestamp_format(s->place.time, time);
	return buf_addf(out,
			FIRST_LINE "epoch %" PRIu64 "\n"
			"serial %" PRIu64 "\n"
			"hash %.*s\n"
			"time %.*s\n"
			"records %" PRIu64 "\n"
			"gap %" PRIu64 "\n"
			"old %" PRIu64 "\n"
			"initial %" PRIu64 "\n"
			"copies %" PRIu32 "\n",
			s->epoch, s->place.serial, (int)sizeof(hex), hex,
			(int)sizeof(time), time, s->place.records,
			s->place.first_gap, s->newest_old,
			amount_to_u64(s->initial), s->copies);
}

static int put_backends(const struct snapshot *s, struct buf *out)
{
	int r;

	r = buf_addf(out, "backends %zu\n", s->backends);
	for (size_t i = 0; r == 0 && i < s->backends; i++)
		r = buf_addf(out, "backend %s %" PRIu64 "\n",
			     s->backend[i].name, s->backend[i].records);
	if (r == 0)
		r = buf_addf(out, "strangers %zu\n", s->strangers.count);
	for (size_t i = 0; r == 0 && i < s->strangers.count; i++)
		r = buf_addf(out, "stranger %s\n", s->strangers.name[i]);
	return r;
}

static int put_names(const struct snapshot *s, uint32_t bits, struct buf *out)
{
	const char *before = " ";
	int r = 0;

	if (!bits)
		return buf_addf(out, " " NOBODY);
	for (; r == 0 && bits; bits &= bits - 1) {
		r = buf_addf(out, "%s%s", before,
			     s->backend[__builtin_ctz(bits)].name);
		before = ",";
	}
	return r;
}

static int put_irregulars(const struct snapshot *s, struct buf *out)
{
	int r;

	r = buf_addf(out, "irregulars %zu\n", s->irregulars.count);
	for (size_t n = 0; r == 0 && n < s->irregulars.count; n++) {
		const struct irregular *i = &s->irregulars.item[n];

		r = buf_addf(out, "irregular %" PRIu64 " %" PRIu64, i->from,
			     i->to);
		if (r == 0)
			r = put_names(s, i->holders, out);
		if (r == 0)
			r = put_names(s, i->others, out);
		if (r == 0)
			r = buf_add(out, "\n", 1);
	}
	return r;
}

static int put_head(struct snapshot_writer *w, struct buf *out)
{
	const struct snapshot *s = w->s;
	int r;

	r = put_place(s, out);
	if (r == 0)
		r = put_backends(s, out);
	if (r == 0)
		r = put_irregulars(s, out);
	if (r == 0)
		r = buf_addf(out, "users %" PRIu64 "\n", s->users);
	w->stage = SNAPSHOT_USERS;
	return r;
}

static int put_users(struct snapshot_writer *w, struct buf *out)
{
	const struct snapshot *s = w->s;
	int r = 0;

	for (; r == 0 && out->len < SNAPSHOT_PIECE && w->user < s->users;
	     w->user++) {
		uint32_t user = (uint32_t)w->user;

		r = buf_addf(out, "user %.*s %" PRIu64 "\n",
			     SLICE_ARG(ledger_user_name(w->ledger, user)),
			     amount_to_u64(s->balance[user]));
	}
	if (r < 0 || w->user < s->users)
		return r;
	w->stage = SNAPSHOT_FILTER;
	return buf_addf(out, "ids %" PRIu64 "\n", s->ids);
}

static int put_piece(uint64_t n, const uint8_t piece[IDFILTER_PIECE],
		     struct buf *out)
{
	char text[PIECE_TEXT_SIZE];
	int r;

	(void)sodium_bin2base64(text, sizeof(text), piece, IDFILTER_PIECE,
				BASE64);
	/* In place of the final zero. */
	text[sizeof(text) - 1] = '\n';
	r = buf_addf(out, "filter %" PRIu64 " ", n);
	return r < 0 ? r : buf_add(out, text, sizeof(text));
}

static int put_filter(struct snapshot_writer *w, struct buf *out)
{
	uint64_t pieces = idfilter_pieces(w->s->ids);
	uint8_t piece[IDFILTER_PIECE];
	int r = 0;

	for (; r == 0 && out->len < SNAPSHOT_PIECE && w->piece < pieces;
	     w->piece++)
		if (idfilter_get_piece(w->filter, w->piece, piece))
			r = put_piece(w->piece, piece, out);
	if (r == 0 && w->piece == pieces)
		w->stage = SNAPSHOT_SEAL;
	return r;
}

static int put_seal(struct snapshot_writer *w, struct buf *out)
{
	uint8_t seal[SEAL_BYTES];
	char hex[2 * SEAL_BYTES];

	(void)crypto_generichash_final(&w->seal, seal, sizeof(seal));
	format_hex(seal, sizeof(seal), hex);
	w->stage = SNAPSHOT_WRITTEN;
	return buf_addf(out, SEAL_WORD "%.*s\n", (int)sizeof(hex), hex);
}

void snapshot_write(struct snapshot_writer *w, const struct snapshot *s,
		    const struct ledger *ledger, const struct idfilter *filter)
{
	*w = (struct snapshot_writer){ .s = s,
				       .ledger = ledger,
				       .filter = filter };
	(void)crypto_generichash_init(&w->seal, NULL, 0, SEAL_BYTES);
}

static int put_stage(struct snapshot_writer *w, struct buf *out)
{
	switch (w->stage) {
	case SNAPSHOT_HEAD:
		return put_head(w, out);
	case SNAPSHOT_USERS:
		return put_users(w, out);
	case SNAPSHOT_FILTER:
		return put_filter(w, out);
	case SNAPSHOT_SEAL:
	case SNAPSHOT_WRITTEN:
		return 0;
	}
	return 0;
}

int snapshot_next(struct snapshot_writer *w, struct buf *out)
{
	int r = 0;

	buf_clear(out);
	while (r == 0 && w->stage < SNAPSHOT_SEAL && out->len < SNAPSHOT_PIECE)
		r = put_stage(w, out);
	if (r < 0)
		return r;
	if (out->len)
		(void)crypto_generichash_update(&w->seal, out->data, out->len);
	if (w->stage == SNAPSHOT_SEAL)
		r = put_seal(w, out);
	if (r < 0)
		return r;
	return w->stage < SNAPSHOT_WRITTEN;
}

/* Reading. */

struct reading {
	struct slice rest;
	size_t line; /* number of the one that is read, from 1 */
	struct snapshot *s;
	const char *expected; /* what the line is not; NULL: the sums are wrong */
};

static int wrong(struct reading *d, const char *expected)
{
	d->expected = expected;
	return -EBADMSG;
}

/* The words behind @key in the next line. */
static int next_line(struct reading *d, const char *key, struct slice *ret)
{
	size_t len = strlen(key);

	d->line++;
	if (!slice_cut(&d->rest, '\n', ret))
		return wrong(d, key);
	if (ret->len <= len || memcmp(ret->p, key, len) != 0 ||
	    ret->p[len] != ' ')
		return wrong(d, key);
	ret->p += len + 1;
	ret->len -= len + 1;
	return 0;
}

/* The word before the next space of @words, or all that is left. */
static struct slice next_word(struct slice *words)
{
	struct slice word;

	if (slice_cut(words, ' ', &word))
		return word;
	word = *words;
	words->len = 0;
	return word;
}

static int next_number(struct reading *d, const char *key, uint64_t max,
		       uint64_t *ret)
{
	struct slice words;
	int r;

	r = next_line(d, key, &words);
	if (r < 0)
		return r;
	if (parse_u64_range(words, 0, max, ret) < 0)
		return wrong(d, key);
	return 0;
}

static int next_amount(struct reading *d, const char *key, struct amount *ret)
{
	struct slice words;
	int r;

	r = next_line(d, key, &words);
	if (r == 0 && amount_parse(words, ret) < 0)
		r = wrong(d, key);
	return r;
}

static int read_hash(struct reading *d)
{
	struct slice words;
	int r;

	r = next_line(d, "hash", &words);
	if (r == 0 && parse_hex(words, d->s->place.tip, CHAIN_HASH_SIZE) < 0)
		r = wrong(d, "hash");
	return r;
}

static int read_time(struct reading *d)
{
	struct slice words;
	int r;

	r = next_line(d, "time", &words);
	if (r == 0 && timestamp_parse(words, &d->s->place.time) < 0)
		r = wrong(d, "time");
	return r;
}

static int read_place(struct reading *d)
{
	struct snapshot *s = d->s;
	uint64_t copies;
	int r;

	r = next_number(d, "epoch", UINT64_MAX - 1, &s->epoch);
	if (r == 0)
		r = next_number(d, "serial", INT64_MAX, &s->place.serial);
	if (r == 0)
		r = read_hash(d);
	if (r == 0)
		r = read_time(d);
	if (r == 0)
		r = next_number(d, "records", INT64_MAX, &s->place.records);
	if (r == 0)
		r = next_number(d, "gap", INT64_MAX, &s->place.first_gap);
	if (r == 0)
		r = next_number(d, "old", INT64_MAX, &s->newest_old);
	/* The newest one bears its hash. */
	if (r == 0 && s->newest_old >= s->place.serial)
		r = wrong(d, "old");
	if (r == 0)
		r = next_amount(d, "initial", &s->initial);
	if (r == 0)
		r = next_number(d, "copies", ENGINE_BACKENDS_MAX, &copies);
	if (r == 0)
		s->copies = (uint32_t)copies;
	return r;
}

static void keep_name(char *to, struct slice name)
{
	memcpy(to, name.p, name.len);
	to[name.len] = '\0';
}

/* -1: there is none. */
static int find_backend(const struct snapshot *s, struct slice name)
{
	for (size_t i = 0; i < s->backends; i++)
		if (slice_equal(slice_of(s->backend[i].name), name))
			return (int)i;
	return -1;
}

static int read_backend(struct reading *d)
{
	struct snapshot_backend *b = &d->s->backend[d->s->backends];
	struct slice words;
	struct slice name;
	int r;

	r = next_line(d, "backend", &words);
	if (r < 0)
		return r;
	name = next_word(&words);
	if (block_name_fault(name) || find_backend(d->s, name) >= 0 ||
	    parse_u64(words, &b->records) < 0)
		return wrong(d, "backend");
	keep_name(b->name, name);
	d->s->backends++;
	return 0;
}

static int read_backends(struct reading *d)
{
	uint64_t count;
	int r;

	r = next_number(d, "backends", ENGINE_BACKENDS_MAX, &count);
	while (r == 0 && d->s->backends < count)
		r = read_backend(d);
	return r;
}

static int read_stranger(struct reading *d)
{
	struct strangers *s = &d->s->strangers;
	struct slice name;
	int r;

	r = next_line(d, "stranger", &name);
	if (r < 0)
		return r;
	if (block_name_fault(name))
		return wrong(d, "stranger");
	keep_name(s->name[s->count++], name);
	return 0;
}

static int read_strangers(struct reading *d)
{
	uint64_t count;
	int r;

	r = next_number(d, "strangers", SURVEY_STRANGERS_MAX, &count);
	while (r == 0 && d->s->strangers.count < count)
		r = read_stranger(d);
	return r;
}

static int read_names(const struct snapshot *s, struct slice names,
		      uint32_t *ret)
{
	struct slice name;

	*ret = 0;
	if (slice_equal(names, slice_of(NOBODY)))
		return 0;
	if (!names.len)
		return -EBADMSG;
	while (record_next_of(&names, &name)) {
		int i = find_backend(s, name);

		if (i < 0)
			return -EBADMSG;
		*ret |= UINT32_C(1) << i;
	}
	return 0;
}

static int read_irregular(struct reading *d, uint64_t above)
{
	struct irregular i;
	struct slice words;
	int r;

	r = next_line(d, "irregular", &words);
	if (r < 0)
		return r;
	if (parse_u64(next_word(&words), &i.from) < 0 ||
	    parse_u64(next_word(&words), &i.to) < 0 ||
	    read_names(d->s, next_word(&words), &i.holders) < 0 ||
	    read_names(d->s, words, &i.others) < 0 || i.from <= above ||
	    i.to < i.from || i.to > d->s->place.serial)
		return wrong(d, "irregular");
	return irregulars_add(&d->s->irregulars, i.from, i.to, i.holders,
			      i.others);
}

static int read_irregulars(struct reading *d)
{
	const struct irregulars *i = &d->s->irregulars;
	uint64_t count;
	int r;

	r = next_number(d, "irregulars", INT64_MAX, &count);
	for (uint64_t n = 0; r == 0 && n < count; n++)
		r = read_irregular(d, i->count ? i->item[i->count - 1].to : 0);
	return r;
}

static int read_user(struct reading *d)
{
	struct amount balance;
	struct slice words;
	struct slice name;
	int r;

	r = next_line(d, "user", &words);
	if (r < 0)
		return r;
	name = next_word(&words);
	if (amount_parse(words, &balance) < 0)
		return wrong(d, "user");
	r = ledger_restore_user(d->s->ledger, name, balance);
	return r == -EBADMSG ? wrong(d, "user") : r;
}

static int read_users(struct reading *d, const uint8_t key[MAP_KEY_SIZE])
{
	int r;

	r = ledger_new(d->s->initial, key, &d->s->ledger);
	if (r == 0)
		r = next_number(d, "users", UINT32_MAX, &d->s->users);
	for (uint64_t n = 0; r == 0 && n < d->s->users; n++)
		r = read_user(d);
	if (r < 0)
		return r;
	r = ledger_restore_place(d->s->ledger, &d->s->place);
	return r == -EBADMSG ? wrong(d, NULL) : r;
}

static int read_piece(struct reading *d, struct slice words, uint64_t *next)
{
	uint8_t piece[IDFILTER_PIECE];
	size_t len;
	uint64_t n;

	if (parse_u64(next_word(&words), &n) < 0 || n < *next ||
	    n >= idfilter_pieces(d->s->ids))
		return wrong(d, "filter");
	if (words.len != PIECE_TEXT_SIZE - 1 ||
	    sodium_base642bin(piece, sizeof(piece), words.p, words.len, NULL,
			      &len, NULL, BASE64) < 0 ||
	    len != sizeof(piece))
		return wrong(d, "filter");
	idfilter_put_piece(d->s->filter, n, piece);
	*next = n + 1;
	return 0;
}

static int read_filter(struct reading *d)
{
	struct slice words;
	uint64_t next = 0;
	int r;

	/* Each id stands in a record of its own. */
	r = next_number(d, "ids", d->s->place.records, &d->s->ids);
	if (r == 0)
		r = idfilter_restore(d->s->ids, &d->s->filter);
	while (r == 0 && d->rest.len) {
		r = next_line(d, "filter", &words);
		if (r == 0)
			r = read_piece(d, words, &next);
	}
	return r;
}

/* What stands between the first line and the seal, if it is what was sealed. */
static int open_seal(struct reading *d, struct slice text, struct buf *fault)
{
	size_t first = sizeof(FIRST_LINE) - 1;
	uint8_t told[SEAL_BYTES];
	uint8_t seal[SEAL_BYTES];
	struct slice line;

	if (text.len < first + SEAL_LINE_LEN ||
	    memcmp(text.p, FIRST_LINE, first) != 0) {
		bool other = text.len >= sizeof(FIRST_WORDS) - 1 &&
			     memcmp(text.p, FIRST_WORDS,
				    sizeof(FIRST_WORDS) - 1) == 0;

		return buf_addf(fault, other ? "it is of another version, or "
					       "cut short" :
					       "it does not begin as one");
	}
	text.len -= SEAL_LINE_LEN;
	line = (struct slice){ text.p + text.len + sizeof(SEAL_WORD) - 1,
			       2 * SEAL_BYTES };
	(void)crypto_generichash(seal, sizeof(seal), (const uint8_t *)text.p,
				 text.len, NULL, 0);
	if (memcmp(text.p + text.len, SEAL_WORD, sizeof(SEAL_WORD) - 1) != 0 ||
	    text.p[text.len + SEAL_LINE_LEN - 1] != '\n' ||
	    parse_hex(line, told, sizeof(told)) < 0 ||
	    memcmp(told, seal, sizeof(seal)) != 0)
		return buf_addf(fault, "it is damaged, its seal does not fit");
	d->rest = (struct slice){ text.p + first, text.len - first };
	d->line = 1;
	return 0;
}

static int read_all(struct reading *d, const uint8_t key[MAP_KEY_SIZE])
{
	int r;

	r = read_place(d);
	if (r == 0)
		r = read_backends(d);
	if (r == 0)
		r = read_strangers(d);
	if (r == 0)
		r = read_irregulars(d);
	if (r == 0)
		r = read_users(d, key);
	if (r == 0)
		r = read_filter(d);
	return r;
}

static int say_fault(const struct reading *d, struct buf *fault)
{
	if (!d->expected)
		return buf_addf(fault, "its numbers do not go together");
	return buf_addf(fault, "line %zu is no \"%s\"", d->line, d->expected);
}

int snapshot_read(struct slice text, const uint8_t key[MAP_KEY_SIZE],
		  struct snapshot *ret, struct buf *fault)
{
	struct snapshot s = { 0 };
	struct reading d = { .s = &s };
	int r;

	r = open_seal(&d, text, fault);
	if (r < 0)
		return r;
	if (fault->len)
		return -EBADMSG;
	r = read_all(&d, key);
	if (r < 0)
		snapshot_done(&s);
	if (r == -EBADMSG && say_fault(&d, fault) < 0)
		r = -ENOMEM;
	if (r == 0)
		*ret = s;
	return r;
}
