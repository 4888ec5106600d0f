/* SPDX-License-Identifier: MIT */
/*
 * INFO and the status line.  Keys are there for programs: they may be added
 * to, and stay what they are.
 */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <strings.h>

#include "util/parse.h"
#include "util/timestamp.h"

#include "main/info.h"
#include "main/link.h"

/* Hex digits of the tip that a person compares. */
#define TIP_DIGITS 8

static int put_number(struct buf *out, const char *key, uint64_t value)
{
	return buf_addf(out, "%s:%" PRIu64 "\r\n", key, value);
}

/* A run of numbers, each with its key; ended by a NULL key. */
struct number {
	const char *key;
	uint64_t value;
};

static int put_numbers(struct buf *out, const struct number *n)
{
	int r = 0;

	for (; r == 0 && n->key; n++)
		r = put_number(out, n->key, n->value);
	return r;
}

/* Times are never negative here, whatever clocks did. */
static uint64_t usec(int64_t time)
{
	return time > 0 ? (uint64_t)time : 0;
}

static const char *state_name(const struct engine_info *e)
{
	if (!e->open)
		return "waiting";
	return e->readonly ? "readonly" : "open";
}

static int put_server(const struct info *i, struct buf *out)
{
	return buf_addf(out,
			"version:%s\r\n"
			"redis_version:%s\r\n"
			"redis_mode:standalone\r\n"
			"process_id:%jd\r\n"
			"uptime_in_seconds:%jd\r\n"
			"listen:%.*s\r\n"
			"state:%s\r\n"
			"waiting_for:%s\r\n",
			PACKAGE_VERSION, PACKAGE_VERSION, (intmax_t)i->pid,
			(intmax_t)(i->uptime / USEC_PER_SEC),
			SLICE_ARG(i->listen), state_name(&i->engine),
			i->engine.waiting_for ? i->engine.waiting_for : "");
}

static int put_clients(const struct info *i, struct buf *out)
{
	const struct number numbers[] = {
		{ "connected_clients", i->clients.connected },
		{ "max_clients", i->most_clients },
		{ "maxclients", i->most_clients },
		{ "blocked_clients", 0 },
		{ "accepted_connections", i->clients.accepted },
		{ "refused_connections", i->clients.refused },
		{ "stuck_connections", i->clients.stuck },
		{ "subscribed_clients", i->sessions.subscribers },
		{ "dropped_subscribers", i->clients.dropped },
		{ "pending_answers", i->sessions.pending },
		{ "unread_bytes", i->sessions.unread },
		{ NULL, 0 },
	};

	return put_numbers(out, numbers);
}

static int put_tip(const struct engine_info *e, struct buf *out)
{
	char hex[CHAIN_HEX_SIZE];
	char time[TIMESTAMP_LEN];

	format_hex(e->tip, CHAIN_HASH_SIZE, hex);
	timestamp_format(e->time, time);
	return buf_addf(out, "tip:%.*s\r\ntime:%.*s\r\n", (int)sizeof(hex), hex,
			e->time ? (int)sizeof(time) : 0, time);
}

static int put_ledger(const struct info *i, struct buf *out)
{
	const struct engine_info *e = &i->engine;
	const struct number numbers[] = {
		{ "open", e->open },
		{ "readonly", e->readonly },
		{ "stalled", e->stalled },
		{ "epoch", e->epoch },
		{ "serial", e->serial },
		{ "users", e->users },
		{ "coins", e->coins },
		{ "initial_balance", i->initial_balance },
		{ "gaps", e->gaps },
		{ "copies", e->copies },
		{ "thin_records", e->thin },
		{ "refilled_records", e->refilled },
		{ "refilling", e->refilling },
		{ "checkpoint_serial", e->checkpoint },
		{ "checkpoint_age_usec", usec(e->checkpoint_age) },
		{ "lease_usec", usec(e->lease) },
		{ NULL, 0 },
	};
	int r;

	r = put_numbers(out, numbers);
	if (r == 0)
		r = buf_addf(out, "coin:%.*s\r\n", SLICE_ARG(i->coin));
	return r < 0 ? r : put_tip(e, out);
}

static const char *backend_state_name(enum engine_backend_state state)
{
	switch (state) {
	case ENGINE_BACKEND_WAITED_FOR:
		return "waited-for";
	case ENGINE_BACKEND_UP:
		return "up";
	case ENGINE_BACKEND_DOWN:
		return "down";
	case ENGINE_BACKEND_FULL:
		return "full";
	case ENGINE_BACKEND_EMPTY:
		return "empty";
	case ENGINE_BACKEND_RETURNING:
		return "returning";
	case ENGINE_BACKEND_LOST:
		return "lost";
	}
	return "?";
}

