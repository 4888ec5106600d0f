/* SPDX-License-Identifier: MIT */
/*
 * A client's order to change something, checked for form and staged.
 */
#ifndef MAIN_ORDER_H
#define MAIN_ORDER_H

#include <stdbool.h>

#include "ledger/name.h"
#include "ledger/record.h"
#include "main/engine.h"
#include "main/outcome.h"
#include "util/cleanup.h"

struct entry;

/* An order in the ledger's terms; slices are the caller's. */
struct op {
	bool opening;
	bool join; /* users not yet part of the network join by it */
	struct slice sender;
	struct slice receiver; /* of an opening the sender */
	struct slice amount_text;
	struct amount amount;
	struct slice id;
	struct slice memo; /* encoded; into memo_text */
	struct slice after; /* the id to stand behind; empty: wherever */
	char memo_text[3 * MEMO_MAX];
};

/* @r, which is there already, is a refusal of @op: the journal is told. */
void op_refused(const struct op *op, struct refused *r);
/* Check the form.  0, or -EINVAL with *refused. */
int op_make(const struct engine_order *order, bool opening, const char *coin,
	    struct op *ret, struct refused *refused) _must_check_;
/*
 * Check the rules, stage and queue; @pending is ids.h's handle or MAP_NONE.
 * True: queued as commit_newest().  False: refused, and @done was called or
 * will be, when what the refusal rests on is durable.
 */
bool op_stage(struct engine *e, const struct op *op, uint32_t pending,
	      engine_done done, void *arg);
/* Is this the same order again? */
bool op_same_entry(const struct engine *e, const struct op *op,
		   const struct entry *t);
bool op_same_op(const struct op *a, const struct op *b);

#endif
