/* SPDX-License-Identifier: MIT */
/*
 * The sentences of refusals, kept as the original system's users know them,
 * and the giving of outcomes.
 */
#ifndef MAIN_OUTCOME_H
#define MAIN_OUTCOME_H

#include "ledger/ledger.h"
#include "ledger/name.h"
#include "main/engine.h"

/* Room for the longest sentence: three names and some words. */
#define OUTCOME_SENTENCE_SIZE 512

/* Whose order was refused, for the journal. */
struct refused_order {
	bool known; /* else it is none, or no rule was broken */
	char sender[USER_NAME_MAX + 1];
	char receiver[USER_NAME_MAX + 1];
	char amount[AMOUNT_TEXT_MAX + 1];
	char id[OPERATION_ID_MAX + 1];
};

/* A refusal that can be kept for later. */
struct refused {
	enum outcome_code code;
	char sentence[OUTCOME_SENTENCE_SIZE];
	struct refused_order order;
};

/* What the ledger refused, in words; @balance only for INSUFFICIENT. */
void refused_by_rule(struct refused *r, enum refusal refusal, const char *coin,
		     struct slice sender, struct slice receiver,
		     struct slice amount, struct amount balance);
void refused_format(struct refused *r, enum outcome_code code,
		    const char *format, ...) _printf_(3, 4);

/* Count it and call @done, if there is one. */
void outcome_give(struct engine *e, engine_done done, void *arg,
		  const struct outcome *o);
/* The journal is told, if a rule was broken. */
void outcome_journal(struct engine *e, const struct refused *r);
void outcome_refuse(struct engine *e, engine_done done, void *arg,
		    const struct refused *r);
void outcome_unavailable(struct engine *e, engine_done done, void *arg,
			 const char *format, ...) _printf_(4, 5);

#endif
