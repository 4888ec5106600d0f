/* SPDX-License-Identifier: MIT */
/*
 * What the main daemon says to one that is subscribed: a transaction, as its
 * line stands in a block, and a sign of life.
 */
#ifndef WALLETCTL_PUSHED_H
#define WALLETCTL_PUSHED_H

#include "ledger/chain.h"
#include "ledger/name.h"
#include "util/timestamp.h"
#include "walletctl/answer.h"

#define PUSHED_CHANNEL "transactions"

/* A record, and room for what stands otherwise in its line. */
struct pushed {
	struct answer_record record; /* points into the reply and into this */
	char time[TIMESTAMP_LEN];
	char memo[MEMO_MAX];
	char hash[CHAIN_HEX_SIZE];
};

/* 1: a transaction, in *ret; 0: something else of this kind; -EBADMSG. */
int pushed_read(const redisReply *reply, struct pushed *ret) _must_check_;

#endif
