/* SPDX-License-Identifier: MIT */
/*
 * INFO, the status line and the ready line.
 */
#include "config.h"

#include <stdio.h>

#include "main/info.h"
#include "main/link.h"
#include "unit.h"

UNIT_SUITE(test_main_info);

static const struct link_counters none;
static const struct link_counters some = {
	.sent = 21,
	.received = 20,
	.again = 2,
	.dropped = { [FRAME_FAULT_MAC] = 3, [LINK_DROP_BLOCK] = 4,
		     [LINK_DROP_STRAY] = 5 },
	.sync = { { [1] = 6, [HISTOGRAM_BOUNDS] = 1 }, 11000777 },
};

static const uint8_t tip[CHAIN_HASH_SIZE] = { 0x1a, 0x2b, 0x3c, 0x4d };

static void put_backends(struct engine_info *e)
{
	e->backends = 3;
	e->backend[0].name = slice_of("A");
	e->backend[0].state = ENGINE_BACKEND_UP;
	e->backend[0].last_serial = 10;
	e->backend[0].records = 4;
	e->backend[0].round_trip = 61;
	e->backend[0].heard = 900;
	e->backend[0].owing = 70;
	e->backend[0].unacknowledged = 8;
	e->backend[0].counters = &some;
	e->backend[0].dropped_there = 9;
	e->backend[0].error = "Backend A, alas, sleeps.";
	e->backend[0].error_time = INT64_C(1795354620123456);
	e->backend[1].name = slice_of("B");
	e->backend[1].state = ENGINE_BACKEND_FULL;
	e->backend[2].name = slice_of("C");
	e->backend[2].state = ENGINE_BACKEND_LOST;
	for (size_t k = 1; k < e->backends; k++) {
		e->backend[k].heard = -1;
		e->backend[k].counters = &none;
		e->backend[k].error = "";
	}
}

static struct info example(void)
{
	struct info i = {
		.pid = 42,
		.uptime = INT64_C(3999999),
		.listen = slice_of("127.0.0.1:1 and 127.0.0.1:2"),
		.coin = slice_of("beans"),
		.initial_balance = 1000,
		.most_clients = 4096,
		.rate = 120,
		.request_rate = 31,
		.memory = 4096,
		.memory_peak = 8192,
		.clients = { .connected = 3, .accepted = 5, .refused = 1 },
		.sessions = { .requests = 77, .pending = 2, .unread = 9,
			      .subscribers = 3 },
		.engine = {
			.open = true,
			.epoch = 4,
			.serial = 10,
			.tip = tip,
			.time = INT64_C(1795354620123456),
			.users = 12,
			.coins = 12000,
			.gaps = 1,
			.copies = 2,
			.thin = 5,
			.refilled = 7,
			.refilling = true,
			.checkpoint = 9,
			.checkpoint_age = 5000001,
			.lease = 399000,
			.transfers = 8,
			.last_minute = 7,
			.latency = 450,
			.latency_most = 9000,
			.commit = { { [0] = 1, [3] = 2 }, 1950 },
			.outcomes = { [OUTCOME_DONE] = 6, [OUTCOME_NOUSER] = 1 },
			.verify = {
				.running = true,
				.serial = 4,
				.upto = 10,
				.last_result = "Serial 4 is missing.",
				.last_time = INT64_C(1795354620123456),
				.last_serial = 9,
			},
		},
	};

	put_backends(&i.engine);
	return i;
}

typedef int (*writer)(const struct info *i, struct buf *out);

static void check_line(writer write, const struct info *i, const char *expected)
{
	struct buf out = { 0 };

	ck_assert_int_eq(write(i, &out), 0);
	ck_assert_int_eq(buf_add(&out, "", 1), 0);
	ck_assert_str_eq((const char *)out.data, expected);
	buf_done(&out);
}

/* The text of @section, to free. */
static char *text_of(const struct info *i, const char *section)
{
	struct buf out = { 0 };

	ck_assert_int_eq(info_text(i, slice_of(section), &out), 0);
	ck_assert_int_eq(buf_add(&out, "", 1), 0);
	return (char *)out.data;
}

START_TEST(status_line)
{
	struct info i = example();

	i.engine.backend[2].state = ENGINE_BACKEND_DOWN;
	i.engine.refilling = false;
	check_line(info_status, &i,
		   "serial 10, tip 1a2b3c4d, 12 users, 2 of 3 backends up, "
		   "120 transfers/s");
	i.engine.readonly = true;
	i.engine.stalled = true;
	check_line(
		info_status, &i,
		"serial 10, tip 1a2b3c4d, 12 users, 2 of 3 backends up, "
		"120 transfers/s, no transfers: serials are missing, a batch "
		"is overdue");
	i.engine.open = false;
	i.engine.waiting_for = "C";
	check_line(info_status, &i,
		   "waiting for backend C, 2 of 3 backends up");
}
END_TEST

