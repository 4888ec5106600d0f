/* SPDX-License-Identifier: MIT */
/*
 * The main daemon's protocol engine: what holds its parts together, and its
 * face to the outside.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "main/engine_internal.h"
#include "main/order.h"
#include "main/placement.h"
#include "main/total.h"
#include "main/vitals.h"

/* Birth and end. */

static void copy_text(char *to, size_t size, struct slice from)
{
	(void)snprintf(to, size, "%.*s", SLICE_ARG(from));
}

static struct link *add_link(struct engine *e,
			     const struct engine_backend *config)
{
	struct link *l = &e->link[e->links];

	link_init(l, e, (unsigned)e->links++);
	copy_text(l->name, sizeof(l->name), config->name);
	l->room = config->room;
	l->window = config->window;
	l->lost = config->lost;
	l->lost_in = l->lost ? 0 : config->lost_in;
	l->known = config->records;
	return l;
}

/* All randomness comes from the seed: hash keys, nonce, draws, numbers. */
static void spread_seed(struct engine *e, const uint8_t seed[32])
{
	struct reader r = reader_of(seed, 32);

	e->rng.s[0] = reader_u64(&r);
	rng_seed(&e->rng, e->rng.s[0] ^ reader_u64(&r));
	memcpy(e->hash_key, seed + 16, sizeof(e->hash_key));
	for (size_t i = 0; i < sizeof(e->nonce); i++)
		e->nonce[i] = (uint8_t)rng_next(&e->rng);
	/* No answer to a former process matches one of our requests. */
	e->request = rng_next(&e->rng) >> 1;
}

int engine_new(const struct engine_config *config, const struct engine_io *io,
	       struct engine **ret)
{
	_cleanup_(engine_freep) struct engine *e = NULL;
	int r;

	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->io = *io;
	e->key = config->key;
	e->copies = config->copies;
	e->accept_gaps = config->accept_gaps;
	e->request_timeout = config->request_timeout;
	e->due = INT64_MAX;
	e->passing = INT64_MAX;
	copy_text(e->coin, sizeof(e->coin), config->coin);
	spread_seed(e, config->seed);
	list_init(&e->totals);
	recovery_init(e);
	commit_init(e);
	refill_init(e);
	queries_init(e);
	groups_init(e);
	gate_init(e);
	for (size_t i = 0; i < config->backends; i++)
		add_link(e, &config->backend[i]);
	r = ids_init(e, e->hash_key);
	if (r < 0)
		return r;
	r = ledger_new(config->initial_balance, e->hash_key, &e->ledger);
	if (r < 0)
		return r;
	r = checkpoint_init(e, config);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(e);
	return 0;
}

struct engine *engine_free(struct engine *e)
{
	if (!e)
		return NULL;
	e->phase = PHASE_ENDING;
	recovery_done(e);
	checkpoint_done(e);
	queries_done(e);
	totals_done(e);
	gate_done(e);
	commit_done(e);
	groups_done(e);
	ids_done(e);
	refill_done(e);
	irregulars_done(&e->irregulars);
	survey_done(&e->history);
	survey_done(&e->last_batch);
	ledger_free(e->ledger);
	free(e);
	return NULL;
}

/* Saying things. */

void engine_stop(struct engine *e, enum engine_stop why, const char *format, ...)
{
	char sentence[OUTCOME_SENTENCE_SIZE];
	va_list args;

	if (e->phase == PHASE_STOPPED)
		return;
	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	e->phase = PHASE_STOPPED;
	e->io.stop(e->io.ctx, why, sentence);
}

void engine_log(struct engine *e, int priority, enum log_event event,
		const struct link *l, const char *format, ...)
{
	char sentence[OUTCOME_SENTENCE_SIZE];
	struct log_fields fields = { .event = event };
	va_list args;

	if (l)
		fields.backend = link_name(l);
	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	if (l && priority <= LOG_WARNING)
		vitals_trouble(&e->link[l->index], sentence);
	e->io.log(e->io.ctx, priority, &fields, sentence);
}

/* Events. */

void engine_time(struct engine *e, int64_t now, int64_t wall)
{
	e->now = now;
	e->wall = wall;
}

void engine_start(struct engine *e)
{
	for (size_t i = 0; i < e->links; i++)
		link_ping(&e->link[i], false);
}

