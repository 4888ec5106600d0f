/* SPDX-License-Identifier: MIT */
/*
 * Subscribed sessions: what they may say, where messages stand among answers,
 * and what becomes of those that do not read.
 */
#include "config.h"

#include <stdlib.h>

#include "test_main_session.h"
#include "unit.h"

UNIT_SUITE(test_main_feed);

#define SUBSCRIBED "*3\r\n$9\r\nsubscribe\r\n$12\r\ntransactions\r\n:1\r\n"
#define UNSUBSCRIBED "*3\r\n$11\r\nunsubscribe\r\n$12\r\ntransactions\r\n:0\r\n"
#define MESSAGE(len, line)                                                     \
	"*3\r\n$7\r\nmessage\r\n$12\r\ntransactions\r\n$" len "\r\n" line "\r\n"

/* Bytes of a message of "transactions" around a line of 100 to 999. */
#define FRAMING (4 + 13 + 19 + 6 + 2)
#define LONG_LINE 900

static void publish(struct desk *d, const char *lines)
{
	sessions_publish(d->all, slice_of(lines));
}

static size_t subscribers(const struct desk *d)
{
	struct sessions_counters counters;

	sessions_count(d->all, &counters);
	return counters.subscribers;
}

/* So many long lines. */
static void publish_long(struct desk *d, size_t count)
{
	size_t len = count * (LONG_LINE + 1);
	char *lines = malloc(len);

	ck_assert_ptr_nonnull(lines);
	memset(lines, 'x', len);
	for (size_t i = 1; i <= count; i++)
		lines[i * (LONG_LINE + 1) - 1] = '\n';
	sessions_publish(d->all, (struct slice){ lines, len });
	free(lines);
}

START_TEST(each_record_of_a_batch_is_a_message)
{
	struct desk *d = desk_open();

	publish(d, "1 a b 1\n");
	desk_expect(d, "SUBSCRIBE transactions\r\n", SUBSCRIBED);
	ck_assert_uint_eq(subscribers(d), 1);
	publish(d, "2 a b 1 t=x h=y\n3 a b 22\n");
	ck_assert_str_eq(desk_read(d), MESSAGE("15", "2 a b 1 t=x h=y")
					       MESSAGE("8", "3 a b 22"));
	publish(d, "4 a b 1\n");
	ck_assert_str_eq(desk_read(d), MESSAGE("7", "4 a b 1"));

	desk_expect(d, "UNSUBSCRIBE transactions\r\n", UNSUBSCRIBED);
	publish(d, "5 a b 1\n");
	ck_assert_str_eq(desk_read(d), "");
	ck_assert_uint_eq(subscribers(d), 0);
	desk_close(d);
}
END_TEST

