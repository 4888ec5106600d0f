/* SPDX-License-Identifier: MIT */
/*
 * Files are opened first, all of them: what they look like is said before any
 * of it is read, and one that is not there is told before the others' faults.
 *
 * In the encrypted form letters and digits of names and amounts are three
 * further on, so by its columns it cannot be told from the plain one.  But no
 * amount begins with 0 in the plain form, and none with 3 in the encrypted one.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/record.h"
#include "util/percent.h"
#include "walletctl/linefile.h"
#include "walletctl/payments.h"

#include "walletctl/import_read.h"

#define FILES_MAX 64
#define SHIFT 3

enum read_form {
	READ_ALICHAIN,
	READ_ENCRYPTED,
	READ_CSV,
	READ_FORMS
};

static const char *const form_names[READ_FORMS] = {
	[READ_ALICHAIN] = "alichain",
	[READ_ENCRYPTED] = "encrypted",
	[READ_CSV] = "csv",
};

struct reading {
	struct mistakes *mistakes;
	struct transfers *transfers;
	enum read_form form;
	uint32_t files;
	struct linefile *open[FILES_MAX];
	/* Of the line that is being read. */
	uint32_t file;
	uint64_t line;
	struct payments payments; /* of CSV */
	struct import_seals seals;
};

static void wrong(struct reading *r, const char *sentence)
{
	mistakes_tell(r->mistakes, r->file, r->line, "%s", sentence);
}

/* Letters and digits three back, each kind in its circle. */
static char decrypted(char c)
{
	static const struct {
		char first;
		int count;
	} circle[] = { { 'a', 26 }, { 'A', 26 }, { '0', 10 } };

	for (size_t i = 0; i < ELEMENTS(circle); i++) {
		int n = circle[i].count;
		int at = c - circle[i].first;

		if (at >= 0 && at < n)
			return (char)(circle[i].first + (at + n - SHIFT) % n);
	}
	return c;
}

/* Blocks. */

static void note_seal(struct import_seals *seals, uint64_t serial,
		      const uint8_t hash[CHAIN_HASH_SIZE])
{
	struct import_seal seal = { .serial = serial };

	memcpy(seal.hash, hash, sizeof(seal.hash));
	if (seals->lowest.serial == 0 || seal.serial < seals->lowest.serial)
		seals->lowest = seal;
	if (seal.serial > seals->highest.serial)
		seals->highest = seal;
}

static int add_record(struct reading *r, const struct record *record)
{
	struct transfer item = {
		.serial = record->serial,
		.line = r->line,
		.file = r->file,
		.amount = record->amount,
	};
	char memo[MEMO_MAX];
	int len = percent_decode(record->memo, memo, sizeof(memo));

	if (len < 0)
		return len;
	if (record->sealed)
		note_seal(&r->seals, record->serial, record->hash);
	return transfers_add(r->transfers, &item, record->sender,
			     record->receiver,
			     (struct slice){ memo, (size_t)len });
}

static bool is_blank(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if (!strchr(" \t\r", line.p[i]))
			return false;
	return true;
}

static int read_alichain(struct reading *r, struct slice line)
{
	struct record record;
	const char *fault;

	if (is_blank(line))
		return 0;
	if (record_parse(line, &record, &fault) == 0)
		return add_record(r, &record);
	wrong(r, fault);
	return 0;
}

/* The serial is in clear. */
static int read_encrypted(struct reading *r, struct slice line)
{
	char clear[LINEFILE_LINE_MAX];
	bool serial = true;

	for (size_t i = 0; i < line.len; i++) {
		serial = serial && line.p[i] != ' ';
		clear[i] = serial ? line.p[i] : decrypted(line.p[i]);
	}
	return read_alichain(r, (struct slice){ clear, line.len });
}

/* CSV. */

static int read_csv(struct reading *r, struct slice line)
{
	struct transfer item = { .line = r->line, .file = r->file };
	struct payment a;

	if (payments_read(&r->payments, r->line, line, &a) == 0)
		return 0;
	item.amount = a.amount;
	item.serial = a.serial;
	if (a.sealed)
		note_seal(&r->seals, a.serial, a.hash);
	return transfers_add(r->transfers, &item, a.sender, a.receiver, a.memo);
}

/* Reading. */

static int (*const readers[READ_FORMS])(struct reading *r,
					struct slice line) = {
	[READ_ALICHAIN] = read_alichain,
	[READ_ENCRYPTED] = read_encrypted,
	[READ_CSV] = read_csv,
};

static int read_file(struct reading *r)
{
	struct linefile *f = r->open[r->file];
	struct slice line;
	int more;

	payments_begin(&r->payments, r->mistakes, r->file);
	while ((more = linefile_next(f, &line)) != 0) {
		int e = 0;

		r->line = linefile_number(f);
		if (more == -EMSGSIZE)
			wrong(r, "the line is longer than 4096 bytes");
		else if (more < 0)
			return more;
		else
			e = readers[r->form](r, line);
		if (e < 0)
			return e;
	}
	return 0;
}

/* Guessing. */

struct guess {
	bool blocks;
	bool csv;
	bool plain;	/* an amount of several digits begins with 3 … */
	bool encrypted; /* … or with 0; one alone may be an opening's */
};

