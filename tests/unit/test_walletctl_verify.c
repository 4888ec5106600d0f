/* SPDX-License-Identifier: MIT */
/*
 * Tests of walletctl verify: what it asks, on two connections, what it prints,
 * how long it waits, and the bar on a terminal.
 */
#include "config.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#include "unit.h"
#include "util/timestamp.h"
#include "walletctl/client.h"
#include "walletctl/program.h"
#include "walletctl/progress.h"
#include "walletctl/status.h"

#include "test_walletctl_kit.h"

#define HASH "1a000000000000000000000000000000000000000000000000000000000000f0"
#define BULK_HASH "$64\r\n" HASH "\r\n"
#define VERIFIED                                                               \
	"*6\r\n:1234\r\n" BULK_HASH ":1232\r\n:12\r\n:12000\r\n:2\r\n"
#define INFO_BEANS "$22\r\n# Ledger\r\ncoin:beans\r\n\r\n"

/* The question, at once answered. */

static const struct {
	const char *words[6];
	unsigned requests;
	const char *answer;
	const char *asked;
	int status;
	const char *out;
	const char *err;
} cases[] = {
	{ { "verify" },
	  1,
	  VERIFIED,
	  "VERIFY\nINFO ledger\n",
	  STATUS_DONE,
	  "Verified 1,232 transactions up to serial 1234: 12 members, 12,000 "
	  "beans.\n"
	  "Missing among the old records: 2 serials.\n"
	  "Tip 1234:" HASH "\n",
	  "" },
	{ { "verify" },
	  1,
	  "*6\r\n:1\r\n" BULK_HASH ":1\r\n:1\r\n$-1\r\n:0\r\n",
	  "VERIFY\nINFO ledger\n",
	  STATUS_DONE,
	  "Verified 1 transaction up to serial 1: 1 member, more than "
	  "9,223,372,036,854,775,807 beans.\n"
	  "Tip 1:" HASH "\n",
	  "" },
	{ { "verify", "--json" },
	  1,
	  VERIFIED,
	  "VERIFY\n",
	  STATUS_DONE,
	  "{\"serial\":1234,\"hash\":\"" HASH "\",\"transactions\":1232,"
	  "\"users\":12,\"coins\":12000,\"gaps\":2}\n",
	  "" },
	{ { "verify", "--json" },
	  1,
	  "*6\r\n:1\r\n" BULK_HASH ":1\r\n:1\r\n$-1\r\n:0\r\n",
	  "VERIFY\n",
	  STATUS_DONE,
	  "{\"serial\":1,\"hash\":\"" HASH "\",\"transactions\":1,"
	  "\"users\":1,\"coins\":null,\"gaps\":0}\n",
	  "" },
	{ { "verify", "--raw" },
	  1,
	  VERIFIED,
	  "VERIFY\n",
	  STATUS_DONE,
	  "1234\t" HASH "\t1232\t12\t12000\t2\n",
	  "" },
	{ { "--quiet", "verify" }, 1, VERIFIED, "VERIFY\n", STATUS_DONE, "",
	  "" },
	{ { "verify", "--raw", "--tip", "5:" HASH, "--tip=0:" HASH },
	  1,
	  VERIFIED,
	  "VERIFY TIP 5 " HASH " TIP 0 " HASH "\n",
	  STATUS_DONE,
	  "1234\t" HASH "\t1232\t12\t12000\t2\n",
	  "" },
	{ { "verify" },
	  1,
	  "-INTEGRITY Serial 4 (backend B): oh.\r\n",
	  "VERIFY\n",
	  STATUS_INTEGRITY,
	  "",
	  "Serial 4 (backend B): oh.\n"
	  "walletctl: keep a copy of all block files before anything else; "
	  "what to do then is in alichain(7), \"A verification fails\".\n" },
	{ { "verify", "--quiet" },
	  1,
	  "-UNAVAILABLE Backend B does not answer.\r\n",
	  "VERIFY\n",
	  STATUS_UNAVAILABLE,
	  "",
	  "Backend B does not answer.\n" },
};

START_TEST(it_is_asked_and_answered)
{
	const struct kit_turn turns[] = {
		{ cases[_i].requests, cases[_i].answer, KIT_STAY },
		{ 1, INFO_BEANS, KIT_CLOSE },
	};
	struct kit_server *s = kit_server_start(turns, ELEMENTS(turns));
	const char *const *w = cases[_i].words;
	struct kit_run r = kit_run(kit_server_name(s), w[0], w[1], w[2], w[3],
				   w[4], w[5], NULL);
	char *log = kit_server_stop(s);

	ck_assert_str_eq(r.err, cases[_i].err);
	ck_assert_str_eq(r.out, cases[_i].out);
	ck_assert_str_eq(log, cases[_i].asked);
	ck_assert_int_eq(r.status, cases[_i].status);
	kit_run_done(&r);
	free(log);
}
END_TEST