/* Does it answer, with what it should have? */
static bool is_up(enum engine_backend_state state)
{
	switch (state) {
	case ENGINE_BACKEND_UP:
	case ENGINE_BACKEND_FULL:
	case ENGINE_BACKEND_RETURNING:
		return true;
	case ENGINE_BACKEND_WAITED_FOR:
	case ENGINE_BACKEND_DOWN:
	case ENGINE_BACKEND_EMPTY:
	case ENGINE_BACKEND_LOST:
		return false;
	}
	return false;
}

static size_t backends_up(const struct engine_info *e)
{
	size_t up = 0;

	for (size_t i = 0; i < e->backends; i++)
		up += is_up(e->backend[i].state);
	return up;
}

/* So many took so long or less; then all, and microseconds in all. */
static int put_histogram(struct buf *out, const struct histogram *h)
{
	uint64_t count = 0;
	int r = 0;

	for (int i = 0; r == 0 && i < HISTOGRAM_BOUNDS; i++) {
		count += h->count[i];
		r = buf_addf(out, "le_%" PRIu64 "=%" PRIu64 ",",
			     histogram_bound(i), count);
	}
	if (r < 0)
		return r;
	return buf_addf(out, "le_inf=%" PRIu64 ",sum_usec=%" PRIu64 "\r\n",
			histogram_total(h), h->sum);
}

static const char *drop_name(int why)
{
	switch (why) {
	case LINK_DROP_BLOCK:
		return "block";
	case LINK_DROP_STRAY:
		return "stray";
	default:
		return frame_fault_name((enum frame_fault)why);
	}
}

/* Datagrams that we dropped, by the reason, and that the backend did. */
static int put_dropped(struct buf *out, const struct link_counters *c,
		       uint64_t there)
{
	int r = 0;

	for (int i = FRAME_GOOD + 1; r == 0 && i < LINK_DROPS; i++)
		r = buf_addf(out, "%s=%" PRIu64 ",", drop_name(i),
			     c->dropped[i]);
	return r < 0 ? r : buf_addf(out, "there=%" PRIu64 "\r\n", there);
}

static int put_last_error(struct buf *out, const struct engine_info *e, size_t k)
{
	char time[TIMESTAMP_LEN];

	timestamp_format(e->backend[k].error_time, time);
	return buf_addf(out, "last_error_%.*s:%.*s%s%s\r\n",
			SLICE_ARG(e->backend[k].name),
			*e->backend[k].error ? (int)sizeof(time) : 0, time,
			*e->backend[k].error ? " " : "", e->backend[k].error);
}

static int put_backend(struct buf *out, const struct engine_info *e, size_t k)
{
	const struct link_counters *c = e->backend[k].counters;

	return buf_addf(out,
			"backend_%.*s:state=%s,last_serial=%" PRIu64
			",records=%" PRIu64 ",round_trip_usec=%" PRId64
			",heard_usec=%" PRId64 ",owing_usec=%" PRIu64
			",unacknowledged=%" PRIu64 ",sent=%" PRIu64
			",received=%" PRIu64 ",again=%" PRIu64 "\r\n",
			SLICE_ARG(e->backend[k].name),
			backend_state_name(e->backend[k].state),
			e->backend[k].last_serial, e->backend[k].records,
			e->backend[k].round_trip, e->backend[k].heard,
			usec(e->backend[k].owing),
			e->backend[k].unacknowledged, c->sent, c->received,
			c->again);
}

/* Four lines, each with the backend's name in its key. */
static int put_backend_lines(struct buf *out, const struct engine_info *e,
			     size_t k)
{
	const struct slice name = e->backend[k].name;
	int r;

	r = put_backend(out, e, k);
	if (r == 0)
		r = buf_addf(out, "datagrams_dropped_%.*s:", SLICE_ARG(name));
	if (r == 0)
		r = put_dropped(out, e->backend[k].counters,
				e->backend[k].dropped_there);
	if (r == 0)
		r = buf_addf(out, "sync_usec_%.*s:", SLICE_ARG(name));
	if (r == 0)
		r = put_histogram(out, &e->backend[k].counters->sync);
	return r < 0 ? r : put_last_error(out, e, k);
}

static int put_backends(const struct info *i, struct buf *out)
{
	const struct engine_info *e = &i->engine;
	const struct number numbers[] = {
		{ "backends", e->backends },
		{ "backends_up", backends_up(e) },
		{ NULL, 0 },
	};
	int r;

	r = put_numbers(out, numbers);
	for (size_t k = 0; r == 0 && k < e->backends; k++)
		r = put_backend_lines(out, e, k);
	return r;
}

