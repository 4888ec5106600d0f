/* SPDX-License-Identifier: MIT */
/*
 * A client's order to change something, checked for form and staged.
 */
#include "config.h"

#include <string.h>

#include "ledger/newtext.h"
#include "main/engine_internal.h"
#include "main/order.h"
#include "util/percent.h"

/* What is allowed in the field, else nothing: it may be of any length. */
static void keep(char *out, size_t size, struct slice text, bool allowed)
{
	size_t len = allowed && text.len < size ? text.len : 0;

	if (len > 0)
		memcpy(out, text.p, len);
	out[len] = '\0';
}

void op_refused(const struct op *op, struct refused *r)
{
	struct refused_order *o = &r->order;
	struct amount amount;

	o->known = true;
	keep(o->sender, sizeof(o->sender), op->sender,
	     !user_name_fault(op->sender));
	keep(o->receiver, sizeof(o->receiver), op->receiver,
	     !user_name_fault(op->receiver));
	keep(o->amount, sizeof(o->amount), op->amount_text,
	     amount_parse(op->amount_text, &amount) == 0);
	keep(o->id, sizeof(o->id), op->id, !operation_id_fault(op->id));
}

/* The names are checked before the amount, as the original system does. */
static int check_names(const struct op *op, const char *coin, struct refused *r)
{
	enum refusal refusal = REFUSAL_NONE;

	if (user_name_fault(op->sender))
		refusal = REFUSAL_SENDER_NAME;
	else if (user_name_fault(op->receiver))
		refusal = REFUSAL_RECEIVER_NAME;
	if (refusal == REFUSAL_NONE)
		return 0;
	refused_by_rule(r, refusal, coin, op->sender, op->receiver,
			op->amount_text, AMOUNT_ZERO);
	return -EINVAL;
}

static int check_amount(struct op *op, const char *coin, struct refused *r)
{
	if (op->opening)
		return 0;
	if (amount_parse(op->amount_text, &op->amount) == 0 &&
	    !amount_is_zero(op->amount))
		return 0;
	refused_by_rule(r, REFUSAL_AMOUNT, coin, op->sender, op->receiver,
			op->amount_text, AMOUNT_ZERO);
	return -EINVAL;
}

static int check_id(const struct op *op, struct refused *r)
{
	const char *fault = op->id.len ? operation_id_fault(op->id) : NULL;

	if (!fault)
		return 0;
	refused_format(r, OUTCOME_NAME,
		       "The operation id %s: expected 1 to %d printable ASCII "
		       "characters without spaces, '=', ',' or '\"'.",
		       fault, OPERATION_ID_MAX);
	return -EINVAL;
}

static int encode_memo(struct op *op, struct slice memo, struct refused *r)
{
	const char *fault = memo.len ? new_memo_fault(memo) : NULL;
	int len;

	if (fault) {
		refused_format(r, OUTCOME_NAME,
			       "The memo %s: expected at most %d bytes of UTF-8 "
			       "without controls.",
			       fault, MEMO_MAX);
		return -EINVAL;
	}
	len = percent_encode(memo, op->memo_text, sizeof(op->memo_text));
	if (len < 0)
		return len;
	op->memo = (struct slice){ op->memo_text, (size_t)len };
	return 0;
}

static int check_form(struct op *op, const struct engine_order *order,
		      const char *coin, struct refused *refused)
{
	int r;

	r = check_names(op, coin, refused);
	if (r < 0)
		return r;
	r = check_amount(op, coin, refused);
	if (r < 0)
		return r;
	r = check_id(op, refused);
	if (r < 0)
		return r;
	return encode_memo(op, order->memo, refused);
}

int op_make(const struct engine_order *order, bool opening, const char *coin,
	    struct op *ret, struct refused *refused)
{
	int r;

	ret->opening = opening;
	ret->join = order->join;
	ret->sender = order->sender;
	ret->receiver = opening ? order->sender : order->receiver;
	ret->amount_text = opening ? slice_of("0") : order->amount;
	ret->amount = AMOUNT_ZERO;
	ret->id = order->id;
	ret->after = order->after;
	r = check_form(ret, order, coin, refused);
	if (r < 0)
		op_refused(ret, refused);
	return r;
}

/*
 * A refusal that rests on what is not durable yet must not be told before it
 * is: after a crash the client could see the contrary.  Else it rests on the
 * lease.
 */
