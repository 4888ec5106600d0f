/* SPDX-License-Identifier: MIT */
/*
 * A table of what there is, one row a metric, and a function for each shape that
 * INFO has it in.  Names and labels are there for others: they may be added to,
 * and stay what they are.  What a main daemon does not say is left out.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/timestamp.h"
#include "walletctl/answer.h"
#include "walletctl/infotext.h"
#include "walletctl/inquiry.h"
#include "walletctl/outfile.h"
#include "walletctl/sheet.h"

#include "walletctl/metrics.h"

#define HISTOGRAM_LE "le_"

/* A value between quotes; escapes are those of the format. */
static void put_label(FILE *out, const char *label, struct slice value)
{
	fprintf(out, "%s=\"", label);
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (value.p[i] == '\\' || value.p[i] == '"')
			putc('\\', out);
		putc(value.p[i], out);
	}
	putc('"', out);
}

/* Microseconds as seconds, without zeros at the end: "0.00025", "10". */
static void put_seconds(FILE *out, uint64_t usec)
{
	uint64_t part = usec % USEC_PER_SEC;
	int digits = 6;

	fprintf(out, "%" PRIu64, usec / USEC_PER_SEC);
	if (part == 0)
		return;
	while (part % 10 == 0) {
		part /= 10;
		digits--;
	}
	fprintf(out, ".%0*" PRIu64, digits, part);
}

enum unit {
	UNIT_ONE,
	UNIT_USEC, /* told in seconds */
};

static void put_value(FILE *out, enum unit unit, struct slice value)
{
	uint64_t n = infotext_number(value);

	putc(' ', out);
	if (unit == UNIT_USEC)
		put_seconds(out, n);
	else
		fprintf(out, "%" PRIu64, n);
	putc('\n', out);
}

struct metric {
	const char *name; /* behind "alichain_" */
	const char *type;
	const char *help;
	const char *key; /* of INFO, or of a backend's values */
	enum unit unit;
	void (*put)(FILE *out, const redisReply *info, const struct metric *m);
};

static void put_simple(FILE *out, const redisReply *info,
		       const struct metric *m)
{
	struct slice value = answer_info(info, m->key);

	if (value.len == 0)
		return;
	fprintf(out, "alichain_%s", m->name);
	put_value(out, m->unit, value);
}

static void put_version(FILE *out, const redisReply *info,
			const struct metric *m)
{
	fprintf(out, "alichain_%s{", m->name);
	put_label(out, "version", answer_info(info, m->key));
	fputs("} 1\n", out);
}

/* One for the state that it is in, and 0 for each other one. */
static void put_states(FILE *out, const struct metric *m,
		       const struct slice *backend, struct slice state,
		       const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "alichain_%s{", m->name);
		if (backend) {
			put_label(out, "backend", *backend);
			putc(',', out);
		}
		put_label(out, "state", slice_of(names[i]));
		fprintf(out, "} %d\n", slice_equal(state, slice_of(names[i])));
	}
}

static void put_state(FILE *out, const redisReply *info, const struct metric *m)
{
	static const char *const names[] = { "open", "waiting", "readonly",
					     "stalled" };

	put_states(out, m, NULL, infotext_state(info), names, ELEMENTS(names));
}

/* Found something that is wrong? */
static void put_verify_failed(FILE *out, const redisReply *info,
			      const struct metric *m)
{
	struct slice result = answer_info(info, m->key);

	fprintf(out, "alichain_%s %d\n", m->name,
		!slice_equal(result, slice_of("ok")) &&
			!slice_equal(result, slice_of("none")));
}

/* "errorstat_CODE:count=N" */
static void put_codes(FILE *out, const redisReply *info, const struct metric *m)
{
	struct slice code;
	struct slice values;
	size_t at = 0;

	while (infotext_next(info, m->key, &at, &code, &values)) {
		fprintf(out, "alichain_%s{", m->name);
		put_label(out, "code", code);
		putc('}', out);
		put_value(out, m->unit, infotext_in(values, "count"));
	}
}

static void begin_sample(FILE *out, const struct metric *m, const char *suffix,
			 const struct slice *backend)
{
	fprintf(out, "alichain_%s%s", m->name, suffix);
	if (backend) {
		putc('{', out);
		put_label(out, "backend", *backend);
		putc('}', out);
	}
}

/* A value of each backend that says it. */
static void put_of_backends(FILE *out, const redisReply *info,
			    const struct metric *m)
{
	struct slice name;
	struct slice values;
	struct slice value;
	size_t at = 0;

	while (infotext_next(info, INFOTEXT_BACKEND, &at, &name, &values)) {
		value = infotext_in(values, m->key);
		/* -1: there is none yet. */
		if (value.len == 0 || value.p[0] == '-')
			continue;
		begin_sample(out, m, "", &name);
		put_value(out, m->unit, value);
	}
}

