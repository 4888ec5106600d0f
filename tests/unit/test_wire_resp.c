/* SPDX-License-Identifier: MIT */
/*
 * src/wire/resp.c: a client's bytes, whole and in pieces, lawful and not.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/random.h"
#include "wire/resp.h"

#include "unit.h"

UNIT_SUITE(test_wire_resp);

/* What came of one look, made comparable: "2:[PING][x]", "more", "!fault". */
struct outcome {
	char text[512];
	size_t used;
	enum resp_status status;
};

static void append_text(struct outcome *o, const char *p, size_t len)
{
	size_t at = strlen(o->text);

	if (at + len >= sizeof(o->text))
		ck_abort_msg("more text than the test foresaw");
	for (size_t i = 0; i < len; i++)
		o->text[at + i] = p[i] ? p[i] : '0';
	o->text[at + len] = '\0';
}

static void append_request(struct outcome *o, const struct resp_request *q)
{
	char head[32];
	int n = snprintf(head, sizeof(head), "%zu:", q->args);

	append_text(o, head, (size_t)n);
	for (size_t i = 0; i < q->args; i++) {
		append_text(o, "[", 1);
		append_text(o, q->arg[i].p, q->arg[i].len);
		append_text(o, "]", 1);
	}
}

/*
 * Look at an exact copy on the heap: the sanitizer sees what reads too far.
 * Arguments must lie within what was used.
 */
static struct outcome look(const char *input, size_t len)
{
	_cleanup_(freep) char *copy = malloc(len > 0 ? len : 1);
	struct outcome o = { .used = 0 };
	const char *fault = NULL;
	struct resp_request q;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, input, len);
	o.status = resp_parse(copy, len, &q, &o.used, &fault);
	switch (o.status) {
	case RESP_MORE:
		append_text(&o, "more", 4);
		break;
	case RESP_BROKEN:
		append_text(&o, "!", 1);
		append_text(&o, fault, strlen(fault));
		break;
	case RESP_REQUEST:
		ck_assert_uint_gt(o.used, 0);
		ck_assert_uint_le(o.used, len);
		for (size_t i = 0; i < q.args; i++) {
			if (q.arg[i].p < copy ||
			    q.arg[i].p + q.arg[i].len > copy + o.used)
				ck_abort_msg("argument %zu lies outside", i);
		}
		append_request(&o, &q);
		break;
	}
	return o;
}

struct example {
	const char *input;
	size_t len;
	const char *expected;
};
#define EXAMPLE(input, expected) { (input), sizeof(input) - 1, (expected) }

/* Each of them is one whole request and no byte more. */
static const struct example requests[] = {
	EXAMPLE("*1\r\n$4\r\nPING\r\n", "1:[PING]"),
	EXAMPLE("*2\r\n$7\r\nBALANCE\r\n$7\r\nChinmay\r\n",
		"2:[BALANCE][Chinmay]"),
	EXAMPLE("*2\r\n$0\r\n\r\n$2\r\n\r\n\r\n", "2:[][\r\n]"),
	EXAMPLE("*1\r\n$3\r\na\0b\r\n", "1:[a0b]"),
	EXAMPLE("*1\r\n$3\r\n*1\r\r\n", "1:[*1\r]"),

	/* Nothing at all, in its four ways. */
	EXAMPLE("*0\r\n", "0:"),
	EXAMPLE("*-1\r\n", "0:"),
	EXAMPLE("\r\n", "0:"),
	EXAMPLE("\n", "0:"),
	EXAMPLE("  \t \r\n", "0:"),

	/* Typed into nc. */
	EXAMPLE("PING\r\n", "1:[PING]"),
	EXAMPLE("PING\n", "1:[PING]"),
	EXAMPLE("  TRANSFER\tAli  Luke 15 \r\n", "4:[TRANSFER][Ali][Luke][15]"),
	EXAMPLE("$4\r\n", "1:[$4]"),
	EXAMPLE(" *1\r\n", "1:[*1]"),
	EXAMPLE("a\rb\r\n", "2:[a][b]"),
	EXAMPLE("a\0b c\n", "2:[a0b][c]"),
	EXAMPLE("Ren\xc3\xa9\n", "1:[Ren\xc3\xa9]"),

	/* Quotes, as sdssplitargs() has them. */
	EXAMPLE("A MEMO \"two coffees\"\r\n", "3:[A][MEMO][two coffees]"),
	EXAMPLE("\"\" ''\n", "2:[][]"),
	EXAMPLE("\"\\n\\r\\t\\b\\a\"\n", "1:[\n\r\t\b\a]"),
	EXAMPLE("\"\\\"\\\\\\q'\"\n", "1:[\"\\q']"),
	EXAMPLE("\"\\x41\\x6a\\x6A\\x00\"\n", "1:[Ajj0]"),
	EXAMPLE("\"\\x4\" \"\\xg1\" \"\\x\"\n", "3:[x4][xg1][x]"),
	EXAMPLE("'it\\'s' '\\n' 'a\"b'\n", "3:[it's][\\n][a\"b]"),
	EXAMPLE("ab\"c d\" e'f g'\n", "2:[abc d][ef g]"),
	EXAMPLE("\\x41 \\\n", "2:[\\x41][\\]"),
	EXAMPLE("\"a\"\v\"b\"\n", "2:[a][b]"),
	EXAMPLE("a\vb\n", "1:[a\vb]"),
};

