/* SPDX-License-Identifier: MIT */
/*
 * Escaping for people and for JSON, and single records.  Tables are in
 * sheet.c.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "util/parse.h"
#include "util/percent.h"
#include "util/timestamp.h"
#include "walletctl/csv.h"

#include "walletctl/output.h"

/* Longest local time with its zone. */
#define LOCAL_TIME_SIZE 64

struct value value_none(void)
{
	return (struct value){ .kind = VALUE_NONE };
}

struct value value_number(int64_t n)
{
	return (struct value){ .kind = VALUE_NUMBER, .number = n };
}

struct value value_amount(int64_t n)
{
	return (struct value){ .kind = VALUE_AMOUNT, .number = n };
}

struct value value_decimal(struct slice text)
{
	return (struct value){ .kind = VALUE_DECIMAL, .text = text };
}

bool value_is_number(const struct value *v)
{
	return v->kind == VALUE_NUMBER || v->kind == VALUE_AMOUNT;
}

struct value value_text(struct slice text)
{
	if (!text.p)
		return value_none();
	return (struct value){ .kind = VALUE_TEXT, .text = text };
}

struct value value_time(struct slice text)
{
	if (!text.p)
		return value_none();
	return (struct value){ .kind = VALUE_TIME, .text = text };
}

/*
 * What is not seen, or turns the line around: soft hyphen, marks of direction,
 * Mongolian vowel separator, zero-width space, line and paragraph separators,
 * word joiner and its like, byte order mark.  What joins letters may stay.
 */
static bool is_misleading(int code)
{
	return code == 0x00ad || code == 0x061c || code == 0x180e ||
	       code == 0x200b || (code >= 0x200e && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

static bool is_control(int code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/*
 * How many bytes at @at of @text belong together, and whether they can be
 * shown.  At least one byte is left.
 */
static size_t next_character(struct slice text, size_t at, int *ret_code)
{
	size_t end = at;

	*ret_code = utf8_next(text, &end);
	return *ret_code < 0 ? 1 : end - at;
}

int output_text_buf(struct buf *out, struct slice text)
{
	size_t len;
	int r = 0;

	for (size_t at = 0; at < text.len && r == 0; at += len) {
		int code;

		len = next_character(text, at, &code);
		if (code >= 0 && !is_control(code) && !is_misleading(code)) {
			r = buf_add(out, text.p + at, len);
			continue;
		}
		for (size_t i = 0; i < len && r == 0; i++)
			r = buf_addf(out, "\\x%02x",
				     (unsigned char)text.p[at + i]);
	}
	return r;
}

void output_text(FILE *out, struct slice text)
{
	struct buf b = { 0 };

	if (output_text_buf(&b, text) == 0 && b.len > 0)
		(void)fwrite(b.data, 1, b.len, out);
	buf_done(&b);
}

static void json_character(FILE *out, const char *bytes, size_t len, int code)
{
	if (code < 0)
		fputs("\\ufffd", out);
	else if (code == '"' || code == '\\')
		fprintf(out, "\\%c", code);
	else if (code == '\n')
		fputs("\\n", out);
	else if (code == '\t')
		fputs("\\t", out);
	else if (is_control(code))
		fprintf(out, "\\u%04x", (unsigned)code);
	else
		(void)fwrite(bytes, 1, len, out);
}

/* \xHH, a byte each. */
#define ESCAPE_WIDTH 4

size_t output_width(struct slice text)
{
	size_t width = 0;
	size_t len;

	for (size_t at = 0; at < text.len; at += len) {
		int columns;
		int code;

		len = next_character(text, at, &code);
		if (code < 0 || is_control(code) || is_misleading(code)) {
			width += ESCAPE_WIDTH * len;
			continue;
		}
		columns = wcwidth((wchar_t)code);
		width += columns > 0 ? (size_t)columns : 0;
	}
	return width;
}

void output_json_string(FILE *out, struct slice text)
{
	size_t len;

	putc('"', out);
	for (size_t at = 0; at < text.len; at += len) {
		int code;

		len = next_character(text, at, &code);
		json_character(out, text.p + at, len, code);
	}
	putc('"', out);
}

void output_json_value(FILE *out, const struct value *v)
{
	switch (v->kind) {
	case VALUE_NONE:
		fputs("null", out);
		return;
	case VALUE_NUMBER:
	case VALUE_AMOUNT:
		fprintf(out, "%" PRId64, v->number);
		return;
	case VALUE_DECIMAL:
		fprintf(out, "%.*s", SLICE_ARG(v->text));
		return;
	case VALUE_TEXT:
	case VALUE_TIME:
		output_json_string(out, v->text);
		return;
	}
}

void output_json_object(FILE *out, const struct column *columns, size_t count,
			const struct value *values)
{
	putc('{', out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s\"%s\":", i ? "," : "", columns[i].name);
		output_json_value(out, &values[i]);
	}
	putc('}', out);
}

void output_raw_line(FILE *out, const struct value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			putc('\t', out);
		if (value_is_number(&values[i]))
			fprintf(out, "%" PRId64, values[i].number);
		else if (values[i].kind != VALUE_NONE)
			output_text(out, values[i].text);
	}
	putc('\n', out);
}

void output_csv_names(FILE *out, const struct column *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? "," : "", columns[i].name);
	fputs(CSV_END, out);
}