START_TEST(status_line_while_refilling)
{
	struct info i = example();

	check_line(info_status, &i,
		   "serial 10, tip 1a2b3c4d, 12 users, 2 of 3 backends up, "
		   "120 transfers/s, refilling: 5 transactions on fewer than 2 "
		   "backends");
	/* All are on two, but one that was lost has not all that was its. */
	i.engine.thin = 0;
	i.engine.backend[1].state = ENGINE_BACKEND_RETURNING;
	check_line(info_status, &i,
		   "serial 10, tip 1a2b3c4d, 12 users, 2 of 3 backends up, "
		   "120 transfers/s, refilling");
}
END_TEST

START_TEST(why_it_is_not_open)
{
	struct info i = example();

	i.engine.open = false;
	i.engine.waiting_for = "B";
	i.engine.backend[1].state = ENGINE_BACKEND_WAITED_FOR;
	check_line(info_waiting, &i, "waiting for backend B");
	i.engine.backend[1].state = ENGINE_BACKEND_EMPTY;
	check_line(info_waiting, &i, "waiting for backend B, which is empty");
	check_line(info_status, &i,
		   "waiting for backend B, which is empty, 1 of 3 backends up");
	i.engine.waiting_for = NULL;
	check_line(info_waiting, &i, "copying the last transactions");
	i.engine.refilling = false;
	check_line(info_status, &i,
		   "loading the history, 1 of 3 backends up");
}
END_TEST

START_TEST(states_of_backends)
{
	static const struct {
		enum engine_backend_state state;
		const char *name;
		unsigned up;
	} states[] = {
		{ ENGINE_BACKEND_WAITED_FOR, "waited-for", 0 },
		{ ENGINE_BACKEND_UP, "up", 1 },
		{ ENGINE_BACKEND_DOWN, "down", 0 },
		{ ENGINE_BACKEND_FULL, "full", 1 },
		{ ENGINE_BACKEND_EMPTY, "empty", 0 },
		{ ENGINE_BACKEND_RETURNING, "returning", 1 },
		{ ENGINE_BACKEND_LOST, "lost", 0 },
	};

	for (size_t k = 0; k < ELEMENTS(states); k++) {
		_cleanup_(freep) char *text = NULL;
		struct info i = example();
		char expected[64];

		i.engine.backends = 1;
		i.engine.backend[0].state = states[k].state;
		text = text_of(&i, "backends");
		(void)snprintf(expected, sizeof(expected),
			       "backends_up:%u\r\nbackend_A:state=%s,",
			       states[k].up, states[k].name);
		ck_assert_ptr_nonnull(strstr(text, expected));
	}
}
END_TEST

START_TEST(ready_line)
{
	struct info i = example();

	check_line(info_ready, &i, "9 transactions, 12 users, backends A B");
}
END_TEST

static void check_section(const char *section, const char *expected)
{
	struct info i = example();
	_cleanup_(freep) char *text = text_of(&i, section);

	ck_assert_str_eq(text, expected);
}

#define LEDGER                                                                 \
	"# Ledger\r\nopen:1\r\nreadonly:0\r\nstalled:0\r\nepoch:4\r\n"         \
	"serial:10\r\nusers:12\r\ncoins:12000\r\n"                             \
	"initial_balance:1000\r\ngaps:1\r\ncopies:2\r\nthin_records:5\r\n"     \
	"refilled_records:7\r\nrefilling:1\r\ncheckpoint_serial:9\r\n"         \
	"checkpoint_age_usec:5000001\r\nlease_usec:399000\r\n"               \
	"coin:beans\r\n"                                                     \
	"tip:1a2b3c4d00000000000000000000000000000000000000000000000000000000" \
	"\r\ntime:2026-11-22T13:37:00.123456Z\r\n"

#define UPTO_TEN_SECONDS(n)                                                    \
	"le_500=" #n ",le_1000=" #n ",le_2500=" #n ",le_5000=" #n              \
	",le_10000=" #n ",le_25000=" #n ",le_50000=" #n ",le_100000=" #n       \
	",le_250000=" #n ",le_500000=" #n ",le_1000000=" #n                    \
	",le_2500000=" #n ",le_5000000=" #n ",le_10000000=" #n ","