/* Each breaks at its last byte, and not before. */
static const struct example faults[] = {
	EXAMPLE("*x", "!invalid multibulk length"),
	EXAMPLE("*\r\n", "!invalid multibulk length"),
	EXAMPLE("*-\r\n", "!invalid multibulk length"),
	EXAMPLE("*-2\r\n", "!invalid multibulk length"),
	EXAMPLE("*1-\r\n", "!invalid multibulk length"),
	EXAMPLE("*+", "!invalid multibulk length"),
	EXAMPLE("* ", "!invalid multibulk length"),
	EXAMPLE("*01\r\n", "!invalid multibulk length"),
	EXAMPLE("*1\n", "!invalid multibulk length"),
	EXAMPLE("*1\0", "!invalid multibulk length"),
	EXAMPLE("*65\r\n", "!invalid multibulk length"),
	EXAMPLE("*1048577\r\n", "!invalid multibulk length"),
	EXAMPLE("*18446744073709551617\r\n", "!invalid multibulk length"),
	EXAMPLE("*000000000000000000001", "!invalid multibulk length"),
	EXAMPLE("*1\rx", "!expected CRLF"),
	EXAMPLE("*1\r\nP", "!expected '$'"),
	EXAMPLE("*1\r\n:", "!expected '$'"),
	EXAMPLE("*1\r\n\r", "!expected '$'"),
	EXAMPLE("*1\r\n\0", "!expected '$'"),

	/* A gigabyte is refused when it is announced. */
	EXAMPLE("*1\r\n$1073741824\r\n", "!invalid bulk length"),
	EXAMPLE("*1\r\n$65537\r\n", "!invalid bulk length"),
	EXAMPLE("*1\r\n$-1\r\n", "!invalid bulk length"),
	EXAMPLE("*1\r\n$-0\r\n", "!invalid bulk length"),
	EXAMPLE("*1\r\n$04\r\n", "!invalid bulk length"),
	EXAMPLE("*1\r\n$\r\n", "!invalid bulk length"),
	EXAMPLE("*1\r\n$a", "!invalid bulk length"),
	EXAMPLE("*1\r\n$4x", "!invalid bulk length"),
	EXAMPLE("*1\r\n$4\n", "!invalid bulk length"),
	EXAMPLE("*1\r\n$18446744073709551615\r\n", "!invalid bulk length"),
	EXAMPLE("*1\r\n$65536\r\n", "!too big request"),
	EXAMPLE("*1\r\n$4\r\nPINGx", "!expected CRLF"),
	EXAMPLE("*1\r\n$4\r\nPING\rx", "!expected CRLF"),
	EXAMPLE("*1\r\n$4\r\nPING\n", "!expected CRLF"),
	EXAMPLE("*2\r\n$4\r\nPING\r\n*", "!expected '$'"),

	EXAMPLE("\"a\n", "!unbalanced quotes in request"),
	EXAMPLE("\"a\\\"\n", "!unbalanced quotes in request"),
	EXAMPLE("\"a\\\n", "!unbalanced quotes in request"),
	EXAMPLE("\"\\x\n", "!unbalanced quotes in request"),
	EXAMPLE("\"a\\\r\n", "!unbalanced quotes in request"),
	EXAMPLE("\"a\r\n", "!unbalanced quotes in request"),
	EXAMPLE("'a\n", "!unbalanced quotes in request"),
	EXAMPLE("'a\\'\n", "!unbalanced quotes in request"),
	EXAMPLE("\"a\"b\n", "!unbalanced quotes in request"),
	EXAMPLE("'a'b\n", "!unbalanced quotes in request"),
	EXAMPLE("'a'\"b\"\n", "!unbalanced quotes in request"),
	EXAMPLE("PING \"\r\n", "!unbalanced quotes in request"),
};

