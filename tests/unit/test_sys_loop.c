/* SPDX-License-Identifier: MIT */
/*
 * The event loop: what is called, in which order, and when it sleeps.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "util/timestamp.h"
#include "sys/loop.h"

#include "test_sys_scratch.h"
#include "unit.h"

UNIT_SUITE(test_sys_loop);

/* What every loop here ends with if nothing else ends it. */
#define DEADLINE_USEC (5 * USEC_PER_SEC)
#define TOO_LATE 99

#define TRACE_SIZE 256
#define SOURCES 5
#define ALARMS 3

struct alarm {
	struct loop_timer *timer;
	int64_t when;
	int fired;
};

static struct loop *loop;
static char trace[TRACE_SIZE];
static struct alarm alarms[ALARMS];
static int alarms_left;
static int again_count;
static int turns;
static int fed;

static void note(const char *what)
{
	size_t len = strlen(trace);

	(void)snprintf(trace + len, sizeof(trace) - len, "%s ", what);
}

static void too_late(void *arg)
{
	(void)arg;
	loop_exit(loop, TOO_LATE);
}

static void begin(void)
{
	struct loop_timer *t;

	trace[0] = '\0';
	turns = fed = again_count = 0;
	memset(alarms, 0, sizeof(alarms));
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(loop_add_timer(loop, too_late, NULL, &t), 0);
	loop_arm(t, loop_now() + DEADLINE_USEC);
}

static void end(void)
{
	loop = loop_free(loop);
}

static struct loop_timer *add_timer(loop_handler handler, const char *arg)
{
	struct loop_timer *t;

	ck_assert_int_eq(
		loop_add_timer(loop, handler, (void *)(uintptr_t)arg, &t), 0);
	return t;
}

static void note_arg(void *arg)
{
	note(arg);
}

static void note_and_exit(void *arg)
{
	note(arg);
	loop_exit(loop, 7);
}

/* --- Timers; on a busy host several may be due at once, in any order */

static void alarm_fires(void *arg)
{
	struct alarm *a = arg;

	a->fired++;
	ck_assert_int_ge(loop_now(), a->when);
	if (--alarms_left == 0)
		loop_exit(loop, 7);
}

static void set_alarm(struct alarm *a, int64_t when)
{
	a->when = when;
	loop_arm(a->timer, when);
}

static void add_alarms(void)
{
	for (size_t i = 0; i < ALARMS; i++)
		ck_assert_int_eq(loop_add_timer(loop, alarm_fires, &alarms[i],
						&alarms[i].timer),
				 0);
	alarms_left = ALARMS;
}

static void check_alarms(void)
{
	ck_assert_int_eq(loop_run(loop), 7);
	for (size_t i = 0; i < ALARMS; i++)
		ck_assert_int_eq(alarms[i].fired, 1);
}

START_TEST(timers_fire_once_and_not_too_soon)
{
	int64_t now = loop_now();

	add_alarms();
	set_alarm(&alarms[0], now + 3000);
	set_alarm(&alarms[1], now + 1000);
	set_alarm(&alarms[2], now + 2000);
	check_alarms();
}
END_TEST

/*
 * A request that times out within 5 ms may not wait for a quarter of a second,
 * as it would if timers were let go off together.  One of four may be late for
 * other reasons.
 */
START_TEST(timers_are_exact)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < 5; i++) {
		int64_t late;

		end();
		begin();
		add_alarms();
		alarms_left = 1;
		set_alarm(&alarms[0], loop_now() + 5000);
		ck_assert_int_eq(loop_run(loop), 7);
		late = loop_now() - alarms[0].when;
		if (i > 0 && late < best)
			best = late;
	}
	ck_assert_int_lt(best, 100000);
}
END_TEST

START_TEST(times_that_have_gone_are_now)
{
	add_alarms();
	set_alarm(&alarms[0], 0);
	set_alarm(&alarms[1], -77);
	set_alarm(&alarms[2], 1);
	check_alarms();
}
END_TEST

START_TEST(disarmed_timer_does_not_fire)
{
	struct loop_timer *t = add_timer(note_arg, "never");

	loop_arm(t, loop_now() + 1000);
	loop_arm(t, INT64_MAX);
	(void)add_timer(note_arg, "never armed");
	loop_arm(add_timer(note_and_exit, "d"), loop_now() + 3000);
	ck_assert_int_eq(loop_run(loop), 7);
	ck_assert_str_eq(trace, "d ");
}
END_TEST

