/* SPDX-License-Identifier: MIT */
/*
 * Messages as they come out of standard error, here a pipe, and as libsystemd
 * would get them for the journal: its function is one of ours in this program.
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "util/buf.h"
#include "sys/log.h"

#include "test_sys_scratch.h"
#include "unit.h"

UNIT_SUITE(test_sys_log);

#define OUTPUT_SIZE 8192

static int pipe_end = -EBADF;
static int real_stderr = -EBADF;
static struct buf journal; /* each field on a line, each entry with one more */
static int journal_result;

/* In place of libsystemd's, which has no journal to talk to here. */
int sd_journal_sendv(const struct iovec *iov, int n)
{
	for (int i = 0; i < n; i++)
		if (buf_add(&journal, iov[i].iov_base, iov[i].iov_len) < 0 ||
		    buf_add(&journal, "\n", 1) < 0)
			abort();
	if (buf_add(&journal, "\n", 1) < 0)
		abort();
	return journal_result;
}

static void begin(void)
{
	int fds[2];

	journal_result = 0;
	(void)unsetenv("JOURNAL_STREAM");
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	ck_assert_int_ge(real_stderr, 0);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	(void)close(fds[1]);
	pipe_end = fds[0];
}

static void end(void)
{
	(void)dup2(real_stderr, STDERR_FILENO);
	(void)close(real_stderr);
	(void)close(pipe_end);
	(void)unsetenv("JOURNAL_STREAM");
	buf_done(&journal);
}

