/* SPDX-License-Identifier: MIT */
/*
 * Where the records are: which backends hold them, whether that is as many as
 * there should be, and whether the of= in the blocks alone tells which of them
 * counts.  Backends are bits, by their index.
 */
#ifndef MAIN_SURVEY_H
#define MAIN_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/name.h"
#include "main/engine.h"
#include "main/irregular.h"
#include "util/slice.h"

struct stream_record;

/* Names in of= that the configuration does not have, and that we keep. */
#define SURVEY_STRANGERS_MAX 16

/* Records that fewer backends hold than there should be, by who does. */
struct thin {
	uint32_t holders;
	uint64_t records;
};

/* Begin with { 0 }. */
struct survey {
	struct thin *thin;
	size_t thins;
	size_t cap;
	/* Backends that an of= names before all holders, and that lack it. */
	uint32_t owing;
	uint64_t first; /* the lowest serial that is thin or owed; 0: none */
};

/* What the of= of a record's copies say. */
struct holding {
	uint32_t holders;
	uint32_t owners; /* those of them that are its home */
	uint32_t copies;
	/* Backends of the configuration that a copy stands behind. */
	uint32_t behind[ENGINE_BACKENDS_MAX];
};

struct strangers {
	char name[SURVEY_STRANGERS_MAX][BLOCK_NAME_MAX + 1];
	size_t count;
	bool more; /* than can be named in a question */
};

/* The last of= seen on each backend: there are few, and many records. */
struct survey_memory {
	struct {
		char of[RECORD_OF_MAX];
		size_t len;
		uint32_t behind;
	} at[ENGINE_BACKENDS_MAX];
};

void survey_done(struct survey *s);

/* Read the of= of a record; names not configured go to the engine's strangers. */
void survey_read(struct engine *e, const struct stream_record *r,
		 struct holding *ret);
/*
 * The first in the order of the of=: who counts if nobody is absent.  -1 if
 * there is none, since it stands behind some that lack the record.
 */
int survey_first(const struct engine *e, const struct holding *h);
/* Backends, not lost, that lack the record, though all holders stand behind. */
uint32_t survey_owing(const struct engine *e, const struct holding *h);
/* Count a record in: into @s, and into @i if the of= are not enough. */
int survey_add(struct engine *e, struct survey *s, struct irregulars *i,
	       uint64_t serial, const struct holding *h) _must_check_;
/* Add what @from found to @s. */
int survey_join(struct survey *s, const struct survey *from) _must_check_;

/* Records that are on too few backends. */
uint64_t survey_thin(const struct survey *s);
/* Is every record on a backend that is not in @absent? */
bool survey_covered(const struct survey *s, uint32_t absent);

/* Every backend that is part of the ledger, and not declared lost. */
uint32_t survey_present(const struct engine *e);

#endif