/* Nothing of this gets to a server. */
static const struct {
	const char *tip;
	const char *said;
} wrong[] = {
	{ HASH, "--tip: expected SERIAL:HASH, the hash in 64 lower-case "
		"hexadecimal digits, not \"1a0000" },
	{ "5", "not \"5\"" },
	{ "5:", "not \"5:\"" },
	{ ":" HASH, "not \":1a" },
	{ "-1:" HASH, "not \"-1:1a" },
	{ "05:" HASH, "not \"05:1a" },
	{ "5:" HASH "0", "not \"5:1a" },
	{ "9223372036854775808:" HASH, "not \"9223372036854775808:1a" },
};

START_TEST(tips_have_a_form)
{
	struct kit_run r = kit_run("127.0.0.1:1", "verify", "--tip",
				   wrong[_i].tip, NULL);

	ck_assert_int_eq(r.status, STATUS_USAGE);
	ck_assert_msg(strstr(r.err, wrong[_i].said), "said: %s", r.err);
	ck_assert_str_eq(r.out, "");
	kit_run_done(&r);
}
END_TEST

START_TEST(tips_have_a_limit)
{
	static const char tip[] = "--tip=1:" HASH;
	struct kit_run r = kit_run("127.0.0.1:1", "verify", tip, tip, tip, tip,
				   tip, tip, tip, tip, tip, tip, tip, tip, tip,
				   tip, tip, tip, tip, NULL);

	ck_assert_int_eq(r.status, STATUS_USAGE);
	ck_assert_ptr_nonnull(strstr(r.err, "--tip: at most 16 of them"));
	kit_run_done(&r);
}
END_TEST

START_TEST(other_commands_take_no_tip)
{
	struct kit_run r =
		kit_run("127.0.0.1:1", "list", "--tip", "1:" HASH, NULL);

	ck_assert_int_eq(r.status, STATUS_USAGE);
	ck_assert_ptr_nonnull(strstr(r.err, "list takes no option --tip"));
	kit_run_done(&r);
}
END_TEST

START_TEST(an_answer_of_another_shape)
{
	static const char *const answers[] = {
		"+OK\r\n",
		":1\r\n",
		"*0\r\n",
		"*5\r\n:1\r\n" BULK_HASH ":1\r\n:1\r\n:1\r\n",
		"*6\r\n:1\r\n" BULK_HASH ":1\r\n:1\r\n$1\r\n1\r\n:0\r\n",
		"*7\r\n:1\r\n" BULK_HASH ":1\r\n:1\r\n:1\r\n:0\r\n:0\r\n",
	};

	for (size_t i = 0; i < ELEMENTS(answers); i++) {
		const struct kit_turn turn = { 1, answers[i], KIT_CLOSE };
		struct kit_server *s = kit_server_start(&turn, 1);
		struct kit_run r = kit_run(kit_server_name(s), "verify", NULL);

		ck_assert_int_eq(r.status, STATUS_UNAVAILABLE);
		ck_assert_str_eq(r.out, "");
		ck_assert_ptr_nonnull(
			strstr(r.err, "does not answer as a main daemon"));
		kit_run_done(&r);
		free(kit_server_stop(s));
	}
}
END_TEST

/*
 * A server for some connections at once: it answers INFO as it goes on, and
 * VERIFY when it was asked often enough how far it is.
 */
#define CLIENTS_MAX 4

struct slow_server {
	pthread_t thread;
	int listener;
	char name[32];
	unsigned looks_wanted; /* before VERIFY is answered; 0: never */
	unsigned stands_at; /* look behind which it moves no more; 0: moves */
	unsigned looks;
	unsigned verifies;
	bool hung_up; /* the client went away without an answer */
	int asker; /* who waits for VERIFY; -1: nobody */
};

