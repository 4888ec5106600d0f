/* SPDX-License-Identifier: MIT */
/*
 * What is made of INFO for people, for monitoring and for Prometheus.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "test_walletctl_kit.h"
#include "unit.h"
#include "walletctl/status.h"

UNIT_SUITE(test_walletctl_health);

#define LINE(text) text "\r\n"
#define A_IS(state)                                                            \
	LINE("backend_A:state=" state ",last_serial=9,records=3,"              \
	     "round_trip_usec=80,heard_usec=5,owing_usec=0,"                   \
	     "unacknowledged=0,sent=4,received=3,again=1")
#define B_IS(state, owing)                                                     \
	LINE("backend_B:state=" state ",last_serial=7,records=5,"              \
	     "round_trip_usec=1250,heard_usec=-1,owing_usec=" owing            \
	     ",unacknowledged=2,sent=4,received=3,again=1")
#define B_SILENT(owing, heard)                                                 \
	LINE("backend_B:state=up,last_serial=7,records=5,"                     \
	     "round_trip_usec=1250,heard_usec=" heard ",owing_usec=" owing     \
	     ",unacknowledged=2,sent=4,received=3,again=1")
#define FIGURES                                                                \
	LINE("version:1\"\\2")                                                 \
	LINE("copies:1") LINE("serial:9") LINE("users:12") LINE("coins:12000") \
	LINE("transfers:4") LINE("connected_clients:2")                        \
	LINE("transfers_last_minute:3") LINE("latency_usec:450")               \
	LINE("verify_last_result:ok")
#define QUICK LINE("latency_max_usec:999999")
#define OPEN LINE("state:open") LINE("waiting_for:") LINE("stalled:0")
#define ALL_IS_WELL OPEN FIGURES QUICK A_IS("up") B_IS("up", "999999")

#define DRAWN                                                                  \
	"serial=9c users=12 coins=12000 transfers=4c clients=2 backends_up="
#define LATENCY " latency=0.000450s latency_max=0.999999s;1\n"

#define ANSWER_SIZE 4096
static void put_answer(char out[ANSWER_SIZE], const char *info)
{
	int len = snprintf(out, ANSWER_SIZE, "$%zu\r\n%s\r\n", strlen(info),
			   info);

	ck_assert_int_lt(len, ANSWER_SIZE);
}

static struct kit_run run_with(const char *info, const char *command,
			       const char *option)
{
	char answer[ANSWER_SIZE];
	const struct kit_turn turn = { 1, answer, KIT_REPEAT };
	struct kit_server *s;
	struct kit_run r;

	put_answer(answer, info);
	s = kit_server_start(&turn, 1);
	r = kit_run(kit_server_name(s), "--timeout=0.2", command, option, NULL);
	free(kit_server_stop(s));
	return r;
}

/* Of a server that goes away. */
static struct kit_run run_closed(const char *command, const char *option)
{
	const struct kit_turn turn = { 1, "", KIT_CLOSE };
	struct kit_server *s = kit_server_start(&turn, 1);
	struct kit_run r = kit_run(kit_server_name(s), command, option, NULL);

	free(kit_server_stop(s));
	return r;
}