static void put_backend_up(FILE *out, const redisReply *info,
			   const struct metric *m)
{
	struct slice name;
	struct slice values;
	size_t at = 0;

	while (infotext_next(info, INFOTEXT_BACKEND, &at, &name, &values)) {
		begin_sample(out, m, "", &name);
		fprintf(out, " %d\n",
			infotext_is_up(infotext_in(values, m->key)));
	}
}

static void put_backend_states(FILE *out, const redisReply *info,
			       const struct metric *m)
{
	static const char *const names[] = { "up",    "full",	   "returning",
					     "down",  "waited-for", "empty",
					     "lost" };
	struct slice name;
	struct slice values;
	size_t at = 0;

	while (infotext_next(info, INFOTEXT_BACKEND, &at, &name, &values))
		put_states(out, m, &name, infotext_in(values, m->key), names,
			   ELEMENTS(names));
}

#define DROPPED "datagrams_dropped_"
#define DROPPED_THERE "there"

/* "datagrams_dropped_A:short=1,magic=0,…,there=2": by us, each reason by itself. */
static void put_dropped(FILE *out, const redisReply *info,
			const struct metric *m)
{
	struct slice name;
	struct slice values;
	struct slice reason;
	struct slice count;
	size_t at = 0;

	while (infotext_next(info, m->key, &at, &name, &values)) {
		while (infotext_pair(&values, &reason, &count)) {
			if (slice_equal(reason, slice_of(DROPPED_THERE)))
				continue;
			fprintf(out, "alichain_%s{", m->name);
			put_label(out, "backend", name);
			putc(',', out);
			put_label(out, "reason", reason);
			putc('}', out);
			put_value(out, m->unit, count);
		}
	}
}

/* … and what the backend itself dropped. */
static void put_dropped_there(FILE *out, const redisReply *info,
			      const struct metric *m)
{
	struct slice name;
	struct slice values;
	size_t at = 0;

	while (infotext_next(info, m->key, &at, &name, &values)) {
		begin_sample(out, m, "", &name);
		put_value(out, m->unit, infotext_in(values, DROPPED_THERE));
	}
}

static void put_bucket(FILE *out, const struct metric *m,
		       const struct slice *backend, struct slice bound,
		       struct slice count)
{
	fprintf(out, "alichain_%s_bucket{", m->name);
	if (backend) {
		put_label(out, "backend", *backend);
		putc(',', out);
	}
	fputs("le=\"", out);
	if (slice_equal(bound, slice_of("inf")))
		fputs("+Inf", out);
	else
		put_seconds(out, infotext_number(bound));
	fputs("\"}", out);
	put_value(out, UNIT_ONE, count);
}

/* "le_100=1,…,le_inf=3,sum_usec=1866" */
static void put_histogram(FILE *out, const struct metric *m,
			  const struct slice *backend, struct slice values)
{
	const size_t len = strlen(HISTOGRAM_LE);
	struct slice rest = values;
	struct slice key;
	struct slice count;

	while (infotext_pair(&rest, &key, &count)) {
		if (key.len <= len || memcmp(key.p, HISTOGRAM_LE, len) != 0)
			continue;
		put_bucket(out, m, backend,
			   (struct slice){ key.p + len, key.len - len }, count);
	}
	begin_sample(out, m, "_sum", backend);
	put_value(out, UNIT_USEC, infotext_in(values, "sum_usec"));
	begin_sample(out, m, "_count", backend);
	put_value(out, UNIT_ONE, infotext_in(values, HISTOGRAM_LE "inf"));
}

static void put_one_histogram(FILE *out, const redisReply *info,
			      const struct metric *m)
{
	struct slice values = answer_info(info, m->key);

	if (values.len > 0)
		put_histogram(out, m, NULL, values);
}

static void put_histograms(FILE *out, const redisReply *info,
			   const struct metric *m)
{
	struct slice name;
	struct slice values;
	size_t at = 0;

	while (infotext_next(info, m->key, &at, &name, &values))
		put_histogram(out, m, &name, values);
}

#define GAUGE "gauge"
#define COUNTER "counter"
#define HISTOGRAM "histogram"