/* Later than it was, sooner than it was, and again after it was taken back. */
START_TEST(arming_replaces)
{
	int64_t now = loop_now();

	add_alarms();
	set_alarm(&alarms[0], now + 1000);
	set_alarm(&alarms[0], now + 3000);
	set_alarm(&alarms[1], now + 2 * DEADLINE_USEC);
	set_alarm(&alarms[1], now + 2000);
	set_alarm(&alarms[2], now + 1000);
	set_alarm(&alarms[2], INT64_MAX);
	set_alarm(&alarms[2], now + 2000);
	check_alarms();
}
END_TEST

static struct loop_timer *again_timer;
static int64_t again_when;

/* The same time as before: it has fired, so it is a new one. */
static void fire_again(void *arg)
{
	(void)arg;
	if (++again_count == 3)
		loop_exit(loop, 7);
	else
		loop_arm(again_timer, again_when);
}

START_TEST(timer_can_be_armed_by_its_own_handler)
{
	again_when = loop_now() + 500;
	again_timer = add_timer(fire_again, NULL);
	loop_arm(again_timer, again_when);
	ck_assert_int_eq(loop_run(loop), 7);
	ck_assert_int_eq(again_count, 3);
}
END_TEST

/* --- Descriptors and turns */

struct source {
	int fd;
	const char *name;
	bool keep; /* stays readable */
};

static struct source sources[SOURCES];

/* Descriptors that are readable from the start. */
static void add_sources(size_t n, loop_fd_handler handler)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };

	for (size_t i = 0; i < n; i++) {
		sources[i] =
			(struct source){ eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC),
					 names[i], false };
		ck_assert_int_ge(sources[i].fd, 0);
		ck_assert_int_eq(loop_watch(loop, sources[i].fd, EPOLLIN,
					    handler, &sources[i]),
				 0);
	}
}

static void close_sources(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		loop_forget(loop, sources[i].fd);
		(void)close(sources[i].fd);
	}
}

static void drain(void *arg, uint32_t events)
{
	struct source *s = arg;
	eventfd_t v;

	ck_assert_uint_eq(events & EPOLLIN, EPOLLIN);
	note(s->name);
	if (!s->keep)
		ck_assert_int_eq(eventfd_read(s->fd, &v), 0);
}

/* One letter each, in whatever order, and what follows the first @n of them. */
static void check_turn(size_t n, const char *behind)
{
	char letters[TRACE_SIZE] = "";

	for (size_t i = 0; i < n; i++) {
		char letter = trace[2 * i];

		ck_assert_int_ge(letter, 'a');
		ck_assert_int_le(letter, 'e');
		ck_assert_ptr_null(strchr(letters, letter));
		letters[i] = letter;
	}
	ck_assert_str_eq(trace + 2 * n, behind);
}

static void turn_ends(void *arg)
{
	note(arg);
	if (++turns == 2)
		loop_exit(loop, 7);
}

/* Five are ready at one wait: the turn ends behind the fifth. */
START_TEST(turn_ends_behind_all_that_was_ready)
{
	add_sources(5, drain);
	ck_assert_int_eq(
		loop_add_turn_end(loop, turn_ends, (void *)(uintptr_t) "END"),
		0);
	ck_assert_int_eq(loop_run(loop), 7);

	/* Once before the first wait, too. */
	ck_assert_mem_eq(trace, "END ", 4);
	memmove(trace, trace + 4, strlen(trace + 4) + 1);
	check_turn(5, "END ");
	close_sources(5);
}
END_TEST

static void turn_ends_later(void *arg)
{
	note(arg);
	if (++turns == 3)
		loop_exit(loop, 7);
}

/* A socket under load is ready at each wait: the turn ends all the same. */
START_TEST(busy_descriptors_do_not_put_off_the_end_of_a_turn)
{
	add_sources(3, drain);
	for (size_t i = 0; i < 3; i++)
		sources[i].keep = true;
	ck_assert_int_eq(loop_add_turn_end(loop, turn_ends_later,
					   (void *)(uintptr_t) "END"),
			 0);
	ck_assert_int_eq(loop_run(loop), 7);

	/* END a b c END a b c END: no source twice in a turn. */
	memmove(trace, trace + 4, strlen(trace + 4) + 1);
	ck_assert_uint_eq(strlen(trace), 2 * (3 * 2 + 4));
	ck_assert_mem_eq(trace + 3 * 2, "END ", 4);
	check_turn(3, trace + 3 * 2);
	memmove(trace, trace + 10, strlen(trace + 10) + 1);
	check_turn(3, "END ");
	close_sources(3);
}
END_TEST

