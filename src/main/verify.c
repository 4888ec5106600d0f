/* SPDX-License-Identifier: MIT */
/*
 * The history is read anew from all backends, copies and doubles included, up
 * to the serial that was committed when its turn came, and goes through a
 * ledger of its own: serials, chain, time, balances.  What comes out must be
 * what this process had in memory at that moment.  Transfers go on meanwhile,
 * so the balances of that moment are kept, eight bytes a user.
 *
 * What is found wrong is an answer, and not the end of the process: its
 * balances rest on the history that it checked when it started, not on what
 * became of the blocks since.  Only if the blocks are right and the balances
 * are not, it has to end.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "main/query_internal.h"
#include "util/parse.h"

#define NO_MEMORY "There is not enough memory."
/* Names of backends in a sentence. */
#define HOLDERS_SIZE (ENGINE_BACKENDS_MAX * (BLOCK_NAME_MAX + 5) + 16)

struct verification {
	struct ledger *ledger; /* what the records come to */
	/* When it began: */
	uint64_t records;
	uint64_t gaps;
	uint64_t members;
	struct amount *balance; /* of the members, by number */

	struct engine_known_tip tip[ENGINE_TIPS_MAX];
	bool tip_seen[ENGINE_TIPS_MAX]; /* there is a record with its serial */
	size_t tips;

	bool no_memory;
	uint64_t fault_serial; /* 0: that cannot be said */
	struct slice fault_backend; /* empty: neither can that */
	char fault[OUTCOME_SENTENCE_SIZE]; /* of the history; empty: none */
	char tip_fault[OUTCOME_SENTENCE_SIZE]; /* of the first wrong tip */
};

static void verification_free(struct verification *v)
{
	if (!v)
		return;
	ledger_free(v->ledger);
	free(v->balance);
	free(v);
}

/* The next one that waits has its turn. */
static void verify_over(struct engine *e)
{
	struct verify *all = &e->queries.verify;
	struct list *node = list_first(&all->waiting);

	all->running = NULL;
	if (!node)
		return;
	list_remove(node);
	all->waitings--;
	query_requeue(list_entry(node, struct query, node));
}

/* Ends. */

static void verify_fail(struct query *q, const char *sentence)
{
	struct engine *e = q->engine;

	query_refuse(q, OUTCOME_UNAVAILABLE, "%s", sentence);
	verify_over(e);
}

static void remember_result(struct query *q, const char *fault)
{
	struct verify *all = &q->engine->queries.verify;

	all->time = q->engine->wall;
	all->serial = q->upto;
	(void)snprintf(all->fault, sizeof(all->fault), "%s", fault);
}

/* The history is not what it was. */
static void verify_accuse(struct query *q)
{
	const struct verification *v = q->verification;
	struct engine *e = q->engine;
	const struct log_fields fields = {
		.event = LOG_EVENT_INTEGRITY_FAULT,
		.serial = v->fault_serial,
		.backend = v->fault_backend,
	};

	e->io.log(e->io.ctx, LOG_CRIT, &fields, v->fault);
	remember_result(q, v->fault);
	query_refuse(q, OUTCOME_INTEGRITY, "%s", v->fault);
	verify_over(e);
}

static void _printf_(3, 4) find(struct query *q, uint64_t serial,
				const char *format, ...)
{
	struct verification *v = q->verification;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(v->fault, sizeof(v->fault), format, args);
	va_end(args);
	v->fault_serial = serial;
}

/* Tips. */

static void _printf_(2, 3) find_tip(struct verification *v, const char *format,
				    ...)
{
	va_list args;

	if (*v->tip_fault)
		return;
	va_start(args, format);
	(void)vsnprintf(v->tip_fault, sizeof(v->tip_fault), format, args);
	va_end(args);
}

