/* SPDX-License-Identifier: MIT */
/*
 * Clients on real sockets of the loopback device: what becomes of a connection
 * whatever its other end does.
 */
#include "config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "fake_engine.h"
#include "main/clients.h"
#include "main/session.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/sockets.h"
#include "unit.h"

UNIT_SUITE(test_main_server);

#define DEADLINE_USEC INT64_C(3000000)

/* The listening end, and a condition that ends the loop. */
struct hall {
	struct engine engine;
	struct loop *loop;
	struct sessions *sessions;
	struct clients *clients;
	struct address address;
	struct loop_timer *deadline;
	bool (*until)(struct hall *h);
	int fd;		 /* of a client, for the condition */
	char text[4096]; /* what it has read */
	size_t len;
	unsigned turns;
	unsigned ends; /* of turns, and of waits of the loop */
	int64_t since;
};

/* Longer than the shortest wait, and no more waits in that than so many. */
#define QUIET_USEC INT64_C(50000)
#define QUIET_ENDS 200

static void count_turn(void *arg)
{
	struct hall *h = arg;

	h->turns++;
}

static void end_turn(void *arg)
{
	struct hall *h = arg;

	h->ends++;
	while (clients_flush(h->clients)) {
		/* Sessions that were held back went on. */
	}
	if (h->until && h->until(h)) {
		h->until = NULL;
		loop_exit(h->loop, 1);
	} else {
		/* The other end's doings are no event of this loop. */
		loop_arm(h->deadline, loop_now() + 1000);
	}
}

static int64_t give_up;

static void look_again(void *arg)
{
	struct hall *h = arg;

	if (loop_now() > give_up)
		loop_exit(h->loop, 0);
}

static int say_info(void *ctx, struct slice section, struct buf *out)
{
	(void)ctx;
	(void)section;
	(void)out;
	return 0;
}

static void make_loop(struct hall *h)
{
	ck_assert_int_eq(loop_new(&h->loop), 0);
	ck_assert_int_eq(loop_add_timer(h->loop, look_again, h, &h->deadline),
			 0);
	ck_assert_int_eq(loop_add_turn_end(h->loop, end_turn, h), 0);
}

static struct hall *hall_open(uint32_t most)
{
	struct hall *h = calloc(1, sizeof(*h));
	struct commands_env env = { .info = say_info };
	struct address any;
	int fd;

	ck_assert_ptr_nonnull(h);
	log_open("test", 0);
	h->engine.prompt = true;
	h->engine.answer = fake_balance(845);
	env.engine = &h->engine;
	make_loop(h);
	ck_assert_int_eq(sessions_new(&env, &h->sessions), 0);
	ck_assert_int_eq(clients_new(h->loop, h->sessions, most, count_turn, h,
				     &h->clients),
			 0);

	ck_assert_int_eq(address_parse(slice_of("127.0.0.1:0"), &any), 0);
	fd = sockets_listen(&any, &h->address);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(clients_listen(h->clients, fd), 0);
	return h;
}

static void hall_close(struct hall *h)
{
	clients_free(h->clients);
	sessions_free(h->sessions);
	loop_free(h->loop);
	free(h);
}

/*
 * Turn the loop until @until is true.  A loop that has ended does not run
 * again, so @until is the last condition, or all of them in a row.
 */
static void hall_wait(struct hall *h, bool (*until)(struct hall *h))
{
	h->until = until;
	give_up = loop_now() + DEADLINE_USEC;
	ck_assert_int_eq(loop_run(h->loop), 1);
}

static int hall_enter(const struct hall *h)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
		connect(fd, (const void *)&h->address.storage, h->address.len),
		0);
	return fd;
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 (ssize_t)strlen(text));
}

/* Read what there is; true at the end of the connection. */
static bool hear(struct hall *h)
{
	ssize_t n = recv(h->fd, h->text + h->len, sizeof(h->text) - h->len - 1,
			 MSG_DONTWAIT);

	if (n > 0)
		h->len += (size_t)n;
	return n == 0 || (n < 0 && errno != EAGAIN);
}

static struct clients_counters counters_of(const struct hall *h)
{
	struct clients_counters counters;

	clients_count(h->clients, &counters);
	return counters;
}

static bool answered(struct hall *h)
{
	(void)hear(h);
	return h->len == strlen(":845\r\n+PONG\r\n");
}

START_TEST(request_and_answer)
{
	struct hall *h = hall_open(10);

	h->fd = hall_enter(h);
	say(h->fd, "BALANCE Ali\r\nPING\r\n");
	hall_wait(h, answered);
	ck_assert_str_eq(h->text, ":845\r\n+PONG\r\n");
	ck_assert_uint_eq(counters_of(h).connected, 1);
	(void)close(h->fd);
	hall_close(h);
}
END_TEST

static bool ended(struct hall *h)
{
	return hear(h) && counters_of(h).connected == 0;
}

START_TEST(quit_ends)
{
	struct hall *h = hall_open(10);

	h->fd = hall_enter(h);
	say(h->fd, "PING\r\nQUIT\r\nPING\r\n");
	hall_wait(h, ended);
	ck_assert_str_eq(h->text, "+PONG\r\n+OK\r\n");
	(void)close(h->fd);
	hall_close(h);
}
END_TEST

/* As "printf 'BALANCE Ali\r\n' | nc" does. */
START_TEST(half_close_is_answered)
{
	struct hall *h = hall_open(10);

	h->fd = hall_enter(h);
	say(h->fd, "BALANCE Ali\r\nBAL");
	ck_assert_int_eq(shutdown(h->fd, SHUT_WR), 0);
	hall_wait(h, ended);
	ck_assert_str_eq(h->text, ":845\r\n");
	(void)close(h->fd);
	hall_close(h);
}
END_TEST

