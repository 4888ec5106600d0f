/* SPDX-License-Identifier: MIT */
/*
 * Each line is answered before the next is looked at.  What has been answered is
 * written out when there is nothing more to read at the moment, so a coprocess
 * has its answer at once, and a long script costs no system call a line.
 *
 * A refusal is one line's own affair.  But when the connection is gone, or it is
 * not known what became of an order, those behind it may rest on it: it ends.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "util/buf.h"
#include "walletctl/commands.h"
#include "walletctl/csv.h"
#include "walletctl/lookalike.h"
#include "walletctl/opstore.h"
#include "wire/resp.h"

#include "walletctl/script.h"

/* It is given a blank more. */
static_assert(SCRIPT_LINE_MAX + 1 == RESP_REQUEST_MAX, "the splitter's limit");
static_assert(SCRIPT_WORDS_MAX == RESP_ARGS_MAX, "the splitter's limit");

/* What is not for a line among others: it would not end. */
static const char *const endless[] = { "watch" };

struct script {
	struct context *ctx;
	struct opstore *store; /* NULL before the first order */
	bool ended; /* of input */
	size_t at;  /* of data: what is before it was given */
	size_t len;
	/* The line; a blank before it, so that it is never an array of RESP. */
	char data[1 + SCRIPT_LINE_MAX];
	uint64_t number;
	enum status first; /* of the lines that were not done */
};

/* One line as a command line. */
struct line {
	struct context ctx;
	struct buf words; /* each ended by a zero */
	char *argv[SCRIPT_WORDS_MAX + 2];
	int argc;
	/* What it says, until it is known how it ends; out in JSON only. */
	char *out;
	size_t out_len;
	char *err;
	size_t err_len;
};

/* Reading. */