static const struct {
	const char *info;
	int status;
	const char *out;
} probes[] = {
	{ ALL_IS_WELL, 0,
	  "ALICHAIN OK - serial 9, 12 users, 2 of 2 backends up | " DRAWN
	  "2;2:;;0;2" LATENCY },
	{ OPEN FIGURES QUICK A_IS("up") B_IS("down", "0"), 1,
	  "ALICHAIN WARNING - backend B is down; serial 9, 12 users, 1 of 2 "
	  "backends up | " DRAWN "1;2:;;0;2" LATENCY },
	{ OPEN FIGURES QUICK A_IS("up") B_IS("full", "0"), 1,
	  "ALICHAIN WARNING - backend B is full; serial 9, 12 users, 2 of 2 "
	  "backends up | " DRAWN "2;2:;;0;2" LATENCY },
	{ OPEN FIGURES QUICK A_IS("up") B_IS("up", "1000000"), 1,
	  "ALICHAIN WARNING - backend B is slow; serial 9, 12 users, 2 of 2 "
	  "backends up | " DRAWN "2;2:;;0;2" LATENCY },
	/* It was asked, and has been silent since long before. */
	{ OPEN FIGURES QUICK A_IS("up") B_SILENT("200000", "4900000"), 1,
	  "ALICHAIN WARNING - backend B has been silent for 4 s; serial 9, 12 "
	  "users, 2 of 2 backends up | " DRAWN "2;2:;;0;2" LATENCY },
	/* It was asked just now. */
	{ OPEN FIGURES QUICK A_IS("up") B_SILENT("199999", "4900000"), 0,
	  "ALICHAIN OK - serial 9, 12 users, 2 of 2 backends up | " DRAWN
	  "2;2:;;0;2" LATENCY },
	/* A person has declared it lost: nobody need be told. */
	{ OPEN FIGURES QUICK A_IS("up") B_IS("lost", "0"), 0,
	  "ALICHAIN OK - serial 9, 12 users, 1 of 1 backends up | " DRAWN
	  "1;1:;;0;1" LATENCY },
	{ OPEN FIGURES QUICK A_IS("full") B_IS("down", "0"), 2,
	  "ALICHAIN CRITICAL - backend A is full; backend B is down; too few "
	  "backends take transfers; serial 9, 12 users, 1 of 2 backends up | "
	  DRAWN "1;2:;;0;2" LATENCY },
	{ LINE("state:waiting") LINE("waiting_for:B") FIGURES QUICK A_IS("up")
		  B_IS("waited-for", "0"), 2,
	  "ALICHAIN CRITICAL - waiting for backend B; backend B is waited-for; "
	  "serial 9, 12 users, 1 of 2 backends up | " DRAWN "1;2:;;0;2"
	  LATENCY },
	{ LINE("state:readonly") FIGURES QUICK A_IS("up"), 2,
	  "ALICHAIN CRITICAL - no transfers: serials are missing; serial 9, "
	  "12 users, 1 of 1 backends up | " DRAWN "1;1:;;0;1" LATENCY },
	{ LINE("state:open") LINE("stalled:1") FIGURES QUICK A_IS("up"), 2,
	  "ALICHAIN CRITICAL - a batch is overdue; serial 9, 12 users, 1 of 1 "
	  "backends up | " DRAWN "1;1:;;0;1" LATENCY },
	{ OPEN LINE("refilling:1") FIGURES QUICK A_IS("up"), 1,
	  "ALICHAIN WARNING - refilling; serial 9, 12 users, 1 of 1 backends "
	  "up | " DRAWN "1;1:;;0;1" LATENCY },
	{ OPEN FIGURES LINE("latency_max_usec:1000000") A_IS("up"), 1,
	  "ALICHAIN WARNING - a transfer took a second or more; serial 9, 12 "
	  "users, 1 of 1 backends up | " DRAWN "1;1:;;0;1 latency=0.000450s "
	  "latency_max=1.000000s;1\n" },
	/* What stands behind a bar is taken for figures. */
	{ OPEN LINE("verify_last_result:a|b\033c") FIGURES QUICK A_IS("up"), 2,
	  "ALICHAIN CRITICAL - verification found: a/b\\x1bc; serial 9, 12 "
	  "users, 1 of 1 backends up | " DRAWN "1;1:;;0;1" LATENCY },
	{ LINE("nothing:we know"), 3,
	  "ALICHAIN UNKNOWN - " },
};

START_TEST(check)
{
	struct kit_run r = run_with(probes[_i].info, "status", "--check");
	size_t len = strlen(probes[_i].out);

	ck_assert_int_eq(r.status, probes[_i].status);
	ck_assert_str_eq(r.err, "");
	ck_assert_ptr_eq(strchr(r.out, '\n'), r.out + strlen(r.out) - 1);
	if (probes[_i].out[len - 1] == '\n')
		ck_assert_str_eq(r.out, probes[_i].out);
	else
		ck_assert_int_eq(strncmp(r.out, probes[_i].out, len), 0);
	kit_run_done(&r);
}
END_TEST

/* Who cannot be reached is critical, whatever else it is. */
START_TEST(check_without_an_answer)
{
	struct kit_run r = run_closed("status", "--check");

	ck_assert_int_eq(r.status, 2);
	ck_assert_int_eq(strncmp(r.out, "ALICHAIN CRITICAL - ", 20), 0);
	ck_assert_ptr_nonnull(strstr(r.out, "closed the connection"));
	ck_assert_ptr_eq(strchr(r.out, '\n'), r.out + strlen(r.out) - 1);
	ck_assert_str_eq(r.err, "");
	kit_run_done(&r);
}
END_TEST