static int put_verify(const struct info *i, struct buf *out)
{
	const struct engine_info *e = &i->engine;
	const struct number numbers[] = {
		{ "verify_running", e->verify.running },
		{ "verify_serial", e->verify.serial },
		{ "verify_upto", e->verify.upto },
		{ "verify_last_serial", e->verify.last_serial },
		{ NULL, 0 },
	};
	char time[TIMESTAMP_LEN];
	int r;

	r = put_numbers(out, numbers);
	if (r < 0)
		return r;
	timestamp_format(e->verify.last_time, time);
	return buf_addf(out, "verify_last_time:%.*s\r\nverify_last_result:%s\r\n",
			e->verify.last_time ? (int)sizeof(time) : 0, time,
			e->verify.last_result);
}

/* How often each outcome was: "outcome_done", "outcome_nouser" … */
static int put_outcomes(const struct engine_info *e, struct buf *out)
{
	const char *code;
	int r = 0;

	for (int i = 0; r == 0 && i < OUTCOME_CODES; i++) {
		char name[32] = "done";

		code = outcome_code_name((enum outcome_code)i);
		for (size_t k = 0; code[k] && k < sizeof(name) - 1; k++) {
			name[k] = (char)tolower((unsigned char)code[k]);
			name[k + 1] = '\0';
		}
		r = buf_addf(out, "outcome_%s:%" PRIu64 "\r\n", name,
			     e->outcomes[i]);
	}
	return r;
}

static int put_traffic(const struct info *i, struct buf *out)
{
	const struct engine_info *e = &i->engine;
	const struct number numbers[] = {
		{ "requests", i->sessions.requests },
		{ "transfers", e->transfers },
		{ "transfers_per_second", i->rate },
		{ "transfers_last_minute", e->last_minute },
		{ "latency_usec", usec(e->latency) },
		{ "latency_max_usec", usec(e->latency_most) },
		{ "batches", e->batches },
		{ "largest_batch", e->largest_batch },
		{ "groups", e->groups },
		{ "datagrams_sent", e->datagrams_sent },
		{ "datagrams_received", e->datagrams_received },
		{ "datagrams_again", e->datagrams_again },
		{ "datagrams_dropped", e->datagrams_dropped },
		{ NULL, 0 },
	};
	int r;

	r = put_numbers(out, numbers);
	if (r == 0)
		r = buf_addf(out, "commit_usec:");
	if (r == 0)
		r = put_histogram(out, &e->commit);
	return r < 0 ? r : put_outcomes(e, out);
}

/* Codes of refusals that the engine has nothing to do with. */
static const char *const other_codes[INFO_REFUSALS - OUTCOME_CODES] = {
	"ERR", "SYNTAX", "NOPERM", "NOPROTO", "EXECABORT", "OTHER",
};

static const char *refusal_name(size_t i)
{
	return i < OUTCOME_CODES ? outcome_code_name((enum outcome_code)i) :
				   other_codes[i - OUTCOME_CODES];
}

size_t info_refusal(const char *code)
{
	size_t i = OUTCOME_DONE + 1;

	while (i < INFO_REFUSALS - 1 && strcmp(refusal_name(i), code) != 0)
		i++;
	return i;
}

/* Every error that a client was told, as Redis counts them. */
static int put_errorstats(const struct info *i, struct buf *out)
{
	int r = 0;

	for (size_t k = OUTCOME_DONE + 1; r == 0 && k < INFO_REFUSALS; k++) {
		uint64_t count = i->refused[k];

		if (k < OUTCOME_CODES)
			count += i->engine.outcomes[k];
		r = buf_addf(out, "errorstat_%s:count=%" PRIu64 "\r\n",
			     refusal_name(k), count);
	}
	return r;
}

/* What tools made for Redis read. */

static int put_memory(const struct info *i, struct buf *out)
{
	const struct number numbers[] = {
		{ "used_memory", i->memory },
		{ "used_memory_rss", i->memory },
		{ "used_memory_peak", i->memory_peak },
		{ NULL, 0 },
	};

	return put_numbers(out, numbers);
}

static int put_stats(const struct info *i, struct buf *out)
{
	const struct number numbers[] = {
		{ "total_connections_received", i->clients.accepted },
		{ "total_commands_processed", i->sessions.requests },
		{ "instantaneous_ops_per_sec", i->request_rate },
		{ "rejected_connections", i->clients.refused },
		{ "loading", !i->engine.open },
		{ NULL, 0 },
	};

	return put_numbers(out, numbers);
}