void output_csv_line(FILE *out, const struct value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			putc(',', out);
		if (value_is_number(&values[i]))
			fprintf(out, "%" PRId64, values[i].number);
		else if (values[i].kind != VALUE_NONE)
			csv_write(out, values[i].text);
	}
	fputs(CSV_END, out);
}

void output_values(FILE *out, enum form form, const struct column *columns,
		   size_t count, const struct value *values)
{
	switch (form) {
	case FORM_RAW:
		output_raw_line(out, values, count);
		return;
	case FORM_CSV:
		output_csv_names(out, columns, count);
		output_csv_line(out, values, count);
		return;
	case FORM_TEXT:
	case FORM_JSON:
		output_json_object(out, columns, count, values);
		putc('\n', out);
		return;
	}
}

void output_grouped(uint64_t n, char out[OUTPUT_GROUPED_SIZE])
{
	char digits[U64_DIGITS_MAX];
	size_t len = format_u64(n, digits);
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
}

/* "-12,000" */
static int grouped(struct buf *out, int64_t n)
{
	char digits[OUTPUT_GROUPED_SIZE];

	output_grouped(n < 0 ? -(uint64_t)n : (uint64_t)n, digits);
	return buf_addf(out, "%s%s", n < 0 ? "-" : "", digits);
}

void output_amount(FILE *out, int64_t n)
{
	struct buf b = { 0 };

	if (grouped(&b, n) == 0)
		(void)fwrite(b.data, 1, b.len, out);
	buf_done(&b);
}

/* A record's time on the reader's clock; as it stands if it is none. */
static int local_time(struct buf *out, struct slice text)
{
	char shown[LOCAL_TIME_SIZE];
	struct tm local;
	int64_t usec;
	time_t t;

	if (timestamp_parse(text, &usec) < 0)
		return output_text_buf(out, text);
	t = (time_t)(usec / USEC_PER_SEC);
	if (!localtime_r(&t, &local) ||
	    strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M:%S", &local) == 0)
		return output_text_buf(out, text);
	return buf_add(out, shown, strlen(shown));
}

int output_cell(const struct value *v, struct buf *out)
{
	int r = 0;

	switch (v->kind) {
	case VALUE_NONE:
		break;
	case VALUE_NUMBER:
		r = buf_addf(out, "%" PRId64, v->number);
		break;
	case VALUE_AMOUNT:
		r = grouped(out, v->number);
		break;
	case VALUE_DECIMAL:
	case VALUE_TEXT:
		r = output_text_buf(out, v->text);
		break;
	case VALUE_TIME:
		r = local_time(out, v->text);
		break;
	}
	return r < 0 ? r : buf_add(out, "", 1);
}