#define NOTHING_OF(name)                                                       \
	",last_serial=0,records=0,round_trip_usec=0,heard_usec=-1,"            \
	"owing_usec=0,unacknowledged=0,sent=0,received=0,again=0\r\n"          \
	"datagrams_dropped_" name ":short=0,magic=0,version=0,type=0,"         \
	"length=0,name=0,mac=0,block=0,stray=0,there=0\r\n"                    \
	"sync_usec_" name ":le_100=0,le_250=0," UPTO_TEN_SECONDS(0)            \
	"le_inf=0,sum_usec=0\r\nlast_error_" name ":\r\n"

START_TEST(sections)
{
	check_section("ledger", LEDGER);
	check_section("LEDGER", LEDGER);
	check_section("server",
		      "# Server\r\nversion:" PACKAGE_VERSION
		      "\r\nredis_version:" PACKAGE_VERSION
		      "\r\nredis_mode:standalone"
		      "\r\nprocess_id:42\r\nuptime_in_seconds:3\r\n"
		      "listen:127.0.0.1:1 and 127.0.0.1:2\r\nstate:open\r\n"
		      "waiting_for:\r\n");
	check_section("clients",
		      "# Clients\r\nconnected_clients:3\r\nmax_clients:4096\r\n"
		      "maxclients:4096\r\nblocked_clients:0\r\n"
		      "accepted_connections:5\r\nrefused_connections:1\r\n"
		      "stuck_connections:0\r\nsubscribed_clients:3\r\n"
		      "dropped_subscribers:0\r\npending_answers:2\r\n"
		      "unread_bytes:9\r\n");
	check_section("backends",
		      "# Backends\r\nbackends:3\r\nbackends_up:2\r\n"
		      "backend_A:state=up,last_serial=10,records=4,"
		      "round_trip_usec=61,heard_usec=900,owing_usec=70,"
		      "unacknowledged=8,sent=21,received=20,again=2\r\n"
		      "datagrams_dropped_A:short=0,magic=0,version=0,type=0,"
		      "length=0,name=0,mac=3,block=4,stray=5,there=9\r\n"
		      "sync_usec_A:le_100=0,le_250=6," UPTO_TEN_SECONDS(6)
		      "le_inf=7,sum_usec=11000777\r\n"
		      "last_error_A:2026-11-22T13:37:00.123456Z "
		      "Backend A, alas, sleeps.\r\n"
		      "backend_B:state=full" NOTHING_OF("B")
		      "backend_C:state=lost" NOTHING_OF("C"));
	check_section("verify",
		      "# Verify\r\nverify_running:1\r\nverify_serial:4\r\n"
		      "verify_upto:10\r\nverify_last_serial:9\r\n"
		      "verify_last_time:2026-11-22T13:37:00.123456Z\r\n"
		      "verify_last_result:Serial 4 is missing.\r\n");
	check_section("nope", "");
}
END_TEST

/* Backends are pinged for those that do, and for no others. */
START_TEST(sections_that_tell_of_backends)
{
	static const char *const telling[] = { "", "ALL", "default",
					       "everything", "backends" };
	static const char *const others[] = { "server",	 "clients", "ledger",
					      "verify",	 "traffic", "memory",
					      "backend", "nope" };
	struct info i = example();

	for (size_t k = 0; k < ELEMENTS(telling); k++) {
		_cleanup_(freep) char *text = text_of(&i, telling[k]);

		ck_assert(info_tells_backends(slice_of(telling[k])));
		ck_assert_ptr_nonnull(strstr(text, "\r\nbackend_A:"));
	}
	for (size_t k = 0; k < ELEMENTS(others); k++) {
		_cleanup_(freep) char *text = text_of(&i, others[k]);

		ck_assert(!info_tells_backends(slice_of(others[k])));
		ck_assert_ptr_null(strstr(text, "\r\nbackend_A:"));
	}
}
END_TEST

/* All sections in order, with an empty line between; each line a key. */
START_TEST(everything)
{
	struct info i = example();
	_cleanup_(freep) char *all = text_of(&i, "");
	_cleanup_(freep) char *same = text_of(&i, "ALL");
	size_t headings = 0;

	ck_assert_str_eq(all, same);
	ck_assert_int_eq(strncmp(all, "# Server\r\n", 10), 0);
	ck_assert_ptr_nonnull(strstr(all, "\r\n\r\n# Clients\r\n"));
	ck_assert_ptr_nonnull(strstr(all, "\r\n\r\n" LEDGER "\r\n# Backends"));
	ck_assert_ptr_nonnull(strstr(all, "\r\noutcome_done:6\r\n"));
	ck_assert_ptr_nonnull(strstr(all, "\r\noutcome_nouser:1\r\n"));
	ck_assert_ptr_nonnull(strstr(all, "\r\nrequests:77\r\n"));

	for (const char *line = all; *line; line = strstr(line, "\r\n") + 2) {
		headings += *line == '#';
		ck_assert(strchr("#\r", *line) ||
			  memchr(line, ':', strcspn(line, "\r")));
	}
	ck_assert_uint_eq(headings, 11);
}
END_TEST

