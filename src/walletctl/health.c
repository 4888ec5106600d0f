/* SPDX-License-Identifier: MIT */
/*
 * One screen made of INFO: chosen keys, and a row for each backend.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "util/parse.h"
#include "util/timestamp.h"
#include "walletctl/answer.h"
#include "walletctl/infotext.h"
#include "walletctl/inquiry.h"
#include "walletctl/probe.h"
#include "walletctl/sheet.h"

#include "walletctl/health.h"

/* Keys of INFO, in the order of the report; new ones go to the end. */
static const struct {
	const char *key;   /* of INFO, and in JSON */
	const char *label; /* for people; NULL: told in other words, or not */
	enum value_kind kind;
} key_table[] = {
	{ "state", "State", VALUE_TEXT },
	{ "waiting_for", "Waiting for", VALUE_TEXT },
	{ "version", "Version", VALUE_TEXT },
	{ "uptime_in_seconds", "Up seconds", VALUE_NUMBER },
	{ "serial", "Serial", VALUE_NUMBER },
	{ "tip", "Tip", VALUE_TEXT },
	{ "time", "Time", VALUE_TIME },
	{ "users", "Users", VALUE_NUMBER },
	{ "coins", "Coins", VALUE_AMOUNT },
	{ "coin", "Called", VALUE_TEXT },
	{ "gaps", "Gaps", VALUE_NUMBER },
	{ "copies", NULL, VALUE_NUMBER },
	{ "refilling", NULL, VALUE_NUMBER },
	{ "thin_records", NULL, VALUE_NUMBER },
	{ "epoch", NULL, VALUE_NUMBER },
	{ "connected_clients", "Clients", VALUE_NUMBER },
	{ "transfers_last_minute", NULL, VALUE_NUMBER },
	{ "latency_usec", NULL, VALUE_NUMBER },
	{ "latency_max_usec", NULL, VALUE_NUMBER },
};

/* A number if it is one that JSON's readers can take, else text. */
static struct value number_or_text(struct slice text)
{
	uint64_t n;

	if (parse_u64_range(text, 0, INT64_MAX, &n) == 0)
		return value_number((int64_t)n);
	return value_text(text);
}

static struct value value_of(const redisReply *info, size_t key)
{
	struct slice text = key == 0 ? infotext_state(info)
				     : answer_info(info, key_table[key].key);

	if (text.len == 0)
		return value_none();
	if (key_table[key].kind == VALUE_NUMBER)
		return number_or_text(text);
	if (key_table[key].kind == VALUE_AMOUNT) {
		struct value v = number_or_text(text);

		return v.kind == VALUE_NUMBER ? value_amount(v.number) : v;
	}
	if (key_table[key].kind == VALUE_TIME)
		return value_time(text);
	return value_text(text);
}

/* "163 us", "1.2 ms", "3.4 s": three digits are enough for people. */
#define DURATION_SIZE 32
static void format_duration(uint64_t usec, char out[DURATION_SIZE])
{
	const uint64_t msec = USEC_PER_MSEC;
	const uint64_t sec = USEC_PER_SEC;

	if (usec < msec)
		(void)snprintf(out, DURATION_SIZE, "%" PRIu64 " us", usec);
	else if (usec < sec)
		(void)snprintf(out, DURATION_SIZE, "%" PRIu64 ".%" PRIu64 " ms",
			       usec / msec, usec % msec / (msec / 10));
	else
		(void)snprintf(out, DURATION_SIZE, "%" PRIu64 ".%" PRIu64 " s",
			       usec / sec, usec % sec / (sec / 10));
}

/* Only while there is something to be copied. */
static void put_refilling(FILE *out, const redisReply *info)
{
	struct slice thin = answer_info(info, "thin_records");

	if (!slice_equal(answer_info(info, "refilling"), slice_of("1")))
		return;
	fprintf(out, "%-12s ", "Refilling");
	if (thin.len == 0 || slice_equal(thin, slice_of("0"))) {
		fputs("a backend that was lost\n", out);
		return;
	}
	output_text(out, thin);
	fputs(" transactions on fewer than ", out);
	output_text(out, answer_info(info, "copies"));
	fputs(" backends\n", out);
}

