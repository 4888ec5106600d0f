/* SPDX-License-Identifier: MIT */
/*
 * Transactions as plain-text accounting, a journal that both hledger(1) and
 * ledger(1) read: each user is an account below "users", and what it begins
 * with comes from "equity:opening".
 */
#ifndef WALLETCTL_ACCOUNTING_H
#define WALLETCTL_ACCOUNTING_H

#include <stdint.h>
#include <stdio.h>

#include "util/cleanup.h"
#include "util/slice.h"
#include "walletctl/answer.h"

struct accounting;

/* @initial is what each user begins with; @coin is copied. */
int accounting_new(int64_t initial, struct slice coin,
		   struct accounting **ret) _must_check_;
struct accounting *accounting_free(struct accounting *a);
DEFINE_CLEANUP(struct accounting, accounting_free);
/* Write the next one, with the opening of those who join by it.  -ENOMEM. */
int accounting_record(struct accounting *a, FILE *out,
		      const struct answer_record *r) _must_check_;

#endif
