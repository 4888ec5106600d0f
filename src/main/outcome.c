/* SPDX-License-Identifier: MIT */
/*
 * The sentences of refusals, kept as the original system's users know them,
 * and the giving of outcomes.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "ledger/name.h"
#include "ledger/newtext.h"
#include "main/engine_internal.h"
#include "main/outcome.h"

const char *outcome_code_name(enum outcome_code code)
{
	static const char *const names[OUTCOME_CODES] = {
		[OUTCOME_DONE] = "",
		[OUTCOME_NOUSER] = "NOUSER",
		[OUTCOME_INSUFFICIENT] = "INSUFFICIENT",
		[OUTCOME_SELF] = "SELF",
		[OUTCOME_AMOUNT] = "AMOUNT",
		[OUTCOME_NAME] = "NAME",
		[OUTCOME_EXISTS] = "EXISTS",
		[OUTCOME_IDREUSED] = "IDREUSED",
		[OUTCOME_LIMIT] = "LIMIT",
		[OUTCOME_READONLY] = "READONLY",
		[OUTCOME_NOTFOUND] = "NOTFOUND",
		[OUTCOME_INTEGRITY] = "INTEGRITY",
		[OUTCOME_ABORTED] = "ABORTED",
		[OUTCOME_UNAVAILABLE] = "UNAVAILABLE",
		[OUTCOME_UNKNOWN] = "UNKNOWN",
	};

	return names[code];
}

void refused_format(struct refused *r, enum outcome_code code,
		    const char *format, ...)
{
	va_list args;

	r->code = code;
	r->order.known = false;
	va_start(args, format);
	(void)vsnprintf(r->sentence, sizeof(r->sentence), format, args);
	va_end(args);
}

static void refuse_member(struct refused *r, struct slice name)
{
	refused_format(r, OUTCOME_NOUSER,
		       "Unable to proceed with the transaction as \"%.*s\" is "
		       "not part of the network.",
		       SLICE_ARG(name));
}

/* A name that broke the rules may be of any length: it is not repeated. */
static void refuse_name(struct refused *r, const char *whose,
			struct slice name)
{
	const char *fault = new_name_fault(name);

	refused_format(r, OUTCOME_NAME,
		       "The %s's name %s: expected 1 to %d bytes of UTF-8 "
		       "without spaces, controls, '=', ',' or '\"'.",
		       whose, fault ? fault : "is not allowed", USER_NAME_MAX);
}

static void refuse_insufficient(struct refused *r, const char *coin,
				struct slice sender, struct slice receiver,
				struct slice amount, struct amount balance)
{
	refused_format(r, OUTCOME_INSUFFICIENT,
		       "\"%.*s\" was unable to transfer %.*s %s to \"%.*s\" "
		       "because of insufficient balance. The current balance "
		       "of \"%.*s\" is : %" PRIu64 " %s.",
		       SLICE_ARG(sender), SLICE_ARG(amount), coin,
		       SLICE_ARG(receiver), SLICE_ARG(sender),
		       amount_to_u64(balance), coin);
}

void refused_by_rule(struct refused *r, enum refusal refusal, const char *coin,
		     struct slice sender, struct slice receiver,
		     struct slice amount, struct amount balance)
{
	switch (refusal) {
	case REFUSAL_NONE:
		break;
	case REFUSAL_NO_SENDER:
		refuse_member(r, sender);
		return;
	case REFUSAL_NO_RECEIVER:
		refuse_member(r, receiver);
		return;
	case REFUSAL_NO_SENDER_NOR_RECEIVER:
		refused_format(r, OUTCOME_NOUSER,
			       "Unable to proceed with the transaction as "
			       "\"%.*s\" and \"%.*s\" are not part of the "
			       "network.",
			       SLICE_ARG(sender), SLICE_ARG(receiver));
		return;
	case REFUSAL_INSUFFICIENT:
		refuse_insufficient(r, coin, sender, receiver, amount, balance);
		return;
	case REFUSAL_SELF:
		refused_format(r, OUTCOME_SELF,
			       "\"%.*s\" cannot transfer %s to oneself.",
			       SLICE_ARG(sender), coin);
		return;
	case REFUSAL_AMOUNT:
		refused_format(r, OUTCOME_AMOUNT,
			       "The amount must be a whole number from 1 to "
			       "9223372036854775807, in digits only.");
		return;
	case REFUSAL_SENDER_NAME:
		refuse_name(r, "sender", sender);
		return;
	case REFUSAL_RECEIVER_NAME:
		refuse_name(r, "receiver", receiver);
		return;
	case REFUSAL_RECEIVER_OVERFLOW:
		refused_format(r, OUTCOME_LIMIT,
			       "\"%.*s\" cannot receive so much: the balance "
			       "would pass 9223372036854775807.",
			       SLICE_ARG(receiver));
		return;
	case REFUSAL_EXISTS:
		refused_format(r, OUTCOME_EXISTS,
			       "\"%.*s\" is already part of the network.",
			       SLICE_ARG(sender));
		return;
	}
	refused_format(r, OUTCOME_UNAVAILABLE, "Refused for no known reason.");
}

void outcome_give(struct engine *e, engine_done done, void *arg,
		  const struct outcome *o)
{
	if (!done)
		return;
	e->counters.outcomes[o->code]++;
	done(arg, o);
}

void outcome_journal(struct engine *e, const struct refused *r)
{
	struct engine_refusal_event event;

	if (!r->order.known || !e->io.refused)
		return;
	event = (struct engine_refusal_event){
		.code = slice_of(outcome_code_name(r->code)),
		.sentence = slice_of(r->sentence),
		.sender = slice_of(r->order.sender),
		.receiver = slice_of(r->order.receiver),
		.amount = slice_of(r->order.amount),
		.id = slice_of(r->order.id),
	};
	e->io.refused(e->io.ctx, &event);
}

void outcome_refuse(struct engine *e, engine_done done, void *arg,
		    const struct refused *r)
{
	struct outcome o = { .code = r->code,
			     .sentence = slice_of(r->sentence) };

	outcome_journal(e, r);
	outcome_give(e, done, arg, &o);
}

void outcome_unavailable(struct engine *e, engine_done done, void *arg,
			 const char *format, ...)
{
	struct refused r = { .code = OUTCOME_UNAVAILABLE };
	va_list args;

	va_start(args, format);
	(void)vsnprintf(r.sentence, sizeof(r.sentence), format, args);
	va_end(args);
	outcome_refuse(e, done, arg, &r);
}
