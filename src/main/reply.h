/* SPDX-License-Identifier: MIT */
/*
 * What the engine says, as a client reads it (chain-protocol(7)): records,
 * receipts, refusals.  All functions return 0 or -ENOMEM.
 */
#ifndef MAIN_REPLY_H
#define MAIN_REPLY_H

#include <stdint.h>

#include "main/engine.h"
#include "util/buf.h"
#include "util/cleanup.h"

/* "-CODE sentence" of an outcome that is not OUTCOME_DONE. */
int reply_refusal(struct buf *out, const struct outcome *o) _must_check_;
/* Serial, the sender's new balance, time, hash. */
int reply_receipt(struct buf *out, const struct outcome *o) _must_check_;
/* Serial, hash, time of the last record. */
int reply_tip(struct buf *out, const struct outcome *o) _must_check_;
/* Path, number of transactions, hash of the last. */
int reply_statement(struct buf *out, const struct outcome *o) _must_check_;
/*
 * Serial, hash, transactions, users, coins, missing serials.  Coins are null if
 * they are no RESP integer.
 */
int reply_verified(struct buf *out, const struct outcome *o) _must_check_;
/* A row (counterpart, count, net) each; LIMIT if a net is no RESP integer. */
int reply_stats(struct buf *out, const struct outcome *o) _must_check_;
/* Serial, users in all, and a row (name, balance) each. */
int reply_users(struct buf *out, const struct outcome *o) _must_check_;
/* @balance may be NULL: then the record has no such column. */
int reply_record(struct buf *out, const struct record *r,
		 const struct amount *balance) _must_check_;

#endif
