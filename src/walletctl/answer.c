/* SPDX-License-Identifier: MIT */
/*
 * A cursor over the elements of an array with a sticky error, and the shapes
 * of all answers.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "walletctl/answer.h"

#define NO_TEXT ((struct slice){ NULL, 0 })

/* What the codes of the main daemon mean; others are refusals of the moment. */
static const struct {
	const char *code;
	enum status status;
	bool settles;
} code_table[] = {
	{ "NOUSER", STATUS_REFUSED, true },
	{ "INSUFFICIENT", STATUS_REFUSED, true },
	{ "SELF", STATUS_REFUSED, true },
	{ "AMOUNT", STATUS_REFUSED, true },
	{ "NAME", STATUS_REFUSED, true },
	{ "EXISTS", STATUS_REFUSED, true },
	{ "IDREUSED", STATUS_REFUSED, true },
	{ "LIMIT", STATUS_REFUSED, true },
	{ "UNAVAILABLE", STATUS_UNAVAILABLE, false },
	{ "UNKNOWN", STATUS_UNKNOWN, false },
	{ "INTEGRITY", STATUS_INTEGRITY, false },
	{ "NOAUTH", STATUS_NOT_PERMITTED, false },
	{ "NOPERM", STATUS_NOT_PERMITTED, false },
};

static void judge_code(struct answer_error *e)
{
	e->status = STATUS_REFUSED;
	e->settles = false;
	for (size_t i = 0; i < ELEMENTS(code_table); i++) {
		if (!slice_equal(slice_of(code_table[i].code), e->code))
			continue;
		e->status = code_table[i].status;
		e->settles = code_table[i].settles;
	}
}

bool answer_is_error(const redisReply *reply, struct answer_error *ret)
{
	const char *space;
	struct slice text;

	if (reply->type != REDIS_REPLY_ERROR)
		return false;

	text = (struct slice){ reply->str, reply->len };
	space = memchr(text.p, ' ', text.len);
	ret->code = text;
	ret->sentence = text;
	if (space) {
		ret->code.len = (size_t)(space - text.p);
		ret->sentence.p = space + 1;
		ret->sentence.len = text.len - ret->code.len - 1;
	}
	judge_code(ret);
	return true;
}

int answer_integer(const redisReply *reply, int64_t *ret)
{
	if (reply->type != REDIS_REPLY_INTEGER)
		return -EBADMSG;
	*ret = reply->integer;
	return 0;
}

int answer_list(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_ARRAY ? 0 : -EBADMSG;
}

/* Elements of an array, one after the other. */
struct fields {
	redisReply *const *element;
	size_t left;
	bool bad;
};

static struct fields fields_of(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY)
		return (struct fields){ .bad = true };
	return (struct fields){ reply->element, reply->elements, false };
}

static const redisReply *take(struct fields *f)
{
	if (f->left == 0)
		f->bad = true;
	if (f->bad)
		return NULL;
	f->left--;
	return *f->element++;
}

static int64_t take_integer(struct fields *f)
{
	const redisReply *reply = take(f);
	int64_t n = 0;

	if (reply && answer_integer(reply, &n) < 0)
		f->bad = true;
	return n;
}

static struct slice take_text_or_null(struct fields *f)
{
	const redisReply *reply = take(f);

	if (!reply || reply->type == REDIS_REPLY_NIL)
		return NO_TEXT;
	if (reply->type == REDIS_REPLY_STRING ||
	    reply->type == REDIS_REPLY_STATUS)
		return (struct slice){ reply->str, reply->len };
	f->bad = true;
	return NO_TEXT;
}

static struct slice take_text(struct fields *f)
{
	struct slice text = take_text_or_null(f);

	if (!text.p)
		f->bad = true;
	return text;
}

static int fields_end(const struct fields *f)
{
	return f->bad || f->left > 0 ? -EBADMSG : 0;
}

int answer_record(const redisReply *reply, struct answer_record *ret)
{
	struct fields f = fields_of(reply);
	struct answer_record a;
	int r;

	a.serial = take_integer(&f);
	a.sender = take_text(&f);
	a.receiver = take_text(&f);
	a.amount = take_integer(&f);
	a.time = take_text_or_null(&f);
	a.id = take_text_or_null(&f);
	a.memo = take_text_or_null(&f);
	a.hash = take_text_or_null(&f);
	a.has_balance = f.left > 0;
	a.balance = a.has_balance ? take_integer(&f) : 0;

	r = fields_end(&f);
	if (r == 0)
		*ret = a;
	return r;
}

