/* SPDX-License-Identifier: MIT */
/*
 * What the kinds of questions share: query.c queues them, each kind has a file.
 */
#ifndef MAIN_QUERY_INTERNAL_H
#define MAIN_QUERY_INTERNAL_H

#include "ledger/name.h"
#include "main/engine_internal.h"
#include "main/outcome.h"
#include "main/stream.h"

struct query;
struct stats;
struct verification;

struct query_kind {
	void (*start)(struct query *q);
	/* Free what the kind keeps. */
	void (*drop)(struct query *q);
};

struct query {
	struct list node;
	struct engine *engine;
	const struct query_kind *kind;
	engine_record record;
	engine_done done;
	void *arg;
	int64_t deadline; /* to be started */
	char user[USER_NAME_MAX]; /* or an operation id */
	size_t user_len;
	bool by_id;
	uint64_t from;
	uint64_t count; /* records still wanted */
	uint64_t upto; /* as of this serial */
	uint64_t given; /* records so far */
	uint64_t last; /* serial of the last one */
	struct amount balance; /* the user's, running */
	struct stream *stream;
	struct stats *stats;
	struct verification *verification;
	uint8_t tip[CHAIN_HASH_SIZE];
	int write_error;
};

/* As of now; NULL: there is no room, and who asked was told. */
struct query *query_new(struct engine *e, const struct query_kind *kind,
			const struct slip *s);
struct slice query_user(const struct query *q);
/* Let it wait for its turn, which may be at once. */
void query_enqueue(struct query *q);
/* The question is answered; it is gone afterwards. */
void query_give(struct query *q, const struct outcome *o);
void query_done(struct query *q); /* OUTCOME_DONE, nothing more to say */
void query_unavailable(struct query *q, const char *missing);
/* Let it wait for its turn once more. */
void query_requeue(struct query *q);
void query_refuse(struct query *q, enum outcome_code code, const char *format,
		  ...) _printf_(3, 4);

extern const struct query_kind query_stats;
extern const struct query_kind query_txlist;
extern const struct query_kind query_verify;

#endif
