/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl/script.c: commands of standard input, against a script
 * of answers.
 */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "walletctl/program.h"
#include "walletctl/script.h"
#include "walletctl/status.h"

#include "test_walletctl_kit.h"

#define NOBODY "127.0.0.1:1"
#define NOUSER "-NOUSER \"Eve\" is no user.\r\n"
#define POOR "-INSUFFICIENT Too little.\r\n"

/* Standard input for what is run next: a file that nobody sees. */
static void set_input(const char *text, size_t len)
{
	char path[] = "/tmp/test-script-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	(void)close(fd);
}

static struct kit_run run_script(const char *server, const char *option,
				 const char *text)
{
	set_input(text, strlen(text));
	return kit_run(server, "--stdin", option, NULL);
}

/* Requests go over one connection, in order, and so do the answers. */
static const struct kit_turn three_turns[] = {
	{ 1, ":5\r\n", KIT_STAY },
	{ 1, NOUSER, KIT_STAY },
	{ 1, ":7\r\n", KIT_CLOSE },
};
#define THREE_LINES                                                            \
	"balance Ali\n"                                                        \
	"# a comment\n"                                                        \
	"\n"                                                                   \
	"  balance 'Eve'\r\n"                                                  \
	"balance \"B\\x65n\""
#define ASKED "BALANCE Ali\nBALANCE Eve\nBALANCE Ben\n"

START_TEST(lines_are_answered_in_order)
{
	static const struct {
		const char *option;
		const char *out;
		const char *err;
	} form[] = {
		{ "--raw", "5\n. 0\n. 1\n7\n. 0\n",
		  "line 4: \"Eve\" is no user.\n" },
		{ "--csv",
		  "user,balance\r\nAli,5\r\n. 0\r\n. 1\r\n"
		  "user,balance\r\nBen,7\r\n. 0\r\n",
		  "line 4: \"Eve\" is no user.\n" },
		{ "--json",
		  "{\"user\":\"Ali\",\"balance\":5}\n"
		  "{\"error\":\"NOUSER\",\"message\":\"\\\"Eve\\\" is no "
		  "user.\",\"status\":1}\n"
		  "{\"user\":\"Ben\",\"balance\":7}\n",
		  "" },
	};
	struct kit_server *s =
		kit_server_start(three_turns, ELEMENTS(three_turns));
	struct kit_run r = run_script(kit_server_name(s), form[_i].option,
				      THREE_LINES);
	char *log = kit_server_stop(s);

	ck_assert_str_eq(r.out, form[_i].out);
	ck_assert_str_eq(r.err, form[_i].err);
	ck_assert_int_eq(r.status, STATUS_REFUSED);
	ck_assert_str_eq(log, ASKED);
	kit_run_done(&r);
	free(log);
}
END_TEST

/* What makes no sense on a line, and that it goes on behind it. */
static const struct {
	const char *line;
	const char *said;
} senseless[] = {
	{ "balance 'Ali\n", "each quote closed" },
	{ "balance \"A\"li\n", "each quote closed" },
	{ "balance \"A\\x00li\"\n", "a word contains a zero" },
	{ "*1\n", "there is no command \"*1\"" },
	{ "blance Ali\n", "did you mean \"balance\"?" },
	{ "balance Ali --json\n", "--json is not for one line" },
	{ "balance Ali --server x:1\n", "--server is not for one line" },
	{ "--stdin\n", "--stdin is not for one line" },
	{ "tip --nope\n", "there is no option --nope" },
	{ "transfer --file -\n", "cannot read standard input" },
	{ "import -\n", "cannot read standard input" },
	{ "import a -\n", "cannot read standard input" },
	{ "transfer A B\n", "AMOUNT is missing" },
	{ "watch\n", "watch would not end" },
	{ "balance A --classic\n", "--classic is not for --stdin" },
};

START_TEST(senseless_lines_are_refused)
{
	struct kit_run r;
	char text[256];

	(void)snprintf(text, sizeof(text), "%shelp tip\n", senseless[_i].line);
	r = run_script(NOBODY, "--raw", text);
	ck_assert_msg(strstr(r.err, senseless[_i].said), "said: %s", r.err);
	ck_assert_int_eq(strncmp(r.err, "line 1: walletctl: ", 19), 0);
	ck_assert_int_eq(strncmp(r.out, ". 2\ntip\t", 8), 0);
	ck_assert_int_eq(r.status, STATUS_USAGE);
	kit_run_done(&r);
}
END_TEST

