/* SPDX-License-Identifier: MIT */
/*
 * Lines of CSV that say who is to pay whom how much: which columns they have,
 * and what is wrong with a line by itself.
 */
#ifndef WALLETCTL_PAYMENTS_H
#define WALLETCTL_PAYMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/amount.h"
#include "ledger/chain.h"
#include "util/slice.h"
#include "walletctl/linefile.h"
#include "walletctl/mistakes.h"

/* In this order, up to the id, where no line of names says another. */
enum payment_column {
	PAYMENT_SENDER,
	PAYMENT_RECEIVER,
	PAYMENT_AMOUNT,
	PAYMENT_MEMO,
	PAYMENT_ID,
	PAYMENT_SERIAL, /* of the ledger that it was exported from */
	PAYMENT_HASH,
	PAYMENT_COLUMNS
};

struct payments {
	struct mistakes *mistakes;
	uint32_t file; /* for mistakes_tell() */
	uint64_t line;
	bool openings; /* of a user to itself, of 0 */
	bool ids;      /* else that column is left out, as are unknown ones */
	bool begun;    /* a line was read */
	size_t column[PAYMENT_COLUMNS];
	char room[LINEFILE_LINE_MAX];
};

struct payment {
	struct slice sender;
	struct slice receiver;
	struct amount amount;
	struct slice memo; /* of no length: none */
	struct slice id;   /* the same */
	uint64_t serial;   /* 0: none, or not one of ours */
	bool sealed;	   /* there is a hash */
	uint8_t hash[CHAIN_HASH_SIZE];
};

/* Before the first line of a file. */
void payments_begin(struct payments *p, struct mistakes *m, uint32_t file);
/*
 * Take line @number without its end; 1: *ret is its payment, in @line or
 * @p->room; 0: it has none, which was told if it should have.
 */
int payments_read(struct payments *p, uint64_t number, struct slice line,
		  struct payment *ret) _must_check_;

#endif