void engine_datagram(struct engine *e, unsigned backend, struct slice datagram)
{
	e->counters.datagrams_received++;
	if (e->phase == PHASE_STOPPED || backend >= e->links)
		return;
	link_datagram(&e->link[backend], datagram);
}

void engine_refused(struct engine *e, unsigned backend)
{
	if (e->phase != PHASE_STOPPED && backend < e->links)
		link_refused(&e->link[backend]);
}

static void tick(struct engine *e)
{
	/* Set anew by everyone who has something to be done later. */
	e->due = INT64_MAX;
	e->passing = INT64_MAX;
	for (size_t i = 0; i < e->links && e->phase != PHASE_STOPPED; i++) {
		engine_due(e, link_tick(&e->link[i]));
		if (link_passing(&e->link[i]) < e->passing)
			e->passing = link_passing(&e->link[i]);
	}
	if (e->phase == PHASE_STOPPED)
		return;
	engine_due(e, commit_tick(e));
	engine_due(e, refill_tick(e));
	engine_due(e, gate_tick(e));
	engine_due(e, queries_tick(e));
}

void engine_flush(struct engine *e)
{
	if (e->phase == PHASE_STOPPED)
		return;
	if (e->now >= e->due || e->now >= e->passing)
		tick(e);
	if (e->phase == PHASE_OPEN)
		queries_flush(e);
	if (e->phase == PHASE_OPEN)
		groups_flush(e);
	if (e->phase == PHASE_OPEN)
		commit_flush(e);
	if (e->phase == PHASE_OPEN)
		checkpoint_flush(e);
}

int64_t engine_next(const struct engine *e)
{
	return e->phase == PHASE_STOPPED ? INT64_MAX : e->due;
}

void engine_link_up(struct engine *e, struct link *l)
{
	if (e->phase == PHASE_OPEN && !l->joining)
		engine_log(e, LOG_NOTICE, LOG_EVENT_BACKEND_BACK, l,
			   "Backend %s is back.", l->name);
	placement_retry(e);
	e->io.state_changed(e->io.ctx);
}

void engine_link_down(struct engine *e, struct link *l)
{
	engine_log(e, LOG_WARNING, LOG_EVENT_BACKEND_LOST, l,
		   "Backend %s does not answer.", l->name);
	e->io.state_changed(e->io.ctx);
}

/* Orders. */

static const char *waiting_for(const struct engine *e)
{
	for (size_t i = 0; i < e->links; i++) {
		const struct link *l = &e->link[i];

		if (!l->lost && !l->joining &&
		    (!l->up || l->vanished || l->faulty ||
		     (e->epoch && !l->claimed)))
			return l->name;
	}
	return NULL;
}

bool engine_serves(struct engine *e, engine_done done, void *arg)
{
	const char *missing = waiting_for(e);

	if (e->phase == PHASE_OPEN)
		return true;
	if (e->phase == PHASE_STOPPED)
		outcome_unavailable(e, done, arg,
				    "The main daemon is ending; see its "
				    "journal.");
	else if (missing)
		outcome_unavailable(e, done, arg,
				    "The ledger is not open yet: waiting for "
				    "backend %s.",
				    missing);
	else if (e->phase == PHASE_COMPLETING)
		outcome_unavailable(e, done, arg,
				    "The ledger is not open yet: its last "
				    "transactions are being copied.");
	else
		outcome_unavailable(e, done, arg,
				    "The ledger is not open yet: its history "
				    "is being loaded.");
	return false;
}

uint32_t engine_absent(const struct engine *e)
{
	uint32_t absent = e->history.owing | e->last_batch.owing;

	for (unsigned i = 0; i < e->links; i++)
		if (!(survey_present(e) & UINT32_C(1) << i) ||
		    link_hopeless(&e->link[i]))
			absent |= UINT32_C(1) << i;
	return absent;
}

bool engine_complete(const struct engine *e, const struct link **ret_missing)
{
	uint32_t absent = engine_absent(e);
	uint32_t missed = absent & survey_present(e);

	if (!missed)
		return true;
	if ((uint32_t)__builtin_popcount(missed) < e->copies &&
	    survey_covered(&e->history, absent) &&
	    survey_covered(&e->last_batch, absent))
		return true;
	*ret_missing = &e->link[__builtin_ctz(missed)];
	return false;
}