/* Everything on standard error so far. */
static const char *output(void)
{
	static char text[OUTPUT_SIZE];
	ssize_t n = read(pipe_end, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static const char *entries(void)
{
	ck_assert_int_eq(buf_add(&journal, "", 1), 0);
	journal.len--;
	return (const char *)journal.data;
}

/* --- Standard error */

START_TEST(line_has_the_program_and_the_sentence)
{
	log_open("chain-test", 0);
	log_print(LOG_INFO, NULL, "%s has %d coins", "Ali", 845);
	ck_assert_str_eq(output(), "chain-test: Ali has 845 coins\n");
	log_print(LOG_ERR, &(struct log_fields){ .serial = 1 }, "%s", "");
	ck_assert_str_eq(output(), "chain-test: \n");
	ck_assert_uint_eq(journal.len, 0);
}
END_TEST

/* Names and file contents get here: they may not forge lines or colours. */
START_TEST(controls_are_replaced)
{
	log_open("t", 0);
	log_print(LOG_INFO, NULL, "a\nt: b\x1b[1m\r\t\x7f\xc3\xa9");
	ck_assert_str_eq(output(), "t: a?t: b?[1m???\xc3\xa9\n");
}
END_TEST

START_TEST(debug_is_shown_on_demand)
{
	log_open("t", 0);
	log_print(LOG_DEBUG, NULL, "a");
	ck_assert_str_eq(output(), "");
	log_open("t", 1);
	log_print(LOG_DEBUG, NULL, "a");
	ck_assert_str_eq(output(), "t: a\n");
}
END_TEST

START_TEST(long_sentence_is_cut_and_has_its_end_of_line)
{
	static char text[OUTPUT_SIZE];
	const char *line;
	size_t len;

	memset(text, 'x', sizeof(text) - 1);
	log_open("t", 0);
	log_print(LOG_INFO, NULL, "%s", text);
	line = output();
	len = strlen(line);
	ck_assert_uint_gt(len, 2000);
	ck_assert_uint_lt(len, 2100);
	ck_assert_int_eq(line[len - 1], '\n');
	ck_assert_int_eq(line[len - 2], 'x');
}
END_TEST

START_TEST(lines_are_messages_each)
{
	log_open("t", 0);
	log_lines(LOG_ERR, NULL, slice_of("a:1: b\n\na:2: %s\nlast"));
	ck_assert_str_eq(output(), "t: a:1: b\nt: a:2: %s\nt: last\n");
	log_lines(LOG_ERR, NULL, slice_of(""));
	ck_assert_str_eq(output(), "");
}
END_TEST

/* The caller still wants to know why something failed. */
START_TEST(errno_stays)
{
	(void)close(STDERR_FILENO);
	errno = ENOENT;
	log_print(LOG_ERR, NULL, "into the void");
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* A reader that does not read may not stop a ledger. */
START_TEST(full_pipe_does_not_hold_us_up)
{
	log_open("t", 0);
	for (int i = 0; i < 100000; i++)
		log_print(LOG_INFO, NULL, "message %d", i);
	ck_assert_int_ne(*output(), 0);
}
END_TEST

/* --- The journal */

/* $JOURNAL_STREAM as the manager sets it, @inode_more off. */
static void set_stream(int inode_more)
{
	char text[64];
	struct stat st;

	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev,
		       (uintmax_t)st.st_ino + (uintmax_t)inode_more);
	ck_assert_int_eq(setenv("JOURNAL_STREAM", text, 1), 0);
}

START_TEST(journal_is_told_by_its_own_protocol)
{
	set_stream(0);
	log_open("chain-test", 0);
	log_print(LOG_WARNING, NULL, "a\nb");
	ck_assert_str_eq(entries(), "MESSAGE=a?b\nPRIORITY=4\n"
				    "SYSLOG_IDENTIFIER=chain-test\n\n");
	ck_assert_str_eq(output(), "");
}
END_TEST

/* Standard error was sent elsewhere after the manager made it. */
START_TEST(other_stream_is_not_the_journal)
{
	set_stream(1);
	log_open("t", 0);
	log_print(LOG_INFO, NULL, "a");
	ck_assert_str_eq(output(), "t: a\n");
	ck_assert_uint_eq(journal.len, 0);
}
END_TEST

START_TEST(message_the_journal_refuses_goes_to_standard_error)
{
	set_stream(0);
	log_open("t", 0);
	journal_result = -ENOBUFS;
	log_print(LOG_INFO, NULL, "a");
	ck_assert_str_eq(output(), "t: a\n");
}
END_TEST

START_TEST(all_fields)
{
	struct log_fields f = {
		.event = LOG_EVENT_TRANSFER,
		.serial = UINT64_MAX,
		.sender = slice_of("Ali"),
		.receiver = { "Luke and more", 4 },
		.amount = slice_of("15"),
		.backend = slice_of("B"),
		.id = slice_of("7f9c"),
		.result = slice_of("DONE"),
	};

	set_stream(0);
	log_open("t", 0);
	log_print(LOG_INFO, &f, "x");
	ck_assert_str_eq(entries(),
			 "MESSAGE=x\nPRIORITY=6\nSYSLOG_IDENTIFIER=t\n"
			 "MESSAGE_ID=" LOG_ID_TRANSFER "\n"
			 "CHAIN_SERIAL=18446744073709551615\n"
			 "CHAIN_SENDER=Ali\nCHAIN_RECEIVER=Luke\n"
			 "CHAIN_USER=Ali\nCHAIN_USER=Luke\n"
			 "CHAIN_AMOUNT=15\nCHAIN_BACKEND=B\nCHAIN_ID=7f9c\n"
			 "CHAIN_RESULT=DONE\n\n");
}
END_TEST

START_TEST(user_who_opens_is_one_user)
{
	struct log_fields f = { .sender = slice_of("Ali"),
				.receiver = slice_of("Ali") };

	set_stream(0);
	log_open("t", 0);
	log_print(LOG_INFO, &f, "x");
	ck_assert_str_eq(entries(),
			 "MESSAGE=x\nPRIORITY=6\nSYSLOG_IDENTIFIER=t\n"
			 "CHAIN_SENDER=Ali\nCHAIN_RECEIVER=Ali\n"
			 "CHAIN_USER=Ali\n\n");
}
END_TEST

/* Every kind of event has an id of its own, and the catalog an entry for it. */
START_TEST(catalog_knows_every_event)
{
	char *catalog;
	size_t found = 0;
	size_t len;

	catalog = scratch_source("systemd/alichain.catalog", &len);
	set_stream(0);
	log_open("t", 0);
	for (int e = LOG_EVENT_READY; e <= LOG_EVENT_REFUSALS_SUMMED_UP; e++) {
		struct log_fields f = { .event = (enum log_event)e };
		char line[64] = "\n-- ";
		const char *id;

		buf_clear(&journal);
		log_print(LOG_INFO, &f, "x");
		id = strstr(entries(), "MESSAGE_ID=");
		ck_assert_ptr_nonnull(id);
		(void)snprintf(line, sizeof(line), "\n-- %.32s\n",
			       id + strlen("MESSAGE_ID="));
		ck_assert_msg(strstr(catalog, line) != NULL, "no %s", line);
	}
	for (const char *p = catalog; (p = strstr(p, "\n-- ")); p++)
		found++;
	ck_assert_uint_eq(found, LOG_EVENT_REFUSALS_SUMMED_UP);
	free(catalog);
}
END_TEST

UNIT_SUITE(test_sys_log)
{
	Suite *s = suite_create("sys/log");
	TCase *t = tcase_create("log");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, line_has_the_program_and_the_sentence);
	tcase_add_test(t, controls_are_replaced);
	tcase_add_test(t, debug_is_shown_on_demand);
	tcase_add_test(t, long_sentence_is_cut_and_has_its_end_of_line);
	tcase_add_test(t, lines_are_messages_each);
	tcase_add_test(t, errno_stays);
	tcase_add_test(t, full_pipe_does_not_hold_us_up);
	tcase_add_test(t, journal_is_told_by_its_own_protocol);
	tcase_add_test(t, other_stream_is_not_the_journal);
	tcase_add_test(t, message_the_journal_refuses_goes_to_standard_error);
	tcase_add_test(t, all_fields);
	tcase_add_test(t, user_who_opens_is_one_user);
	tcase_add_test(t, catalog_knows_every_event);
	suite_add_tcase(s, t);
	return s;
}
