/* SPDX-License-Identifier: MIT */
/*
 * See the header.
 */
#include "config.h"

#include <string.h>

#include "ledger/record.h"
#include "util/parse.h"

#include "test_check_kit.h"
#include "unit.h"

/* 2026-11-22T13:37:00Z */
#define TIME INT64_C(1795354620000000)
#define INITIAL 1000

const struct maker kit_maker = { .serial = 1, .time = TIME, .amount = 1 };

struct slice kit_text(const struct buf *b)
{
	return (struct slice){ (const char *)b->data, b->len };
}

void kit_record(struct maker *m, uint32_t position, uint32_t size,
		const char *of, struct buf *out)
{
	struct record r = {
		.serial = m->serial++,
		.sender = slice_of("Ali"),
		.receiver = slice_of("Luke"),
		.time = m->time++,
		.batch_position = position,
		.batch_size = size,
		.whole = m->whole && size > 1,
		.id = m->id ? slice_of(m->id) : (struct slice){ 0 },
	};
	char body[RECORD_LINE_MAX];
	char hex[CHAIN_HEX_SIZE];
	size_t len;
	int e;

	if (amount_from_u64(m->amount, &r.amount) < 0)
		ck_abort();
	len = record_format_body(&r, body);
	chain_step(m->hash, (struct slice){ body, len }, m->hash);
	format_hex(m->hash, sizeof(m->hash), hex);
	e = buf_addf(out, "%.*s h=%.*s%s%s\n", (int)len, body, CHAIN_HEX_SIZE,
		     hex, of ? " of=" : "", of ? of : "");
	ck_assert_int_eq(e, 0);
}

void kit_records(struct maker *m, uint32_t count, struct buf *out)
{
	for (uint32_t i = 0; i < count; i++)
		kit_record(m, 1, 1, NULL, out);
}

void kit_old(struct maker *m, const char *line, struct buf *out)
{
	chain_step(m->hash, slice_of(line), m->hash);
	m->serial++;
	ck_assert_int_eq(buf_addf(out, "%s\n", line), 0);
}

static int add_line(struct buf *b, const char *sentence)
{
	return buf_addf(b, "%s\n", sentence);
}

/* A check_say. */
static int say_fault(void *arg, const char *sentence)
{
	struct kit *k = arg;

	return add_line(&k->said, sentence);
}

/* A check_say. */
static int say_done(void *arg, const char *sentence)
{
	struct kit *k = arg;

	return add_line(&k->done, sentence);
}

void kit_init(struct kit *k)
{
	*k = (struct kit){ 0 };
	disk_init(&k->disk);
	if (amount_from_u64(INITIAL, &k->options.initial) < 0)
		ck_abort();
	k->options.say_fault = say_fault;
	k->options.say_done = say_done;
	k->options.arg = k;
}

void kit_done(struct kit *k)
{
	k->check = check_free(k->check);
	buf_done(&k->said);
	buf_done(&k->done);
	disk_done(&k->disk);
}

void kit_put(struct kit *k, const char *path, struct slice text)
{
	disk_put(&k->disk, path, text);
}

int kit_open(struct kit *k, bool alone)
{
	static const char *const paths[] = { KIT_A, KIT_B };
	int r;

	k->check = check_free(k->check);
	buf_clear(&k->said);
	buf_clear(&k->done);
	r = check_new(&k->disk.ops, &k->options, &k->check);
	for (size_t i = 0; r == 0 && i < ELEMENTS(paths); i++)
		if (disk_find(&k->disk, paths[i]))
			r = check_open(k->check, paths[i], alone);
	return r;
}

const struct check_summary *kit_run(struct kit *k)
{
	ck_assert_int_eq(kit_open(k, false), 0);
	ck_assert_int_eq(check_run(k->check), 0);
	ck_assert_ptr_null(check_culprit(k->check));
	return check_summary(k->check);
}

void kit_expect(const struct kit *k, const char *said)
{
	if (!slice_equal(kit_text(&k->said), slice_of(said)))
		ck_abort_msg("said:\n%.*s\nexpected:\n%s",
			     SLICE_ARG(kit_text(&k->said)), said);
}

size_t kit_drop_line(struct buf *b, unsigned line)
{
	size_t start = 0;
	const uint8_t *end;

	for (;;) {
		end = memchr(b->data + start, '\n', b->len - start);
		ck_assert_ptr_nonnull(end);
		if (line-- == 1)
			break;
		start = (size_t)(end - b->data) + 1;
	}
	memmove(b->data + start, end + 1, b->len - (size_t)(end + 1 - b->data));
	b->len -= (size_t)(end + 1 - b->data) - start;
	return start;
}
