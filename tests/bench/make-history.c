/* SPDX-License-Identifier: MIT */
/*
 * A long history over some block files, in seconds: every user is opened, then
 * they pay each other.  One record in ten is the first user's.  Batches have 1
 * to 64 records and go to a block drawn at random, as the daemons do it.
 *
 *	make-history RECORDS USERS FILE...
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include <unistd.h>

#include "ledger/chain.h"
#include "ledger/record.h"
#include "util/buf.h"
#include "util/parse.h"
#include "util/random.h"
#include "util/timestamp.h"

#include "common.h"
#include "names.h"

#define FILES_MAX 16
#define BATCH_MAX 64
#define AMOUNT_MAX 9
/* One record in so many is the first user's. */
#define FIRST_USER_SHARE 10
#define FLUSH_BYTES (1 << 20)
/* 2026-01-01; a tenth of a millisecond from batch to batch. */
#define BEGIN_USEC INT64_C(1767225600000000)
#define STEP_USEC 100

struct writer {
	int fd;
	struct buf text;
};

struct history {
	struct writer files[FILES_MAX];
	size_t file_count;
	uint64_t records;
	uint32_t users;
	uint64_t serial; /* of the last record made */
	int64_t time;
	uint8_t hash[CHAIN_HASH_SIZE];
	struct rng rng;
};

static void flush(struct writer *w)
{
	write_all(w->fd, w->text.data, w->text.len);
	buf_clear(&w->text);
}

static void draw(struct history *h, uint32_t *ret_sender,
		 uint32_t *ret_receiver, uint64_t *ret_amount)
{
	uint32_t sender = (uint32_t)rng_below(&h->rng, h->users);
	uint32_t receiver = (uint32_t)rng_below(&h->rng, h->users - 1);

	/* First of all everybody becomes a member. */
	if (h->serial < h->users) {
		*ret_sender = (uint32_t)h->serial;
		*ret_receiver = *ret_sender;
		*ret_amount = 0;
		return;
	}

	receiver += receiver >= sender;
	if (sender != 0 && receiver != 0 &&
	    rng_below(&h->rng, FIRST_USER_SHARE) == 0) {
		if (rng_below(&h->rng, 2) == 0)
			sender = 0;
		else
			receiver = 0;
	}
	*ret_sender = sender;
	*ret_receiver = receiver;
	*ret_amount = 1 + rng_below(&h->rng, AMOUNT_MAX);
}

static void make_record(struct history *h, struct writer *w, uint32_t position,
			uint32_t size)
{
	char sender_name[USER_NAME_LEN];
	char receiver_name[USER_NAME_LEN];
	struct record r = {
		.serial = h->serial + 1,
		.sender = { sender_name, USER_NAME_LEN },
		.receiver = { receiver_name, USER_NAME_LEN },
		.chained = true,
		.sealed = true,
		.time = h->time,
		.batch_position = position,
		.batch_size = size,
	};
	uint32_t sender;
	uint32_t receiver;
	uint64_t amount;
	size_t len;
	char *line;

	draw(h, &sender, &receiver, &amount);
	user_name(sender, sender_name);
	user_name(receiver, receiver_name);
	if (amount_from_u64(amount, &r.amount) < 0)
		fail("an amount out of range");
	if (buf_reserve(&w->text, RECORD_LINE_MAX + 1) < 0)
		fail("no memory");

	line = (char *)w->text.data + w->text.len;
	len = record_format_body(&r, line);
	chain_step(h->hash, (struct slice){ line, len }, h->hash);
	memcpy(line + len, " h=", 3);
	format_hex(h->hash, CHAIN_HASH_SIZE, line + len + 3);
	line[len + 3 + CHAIN_HEX_SIZE] = '\n';
	w->text.len += len + 4 + CHAIN_HEX_SIZE;
	h->serial++;
}

static void make_batch(struct history *h)
{
	struct writer *w = &h->files[rng_below(&h->rng, h->file_count)];
	uint64_t size = 1 + rng_below(&h->rng, BATCH_MAX);

	if (size > h->records - h->serial)
		size = h->records - h->serial;
	for (uint32_t i = 1; i <= size; i++)
		make_record(h, w, i, (uint32_t)size);
	h->time += STEP_USEC;
	if (w->text.len > FLUSH_BYTES)
		flush(w);
}

int main(int argc, char **argv)
{
	static struct history h;

	if (argc < 4 || argc - 3 > FILES_MAX)
		fail("expected RECORDS USERS FILE...");
	if (sodium_init() < 0)
		fail("libsodium does not start");

	h.records = option_u64("RECORDS", argv[1], 1, UINT64_C(1) << 40);
	h.users = (uint32_t)option_u64("USERS", argv[2], 2, USERS_MAX);
	h.time = BEGIN_USEC;
	rng_seed(&h.rng, 1);
	for (int i = 3; i < argc; i++) {
		int fd = open(argv[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			      0644);

		if (fd < 0)
			fail_errno(argv[i]);
		h.files[h.file_count++].fd = fd;
	}

	while (h.serial < h.records)
		make_batch(&h);
	for (size_t i = 0; i < h.file_count; i++) {
		flush(&h.files[i]);
		if (fsync(h.files[i].fd) < 0)
			fail_errno("fsync");
		(void)close(h.files[i].fd);
		buf_done(&h.files[i].text);
	}
	return EXIT_SUCCESS;
}
