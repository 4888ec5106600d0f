/* SPDX-License-Identifier: MIT */
/*
 * Tests of what walletctl import and export are made of: csv.c, linefile.c,
 * transfers.c, accounting.c, outfile.c; and what import sends, and says when
 * something comes in between.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "unit.h"
#include "walletctl/accounting.h"
#include "walletctl/csv.h"
#include "walletctl/linefile.h"
#include "walletctl/outfile.h"
#include "walletctl/status.h"
#include "walletctl/transfers.h"

#include "test_walletctl_kit.h"

static char directory[] = "/tmp/test-inout-XXXXXX";
static char path[sizeof(directory) + 16];

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/file", directory);
}

static void teardown(void)
{
	(void)unlink(path);
	ck_assert_int_eq(rmdir(directory), 0);
}

static void write_file(const char *text, size_t len)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

/* Append, behind a bar unless it is the first. */
static void join(struct buf *joined, struct slice text, bool first)
{
	ck_assert_int_eq(buf_addf(joined, "%s%.*s", first ? "" : "|",
				  SLICE_ARG(text)),
			 0);
}

static bool is_joined(const struct buf *joined, const char *expected)
{
	return slice_equal((struct slice){ (const char *)joined->data,
					   joined->len },
			   slice_of(expected));
}

/* CSV. */

static const struct {
	const char *line;
	const char *fields; /* between bars */
	const char *fault;
} lines[] = {
	{ "a,b,1", "a|b|1", NULL },
	{ "", "", NULL },
	{ ",", "|", NULL },
	{ " a , b", " a | b", NULL },
	{ "\"a,b\",\"c\"\"d\",\"\"", "a,b|c\"d|", NULL },
	{ "\"\"\"\"", "\"", NULL },
	{ "x,\"a", NULL, "a quote is not closed on its line" },
	{ "\"a\"\"", NULL, "a quote is not closed on its line" },
	{ "\"a\"b,c", NULL, "expected a comma behind a closing quote" },
	{ "a\"b,c", NULL,
	  "a quote in a field that does not begin with one" },
};

START_TEST(lines_are_taken_apart)
{
	_cleanup_(buf_done) struct buf joined = { 0 };
	const char *fault = NULL;
	struct csv_line l;
	char room[64];
	int r;

	r = csv_read(slice_of(lines[_i].line), room, &l, &fault);
	ck_assert_int_eq(r, lines[_i].fault ? -EBADMSG : 0);
	ck_assert_pstr_eq(fault, lines[_i].fault);
	for (size_t i = 0; r == 0 && i < l.fields; i++)
		join(&joined, l.field[i], i == 0);
	if (r == 0)
		ck_assert(is_joined(&joined, lines[_i].fields));
}
END_TEST

START_TEST(fields_have_a_limit)
{
	char line[CSV_FIELDS_MAX + 1];
	const char *fault;
	struct csv_line l;
	char room[sizeof(line)];

	memset(line, ',', sizeof(line));
	ck_assert_int_eq(csv_read((struct slice){ line, CSV_FIELDS_MAX - 1 },
				  room, &l, &fault),
			 0);
	ck_assert_uint_eq(l.fields, CSV_FIELDS_MAX);
	ck_assert_int_eq(csv_read((struct slice){ line, CSV_FIELDS_MAX }, room,
				  &l, &fault),
			 -EBADMSG);
}
END_TEST

/* What is written is read again. */
START_TEST(fields_come_back)
{
	static const char *const texts[] = { "",     "a",	"a,b", "\"",
					     "a\"b", "\"a,\"\"", " x ", "=1" };
	_cleanup_(freep) char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	const char *fault;
	struct csv_line l;
	char room[128];

	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		fputs(i ? "," : "", out);
		csv_write(out, slice_of(texts[i]));
	}
	(void)fclose(out);
	ck_assert_int_eq(csv_read(slice_of(text), room, &l, &fault), 0);
	ck_assert_uint_eq(l.fields, ELEMENTS(texts));
	for (size_t i = 0; i < ELEMENTS(texts); i++)
		ck_assert(slice_equal(l.field[i], slice_of(texts[i])));
}
END_TEST

/* Files. */