/* Those that are given for where the history stands now. */
static void compare_tips(struct verification *v)
{
	const uint8_t *hash = ledger_tip(v->ledger);
	uint64_t serial = ledger_serial(v->ledger);
	char found[CHAIN_HEX_SIZE];
	char given[CHAIN_HEX_SIZE];

	for (size_t i = 0; i < v->tips; i++) {
		const struct engine_known_tip *t = &v->tip[i];

		if (t->serial != serial)
			continue;
		v->tip_seen[i] = true;
		if (memcmp(t->hash, hash, CHAIN_HASH_SIZE) == 0)
			continue;
		format_hex(hash, CHAIN_HASH_SIZE, found);
		format_hex(t->hash, CHAIN_HASH_SIZE, given);
		find_tip(v,
			 "Serial %" PRIu64 " has the hash %.64s, and not the "
			 "one given, %.64s: this is another history.",
			 serial, found, given);
	}
}

/* Those whose serial did not come. */
static void miss_tips(struct verification *v)
{
	uint64_t last = ledger_serial(v->ledger);

	for (size_t i = 0; i < v->tips; i++) {
		uint64_t serial = v->tip[i].serial;

		if (v->tip_seen[i])
			continue;
		if (serial > last)
			find_tip(v,
				 "The ledger ends at serial %" PRIu64 ", and a "
				 "tip is given for serial %" PRIu64
				 ": records were lost.",
				 last, serial);
		else
			find_tip(v,
				 "Serial %" PRIu64 " is missing, and a tip is "
				 "given for it.",
				 serial);
	}
}

/* Records. */

/* "backend A", "backends A, B": those in the set @holders. */
static void put_holders(const struct engine *e, uint32_t holders,
			char out[HOLDERS_SIZE])
{
	const char *between = " ";
	int len = snprintf(out, HOLDERS_SIZE, "backend%s",
			   holders & (holders - 1) ? "s" : "");

	for (size_t i = 0; i < e->links; i++) {
		if (!(holders & UINT32_C(1) << i))
			continue;
		len += snprintf(out + len, HOLDERS_SIZE - (size_t)len, "%s%s",
				between, e->link[i].name);
		between = ", ";
	}
}

static void find_in(struct query *q, const struct stream_record *r,
		    const char *fault)
{
	const struct engine *e = q->engine;
	uint32_t holders = r->owners | r->copies;
	char names[HOLDERS_SIZE];

	put_holders(e, holders, names);
	q->verification->fault_backend =
		link_name(&e->link[__builtin_ctz(holders)]);
	find(q, r->record.serial, "Serial %" PRIu64 " (%s): %s.",
	     r->record.serial, names, fault);
}

/* Is a record missing that was there? */
static bool find_missing(struct query *q, const struct record *r)
{
	const struct verification *v = q->verification;
	uint64_t expected = ledger_serial(v->ledger) + 1;

	/* Where serials were missing before, only their number is known. */
	if (v->gaps > 0 || r->serial <= expected)
		return false;
	find(q, expected, "Serial %" PRIu64 " is missing from the blocks.",
	     expected);
	return true;
}

static bool verify_record(void *arg, const struct stream_record *r)
{
	struct query *q = arg;
	struct verification *v = q->verification;
	const char *fault;
	int error;

	if (find_missing(q, &r->record))
		return false;
	error = ledger_apply(v->ledger, &r->record, &fault);
	if (error == -EBADMSG)
		find_in(q, r, fault);
	else if (error < 0)
		v->no_memory = true;
	else if (v->tips > 0)
		compare_tips(v);
	return !error;
}

/* The end. */

static void find_other_tip(struct query *q)
{
	char now[CHAIN_HEX_SIZE];
	char then[CHAIN_HEX_SIZE];

	format_hex(ledger_tip(q->verification->ledger), CHAIN_HASH_SIZE, now);
	format_hex(q->tip, CHAIN_HASH_SIZE, then);
	find(q, q->upto,
	     "Serial %" PRIu64 " has the hash %.64s, and had %.64s when the "
	     "ledger was loaded: a record up to it was changed.",
	     q->upto, now, then);
}

