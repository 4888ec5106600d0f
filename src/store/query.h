/* SPDX-License-Identifier: MIT */
/*
 * The questions that the catalog alone can answer, and the walk over the
 * records that match a question.  Reads no file.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/catalog.h"
#include "store/store.h"

/* A walk over one index. */
struct query_cursor {
	const struct index *index;
	bool all; /* the filter leaves nothing out */
	uint32_t user; /* NAME_NONE: records of all users */
	uint32_t at; /* places in the user's list, or ordinals */
	uint32_t end;
	/* By the number of an of=: does a record with it count? */
	bool of_counts[INDEX_OFS_MAX + 1];
};

struct query_walk {
	struct store_filter filter;
	struct query_cursor cursor[CATALOG_INDEXES];
	size_t cursors; /* of them, those in use: the upper one, or both */
};

/* Where a walk stands. */
struct query_place {
	uint32_t at[CATALOG_INDEXES];
};

/* A walk over the records that match @q, which must outlive it. */
void query_start(struct query_walk *w, const struct catalog *c,
		 const struct store_query *q);

/* The next one by serial; NULL at the end. */
const struct index_entry *query_next(struct query_walk *w);

/* Come back to a place later. */
void query_tell(const struct query_walk *w, struct query_place *ret);
void query_seek(struct query_walk *w, const struct query_place *place);

void query_total(const struct catalog *c, const struct store_query *q,
		 struct store_total *ret);

/* See struct store_ops. */
int query_partners(const struct catalog *c, const struct store_query *q,
		   struct store_partner **ret, size_t *ret_count) _must_check_;

#endif
