/* SPDX-License-Identifier: MIT */
/*
 * See the header.
 */
#include "config.h"

#include <string.h>

#include "ledger/record.h"
#include "util/parse.h"

#include "test_store_tools.h"
#include "unit.h"

/* 2026-11-22T13:37:00Z; a microsecond more with each serial. */
#define TIME INT64_C(1795354620000000)

const uint8_t tools_key[MAP_KEY_SIZE] = "a key of 16 byte";

unsigned tools_memory_ends;

/* In the place of the library's, which calls realloc() like this. */
void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (tools_memory_ends > 0 && --tools_memory_ends == 0) {
		tools_memory_ends = 1;
		return NULL;
	}
	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return realloc(old, bytes);
}

struct slice text_of(const struct buf *b)
{
	return (struct slice){ (const char *)b->data, b->len };
}

static struct slice or_empty(const char *text)
{
	return text ? slice_of(text) : (struct slice){ 0 };
}

static void make_one(struct maker *m, const struct made *made,
		     uint32_t position, uint32_t size, struct buf *out)
{
	struct record r = {
		.serial = m->serial,
		.sender = slice_of(made->sender ? made->sender : "Ali"),
		.receiver = slice_of(made->receiver ? made->receiver : "Luke"),
		.time = TIME + (int64_t)m->serial,
		.batch_position = position,
		.batch_size = size,
		.whole = m->whole && size > 1,
		.id = or_empty(made->id),
		.memo = or_empty(made->memo),
	};
	char body[RECORD_LINE_MAX];
	char hex[CHAIN_HEX_SIZE];
	size_t len;

	if (amount_from_u64(made->amount, &r.amount) < 0)
		ck_abort();
	len = record_format_body(&r, body);
	chain_step(m->hash, (struct slice){ body, len }, m->hash);
	format_hex(m->hash, sizeof(m->hash), hex);
	if (buf_addf(out, "%.*s h=%.*s\n", (int)len, body, CHAIN_HEX_SIZE,
		     hex) < 0)
		ck_abort();
	m->serial++;
}

void maker_batch(struct maker *m, const struct made *records, uint32_t count,
		 struct buf *out)
{
	for (uint32_t i = 0; i < count; i++)
		make_one(m, &records[i], i + 1, count, out);
}

void maker_plain(struct maker *m, uint32_t count, struct buf *out)
{
	for (uint32_t i = 0; i < count; i++)
		make_one(m, &(struct made){ .amount = m->serial }, i + 1, count,
			 out);
}

int tools_open(struct disk *d, struct textstore_report *report,
	       struct store **ret)
{
	return textstore_open(&d->ops, BLOCK, tools_key, report, ret);
}

struct store *tools_open_well(struct disk *d)
{
	struct textstore_report report;
	struct store *s = NULL;
	int r;

	r = tools_open(d, &report, &s);
	if (report.fault.len > 0)
		ck_abort_msg("%.*s", (int)report.fault.len,
			     (char *)report.fault.data);
	ck_assert_int_eq(r, 0);
	ck_assert(!report.torn);
	return s;
}

void tools_commit(struct store *s, uint64_t first, uint32_t records,
		  const char *of, struct slice lines)
{
	bool held = true;

	ck_assert_int_eq(
		s->ops->append(s, first, records, slice_of(of), lines, &held),
		0);
	ck_assert(!held);
	ck_assert_int_eq(s->ops->sync(s), 0);
	ck_assert_int_eq(s->ops->publish(s), 0);
}

static bool collect(void *arg, uint64_t serial, struct slice line)
{
	struct buf *out = arg;

	(void)serial;
	if (buf_addf(out, "%.*s\n", SLICE_ARG(line)) < 0)
		ck_abort();
	return true;
}

void tools_fetch(struct store *s, const struct store_query *q, struct buf *out)
{
	ck_assert_int_eq(s->ops->fetch(s, q, collect, out), 0);
}

void tools_fetch_all(struct store *s, struct buf *out)
{
	struct store_query q = { .upto = UINT64_MAX };

	q.filter.everything = true;
	tools_fetch(s, &q, out);
}

void assert_text(struct slice found, struct slice expected)
{
	if (!slice_equal(found, expected))
		ck_abort_msg("found:\n%.*s\nexpected:\n%.*s", SLICE_ARG(found),
			     SLICE_ARG(expected));
}