/* Is it the history that is remembered? */
static bool compare_history(struct query *q)
{
	const struct verification *v = q->verification;
	uint64_t serial = ledger_serial(v->ledger);
	uint64_t records = ledger_records(v->ledger);

	if (serial < q->upto)
		find(q, serial + 1,
		     "The blocks end at serial %" PRIu64
		     ", and the ledger at %" PRIu64 ".",
		     serial, q->upto);
	else if (records != v->records)
		find(q, 0,
		     "The blocks hold %" PRIu64
		     " transactions up to serial %" PRIu64 "; %" PRIu64
		     " were loaded.",
		     records, q->upto, v->records);
	else if (memcmp(ledger_tip(v->ledger), q->tip, CHAIN_HASH_SIZE) != 0)
		find_other_tip(q);
	return !*v->fault;
}

/*
 * The same history gives its users the same numbers: they join in its order,
 * whether it is loaded or made.
 */
static bool compare_balance(struct query *q, uint32_t user, struct sum *coins)
{
	const struct verification *v = q->verification;
	struct engine *e = q->engine;
	struct slice name = ledger_user_name(v->ledger, user);
	struct amount balance = AMOUNT_ZERO;

	if (ledger_user_balance(v->ledger, user, &balance) &&
	    slice_equal(name, ledger_user_name(e->ledger, user)) &&
	    amount_compare(balance, v->balance[user]) == 0) {
		*coins = sum_plus(*coins, balance);
		return true;
	}
	engine_stop(e, ENGINE_STOP_INTEGRITY,
		    "The history gives \"%.*s\" a balance of %" PRIu64
		    " behind serial %" PRIu64 ", and the memory of the main "
		    "daemon has another.",
		    SLICE_ARG(name), amount_to_u64(balance), q->upto);
	return false;
}

/* What was in memory must be what the history comes to, for everybody. */
static bool compare_balances(struct query *q, struct sum *coins)
{
	const struct verification *v = q->verification;

	*coins = SUM_ZERO;
	if (ledger_members(v->ledger) != v->members) {
		engine_stop(q->engine, ENGINE_STOP_INTEGRITY,
			    "The history has %" PRIu64
			    " users behind serial %" PRIu64
			    ", and the memory of the main daemon %" PRIu64 ".",
			    ledger_members(v->ledger), q->upto, v->members);
		return false;
	}
	for (uint32_t user = 0; user < v->members; user++)
		if (!compare_balance(q, user, coins))
			return false;
	return true;
}

static void verify_good(struct query *q, struct sum coins)
{
	const struct verification *v = q->verification;
	struct outcome o = { .code = OUTCOME_DONE };
	struct engine *e = q->engine;

	remember_result(q, "");
	o.u.verified.serial = q->upto;
	o.u.verified.hash = q->tip;
	o.u.verified.records = v->records;
	o.u.verified.members = v->members;
	o.u.verified.coins = coins;
	o.u.verified.gaps = v->gaps;
	query_give(q, &o);
	verify_over(e);
}

/*
 * The history is whole, but not the one that a tip was given of.  Who is right
 * is not for us to say: whoever asked is told.
 */
static void verify_deny(struct query *q)
{
	struct engine *e = q->engine;

	remember_result(q, "");
	engine_log(e, LOG_WARNING, LOG_EVENT_NONE, NULL,
		   "A client's tip does not fit: %s",
		   q->verification->tip_fault);
	query_refuse(q, OUTCOME_INTEGRITY, "%s", q->verification->tip_fault);
	verify_over(e);
}

static void verify_complete(struct query *q)
{
	struct verification *v = q->verification;
	struct sum coins;

	if (*v->fault || !compare_history(q)) {
		verify_accuse(q);
		return;
	}
	if (!compare_balances(q, &coins))
		return;
	miss_tips(v);
	if (*v->tip_fault)
		verify_deny(q);
	else
		verify_good(q, coins);
}

static void verify_ended(void *arg, enum stream_end how, const char *missing)
{
	struct query *q = arg;
	struct engine *e = q->engine;

	if (q->verification->no_memory) {
		verify_fail(q, NO_MEMORY);
	} else if (how == STREAM_UNAVAILABLE) {
		query_unavailable(q, missing);
		verify_over(e);
	} else {
		verify_complete(q);
	}
}

