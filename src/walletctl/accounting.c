/* SPDX-License-Identifier: MIT */
/*
 * What the two programs would take for something else is percent-encoded:
 *
 *	account		: separates levels, % is ours
 *	description	; begins a comment
 *	commodity	in quotes, which may not hold " ; or a backslash
 *	id		in a comment, where [DATE], : and , mean something
 *
 * tests/scenario/test-inout.py has them read names of all characters there are.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/users.h"
#include "util/buf.h"
#include "util/random.h"

#include "walletctl/accounting.h"

/* Of "2026-11-22T13:37:00.123456Z". */
#define DATE_LEN 10
/* Records of the original system bear no time; all others stand behind them. */
#define DATE_UNKNOWN "1970-01-01"

#define ACCOUNT_SPECIAL "%:"
#define DESCRIPTION_SPECIAL "%;"
#define COMMODITY_SPECIAL "%\";\\"

struct accounting {
	int64_t initial;
	struct buf coin; /* as it stands behind an amount, ended by a zero */
	struct users *users; /* whose opening is written */
};

static int encode(struct buf *out, struct slice text, const char *special)
{
	int r = 0;

	for (size_t i = 0; i < text.len && r == 0; i++) {
		unsigned char c = (unsigned char)text.p[i];

		r = c && strchr(special, c) ? buf_addf(out, "%%%02X", c) :
					      buf_add(out, &c, 1);
	}
	return r;
}

static void put_encoded(FILE *out, struct slice text, const char *special)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c && strchr(special, c))
			fprintf(out, "%%%02X", c);
		else
			putc(c, out);
	}
}

/* Letters, digits and a few marks stand for themselves. */
static void put_id(FILE *out, struct slice id)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (size_t i = 0; i < id.len; i++) {
		unsigned char c = (unsigned char)id.p[i];

		if (c && strchr(plain, c))
			putc(c, out);
		else
			fprintf(out, "%%%02X", c);
	}
}

int accounting_new(int64_t initial, struct slice coin,
		   struct accounting **ret)
{
	_cleanup_(accounting_freep) struct accounting *a = NULL;
	uint8_t key[MAP_KEY_SIZE];
	int r;

	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->initial = initial;
	r = encode(&a->coin, coin, COMMODITY_SPECIAL);
	if (r == 0)
		r = buf_add(&a->coin, "", 1);
	if (r < 0)
		return r;
	random_bytes(key, sizeof(key));
	r = users_new(key, &a->users);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(a);
	return 0;
}

struct accounting *accounting_free(struct accounting *a)
{
	if (!a)
		return NULL;
	(void)users_free(a->users);
	buf_done(&a->coin);
	free(a);
	return NULL;
}

static struct slice date_of(const struct answer_record *r)
{
	if (r->time.len < DATE_LEN)
		return slice_of(DATE_UNKNOWN);
	return (struct slice){ r->time.p, DATE_LEN };
}

static void put_head(FILE *out, const struct answer_record *r,
		     const char *description, struct slice memo)
{
	fprintf(out, "%.*s * (%" PRId64 ") %s", SLICE_ARG(date_of(r)),
		r->serial, description);
	put_encoded(out, memo, DESCRIPTION_SPECIAL);
	putc('\n', out);
}

static void put_posting(const struct accounting *a, FILE *out,
			struct slice user, const char *sign, int64_t amount)
{
	fputs("    users:", out);
	put_encoded(out, user, ACCOUNT_SPECIAL);
	fprintf(out, "  %s%" PRId64 " \"%s\"\n", sign, amount,
		(const char *)a->coin.data);
}

/* With what @user begins, if it is new. */
static int open_user(struct accounting *a, FILE *out,
		     const struct answer_record *r, struct slice user)
{
	uint32_t number;
	int e;

	if (users_find(a->users, user) != USER_NONE)
		return 0;
	e = users_intern(a->users, user, &number);
	if (e < 0)
		return e;
	put_head(out, r, "opening", (struct slice){ NULL, 0 });
	put_posting(a, out, user, "", a->initial);
	fputs("    equity:opening\n\n", out);
	return 0;
}

static void put_transfer(const struct accounting *a, FILE *out,
			 const struct answer_record *r)
{
	put_head(out, r, r->memo.len ? "" : "transfer", r->memo);
	if (r->time.p)
		fprintf(out, "    ; time: %.*s\n", SLICE_ARG(r->time));
	if (r->id.p) {
		fputs("    ; id: ", out);
		put_id(out, r->id);
		putc('\n', out);
	}
	put_posting(a, out, r->receiver, "", r->amount);
	put_posting(a, out, r->sender, "-", r->amount);
	putc('\n', out);
}

int accounting_record(struct accounting *a, FILE *out,
		      const struct answer_record *r)
{
	bool opening = slice_equal(r->sender, r->receiver);
	int e;

	e = open_user(a, out, r, r->sender);
	if (e == 0 && !opening)
		e = open_user(a, out, r, r->receiver);
	if (e == 0 && !opening)
		put_transfer(a, out, r);
	return e;
}