static int put_replication(const struct info *i, struct buf *out)
{
	(void)i;
	return buf_addf(out, "role:master\r\nconnected_slaves:0\r\n");
}

/* Of Redis' keys it comes next to users. */
static int put_keyspace(const struct info *i, struct buf *out)
{
	return buf_addf(out, "db0:keys=%" PRIu64 ",expires=0,avg_ttl=0\r\n",
			i->engine.users);
}

static const struct {
	const char *name;
	int (*put)(const struct info *i, struct buf *out);
} sections[] = {
	{ "Server", put_server },   { "Clients", put_clients },
	{ "Ledger", put_ledger },   { "Backends", put_backends },
	{ "Verify", put_verify },   { "Traffic", put_traffic },
	{ "Errorstats", put_errorstats },
	{ "Memory", put_memory },   { "Stats", put_stats },
	{ "Replication", put_replication }, { "Keyspace", put_keyspace },
};

static bool is_word(struct slice text, const char *word)
{
	return text.len == strlen(word) &&
	       strncasecmp(text.p, word, text.len) == 0;
}

static bool is_all(struct slice section)
{
	return section.len == 0 || is_word(section, "all") ||
	       is_word(section, "default") || is_word(section, "everything");
}

bool info_tells_backends(struct slice section)
{
	return is_all(section) || is_word(section, "Backends");
}

int info_text(const struct info *i, struct slice section, struct buf *out)
{
	bool all = is_all(section);
	bool first = true;
	int r = 0;

	for (size_t k = 0; r == 0 && k < ELEMENTS(sections); k++) {
		if (!all && !is_word(section, sections[k].name))
			continue;

		r = buf_addf(out, "%s# %s\r\n", first ? "" : "\r\n",
			     sections[k].name);
		if (r == 0)
			r = sections[k].put(i, out);
		first = false;
	}
	return r;
}

/* Is the backend that is waited for there, without its block? */
static bool waits_for_empty(const struct engine_info *e)
{
	for (size_t i = 0; i < e->backends; i++)
		if (slice_equal(e->backend[i].name, slice_of(e->waiting_for)))
			return e->backend[i].state == ENGINE_BACKEND_EMPTY;
	return false;
}

int info_waiting(const struct info *i, struct buf *out)
{
	const struct engine_info *e = &i->engine;

	if (e->waiting_for)
		return buf_addf(out, "waiting for backend %s%s", e->waiting_for,
				waits_for_empty(e) ? ", which is empty" : "");
	return buf_addf(out, "%s",
			e->refilling ? "copying the last transactions" :
				       "loading the history");
}

/* What is on too few backends, or else who has not all of its own back. */
static int put_refilling(const struct engine_info *e, struct buf *out)
{
	if (!e->refilling)
		return 0;
	if (!e->thin)
		return buf_addf(out, ", refilling");
	return buf_addf(out,
			", refilling: %" PRIu64
			" transactions on fewer than %" PRIu32 " backends",
			e->thin, e->copies);
}

static int put_open(const struct info *i, struct buf *out)
{
	const struct engine_info *e = &i->engine;
	char hex[CHAIN_HEX_SIZE];

	format_hex(e->tip, CHAIN_HASH_SIZE, hex);
	return buf_addf(
		out,
		"serial %" PRIu64 ", tip %.*s, %" PRIu64
		" users, %zu of %zu backends up, %" PRIu64 " transfers/s%s%s",
		e->serial, TIP_DIGITS, hex, e->users, backends_up(e),
		e->backends, i->rate,
		e->readonly ? ", no transfers: serials are missing" : "",
		e->stalled ? ", a batch is overdue" : "");
}

int info_status(const struct info *i, struct buf *out)
{
	const struct engine_info *e = &i->engine;
	int r;

	if (e->open) {
		r = put_open(i, out);
		return r < 0 ? r : put_refilling(e, out);
	}
	r = info_waiting(i, out);
	if (r < 0)
		return r;
	return buf_addf(out, ", %zu of %zu backends up", backends_up(e),
			e->backends);
}

int info_ready(const struct info *i, struct buf *out)
{
	const struct engine_info *e = &i->engine;
	int r;

	r = buf_addf(out,
		     "%" PRIu64 " transactions, %" PRIu64 " users, backends",
		     e->serial - e->gaps, e->users);
	for (size_t k = 0; r == 0 && k < e->backends; k++) {
		if (e->backend[k].state != ENGINE_BACKEND_LOST)
			r = buf_addf(out, " %.*s",
				     SLICE_ARG(e->backend[k].name));
	}
	return r;
}