/* clang-format off */
static const struct metric metrics[] = {
	{ "build_info", GAUGE, "Version of the main daemon.",
	  "version", UNIT_ONE, put_version },
	{ "uptime_seconds", GAUGE, "Since the main daemon started.",
	  "uptime_in_seconds", UNIT_ONE, put_simple },
	{ "state", GAUGE, "1 for the state that the ledger is in.",
	  "state", UNIT_ONE, put_state },
	{ "epoch", GAUGE, "Epoch that the main daemon has claimed.",
	  "epoch", UNIT_ONE, put_simple },
	{ "lease_seconds", GAUGE, "What is left of the backends' lease.",
	  "lease_usec", UNIT_USEC, put_simple },
	{ "serial", GAUGE, "Serial of the last transaction.",
	  "serial", UNIT_ONE, put_simple },
	{ "users", GAUGE, "Users of the network.",
	  "users", UNIT_ONE, put_simple },
	{ "coins", GAUGE, "Coins of all users.",
	  "coins", UNIT_ONE, put_simple },
	{ "gaps", GAUGE, "Serials that are missing among old transactions.",
	  "gaps", UNIT_ONE, put_simple },
	{ "thin_records", GAUGE, "Transactions on too few backends.",
	  "thin_records", UNIT_ONE, put_simple },
	{ "refilled_records_total", COUNTER, "Copies that were sent to mend that.",
	  "refilled_records", UNIT_ONE, put_simple },
	{ "checkpoint_serial", GAUGE, "Serial of the newest checkpoint written, 0 for none.",
	  "checkpoint_serial", UNIT_ONE, put_simple },
	{ "checkpoint_age_seconds", GAUGE, "Since that was written.",
	  "checkpoint_age_usec", UNIT_USEC, put_simple },
	{ "verify_failed", GAUGE, "1 if the last verification found something wrong.",
	  "verify_last_result", UNIT_ONE, put_verify_failed },
	{ "verify_serial", GAUGE, "Serial up to which the last verification looked.",
	  "verify_last_serial", UNIT_ONE, put_simple },
	{ "clients", GAUGE, "Clients that are connected.",
	  "connected_clients", UNIT_ONE, put_simple },
	{ "clients_max", GAUGE, "Clients that may be.",
	  "max_clients", UNIT_ONE, put_simple },
	{ "connections_total", COUNTER, "Connections that were accepted.",
	  "accepted_connections", UNIT_ONE, put_simple },
	{ "connections_refused_total", COUNTER, "Connections closed for want of room.",
	  "refused_connections", UNIT_ONE, put_simple },
	{ "connections_stuck_total", COUNTER, "Connections closed because nobody read.",
	  "stuck_connections", UNIT_ONE, put_simple },
	{ "pending_answers", GAUGE, "Requests that wait for their answer.",
	  "pending_answers", UNIT_ONE, put_simple },
	{ "unread_bytes", GAUGE, "Answers that clients have not read.",
	  "unread_bytes", UNIT_ONE, put_simple },
	{ "resident_memory_bytes", GAUGE, "Memory of the main daemon.",
	  "used_memory", UNIT_ONE, put_simple },
	{ "requests_total", COUNTER, "Requests of clients.",
	  "requests", UNIT_ONE, put_simple },
	{ "refusals_total", COUNTER, "Requests answered with an error, by its code.",
	  "errorstat_", UNIT_ONE, put_codes },
	{ "transfers_total", COUNTER, "Transactions that became durable.",
	  "transfers", UNIT_ONE, put_simple },
	{ "batches_total", COUNTER, "Batches that became durable.",
	  "batches", UNIT_ONE, put_simple },
	{ "latency_seconds", GAUGE, "From a transfer's arrival until it is durable, smoothed.",
	  "latency_usec", UNIT_USEC, put_simple },
	{ "latency_max_seconds", GAUGE, "The most of that in the last minute.",
	  "latency_max_usec", UNIT_USEC, put_simple },
	{ "commit_seconds", HISTOGRAM, "From the close of a batch until it is durable.",
	  "commit_usec", UNIT_USEC, put_one_histogram },
	{ "backend_up", GAUGE, "1 if the backend answers, with what it should have.",
	  "state", UNIT_ONE, put_backend_up },
	{ "backend_state", GAUGE, "1 for the state that the backend is in.",
	  "state", UNIT_ONE, put_backend_states },
	{ "backend_serial", GAUGE, "The highest serial in its block.",
	  "last_serial", UNIT_ONE, put_of_backends },
	{ "backend_records", GAUGE, "Records in its block.",
	  "records", UNIT_ONE, put_of_backends },
	{ "backend_round_trip_seconds", GAUGE, "Round trip to it, smoothed.",
	  "round_trip_usec", UNIT_USEC, put_of_backends },
	{ "backend_heard_seconds", GAUGE, "Since it was last heard of.",
	  "heard_usec", UNIT_USEC, put_of_backends },
	{ "backend_owing_seconds", GAUGE, "For how long it has owed an answer.",
	  "owing_usec", UNIT_USEC, put_of_backends },
	{ "backend_unacknowledged_records", GAUGE, "Records on their way to its disk.",
	  "unacknowledged", UNIT_ONE, put_of_backends },
	{ "datagrams_sent_total", COUNTER, "Datagrams sent to it.",
	  "sent", UNIT_ONE, put_of_backends },
	{ "datagrams_received_total", COUNTER, "Datagrams that came from it.",
	  "received", UNIT_ONE, put_of_backends },
	{ "retransmissions_total", COUNTER, "Requests that it was sent once more.",
	  "again", UNIT_ONE, put_of_backends },
	{ "datagrams_dropped_total", COUNTER, "Datagrams that the main daemon dropped.",
	  DROPPED, UNIT_ONE, put_dropped },
	{ "backend_datagrams_dropped_total", COUNTER, "Datagrams dropped by the backend.",
	  DROPPED, UNIT_ONE, put_dropped_there },
	{ "sync_seconds", HISTOGRAM, "What a sync of its disk took.",
	  "sync_usec_", UNIT_USEC, put_histograms },
};
/* clang-format on */

