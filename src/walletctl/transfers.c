/* SPDX-License-Identifier: MIT */
/*
 * The id of a transfer is a hash of all contents, in order, and its position:
 * the same input makes the same ids, whatever its files are called, in whatever
 * order and format they were given.  To change what is hashed is to have those
 * who import again in the middle import twice: raise the number in hash_begin.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "ledger/users.h"
#include "util/parse.h"
#include "util/random.h"

#include "walletctl/transfers.h"

#define HASH_BYTES 16

struct transfers {
	struct users *users;
	struct buf items; /* struct transfer */
	struct buf memos;
	bool unsorted;
	char hash[2 * HASH_BYTES + 1];
};

int transfers_new(struct transfers **ret)
{
	struct transfers *t = calloc(1, sizeof(*t));
	uint8_t key[MAP_KEY_SIZE];
	int r;

	if (!t)
		return -ENOMEM;
	random_bytes(key, sizeof(key));
	r = users_new(key, &t->users);
	if (r < 0) {
		free(t);
		return r;
	}
	*ret = t;
	return 0;
}

struct transfers *transfers_free(struct transfers *t)
{
	if (!t)
		return NULL;
	(void)users_free(t->users);
	buf_done(&t->items);
	buf_done(&t->memos);
	free(t);
	return NULL;
}

size_t transfers_count(const struct transfers *t)
{
	return t->items.len / sizeof(struct transfer);
}

/* Memory of the allocator is aligned for any type. */
static struct transfer *items_of(const struct transfers *t)
{
	return (struct transfer *)(void *)t->items.data;
}

const struct transfer *transfers_at(const struct transfers *t, size_t i)
{
	return &items_of(t)[i];
}

int transfers_add(struct transfers *t, struct transfer *item,
		  struct slice sender, struct slice receiver, struct slice memo)
{
	size_t count = transfers_count(t);
	int r;

	r = users_intern(t->users, sender, &item->sender);
	if (r == 0)
		r = users_intern(t->users, receiver, &item->receiver);
	if (r < 0)
		return r;
	item->memo = t->memos.len;
	item->memo_len = (uint8_t)memo.len;
	if (memo.len > 0)
		r = buf_add(&t->memos, memo.p, memo.len);
	if (r == 0)
		r = buf_add(&t->items, item, sizeof(*item));
	if (r == 0 && count > 0 && item->serial < items_of(t)[count - 1].serial)
		t->unsorted = true;
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct transfer *x = a;
	const struct transfer *y = b;

	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

void transfers_sort(struct transfers *t)
{
	if (t->unsorted)
		qsort(items_of(t), transfers_count(t), sizeof(struct transfer),
		      compare);
	t->unsorted = false;
}

static bool same(const struct transfers *t, const struct transfer *a,
		 const struct transfer *b)
{
	return a->sender == b->sender && a->receiver == b->receiver &&
	       amount_compare(a->amount, b->amount) == 0 &&
	       slice_equal(transfers_memo(t, a), transfers_memo(t, b));
}

void transfers_unite(struct transfers *t,
		     void (*differ)(void *arg, const struct transfer *first,
				    const struct transfer *other),
		     void *arg)
{
	struct transfer *items = items_of(t);
	size_t count = transfers_count(t);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || items[i].serial != items[kept - 1].serial)
			items[kept++] = items[i];
		else if (!same(t, &items[kept - 1], &items[i]))
			differ(arg, &items[kept - 1], &items[i]);
	}
	t->items.len = kept * sizeof(struct transfer);
}

static void hash_slice(crypto_generichash_state *h, struct slice s,
		       const char *end)
{
	(void)crypto_generichash_update(h, (const uint8_t *)s.p, s.len);
	(void)crypto_generichash_update(h, (const uint8_t *)end, strlen(end));
}

static void hash_begin(crypto_generichash_state *h)
{
	(void)crypto_generichash_init(h, NULL, 0, HASH_BYTES);
	hash_slice(h, slice_of("alichain-import 1"), "\n");
}

void transfers_seal(struct transfers *t)
{
	uint8_t hash[HASH_BYTES];
	crypto_generichash_state h;

	hash_begin(&h);
	for (size_t i = 0; i < transfers_count(t); i++) {
		const struct transfer *item = transfers_at(t, i);
		char digits[AMOUNT_TEXT_MAX];
		size_t len = amount_format(item->amount, digits);

		/* No name has a space, no memo a newline. */
		hash_slice(&h, transfers_name(t, item->sender), " ");
		hash_slice(&h, transfers_name(t, item->receiver), " ");
		hash_slice(&h, (struct slice){ digits, len }, " ");
		hash_slice(&h, transfers_memo(t, item), "\n");
	}
	(void)crypto_generichash_final(&h, hash, sizeof(hash));
	format_hex(hash, sizeof(hash), t->hash);
	t->hash[sizeof(t->hash) - 1] = '\0';
}

uint32_t transfers_names(const struct transfers *t)
{
	return users_count(t->users);
}

struct slice transfers_name(const struct transfers *t, uint32_t user)
{
	return users_name(t->users, user);
}

struct slice transfers_memo(const struct transfers *t,
			    const struct transfer *item)
{
	if (item->memo_len == 0)
		return (struct slice){ "", 0 };
	return (struct slice){ (const char *)t->memos.data + item->memo,
			       item->memo_len };
}

void transfers_id(const struct transfers *t, size_t i,
		  char out[TRANSFERS_ID_SIZE])
{
	(void)snprintf(out, TRANSFERS_ID_SIZE, "%s-%zu", t->hash, i + 1);
}

bool transfer_is_opening(const struct transfer *item)
{
	return item->sender == item->receiver;
}
