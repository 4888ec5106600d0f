/* SPDX-License-Identifier: MIT */
/*
 * Sessions: the order of answers, and the bounds of everything.
 */
#include "config.h"

#include "test_main_session.h"
#include "unit.h"

UNIT_SUITE(test_main_session);

static void check_pending(const struct desk *d, size_t pending)
{
	struct sessions_counters counters;

	sessions_count(d->all, &counters);
	ck_assert_uint_eq(counters.pending, pending);
}

/* Answers that come in the other way round wait for those before them. */
START_TEST(order)
{
	static const char request[] =
		"BALANCE a\r\nPING\r\nTRANSFER a b 1\r\nLIST\r\n";
	struct desk *d = desk_open();

	desk_send(d, request);
	ck_assert_uint_eq(d->engine.orders, 3);
	fake_record(&d->engine, 2, 3);
	fake_answer(&d->engine, 2, fake_done());
	fake_answer(&d->engine, 1, fake_refusal(OUTCOME_UNKNOWN, "who knows"));
	ck_assert_str_eq(desk_read(d), "");

	fake_answer(&d->engine, 0, fake_balance(1));
	ck_assert_str_eq(desk_read(d),
			 ":1\r\n+PONG\r\n-UNKNOWN who knows\r\n*1\r\n*8\r\n:3"
			 "\r\n$3\r\nAli\r\n$3\r\nBen\r\n:3\r\n$-1\r\n$-1\r\n"
			 "$-1\r\n$-1\r\n");
	check_pending(d, 0);
	desk_close(d);
}
END_TEST

/* All orders of completion of five requests. */
START_TEST(every_order)
{
	static const char all[] = ":0\r\n:1\r\n:2\r\n:3\r\n:4\r\n";
	struct desk *d = desk_open();
	size_t left[5];

	for (unsigned n = 0; n < 120; n++) {
		unsigned draw = n;

		d->engine.orders = 0;
		desk_send(d, "BALANCE a\r\nBALANCE b\r\nBALANCE c\r\n"
			     "BALANCE d\r\nBALANCE e\r\n");
		for (size_t i = 0; i < 5; i++)
			left[i] = i;
		for (unsigned k = 5; k > 0; draw /= k, k--) {
			size_t i = left[draw % k];

			left[draw % k] = left[k - 1];
			fake_answer(&d->engine, i, fake_balance(i));
		}
		ck_assert_str_eq(desk_read(d), all);
	}
	desk_close(d);
}
END_TEST

/* The engine answers, and goes on with a list, after its client has gone. */
START_TEST(client_gone)
{
	struct desk *d = desk_open();

	desk_send(d, "BALANCE a\r\nPING\r\nTRANSFER a b 1\r\nLIST\r\n");
	fake_record(&d->engine, 2, 1);
	d->session = session_free(d->session);
	check_pending(d, 3);

	fake_record(&d->engine, 2, 2);
	fake_answer(&d->engine, 2, fake_done());
	fake_answer(&d->engine, 1, fake_receipt(1, 1));
	fake_answer(&d->engine, 0, fake_refusal(OUTCOME_NOUSER, "x"));
	check_pending(d, 0);
	desk_close(d);
}
END_TEST

/* At the end of the process orders stay unanswered; nothing leaks. */
START_TEST(never_answered)
{
	struct desk *d = desk_open();

	desk_send(d, "BALANCE a\r\nPING\r\nLIST\r\n");
	fake_record(&d->engine, 1, 1);
	desk_close(d);
}
END_TEST

/* However the bytes are cut, the answers are the same. */
START_TEST(cut_anywhere)
{
	static const char request[] =
		"*2\r\n$4\r\nECHO\r\n$4\r\na\r\nb\r\n\r\nPING\r\n"
		"*4\r\n$8\r\nTRANSFER\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\n1\r\n"
		"ECHO \"x y\"\r\n";
	static const char answer[] =
		"$4\r\na\r\nb\r\n+PONG\r\n-SELF x\r\n$3\r\nx y\r\n";
	struct desk *d = desk_open();

	d->engine.prompt = true;
	d->engine.answer = fake_refusal(OUTCOME_SELF, "x");
	for (size_t cut = 0; cut < sizeof(request); cut++) {
		desk_send_bytes(d, request, cut);
		desk_send(d, request + cut);
		ck_assert_str_eq(desk_read(d), answer);
	}
	for (size_t i = 0; i < sizeof(request) - 1; i++)
		desk_send_bytes(d, request + i, 1);
	ck_assert_str_eq(desk_read(d), answer);
	desk_close(d);
}
END_TEST