static void verify_contradicted(void *arg, uint64_t serial,
				const char *sentence)
{
	struct query *q = arg;

	find(q, serial, "%s", sentence);
	verify_accuse(q);
}

static const struct stream_ops verify_ops = {
	.record = verify_record,
	.ended = verify_ended,
	.fault = verify_contradicted,
};

/* The beginning. */

/* What is in memory at this moment. */
static int keep_balances(struct verification *v, const struct ledger *l)
{
	v->records = ledger_records(l);
	v->gaps = ledger_gaps(l);
	v->members = ledger_members(l);
	v->balance = calloc(v->members + 1, sizeof(*v->balance));
	if (!v->balance)
		return -ENOMEM;
	/* Those who are about to join have the numbers behind. */
	for (uint32_t user = 0; user < v->members; user++)
		if (!ledger_user_balance(l, user, &v->balance[user]))
			v->balance[user] = AMOUNT_ZERO;
	return 0;
}

static int verify_prepare(struct query *q)
{
	const struct stream_query sq = { .upto = q->upto,
					 .everything = true,
					 .all = true,
					 .gentle = true };
	struct verification *v = q->verification;
	struct engine *e = q->engine;
	int r;

	r = keep_balances(v, e->ledger);
	if (r == 0)
		r = ledger_new(ledger_initial(e->ledger), e->hash_key,
			       &v->ledger);
	if (r == 0)
		r = stream_new(e, &sq, &verify_ops, q, &q->stream);
	return r;
}

static void verify_wait(struct query *q)
{
	struct engine *e = q->engine;
	struct verify *all = &e->queries.verify;

	if (all->waitings >= VERIFY_WAITING_MAX) {
		query_refuse(q, OUTCOME_UNAVAILABLE,
			     "Too many verifications are waiting.");
		return;
	}
	list_remove(&q->node);
	list_append(&all->waiting, &q->node);
	all->waitings++;
	e->queries.actives--;
}

static void verify_start(struct query *q)
{
	struct engine *e = q->engine;

	if (e->queries.verify.running) {
		verify_wait(q);
		return;
	}
	e->queries.verify.running = q;
	q->upto = ledger_serial(e->ledger);
	memcpy(q->tip, ledger_tip(e->ledger), sizeof(q->tip));
	if (verify_prepare(q) < 0) {
		verify_fail(q, NO_MEMORY);
		return;
	}
	compare_tips(q->verification);
	stream_start(q->stream);
}

static void verify_drop(struct query *q)
{
	verification_free(q->verification);
}

const struct query_kind query_verify = { .start = verify_start,
					 .drop = verify_drop };

static void verify_run(struct engine *e, const struct slip *s)
{
	struct verification *v = calloc(1, sizeof(*v));
	struct query *q;

	if (!v) {
		outcome_unavailable(e, s->done, s->arg, NO_MEMORY);
		return;
	}
	q = query_new(e, &query_verify, s);
	if (!q) {
		verification_free(v);
		return;
	}
	q->verification = v;
	v->tips = s->tips.len / sizeof(v->tip[0]);
	if (v->tips > 0)
		memcpy(v->tip, s->tips.p, s->tips.len);
	query_requeue(q);
	queries_flush(e);
}

void engine_verify(struct engine *e, const struct engine_known_tip *tips,
		   size_t count, engine_done done, void *arg)
{
	gate_pass(e, &(struct slip){
			     .run = verify_run,
			     .done = done,
			     .arg = arg,
			     .tips = { (const char *)tips,
				       count * sizeof(*tips) },
		     });
}

void verify_info(const struct engine *e, struct engine_info *ret)
{
	const struct verify *all = &e->queries.verify;
	const struct query *q = all->running;

	ret->verify.running = q != NULL;
	if (q) {
		ret->verify.serial = ledger_serial(q->verification->ledger);
		ret->verify.upto = q->upto;
	}
	ret->verify.last_result = !all->time  ? "none" :
				  *all->fault ? all->fault :
						"ok";
	ret->verify.last_time = all->time;
	ret->verify.last_serial = all->serial;
}