START_TEST(turn_ends_run_in_the_order_they_were_added)
{
	ck_assert_int_eq(
		loop_add_turn_end(loop, note_arg, (void *)(uintptr_t) "1"), 0);
	ck_assert_int_eq(
		loop_add_turn_end(loop, note_and_exit, (void *)(uintptr_t) "2"),
		0);
	ck_assert_int_eq(loop_add_turn_end(loop, note_arg,
					   (void *)(uintptr_t) "not called"),
			 0);
	ck_assert_int_eq(loop_run(loop), 7);
	ck_assert_str_eq(trace, "1 2 ");
}
END_TEST

static void drain_and_exit(void *arg, uint32_t events)
{
	drain(arg, events);
	loop_exit(loop, 7);
}

static void nothing(void *arg)
{
	(void)arg;
}

/* Not even for those that were ready. */
START_TEST(nothing_is_called_behind_the_exit)
{
	add_sources(3, drain_and_exit);
	ck_assert_int_eq(loop_add_turn_end(loop, nothing, NULL), 0);
	ck_assert_int_eq(loop_run(loop), 7);
	check_turn(1, "");
	close_sources(3);
}
END_TEST

static struct loop_timer *exit_timer;

/* The second takes all others back: their handlers are not called. */
static void drain_and_forget(void *arg, uint32_t events)
{
	drain(arg, events);
	if (strlen(trace) < strlen("END a b "))
		return;
	for (size_t i = 0; i < SOURCES; i++)
		loop_forget(loop, sources[i].fd);
	loop_arm(exit_timer, loop_now() + 1000);
}

START_TEST(forgotten_while_ready)
{
	add_sources(SOURCES, drain_and_forget);
	exit_timer = add_timer(note_and_exit, "exit");
	ck_assert_int_eq(
		loop_add_turn_end(loop, note_arg, (void *)(uintptr_t) "END"),
		0);
	ck_assert_int_eq(loop_run(loop), 7);

	/* Nor does the end of the turn wait for them. */
	ck_assert_mem_eq(trace, "END ", 4);
	memmove(trace, trace + 4, strlen(trace + 4) + 1);
	check_turn(2, "END exit ");
	close_sources(SOURCES);
}
END_TEST

START_TEST(forgetting_what_is_not_watched_is_nothing)
{
	loop_arm(add_timer(note_and_exit, "exit"), 0);
	loop_forget(loop, 1000);
	/* What timers have in the place of a descriptor; there are two. */
	loop_forget(loop, 0);
	loop_forget(loop, 0);
	ck_assert_int_eq(loop_run(loop), 7);
}
END_TEST

START_TEST(bad_descriptor_is_an_error)
{
	ck_assert_int_lt(loop_watch(loop, 1000, EPOLLIN, drain, NULL), 0);
	ck_assert_int_eq(loop_watch(loop, -1, EPOLLIN, drain, NULL), -EBADF);
}
END_TEST

/* --- Signals */

START_TEST(signals_come_as_calls)
{
	ck_assert_int_eq(loop_add_signal(loop, SIGUSR1, note_arg,
					 (void *)(uintptr_t) "usr1"),
			 0);
	ck_assert_int_eq(loop_add_signal(loop, SIGUSR2, note_and_exit,
					 (void *)(uintptr_t) "usr2"),
			 0);
	/* Blocked from now on: this would end the process. */
	ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
	loop_arm(add_timer(nothing, NULL), 0);
	ck_assert_int_eq(kill(getpid(), SIGUSR2), 0);
	ck_assert_int_eq(loop_run(loop), 7);
	ck_assert_str_eq(trace, "usr1 usr2 ");
}
END_TEST

/* --- Sleep */

/* How often the process @pid gave up its processor; its state. */
static long voluntary_switches(pid_t pid, char *ret_state)
{
	char path[64];
	char line[128];
	long n = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "State:\t", 7) == 0)
			*ret_state = line[7];
		if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
			n = strtol(line + 24, NULL, 10);
	}
	(void)fclose(f);
	return n;
}

static void run_with_signal_only(int ready)
{
	struct loop *l;

	if (loop_new(&l) < 0 || loop_add_signal(l, SIGTERM, note_and_exit,
						(void *)(uintptr_t) "term") < 0)
		_exit(1);
	loop = l;
	if (write(ready, "x", 1) != 1)
		_exit(1);
	_exit(loop_run(l));
}

/* A ledger that nobody uses costs nothing: no tick, no polling. */
START_TEST(idle_loop_sleeps_for_ever)
{
	struct pollfd silence;
	long switches;
	char state;
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		run_with_signal_only(fds[1]);
	(void)close(fds[1]);
	ck_assert_int_eq(read(fds[0], &state, 1), 1);

	/* Asleep: seen twice so, with nothing in between. */
	do {
		(void)sched_yield();
		switches = voluntary_switches(pid, &state);
	} while (state != 'S');
	silence = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	ck_assert_int_eq(poll(&silence, 1, 400), 0);
	ck_assert_int_le(voluntary_switches(pid, &state), switches + 1);
	ck_assert_int_eq(state, 'S');

	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(scratch_wait(pid), 7);
	(void)close(fds[0]);
}
END_TEST

