/* SPDX-License-Identifier: MIT */
/*
 * What people and programs are told of orders.
 */
#ifndef WALLETCTL_RECEIPT_H
#define WALLETCTL_RECEIPT_H

#include "walletctl/context.h"
#include "walletctl/delivery.h"
#include "walletctl/group.h"
#include "walletctl/sheet.h"

/* Tell of one order or list: the records if it is done, else why not. */
void receipt_put(struct context *ctx, const struct group *g,
		 const struct delivery *d);

/* Of any number of orders and lists, in one document. */
struct receipts {
	struct context *ctx;
	struct sheet *sheet; /* NULL for people */
	size_t count;
};

int receipts_begin(struct receipts *list) _must_check_;
void receipts_add(struct receipts *list, const struct group *g,
		  const struct delivery *d);
/* Frees what receipts_begin() took. */
void receipts_end(struct receipts *list);

#endif