/* A block's line begins with a number and a space; "of=A,B" has commas, too. */
static bool is_block_line(struct slice line)
{
	size_t digits = 0;

	while (digits < line.len && line.p[digits] >= '0' &&
	       line.p[digits] <= '9')
		digits++;
	return digits > 0 && digits < line.len && line.p[digits] == ' ';
}

static void guess_amount(struct guess *g, struct slice line)
{
	size_t spaces = 0;
	size_t at = 0;

	for (; at < line.len && spaces < 3; at++)
		spaces += line.p[at] == ' ';
	/* Fields behind the columns are ours, and in clear. */
	g->plain |= memmem(line.p + at, line.len - at, " h=", 3) != NULL;
	if (at + 1 >= line.len || line.p[at + 1] < '0' || line.p[at + 1] > '9')
		return;
	g->plain |= line.p[at] == '3';
	g->encrypted |= line.p[at] == '0';
}

static void guess_line(struct guess *g, struct slice line)
{
	if (is_blank(line))
		return;
	if (is_block_line(line)) {
		g->blocks = true;
		guess_amount(g, line);
	} else {
		g->csv |= memchr(line.p, ',', line.len) != NULL;
	}
}

static void guess_text(struct guess *g, struct slice text)
{
	size_t at = 0;

	while (at < text.len) {
		const char *start = text.p + at;
		const char *end = memchr(start, '\n', text.len - at);
		size_t len = end ? (size_t)(end - start) : text.len - at;

		guess_line(g, (struct slice){ start, len });
		at += len + 1;
	}
}

static enum status settle_guess(struct reading *r, const struct guess *g)
{
	struct context *ctx = r->mistakes->ctx;

	if ((g->csv && g->blocks) || (g->plain && g->encrypted))
		return context_usage(ctx,
				     "the files look like %s; say which it is "
				     "by --format",
				     g->csv ? "CSV and like blocks" :
					      "plain blocks and like encrypted "
					      "ones");
	r->form = g->csv ? READ_CSV :
		  g->encrypted ? READ_ENCRYPTED : READ_ALICHAIN;
	if (!ctx->options.value[OPTION_QUIET])
		context_say(ctx, "the format is taken for %s%s",
			    form_names[r->form],
			    g->csv || g->plain || g->encrypted ? "" :
			    "; if it is encrypted, say so by --format");
	return STATUS_DONE;
}

static enum status cannot_read(struct reading *r, int e)
{
	context_say(r->mistakes->ctx, "%s: %s",
		    mistakes_file(r->mistakes, r->file), strerror(-e));
	return STATUS_USAGE;
}

static enum status guess_form(struct reading *r)
{
	struct guess g = { .csv = false };

	for (r->file = 0; r->file < r->files; r->file++) {
		struct slice text;
		int e = linefile_peek(r->open[r->file], &text);

		if (e < 0)
			return cannot_read(r, e);
		guess_text(&g, text);
	}
	return settle_guess(r, &g);
}

static enum status choose_form(struct reading *r, const char *form)
{
	if (!form)
		return guess_form(r);
	for (size_t i = 0; i < READ_FORMS; i++) {
		if (strcmp(form, form_names[i]) != 0)
			continue;
		r->form = (enum read_form)i;
		return STATUS_DONE;
	}
	return context_usage(r->mistakes->ctx,
			     "--format: expected alichain, encrypted or csv, "
			     "not \"%s\"", form);
}

static void tell_different(void *arg, const struct transfer *first,
			   const struct transfer *other)
{
	struct reading *r = arg;

	mistakes_tell(r->mistakes, other->file, other->line,
		      "serial %" PRIu64 " stands in %s:%" PRIu64
		      " with other contents",
		      other->serial, mistakes_file(r->mistakes, first->file),
		      first->line);
}

/* Together the files are one history. */
static void put_in_order(struct reading *r)
{
	if (r->form != READ_CSV) {
		transfers_sort(r->transfers);
		transfers_unite(r->transfers, tell_different, r);
	}
	transfers_seal(r->transfers);
}

static enum status open_files(struct reading *r)
{
	const char *const *path = r->mistakes->file;

	for (r->file = 0; path[r->file]; r->file++) {
		int e;

		if (r->file == FILES_MAX)
			return context_usage(r->mistakes->ctx,
					     "there are more than %d files",
					     FILES_MAX);
		e = linefile_open(path[r->file], &r->open[r->file]);
		if (e < 0)
			return cannot_read(r, e);
		r->files++;
	}
	return STATUS_DONE;
}

static enum status read_files(struct reading *r, const char *form)
{
	enum status status;

	status = open_files(r);
	if (status == STATUS_DONE)
		status = choose_form(r, form);
	if (status != STATUS_DONE)
		return status;
	for (r->file = 0; r->file < r->files; r->file++) {
		int e = read_file(r);

		if (e < 0)
			return cannot_read(r, e);
	}
	put_in_order(r);
	return STATUS_DONE;
}

enum status import_read(struct mistakes *m, const char *form,
			struct transfers *ret, struct import_seals *ret_seals,
			bool *ret_ordered)
{
	struct reading r = {
		.mistakes = m,
		.transfers = ret,
		.payments.openings = true,
	};
	enum status status = read_files(&r, form);

	for (uint32_t i = 0; i < r.files; i++)
		(void)linefile_free(r.open[i]);
	*ret_seals = r.seals;
	*ret_ordered = r.form != READ_CSV;
	return status;
}