/* The lines between bars; those that are too long as "!". */
static void expect_lines(const char *expected)
{
	_cleanup_(linefile_freep) struct linefile *f = NULL;
	_cleanup_(buf_done) struct buf found = { 0 };
	struct slice line;
	struct slice begin;
	int more;

	ck_assert_int_eq(linefile_open(path, &f), 0);
	ck_assert_int_eq(linefile_peek(f, &begin), 0);
	while ((more = linefile_next(f, &line)) != 0) {
		ck_assert(more == 1 || more == -EMSGSIZE);
		if (more < 0)
			line = slice_of("!");
		if (line.len > 8)
			line.len = 8;
		join(&found, line, linefile_number(f) == 1);
	}
	ck_assert(is_joined(&found, expected));
}

START_TEST(files_are_read_line_by_line)
{
	static const struct {
		const char *text;
		const char *expected;
	} files[] = {
		{ "", "" },	      { "a", "a" },	 { "a\n", "a" },
		{ "a\n\nb", "a||b" }, { "\n\n", "|" }, { "a\r\nb\r\n", "a\r|b\r" },
	};

	for (size_t i = 0; i < ELEMENTS(files); i++) {
		write_file(files[i].text, strlen(files[i].text));
		expect_lines(files[i].expected);
	}
}
END_TEST

/* Around the limit, and far beyond the buffer. */
START_TEST(long_lines_are_skipped)
{
	static char text[1024 * 1024];

	memset(text, 'x', sizeof(text));
	memcpy(text + LINEFILE_LINE_MAX, "\nb\n", 3);
	write_file(text, LINEFILE_LINE_MAX + 3);
	expect_lines("xxxxxxxx|b");
	memset(text, 'x', sizeof(text));
	memcpy(text + LINEFILE_LINE_MAX + 1, "\nb\n", 3);
	write_file(text, LINEFILE_LINE_MAX + 4);
	expect_lines("!|b");
	memset(text, 'x', sizeof(text));
	memcpy(text, "a\n", 2);
	memcpy(text + sizeof(text) - 3, "\nc\n", 3);
	write_file(text, sizeof(text));
	expect_lines("a|!|c");
	write_file(text, sizeof(text) - 3);
	expect_lines("a|!");
}
END_TEST

START_TEST(a_file_appears_when_it_is_whole)
{
	struct outfile *f;
	struct stat st;

	ck_assert_int_eq(outfile_open(directory, &f), -EEXIST);
	write_file("old", 3);
	ck_assert_int_eq(outfile_open(path, &f), 0);
	fputs("new contents", outfile_stream(f));
	(void)fflush(outfile_stream(f));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 3);
	(void)outfile_free(f);
	ck_assert_int_eq(outfile_open(path, &f), 0);
	fputs("new contents", outfile_stream(f));
	ck_assert_int_eq(outfile_commit(f), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 12);
	/* teardown() finds nothing else in the directory. */
}
END_TEST

/* Transfers. */

static void add(struct transfers *t, uint64_t serial, const char *sender,
		const char *receiver, uint64_t amount, const char *memo)
{
	struct transfer item = { .serial = serial, .line = serial };

	ck_assert_int_eq(amount_from_u64(amount, &item.amount), 0);
	ck_assert_int_eq(transfers_add(t, &item, slice_of(sender),
				       slice_of(receiver), slice_of(memo)),
			 0);
}

static void count_different(void *arg, const struct transfer *first,
			    const struct transfer *other)
{
	ck_assert_uint_eq(first->serial, other->serial);
	(*(unsigned *)arg)++;
}

