/* SPDX-License-Identifier: MIT */
/*
 * src/backend/server.c: the responder on a real socket and a real loop.
 */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "backend/responder.h"
#include "backend/server.h"
#include "store/store.h"
#include "sys/address.h"
#include "sys/exit_codes.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/sockets.h"
#include "sys/worker.h"
#include "util/timestamp.h"
#include "wire/frame.h"
#include "wire/message.h"

#include "test_backend_fake.h"
#include "unit.h"

UNIT_SUITE(test_backend_server);

/* No test waits longer for anything. */
#define DEADLINE (10 * USEC_PER_SEC)
/* Between two looks at a condition. */
#define TICK (5 * USEC_PER_MSEC)

static struct fake_store fake;
static struct loop *loop;
static struct worker *worker;
static struct loop_timer *tick;
static struct server *server;
static struct frame_key key;
static int server_fd = -EBADF;
static int client_fd = -EBADF;
static int said_fd = -EBADF; /* standard error */

/* Do something, then let the server work until something else holds. */
struct step {
	void (*act)(void);
	bool (*until)(void);
};

#define STEPS_MAX 8
#define ALL_DONE 100
#define TOO_LATE 101

static struct step steps[STEPS_MAX + 1];
static const struct step *at_step;
static int64_t deadline;

static void on_tick(void *arg)
{
	(void)arg;
	if (at_step->until()) {
		at_step++;
		if (!at_step->act) {
			loop_exit(loop, ALL_DONE);
			return;
		}
		at_step->act();
	}

	if (loop_now() > deadline)
		loop_exit(loop, TOO_LATE);
	else
		loop_arm(tick, loop_now() + TICK);
}

static int run(const struct step *list, size_t n)
{
	ck_assert_uint_le(n, STEPS_MAX);
	memset(steps, 0, sizeof(steps));
	memcpy(steps, list, n * sizeof(*list));
	at_step = steps;
	deadline = loop_now() + DEADLINE;
	at_step->act();
	loop_arm(tick, loop_now() + TICK);
	return worker_run(worker);
}

/* Once a test: a loop that has ended stays so. */
#define RUN(...)                                                               \
	run((const struct step[]){ __VA_ARGS__ },                              \
	    ELEMENTS(((const struct step[]){ __VA_ARGS__ })))

static int64_t locked;

static void start(void)
{
	const struct server_options options = {
		.fd = server_fd,
		.block = slice_of("A"),
		.key = key,
		.datagram_room = FRAME_SIZE_MAX,
		.instance = 1,
		.locked = locked,
	};

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(loop_add_timer(loop, on_tick, NULL, &tick), 0);
	ck_assert_int_eq(worker_new(loop, &worker), 0);
	ck_assert_int_eq(
		server_new(&options, loop, worker, &fake.store, &server), 0);
}

static void setup(void)
{
	key = (struct frame_key){ 0 };
	fake_store_init(&fake);
	said_fd = memfd_create("said", MFD_CLOEXEC);
	ck_assert_int_ge(said_fd, 0);
	ck_assert_int_ge(dup2(said_fd, STDERR_FILENO), 0);
	log_open("chain-backend", 0);
}

static void teardown(void)
{
	server = server_free(server);
	worker = worker_free(worker);
	loop = loop_free(loop);
	fake_store_done(&fake);
	(void)close(server_fd);
	(void)close(client_fd);
	(void)close(said_fd);
}

static void use_udp(void)
{
	struct address any;
	struct address at;

	ck_assert_int_eq(address_parse(slice_of("127.0.0.1:0"), &any), 0);
	server_fd = sockets_bind_datagram(&any, 1 << 20, &at);
	ck_assert_int_ge(server_fd, 0);
	client_fd = sockets_connect_datagram(&any, &at, 1 << 20);
	ck_assert_int_ge(client_fd, 0);
	start();
}