static void refuse_when_durable(struct engine *e, const struct refused *refused,
				bool rests_on_staged, engine_done done,
				void *arg)
{
	if (!rests_on_staged || commit_idle(e)) {
		gate_refuse(e, refused, done, arg);
		return;
	}
	if (commit_wait(e, commit_newest(e), refused, done, arg) < 0)
		outcome_unavailable(e, done, arg, "Out of memory.");
}

static bool rests_on_staged(enum refusal refusal)
{
	return refusal == REFUSAL_INSUFFICIENT || refusal == REFUSAL_EXISTS ||
	       refusal == REFUSAL_RECEIVER_OVERFLOW;
}

static int stage(struct engine *e, const struct op *op, struct staged *ret,
		 enum refusal *ret_refusal)
{
	if (op->opening)
		return ledger_stage_opening(e->ledger, op->sender, ret,
					    ret_refusal);
	if (op->join)
		return ledger_stage_import(e->ledger, op->sender, op->receiver,
					   op->amount, ret, ret_refusal);
	return ledger_stage_transfer(e->ledger, op->sender, op->receiver,
				     op->amount, ret, ret_refusal);
}

/*
 * What it is to stand behind may have been refused, dropped, or be parked; a
 * client that sends many without waiting would have them in another order.
 */
static void refuse_misplaced(struct engine *e, engine_done done, void *arg)
{
	struct refused r;

	refused_format(&r, OUTCOME_NOTFOUND,
		       "The transaction that it is to stand behind is not the "
		       "last one; nothing was changed.");
	gate_refuse(e, &r, done, arg);
}

int op_try(struct engine *e, const struct op *op, struct staged *ret,
	   struct refused *refused, bool *ret_rests)
{
	enum refusal refusal;
	int r;

	r = stage(e, op, ret, &refusal);
	if (r < 0 || refusal == REFUSAL_NONE)
		return r;
	refused_by_rule(refused, refusal, e->coin, op->sender, op->receiver,
			op->amount_text, ret->sender_after);
	op_refused(op, refused);
	*ret_rests = rests_on_staged(refusal);
	return -EINVAL;
}

bool op_stage(struct engine *e, const struct op *op, uint32_t pending,
	      engine_done done, void *arg)
{
	struct staged s;
	struct refused refused;
	bool rests;
	int r;

	if (op->after.len && !ids_precedes(e, op->after)) {
		refuse_misplaced(e, done, arg);
		return false;
	}
	r = op_try(e, op, &s, &refused, &rests);
	if (r == -EINVAL)
		refuse_when_durable(e, &refused, rests, done, arg);
	else if (r < 0)
		outcome_unavailable(e, done, arg, "Out of memory.");
	if (r < 0)
		return false;
	if (commit_add(e, &s, op->id, op->memo, pending, done, arg) < 0) {
		ledger_unstage(e->ledger, &s);
		outcome_unavailable(e, done, arg,
				    "Too many transfers are waiting; nothing "
				    "was changed.");
		return false;
	}
	return true;
}

bool op_same_entry(const struct engine *e, const struct op *op,
		   const struct entry *t)
{
	return slice_equal(op->sender,
			   ledger_user_name(e->ledger, t->staged.sender)) &&
	       slice_equal(op->receiver,
			   ledger_user_name(e->ledger, t->staged.receiver)) &&
	       amount_compare(op->amount, t->staged.amount) == 0 &&
	       slice_equal(op->memo, entry_memo(t));
}

bool op_same_op(const struct op *a, const struct op *b)
{
	return slice_equal(a->sender, b->sender) &&
	       slice_equal(a->receiver, b->receiver) &&
	       amount_compare(a->amount, b->amount) == 0 &&
	       slice_equal(a->memo, b->memo);
}

void op_refuse_reuse(const struct op *op, struct refused *r)
{
	refused_format(r, OUTCOME_IDREUSED,
		       "The operation id \"%.*s\" was used for another "
		       "transaction.",
		       SLICE_ARG(op->id));
	op_refused(op, r);
}

int op_keep(const struct op *op, struct op_kept *ret)
{
	size_t len = op->sender.len + op->receiver.len + op->amount_text.len +
		     op->id.len + op->memo.len + op->after.len;
	char *at;

	at = malloc(len ? len : 1);
	if (!at)
		return -ENOMEM;
	ret->op = *op;
	ret->text = at;
	slice_move(&ret->op.sender, &at);
	slice_move(&ret->op.receiver, &at);
	slice_move(&ret->op.amount_text, &at);
	slice_move(&ret->op.id, &at);
	slice_move(&ret->op.memo, &at);
	slice_move(&ret->op.after, &at);
	return 0;
}

void op_kept_done(struct op_kept *k)
{
	free(k->text);
	k->text = NULL;
}