START_TEST(broken)
{
	struct desk *d = desk_open();

	desk_send(d, "PING\r\nBALANCE a\r\n*1\r\n!\r\nPING\r\n");
	ck_assert_str_eq(desk_read(d), "+PONG\r\n");
	ck_assert_uint_eq(session_room(d->session), 0);
	ck_assert(!session_finished(d->session));

	/* What was asked before it is answered before it is told. */
	fake_answer(&d->engine, 0, fake_balance(5));
	ck_assert(!session_finished(d->session));
	ck_assert_str_eq(desk_read(d),
			 ":5\r\n-ERR Protocol error: expected '$'\r\n");
	ck_assert(session_finished(d->session));
	desk_close(d);
}
END_TEST

START_TEST(quit)
{
	struct desk *d = desk_open();

	desk_send(d, "BALANCE a\r\nquit\r\nPING\r\n");
	ck_assert_uint_eq(session_room(d->session), 0);
	fake_answer(&d->engine, 0, fake_balance(5));
	ck_assert(!session_finished(d->session));
	ck_assert_str_eq(desk_read(d), ":5\r\n+OK\r\n");
	ck_assert(session_finished(d->session));
	desk_close(d);
}
END_TEST

/* A client that says no more, but still listens, gets its answers. */
START_TEST(half_closed)
{
	struct desk *d = desk_open();

	desk_send(d, "BALANCE a\r\nPI");
	session_input_ends(d->session);
	ck_assert_uint_eq(session_room(d->session), 0);
	ck_assert(!session_finished(d->session));
	fake_answer(&d->engine, 0, fake_balance(5));
	ck_assert(!session_finished(d->session));
	ck_assert_str_eq(desk_read(d), ":5\r\n");
	ck_assert(session_finished(d->session));
	desk_close(d);
}
END_TEST

START_TEST(request_too_large)
{
	char *request = malloc(RESP_REQUEST_MAX);
	struct desk *d = desk_open();

	ck_assert_ptr_nonnull(request);
	memset(request, 'x', RESP_REQUEST_MAX);
	for (size_t i = 0; i < RESP_REQUEST_MAX; i += 4096) {
		ck_assert_uint_eq(session_room(d->session),
				  RESP_REQUEST_MAX - i);
		desk_send_bytes(d, request + i, 4096);
	}
	ck_assert_str_eq(desk_read(d),
			 "-ERR Protocol error: too big inline request\r\n");
	ck_assert(session_finished(d->session));
	free(request);
	desk_close(d);
}
END_TEST

/* So many wait for an answer that no more are taken, until one has come. */
START_TEST(pending_bound)
{
	struct desk *d = desk_open();

	for (size_t i = 0; i < SESSION_PENDING_MAX - 1; i++)
		desk_send(d, "TRANSFER a b 1\r\n");
	desk_send(d, "BALANCE a\r\nPING\r\nBALANCE b\r\n");
	ck_assert_uint_eq(d->engine.orders, SESSION_PENDING_MAX);
	ck_assert_uint_eq(session_room(d->session), 0);
	ck_assert(!session_resume(d->session));

	/* One has come, but behind those before it. */
	fake_answer(&d->engine, 1, fake_receipt(2, 1));
	ck_assert(!session_resume(d->session));

	fake_answer(&d->engine, 0, fake_receipt(1, 1));
	ck_assert(session_resume(d->session));
	ck_assert_uint_eq(d->engine.orders, SESSION_PENDING_MAX + 1);

	/* Two came, and PING and BALANCE have taken their places. */
	ck_assert_uint_eq(session_room(d->session), 0);
	fake_answer(&d->engine, 2, fake_receipt(3, 1));
	ck_assert_uint_gt(session_room(d->session), 0);
	ck_assert(!session_resume(d->session));
	desk_close(d);
}
END_TEST

/* One long answer at a time. */
START_TEST(one_list_at_a_time)
{
	struct desk *d = desk_open();

	desk_send(d, "LIST\r\nHISTORY a\r\nPING\r\n");
	ck_assert_uint_eq(d->engine.orders, 1);
	fake_answer(&d->engine, 0, fake_done());
	ck_assert(session_resume(d->session));
	ck_assert_uint_eq(d->engine.orders, 2);
	fake_answer(&d->engine, 1, fake_refusal(OUTCOME_NOUSER, "x"));
	ck_assert(session_resume(d->session));
	ck_assert_str_eq(desk_read(d), "*0\r\n-NOUSER x\r\n+PONG\r\n");
	desk_close(d);
}
END_TEST

/* Send PING until no more is taken; how many were. */
static size_t fill(struct desk *d)
{
	static const char ping[] = "PING 0123456789012345678901234567890\r\n";
	size_t n = 0;

	for (; session_room(d->session) > 0; n++)
		desk_send(d, ping);
	return n;
}