/* A pair has no addresses: none that is loopback, for one. */
static void use_pair(void)
{
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX,
				    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
				    0, fd),
			 0);
	server_fd = fd[0];
	client_fd = fd[1];
	start();
}

static bool said(const char *what)
{
	static char text[8192];
	ssize_t n = pread(said_fd, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return strstr(text, what) != NULL;
}

static unsigned int times_said(const char *what)
{
	static char text[8192];
	ssize_t n = pread(said_fd, text, sizeof(text) - 1, 0);
	unsigned int times = 0;

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	for (const char *p = text; (p = strstr(p, what)); p++)
		times++;
	return times;
}

static void send_bytes(const void *data, size_t len)
{
	ck_assert_int_eq(send(client_fd, data, len, 0), (ssize_t)len);
}

static void ask(enum frame_type type, uint64_t epoch, const struct writer *w)
{
	uint8_t d[FRAME_SIZE_MIN];
	const struct frame f = {
		.type = type,
		.block = slice_of("A"),
		.epoch = epoch,
		.request = 1,
		.payload = { (const char *)w->start, writer_len(w) },
	};
	int len = frame_encode(&f, &key, d, sizeof(d));

	ck_assert_int_gt(len, 0);
	send_bytes(d, (size_t)len);
}

static void ping(void)
{
	uint8_t payload[8];
	struct writer w = writer_of(payload, sizeof(payload));

	message_put_ping(&w, &(struct message_ping){ false });
	ask(FRAME_PING, 0, &w);
}

static void claim_epoch(uint64_t epoch)
{
	uint8_t payload[64];
	struct writer w = writer_of(payload, sizeof(payload));

	message_put_claim(&w, &(struct message_claim){ .nonce = { 'm' } });
	ask(FRAME_CLAIM, epoch, &w);
}

static void claim(void)
{
	claim_epoch(1);
}

static void claim_next(void)
{
	claim_epoch(2);
}

static void append(void)
{
	uint8_t payload[256];
	struct writer w = writer_of(payload, sizeof(payload));

	message_put_append(&w, &(struct message_append){
				       .first = 1,
				       .records = 1,
				       .fragments = 1,
				       .of = slice_of(""),
				       .lines = slice_of("1 Ali Luke 5\n") });
	ask(FRAME_APPEND, 1, &w);
}

static struct slice answer; /* the payload of what came last */

static bool got(enum frame_type type)
{
	static uint8_t d[FRAME_SIZE_MAX];
	ssize_t n = recv(client_fd, d, sizeof(d), MSG_DONTWAIT);
	struct frame f;

	if (n < 0)
		return false;
	ck_assert_int_eq(frame_decode((struct slice){ (char *)d, (size_t)n },
				      &key, &f),
			 FRAME_GOOD);
	ck_assert_str_eq(frame_type_name(f.type), frame_type_name(type));
	answer = f.payload;
	return true;
}

static bool got_pong(void)
{
	return got(FRAME_PONG);
}

static bool got_promise(void)
{
	return got(FRAME_PROMISE);
}

static bool got_error(void)
{
	return got(FRAME_ERROR);
}

static bool got_appended(void)
{
	return got(FRAME_APPENDED);
}

START_TEST(serves_over_udp)
{
	use_udp();
	ck_assert_int_eq(RUN({ ping, got_pong }, { claim, got_promise },
			     { append, got_appended }),
			 ALL_DONE);
	ck_assert_uint_eq(fake.syncs, 1);
	ck_assert(said("block A: epoch 1 is promised, asked by 127.0.0.1:"));
}
END_TEST

/* Reading the block may take longer than that lease does. */
START_TEST(a_lease_of_the_process_before_began_before_the_lock)
{
	fake.promised.epoch = 1;
	locked = loop_now() - LEASE_USEC;
	use_udp();
	ck_assert_int_eq(RUN({ claim_next, got_promise }), ALL_DONE);
}
END_TEST

START_TEST(a_lease_of_the_process_before_may_last)
{
	fake.promised.epoch = 1;
	locked = loop_now();
	use_udp();
	ck_assert_int_eq(RUN({ claim_next, got_error }), ALL_DONE);
}
END_TEST

#define FLOOD (2 * SERVER_DATAGRAMS_PER_TURN + 1)

static void ping_often(void)
{
	for (size_t i = 0; i < FLOOD; i++)
		ping();
}

static bool got_all_pongs(void)
{
	static size_t pongs;

	while (got_pong())
		pongs++;
	return pongs == FLOOD;
}

/* More than one turn takes; none of them is forgotten. */
START_TEST(drains_what_waits)
{
	use_udp();
	ck_assert_int_eq(RUN({ ping_often, got_all_pongs }), ALL_DONE);
}
END_TEST

static bool dropped_one(void)
{
	const struct server_counters *c = server_counters(server);

	return c->not_loopback + c->too_long == 1;
}

START_TEST(without_a_key_only_loopback_is_served)
{
	use_pair();
	ck_assert_int_eq(RUN({ ping, dropped_one }), ALL_DONE);
	ck_assert_uint_eq(server_counters(server)->not_loopback, 1);
	ck_assert(!got_pong());
	ck_assert(said("not from loopback: 1"));
}
END_TEST

START_TEST(with_a_key_all_are_served)
{
	key.present = true;
	use_pair();
	ck_assert_int_eq(RUN({ ping, got_pong }), ALL_DONE);
}
END_TEST

static void send_too_long(void)
{
	static const uint8_t d[FRAME_SIZE_MAX + 1];

	send_bytes(d, sizeof(d));
}

/* Cut off, its first part could be a datagram of its own. */
START_TEST(too_long_is_not_cut_to_size)
{
	key.present = true;
	use_pair();
	ck_assert_int_eq(RUN({ send_too_long, dropped_one }), ALL_DONE);
	ck_assert_uint_eq(server_counters(server)->too_long, 1);
	ck_assert(said("too long: 1"));
}
END_TEST

/* What the responder was never shown counts as well. */
START_TEST(too_long_is_told_to_the_main_daemon)
{
	struct message_state m;

	key.present = true;
	use_pair();
	ck_assert_int_eq(RUN({ send_too_long, dropped_one },
			     { ping, got_pong }),
			 ALL_DONE);
	ck_assert_int_eq(message_get_state(answer, &m), 0);
	ck_assert_uint_eq(m.dropped, 1);
}
END_TEST

static void send_nonsense(void)
{
	send_bytes("nonsense", 8);
}

static void send_much_nonsense(void)
{
	for (size_t i = 0; i < 50; i++)
		send_nonsense();
	ping();
}

static bool warned(void)
{
	return said("forged or damaged");
}

/* One warning at once, not one a datagram. */
START_TEST(forgeries_are_summed_up)
{
	use_udp();
	ck_assert_int_eq(RUN({ send_nonsense, warned },
			     { send_much_nonsense, got_pong }),
			 ALL_DONE);
	ck_assert(said("dropped 1 forged or damaged datagrams (short: 1), "
		       "the last from 127.0.0.1:"));
	ck_assert_uint_eq(times_said("forged or damaged"), 1);
}
END_TEST

START_TEST(reconfigured_key_counts)
{
	use_udp();
	key.present = true;
	server_reconfigure(server, &key, FRAME_SIZE_MIN);
	ck_assert_int_eq(RUN({ ping, got_pong }), ALL_DONE);
}
END_TEST

static bool never(void)
{
	return false;
}

/* A dead store ends the process, with the status that says why. */
START_TEST(failed_sync_ends_the_loop)
{
	use_udp();
	fake.sync_error = -EIO;
	ck_assert_int_eq(RUN({ claim, got_promise },
			     { append, never }),
			 EXIT_STATUS_IO);
	ck_assert(said("cannot make the block durable: Input/output error"));
	ck_assert(!got_appended());
}
END_TEST

static void nothing(void)
{
}

static bool rechecked(void)
{
	return fake.rechecks > 0;
}

/* Looked at again while it is full, and only then. */
START_TEST(full_disk_is_looked_at_again)
{
	fake.full = true;
	use_udp();
	ck_assert(said("no room on the disk"));
	ck_assert_int_eq(RUN({ nothing, rechecked }), ALL_DONE);
	ck_assert(said("there is room on the disk again"));
}
END_TEST

static bool pinging_until_rechecked(void)
{
	ping();
	(void)got_pong();
	return rechecked();
}

/* Busy or not: datagrams must not put it off. */
START_TEST(full_disk_is_looked_at_again_under_load)
{
	fake.full = true;
	use_udp();
	ck_assert_int_eq(RUN({ nothing, pinging_until_rechecked }), ALL_DONE);
}
END_TEST

/* --- Slow disks */

static int (*real_sync)(struct store *s);
static struct store_ops slow_ops;
static atomic_bool disk_stalls;
static atomic_bool disk_asked;

static void pause_for(int64_t usec)
{
	const struct timespec pause = { usec / USEC_PER_SEC,
					usec % USEC_PER_SEC * 1000 };

	(void)nanosleep(&pause, NULL);
}

/* Until somebody says that it goes on; not for ever, or the test would not end. */
static int stalled_sync(struct store *s)
{
	const int64_t end = loop_now() + 2 * DEADLINE;

	atomic_store(&disk_asked, true);
	while (atomic_load(&disk_stalls) && loop_now() < end)
		pause_for(USEC_PER_MSEC);
	return real_sync(s);
}

static void use_stalling_disk(void)
{
	slow_ops = *fake.store.ops;
	real_sync = slow_ops.sync;
	slow_ops.sync = stalled_sync;
	fake.store.ops = &slow_ops;
	atomic_store(&disk_asked, false);
	atomic_store(&disk_stalls, true);
	use_udp();
}

static bool is_syncing(void)
{
	return atomic_load(&disk_asked);
}

static void go_on(void)
{
	atomic_store(&disk_stalls, false);
}

/* Nobody hears of the batch before it is there, and of all else at once. */
START_TEST(others_are_answered_while_the_disk_stalls)
{
	use_stalling_disk();
	ck_assert_int_eq(RUN({ claim, got_promise }, { append, is_syncing },
			     { ping, got_pong }, { go_on, got_appended }),
			 ALL_DONE);
	ck_assert_uint_eq(fake.syncs, 1);
	ck_assert_uint_eq(fake.publishes, 1);
}
END_TEST

static bool told_while_it_lasts(void)
{
	return said("has not made a batch durable for 1.");
}

static bool told_when_it_is_over(void)
{
	return said("made a batch durable, after 1.");
}

/* It may never end, so it is told before it does. */
START_TEST(slow_sync_is_told)
{
	struct message_appended m;

	use_stalling_disk();
	ck_assert_int_eq(RUN({ claim, got_promise },
			     { append, told_while_it_lasts },
			     { go_on, got_appended },
			     { nothing, told_when_it_is_over }),
			 ALL_DONE);
	ck_assert_int_eq(message_get_appended(answer, &m), 0);
	ck_assert_uint_ge(m.sync_usec, USEC_PER_SEC);
	ck_assert_uint_eq(times_said("a batch durable"), 2);
}
END_TEST

static int64_t full_since;

static void fill(void)
{
	fake.full = true;
	full_since = loop_now();
	ping();
}

static bool long_full(void)
{
	return loop_now() - full_since > SERVER_RECHECK_INTERVAL * 3 / 2;
}

static void go_on_unless_rechecked(void)
{
	ck_assert_uint_eq(fake.rechecks, 0);
	go_on();
}

/* What is reserved belongs to the disk as well, and would have us wait for it. */
START_TEST(nothing_is_reserved_during_a_sync)
{
	use_stalling_disk();
	ck_assert_int_eq(RUN({ claim, got_promise }, { append, is_syncing },
			     { fill, long_full },
			     { go_on_unless_rechecked, rechecked }),
			 ALL_DONE);
}
END_TEST

static void stop(void)
{
	server_stop(server);
}

START_TEST(stop_is_at_once)
{
	use_udp();
	ck_assert_int_eq(RUN({ ping, got_pong }, { stop, never }),
			 EXIT_STATUS_OK);
}
END_TEST

static int64_t stopped_at;

static void stop_in_a_sync(void)
{
	stopped_at = loop_now();
	stop();
	ping();
}

static bool going_on_a_while_later(void)
{
	if (loop_now() - stopped_at > 20 * TICK)
		go_on();
	return false;
}

/* What was begun is finished and acknowledged; nothing new is begun. */
START_TEST(stop_waits_for_a_sync)
{
	use_stalling_disk();
	ck_assert_int_eq(RUN({ claim, got_promise }, { append, is_syncing },
			     { stop_in_a_sync, going_on_a_while_later }),
			 EXIT_STATUS_OK);
	ck_assert_int_ge(loop_now() - stopped_at, 20 * TICK);
	ck_assert(got_appended());
	ck_assert(!got_pong());
}
END_TEST

static void reconfigure_and_ping(void)
{
	key.present = true;
	server_reconfigure(server, &key, FRAME_SIZE_MIN);
	ping();
}

START_TEST(reconfigured_during_a_sync)
{
	use_stalling_disk();
	ck_assert_int_eq(RUN({ claim, got_promise }, { append, is_syncing },
			     { reconfigure_and_ping, got_pong },
			     { go_on, got_appended }),
			 ALL_DONE);
}
END_TEST

static void fail_and_go_on(void)
{
	fake.sync_error = -EIO;
	go_on();
}

START_TEST(failed_slow_sync_ends_the_loop)
{
	use_stalling_disk();
	ck_assert_int_eq(RUN({ claim, got_promise }, { append, is_syncing },
			     { ping, got_pong }, { fail_and_go_on, never }),
			 EXIT_STATUS_IO);
	ck_assert(said("cannot make the block durable: Input/output error"));
	ck_assert(!got_appended());
}
END_TEST

Suite *test_backend_server(void)
{
	Suite *s = suite_create("backend/server");
	TCase *t = tcase_create("server");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, serves_over_udp);
	tcase_add_test(t, a_lease_of_the_process_before_began_before_the_lock);
	tcase_add_test(t, a_lease_of_the_process_before_may_last);
	tcase_add_test(t, drains_what_waits);
	tcase_add_test(t, without_a_key_only_loopback_is_served);
	tcase_add_test(t, with_a_key_all_are_served);
	tcase_add_test(t, too_long_is_not_cut_to_size);
	tcase_add_test(t, too_long_is_told_to_the_main_daemon);
	tcase_add_test(t, forgeries_are_summed_up);
	tcase_add_test(t, reconfigured_key_counts);
	tcase_add_test(t, failed_sync_ends_the_loop);
	tcase_add_test(t, full_disk_is_looked_at_again);
	tcase_add_test(t, full_disk_is_looked_at_again_under_load);
	tcase_add_test(t, others_are_answered_while_the_disk_stalls);
	tcase_add_test(t, slow_sync_is_told);
	tcase_add_test(t, nothing_is_reserved_during_a_sync);
	tcase_add_test(t, stop_is_at_once);
	tcase_add_test(t, stop_waits_for_a_sync);
	tcase_add_test(t, reconfigured_during_a_sync);
	tcase_add_test(t, failed_slow_sync_ends_the_loop);
	suite_add_tcase(s, t);
	return s;
}
