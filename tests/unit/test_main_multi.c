/* SPDX-License-Identifier: MIT */
/*
 * MULTI, EXEC and DISCARD: what is kept, what is given to the engine, and that
 * what a client can make grow is bounded.
 */
#include "config.h"

#include <stdio.h>

#include "main/multi.h"
#include "test_main_session.h"
#include "unit.h"

UNIT_SUITE(test_main_multi);

/* The engine is asked once, for all of them, in their order. */
START_TEST(given_as_one)
{
	struct desk *d = desk_open();
	const struct outcome o[] = { fake_receipt(7, 1), fake_receipt(8, 2),
				     fake_receipt(9, 3) };

	desk_expect(d,
		    "MULTI\r\nTRANSFER a b 1 ID x MEMO m\r\n"
		    "import c d 2\r\nOPEN e ID y\r\n",
		    "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n");
	ck_assert_uint_eq(d->engine.orders, 0);
	desk_send(d, "EXEC\r\n");
	ck_assert_uint_eq(d->engine.orders, 1);
	ck_assert_str_eq(d->engine.order[0].text,
			 "group: transfer a b 1 id=x memo=m; "
			 "import c d 2 id= memo=; open e id=y memo=");
	ck_assert_str_eq(desk_read(d), "");
	fake_group(&d->engine, 0, o, 3);
	ck_assert_ptr_nonnull(strstr(desk_read(d), "*3\r\n*4\r\n:7\r\n:1\r\n"));
	/* It is over: what comes now is for itself. */
	desk_send(d, "TRANSFER a b 1\r\n");
	ck_assert_str_eq(d->engine.order[1].text, "transfer a b 1 id= memo=");
	desk_close(d);
}
END_TEST

START_TEST(dry_run)
{
	struct desk *d = desk_open();
	const struct outcome o[] = { fake_balance(7),
				     fake_refusal(OUTCOME_SELF, "no") };

	desk_send(d, "MULTI\r\nTRANSFER a b 1\r\nTRANSFER a a 2\r\n"
		     "EXEC dryrun\r\n");
	ck_assert_str_eq(d->engine.order[0].text,
			 "dry run: transfer a b 1 id= memo=; "
			 "transfer a a 2 id= memo=");
	fake_group(&d->engine, 0, o, 2);
	ck_assert_str_eq(desk_read(d), "+OK\r\n+QUEUED\r\n+QUEUED\r\n"
				       "*2\r\n:7\r\n-SELF no\r\n");
	desk_close(d);
}
END_TEST

/* One error for the whole, or an array with the error of the only order. */
START_TEST(errors)
{
	struct desk *d = desk_open();
	struct outcome o = fake_refusal(OUTCOME_UNKNOWN, "who knows");

	desk_send(d, "MULTI\r\nTRANSFER a b 1\r\nTRANSFER a b 2\r\nEXEC\r\n");
	fake_group(&d->engine, 0, &o, 1);
	ck_assert_str_eq(desk_read(d), "+OK\r\n+QUEUED\r\n+QUEUED\r\n"
				       "-UNKNOWN who knows\r\n");
	desk_send(d, "MULTI\r\nOPEN a\r\nEXEC\r\n");
	fake_group(&d->engine, 1, &o, 1);
	ck_assert_str_eq(desk_read(d), "+OK\r\n+QUEUED\r\n-UNKNOWN who knows\r\n");
	desk_send(d, "MULTI\r\nOPEN a\r\nEXEC\r\n");
	o = fake_refusal(OUTCOME_EXISTS, "is there");
	fake_group(&d->engine, 2, &o, 1);
	ck_assert_str_eq(desk_read(d),
			 "+OK\r\n+QUEUED\r\n*1\r\n-EXISTS is there\r\n");
	desk_close(d);
}
END_TEST

START_TEST(nothing_between_them)
{
	struct desk *d = desk_open();

	desk_expect(d, "MULTI\r\nEXEC\r\n", "+OK\r\n*0\r\n");
	desk_expect(d, "MULTI\r\nOPEN a\r\nDISCARD\r\n",
		    "+OK\r\n+QUEUED\r\n+OK\r\n");
	desk_expect(d, "EXEC\r\n", "-ERR EXEC without MULTI\r\n");
	desk_expect(d, "DISCARD\r\n", "-ERR DISCARD without MULTI\r\n");
	ck_assert_uint_eq(d->engine.orders, 0);
	desk_close(d);
}
END_TEST