START_TEST(they_stand_in_the_order_of_their_serials)
{
	_cleanup_(transfers_freep) struct transfers *t = NULL;
	unsigned different = 0;

	ck_assert_int_eq(transfers_new(&t), 0);
	add(t, 7, "a", "b", 7, "");
	add(t, 2, "a", "b", 2, "");
	add(t, 7, "a", "b", 7, "");
	add(t, 2, "a", "b", 2, "memo");
	add(t, 1, "b", "c", 1, "");
	transfers_sort(t);
	transfers_unite(t, count_different, &different);
	ck_assert_uint_eq(different, 1);
	ck_assert_uint_eq(transfers_count(t), 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(
			amount_to_u64(transfers_at(t, i)->amount),
			i == 2 ? 7 : i + 1);
	ck_assert_uint_eq(transfers_names(t), 3);
}
END_TEST

/*
 * Whoever imports again in the middle must get the same ids, with any version:
 *	printf 'alichain-import 1\na b 5 \nb c 6 x y\n' | b2sum -l 128
 */
START_TEST(their_ids_never_change)
{
	_cleanup_(transfers_freep) struct transfers *t = NULL;
	char id[TRANSFERS_ID_SIZE];

	ck_assert_int_eq(transfers_new(&t), 0);
	add(t, 0, "a", "b", 5, "");
	add(t, 0, "b", "c", 6, "x y");
	transfers_seal(t);
	transfers_id(t, 1, id);
	ck_assert_str_eq(id, "9d0ec7db21ac9448bb7989bfbe7193c7-2");
}
END_TEST

/* Accounts. */

START_TEST(what_means_something_else_is_encoded)
{
	const struct answer_record records[] = {
		{ .serial = 1, .sender = slice_of("a:b%"),
		  .receiver = slice_of("c"), .amount = 5 },
		{ .serial = 2, .sender = slice_of("c"),
		  .receiver = slice_of("c"), .amount = 0 },
		{ .serial = 3, .sender = slice_of("c"),
		  .receiver = slice_of("a:b%"), .amount = 6,
		  .time = slice_of("2026-11-22T13:37:00.123456Z"),
		  .id = slice_of("[x]"), .memo = slice_of("a;b%") },
	};
	_cleanup_(accounting_freep) struct accounting *a = NULL;
	_cleanup_(freep) char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_int_eq(accounting_new(1000, slice_of("x;\"y"), &a), 0);
	for (size_t i = 0; i < ELEMENTS(records); i++)
		ck_assert_int_eq(accounting_record(a, out, &records[i]), 0);
	(void)fclose(out);
	ck_assert_str_eq(text,
			 "1970-01-01 * (1) opening\n"
			 "    users:a%3Ab%25  1000 \"x%3B%22y\"\n"
			 "    equity:opening\n\n"
			 "1970-01-01 * (1) opening\n"
			 "    users:c  1000 \"x%3B%22y\"\n"
			 "    equity:opening\n\n"
			 "1970-01-01 * (1) transfer\n"
			 "    users:c  5 \"x%3B%22y\"\n"
			 "    users:a%3Ab%25  -5 \"x%3B%22y\"\n\n"
			 "2026-11-22 * (3) a%3Bb%25\n"
			 "    ; time: 2026-11-22T13:37:00.123456Z\n"
			 "    ; id: %5Bx%5D\n"
			 "    users:a%3Ab%25  6 \"x%3B%22y\"\n"
			 "    users:c  -6 \"x%3B%22y\"\n\n");
}
END_TEST

/* What is sent. */

#define ABSENT "-NOTFOUND There is no such transaction.\r\n"
#define STRANGER "-NOUSER x\r\n"
#define INFO "$44\r\n# Ledger\r\ncoin:beans\r\ninitial_balance:1000\r\n\r\n"
#define RECEIPT(serial)                                                        \
	"*4\r\n:" serial "\r\n:1\r\n$1\r\nt\r\n$1\r\nh\r\n"
#define MISPLACED "-NOTFOUND It is misplaced; nothing was changed.\r\n"

/* Of an empty ledger, for "a b 1", "a b 2". */
#define STANDING                                                               \
	{ 1, ABSENT, KIT_STAY }, { 1, INFO, KIT_STAY },                        \
		{ 2, STRANGER STRANGER, KIT_STAY }, { 1, ABSENT, KIT_STAY }

static void expect_import(const struct kit_turn *turns, size_t count,
			  int status, const char *out, const char *err)
{
	struct kit_server *s = kit_server_start(turns, count);
	struct kit_run r;
	char *log;

	write_file("a,b,1\na,b,2\n", 12);
	r = kit_run(kit_server_name(s), "--timeout", "1", "import", "--format",
		    "csv", path, NULL);
	log = kit_server_stop(s);
	ck_assert_str_eq(r.out, out);
	ck_assert_msg(strstr(r.err, err), "said: %s", r.err);
	ck_assert_int_eq(r.status, status);
	ck_assert_ptr_nonnull(strstr(log, "IMPORT a b 1 ID "));
	ck_assert_ptr_nonnull(strstr(log, "IMPORT a b 2 ID "));
	/* The first time behind the other one. */
	ck_assert_ptr_nonnull(strstr(log, "-2 AFTER "));
	free(log);
	kit_run_done(&r);
}

#define DONE                                                                   \
	"Imported 2 transactions, serials 10 to 11, 2 new users, 3 beans "     \
	"moved.\n"

START_TEST(all_is_sent_at_once)
{
	const struct kit_turn turns[] = {
		STANDING,
		{ 2, RECEIPT("10") RECEIPT("11"), KIT_STAY },
	};

	expect_import(turns, ELEMENTS(turns), STATUS_DONE, DONE, "");
}
END_TEST

/* The first was looked up, so the second could not stand behind it. */
START_TEST(what_was_misplaced_is_sent_again)
{
	const struct kit_turn turns[] = {
		STANDING,
		{ 2, RECEIPT("10") MISPLACED, KIT_STAY },
		{ 1, ABSENT, KIT_STAY },
		{ 1, RECEIPT("11"), KIT_STAY },
	};

	expect_import(turns, ELEMENTS(turns), STATUS_DONE, DONE, "");
}
END_TEST

START_TEST(a_connection_that_breaks_is_made_anew)
{
	const struct kit_turn turns[] = {
		STANDING,
		{ 2, RECEIPT("10"), KIT_RESET },
		{ 1, ABSENT, KIT_STAY },
		{ 1, RECEIPT("11"), KIT_STAY },
	};

	expect_import(turns, ELEMENTS(turns), STATUS_DONE, DONE, "");
}
END_TEST

START_TEST(what_is_unavailable_is_waited_for)
{
	const struct kit_turn turns[] = {
		STANDING,
		{ 2, "-UNAVAILABLE x\r\n" MISPLACED, KIT_STAY },
		{ 1, ABSENT, KIT_STAY },
		{ 2, "-UNKNOWN x\r\n-UNKNOWN x\r\n", KIT_STAY },
		{ 1, ABSENT, KIT_STAY },
		{ 2, RECEIPT("10") RECEIPT("11"), KIT_STAY },
	};

	expect_import(turns, ELEMENTS(turns), STATUS_DONE, DONE, "");
}
END_TEST

START_TEST(a_refusal_ends_it)
{
	const struct kit_turn turns[] = {
		STANDING,
		{ 2, RECEIPT("10") "-INSUFFICIENT \"a\" is poor.\r\n",
		  KIT_STAY },
	};

	expect_import(turns, ELEMENTS(turns), STATUS_REFUSED, "",
		      "/file:2: \"a\" is poor.\nwalletctl: 1 of 2 transactions "
		      "are recorded, none from this line on.\n");
}
END_TEST

START_TEST(silence_is_unknown)
{
	const struct kit_turn turns[] = {
		STANDING,
		{ 2, RECEIPT("10"), KIT_HOLD },
	};

	expect_import(turns, ELEMENTS(turns), STATUS_UNKNOWN, "",
		      "at least 1 of 2 transactions are recorded; run the same "
		      "command again to go on.\n");
}
END_TEST

UNIT_SUITE(test_walletctl_inout);

Suite *test_walletctl_inout(void)
{
	Suite *s = suite_create("walletctl/inout");
	TCase *t = tcase_create("inout");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, lines_are_taken_apart, 0, ELEMENTS(lines));
	tcase_add_test(t, fields_have_a_limit);
	tcase_add_test(t, fields_come_back);
	tcase_add_test(t, files_are_read_line_by_line);
	tcase_add_test(t, long_lines_are_skipped);
	tcase_add_test(t, a_file_appears_when_it_is_whole);
	tcase_add_test(t, they_stand_in_the_order_of_their_serials);
	tcase_add_test(t, their_ids_never_change);
	tcase_add_test(t, what_means_something_else_is_encoded);
	tcase_add_test(t, all_is_sent_at_once);
	tcase_add_test(t, what_was_misplaced_is_sent_again);
	tcase_add_test(t, a_connection_that_breaks_is_made_anew);
	tcase_add_test(t, what_is_unavailable_is_waited_for);
	tcase_add_test(t, a_refusal_ends_it);
	tcase_add_test(t, silence_is_unknown);
	suite_add_tcase(s, t);
	return s;
}
