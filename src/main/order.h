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

/* An order kept for later: its slices point into text. */
struct op_kept {
	struct op op;
	char *text;
};

/* @r, which is there already, is a refusal of @op: the journal is told. */
void op_refused(const struct op *op, struct refused *r);
/* Check the form.  0, or -EINVAL with *refused. */
int op_make(const struct engine_order *order, bool opening, const char *coin,
	    struct op *ret, struct refused *refused) _must_check_;
/*
 * Check the rules and stage it, but for what it is to stand behind.  0; -EINVAL
 * with *refused, *ret_rests: on what is not durable yet; -ENOMEM.
 */
int op_try(struct engine *e, const struct op *op, struct staged *ret,
	   struct refused *refused, bool *ret_rests) _must_check_;
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
/* The same id with other contents. */
void op_refuse_reuse(const struct op *op, struct refused *r);

/* Copy it; op_kept_done() afterwards.  0 or -ENOMEM. */
int op_keep(const struct op *op, struct op_kept *ret) _must_check_;
void op_kept_done(struct op_kept *k);

#endif