static void put_head(FILE *out, const char *name, const char *type,
		     const char *help)
{
	fprintf(out, "# HELP alichain_%s %s\n# TYPE alichain_%s %s\n", name,
		help, name, type);
}

/* @info is NULL if the main daemon does not answer. */
static void put_all(FILE *out, const redisReply *info)
{
	put_head(out, "up", GAUGE, "1 if the main daemon answers.");
	fprintf(out, "alichain_up %d\n", info != NULL);
	for (size_t i = 0; info && i < ELEMENTS(metrics); i++) {
		put_head(out, metrics[i].name, metrics[i].type,
			 metrics[i].help);
		metrics[i].put(out, info, &metrics[i]);
	}
}

/* In the other forms a sample is a record. */
static const struct column sample_columns[] = {
	{ "metric", NULL },
	{ "labels", NULL },
	{ "value", NULL },
};

/* "name{labels} value", or without labels. */
static int put_row(struct sheet *sheet, struct slice line)
{
	const char *space = memrchr(line.p, ' ', line.len);
	struct slice labels = { 0 };
	struct slice value;
	struct slice name;

	if (!space)
		return -EBADMSG;
	value = (struct slice){ space + 1,
				(size_t)(line.p + line.len - space) - 1 };
	line.len -= value.len + 1;
	if (slice_cut(&line, '{', &name))
		labels = (struct slice){ line.p, line.len - 1 };
	else
		name = line;
	return sheet_row(sheet,
			 (struct value[]){ value_text(name), value_text(labels),
					   value_decimal(value) });
}

static int put_rows(FILE *out, enum form form, struct slice text)
{
	_cleanup_(sheet_freep) struct sheet *sheet = NULL;
	struct slice line;
	int r;

	r = sheet_new(out, form, sample_columns, ELEMENTS(sample_columns),
		      &sheet);
	while (r == 0 && slice_cut(&text, '\n', &line))
		if (line.p[0] != '#')
			r = put_row(sheet, line);
	return r < 0 ? r : sheet_end(sheet);
}

static int put_form(FILE *out, enum form form, const redisReply *info)
{
	_cleanup_(freep) char *text = NULL;
	size_t len = 0;
	FILE *lines;

	if (form == FORM_TEXT) {
		put_all(out, info);
		return 0;
	}
	lines = open_memstream(&text, &len);
	if (!lines)
		return -errno;
	put_all(lines, info);
	if (fclose(lines) != 0)
		return -errno;
	return put_rows(out, form, (struct slice){ text, len });
}

static enum status fail_file(struct context *ctx, const char *path, int error)
{
	context_say(ctx, "%s: %s", path,
		    error == -EEXIST ? "something else than a file is there" :
				       strerror(-error));
	return STATUS_UNAVAILABLE;
}

static enum status put_file(struct context *ctx, const char *path,
			    const redisReply *info)
{
	_cleanup_(outfile_freep) struct outfile *file = NULL;
	int r;

	r = outfile_open(path, &file);
	if (r < 0)
		return fail_file(ctx, path, r);
	r = put_form(outfile_stream(file), ctx->form, info);
	if (r == 0)
		r = outfile_commit(TAKE_PTR(file));
	return r < 0 ? fail_file(ctx, path, r) : STATUS_DONE;
}

enum status metrics_write(struct context *ctx)
{
	const char *path = ctx->options.value[OPTION_OUTPUT];
	_cleanup_(freeReplyObjectp) redisReply *info = NULL;
	const redisReply *answered = NULL;
	enum status status;
	enum status written = STATUS_DONE;

	status = inquiry_ask(ctx, &info);
	if (status == STATUS_DONE)
		answered = info;

	if (path) {
		written = put_file(ctx, path, answered);
	} else if (put_form(ctx->out, ctx->form, answered) < 0) {
		context_say(ctx, "%s", strerror(ENOMEM));
		written = STATUS_UNAVAILABLE;
	}
	return status == STATUS_DONE ? written : status;
}