START_TEST(whole_requests)
{
	const struct example *e = &requests[_i];
	struct outcome o = look(e->input, e->len);

	ck_assert_str_eq(o.text, e->expected);
	ck_assert_uint_eq(o.used, e->len);
}
END_TEST

START_TEST(faults_are_named)
{
	const struct example *e = &faults[_i];

	ck_assert_str_eq(look(e->input, e->len).text, e->expected);
}
END_TEST

/* One byte at a time: nothing is said before the last one. */
START_TEST(every_prefix_wants_more)
{
	bool good = _i < (int)ELEMENTS(requests);
	const struct example *e =
		good ? &requests[_i] : &faults[_i - (int)ELEMENTS(requests)];

	for (size_t cut = 0; cut < e->len; cut++)
		ck_assert_str_eq(look(e->input, cut).text, "more");
}
END_TEST

/* What follows a request or a fault does not change it. */
START_TEST(what_follows_does_not_matter)
{
	static const char *const tails[] = { "*", "PING\r\n", "\n", "\"", "$" };
	bool good = _i < (int)ELEMENTS(requests);
	const struct example *e =
		good ? &requests[_i] : &faults[_i - (int)ELEMENTS(requests)];

	for (size_t i = 0; i < ELEMENTS(tails); i++) {
		char input[128];
		struct outcome o;

		memcpy(input, e->input, e->len);
		memcpy(input + e->len, tails[i], strlen(tails[i]));
		o = look(input, e->len + strlen(tails[i]));
		ck_assert_str_eq(o.text, e->expected);
		if (good)
			ck_assert_uint_eq(o.used, e->len);
	}
}
END_TEST

/* Feed @input piecewise, as a session does; all that was asked for. */
static void feed(struct outcome *all, const char *input, size_t len,
		 size_t piece)
{
	char pending[1024];
	size_t held = 0;

	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		struct outcome o;

		memcpy(pending + held, input + at, n);
		held += n;
		while ((o = look(pending, held)).status == RESP_REQUEST) {
			append_text(all, o.text, strlen(o.text));
			memmove(pending, pending + o.used, held - o.used);
			held -= o.used;
		}
		ck_assert_int_eq(o.status, RESP_MORE);
	}
	ck_assert_uint_eq(held, 0);
}

/* A pipeline gives the same requests in whatever pieces it comes. */
START_TEST(pipelines_in_pieces)
{
	static const char input[] =
		"*2\r\n$7\r\nBALANCE\r\n$3\r\nAli\r\n"
		"PING \"a b\"\r\n"
		"\r\n"
		"*0\r\n"
		"*1\r\n$4\r\nQUIT\r\n"
		"TRANSFER Ali Luke 15 MEMO 'two \"coffees\"'\n";

	for (size_t piece = 1; piece < sizeof(input); piece++) {
		struct outcome all = { .used = 0 };

		feed(&all, input, sizeof(input) - 1, piece);
		ck_assert_str_eq(all.text,
				 "2:[BALANCE][Ali]2:[PING][a b]0:0:1:[QUIT]"
				 "6:[TRANSFER][Ali][Luke][15][MEMO]"
				 "[two \"coffees\"]");
	}
}
END_TEST