/* Whatever goes wrong in between, nothing is carried out, by nobody. */
START_TEST(spoiled)
{
	static const struct {
		const char *text;
		const char *start;
	} wrong[] = {
		{ "MULTI\r\n", "-ERR MULTI calls can not be nested" },
		{ "BALANCE a\r\n", "-ERR Can't execute 'BALANCE': only" },
		{ "PING\r\n", "-ERR Can't execute 'PING': only" },
		{ "LIST\r\n", "-ERR Can't execute 'LIST': only" },
		{ "SUBSCRIBE transactions\r\n", "-ERR Can't execute" },
		{ "NOSUCH\r\n", "-ERR unknown command 'NOSUCH'" },
		{ "TRANSFER a b\r\n", "-SYNTAX Wrong number" },
		{ "TRANSFER a b 1 NO x\r\n", "-SYNTAX Unknown option" },
		{ "TRANSFER a b 1 AFTER x\r\n", "-SYNTAX No AFTER" },
		{ "OPEN a AFTER x\r\n", "-SYNTAX No AFTER" },
		{ "EXEC 1\r\n", "-SYNTAX Unknown option" },
		{ "EXEC DRYRUN x\r\n", "-SYNTAX Wrong number" },
	};
	struct desk *d = desk_open();

	for (size_t i = 0; i < ELEMENTS(wrong); i++) {
		const char *answer;

		desk_expect(d, "MULTI\r\nOPEN a\r\n", "+OK\r\n+QUEUED\r\n");
		desk_send(d, wrong[i].text);
		answer = desk_read(d);
		ck_assert_msg(strncmp(answer, wrong[i].start,
				      strlen(wrong[i].start)) == 0,
			      "%s: %s", wrong[i].text, answer);
		desk_expect(d, "OPEN b\r\n", "+QUEUED\r\n");
		desk_expect(d, "EXEC\r\n",
			    "-EXECABORT Nothing was done because of previous "
			    "errors.\r\n");
		desk_expect(d, "EXEC\r\n", "-ERR EXEC without MULTI\r\n");
	}
	ck_assert_uint_eq(d->engine.orders, 0);
	desk_close(d);
}
END_TEST

static void queue_many(struct desk *d, size_t count, const char *answer)
{
	for (size_t i = 0; i < count; i++)
		desk_expect(d, "TRANSFER a b 1\r\n", answer);
}

START_TEST(too_many)
{
	struct desk *d = desk_open();
	char limit[96];

	(void)snprintf(limit, sizeof(limit),
		       "-LIMIT At most %d orders between MULTI and EXEC.\r\n",
		       ENGINE_GROUP_MAX);
	desk_expect(d, "MULTI\r\n", "+OK\r\n");
	queue_many(d, ENGINE_GROUP_MAX, "+QUEUED\r\n");
	desk_expect(d, "OPEN c\r\n", limit);
	ck_assert_uint_eq(desk_queued(d), 0);
	desk_send(d, "EXEC\r\n");
	ck_assert_int_eq(strncmp(desk_read(d), "-EXECABORT ", 11), 0);
	desk_close(d);
}
END_TEST

/* A transfer with a name of so many bytes. */
static const char *long_order(size_t len)
{
	static char text[RESP_REQUEST_MAX];
	size_t n = strlen("TRANSFER ");

	memcpy(text, "TRANSFER ", n);
	memset(text + n, 'x', len);
	memcpy(text + n + len, " b 1\r\n", sizeof(" b 1\r\n"));
	return text;
}

START_TEST(too_long)
{
	struct desk *d = desk_open();
	size_t len = 60000;

	desk_expect(d, "MULTI\r\n", "+OK\r\n");
	for (size_t i = 0; i < MULTI_BYTES_MAX / (len + 1024); i++)
		desk_expect(d, long_order(len), "+QUEUED\r\n");
	ck_assert_uint_le(desk_queued(d), MULTI_BYTES_MAX);
	desk_send(d, long_order(len));
	ck_assert_int_eq(strncmp(desk_read(d), "-LIMIT ", 7), 0);
	ck_assert_uint_eq(desk_queued(d), 0);
	desk_close(d);
}
END_TEST

