/* SPDX-License-Identifier: MIT */
/*
 * RESP2 on the server's side: takes requests out of a stream of bytes and
 * writes answers.  Knows no command and no socket.  A prefix is judged alike
 * however the bytes came: nothing is remembered between two looks.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "util/parse.h"

#include "wire/resp.h"

/* Bytes of a length, sign included, before its CRLF. */
#define LENGTH_TEXT_MAX U64_DIGITS_MAX

/* A walk through the input. */
struct scan {
	const char *input;
	size_t len;
	size_t at;
	const char *fault; /* set with RESP_BROKEN */
};

static enum resp_status broken(struct scan *s, const char *fault)
{
	s->fault = fault;
	return RESP_BROKEN;
}

static bool length_byte(char c)
{
	return (c >= '0' && c <= '9') || c == '-';
}

/* The CRLF at @at: RESP_REQUEST if it is there. */
static enum resp_status see_crlf(struct scan *s, size_t at)
{
	if (at < s->len && s->input[at] != '\r')
		return broken(s, "expected CRLF");

	if (at + 1 < s->len && s->input[at + 1] != '\n')
		return broken(s, "expected CRLF");

	return at + 1 < s->len ? RESP_REQUEST : RESP_MORE;
}

/*
 * The length behind a '*' or '$', up to and with its CRLF.  A byte that no
 * length has is a @fault at once, not only when the line is whole.
 */
static enum resp_status scan_length(struct scan *s, const char *fault,
				    struct slice *ret)
{
	struct slice text = { s->input + s->at, 0 };
	enum resp_status status;
	size_t end = s->at;

	while (end < s->len && length_byte(s->input[end]))
		end++;

	text.len = end - s->at;
	if (text.len > LENGTH_TEXT_MAX)
		return broken(s, fault);

	/* Not a digit and not the end of the line: garbage. */
	if (end < s->len && s->input[end] != '\r')
		return broken(s, fault);

	status = see_crlf(s, end);
	if (status != RESP_REQUEST)
		return status;

	s->at = end + 2;
	*ret = text;
	return RESP_REQUEST;
}

/* "$5\r\nhello\r\n" */
static enum resp_status scan_bulk(struct scan *s, struct slice *ret)
{
	static const char fault[] = "invalid bulk length";
	enum resp_status status;
	struct slice text;
	uint64_t n;

	if (s->at == s->len)
		return RESP_MORE;
	if (s->input[s->at] != '$')
		return broken(s, "expected '$'");
	s->at++;

	status = scan_length(s, fault, &text);
	if (status != RESP_REQUEST)
		return status;

	/* Refused before a byte of it is waited for. */
	if (parse_u64_range(text, 0, RESP_REQUEST_MAX, &n) < 0)
		return broken(s, fault);
	if (s->at + n + 2 > RESP_REQUEST_MAX)
		return broken(s, "too big request");

	if (s->len - s->at < n)
		return RESP_MORE;
	status = see_crlf(s, s->at + n);
	if (status != RESP_REQUEST)
		return status;

	*ret = (struct slice){ s->input + s->at, n };
	s->at += n + 2;
	return RESP_REQUEST;
}

/* "*2\r\n" and so many bulk strings. */
static enum resp_status scan_array(struct scan *s, struct resp_request *ret)
{
	static const char fault[] = "invalid multibulk length";
	enum resp_status status;
	struct slice text;
	uint64_t args;

	s->at++;
	status = scan_length(s, fault, &text);
	if (status != RESP_REQUEST)
		return status;

	/* A null array is an empty command, as to Redis. */
	if (slice_equal(text, slice_of("-1")))
		args = 0;
	else if (parse_u64_range(text, 0, RESP_ARGS_MAX, &args) < 0)
		return broken(s, fault);

	for (size_t i = 0; i < args; i++) {
		status = scan_bulk(s, &ret->arg[i]);
		if (status != RESP_REQUEST)
			return status;
	}

	ret->args = args;
	return RESP_REQUEST;
}

/* An inline command being split; what is unquoted is written over it. */
struct line {
	char *p;
	const char *end;
	char *out; /* never ahead of p */
};

/* As isspace() in the C locale, which is what Redis goes by. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* What a backslash and @c stand for. */
static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'b':
		return '\b';
	case 'a':
		return '\a';
	default:
		return c;
	}
}

/* At a backslash inside double quotes, with something behind it. */
static void take_escape(struct line *l)
{
	int high;
	int low;

	if (l->end - l->p >= 4 && l->p[1] == 'x') {
		high = hex_value(l->p[2]);
		low = hex_value(l->p[3]);
		if (high >= 0 && low >= 0) {
			*l->out++ = (char)(high * 16 + low);
			l->p += 4;
			return;
		}
	}

	*l->out++ = unescape(l->p[1]);
	l->p += 2;
}

/* Behind an opening quote; false if the closing one is missing or misplaced. */
static bool take_quoted(struct line *l, char quote)
{
	while (l->p < l->end) {
		if (*l->p == quote) {
			l->p++;
			/* "a"b: one argument to some, two to others. */
			return l->p == l->end || is_space(*l->p);
		}

		if (quote == '"' && *l->p == '\\' && l->end - l->p >= 2) {
			take_escape(l);
		} else if (quote == '\'' && l->end - l->p >= 2 &&
			   l->p[0] == '\\' && l->p[1] == '\'') {
			*l->out++ = '\'';
			l->p += 2;
		} else {
			*l->out++ = *l->p++;
		}
	}
	return false;
}

