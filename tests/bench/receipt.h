/* SPDX-License-Identifier: MIT */
/*
 * What is kept of an answer to a transfer.  bench-load writes these to a file,
 * as they are in memory, and bench-receipts on the same machine reads them.
 */
#ifndef BENCH_RECEIPT_H
#define BENCH_RECEIPT_H

#include <stdint.h>

/* Of the 64 digits of a record's hash, enough to tell two apart. */
#define RECEIPT_HASH_DIGITS 16

struct receipt {
	uint64_t serial;
	int64_t balance; /* the sender's behind it */
	uint32_t sender;
	uint32_t receiver;
	uint32_t amount;
	uint32_t unused; /* no padding goes into the file */
	char hash[RECEIPT_HASH_DIGITS]; /* zeros from a peer that has none */
};

#endif
