/* SPDX-License-Identifier: MIT */
/*
 * What the answers have to say.  Of one client's transfers the serials rise.
 * When all is over, and nobody else made transfers, the receipts in the order
 * of their serials are the whole history of that time: the sums are done again,
 * and every balance that was told, and those asked for at the end, must be what
 * they say.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "load.h"
#include "reply.h"

#define ROOM_FIRST 65536

void account_begin(struct account *a, const struct settings *s)
{
	*a = (struct account){ 0 };
	if (s->work == WORK_ECHO)
		return;
	a->balances = grown(NULL, s->users, sizeof(*a->balances));
	ask_balances(s, a->balances);
}

static struct receipt *next_receipt(struct account *a)
{
	if (a->count == a->room) {
		a->room = a->room ? 2 * a->room : ROOM_FIRST;
		a->receipts = grown(a->receipts, a->room, sizeof(*a->receipts));
	}
	return &a->receipts[a->count++];
}

static void hear_balance(const struct account *a, const struct settings *s,
			 const struct request *r, struct slice reply)
{
	int64_t balance;

	if (!reply_next_number(&reply, &balance) || reply.len > 0)
		fail("not a balance: %.*s", SLICE_ARG(reply));
	if (balance < 0 || (!s->shared && balance != a->balances[r->sender]))
		fail("user %u: a balance of %jd", r->sender, (intmax_t)balance);
}

/* A receipt is serial, balance, and of ours time and hash. */
static void hear_receipt(struct account *a, const struct settings *s,
			 const struct request *r, struct slice reply,
			 uint64_t *last_serial)
{
	const int64_t elements = s->dialect == DIALECT_ALICHAIN ? 4 : 2;
	struct slice whole = reply;
	struct reply_part head;
	struct reply_part time;
	struct reply_part hash = { 0 };
	int64_t serial;
	int64_t balance;
	struct receipt *e;

	if (!reply_next(&reply, &head) || head.kind != '*' ||
	    head.text.len != 1 || head.text.p[0] != '0' + elements ||
	    !reply_next_number(&reply, &serial) ||
	    !reply_next_number(&reply, &balance))
		fail("not a receipt: %.*s", SLICE_ARG(whole));
	if (elements > 2 &&
	    (!reply_next(&reply, &time) || !reply_next(&reply, &hash) ||
	     hash.text.len < RECEIPT_HASH_DIGITS))
		fail("not a receipt of ours: %.*s", SLICE_ARG(whole));
	if (serial <= 0 || (uint64_t)serial <= *last_serial || balance < 0)
		fail("serial %jd behind %ju, a balance of %jd",
		     (intmax_t)serial, (uintmax_t)*last_serial,
		     (intmax_t)balance);

	*last_serial = (uint64_t)serial;
	e = next_receipt(a);
	*e = (struct receipt){
		.serial = (uint64_t)serial,
		.balance = balance,
		.sender = r->sender,
		.receiver = r->receiver,
		.amount = r->amount,
	};
	if (hash.text.len > 0)
		memcpy(e->hash, hash.text.p, RECEIPT_HASH_DIGITS);
}

void account_hear(struct account *a, const struct settings *s,
		  const struct request *r, struct slice reply,
		  uint64_t *last_serial)
{
	if (reply.p[0] == '-')
		fail("refused: %.*s", (int)reply.len - 2, reply.p);
	if (s->work == WORK_TRANSFER)
		hear_receipt(a, s, r, reply, last_serial);
	else if (s->work == WORK_BALANCE)
		hear_balance(a, s, r, reply);
}

static int by_serial(const void *a, const void *b)
{
	const struct receipt *x = a;
	const struct receipt *y = b;

	return (x->serial > y->serial) - (x->serial < y->serial);
}

/* The sums of all receipts, and what each told. */
static void replay(struct account *a)
{
	qsort(a->receipts, a->count, sizeof(*a->receipts), by_serial);
	for (size_t i = 0; i < a->count; i++) {
		const struct receipt *e = &a->receipts[i];

		if (e->serial != a->receipts[0].serial + i)
			fail("serial %ju was told twice, or one before it is"
			     " missing", (uintmax_t)e->serial);
		a->balances[e->sender] -= e->amount;
		a->balances[e->receiver] += e->amount;
		if (a->balances[e->sender] != e->balance)
			fail("serial %ju: a balance of %jd, not of %jd",
			     (uintmax_t)e->serial, (intmax_t)e->balance,
			     (intmax_t)a->balances[e->sender]);
	}
}

void account_end(struct account *a, const struct settings *s)
{
	int64_t *now;

	if (s->work == WORK_ECHO || s->shared)
		return;

	if (a->count > 0)
		replay(a);
	now = grown(NULL, s->users, sizeof(*now));
	ask_balances(s, now);
	for (uint32_t user = 0; user < s->users; user++) {
		if (now[user] != a->balances[user])
			fail("user %u has %jd, not %jd", user,
			     (intmax_t)now[user], (intmax_t)a->balances[user]);
	}
	free(now);
}

void account_write(const struct account *a, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		fail_errno(path);
	write_all(fd, a->receipts, a->count * sizeof(*a->receipts));
	(void)close(fd);
}

void account_done(struct account *a)
{
	free(a->balances);
	free(a->receipts);
}
