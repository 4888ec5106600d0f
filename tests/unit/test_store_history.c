/* SPDX-License-Identifier: MIT */
/*
 * See the header.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/chain.h"
#include "ledger/record.h"
#include "util/parse.h"

#include "test_store_history.h"
#include "unit.h"

/* 2026-11-22T13:37:00Z; a microsecond more with each serial. */
#define TIME INT64_C(1795354620000000)

unsigned history_sender(uint64_t serial)
{
	return (unsigned)(serial * 5 % HISTORY_USERS);
}

unsigned history_receiver(uint64_t serial)
{
	return (unsigned)((serial * 3 + serial / 7 + 1) % HISTORY_USERS);
}

uint64_t history_amount(uint64_t serial)
{
	return history_sender(serial) == history_receiver(serial) ? 0 : serial;
}

bool history_has_id(uint64_t serial)
{
	return serial > HISTORY_OLD && serial % 3 == 0;
}

static size_t make_body(uint64_t serial, char body[RECORD_LINE_MAX])
{
	uint64_t place = serial - HISTORY_OLD - 1;
	char sender[16];
	char receiver[16];
	char id[32] = "";
	struct record r = { .serial = serial };
	int n;

	if (serial <= HISTORY_OLD) {
		n = snprintf(body, RECORD_LINE_MAX,
			     "%" PRIu64 " user%u user%u %" PRIu64, serial,
			     history_sender(serial), history_receiver(serial),
			     history_amount(serial));
		return (size_t)n;
	}
	(void)snprintf(sender, sizeof(sender), "user%u",
		       history_sender(serial));
	(void)snprintf(receiver, sizeof(receiver), "user%u",
		       history_receiver(serial));
	if (history_has_id(serial))
		(void)snprintf(id, sizeof(id), "id-%" PRIu64, serial);
	r.sender = slice_of(sender);
	r.receiver = slice_of(receiver);
	r.id = slice_of(id);
	r.time = TIME + (int64_t)serial;
	r.batch_position = (uint32_t)(place % HISTORY_BATCH) + 1;
	r.batch_size = HISTORY_BATCH;
	if (amount_from_u64(history_amount(serial), &r.amount) < 0)
		ck_abort();
	return record_format_body(&r, body);
}

void history_init(struct history *h)
{
	uint8_t hash[CHAIN_HASH_SIZE] = { 0 };
	char hex[CHAIN_HEX_SIZE];
	char body[RECORD_LINE_MAX];
	size_t len;

	*h = (struct history){ 0 };
	for (uint64_t serial = 1; serial <= HISTORY_MAX; serial++) {
		len = make_body(serial, body);
		chain_step(hash, (struct slice){ body, len }, hash);
		format_hex(hash, sizeof(hash), hex);
		if (asprintf(&h->line[serial], "%.*s h=%.*s", (int)len, body,
			     CHAIN_HEX_SIZE, hex) < 0)
			ck_abort();
	}
}

void history_done(struct history *h)
{
	for (size_t i = 0; i < ELEMENTS(h->line); i++)
		free(h->line[i]);
}

void history_add(const struct history *h, uint64_t serial, const char *of,
		 struct buf *out)
{
	if (buf_addf(out, "%s%s%s\n", h->line[serial], *of ? " of=" : "", of) <
	    0)
		ck_abort();
}

uint32_t history_join(const struct history *h, uint64_t from, uint64_t to,
		      uint64_t stride, const char *of, struct buf *out)
{
	uint32_t count = 0;

	for (uint64_t serial = from; serial <= to; serial += stride) {
		history_add(h, serial, of, out);
		count++;
	}
	return count;
}