/* One argument, up to the blank that ends it. */
static bool take_argument(struct line *l, struct slice *ret)
{
	char *start = l->out;

	while (l->p < l->end) {
		char c = *l->p;

		if (c == ' ' || c == '\t' || c == '\r')
			break;

		l->p++;
		if (c != '"' && c != '\'') {
			*l->out++ = c;
			continue;
		}
		if (!take_quoted(l, c))
			return false;
		break;
	}

	*ret = (struct slice){ start, (size_t)(l->out - start) };
	return true;
}

static void skip_blanks(struct line *l)
{
	while (l->p < l->end && is_space(*l->p))
		l->p++;
}

static enum resp_status split_line(struct scan *s, struct line *l,
				   struct resp_request *ret)
{
	size_t args = 0;

	for (skip_blanks(l); l->p < l->end; skip_blanks(l)) {
		if (args == RESP_ARGS_MAX)
			return broken(s, "too many arguments");

		/* Unquoting only ever shortens, so this never overtakes. */
		l->out = l->p;
		if (!take_argument(l, &ret->arg[args]))
			return broken(s, "unbalanced quotes in request");
		args++;
	}

	ret->args = args;
	return RESP_REQUEST;
}

static enum resp_status scan_inline(struct scan *s, char *input,
				    struct resp_request *ret)
{
	size_t most = s->len < RESP_REQUEST_MAX ? s->len : RESP_REQUEST_MAX;
	char *newline = memchr(input, '\n', most);
	struct line l = { .p = input, .end = newline, .out = input };

	if (!newline)
		return RESP_MORE;

	/* A carriage return before it is a blank like any other. */
	s->at = (size_t)(newline - input) + 1;
	return split_line(s, &l, ret);
}

enum resp_status resp_parse(char *input, size_t len, struct resp_request *ret,
			    size_t *ret_used, const char **ret_fault)
{
	struct scan s = { .input = input, .len = len };
	bool array = len > 0 && input[0] == '*';
	enum resp_status status;

	if (len == 0)
		return RESP_MORE;

	status = array ? scan_array(&s, ret) : scan_inline(&s, input, ret);

	/* So a caller's buffer of RESP_REQUEST_MAX is always large enough. */
	if (status == RESP_MORE && len >= RESP_REQUEST_MAX)
		status = broken(&s, array ? "too big request" :
					    "too big inline request");

	if (status == RESP_REQUEST)
		*ret_used = s.at;
	else if (status == RESP_BROKEN)
		*ret_fault = s.fault;
	return status;
}

/* Append at a place that was reserved. */
static void put(struct buf *out, const void *data, size_t len)
{
	if (len > 0)
		memcpy(out->data + out->len, data, len);
	out->len += len;
}

/* The same with '?' for controls: an answer of one line stays one line. */
static void put_clean(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = (uint8_t)text.p[i];

		out->data[out->len++] = c < 0x20 || c == 0x7f ? '?' : c;
	}
}

/* "<mark><number>\r\n" and room for @extra bytes more. */
static int put_number(struct buf *out, char mark, bool negative, uint64_t n,
		      size_t extra)
{
	char digits[U64_DIGITS_MAX];
	size_t len;
	int r;

	r = buf_reserve(out, 1 + 1 + sizeof(digits) + 2 + extra);
	if (r < 0)
		return r;

	len = format_u64(n, digits);
	put(out, &mark, 1);
	put(out, "-", negative ? 1 : 0);
	put(out, digits, len);
	put(out, "\r\n", 2);
	return 0;
}

int resp_put_simple(struct buf *out, const char *text)
{
	struct slice s = slice_of(text);
	int r;

	r = buf_reserve(out, 1 + s.len + 2);
	if (r < 0)
		return r;

	put(out, "+", 1);
	put_clean(out, s);
	put(out, "\r\n", 2);
	return 0;
}

int resp_put_error(struct buf *out, const char *code, struct slice sentence)
{
	struct slice c = slice_of(code);
	int r;

	r = buf_reserve(out, 1 + c.len + 1 + sentence.len + 2);
	if (r < 0)
		return r;

	put(out, "-", 1);
	put_clean(out, c);
	put(out, " ", 1);
	put_clean(out, sentence);
	put(out, "\r\n", 2);
	return 0;
}

int resp_put_integer(struct buf *out, int64_t n)
{
	/* Negated as unsigned: -INT64_MIN is no int64_t. */
	uint64_t size = n < 0 ? -(uint64_t)n : (uint64_t)n;

	return put_number(out, ':', n < 0, size, 0);
}

int resp_put_bulk(struct buf *out, struct slice text)
{
	int r;

	r = put_number(out, '$', false, text.len, text.len + 2);
	if (r < 0)
		return r;

	put(out, text.p, text.len);
	put(out, "\r\n", 2);
	return 0;
}

int resp_put_null(struct buf *out)
{
	return buf_add(out, "$-1\r\n", strlen("$-1\r\n"));
}

int resp_put_array(struct buf *out, size_t elements)
{
	return put_number(out, '*', false, elements, 0);
}
