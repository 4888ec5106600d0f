/* SPDX-License-Identifier: MIT */
/*
 * The texts of an order, for those who keep a copy of it: in one list, so that
 * none is forgotten by one of them.
 */
#ifndef MAIN_ORDERTEXT_H
#define MAIN_ORDERTEXT_H

#include <stddef.h>

#include "main/engine.h"
#include "util/slice.h"

/* Bytes of all of them. */
static inline size_t ordertext_len(const struct engine_order *o)
{
	return o->sender.len + o->receiver.len + o->amount.len + o->id.len +
	       o->memo.len + o->after.len;
}

/* Copy them to *@at, which ends up behind them; @o points there then. */
static inline void ordertext_move(struct engine_order *o, char **at)
{
	slice_move(&o->sender, at);
	slice_move(&o->receiver, at);
	slice_move(&o->amount, at);
	slice_move(&o->id, at);
	slice_move(&o->memo, at);
	slice_move(&o->after, at);
}

#endif
