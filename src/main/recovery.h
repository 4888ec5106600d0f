/* SPDX-License-Identifier: MIT */
/*
 * The start: ask every backend, claim a new epoch on each, load and check the
 * whole history, open.
 */
#ifndef MAIN_RECOVERY_H
#define MAIN_RECOVERY_H

#include "main/engine.h"
#include "main/link.h"

struct stream;

struct recovery {
	struct call claim[ENGINE_BACKENDS_MAX];
	struct stream *stream;
	int64_t started_at;
};

void recovery_init(struct engine *e);
void recovery_done(struct engine *e);
/* A link has answered a ping, or a claim: see how far we are. */
void recovery_advance(struct engine *e);
/* Load the history past @after. */
void recovery_load(struct engine *e, uint64_t after);
/* The last batch is where it should be: open for business. */
void recovery_opened(struct engine *e);
/* Is it the claim of its link? */
bool recovery_is_claim(const struct call *c);
/* A backend does not know our epoch (any more): claim it there. */
void recovery_claim(struct engine *e, struct link *l);

#endif
