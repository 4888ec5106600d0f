/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl/client.c: every way in which a server can fail to
 * answer has its error, and none takes longer than the deadline.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "unit.h"
#include "util/timestamp.h"
#include "walletctl/client.h"

#include "test_walletctl_kit.h"

/* Far enough for a slow machine; near, where it is waited for. */
#define FAR (8 * USEC_PER_SEC)
#define NEAR (100 * USEC_PER_MSEC)

static const struct client_request ping = { 1, { "PING" } };

static const struct {
	const char *server;
	int expected;
} servers[] = {
	{ "127.0.0.1:25800", 0 }, { "[::1]:25800", 0 },
	{ "host:1", 0 },	  { "::1:25800", -EINVAL },
	{ "host", -EINVAL },	  { "host:", -EINVAL },
	{ "host:0", -EINVAL },	  { ":1", -EINVAL },
	{ "[]:1", -EINVAL },	  { "host:65536", -EINVAL },
	{ "host:http", -EINVAL }, { "", -EINVAL },
};

START_TEST(servers_are_host_and_port)
{
	struct client *c = NULL;

	ck_assert_int_eq(client_new(servers[_i].server, &c),
			 servers[_i].expected);
	ck_assert_int_eq(c != NULL, servers[_i].expected == 0);
	client_free(c);
}
END_TEST

/* Ask @s for one PING until @wait from now. */
static int ask(const char *server, int64_t wait, bool *ret_sent,
	       redisReply **ret)
{
	_cleanup_(client_freep) struct client *c = NULL;
	int r;

	ck_assert_int_eq(client_new(server, &c), 0);
	r = client_ask(c, &ping, 1, client_now() + wait, ret);
	*ret_sent = client_sent(c);
	ck_assert_int_eq(r < 0, *client_fault(c) != '\0');
	return r;
}

static const struct {
	struct kit_turn turn;
	int64_t wait;
	int expected;
} servings[] = {
	{ { 1, "+PONG\r\n", KIT_CLOSE }, FAR, 0 },
	{ { 1, "", KIT_CLOSE }, FAR, -ECONNRESET },
	{ { 1, "", KIT_RESET }, FAR, -ECONNRESET },
	{ { 1, "", KIT_HOLD }, NEAR, -ETIMEDOUT },
	{ { 1, "$10\r\nhalf", KIT_CLOSE }, FAR, -ECONNRESET },
	{ { 1, "$10\r\nhalf", KIT_HOLD }, NEAR, -ETIMEDOUT },
	{ { 1, "*2\r\n:1\r\n", KIT_HOLD }, NEAR, -ETIMEDOUT },
	{ { 1, "HTTP/1.1 400 Bad Request\r\n\r\n", KIT_HOLD }, FAR, -EBADMSG },
	{ { 1, "*1000000000\r\n", KIT_HOLD }, FAR, -EBADMSG },
	{ { 1, "$1073741824\r\nx", KIT_HOLD }, NEAR, -ETIMEDOUT },
	{ { 1, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
	    KIT_HOLD },
	  FAR,
	  -EBADMSG },
};

START_TEST(each_failure_has_its_error)
{
	struct kit_server *s = kit_server_start(&servings[_i].turn, 1);
	redisReply *reply = NULL;
	bool sent;

	ck_assert_int_eq(
		ask(kit_server_name(s), servings[_i].wait, &sent, &reply),
		servings[_i].expected);
	ck_assert(sent);
	ck_assert_int_eq(reply != NULL, servings[_i].expected == 0);
	freeReplyObject(reply);
	free(kit_server_stop(s));
}
END_TEST

START_TEST(nobody_there_is_told_apart)
{
	redisReply *reply;
	char server[32];
	bool sent;

	kit_free_port(server);
	ck_assert_int_eq(ask(server, FAR, &sent, &reply), -ECONNREFUSED);
	ck_assert(!sent);
	ck_assert_int_eq(ask("nowhere.invalid:1", FAR, &sent, &reply),
			 -EHOSTUNREACH);
	ck_assert(!sent);
}
END_TEST

/* A deadline that is past already is no reason to hang, or to send. */
START_TEST(late_questions_are_not_asked)
{
	static const struct kit_turn turn = { 1, "+PONG\r\n", KIT_CLOSE };
	struct kit_server *s = kit_server_start(&turn, 1);
	redisReply *reply;
	bool sent;

	ck_assert_int_eq(ask(kit_server_name(s), -1, &sent, &reply),
			 -ETIMEDOUT);
	free(kit_server_stop(s));
}
END_TEST