START_TEST(one_screen)
{
	struct kit_run r = run_with(
		ALL_IS_WELL LINE("last_error_B:2026-11-22T13:37:00.123456Z "
				 "Backend B does not answer."),
		"status", NULL);

	ck_assert_ptr_nonnull(strstr(r.out, "\nClients      2\n"));
	ck_assert_ptr_nonnull(
		strstr(r.out, "\nRate         3 transfers in the last minute\n"
			      "Latency      450 us, 999.9 ms at most\n\n"));
	ck_assert_ptr_nonnull(strstr(r.out, "\nB       up          5      7 "
					    "1.2 ms     999.9 ms "));
	ck_assert_ptr_nonnull(strstr(r.out, " Backend B does not answer.\n"));
	kit_run_done(&r);

	r = run_with(ALL_IS_WELL LINE("last_error_B:2026-11-22T13:37:00.123456Z"
				      " Backend B does not answer."),
		     "status", "--json");
	ck_assert_ptr_nonnull(strstr(
		r.out, "\"last_error\":\"Backend B does not answer.\","
		       "\"last_error_time\":\"2026-11-22T13:37:00.123456Z\"}"));
	kit_run_done(&r);
}
END_TEST

/* Idle, it has not heard of B: when asked once more it has. */
static const struct {
	const char *command;
	const char *option;
	const char *then;
	int status;
	const char *out;
} looks[] = {
	{ "status", NULL, B_SILENT("0", "60"), STATUS_DONE,
	  "\nB       up          5      7 1.2 ms     0 us " },
	{ "status", NULL, B_IS("down", "70"), STATUS_DONE, "\nB       down " },
	{ "status", "--json", B_IS("down", "70"), STATUS_DONE,
	  "\"name\":\"B\",\"state\":\"down\"" },
	{ "status", "--check", B_SILENT("0", "60"), 0, "ALICHAIN OK - serial" },
	{ "status", "--check", B_IS("down", "70"), 1,
	  "ALICHAIN WARNING - backend B is down; " },
	{ "metrics", NULL, B_IS("down", "70"), STATUS_DONE,
	  "\nalichain_backend_up{backend=\"B\"} 0\n" },
};

START_TEST(asked_until_it_is_fresh)
{
	char idle[ANSWER_SIZE];
	char now[ANSWER_SIZE];
	char info[ANSWER_SIZE];
	const struct kit_turn turns[] = { { 1, idle, KIT_STAY },
					  { 1, idle, KIT_STAY },
					  { 1, now, KIT_STAY } };
	struct kit_server *s;
	struct kit_run r;
	char *asked;

	put_answer(idle, OPEN FIGURES QUICK A_IS("up") B_SILENT("0", "3000000"));
	(void)snprintf(info, sizeof(info), "%s%s", OPEN FIGURES QUICK A_IS("up"),
		       looks[_i].then);
	put_answer(now, info);
	s = kit_server_start(turns, ELEMENTS(turns));
	r = kit_run(kit_server_name(s), looks[_i].command, looks[_i].option,
		    NULL);
	asked = kit_server_stop(s);
	ck_assert_int_eq(r.status, looks[_i].status);
	ck_assert_msg(strstr(r.out, looks[_i].out) != NULL, "said: %s", r.out);
	ck_assert_str_eq(asked, "INFO\nINFO\nINFO\n");
	free(asked);
	kit_run_done(&r);
}
END_TEST

/* It was fenced off, maybe: what it said before is true no more. */
START_TEST(gone_when_asked_once_more)
{
	char idle[ANSWER_SIZE];
	const struct kit_turn turn = { 1, idle, KIT_CLOSE };
	struct kit_server *s;
	struct kit_run r;

	put_answer(idle, OPEN FIGURES QUICK A_IS("up") B_SILENT("0", "3000000"));
	s = kit_server_start(&turn, 1);
	r = kit_run(kit_server_name(s), "status", "--check", NULL);
	free(kit_server_stop(s));
	ck_assert_int_eq(r.status, 2);
	ck_assert_int_eq(strncmp(r.out, "ALICHAIN CRITICAL - ", 20), 0);
	kit_run_done(&r);
}
END_TEST

START_TEST(silence_is_lag)
{
	struct kit_run r = run_with(OPEN FIGURES QUICK A_IS("up")
					    B_SILENT("200000", "4900000"),
				    "status", NULL);

	ck_assert_msg(strstr(r.out, " 1.2 ms     4.9 s ") != NULL, "said: %s",
		      r.out);
	kit_run_done(&r);
}
END_TEST

#define COUNTED                                                                \
	ALL_IS_WELL                                                            \
	LINE("errorstat_NOUSER:count=3")                                       \
	LINE("commit_usec:le_100=1,le_1000000=2,le_inf=3,sum_usec=1500250")    \
	LINE("datagrams_dropped:9")                                            \
	LINE("datagrams_dropped_A:mac=1,stray=2,there=4")                      \
	LINE("sync_usec_A:le_250=5,le_inf=5,sum_usec=600")

