/* SPDX-License-Identifier: MIT */
/*
 * A short report made of INFO: chosen keys, and a line for each backend, whose
 * values are shown as they come.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "util/parse.h"
#include "walletctl/answer.h"

#include "walletctl/health.h"

#define BACKEND_PREFIX "backend_"

/* Keys of INFO, in the order of the report. */
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
	{ "coins", "Coins", VALUE_NUMBER },
	{ "coin", "Called", VALUE_TEXT },
	{ "gaps", "Gaps", VALUE_NUMBER },
	{ "copies", NULL, VALUE_NUMBER },
	{ "refilling", NULL, VALUE_NUMBER },
	{ "thin_records", NULL, VALUE_NUMBER },
};

/* A number if it is one that JSON's readers can take, else text. */
static struct value number_or_text(struct slice text)
{
	uint64_t n;

	if (parse_u64_range(text, 0, INT64_MAX, &n) == 0)
		return value_number((int64_t)n);
	return value_text(text);
}

/* Open, but with a batch that is overdue, is not what people call open. */
static struct slice state_of(const redisReply *info)
{
	struct slice state = answer_info(info, "state");
	struct slice stalled = answer_info(info, "stalled");

	if (slice_equal(state, slice_of("open")) &&
	    slice_equal(stalled, slice_of("1")))
		return slice_of("stalled");
	return state;
}

static struct value value_of(const redisReply *info, size_t key)
{
	struct slice text = key == 0 ? state_of(info)
				     : answer_info(info, key_table[key].key);

	if (text.len == 0)
		return value_none();
	switch (key_table[key].kind) {
	case VALUE_NUMBER:
		return number_or_text(text);
	case VALUE_TIME:
		return value_time(text);
	case VALUE_TEXT:
	case VALUE_NONE:
		break;
	}
	return value_text(text);
}

/* The next backend's name and its values, "state=up,records=3". */
static bool next_backend(const redisReply *info, size_t *at,
			 struct slice *ret_name, struct slice *ret_values)
{
	size_t len = strlen(BACKEND_PREFIX);

	while (answer_info_next(info, at, ret_name, ret_values)) {
		if (ret_name->len <= len ||
		    memcmp(ret_name->p, BACKEND_PREFIX, len) != 0)
			continue;
		ret_name->p += len;
		ret_name->len -= len;
		return true;
	}
	return false;
}

/* The next "key=value" of a backend's values. */
static bool next_pair(struct slice *rest, struct slice *ret_key,
		      struct slice *ret_value)
{
	const char *comma;
	const char *equals;
	size_t len;

	if (rest->len == 0)
		return false;
	comma = memchr(rest->p, ',', rest->len);
	len = comma ? (size_t)(comma - rest->p) : rest->len;
	equals = memchr(rest->p, '=', len);

	*ret_key = (struct slice){ rest->p, len };
	*ret_value = (struct slice){ rest->p + len, 0 };
	if (equals) {
		ret_key->len = (size_t)(equals - rest->p);
		*ret_value =
			(struct slice){ equals + 1, len - ret_key->len - 1 };
	}
	len += comma ? 1 : 0;
	rest->p += len;
	rest->len -= len;
	return true;
}

/* "last_serial" as "last serial". */
static void put_words(FILE *out, struct slice key)
{
	for (size_t i = 0; i < key.len; i++)
		output_text(out, key.p[i] == '_'
					 ? slice_of(" ")
					 : (struct slice){ key.p + i, 1 });
}

static void put_backend_text(FILE *out, struct slice name, struct slice values)
{
	struct slice key;
	struct slice value;
	const char *between = " ";

	fputs("Backend ", out);
	output_text(out, name);
	putc(':', out);
	while (next_pair(&values, &key, &value)) {
		fputs(between, out);
		between = ", ";
		/* Up or down speaks for itself. */
		if (!slice_equal(key, slice_of("state"))) {
			put_words(out, key);
			putc(' ', out);
		}
		output_text(out, value);
	}
	putc('\n', out);
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

static void put_text(FILE *out, const redisReply *info)
{
	struct slice name;
	struct slice values;
	size_t at = 0;

	for (size_t i = 0; i < ELEMENTS(key_table); i++) {
		struct value v = value_of(info, i);
		struct buf cell = { 0 };

		if (key_table[i].label && v.kind != VALUE_NONE && output_cell(&v, &cell) == 0)
			fprintf(out, "%-12s %s\n", key_table[i].label,
				(const char *)cell.data);
		buf_done(&cell);
	}
	put_refilling(out, info);
	while (next_backend(info, &at, &name, &values))
		put_backend_text(out, name, values);
}

static void put_backend_json(FILE *out, struct slice name, struct slice values)
{
	struct slice key;
	struct slice value;

	fputs("{\"name\":", out);
	output_json_string(out, name);
	while (next_pair(&values, &key, &value)) {
		struct value v = number_or_text(value);

		putc(',', out);
		output_json_string(out, key);
		putc(':', out);
		if (v.kind == VALUE_NUMBER)
			fprintf(out, "%" PRId64, v.number);
		else
			output_json_string(out, value);
	}
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
	while (next_backend(info, &at, &name, &values)) {
		fputs(between, out);
		between = ",\n";
		put_backend_json(out, name, values);
	}
	fputs("]\n}\n", out);
}

static void put_raw(FILE *out, const redisReply *info)
{
	struct slice name;
	struct slice values;
	size_t at = 0;

	for (size_t i = 0; i < ELEMENTS(key_table); i++) {
		const struct value line[] = {
			value_text(slice_of(key_table[i].key)),
			value_of(info, i),
		};

		output_raw_line(out, line, ELEMENTS(line));
	}
	while (next_backend(info, &at, &name, &values)) {
		fputs(BACKEND_PREFIX, out);
		output_raw_line(out,
				(struct value[]){ value_text(name),
						  value_text(values) },
				2);
	}
}

enum status health_status(struct context *ctx)
{
	const struct client_request q = { 1, { "INFO" } };
	_cleanup_(freeReplyObjectp) redisReply *info = NULL;
	enum status status;
	struct slice state;

	status = context_ask(ctx, &q, 1, &info);
	if (status == STATUS_DONE)
		status = context_refused(ctx, info);
	if (status != STATUS_DONE)
		return status;
	state = state_of(info);
	if (!state.p)
		return context_garbled(ctx);

	switch (ctx->form) {
	case FORM_TEXT:
		put_text(ctx->out, info);
		break;
	case FORM_JSON:
		put_json(ctx->out, info);
		break;
	case FORM_RAW:
		put_raw(ctx->out, info);
		break;
	}
	return slice_equal(state, slice_of("open")) ? STATUS_DONE
						    : STATUS_UNAVAILABLE;
}
