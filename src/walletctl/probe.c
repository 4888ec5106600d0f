/* SPDX-License-Identifier: MIT */
/*
 * Looks through INFO for what somebody should be told, says the worst of it,
 * and adds figures to be drawn (Monitoring Plugins Development Guidelines).
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/timestamp.h"
#include "walletctl/answer.h"
#include "walletctl/infotext.h"
#include "walletctl/inquiry.h"

#include "walletctl/probe.h"

enum verdict {
	VERDICT_OK,
	VERDICT_WARNING,
	VERDICT_CRITICAL,
	VERDICT_UNKNOWN,
};

static const char *const verdict_names[] = { "OK", "WARNING", "CRITICAL",
					     "UNKNOWN" };

struct probe {
	struct context *ctx;
	const redisReply *info;
	enum verdict verdict;
	struct buf reasons;
	size_t up;
	size_t backends;
	size_t taking; /* batches */
	bool broken; /* no memory */
};

/* @text may have come from anywhere; behind a bar stand the figures. */
static void add_text(struct probe *p, struct slice text)
{
	size_t from = p->reasons.len;

	if (output_text_buf(&p->reasons, text) < 0)
		p->broken = true;
	for (size_t i = from; i < p->reasons.len; i++)
		if (p->reasons.data[i] == '|')
			p->reasons.data[i] = '/';
}

/* The worst verdict counts, every reason is said: three texts in a row. */
static void find(struct probe *p, enum verdict verdict, const char *before,
		 struct slice between, const char *behind)
{
	if (verdict > p->verdict)
		p->verdict = verdict;
	if (p->reasons.len > 0)
		add_text(p, slice_of("; "));
	add_text(p, slice_of(before));
	add_text(p, between);
	add_text(p, slice_of(behind));
}

static struct slice value(const struct probe *p, const char *key)
{
	return answer_info(p->info, key);
}

static uint64_t number(const struct probe *p, const char *key)
{
	return infotext_number(value(p, key));
}

static void look_at_state(struct probe *p)
{
	struct slice state = infotext_state(p->info);
	struct slice waiting = value(p, "waiting_for");
	struct slice verified = value(p, "verify_last_result");

	if (waiting.len > 0)
		find(p, VERDICT_CRITICAL, "waiting for backend ", waiting, "");
	else if (slice_equal(state, slice_of("readonly")))
		find(p, VERDICT_CRITICAL, "", slice_of("no transfers"),
		     ": serials are missing");
	else if (slice_equal(state, slice_of("stalled")))
		find(p, VERDICT_CRITICAL, "", slice_of("a batch is overdue"),
		     "");
	else if (!slice_equal(state, slice_of("open")))
		find(p, VERDICT_CRITICAL, "not open: ", state, "");

	if (verified.len > 0 && !slice_equal(verified, slice_of("ok")) &&
	    !slice_equal(verified, slice_of("none")))
		find(p, VERDICT_CRITICAL, "verification found: ", verified, "");
}

static void look_at_backend(struct probe *p, struct slice name,
			    struct slice values)
{
	struct slice state = infotext_in(values, "state");
	const uint64_t lag = infotext_lag(values);
	char sentence[128];

	/* Declared lost by a person: known, and nobody waits for it. */
	if (slice_equal(state, slice_of("lost")))
		return;
	p->backends++;
	p->up += infotext_is_up(state);
	p->taking += slice_equal(state, slice_of("up")) ||
		     slice_equal(state, slice_of("returning"));

	(void)snprintf(sentence, sizeof(sentence), " is %.*s",
		       SLICE_ARG(state));
	if (slice_equal(state, slice_of("up")) && lag >= PROBE_SILENT_USEC)
		(void)snprintf(sentence, sizeof(sentence),
			       " has been silent for %" PRIu64 " s",
			       lag / USEC_PER_SEC);
	else if (slice_equal(state, slice_of("up")) && lag >= PROBE_SLOW_USEC)
		(void)snprintf(sentence, sizeof(sentence), " is slow");
	else if (slice_equal(state, slice_of("up")))
		return;
	find(p, VERDICT_WARNING, "backend ", name, sentence);
}