START_TEST(sixty_four_arguments)
{
	char input[1024];
	struct outcome o;
	int n;

	/* As an array; the header of 65 is refused, see above. */
	n = snprintf(input, sizeof(input), "*%d\r\n", RESP_ARGS_MAX);
	for (int i = 0; i < RESP_ARGS_MAX; i++)
		n += snprintf(input + n, sizeof(input) - (size_t)n,
			      "$1\r\nx\r\n");
	o = look(input, (size_t)n);
	ck_assert_int_eq(o.status, RESP_REQUEST);
	ck_assert(strncmp(o.text, "64:", 3) == 0);

	/* Inline; then one more. */
	memset(input, 0, sizeof(input));
	for (size_t i = 0; i < RESP_ARGS_MAX; i++)
		memcpy(input + 2 * i, "x ", 2);
	input[2 * RESP_ARGS_MAX] = '\n';
	o = look(input, 2 * RESP_ARGS_MAX + 1);
	ck_assert_int_eq(o.status, RESP_REQUEST);
	ck_assert(strncmp(o.text, "64:", 3) == 0);

	memcpy(input + 2 * RESP_ARGS_MAX, "x\n", 2);
	o = look(input, 2 * RESP_ARGS_MAX + 2);
	ck_assert_str_eq(o.text, "!too many arguments");
}
END_TEST

static enum resp_status status_of(char *input, size_t len)
{
	static struct resp_request q;
	const char *fault;
	size_t used;

	return resp_parse(input, len, &q, &used, &fault);
}

/* An array of exactly RESP_REQUEST_MAX bytes is the largest there is. */
START_TEST(the_largest_array)
{
	static char input[RESP_REQUEST_MAX + 1];
	size_t head = strlen("*1\r\n$65520\r\n");
	size_t most = RESP_REQUEST_MAX - head - 2;

	(void)snprintf(input, sizeof(input), "*1\r\n$%zu\r\n", most);
	memset(input + head, 'x', most);
	memcpy(input + head + most, "\r\n", 2);
	ck_assert_int_eq(status_of(input, RESP_REQUEST_MAX - 1), RESP_MORE);
	ck_assert_int_eq(status_of(input, RESP_REQUEST_MAX), RESP_REQUEST);

	(void)snprintf(input, sizeof(input), "*1\r\n$%zu\r\n", most + 1);
	ck_assert_str_eq(look(input, head).text, "!too big request");
}
END_TEST

/* All of them together count: 63 fit, the 64th would not. */
START_TEST(many_large_arguments)
{
	static char input[2 * RESP_REQUEST_MAX];
	size_t at = (size_t)snprintf(input, sizeof(input), "*64\r\n");

	for (;;) {
		size_t head = (size_t)snprintf(input + at, sizeof(input) - at,
					       "$2000\r\n");

		if (at + head + 2002 > RESP_REQUEST_MAX)
			break;
		memset(input + at + head, 'x', 2000);
		memcpy(input + at + head + 2000, "\r\n", 2);
		at += head + 2002;
		ck_assert_int_eq(status_of(input, at), RESP_MORE);
	}
	ck_assert_str_eq(look(input, at + 7).text, "!too big request");
}
END_TEST

/* A buffer of RESP_REQUEST_MAX bytes never has to wait for more. */
START_TEST(a_full_buffer_is_decided)
{
	static char input[RESP_REQUEST_MAX + 1];

	memset(input, 'x', sizeof(input));
	input[RESP_REQUEST_MAX - 1] = '\n';
	ck_assert_int_eq(status_of(input, RESP_REQUEST_MAX), RESP_REQUEST);

	/* One byte longer, whether its newline has come or not. */
	memset(input, 'x', sizeof(input));
	input[RESP_REQUEST_MAX] = '\n';
	ck_assert_int_eq(status_of(input, RESP_REQUEST_MAX - 1), RESP_MORE);
	ck_assert_str_eq(look(input, RESP_REQUEST_MAX).text,
			 "!too big inline request");
	ck_assert_str_eq(look(input, RESP_REQUEST_MAX + 1).text,
			 "!too big inline request");

	/* Bulk strings up to the last byte, and another one announced. */
	size_t head = strlen("*2\r\n$65520\r\n");
	size_t most = RESP_REQUEST_MAX - head - 2;

	(void)snprintf(input, sizeof(input), "*2\r\n$%zu\r\n", most);
	memset(input + head, 'x', most);
	memcpy(input + head + most, "\r\n", 2);
	ck_assert_str_eq(look(input, RESP_REQUEST_MAX).text,
			 "!too big request");
}
END_TEST