/* A main daemon of another version may not say it. */
static void put_rate(FILE *out, const redisReply *info)
{
	struct slice minute = answer_info(info, "transfers_last_minute");
	char usual[DURATION_SIZE];
	char most[DURATION_SIZE];

	if (!minute.p)
		return;
	fprintf(out, "%-12s %" PRIu64 " transfers in the last minute\n", "Rate",
		infotext_number(minute));
	if (infotext_number(minute) == 0)
		return;
	format_duration(infotext_number(answer_info(info, "latency_usec")),
			usual);
	format_duration(infotext_number(answer_info(info, "latency_max_usec")),
			most);
	fprintf(out, "%-12s %s, %s at most\n", "Latency", usual, most);
}

static void put_keys(FILE *out, const redisReply *info)
{
	for (size_t i = 0; i < ELEMENTS(key_table); i++) {
		struct value v = value_of(info, i);
		struct buf cell = { 0 };

		if (key_table[i].label && v.kind != VALUE_NONE &&
		    output_cell(&v, &cell) == 0)
			fprintf(out, "%-12s %s\n", key_table[i].label,
				(const char *)cell.data);
		buf_done(&cell);
	}
	put_rate(out, info);
	put_refilling(out, info);
}

/* Backends */

/* "TIME sentence", or nothing. */
static void split_error(struct slice text, struct slice *ret_time,
			struct slice *ret_sentence)
{
	*ret_time = *ret_sentence = (struct slice){ NULL, 0 };
	if (text.len <= TIMESTAMP_LEN + 1)
		return;
	*ret_time = (struct slice){ text.p, TIMESTAMP_LEN };
	*ret_sentence = (struct slice){ text.p + TIMESTAMP_LEN + 1,
					text.len - TIMESTAMP_LEN - 1 };
}

static const struct column backend_columns[] = {
	{ "name", "BACKEND" },	      { "state", "STATE" },
	{ "records", "RECORDS" },     { "last_serial", "SERIAL" },
	{ "round_trip", "ROUND TRIP" }, { "lag", "LAG" },
	{ "error_time", "LAST ERROR AT" }, { "last_error", "LAST ERROR" },
};

static int put_backend_row(struct sheet *sheet, const redisReply *info,
			   struct slice name, struct slice values)
{
	char round_trip[DURATION_SIZE];
	char lag[DURATION_SIZE];
	struct slice at;
	struct slice sentence;

	format_duration(infotext_number(
				infotext_in(values, "round_trip_usec")),
			round_trip);
	format_duration(infotext_lag(values), lag);
	split_error(infotext_named(info, INFOTEXT_LAST_ERROR, name), &at,
		    &sentence);

	return sheet_row(sheet,
			 (struct value[]){
				 value_text(name),
				 value_text(infotext_in(values, "state")),
				 number_or_text(infotext_in(values, "records")),
				 number_or_text(
					 infotext_in(values, "last_serial")),
				 value_text(slice_of(round_trip)),
				 infotext_in(values, "owing_usec").p
					 ? value_text(slice_of(lag))
					 : value_none(),
				 at.p ? value_time(at) : value_none(),
				 value_text(sentence),
			 });
}

static int put_backend_table(FILE *out, const redisReply *info)
{
	_cleanup_(sheet_freep) struct sheet *sheet = NULL;
	struct slice name;
	struct slice values;
	size_t at = 0;
	int r;

	r = sheet_new(out, FORM_TEXT, backend_columns,
		      ELEMENTS(backend_columns), &sheet);
	while (r == 0 &&
	       infotext_next(info, INFOTEXT_BACKEND, &at, &name, &values))
		r = put_backend_row(sheet, info, name, values);
	return r < 0 ? r : sheet_end(sheet);
}

static int put_text(FILE *out, const redisReply *info)
{
	put_keys(out, info);
	putc('\n', out);
	return put_backend_table(out, info);
}