/* More of the input behind what there is.  0, or a negative errno. */
static int fill(struct script *s)
{
	ssize_t n;

	/* Nobody who waits for an answer is left waiting. */
	if (fflush(s->ctx->out) != 0)
		return -errno;
	memmove(s->data + 1, s->data + s->at, s->len - s->at);
	s->len -= s->at - 1;
	s->at = 1;
	do {
		n = read(STDIN_FILENO, s->data + s->len,
			 sizeof(s->data) - s->len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	s->len += (size_t)n;
	s->ended = n == 0;
	return 0;
}

/* Drop what is left of a line that is longer than any may be. */
static int skip(struct script *s)
{
	for (;;) {
		char *end = memchr(s->data + s->at, '\n', s->len - s->at);
		int r;

		s->at = end ? (size_t)(end - s->data) + 1 : s->len;
		if (end || s->ended)
			return -EMSGSIZE;
		r = fill(s);
		if (r < 0)
			return r;
	}
}

/*
 * The next line, with a byte before it and its newline behind it that may be
 * written to.  1; 0 at the end; -EMSGSIZE: it was too long, and is skipped.
 */
static int next_line(struct script *s, char **ret, size_t *ret_len)
{
	char *end;
	int r;

	for (;;) {
		end = memchr(s->data + s->at, '\n', s->len - s->at);
		if (end || s->ended)
			break;
		if (s->len - s->at == SCRIPT_LINE_MAX) {
			s->number++;
			return skip(s);
		}
		r = fill(s);
		if (r < 0)
			return r;
	}
	if (s->at == s->len)
		return 0;

	s->number++;
	*ret = s->data + s->at;
	*ret_len = end ? (size_t)(end - *ret) : s->len - s->at;
	s->at += *ret_len + (end ? 1 : 0);
	return 1;
}

/* Taking a line apart. */

static bool is_skipped(const char *line, size_t len)
{
	size_t at = 0;

	while (at < len && strchr(" \t\r", line[at]))
		at++;
	return at == len || line[at] == '#';
}

/* The words of @q in a row, and where each begins. */
static int keep_words(struct line *l, const struct resp_request *q)
{
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; i < q->args && r == 0; i++) {
		if (memchr(q->arg[i].p, '\0', q->arg[i].len))
			return -EINVAL;
		r = buf_add(&l->words, q->arg[i].p, q->arg[i].len);
		if (r == 0)
			r = buf_add(&l->words, "", 1);
	}
	if (r < 0)
		return r;

	for (size_t i = 0; i < q->args; i++) {
		l->argv[l->argc++] = (char *)l->words.data + at;
		at += q->arg[i].len + 1;
	}
	return 0;
}

/* Quotes and the like; the line's newline is made a newline, come what may. */
static enum status split(struct line *l, char *text, size_t len)
{
	struct resp_request q;
	const char *fault;
	size_t used;
	int r;

	text[-1] = ' ';
	text[len] = '\n';
	switch (resp_parse(text - 1, len + 2, &q, &used, &fault)) {
	case RESP_REQUEST:
		break;
	case RESP_MORE:
	case RESP_BROKEN:
		return context_usage(&l->ctx, "%s",
				     "expected a command and its words: at "
				     "most 64, and each quote closed, with a "
				     "space behind it");
	}
	r = keep_words(l, &q);
	if (r == -EINVAL)
		return context_usage(&l->ctx, "a word contains a zero");
	if (r < 0) {
		context_say(&l->ctx, "%s", strerror(-r));
		return STATUS_UNAVAILABLE;
	}
	return STATUS_DONE;
}

/* Options for all lines stand before them, the others in a line. */
static enum status join_options(struct line *l, const struct options *outer)
{
	unsigned common = options_everywhere() | OPTION_BIT(OPTION_STDIN);

	for (unsigned key = 0; key < OPTION_KEYS; key++) {
		if (!(common & OPTION_BIT(key)))
			continue;
		if (l->ctx.options.value[key])
			return context_usage(&l->ctx,
					     "--%s is not for one line: it goes "
					     "where --stdin stands",
					     options_table[key].name);
		if (key != OPTION_STDIN)
			l->ctx.options.value[key] = outer->value[key];
	}
	return STATUS_DONE;
}

/* Commands are read from there already. */
static bool reads_stdin(const struct context *ctx)
{
	const char *file = ctx->options.value[OPTION_FILE];

	if (file && strcmp(file, "-") == 0)
		return true;
	if (strncmp(ctx->command->args, "FILE", 4) != 0)
		return false;
	for (size_t i = 0; ctx->arg[i]; i++) {
		if (strcmp(ctx->arg[i], "-") == 0)
			return true;
	}
	return false;
}

static enum status check_command(struct context *ctx)
{
	for (size_t i = 0; i < ELEMENTS(endless); i++) {
		if (strcmp(ctx->command->name, endless[i]) == 0)
			return context_usage(ctx,
					     "%s would not end: it is not for "
					     "--stdin",
					     ctx->command->name);
	}
	if (ctx->options.value[OPTION_CLASSIC])
		return context_usage(ctx, "--classic is not for --stdin");
	if (reads_stdin(ctx))
		return context_usage(ctx,
				     "%s cannot read standard input, from "
				     "which the commands come",
				     ctx->command->name);
	return STATUS_DONE;
}

/* Running it. */

static enum status run_words(struct line *l, const struct options *outer)
{
	struct context *ctx = &l->ctx;
	enum status status;

	status = join_options(l, outer);
	if (status == STATUS_DONE)
		status = commands_select(ctx);
	if (status == STATUS_DONE)
		status = check_command(ctx);
	if (status != STATUS_DONE)
		return status;
	status = ctx->command->run(ctx);
	if (status == STATUS_REFUSED && ctx->form == FORM_TEXT)
		lookalike_tell(ctx);
	return status;
}

static enum status run_line(struct script *s, struct line *l, char *text,
			    size_t len)
{
	enum status status;
	int r;

	status = split(l, text, len);
	if (status != STATUS_DONE)
		return status;
	r = options_parse(l->argc, l->argv, l->ctx.err, &l->ctx.options);
	if (r < 0)
		return r == -ENOMEM ? STATUS_UNAVAILABLE : STATUS_USAGE;
	/* It may have been closed since the line before. */
	client_refresh(l->ctx.client);
	status = run_words(l, &s->ctx->options);
	options_done(&l->ctx.options);
	return status;
}

/* Answering. */

/* What a refusal is called that the main daemon has not named. */
static const char *code_of(const struct line *l, enum status status)
{
	if (l->ctx.code[0])
		return l->ctx.code;
	switch (status) {
	case STATUS_DONE:
	case STATUS_REFUSED:
		break;
	case STATUS_USAGE:
		return "USAGE";
	case STATUS_UNAVAILABLE:
		return "UNAVAILABLE";
	case STATUS_UNKNOWN:
		return "UNKNOWN";
	case STATUS_INTEGRITY:
		return "INTEGRITY";
	case STATUS_NOT_PERMITTED:
		return "NOPERM";
	}
	return "REFUSED";
}

/* Without who says it, and the last newline. */
static struct slice message_of(const struct line *l)
{
	static const char who[] = "walletctl: ";
	struct slice text = { l->err, l->err_len };
	size_t len = strlen(who);

	if (text.len >= len && memcmp(text.p, who, len) == 0) {
		text.p += len;
		text.len -= len;
	}
	while (text.len > 0 && text.p[text.len - 1] == '\n')
		text.len--;
	return text;
}

/* Talk is told apart by its line. */
static void put_talk(const struct script *s, const struct line *l)
{
	const char *p = l->err;
	const char *end = p + l->err_len;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *next = newline ? newline + 1 : end;

		fprintf(s->ctx->err, "line %" PRIu64 ": ", s->number);
		(void)fwrite(p, 1, (size_t)(next - p), s->ctx->err);
		p = next;
	}
}