/* Any bytes at all: no crash, and no verdict that more bytes would change. */
START_TEST(noise)
{
	static const char likely[] = "*$-0123456789\r\n\r\n\"'\\x a\0PING";
	char input[48];
	struct rng rng;

	rng_seed(&rng, 2);
	for (int round = 0; round < 1000; round++) {
		size_t len = (size_t)rng_below(&rng, sizeof(input) + 1);
		struct outcome before = look(input, 0);

		for (size_t i = 0; i < len; i++)
			input[i] = round % 4 == 0 ?
					   (char)rng_below(&rng, 256) :
					   likely[rng_below(&rng,
							    sizeof(likely))];

		for (size_t cut = 1; cut <= len; cut++) {
			struct outcome o = look(input, cut);

			if (before.status != RESP_MORE &&
			    strcmp(o.text, before.text) != 0)
				ck_abort_msg("%s, then %s", before.text,
					     o.text);
			before = o;
		}
	}
}
END_TEST

static void check_answer(struct buf *out, const char *expected)
{
	ck_assert_uint_eq(out->len, strlen(expected));
	ck_assert_mem_eq(out->data, expected, out->len);
	buf_done(out);
}

START_TEST(answers)
{
	struct buf out = { 0 };

	ck_assert_int_eq(resp_put_simple(&out, "PONG"), 0);
	check_answer(&out, "+PONG\r\n");
	ck_assert_int_eq(resp_put_integer(&out, 0), 0);
	check_answer(&out, ":0\r\n");
	ck_assert_int_eq(resp_put_integer(&out, -881), 0);
	check_answer(&out, ":-881\r\n");
	ck_assert_int_eq(resp_put_integer(&out, INT64_MAX), 0);
	check_answer(&out, ":9223372036854775807\r\n");
	ck_assert_int_eq(resp_put_integer(&out, INT64_MIN), 0);
	check_answer(&out, ":-9223372036854775808\r\n");
	ck_assert_int_eq(resp_put_bulk(&out, slice_of("a\r\nb")), 0);
	check_answer(&out, "$4\r\na\r\nb\r\n");
	ck_assert_int_eq(resp_put_bulk(&out, (struct slice){ NULL, 0 }), 0);
	check_answer(&out, "$0\r\n\r\n");
	ck_assert_int_eq(resp_put_null(&out), 0);
	check_answer(&out, "$-1\r\n");
	ck_assert_int_eq(resp_put_array(&out, 0), 0);
	check_answer(&out, "*0\r\n");

	/* One behind the other. */
	ck_assert_int_eq(resp_put_array(&out, 2), 0);
	ck_assert_int_eq(resp_put_integer(&out, 10), 0);
	ck_assert_int_eq(resp_put_bulk(&out, slice_of("x")), 0);
	check_answer(&out, "*2\r\n:10\r\n$1\r\nx\r\n");
}
END_TEST

/* A name in a sentence cannot end the answer and forge the next. */
START_TEST(answers_of_one_line_stay_one_line)
{
	struct buf out = { 0 };

	ck_assert_int_eq(resp_put_error(&out, "NOUSER",
					slice_of("\"a\r\n:1\tb\x7f\" Ren\xc3\xa9")),
			 0);
	check_answer(&out, "-NOUSER \"a??:1?b?\" Ren\xc3\xa9\r\n");
	ck_assert_int_eq(resp_put_simple(&out, "a\nb"), 0);
	check_answer(&out, "+a?b\r\n");
}
END_TEST

Suite *test_wire_resp(void)
{
	Suite *s = suite_create("wire/resp");
	TCase *t = tcase_create("resp");
	int examples = (int)(ELEMENTS(requests) + ELEMENTS(faults));

	tcase_add_loop_test(t, whole_requests, 0, (int)ELEMENTS(requests));
	tcase_add_loop_test(t, faults_are_named, 0, (int)ELEMENTS(faults));
	tcase_add_loop_test(t, every_prefix_wants_more, 0, examples);
	tcase_add_loop_test(t, what_follows_does_not_matter, 0, examples);
	tcase_add_test(t, pipelines_in_pieces);
	tcase_add_test(t, sixty_four_arguments);
	tcase_add_test(t, the_largest_array);
	tcase_add_test(t, many_large_arguments);
	tcase_add_test(t, a_full_buffer_is_decided);
	tcase_add_test(t, noise);
	tcase_add_test(t, answers);
	tcase_add_test(t, answers_of_one_line_stay_one_line);
	suite_add_tcase(s, t);
	return s;
}