static void put_json_text(FILE *out, const char *key, struct slice text)
{
	struct value v = value_text(text);

	fprintf(out, ",\"%s\":", key);
	output_json_value(out, &v);
}

static void put_backend_json(FILE *out, const redisReply *info,
			     struct slice name, struct slice values)
{
	struct slice key;
	struct slice value;
	struct slice at;
	struct slice sentence;

	fputs("{\"name\":", out);
	output_json_string(out, name);
	while (infotext_pair(&values, &key, &value)) {
		struct value v = number_or_text(value);

		putc(',', out);
		output_json_string(out, key);
		putc(':', out);
		output_json_value(out, &v);
	}
	split_error(infotext_named(info, INFOTEXT_LAST_ERROR, name), &at,
		    &sentence);
	put_json_text(out, "last_error", sentence);
	put_json_text(out, "last_error_time", at);
	putc('}', out);
}

static void put_json(FILE *out, const redisReply *info)
{
	const char *between = "";
	struct slice name;
	struct slice values;
	size_t at = 0;

	fputs("{\n", out);
	for (size_t i = 0; i < ELEMENTS(key_table); i++) {
		struct value v = value_of(info, i);

		fprintf(out, "\"%s\":", key_table[i].key);
		output_json_value(out, &v);
		fputs(",\n", out);
	}
	fputs("\"backends\":[", out);
	while (infotext_next(info, INFOTEXT_BACKEND, &at, &name, &values)) {
		fputs(between, out);
		between = ",\n";
		put_backend_json(out, info, name, values);
	}
	fputs("]\n}\n", out);
}

typedef void (*line_writer)(FILE *out, const struct value *values,
			    size_t count);

/* The lines of INFO that begin with @prefix, as they are. */
static void put_named(FILE *out, const redisReply *info, const char *prefix,
		      line_writer put_line)
{
	size_t len = strlen(prefix);
	struct slice name;
	struct slice values;
	size_t at = 0;

	while (infotext_next(info, prefix, &at, &name, &values)) {
		name.p -= len;
		name.len += len;
		put_line(out,
			 (struct value[]){ value_text(name),
					   value_text(values) },
			 2);
	}
}

/* A line for each value: its name and itself. */
static void put_lines(FILE *out, const redisReply *info, line_writer put_line)
{
	for (size_t i = 0; i < ELEMENTS(key_table); i++) {
		const struct value line[] = {
			value_text(slice_of(key_table[i].key)),
			value_of(info, i),
		};

		put_line(out, line, ELEMENTS(line));
	}
	put_named(out, info, INFOTEXT_BACKEND, put_line);
	put_named(out, info, INFOTEXT_LAST_ERROR, put_line);
}

static void put_csv(FILE *out, const redisReply *info)
{
	static const struct column columns[] = {
		{ "name", NULL },
		{ "value", NULL },
	};

	output_csv_names(out, columns, ELEMENTS(columns));
	put_lines(out, info, output_csv_line);
}

static enum status put(struct context *ctx, const redisReply *info)
{
	int r = 0;

	switch (ctx->form) {
	case FORM_TEXT:
		r = put_text(ctx->out, info);
		break;
	case FORM_JSON:
		put_json(ctx->out, info);
		break;
	case FORM_RAW:
		put_lines(ctx->out, info, output_raw_line);
		break;
	case FORM_CSV:
		put_csv(ctx->out, info);
		break;
	}
	if (r < 0) {
		context_say(ctx, "there is no memory");
		return STATUS_UNAVAILABLE;
	}
	return slice_equal(infotext_state(info), slice_of("open")) ?
		       STATUS_DONE :
		       STATUS_UNAVAILABLE;
}

enum status health_status(struct context *ctx)
{
	_cleanup_(freeReplyObjectp) redisReply *info = NULL;
	enum status status;

	if (ctx->options.value[OPTION_CHECK])
		return probe_status(ctx);

	status = inquiry_ask(ctx, &info);
	return status == STATUS_DONE ? put(ctx, info) : status;
}
