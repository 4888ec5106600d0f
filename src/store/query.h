/* SPDX-License-Identifier: MIT */
/*
 * The questions that the index alone can answer, and the walk over the records
 * that match a question.  Reads no file.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/index.h"
#include "store/store.h"

struct query_walk {
	const struct index *index;
	struct store_filter filter;
	bool all; /* the filter leaves nothing out */
	uint32_t user; /* NAME_NONE: records of all users */
	uint32_t at; /* places in the user's list, or ordinals */
	uint32_t end;
	/* By the number of an of=: does a record with it count? */
	bool of_counts[INDEX_OFS_MAX + 1];
};

/* A walk over the records that match @q, which must outlive it. */
void query_start(struct query_walk *w, const struct index *x,
		 const struct store_query *q);

/* The next one's ordinal; false at the end. */
bool query_next(struct query_walk *w, uint32_t *ret);

void query_total(const struct index *x, const struct store_query *q,
		 struct store_total *ret);

/* See struct store_ops. */
int query_partners(const struct index *x, const struct store_query *q,
		   struct store_partner **ret, size_t *ret_count) _must_check_;

#endif