START_TEST(traffic)
{
	struct info i = example();
	_cleanup_(freep) char *text = text_of(&i, "traffic");

	ck_assert_ptr_nonnull(strstr(text, "\r\ntransfers_last_minute:7\r\n"
					   "latency_usec:450\r\n"
					   "latency_max_usec:9000\r\n"));
	/* Each bucket has those below it in it. */
	ck_assert_ptr_nonnull(strstr(
		text, "\r\ncommit_usec:le_100=1,le_250=1,le_500=1,le_1000=3,"));
	ck_assert_ptr_nonnull(strstr(text, ",le_inf=3,sum_usec=1950\r\n"));
}
END_TEST

/* What redis-cli --stat and exporters of Redis' figures look for. */
START_TEST(as_redis_says_it)
{
	static const char *const lines[] = {
		"# Memory\r\nused_memory:4096\r\n",
		"\r\nused_memory_rss:4096\r\nused_memory_peak:8192\r\n",
		"# Stats\r\ntotal_connections_received:5\r\n"
		"total_commands_processed:77\r\n"
		"instantaneous_ops_per_sec:31\r\n"
		"rejected_connections:1\r\nloading:0\r\n",
		"# Replication\r\nrole:master\r\n",
		"# Keyspace\r\ndb0:keys=12,expires=0,avg_ttl=0\r\n",
	};
	struct info i = example();
	_cleanup_(freep) char *text = text_of(&i, "everything");
	_cleanup_(freep) char *same = text_of(&i, "default");

	ck_assert_str_eq(text, same);
	for (size_t k = 0; k < ELEMENTS(lines); k++)
		ck_assert_msg(strstr(text, lines[k]) != NULL, "no %s",
			      lines[k]);
}
END_TEST

/* Whoever said no: the engine, or who did not even ask it. */
START_TEST(every_refusal_is_counted)
{
	struct info i = example();
	_cleanup_(freep) char *text = NULL;

	i.engine.outcomes[OUTCOME_LIMIT] = 2;
	i.refused[info_refusal("LIMIT")] = 3;
	i.refused[info_refusal("SYNTAX")] = 4;
	i.refused[info_refusal("NEVERHEARD")] = 5;
	ck_assert_uint_eq(info_refusal("UNAVAILABLE"), OUTCOME_UNAVAILABLE);
	text = text_of(&i, "errorstats");
	ck_assert_ptr_nonnull(strstr(text, "# Errorstats\r\n"
					   "errorstat_NOUSER:count=1\r\n"));
	ck_assert_ptr_nonnull(strstr(text, "\r\nerrorstat_LIMIT:count=5\r\n"));
	ck_assert_ptr_nonnull(
		strstr(text, "\r\nerrorstat_SYNTAX:count=4\r\n"));
	ck_assert_ptr_nonnull(strstr(text, "\r\nerrorstat_OTHER:count=5\r\n"));
	ck_assert_ptr_nonnull(strstr(text, "\r\nerrorstat_ERR:count=0\r\n"));
}
END_TEST

START_TEST(never_verified)
{
	struct info i = example();
	_cleanup_(freep) char *text = NULL;

	i.engine.verify.last_time = 0;
	i.engine.verify.last_result = "none";
	text = text_of(&i, "verify");
	ck_assert_ptr_nonnull(strstr(text, "\r\nverify_last_time:\r\n"
					   "verify_last_result:none\r\n"));
}
END_TEST

/* A ledger without records has no time. */
START_TEST(empty_ledger)
{
	struct info i = example();
	_cleanup_(freep) char *text = NULL;

	i.engine.time = 0;
	text = text_of(&i, "ledger");
	ck_assert_ptr_nonnull(strstr(text, "\r\ntime:\r\n"));
}
END_TEST

Suite *test_main_info(void)
{
	Suite *suite = suite_create("main/info");
	TCase *t = tcase_create("all");

	tcase_add_test(t, status_line);
	tcase_add_test(t, status_line_while_refilling);
	tcase_add_test(t, why_it_is_not_open);
	tcase_add_test(t, states_of_backends);
	tcase_add_test(t, ready_line);
	tcase_add_test(t, sections);
	tcase_add_test(t, sections_that_tell_of_backends);
	tcase_add_test(t, everything);
	tcase_add_test(t, traffic);
	tcase_add_test(t, as_redis_says_it);
	tcase_add_test(t, every_refusal_is_counted);
	tcase_add_test(t, never_verified);
	tcase_add_test(t, empty_ledger);
	suite_add_tcase(suite, t);
	return suite;
}