static const char *const samples[] = {
	"# HELP alichain_up 1 if the main daemon answers.\n"
	"# TYPE alichain_up gauge\nalichain_up 1\n",
	/* Quotes and backslashes, as the format wants them. */
	"alichain_build_info{version=\"1\\\"\\\\2\"} 1\n",
	"alichain_state{state=\"open\"} 1\n",
	"alichain_state{state=\"stalled\"} 0\n",
	"# TYPE alichain_transfers_total counter\nalichain_transfers_total 4\n",
	"\nalichain_latency_max_seconds 0.999999\n",
	"\nalichain_latency_seconds 0.00045\n",
	"alichain_refusals_total{code=\"NOUSER\"} 3\n",
	"# TYPE alichain_commit_seconds histogram\n"
	"alichain_commit_seconds_bucket{le=\"0.0001\"} 1\n"
	"alichain_commit_seconds_bucket{le=\"1\"} 2\n"
	"alichain_commit_seconds_bucket{le=\"+Inf\"} 3\n"
	"alichain_commit_seconds_sum 1.50025\n"
	"alichain_commit_seconds_count 3\n",
	"alichain_backend_up{backend=\"A\"} 1\n",
	"alichain_backend_state{backend=\"B\",state=\"up\"} 1\n",
	"alichain_backend_state{backend=\"B\",state=\"lost\"} 0\n",
	/* B was never heard of, and says so by being left out. */
	"# TYPE alichain_backend_heard_seconds gauge\n"
	"alichain_backend_heard_seconds{backend=\"A\"} 0.000005\n# HELP ",
	"# TYPE alichain_datagrams_dropped_total counter\n"
	"alichain_datagrams_dropped_total{backend=\"A\",reason=\"mac\"} 1\n"
	"alichain_datagrams_dropped_total{backend=\"A\",reason=\"stray\"} 2\n"
	"# HELP ",
	"alichain_backend_datagrams_dropped_total{backend=\"A\"} 4\n# HELP ",
	"alichain_sync_seconds_bucket{backend=\"A\",le=\"0.00025\"} 5\n"
	"alichain_sync_seconds_bucket{backend=\"A\",le=\"+Inf\"} 5\n"
	"alichain_sync_seconds_sum{backend=\"A\"} 0.0006\n"
	"alichain_sync_seconds_count{backend=\"A\"} 5\n",
};

START_TEST(metrics)
{
	struct kit_run r = run_with(COUNTED, "metrics", NULL);

	ck_assert_int_eq(r.status, STATUS_DONE);
	for (size_t i = 0; i < ELEMENTS(samples); i++)
		ck_assert_msg(strstr(r.out, samples[i]) != NULL,
			      "there is no\n%sin\n%s", samples[i], r.out);
	/* What is not told is not made up. */
	ck_assert_ptr_null(strstr(r.out, "\nalichain_epoch"));
	kit_run_done(&r);
}
END_TEST

/* Whoever collects it must see that there is nothing. */
START_TEST(metrics_of_nobody)
{
	struct kit_run r = run_closed("metrics", NULL);

	ck_assert_int_eq(r.status, STATUS_UNAVAILABLE);
	ck_assert_str_eq(r.out,
			 "# HELP alichain_up 1 if the main daemon answers.\n"
			 "# TYPE alichain_up gauge\nalichain_up 0\n");
	kit_run_done(&r);
}
END_TEST

START_TEST(metrics_into_a_file)
{
	char dir[] = "/tmp/walletctl-metrics-XXXXXX";
	char option[64];
	char text[64] = "";
	struct kit_run r;
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(option, sizeof(option), "--output=%s/x.prom", dir);
	r = run_with(COUNTED, "metrics", option);
	ck_assert_int_eq(r.status, STATUS_DONE);
	ck_assert_str_eq(r.out, "");
	kit_run_done(&r);

	f = fopen(strchr(option, '/'), "re");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
	(void)fclose(f);
	ck_assert_str_eq(text,
			 "# HELP alichain_up 1 if the main daemon answers.\n");
	ck_assert_int_eq(unlink(strchr(option, '/')), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

Suite *test_walletctl_health(void)
{
	Suite *s = suite_create("walletctl/health");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, check, 0, ELEMENTS(probes));
	tcase_add_test(t, check_without_an_answer);
	tcase_add_test(t, one_screen);
	tcase_add_loop_test(t, asked_until_it_is_fresh, 0, ELEMENTS(looks));
	tcase_add_test(t, gone_when_asked_once_more);
	tcase_add_test(t, silence_is_lag);
	tcase_add_test(t, metrics);
	tcase_add_test(t, metrics_of_nobody);
	tcase_add_test(t, metrics_into_a_file);
	suite_add_tcase(s, t);
	return s;
}