static void look_at_backends(struct probe *p)
{
	struct slice name;
	struct slice values;
	size_t at = 0;

	while (infotext_next(p->info, INFOTEXT_BACKEND, &at, &name, &values))
		look_at_backend(p, name, values);
	if (p->taking < number(p, "copies"))
		find(p, VERDICT_CRITICAL, "", slice_of("too few backends"),
		     " take transfers");
}

static void look_at_speed(struct probe *p)
{
	if (slice_equal(value(p, "refilling"), slice_of("1")))
		find(p, VERDICT_WARNING, "", slice_of("refilling"), "");
	if (number(p, "latency_max_usec") >= PROBE_SLOW_USEC)
		find(p, VERDICT_WARNING, "",
		     slice_of("a transfer took a second or more"), "");
}

/* Behind the bar: what can be drawn over time. */
static void put_figures(const struct probe *p)
{
	const uint64_t usual = number(p, "latency_usec");
	const uint64_t most = number(p, "latency_max_usec");
	const uint64_t sec = USEC_PER_SEC;

	fprintf(p->ctx->out,
		" | serial=%" PRIu64 "c users=%" PRIu64 " coins=%" PRIu64
		" transfers=%" PRIu64 "c clients=%" PRIu64
		" backends_up=%zu;%zu:;;0;%zu latency=%" PRIu64 ".%06" PRIu64
		"s latency_max=%" PRIu64 ".%06" PRIu64 "s;1\n",
		number(p, "serial"), number(p, "users"), number(p, "coins"),
		number(p, "transfers"), number(p, "connected_clients"), p->up,
		p->backends, p->backends, usual / sec, usual % sec, most / sec,
		most % sec);
}

static enum status tell(struct probe *p)
{
	FILE *out = p->ctx->out;

	fprintf(out, "ALICHAIN %s - ", verdict_names[p->verdict]);
	if (p->reasons.len > 0)
		fprintf(out, "%.*s", (int)p->reasons.len,
			(const char *)p->reasons.data);
	if (!p->info) {
		putc('\n', out);
		return (enum status)p->verdict;
	}
	if (p->reasons.len > 0)
		fputs("; ", out);
	fprintf(out, "serial %" PRIu64 ", %" PRIu64 " users, %zu of %zu "
		"backends up", number(p, "serial"), number(p, "users"), p->up,
		p->backends);
	put_figures(p);
	return (enum status)p->verdict;
}

/* What would have gone to standard error is the reason. */
static enum status ask(struct probe *p, redisReply **ret)
{
	FILE *err = p->ctx->err;
	enum status status;
	char *said = NULL;
	size_t len = 0;

	p->ctx->err = open_memstream(&said, &len);
	if (!p->ctx->err) {
		p->ctx->err = err;
		p->broken = true;
		return STATUS_UNAVAILABLE;
	}
	status = inquiry_ask(p->ctx, ret);
	if (!*ret)
		p->verdict = VERDICT_CRITICAL;
	(void)fclose(p->ctx->err);
	p->ctx->err = err;

	if (status != STATUS_DONE && said) {
		const char *colon = strstr(said, ": ");
		const char *text = colon ? colon + 2 : said;

		add_text(p, (struct slice){ text, strcspn(text, "\n") });
		if (p->verdict == VERDICT_OK)
			p->verdict = VERDICT_UNKNOWN;
	}
	free(said);
	return status;
}

enum status probe_status(struct context *ctx)
{
	_cleanup_(freeReplyObjectp) redisReply *info = NULL;
	struct probe p = { .ctx = ctx };
	enum status status;

	if (ctx->form != FORM_TEXT)
		return context_usage(ctx, "--check has a form of its own: no "
					  "--json, --raw or --csv");
	if (ask(&p, &info) == STATUS_DONE) {
		p.info = info;
		look_at_state(&p);
		look_at_backends(&p);
		look_at_speed(&p);
	}
	if (p.broken)
		p.verdict = VERDICT_UNKNOWN;
	status = tell(&p);
	buf_done(&p.reasons);
	return status;
}
