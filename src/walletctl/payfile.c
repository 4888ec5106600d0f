/* SPDX-License-Identifier: MIT */
/*
 * All lines are looked at, whatever is wrong with the first.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/name.h"
#include "ledger/newtext.h"
#include "walletctl/payments.h"

#include "walletctl/payfile.h"

struct payfile {
	struct context *ctx;
	struct mistakes mistakes;
	struct payments payments;
	struct linefile *file;
	const char *id;
	const char *memo;
	size_t count;
	struct group group;
};

static int copy(struct slice text, char **ret)
{
	*ret = strndup(text.p, text.len);
	return *ret ? 0 : -ENOMEM;
}

static int copy_id(const struct payfile *f, struct slice given, uint64_t line,
		   char **ret)
{
	if (given.len > 0)
		return copy(given, ret);
	if (asprintf(ret, "%s-%" PRIu64, f->id, line) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int fill_order(const struct payfile *f, const struct payment *a,
		      uint64_t line, struct order *o)
{
	char amount[AMOUNT_TEXT_MAX];
	size_t digits = amount_format(a->amount, amount);
	int r;

	r = copy(slice_of("transfer"), &o->command);
	if (r == 0)
		r = copy(slice_of(f->ctx->server), &o->server);
	if (r == 0)
		r = copy(a->sender, &o->sender);
	if (r == 0)
		r = copy(a->receiver, &o->receiver);
	if (r == 0)
		r = copy((struct slice){ amount, digits }, &o->amount);
	if (r == 0)
		r = copy_id(f, a->id, line, &o->id);
	if (r == 0 && a->memo.len > 0)
		r = copy(a->memo, &o->memo);
	else if (r == 0 && f->memo)
		r = copy(slice_of(f->memo), &o->memo);
	return r;
}

static int add(struct payfile *f, const struct payment *a, uint64_t line)
{
	struct order o = { 0 };
	int r;

	f->count++;
	/* They are counted, no more. */
	if (f->count > GROUP_MAX)
		return 0;
	r = fill_order(f, a, line, &o);
	if (r == 0)
		r = group_add(&f->group, &o, line);
	order_done(&o);
	return r;
}

static int read_lines(struct payfile *f)
{
	struct payment payment;
	struct slice line;
	int more;

	while ((more = linefile_next(f->file, &line)) != 0) {
		uint64_t number = linefile_number(f->file);
		int r = 0;

		if (more == -EMSGSIZE)
			mistakes_tell(&f->mistakes, 0, number,
				      "the line is longer than %d bytes",
				      LINEFILE_LINE_MAX);
		else if (more < 0)
			return more;
		else if (payments_read(&f->payments, number, line, &payment))
			r = add(f, &payment, number);
		if (r < 0)
			return r;
	}
	return 0;
}

/* An id stands for one order. */
static void find_equal_ids(struct payfile *f)
{
	const struct group *g = &f->group;

	for (size_t i = 0; i < g->count; i++) {
		size_t k = 0;

		while (k < i && strcmp(g->order[i].id, g->order[k].id) != 0)
			k++;
		if (k < i)
			mistakes_tell(&f->mistakes, 0, g->line[i],
				      "the id %s stands in line %" PRIu64
				      ", too",
				      g->order[i].id, g->line[k]);
	}
}

/* @f->id with the longest that is put behind it. */
static enum status check_id(struct payfile *f)
{
	_cleanup_(freep) char *longest = NULL;
	const char *fault;

	if (copy_id(f, slice_of(""), linefile_number(f->file), &longest) < 0)
		return STATUS_UNAVAILABLE;
	fault = operation_id_fault(slice_of(longest));
	if (fault)
		return context_usage(f->ctx,
				     "--id: with the number of a line behind "
				     "it, as in \"%s\", it %s",
				     longest, fault);
	return STATUS_DONE;
}

static enum status check(struct payfile *f)
{
	enum status status = check_id(f);

	if (status != STATUS_DONE)
		return status;
	find_equal_ids(f);
	status = mistakes_end(&f->mistakes);
	if (status == STATUS_DONE && f->count > GROUP_MAX) {
		context_say(f->ctx,
			    "%s: there are %zu payments, and %d can be done "
			    "together: split it, or use \"walletctl import\", "
			    "which does them one after the other; nothing was "
			    "sent",
			    f->group.source, f->count, GROUP_MAX);
		status = STATUS_REFUSED;
	}
	return status;
}

static enum status read_all(struct payfile *f, const char *path)
{
	int r;

	if (f->memo && new_memo_fault(slice_of(f->memo)))
		return context_usage(f->ctx, "--memo: it %s",
				     new_memo_fault(slice_of(f->memo)));
	r = linefile_open(path, &f->file);
	if (r == 0)
		r = read_lines(f);
	if (r == -ENOMEM) {
		context_say(f->ctx, "%s", strerror(ENOMEM));
		return STATUS_UNAVAILABLE;
	}
	if (r < 0) {
		context_say(f->ctx, "%s: %s", f->group.source, strerror(-r));
		return STATUS_USAGE;
	}
	return check(f);
}

enum status payfile_read(struct context *ctx, const char *path, const char *id,
			 const char *memo, struct group *ret)
{
	const char *const files[] = { path, NULL };
	struct payfile f = {
		.ctx = ctx,
		.mistakes = { .ctx = ctx, .file = files },
		.payments.ids = true,
		.id = id,
		.memo = memo,
	};
	enum status status;

	payments_begin(&f.payments, &f.mistakes, 0);
	f.group.source = mistakes_file(&f.mistakes, 0);
	f.group.id = strdup(id);
	if (f.group.id) {
		status = read_all(&f, path);
	} else {
		context_say(ctx, "%s", strerror(ENOMEM));
		status = STATUS_UNAVAILABLE;
	}

	(void)linefile_free(f.file);
	if (status == STATUS_DONE)
		*ret = f.group;
	else
		group_done(&f.group);
	return status;
}