/* Some lines are as long as a line may be, one is longer. */
START_TEST(lines_are_bounded)
{
	const size_t most = SCRIPT_LINE_MAX - 1;
	size_t room = 2 * SCRIPT_LINE_MAX + 64;
	char *text = malloc(room);
	char *p = text;
	struct kit_run r;

	memset(text, 'x', room);
	p += most;
	*p++ = '\n';
	p += most + 1;
	*p++ = '\n';
	memcpy(p, "help tip\n", 9);
	set_input(text, (size_t)(p + 9 - text));
	r = kit_run(NOBODY, "--stdin", "--raw", NULL);
	ck_assert_ptr_nonnull(strstr(r.err, "line 1: walletctl: there is no "
					    "command"));
	ck_assert_ptr_nonnull(strstr(r.err, "line 2: walletctl: the line is "
					    "longer than 65534 bytes"));
	ck_assert_int_eq(strncmp(r.out, ". 2\n. 2\ntip\t", 12), 0);
	kit_run_done(&r);
	free(text);
}
END_TEST

/* The status is the first one's that was not done; it ends where it must. */
static const struct {
	struct kit_turn turn[3];
	size_t turns;
	int status;
	const char *out;
	const char *asked;
} ends[] = {
	/* Refused, and on. */
	{ { { 1, POOR, KIT_STAY }, { 1, ":7\r\n", KIT_CLOSE } },
	  2,
	  STATUS_REFUSED,
	  ". 1\n7\n. 0\n",
	  "TRANSFER A B 1 ID 7\nBALANCE A\n" },
	/* Not known. */
	{ { { 1, "", KIT_HOLD } }, 1, STATUS_UNKNOWN, ". 4\n",
	  "TRANSFER A B 1 ID 7\n" },
	/* A question that breaks the connection, and one that does not. */
	{ { { 1, POOR, KIT_STAY }, { 1, "", KIT_RESET } },
	  2,
	  STATUS_REFUSED,
	  ". 1\n. 3\n",
	  "TRANSFER A B 1 ID 7\nBALANCE A\n" },
	{ { { 1, POOR, KIT_STAY },
	    { 1, "-UNAVAILABLE Wait.\r\n", KIT_STAY },
	    { 1, ":8\r\n", KIT_CLOSE } },
	  3,
	  STATUS_REFUSED,
	  ". 1\n. 3\n8\n. 0\n",
	  "TRANSFER A B 1 ID 7\nBALANCE A\nBALANCE B\n" },
};

START_TEST(it_ends_where_it_must)
{
	struct kit_server *s =
		kit_server_start(ends[_i].turn, ends[_i].turns);
	struct kit_run r;
	char *log;

	set_input("transfer A B 1 --id 7\nbalance A\nbalance B\n", 43);
	if (ends[_i].turns < 3 && ends[_i].status != STATUS_UNKNOWN)
		set_input("transfer A B 1 --id 7\nbalance A\n", 32);
	r = kit_run(kit_server_name(s), "--stdin", "--raw", "--timeout", "0.5",
		    NULL);
	log = kit_server_stop(s);
	ck_assert_str_eq(r.out, ends[_i].out);
	ck_assert_int_eq(r.status, ends[_i].status);
	ck_assert_str_eq(log, ends[_i].asked);
	kit_run_done(&r);
	free(log);
}
END_TEST

/* Once lost and made anew, it is there: "not now" is an answer. */
START_TEST(it_goes_on_with_a_new_connection)
{
	const struct kit_turn turn[] = {
		{ 1, "", KIT_RESET },
		{ 1,
		  "*4\r\n:10\r\n:914\r\n$1\r\nt\r\n$2\r\nab\r\n",
		  KIT_STAY },
		{ 1, "-UNAVAILABLE Wait.\r\n", KIT_STAY },
		{ 1, ":8\r\n", KIT_CLOSE },
	};
	struct kit_server *s = kit_server_start(turn, ELEMENTS(turn));
	struct kit_run r = run_script(kit_server_name(s), "--raw",
				      "transfer A B 1 --id 7\n"
				      "balance A\n"
				      "balance B\n");
	char *log = kit_server_stop(s);

	ck_assert_str_eq(r.out, "10\tA\tB\t1\tt\t7\t\tab\t914\n. 0\n"
				". 3\n"
				"8\n. 0\n");
	ck_assert_int_eq(r.status, STATUS_UNAVAILABLE);
	ck_assert_str_eq(log, "TRANSFER A B 1 ID 7\nTRANSFER A B 1 ID 7\n"
			      "BALANCE A\nBALANCE B\n");
	kit_run_done(&r);
	free(log);
}
END_TEST