START_TEST(only_what_the_forms_of_messages_answer)
{
	static const char *const others[] = {
		"BALANCE a\r\n", "TRANSFER a b 1\r\n", "INFO\r\n", "TIP\r\n",
		"ECHO x\r\n",	 "HELLO\r\n",
	};
	static const char refusal[] = "-ERR Can't execute '";
	struct desk *d = desk_open();

	desk_expect(d, "UNSUBSCRIBE\r\n", UNSUBSCRIBED);
	desk_expect(d, "subscribe transactions\r\n", SUBSCRIBED);
	desk_expect(d, "SUBSCRIBE transactions\r\n", SUBSCRIBED);
	ck_assert_uint_eq(subscribers(d), 1);
	for (size_t i = 0; i < ELEMENTS(others); i++) {
		desk_send(d, others[i]);
		ck_assert_int_eq(strncmp(desk_read(d), refusal,
					 strlen(refusal)), 0);
	}
	ck_assert_uint_eq(d->engine.orders, 0);
	desk_expect(d, "PING\r\n", "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
	desk_expect(d, "PING hi\r\n", "*2\r\n$4\r\npong\r\n$2\r\nhi\r\n");
	desk_expect(d, "UNSUBSCRIBE\r\n", UNSUBSCRIBED);
	desk_expect(d, "PING\r\n", "+PONG\r\n");
	desk_close(d);
}
END_TEST

START_TEST(there_is_one_channel)
{
	struct desk *d = desk_open();

	desk_expect(d, "SUBSCRIBE news\r\n",
		    "-SYNTAX There is no such channel; usage: SUBSCRIBE "
		    "transactions\r\n");
	desk_expect(d, "SUBSCRIBE\r\n",
		    "-SYNTAX Wrong number of arguments; usage: SUBSCRIBE "
		    "transactions\r\n");
	desk_expect(d, "UNSUBSCRIBE news\r\n",
		    "-SYNTAX There is no such channel; usage: UNSUBSCRIBE "
		    "[transactions]\r\n");
	ck_assert_uint_eq(subscribers(d), 0);
	desk_close(d);
}
END_TEST

/* Bytes of a message never stand within an answer, nor before an older one. */
START_TEST(messages_stand_behind_what_was_asked_before)
{
	struct desk *d = desk_open();

	desk_send(d, "BALANCE a\r\nTRANSFER a b 1\r\n"
		     "SUBSCRIBE transactions\r\n");
	ck_assert_uint_eq(d->engine.orders, 2);
	publish(d, "2 a b 1\n");
	publish(d, "3 a b 1\n");
	ck_assert_str_eq(desk_read(d), "");
	fake_answer(&d->engine, 1, fake_refusal(OUTCOME_SELF, "x"));
	ck_assert_str_eq(desk_read(d), "");
	fake_answer(&d->engine, 0, fake_balance(7));
	ck_assert_str_eq(desk_read(d), ":7\r\n-SELF x\r\n" SUBSCRIBED MESSAGE(
					       "7", "2 a b 1")
					       MESSAGE("7", "3 a b 1"));
	desk_close(d);
}
END_TEST

START_TEST(who_leaves_gets_no_more)
{
	struct desk *d = desk_open();

	desk_expect(d, "SUBSCRIBE transactions\r\nQUIT\r\n",
		    SUBSCRIBED "+OK\r\n");
	publish(d, "2 a b 1\n");
	ck_assert_str_eq(desk_read(d), "");
	ck_assert(session_finished(d->session));
	d->session = session_free(d->session);

	ck_assert_int_eq(session_new(d->all, 8, d, &d->session), 0);
	desk_expect(d, "SUBSCRIBE transactions\r\n", SUBSCRIBED);
	d->session = session_free(d->session);
	ck_assert_uint_eq(subscribers(d), 0);
	publish(d, "3 a b 1\n");
	desk_close(d);
}
END_TEST

/* Who does not read is dropped at the bound, and nobody else. */
START_TEST(who_does_not_read_is_dropped)
{
	const size_t most = SESSION_FEED_MAX / (LONG_LINE + FRAMING);
	struct desk *d = desk_open();
	struct session *other;

	ck_assert_int_eq(session_new(d->all, 8, d, &other), 0);
	session_input(other, (char[]){ "SUBSCRIBE transactions\r\n" }, 24);
	session_written(other, session_output(other).len);
	desk_expect(d, "SUBSCRIBE transactions\r\n", SUBSCRIBED);
	for (size_t i = 0; i < most; i++) {
		publish_long(d, 1);
		session_written(other, session_output(other).len);
	}
	ck_assert(!session_lags(d->session));
	ck_assert(!session_finished(d->session));
	ck_assert_uint_eq(session_output(d->session).len,
			  most * (LONG_LINE + FRAMING));
	ck_assert_uint_eq(subscribers(d), 2);

	publish_long(d, 1);
	ck_assert(session_lags(d->session));
	ck_assert(session_finished(d->session));
	ck_assert_uint_eq(subscribers(d), 1);
	ck_assert_uint_eq(session_output(other).len, LONG_LINE + FRAMING);
	ck_assert(!session_lags(other));

	session_free(other);
	desk_close(d);
}
END_TEST

/* However long a batch is, it does not drop one that has read all before it. */
START_TEST(a_long_batch_is_nobodys_fault)
{
	struct desk *d = desk_open();

	desk_expect(d, "SUBSCRIBE transactions\r\n", SUBSCRIBED);
	publish_long(d, SESSION_FEED_MAX / LONG_LINE + 1);
	ck_assert(!session_lags(d->session));
	ck_assert_uint_gt(session_output(d->session).len, SESSION_FEED_MAX);
	session_written(d->session, session_output(d->session).len - 1);
	publish_long(d, SESSION_FEED_MAX / LONG_LINE + 1);
	ck_assert(session_lags(d->session));
	desk_close(d);
}
END_TEST

/* What waits behind an unfinished answer is unread as well. */
START_TEST(what_is_held_counts)
{
	struct desk *d = desk_open();

	desk_send(d, "TRANSFER a b 1\r\nSUBSCRIBE transactions\r\n");
	for (size_t i = 0; i < SESSION_FEED_MAX / LONG_LINE; i++)
		publish_long(d, 1);
	ck_assert(session_lags(d->session));
	desk_close(d);
}
END_TEST

/* All who do not read must not take more than there is for all. */
START_TEST(when_all_have_too_much_each_may_have_less)
{
	enum { SESSIONS = SESSIONS_UNREAD_MAX / SESSION_FEED_MAX + 16 };
	static struct session *session[SESSIONS];
	const size_t lines = 512 * 1024 / (LONG_LINE + FRAMING);
	struct sessions_counters counters;
	struct desk *d = desk_open();
	size_t most = 0;

	for (size_t i = 0; i < SESSIONS; i++) {
		ck_assert_int_eq(session_new(d->all, i, d, &session[i]), 0);
		session_input(session[i],
			      (char[]){ "SUBSCRIBE transactions\r\n" }, 24);
		session_written(session[i], session_output(session[i]).len);
	}
	for (unsigned n = 0; subscribers(d) == SESSIONS; n++) {
		ck_assert_uint_lt(n, 20);
		publish_long(d, lines);
		sessions_count(d->all, &counters);
		if (counters.unread > most)
			most = counters.unread;
	}
	/* No more than the one batch above it. */
	ck_assert_uint_le(most, SESSIONS_UNREAD_MAX + SESSIONS * 512 * 1024);
	for (size_t i = 0; i < SESSIONS; i++)
		session_free(session[i]);
	desk_close(d);
}
END_TEST

Suite *test_main_feed(void)
{
	Suite *s = suite_create("main/feed");
	TCase *t = tcase_create("feed");

	tcase_add_test(t, each_record_of_a_batch_is_a_message);
	tcase_add_test(t, only_what_the_forms_of_messages_answer);
	tcase_add_test(t, there_is_one_channel);
	tcase_add_test(t, messages_stand_behind_what_was_asked_before);
	tcase_add_test(t, who_leaves_gets_no_more);
	tcase_add_test(t, who_does_not_read_is_dropped);
	tcase_add_test(t, a_long_batch_is_nobodys_fault);
	tcase_add_test(t, what_is_held_counts);
	tcase_add_test(t, when_all_have_too_much_each_may_have_less);
	tcase_set_timeout(t, 30);
	suite_add_tcase(s, t);
	return s;
}