int answer_receipt(const redisReply *reply, struct answer_receipt *ret)
{
	struct fields f = fields_of(reply);
	struct answer_receipt a;
	int r;

	a.serial = take_integer(&f);
	a.balance = take_integer(&f);
	a.time = take_text(&f);
	a.hash = take_text(&f);

	r = fields_end(&f);
	if (r == 0)
		*ret = a;
	return r;
}

int answer_partner(const redisReply *reply, struct answer_partner *ret)
{
	struct fields f = fields_of(reply);
	struct answer_partner a;
	int r;

	a.user = take_text(&f);
	a.count = take_integer(&f);
	a.net = take_integer(&f);

	r = fields_end(&f);
	if (r == 0)
		*ret = a;
	return r;
}

int answer_statement(const redisReply *reply, struct answer_statement *ret)
{
	struct fields f = fields_of(reply);
	struct answer_statement a;
	int r;

	a.path = take_text(&f);
	a.records = take_integer(&f);
	a.hash = take_text(&f);

	r = fields_end(&f);
	if (r == 0)
		*ret = a;
	return r;
}

int answer_tip(const redisReply *reply, struct answer_tip *ret)
{
	struct fields f = fields_of(reply);
	struct answer_tip a;
	int r;

	a.serial = take_integer(&f);
	a.hash = take_text(&f);
	a.time = take_text_or_null(&f);

	r = fields_end(&f);
	if (r == 0)
		*ret = a;
	return r;
}

/* Null: it is no number that an integer holds. */
static int64_t take_integer_or_null(struct fields *f, bool *ret_there)
{
	*ret_there = f->left > 0 && (*f->element)->type != REDIS_REPLY_NIL;
	if (*ret_there)
		return take_integer(f);
	(void)take(f);
	return 0;
}

int answer_verified(const redisReply *reply, struct answer_verified *ret)
{
	struct fields f = fields_of(reply);
	struct answer_verified a;
	int r;

	a.serial = take_integer(&f);
	a.hash = take_text(&f);
	a.records = take_integer(&f);
	a.users = take_integer(&f);
	a.coins = take_integer_or_null(&f, &a.has_coins);
	a.gaps = take_integer(&f);

	r = fields_end(&f);
	if (r == 0)
		*ret = a;
	return r;
}

int answer_users(const redisReply *reply, struct answer_users *ret)
{
	struct fields f = fields_of(reply);
	const redisReply *page;
	struct answer_users a;
	int r;

	a.serial = take_integer(&f);
	a.total = take_integer(&f);
	page = take(&f);

	r = fields_end(&f);
	if (r == 0)
		r = answer_list(page);
	if (r < 0)
		return r;
	a.count = page->elements;
	a.element = page->element;
	*ret = a;
	return 0;
}

int answer_user(const redisReply *reply, struct answer_user *ret)
{
	struct fields f = fields_of(reply);
	struct answer_user a;
	int r;

	a.user = take_text(&f);
	a.balance = take_integer(&f);

	r = fields_end(&f);
	if (r == 0)
		*ret = a;
	return r;
}

bool answer_info_next(const redisReply *reply, size_t *at,
		      struct slice *ret_key, struct slice *ret_value)
{
	if (reply->type != REDIS_REPLY_STRING)
		return false;

	while (*at < reply->len) {
		const char *line = reply->str + *at;
		size_t rest = reply->len - *at;
		const char *end = memchr(line, '\n', rest);
		size_t len = end ? (size_t)(end - line) : rest;
		const char *colon;

		*at += end ? len + 1 : len;
		if (len > 0 && line[len - 1] == '\r')
			len--;
		colon = memchr(line, ':', len);
		if (!colon || line[0] == '#')
			continue;

		*ret_key = (struct slice){ line, (size_t)(colon - line) };
		*ret_value =
			(struct slice){ colon + 1, len - ret_key->len - 1 };
		return true;
	}
	return false;
}

struct slice answer_info(const redisReply *reply, const char *key)
{
	struct slice name;
	struct slice value;
	size_t at = 0;

	while (answer_info_next(reply, &at, &name, &value)) {
		if (slice_equal(name, slice_of(key)))
			return value;
	}
	return NO_TEXT;
}