START_TEST(requests_are_pipelined_and_answers_in_order)
{
	static const struct kit_turn turn = { 2, ":1\r\n:2\r\n", KIT_STAY };
	static const struct client_request q[] = {
		{ 2, { "BALANCE", "two words" } },
		{ 2, { "INFO", "" } },
	};
	struct kit_server *s = kit_server_start(&turn, 1);
	redisReply *reply[2];
	struct client *c;
	char *log;

	ck_assert_int_eq(client_new(kit_server_name(s), &c), 0);
	ck_assert_int_eq(client_ask(c, q, 2, client_now() + FAR, reply), 0);
	ck_assert_int_eq(reply[0]->integer, 1);
	ck_assert_int_eq(reply[1]->integer, 2);
	freeReplyObject(reply[0]);
	freeReplyObject(reply[1]);
	client_free(c);
	log = kit_server_stop(s);
	ck_assert_str_eq(log, "BALANCE two words\nINFO \n");
	free(log);
}
END_TEST

START_TEST(a_broken_connection_is_made_anew)
{
	static const struct kit_turn turns[] = {
		{ 1, ":1\r\n", KIT_STAY },
		{ 1, ":2", KIT_CLOSE },
		{ 1, ":3\r\n", KIT_CLOSE },
	};
	struct kit_server *s = kit_server_start(turns, ELEMENTS(turns));
	redisReply *reply;
	struct client *c;

	ck_assert_int_eq(client_new(kit_server_name(s), &c), 0);
	ck_assert_int_eq(client_ask(c, &ping, 1, client_now() + FAR, &reply),
			 0);
	freeReplyObject(reply);
	ck_assert_int_eq(client_ask(c, &ping, 1, client_now() + FAR, &reply),
			 -ECONNRESET);
	ck_assert_int_eq(client_ask(c, &ping, 1, client_now() + FAR, &reply),
			 0);
	ck_assert_int_eq(reply->integer, 3);
	freeReplyObject(reply);
	client_free(c);
	free(kit_server_stop(s));
}
END_TEST

/* An answer that takes its time is looked for again and again. */
START_TEST(an_answer_may_be_looked_for)
{
	static const struct kit_turn turns[] = {
		{ 1, "$4\r\nha", KIT_STAY },
		{ 1, "lf\r\n:2\r\n", KIT_CLOSE },
	};
	struct kit_server *s = kit_server_start(turns, ELEMENTS(turns));
	redisReply *reply;
	struct client *c;

	ck_assert_int_eq(client_new(kit_server_name(s), &c), 0);
	ck_assert_int_eq(client_send(c, &ping, client_now() + FAR), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(client_receive(c, client_now() + NEAR, &reply),
				 -EAGAIN);
	ck_assert_int_eq(client_send(c, &ping, client_now() + FAR), 0);
	ck_assert_int_eq(client_receive(c, client_now() + FAR, &reply), 0);
	ck_assert_str_eq(reply->str, "half");
	freeReplyObject(reply);
	ck_assert_int_eq(client_receive(c, client_now() + FAR, &reply), 0);
	ck_assert_int_eq(reply->integer, 2);
	freeReplyObject(reply);
	ck_assert_int_eq(client_receive(c, client_now() + FAR, &reply),
			 -ECONNRESET);
	client_free(c);
	free(kit_server_stop(s));
}
END_TEST

START_TEST(nobody_takes_what_is_sent)
{
	struct client *c;
	char server[32];

	kit_free_port(server);
	ck_assert_int_eq(client_new(server, &c), 0);
	ck_assert_int_eq(client_send(c, &ping, client_now() + FAR),
			 -ECONNREFUSED);
	ck_assert(!client_sent(c));
	client_free(c);
}
END_TEST

UNIT_SUITE(test_walletctl_client);

Suite *test_walletctl_client(void)
{
	Suite *s = suite_create("walletctl/client");
	TCase *t = tcase_create("client");

	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, servers_are_host_and_port, 0, ELEMENTS(servers));
	tcase_add_loop_test(t, each_failure_has_its_error, 0,
			    ELEMENTS(servings));
	tcase_add_test(t, nobody_there_is_told_apart);
	tcase_add_test(t, late_questions_are_not_asked);
	tcase_add_test(t, requests_are_pipelined_and_answers_in_order);
	tcase_add_test(t, a_broken_connection_is_made_anew);
	tcase_add_test(t, an_answer_may_be_looked_for);
	tcase_add_test(t, nobody_takes_what_is_sent);
	suite_add_tcase(s, t);
	return s;
}
