/* SPDX-License-Identifier: MIT */
/*
 * The text of a pending order:
 *
 *	alichain-order 1
 *	command=transfer
 *	server=127.0.0.1%3A25800
 *	sender=Ben
 *	receiver=Victor
 *	amount=1
 *	id=52bc9f...
 *	memo=two%20coffees
 *	end
 *
 * Values are percent-encoded, those that are not there are left out, the last
 * line tells a whole file from a cut one.  To change it safely: raise the
 * number, keep reading the old form, add a case to the test.  An unknown line
 * is an error, so that an old walletctl leaves a newer one's orders alone.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "util/percent.h"

#include "walletctl/order.h"

#define FIRST_LINE "alichain-order 1"
#define LAST_LINE "end"

static const struct {
	const char *key;
	size_t offset;
	bool opening; /* an opening has it too */
	bool optional;
} key_table[] = {
	{ "command", offsetof(struct order, command), true, false },
	{ "server", offsetof(struct order, server), true, false },
	{ "sender", offsetof(struct order, sender), true, false },
	{ "receiver", offsetof(struct order, receiver), false, false },
	{ "amount", offsetof(struct order, amount), false, false },
	{ "id", offsetof(struct order, id), true, false },
	{ "memo", offsetof(struct order, memo), true, true },
};

static char **text_at(struct order *o, size_t key)
{
	return (char **)(void *)((char *)o + key_table[key].offset);
}

static const char *const_text_at(const struct order *o, size_t key)
{
	const void *at = (const char *)o + key_table[key].offset;

	return *(char *const *)at;
}

void order_done(struct order *o)
{
	for (size_t i = 0; i < ELEMENTS(key_table); i++)
		free(*text_at(o, i));
	*o = (struct order){ 0 };
}

/* NULL stays NULL. */
static int copy(const char *text, char **ret)
{
	if (!text)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

int order_make(const struct order_words *w, struct order *ret)
{
	struct order o = { 0 };
	int r;

	r = copy(w->command, &o.command);
	if (r == 0)
		r = copy(w->server, &o.server);
	if (r == 0)
		r = copy(w->sender, &o.sender);
	if (r == 0)
		r = copy(w->receiver, &o.receiver);
	if (r == 0)
		r = copy(w->amount, &o.amount);
	if (r == 0)
		r = copy(w->id, &o.id);
	if (r == 0)
		r = copy(w->memo, &o.memo);
	if (r < 0) {
		order_done(&o);
		return r;
	}
	*ret = o;
	return 0;
}

bool order_equal(const struct order *a, const struct order *b)
{
	for (size_t i = 0; i < ELEMENTS(key_table); i++) {
		const char *x = const_text_at(a, i);
		const char *y = const_text_at(b, i);

		if (!x != !y || (x && strcmp(x, y) != 0))
			return false;
	}
	return true;
}

bool order_is_opening(const struct order *o)
{
	return strcmp(o->command, "open") == 0;
}

static int write_line(struct buf *out, const char *key, const char *text)
{
	size_t room = 3 * strlen(text);
	int len;
	int r;

	r = buf_addf(out, "%s=", key);
	if (r == 0)
		r = buf_reserve(out, room);
	if (r < 0)
		return r;
	len = percent_encode(slice_of(text), (char *)out->data + out->len,
			     room);
	if (len < 0)
		return len;
	out->len += (size_t)len;
	return buf_add(out, "\n", 1);
}

int order_write(const struct order *o, struct buf *out)
{
	int r = buf_addf(out, FIRST_LINE "\n");

	for (size_t i = 0; i < ELEMENTS(key_table) && r == 0; i++) {
		const char *text = const_text_at(o, i);

		if (text)
			r = write_line(out, key_table[i].key, text);
	}
	return r < 0 ? r : buf_addf(out, LAST_LINE "\n");
}

bool order_next_line(struct slice *text, struct slice *ret)
{
	const char *end = text->len ? memchr(text->p, '\n', text->len) : NULL;

	if (!end)
		return false;
	*ret = (struct slice){ text->p, (size_t)(end - text->p) };
	text->p += ret->len + 1;
	text->len -= ret->len + 1;
	return true;
}

static int decode(struct slice encoded, char **ret)
{
	_cleanup_(freep) char *text = malloc(encoded.len + 1);
	int len;

	if (!text)
		return -ENOMEM;
	len = percent_decode(encoded, text, encoded.len);
	if (len < 0 || memchr(text, '\0', (size_t)len))
		return -EBADMSG;
	text[len] = '\0';
	*ret = TAKE_PTR(text);
	return 0;
}

static int read_line(struct slice line, struct order *o)
{
	for (size_t i = 0; i < ELEMENTS(key_table); i++) {
		size_t len = strlen(key_table[i].key);

		if (line.len <= len || line.p[len] != '=' ||
		    memcmp(line.p, key_table[i].key, len) != 0)
			continue;
		if (*text_at(o, i))
			return -EBADMSG;
		line.p += len + 1;
		line.len -= len + 1;
		return decode(line, text_at(o, i));
	}
	return -EBADMSG;
}

/* Has it what its command needs, and nothing else? */
static bool is_complete(const struct order *o)
{
	bool opening;

	if (!o->command)
		return false;
	opening = order_is_opening(o);
	if (!opening && strcmp(o->command, "transfer") != 0)
		return false;

	for (size_t i = 0; i < ELEMENTS(key_table); i++) {
		bool wanted = key_table[i].opening || !opening;
		bool there = const_text_at(o, i) != NULL;

		if (there != wanted && !key_table[i].optional)
			return false;
	}
	return true;
}

static int read_lines(struct slice *text, struct order *o)
{
	struct slice line;
	int r;

	if (!order_next_line(text, &line) ||
	    !slice_equal(line, slice_of(FIRST_LINE)))
		return -EBADMSG;

	while (order_next_line(text, &line)) {
		if (slice_equal(line, slice_of(LAST_LINE)))
			return is_complete(o) ? 0 : -EBADMSG;
		r = read_line(line, o);
		if (r < 0)
			return r;
	}
	return -EBADMSG;
}

int order_take(struct slice *text, struct order *ret)
{
	struct order o = { 0 };
	int r = read_lines(text, &o);

	if (r < 0) {
		order_done(&o);
		return r;
	}
	*ret = o;
	return 0;
}

int order_read(struct slice text, struct order *ret)
{
	int r = order_take(&text, ret);

	if (r == 0 && text.len > 0) {
		order_done(ret);
		r = -EBADMSG;
	}
	return r;
}