/* --- The watchdog */

static int manager;

static void manager_hears(void *arg, uint32_t events)
{
	char text[64];
	ssize_t n = recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT);

	(void)arg;
	(void)events;
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	ck_assert_str_eq(text, "WATCHDOG=1");
	if (++fed == 3)
		loop_exit(loop, 7);
}

static void listen_as_manager(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char name[64];
	int n;

	n = snprintf(name, sizeof(name), "@alichain-loop-%d", (int)getpid());
	memcpy(at.sun_path + 1, name + 1, (size_t)n - 1);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(manager, 0);
	ck_assert_int_eq(
		bind(manager, (struct sockaddr *)&at,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				 (size_t)n)),
		0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

START_TEST(watchdog_is_fed_by_the_loop)
{
	listen_as_manager();
	ck_assert_int_eq(setenv("WATCHDOG_USEC", "20000", 1), 0);
	ck_assert_int_eq(loop_enable_watchdog(loop), 0);
	ck_assert_int_eq(
		loop_watch(loop, manager, EPOLLIN, manager_hears, NULL), 0);
	ck_assert_int_eq(loop_run(loop), 7);

	loop_forget(loop, manager);
	(void)close(manager);
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("NOTIFY_SOCKET");
}
END_TEST

START_TEST(watchdog_that_nobody_wants_is_no_mistake)
{
	ck_assert_int_eq(loop_enable_watchdog(loop), 0);
}
END_TEST

/* --- Ends */

START_TEST(exit_before_the_start)
{
	loop_exit(loop, 0);
	ck_assert_int_eq(loop_run(loop), 0);
}
END_TEST

START_TEST(free_takes_nothing_too)
{
	ck_assert_ptr_null(loop_free(NULL));
}
END_TEST

START_TEST(clocks_are_those_they_say)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(CLOCK_BOOTTIME, &t), 0);
	ck_assert_int_ge(loop_now() - t.tv_sec * USEC_PER_SEC, 0);
	ck_assert_int_lt(loop_now() - t.tv_sec * USEC_PER_SEC,
			 3 * USEC_PER_SEC);
	ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &t), 0);
	ck_assert_int_ge(loop_wall_clock() - t.tv_sec * USEC_PER_SEC, 0);
	ck_assert_int_lt(loop_wall_clock() - t.tv_sec * USEC_PER_SEC,
			 3 * USEC_PER_SEC);
}
END_TEST

static void add_timers(Suite *s)
{
	TCase *t = tcase_create("timers");

	tcase_set_timeout(t, 10);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, timers_fire_once_and_not_too_soon);
	tcase_add_test(t, timers_are_exact);
	tcase_add_test(t, times_that_have_gone_are_now);
	tcase_add_test(t, disarmed_timer_does_not_fire);
	tcase_add_test(t, arming_replaces);
	tcase_add_test(t, timer_can_be_armed_by_its_own_handler);
	suite_add_tcase(s, t);
}

static void add_turns(Suite *s)
{
	TCase *t = tcase_create("turns");

	tcase_set_timeout(t, 10);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, turn_ends_behind_all_that_was_ready);
	tcase_add_test(t, busy_descriptors_do_not_put_off_the_end_of_a_turn);
	tcase_add_test(t, turn_ends_run_in_the_order_they_were_added);
	tcase_add_test(t, nothing_is_called_behind_the_exit);
	tcase_add_test(t, forgotten_while_ready);
	tcase_add_test(t, forgetting_what_is_not_watched_is_nothing);
	tcase_add_test(t, bad_descriptor_is_an_error);
	suite_add_tcase(s, t);
}

UNIT_SUITE(test_sys_loop)
{
	Suite *s = suite_create("sys/loop");
	TCase *t = tcase_create("loop");

	add_timers(s);
	add_turns(s);
	tcase_set_timeout(t, 10);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, signals_come_as_calls);
	tcase_add_test(t, idle_loop_sleeps_for_ever);
	tcase_add_test(t, watchdog_is_fed_by_the_loop);
	tcase_add_test(t, watchdog_that_nobody_wants_is_no_mistake);
	tcase_add_test(t, exit_before_the_start);
	tcase_add_test(t, free_takes_nothing_too);
	tcase_add_test(t, clocks_are_those_they_say);
	suite_add_tcase(s, t);
	return s;
}