/* All clients share a limit; there is room again when they go. */
START_TEST(too_much_of_all)
{
	struct desk *d = desk_open();
	struct session *one = d->session;
	struct session *more[MULTIS_BYTES_MAX / (16 * 60000) + 1];

	for (size_t n = 0; n < ELEMENTS(more); n++) {
		ck_assert_int_eq(session_new(d->all, n, d, &more[n]), 0);
		d->session = more[n];
		desk_send(d, "MULTI\r\n");
		(void)desk_read(d);
		for (int i = 0; i < 16; i++) {
			const char *answer;

			desk_send(d, long_order(60000));
			answer = desk_read(d);
			if (strcmp(answer, "+QUEUED\r\n") != 0) {
				ck_assert_int_eq(
					strncmp(answer, "-UNAVAILABLE ", 13), 0);
				ck_assert_uint_ge(n, ELEMENTS(more) - 2);
				break;
			}
		}
	}
	desk_send(d, "EXEC\r\n");
	ck_assert_int_eq(strncmp(desk_read(d), "-EXECABORT ", 11), 0);
	for (size_t n = 0; n < ELEMENTS(more); n++)
		session_free(more[n]);
	d->session = one;
	ck_assert_uint_eq(desk_queued(d), 0);
	desk_expect(d, "MULTI\r\nOPEN a\r\n", "+OK\r\n+QUEUED\r\n");
	desk_close(d);
}
END_TEST

/* Nothing of it outlives what ends it. */
START_TEST(memory_is_given_back)
{
	struct desk *d = desk_open();

	desk_send(d, "MULTI\r\nOPEN a\r\n");
	ck_assert_uint_gt(desk_queued(d), 0);
	desk_send(d, "DISCARD\r\n");
	ck_assert_uint_eq(desk_queued(d), 0);
	desk_send(d, "MULTI\r\nOPEN a\r\nEXEC\r\n");
	ck_assert_uint_eq(desk_queued(d), 0);
	fake_group(&d->engine, 0, &(struct outcome){ .code = OUTCOME_UNKNOWN },
		   1);
	desk_send(d, "MULTI\r\nOPEN a\r\nQUIT\r\n");
	d->session = session_free(d->session);
	ck_assert_uint_eq(desk_queued(d), 0);
	desk_close(d);
}
END_TEST

/* A client that does not wait has one group under way, and no more. */
START_TEST(one_at_a_time)
{
	struct desk *d = desk_open();
	const struct outcome o = fake_receipt(7, 1);

	desk_send(d, "MULTI\r\nOPEN a\r\nEXEC\r\nMULTI\r\nOPEN b\r\nEXEC\r\n");
	ck_assert_uint_eq(d->engine.orders, 1);
	ck_assert_uint_eq(session_room(d->session), 0);
	fake_group(&d->engine, 0, &o, 1);
	ck_assert(session_resume(d->session));
	ck_assert_uint_eq(d->engine.orders, 2);
	desk_close(d);
}
END_TEST

/* The client has gone when the engine answers. */
START_TEST(client_gone)
{
	struct desk *d = desk_open();
	const struct outcome o[] = { fake_receipt(7, 1), fake_receipt(8, 1) };

	desk_send(d, "MULTI\r\nOPEN a\r\nOPEN b\r\nEXEC\r\n");
	d->session = session_free(d->session);
	fake_group(&d->engine, 0, o, 2);
	desk_close(d);
}
END_TEST

Suite *test_main_multi(void)
{
	Suite *s = suite_create("main: multi");
	TCase *t = tcase_create("multi");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, given_as_one);
	tcase_add_test(t, dry_run);
	tcase_add_test(t, errors);
	tcase_add_test(t, nothing_between_them);
	tcase_add_test(t, spoiled);
	tcase_add_test(t, too_many);
	tcase_add_test(t, too_long);
	tcase_add_test(t, too_much_of_all);
	tcase_add_test(t, memory_is_given_back);
	tcase_add_test(t, one_at_a_time);
	tcase_add_test(t, client_gone);
	suite_add_tcase(s, t);
	return s;
}
