/* SPDX-License-Identifier: MIT */
/*
 * Where the batch in flight goes: backends drawn at random, its fragments,
 * acknowledgements, and another backend for one that does not answer.
 */
#ifndef MAIN_PLACEMENT_H
#define MAIN_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>

struct engine;

void placement_init(struct engine *e);
/* Backends that would take a batch just now. */
size_t placement_candidates(const struct engine *e);
/* Fewer than needed, and no return is to be waited for. */
bool placement_hopeless(const struct engine *e);
/* The batch was closed: send it to as many as the configuration asks for. */
void placement_start(struct engine *e);
/* A backend came back: it may be needed for a batch that found none. */
void placement_retry(struct engine *e);

/* In commit.c: enough backends have the batch on disk. */
void commit_durable(struct engine *e);

#endif