/* Lines behind one that broke the connection are not run. */
START_TEST(what_is_behind_a_broken_connection_waits)
{
	const struct kit_turn turn[] = { { 1, "", KIT_RESET },
					 { 1, ":8\r\n", KIT_CLOSE } };
	struct kit_server *s = kit_server_start(turn, 2);
	struct kit_run r = run_script(kit_server_name(s), "--json",
				      "balance A\nbalance B\n");
	char *log = kit_server_stop(s);

	ck_assert_int_eq(r.status, STATUS_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(r.out, "{\"error\":\"UNAVAILABLE\","));
	ck_assert_ptr_eq(strchr(r.out, '\n'), r.out + strlen(r.out) - 1);
	ck_assert_ptr_nonnull(strstr(r.err, "the lines from 1 on were not run"));
	ck_assert_str_eq(log, "BALANCE A\n");
	kit_run_done(&r);
	free(log);
}
END_TEST

/* An array is one line, and one that breaks off is an error. */
START_TEST(a_document_is_a_line)
{
	const struct kit_turn turn[] = {
		{ 1, "*2\r\n*3\r\n$1\r\nB\r\n:2\r\n:5\r\n"
		     "*3\r\n$1\r\nC\r\n:1\r\n:-5\r\n",
		  KIT_STAY },
		{ 1, "*2\r\n*3\r\n$1\r\nB\r\n:2\r\n:5\r\n:1\r\n", KIT_STAY },
	};
	struct kit_server *s = kit_server_start(turn, 2);
	struct kit_run r = run_script(kit_server_name(s), "--json",
				      "stats A\nstats A\n");

	free(kit_server_stop(s));
	ck_assert_int_eq(strncmp(r.out,
				 "[{\"rank\":1,\"user\":\"B\",\"transactions\""
				 ":2,\"net\":5},{\"rank\":2,", 54),
			 0);
	ck_assert_ptr_nonnull(strstr(r.out, "-5}]\n{\"error\":\"UNAVAILABLE\""));
	kit_run_done(&r);
}
END_TEST

/* The answer is there before the next line is. */
START_TEST(a_coprocess_has_its_answer_at_once)
{
	const struct kit_turn turn[] = { { 1, ":5\r\n", KIT_STAY },
					 { 1, ":6\r\n", KIT_CLOSE } };
	struct kit_server *s = kit_server_start(turn, 2);
	char name[32];
	int in[2];
	int out[2];
	char answer[16] = "";
	pid_t child;
	int status;

	(void)snprintf(name, sizeof(name), "%s", kit_server_name(s));
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		static char words[][16] = { "walletctl", "--server", "--stdin",
					    "--raw" };
		char *argv[] = { words[0], words[1], name, words[2], words[3] };

		(void)dup2(in[0], STDIN_FILENO);
		(void)close(in[1]);
		_exit(program_run(ELEMENTS(argv), argv, fdopen(out[1], "w"),
				  stderr));
	}
	(void)close(out[1]);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(write(in[1], "balance A\n", 10), 10);
		ck_assert_int_eq(read(out[0], answer, 6), 6);
		ck_assert_int_eq(memcmp(answer, i ? "6\n. 0\n" : "5\n. 0\n", 6),
				 0);
	}
	(void)close(in[1]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	(void)close(in[0]);
	(void)close(out[0]);
	free(kit_server_stop(s));
}
END_TEST

static const struct {
	const char *words[4];
	const char *said;
} misused[] = {
	{ { "balance", "A" }, "\"balance\" is too much" },
	{ { "--memo", "x" }, "--memo does not go with --stdin" },
	{ { "--raw", "--json" }, "expected one of them at most" },
};

START_TEST(it_takes_no_command)
{
	const char *const *w = misused[_i].words;
	struct kit_run r = kit_run(NOBODY, "--stdin", w[0], w[1], NULL);

	ck_assert_int_eq(r.status, STATUS_USAGE);
	ck_assert_msg(strstr(r.err, misused[_i].said), "said: %s", r.err);
	kit_run_done(&r);
}
END_TEST

UNIT_SUITE(test_walletctl_script);

Suite *test_walletctl_script(void)
{
	Suite *s = suite_create("walletctl/script");
	TCase *t = tcase_create("script");

	tcase_add_checked_fixture(t, kit_state_setup, kit_state_teardown);
	tcase_add_loop_test(t, lines_are_answered_in_order, 0, 3);
	tcase_add_loop_test(t, senseless_lines_are_refused, 0,
			    ELEMENTS(senseless));
	tcase_add_test(t, lines_are_bounded);
	tcase_add_loop_test(t, it_ends_where_it_must, 0, ELEMENTS(ends));
	tcase_add_test(t, it_goes_on_with_a_new_connection);
	tcase_add_test(t, what_is_behind_a_broken_connection_waits);
	tcase_add_test(t, a_document_is_a_line);
	tcase_add_test(t, a_coprocess_has_its_answer_at_once);
	tcase_add_loop_test(t, it_takes_no_command, 0, ELEMENTS(misused));
	suite_add_tcase(s, t);
	return s;
}