bool engine_filter(const struct engine *e, unsigned backend, uint64_t after,
		   uint64_t upto, uint32_t absent, struct message_filter *ret)
{
	const struct strangers *s = &e->strangers;
	size_t names = (size_t)__builtin_popcount(absent) + s->count;

	*ret = (struct message_filter){ 0 };
	if (names > MESSAGE_ABSENT_MAX || s->more)
		return false;
	for (unsigned i = 0; i < e->links; i++)
		if (absent & UINT32_C(1) << i)
			ret->absent[ret->absents++] = link_name(&e->link[i]);
	for (size_t i = 0; i < s->count; i++)
		ret->absent[ret->absents++] = slice_of(s->name[i]);
	return irregulars_filter(&e->irregulars, backend, after, upto, absent,
				 ret);
}

bool engine_writable(const struct engine *e, struct refused *refused)
{
	if (!ledger_gaps(e->ledger) || e->accept_gaps)
		return true;
	refused_format(refused, OUTCOME_READONLY,
		       "Serial %" PRIu64 " is missing, so the ledger is "
		       "closed for transfers until its administrator "
		       "accepts the gap.",
		       ledger_first_gap(e->ledger));
	return false;
}

/* Can it be changed just now?  If not, @done was told. */
static bool takes_changes(struct engine *e, engine_done done, void *arg)
{
	const char *why = commit_refuses(e);

	if (why)
		outcome_unavailable(e, done, arg, "%s", why);
	return !why;
}

void engine_change(struct engine *e, const struct op *op, engine_done done,
		   void *arg)
{
	struct refused r;

	/* What is under way goes its way, whether more could be taken or not. */
	if (op->id.len && ids_join(e, op, done, arg))
		return;
	if (!engine_writable(e, &r)) {
		gate_refuse(e, &r, done, arg);
		return;
	}
	/* What may be recorded is looked for: "nothing was changed" could lie. */
	if (!(op->id.len && ids_maybe(e, op->id)) &&
	    !takes_changes(e, done, arg))
		return;
	if (op->id.len)
		ids_order(e, op, done, arg);
	else
		(void)op_stage(e, op, MAP_NONE, done, arg);
}

static void change(struct engine *e, const struct slip *s, bool opening)
{
	struct op op;
	struct refused r;

	if (op_make(&s->order, opening, e->coin, &op, &r) < 0)
		outcome_refuse(e, s->done, s->arg, &r);
	else
		engine_change(e, &op, s->done, s->arg);
}

static void transfer(struct engine *e, const struct slip *s)
{
	change(e, s, false);
}

static void open_wallet(struct engine *e, const struct slip *s)
{
	change(e, s, true);
}

void engine_transfer(struct engine *e, const struct engine_order *order,
		     engine_done done, void *arg)
{
	gate_pass(e, &(struct slip){ .run = transfer,
				     .done = done,
				     .arg = arg,
				     .order = *order });
}

void engine_open(struct engine *e, const struct engine_order *order,
		 engine_done done, void *arg)
{
	gate_pass(e, &(struct slip){ .run = open_wallet,
				     .done = done,
				     .arg = arg,
				     .order = *order });
}

bool engine_knows(struct engine *e, struct slice user, engine_done done,
		  void *arg)
{
	struct refused r;

	if (ledger_is_member(e->ledger, user))
		return true;
	if (user_name_fault(user))
		refused_by_rule(&r, REFUSAL_SENDER_NAME, e->coin, user, user,
				user, AMOUNT_ZERO);
	else
		refused_format(&r, OUTCOME_NOUSER,
			       "Unable to proceed with the request as \"%.*s\" "
			       "is not part of the network.",
			       SLICE_ARG(user));
	outcome_refuse(e, done, arg, &r);
	return false;
}

static void balance(struct engine *e, const struct slip *s)
{
	struct outcome o = { .code = OUTCOME_DONE };

	if (ledger_balance(e->ledger, s->order.sender, &o.u.balance) == 0)
		outcome_give(e, s->done, s->arg, &o);
	else
		(void)engine_knows(e, s->order.sender, s->done, s->arg);
}