static bool all_gone(struct hall *h)
{
	struct clients_counters counters = counters_of(h);

	return counters.accepted == 5 && counters.connected == 0;
}

/* Connect and close, a reset, half a request, an order that is not answered. */
START_TEST(rude_clients)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct hall *h = hall_open(10);
	int fd[5];

	h->engine.prompt = false;
	for (size_t i = 0; i < ELEMENTS(fd); i++)
		fd[i] = hall_enter(h);
	say(fd[1], "TRANSFER a");
	say(fd[2], "TRANSFER a b 1\r\nLIST\r\n");
	say(fd[4], "*99999\r\n");
	for (size_t i = 0; i < 2; i++)
		(void)close(fd[i]);
	(void)setsockopt(fd[2], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	(void)setsockopt(fd[3], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	(void)close(fd[2]);
	(void)close(fd[3]);
	(void)shutdown(fd[4], SHUT_WR);

	hall_wait(h, all_gone);
	(void)close(fd[4]);
	for (size_t i = 0; i < h->engine.orders; i++)
		fake_answer(&h->engine, i, fake_refusal(OUTCOME_UNKNOWN, "x"));
	hall_close(h);
}
END_TEST

static bool one_turned_away(struct hall *h)
{
	return hear(h) && counters_of(h).refused == 1;
}

START_TEST(most_clients)
{
	struct hall *h = hall_open(2);
	int first = hall_enter(h);
	int second = hall_enter(h);

	h->fd = hall_enter(h);
	hall_wait(h, one_turned_away);
	ck_assert_str_eq(h->text, "-UNAVAILABLE There are 2 clients already, as many "
				  "as are allowed; try again later.\r\n");
	ck_assert_uint_eq(counters_of(h).connected, 2);
	(void)close(first);
	(void)close(second);
	(void)close(h->fd);
	hall_close(h);
}
END_TEST

/* QUIET_USEC after the first call; nothing may have spun meanwhile. */
static bool quiet(struct hall *h)
{
	if (h->since == 0) {
		h->since = loop_now();
		h->ends = 0;
	}
	if (loop_now() - h->since < QUIET_USEC)
		return false;

	ck_assert_uint_lt(h->ends, QUIET_ENDS);
	return true;
}

static bool held_back(struct hall *h)
{
	static char pings[65536];
	struct sessions_counters counters;

	/* Never read; write as long as the other end takes it. */
	if (!pings[0])
		for (size_t i = 0; i + 8 <= sizeof(pings); i += 8)
			memcpy(pings + i, "PING  \r\n", 8);
	if (send(h->fd, pings, sizeof(pings), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		return false;

	sessions_count(h->sessions, &counters);
	return counters.unread >= SESSION_OUTPUT_MAX && quiet(h);
}

/* What a client does not read stops what it writes; nothing spins. */
START_TEST(never_reads)
{
	struct hall *h = hall_open(10);
	struct sessions_counters counters;

	h->fd = hall_enter(h);
	hall_wait(h, held_back);
	sessions_count(h->sessions, &counters);
	ck_assert_uint_lt(counters.unread, SESSION_OUTPUT_MAX + 65536);
	(void)close(h->fd);
	hall_close(h);
}
END_TEST

static bool room_again(struct hall *h)
{
	struct rlimit limit;

	/* Nobody was let in: then let there be more descriptors. */
	if (counters_of(h).accepted == 0 && quiet(h)) {
		ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
		limit.rlim_cur = limit.rlim_max;
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	}
	return counters_of(h).accepted == 1;
}

/* Out of descriptors: whoever waits is let in when there are some again. */
START_TEST(no_descriptors)
{
	struct hall *h = hall_open(10);
	struct rlimit limit;

	h->fd = hall_enter(h);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)h->fd + 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	hall_wait(h, room_again);
	(void)close(h->fd);
	hall_close(h);
}
END_TEST

static bool held_then_answered(struct hall *h)
{
	/* Nobody was let in for a while, and nothing is lost by that. */
	if (h->since == 0)
		h->since = loop_now();
	if (loop_now() - h->since < QUIET_USEC) {
		ck_assert_uint_eq(counters_of(h).accepted, 0);
		return false;
	}
	clients_end_hold(h->clients);
	return answered(h);
}

START_TEST(hold_ends_by_word)
{
	struct hall *h = hall_open(10);

	clients_hold(h->clients, INT64_MAX - 1);
	h->fd = hall_enter(h);
	say(h->fd, "BALANCE Ali\r\nPING\r\n");
	hall_wait(h, held_then_answered);
	ck_assert_str_eq(h->text, ":845\r\n+PONG\r\n");
	(void)close(h->fd);
	hall_close(h);
}
END_TEST

START_TEST(hold_ends_in_time)
{
	struct hall *h = hall_open(10);
	int64_t until = loop_now() + QUIET_USEC;

	clients_hold(h->clients, until);
	h->fd = hall_enter(h);
	say(h->fd, "BALANCE Ali\r\nPING\r\n");
	hall_wait(h, answered);
	ck_assert_int_ge(loop_now(), until);
	(void)close(h->fd);
	hall_close(h);
}
END_TEST

Suite *test_main_server(void)
{
	Suite *suite = suite_create("main/server");
	TCase *t = tcase_create("all");

	tcase_add_test(t, request_and_answer);
	tcase_add_test(t, quit_ends);
	tcase_add_test(t, half_close_is_answered);
	tcase_add_test(t, rude_clients);
	tcase_add_test(t, most_clients);
	tcase_add_test(t, never_reads);
	tcase_add_test(t, no_descriptors);
	tcase_add_test(t, hold_ends_by_word);
	tcase_add_test(t, hold_ends_in_time);
	suite_add_tcase(suite, t);
	return suite;
}