/* A client that does not read is not asked any more, until half is read. */
START_TEST(back_pressure)
{
	struct desk *d = desk_open();
	struct sessions_counters counters;
	size_t unread;

	(void)fill(d);
	unread = session_output(d->session).len;
	ck_assert_uint_ge(unread, SESSION_OUTPUT_MAX);
	ck_assert_uint_lt(unread, SESSION_OUTPUT_MAX + 64);
	sessions_count(d->all, &counters);
	ck_assert_uint_eq(counters.unread, unread);

	session_written(d->session, unread - SESSION_OUTPUT_MAX / 2);
	ck_assert_uint_eq(session_room(d->session), 0);
	session_written(d->session, 1);
	ck_assert_uint_gt(session_room(d->session), 0);
	ck_assert_uint_eq(session_output(d->session).len,
			  SESSION_OUTPUT_MAX / 2 - 1);
	desk_close(d);
}
END_TEST

/* What waits behind an answer that has not come counts as unread. */
START_TEST(back_pressure_behind)
{
	struct desk *d = desk_open();
	char *echo = malloc(60000);

	ck_assert_ptr_nonnull(echo);
	memcpy(echo, "ECHO ", 5);
	memset(echo + 5, 'x', 59000);
	memcpy(echo + 59005, "\r\n", 2);

	desk_send(d, "BALANCE a\r\n");
	for (int i = 0; i < 17; i++)
		desk_send_bytes(d, echo, 59007);
	desk_send_bytes(d, echo, 59007);
	ck_assert_uint_eq(session_room(d->session), 0);

	fake_answer(&d->engine, 0, fake_balance(1));
	session_written(d->session, session_output(d->session).len);
	ck_assert_uint_gt(session_room(d->session), 0);
	free(echo);
	desk_close(d);
}
END_TEST

/* The bytes stay the same however they are read. */
START_TEST(read_in_pieces)
{
	struct desk *d = desk_open();
	struct slice out;
	size_t pings = 0;
	size_t at = 0;

	for (size_t step = 1; step < 2000; step += 7) {
		desk_send(d, "PING abc\r\nPING abc\r\nPING abc\r\n");
		pings += 3;
		out = session_output(d->session);
		for (size_t i = 0; i < step && i < out.len; i++, at++)
			ck_assert_int_eq(out.p[i], "$3\r\nabc\r\n"[at % 9]);
		session_written(d->session, step < out.len ? step : out.len);
	}
	out = session_output(d->session);
	ck_assert_uint_eq(at + out.len, pings * 9);
	desk_close(d);
}
END_TEST

/* Sessions with something to do are found, each once. */
START_TEST(active)
{
	struct desk *d = desk_open();

	ck_assert_ptr_null(sessions_next(d->all));
	desk_send(d, "PING\r\nBALANCE a\r\n");
	ck_assert_ptr_eq(sessions_next(d->all), d->session);
	ck_assert_ptr_eq(session_owner(d->session), d);
	ck_assert_ptr_null(sessions_next(d->all));

	fake_answer(&d->engine, 0, fake_balance(1));
	ck_assert_ptr_eq(sessions_next(d->all), d->session);
	ck_assert_ptr_null(sessions_next(d->all));

	/* One with half a request has nothing to go on with. */
	desk_send(d, "PI");
	ck_assert_ptr_eq(sessions_next(d->all), d->session);
	ck_assert(!session_resume(d->session));
	ck_assert_ptr_null(sessions_next(d->all));
	desk_close(d);
}
END_TEST

START_TEST(draining)
{
	struct desk *d = desk_open();

	desk_send(d, "TRANSFER a b 1\r\n");
	sessions_drain(d->all);
	ck_assert_uint_eq(session_room(d->session), 0);
	ck_assert(!session_finished(d->session));
	fake_answer(&d->engine, 0, fake_refusal(OUTCOME_SELF, "x"));
	ck_assert_str_eq(desk_read(d), "-SELF x\r\n");
	ck_assert(session_finished(d->session));
	desk_close(d);
}
END_TEST

Suite *test_main_session(void)
{
	Suite *suite = suite_create("main/session");
	TCase *t = tcase_create("all");

	tcase_add_test(t, order);
	tcase_add_test(t, every_order);
	tcase_add_test(t, client_gone);
	tcase_add_test(t, never_answered);
	tcase_add_test(t, cut_anywhere);
	tcase_add_test(t, broken);
	tcase_add_test(t, quit);
	tcase_add_test(t, half_closed);
	tcase_add_test(t, request_too_large);
	tcase_add_test(t, pending_bound);
	tcase_add_test(t, one_list_at_a_time);
	tcase_add_test(t, back_pressure);
	tcase_add_test(t, back_pressure_behind);
	tcase_add_test(t, read_in_pieces);
	tcase_add_test(t, active);
	tcase_add_test(t, draining);
	suite_add_tcase(suite, t);
	return suite;
}
