/* SPDX-License-Identifier: MIT */
/*
 * New transactions for those who asked to be told of them.  A batch is put into
 * RESP once, whoever follows.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "util/buf.h"
#include "wire/resp.h"

#include "main/feed.h"

/* Between batches it keeps a buffer up to this size. */
#define FEED_KEEP 65536

struct feed {
	struct list followers;
	size_t count;
	struct buf messages;
};

int feed_new(struct feed **ret)
{
	struct feed *feed;

	feed = calloc(1, sizeof(*feed));
	if (!feed)
		return -ENOMEM;

	list_init(&feed->followers);
	*ret = feed;
	return 0;
}

struct feed *feed_free(struct feed *feed)
{
	if (!feed)
		return NULL;

	assert(list_empty(&feed->followers));
	buf_done(&feed->messages);
	free(feed);
	return NULL;
}

void follower_init(struct follower *f,
		   void (*push)(struct follower *f, struct slice messages))
{
	*f = (struct follower){ .push = push };
	list_init(&f->node);
}

bool follower_joined(const struct follower *f)
{
	return !list_empty(&f->node);
}

void feed_join(struct feed *feed, struct follower *f)
{
	if (follower_joined(f))
		return;

	list_append(&feed->followers, &f->node);
	feed->count++;
}

void feed_leave(struct feed *feed, struct follower *f)
{
	if (!follower_joined(f))
		return;

	list_remove(&f->node);
	feed->count--;
}

size_t feed_followers(const struct feed *feed)
{
	return feed->count;
}

static int put_message(struct buf *out, struct slice line)
{
	int r;

	r = resp_put_array(out, 3);
	if (r == 0)
		r = resp_put_bulk(out, slice_of("message"));
	if (r == 0)
		r = resp_put_bulk(out, slice_of(FEED_CHANNEL));
	if (r == 0)
		r = resp_put_bulk(out, line);
	return r;
}

static int put_messages(struct buf *out, struct slice lines)
{
	struct slice line;
	int r = 0;

	while (r == 0 && slice_cut(&lines, '\n', &line))
		r = put_message(out, line);
	return r;
}

/* Each of them may leave meanwhile. */
static void push_all(struct feed *feed, struct slice messages)
{
	struct list *i;
	struct list *next;

	list_for_each_safe(i, next, &feed->followers) {
		struct follower *f = list_entry(i, struct follower, node);

		f->push(f, messages);
	}
}

void feed_publish(struct feed *feed, struct slice lines)
{
	struct slice messages = { 0 };

	if (list_empty(&feed->followers))
		return;

	buf_clear(&feed->messages);
	if (put_messages(&feed->messages, lines) == 0)
		messages = (struct slice){ (const char *)feed->messages.data,
					   feed->messages.len };
	push_all(feed, messages);
	if (feed->messages.cap > FEED_KEEP)
		buf_done(&feed->messages);
}