void engine_balance(struct engine *e, struct slice user, engine_done done,
		    void *arg)
{
	gate_pass(e, &(struct slip){ .run = balance,
				     .done = done,
				     .arg = arg,
				     .order.sender = user });
}

static void tip(struct engine *e, const struct slip *s)
{
	struct outcome o = { .code = OUTCOME_DONE };

	o.u.receipt.serial = ledger_serial(e->ledger);
	o.u.receipt.time = ledger_time(e->ledger);
	o.u.receipt.hash = ledger_tip(e->ledger);
	outcome_give(e, s->done, s->arg, &o);
}

void engine_tip(struct engine *e, engine_done done, void *arg)
{
	gate_pass(e, &(struct slip){ .run = tip, .done = done, .arg = arg });
}

void engine_reconfigure(struct engine *e, int64_t request_timeout,
			bool accept_gaps, const struct frame_key *key)
{
	e->request_timeout = request_timeout;
	e->accept_gaps = accept_gaps;
	e->key = *key;
}

void engine_add_backend(struct engine *e, const struct engine_backend *config)
{
	struct link *l;

	if (e->phase == PHASE_STOPPED)
		return;
	assert(e->links < ENGINE_BACKENDS_MAX);
	l = add_link(e, config);
	/* Before it opens all are asked alike. */
	l->joining = e->phase != PHASE_ASKING;
	link_ping(l, false);
	e->io.state_changed(e->io.ctx);
}

/* Looking in. */

static enum engine_backend_state backend_state(const struct link *l)
{
	const struct engine *e = l->engine;
	uint32_t owing = e->history.owing | e->last_batch.owing;

	if (l->lost)
		return ENGINE_BACKEND_LOST;
	if (!l->seen || l->joining)
		return ENGINE_BACKEND_WAITED_FOR;
	if (!l->up || l->faulty)
		return ENGINE_BACKEND_DOWN;
	if (l->vanished)
		return ENGINE_BACKEND_EMPTY;
	if (l->full)
		return ENGINE_BACKEND_FULL;
	return owing & UINT32_C(1) << l->index ? ENGINE_BACKEND_RETURNING :
						 ENGINE_BACKEND_UP;
}

static uint64_t all_coins(const struct engine *e)
{
	uint64_t initial = amount_to_u64(ledger_initial(e->ledger));
	uint64_t coins;

	if (__builtin_mul_overflow(initial, ledger_members(e->ledger), &coins))
		return UINT64_MAX;
	return coins;
}

static void ledger_info(const struct engine *e, struct engine_info *ret)
{
	ret->open = e->phase == PHASE_OPEN;
	ret->gaps = ledger_gaps(e->ledger);
	ret->readonly = ret->gaps && !e->accept_gaps;
	ret->stalled = e->commit.overdue;
	ret->waiting_for = ret->open ? NULL : waiting_for(e);
	ret->epoch = e->epoch;
	ret->serial = ledger_serial(e->ledger);
	ret->tip = ledger_tip(e->ledger);
	ret->time = ledger_time(e->ledger);
	ret->users = ledger_members(e->ledger);
	ret->coins = all_coins(e);
	ret->copies = e->copies;
	ret->thin = survey_thin(&e->history) + survey_thin(&e->last_batch);
	ret->refilled = e->refill.records;
	ret->refilling = e->refill.opening || e->refill.wanted;
	ret->checkpoint = e->checkpoint.stored;
}

static void backend_info(const struct engine *e, size_t i,
			 struct engine_info *ret)
{
	const struct link *l = &e->link[i];

	ret->backend[i].name = link_name(l);
	ret->backend[i].state = backend_state(l);
	ret->backend[i].last_serial = l->last_serial;
	ret->backend[i].records = l->records;
	ret->backend[i].round_trip = l->quick.smoothed;
	vitals_backend(l, ret);
}

void engine_info(const struct engine *e, struct engine_info *ret)
{
	*ret = e->counters;
	ledger_info(e, ret);
	ret->backends = e->links;
	for (size_t i = 0; i < e->links; i++)
		backend_info(e, i, ret);
	vitals_info(e, ret);
	verify_info(e, ret);
}

void engine_look(struct engine *e)
{
	for (size_t i = 0; i < e->links && e->phase != PHASE_STOPPED; i++)
		link_look(&e->link[i]);
}