/* A document has newlines between its elements, never inside one. */
static void put_document(FILE *out, const struct line *l)
{
	const char *p = l->out;
	const char *end = p + l->out_len;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		if (!newline)
			newline = end;
		(void)fwrite(p, 1, (size_t)(newline - p), out);
		p = newline + 1;
	}
	putc('\n', out);
}

static void put_json(const struct script *s, const struct line *l,
		     enum status status)
{
	static const struct column columns[] = {
		{ "error", NULL },
		{ "message", NULL },
		{ "status", NULL },
	};
	/* One that broke off has no newline at its end. */
	bool whole = l->out_len > 0 && l->out[l->out_len - 1] == '\n';
	const struct value values[] = {
		value_text(slice_of(code_of(l, status))),
		value_text(message_of(l)),
		value_number(status),
	};

	if (!whole && status != STATUS_DONE) {
		output_json_object(s->ctx->out, columns, ELEMENTS(columns),
				   values);
		putc('\n', s->ctx->out);
		return;
	}
	put_talk(s, l);
	if (whole)
		put_document(s->ctx->out, l);
	else
		fputs("null\n", s->ctx->out);
}

static void put_answer(const struct script *s, const struct line *l,
		       enum status status)
{
	switch (s->ctx->form) {
	case FORM_TEXT:
		put_talk(s, l);
		return;
	case FORM_JSON:
		put_json(s, l, status);
		return;
	case FORM_RAW:
	case FORM_CSV:
		put_talk(s, l);
		fprintf(s->ctx->out, ". %d%s", (int)status,
			s->ctx->form == FORM_CSV ? CSV_END : "\n");
		return;
	}
}

/* One line, from its words to its answer. */
static enum status do_line(struct script *s, char *text, size_t len)
{
	static char program[] = "walletctl";
	struct line l = { .ctx = *s->ctx, .argv = { program }, .argc = 1 };
	enum status status = STATUS_UNAVAILABLE;

	l.ctx.options = (struct options){ .args = 0 };
	l.ctx.command = NULL;
	l.ctx.store = &s->store;
	l.ctx.err = open_memstream(&l.err, &l.err_len);
	if (s->ctx->form == FORM_JSON)
		l.ctx.out = open_memstream(&l.out, &l.out_len);
	if (l.ctx.err && l.ctx.out) {
		if (text)
			status = run_line(s, &l, text, len);
		else
			status = context_usage(&l.ctx,
					       "the line is longer than %d "
					       "bytes",
					       SCRIPT_LINE_MAX - 1);
	}

	if (l.ctx.err)
		(void)fclose(l.ctx.err);
	if (l.ctx.out && l.ctx.out != s->ctx->out)
		(void)fclose(l.ctx.out);
	put_answer(s, &l, status);
	buf_done(&l.words);
	free(l.out);
	free(l.err);
	return status;
}

/* Is there anything left that another line could be done with? */
static bool goes_on(struct script *s, enum status status)
{
	if (status == STATUS_UNKNOWN) {
		context_say(s->ctx,
			    "line %" PRIu64 " may be done or not: the lines "
			    "behind it were not run",
			    s->number);
		return false;
	}
	if (status == STATUS_UNAVAILABLE &&
	    !client_connected(s->ctx->client) &&
	    *client_fault(s->ctx->client)) {
		context_say(s->ctx,
			    "the connection is gone: the lines from %" PRIu64
			    " on were not run",
			    s->number);
		return false;
	}
	return !ferror(s->ctx->out);
}

/* All lines; 0 or a negative errno. */
static int run_lines(struct script *s)
{
	for (;;) {
		enum status status;
		size_t len = 0;
		char *text = NULL;
		int more = next_line(s, &text, &len);

		if (more == 0 || (more < 0 && more != -EMSGSIZE))
			return more;
		if (more == 1 && is_skipped(text, len))
			continue;
		status = do_line(s, more == 1 ? text : NULL, len);
		if (s->first == STATUS_DONE)
			s->first = status;
		if (!goes_on(s, status))
			return 0;
	}
}

enum status script_run(struct context *ctx)
{
	_cleanup_(freep) struct script *s = malloc(sizeof(*s));
	int r = -ENOMEM;

	if (s) {
		s->ctx = ctx;
		s->store = NULL;
		s->ended = false;
		s->at = 1;
		s->len = 1;
		s->number = 0;
		s->first = STATUS_DONE;
		r = run_lines(s);
		s->store = opstore_free(s->store);
	}
	if (r < 0) {
		context_say(ctx, "standard input cannot be read: %s",
			    strerror(-r));
		return STATUS_USAGE;
	}
	return s->first;
}