static void say(int fd, const char *text)
{
	(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void say_info(struct slow_server *s, int fd)
{
	unsigned moved = ++s->looks;
	char info[256];
	char bulk[300];

	if (s->stands_at && moved > s->stands_at)
		moved = s->stands_at;
	(void)snprintf(info, sizeof(info),
		       "# Verify\r\nverify_running:1\r\nverify_serial:%u\r\n"
		       "verify_upto:4000\r\n",
		       1000 * moved);
	(void)snprintf(bulk, sizeof(bulk), "$%zu\r\n%s\r\n", strlen(info),
		       info);
	say(fd, bulk);
	if (s->looks == s->looks_wanted && s->asker >= 0) {
		say(s->asker, VERIFIED);
		s->asker = -1;
	}
}

/* Requests of these clients are short: each comes in one piece. */
static bool serve(struct slow_server *s, int fd)
{
	char request[256];
	ssize_t n = recv(fd, request, sizeof(request) - 1, 0);

	if (n <= 0) {
		s->hung_up = s->hung_up || fd == s->asker;
		return false;
	}
	request[n] = '\0';
	if (strstr(request, "VERIFY")) {
		s->verifies++;
		s->asker = fd;
	} else if (strstr(request, "verify")) {
		say_info(s, fd);
	} else {
		say(fd, INFO_BEANS);
	}
	return true;
}

static void *run_slowly(void *arg)
{
	struct slow_server *s = arg;
	struct pollfd fds[1 + CLIENTS_MAX] = { { s->listener, POLLIN, 0 } };
	nfds_t count = 1;

	/* The listener is shut down at the end. */
	while (poll(fds, count, -1) > 0) {
		for (nfds_t i = 1; i < count; i++) {
			if (!fds[i].revents || serve(s, fds[i].fd))
				continue;
			(void)close(fds[i].fd);
			fds[i] = fds[--count];
		}
		if (fds[0].revents && count < ELEMENTS(fds)) {
			int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);

			if (fd < 0)
				break;
			fds[count++] = (struct pollfd){ fd, POLLIN, 0 };
		}
	}
	while (count > 1)
		(void)close(fds[--count].fd);
	return NULL;
}

static void slow_start(struct slow_server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->asker = -1;
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(s->listener, 0);
	ck_assert_int_eq(bind(s->listener, (struct sockaddr *)&a, sizeof(a)),
			 0);
	ck_assert_int_eq(listen(s->listener, 8), 0);
	ck_assert_int_eq(getsockname(s->listener, (struct sockaddr *)&a, &len),
			 0);
	(void)snprintf(s->name, sizeof(s->name), "127.0.0.1:%d",
		       ntohs(a.sin_port));
	ck_assert_int_eq(pthread_create(&s->thread, NULL, run_slowly, s), 0);
}

static void slow_stop(struct slow_server *s)
{
	(void)shutdown(s->listener, SHUT_RDWR);
	(void)pthread_join(s->thread, NULL);
	(void)close(s->listener);
}

/* It takes much longer than the time-out, but it moves. */
START_TEST(what_moves_is_waited_for)
{
	struct slow_server s = { .looks_wanted = 12 };
	struct kit_run r;
	int64_t began = client_now();

	slow_start(&s);
	r = kit_run(s.name, "--timeout", "0.4", "verify", NULL);
	slow_stop(&s);
	ck_assert_int_eq(r.status, STATUS_DONE);
	ck_assert_int_gt(client_now() - began, 800 * USEC_PER_MSEC);
	ck_assert_uint_eq(s.verifies, 1);
	/* No terminal, no bar. */
	ck_assert_str_eq(r.err, "");
	kit_run_done(&r);
}
END_TEST

START_TEST(what_stands_still_is_not)
{
	struct slow_server s = { .stands_at = 3 };
	struct kit_run r;

	slow_start(&s);
	r = kit_run(s.name, "--timeout", "0.4", "verify", NULL);
	slow_stop(&s);
	ck_assert_int_eq(r.status, STATUS_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(r.err, "did not answer in time"));
	ck_assert(s.hung_up);
	ck_assert_uint_ge(s.looks, 4);
	kit_run_done(&r);
}
END_TEST

/* The bar. */

struct terminal {
	int master;
	FILE *slave;
	char text[65536];
	size_t len;
};

static void terminal_open(struct terminal *t, unsigned short columns)
{
	const struct winsize size = { .ws_col = columns, .ws_row = 24 };
	struct termios settings;
	int fd;

	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(t->master, 0);
	ck_assert_int_eq(grantpt(t->master), 0);
	ck_assert_int_eq(unlockpt(t->master), 0);
	fd = open(ptsname(t->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ioctl(fd, TIOCSWINSZ, &size), 0);
	/* What is written comes out as it is. */
	ck_assert_int_eq(tcgetattr(fd, &settings), 0);
	settings.c_oflag &= ~(tcflag_t)OPOST;
	ck_assert_int_eq(tcsetattr(fd, TCSANOW, &settings), 0);
	t->slave = fdopen(fd, "w");
	ck_assert_ptr_nonnull(t->slave);
}

/* All that was written; a terminal keeps 4096 bytes, so read in time. */
static const char *terminal_read(struct terminal *t)
{
	struct pollfd p = { t->master, POLLIN, 0 };

	(void)fflush(t->slave);
	while (poll(&p, 1, 0) == 1 && (p.revents & POLLIN)) {
		ssize_t n = read(t->master, t->text + t->len,
				 sizeof(t->text) - 1 - t->len);

		if (n <= 0)
			break;
		t->len += (size_t)n;
	}
	t->text[t->len] = '\0';
	return t->text;
}

static void terminal_close(struct terminal *t)
{
	(void)fclose(t->slave);
	(void)close(t->master);
}

/* What is left on the line when carriage returns and spaces have worked. */
static void screen(const char *text, char line[256])
{
	size_t at = 0;

	memset(line, 0, 256);
	for (; *text; text++) {
		if (*text == '\r') {
			at = 0;
			continue;
		}
		ck_assert_uint_lt(at, 255);
		line[at++] = *text;
	}
	for (at = strlen(line); at > 0 && line[at - 1] == ' '; at--)
		line[at - 1] = '\0';
}

START_TEST(a_bar_is_as_wide_as_the_terminal)
{
	static const struct {
		unsigned short columns;
		uint64_t done;
		uint64_t total;
		const char *line;
	} bars[] = {
		{ 60, 50000, 100000,
		  "Reading  50 %  50,000 of 100,000 [############............]" },
		{ 60, 0, 0,
		  "Reading   0 %  0 of 0 [...................................]" },
		{ 60, 7, 5,
		  "Reading 100 %  5 of 5 [###################################]" },
		{ 44, 1, 3, "Reading  33 %  1 of 3 [######.............]" },
		/* No room for a bar, and none for all of the words. */
		{ 30, 1, 3, "Reading  33 %  1 of 3" },
		{ 12, 1, 3, "Reading  33" },
	};

	for (size_t i = 0; i < ELEMENTS(bars); i++) {
		struct terminal t = { .len = 0 };
		struct progress p = { .what = "Reading" };
		char line[256];

		terminal_open(&t, bars[i].columns);
		p.out = t.slave;
		ck_assert(progress_possible(t.slave));
		progress_draw(&p, bars[i].done, bars[i].total);
		screen(terminal_read(&t), line);
		ck_assert_str_eq(line, bars[i].line);
		ck_assert_uint_lt(strlen(line), bars[i].columns);
		progress_erase(&p);
		screen(terminal_read(&t), line);
		ck_assert_str_eq(line, "");
		/* Nothing to take away: nothing is written. */
		t.len = 0;
		progress_erase(&p);
		ck_assert_str_eq(terminal_read(&t), "");
		terminal_close(&t);
	}
}
END_TEST

/* Run "verify" with standard error on a terminal. */
static int verify_on(struct terminal *t, const char *server, const char *option,
		     char **ret_out)
{
	char *argv[] = { strdup("walletctl"), strdup("--server"),
			 strdup(server), strdup("verify"), strdup(option) };
	size_t len;
	FILE *out = open_memstream(ret_out, &len);
	int status;

	status = program_run(*option ? 5 : 4, argv, out, t->slave);
	(void)fclose(out);
	for (size_t i = 0; i < ELEMENTS(argv); i++)
		free(argv[i]);
	return status;
}

static const struct {
	const char *option;
	unsigned looks;
	bool draws;
} drawings[] = {
	{ "", 4, true },
	{ "--quiet", 4, false },
	{ "--json", 4, false },
	{ "--raw", 4, false },
	/* Over before it is worth a bar. */
	{ "", 1, false },
};

START_TEST(progress_is_drawn_for_people)
{
	struct slow_server s = { .looks_wanted = drawings[_i].looks };
	struct terminal t = { .len = 0 };
	char line[256];
	char *out;

	slow_start(&s);
	terminal_open(&t, 80);
	ck_assert_int_eq(verify_on(&t, s.name, drawings[_i].option, &out),
			 STATUS_DONE);
	slow_stop(&s);
	if (drawings[_i].draws)
		ck_assert_ptr_nonnull(strstr(terminal_read(&t),
					     "Verifying  75 %  3,000 of "
					     "4,000 [####"));
	else
		ck_assert_str_eq(terminal_read(&t), "");
	/* Nothing of it is left. */
	screen(terminal_read(&t), line);
	ck_assert_str_eq(line, "");
	free(out);
	terminal_close(&t);
}
END_TEST

UNIT_SUITE(test_walletctl_verify);

Suite *test_walletctl_verify(void)
{
	Suite *s = suite_create("walletctl/verify");
	TCase *t = tcase_create("verify");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, it_is_asked_and_answered, 0, ELEMENTS(cases));
	tcase_add_loop_test(t, tips_have_a_form, 0, ELEMENTS(wrong));
	tcase_add_test(t, tips_have_a_limit);
	tcase_add_test(t, other_commands_take_no_tip);
	tcase_add_test(t, an_answer_of_another_shape);
	tcase_add_test(t, what_moves_is_waited_for);
	tcase_add_test(t, what_stands_still_is_not);
	tcase_add_test(t, a_bar_is_as_wide_as_the_terminal);
	tcase_add_loop_test(t, progress_is_drawn_for_people, 0,
			    ELEMENTS(drawings));
	suite_add_tcase(s, t);
	return s;
}
