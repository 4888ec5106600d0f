/* SPDX-License-Identifier: MIT */
/*
 * The state directory's checkpoint.  Both main daemons use it, as they use one
 * roster; it is kept over their lives, but now and then somebody deletes it, puts
 * back an older one, or that of another ledger, or its disk has damaged it.  None
 * of that may change an answer.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "util/parse.h"

#include "world.h"

/* Of a thousand starts find so many it … */
#define GONE 60
#define OLDER 100
#define DAMAGED 60
#define ANOTHER 60
/* Of a thousand fail to be stored, while disks fail. */
#define STORE_FAILS 50
#define STORED_WITHIN (300 * MSEC)
#define SEAL_LEN (sizeof("seal ") - 1 + 64 + 1)

void checkpoints_configure(struct world *w, struct engine_config *config)
{
	config->checkpoint_records = 1 + world_below(w, 40);
	config->checkpoint_pause = (int64_t)world_below(w, 2 * SEC);
}

static void set(struct buf *to, const void *data, size_t len)
{
	buf_clear(to);
	if (buf_add(to, data, len) < 0)
		abort();
}

/* Somebody makes a backup now and then. */
static void keep(struct world *w, const struct buf *file)
{
	struct checkpoints *c = &w->checkpoints;

	if (world_chance(w, 500))
		set(&c->kept[world_below(w, CHECKPOINTS_KEPT)], file->data,
		    file->len);
}

/* Damage. */

static void damage(struct world *w, struct buf *text)
{
	if (world_chance(w, 300))
		text->len = world_below(w, text->len);
	else
		text->data[world_below(w, text->len)] ^=
			(uint8_t)(1u << world_below(w, 8));
}

static char *find_line(struct buf *text, const char *word)
{
	return memmem(text->data, text->len, word, strlen(word));
}

/* The last digit of the line that begins behind @newline. */
static char *last_digit(struct buf *text, char *newline)
{
	const char *end = (char *)text->data + text->len;
	char *next = memchr(newline + 1, '\n', (size_t)(end - newline - 1));

	return next - 1;
}

/* One coin goes from the second user to the first, if no other digit changes. */
static void move_coins(struct buf *text)
{
	char *first = find_line(text, "\nuser ");
	char *second;

	if (!first)
		return;
	first = last_digit(text, first);
	second = last_digit(text, first + 1);
	if (memcmp(first + 2, "user ", 5) != 0 || *first == '9' ||
	    *second == '0')
		return;
	++*first;
	--*second;
}

/* It is whole, and says of itself what ours says, but its history is another. */
static void make_another(struct world *w, struct buf *text)
{
	uint8_t bytes[32];
	char *hash = find_line(text, "\nhash ");
	char hex[64];

	if (!hash)
		return;
	world_bytes(w, bytes, sizeof(bytes));
	format_hex(bytes, sizeof(bytes), hash + sizeof("\nhash ") - 1);
	move_coins(text);
	(void)crypto_generichash(bytes, sizeof(bytes), text->data,
				 text->len - SEAL_LEN, NULL, 0);
	format_hex(bytes, sizeof(bytes), hex);
	memcpy(text->data + text->len - SEAL_LEN + sizeof("seal ") - 1, hex,
	       sizeof(hex));
}

struct slice checkpoints_offer(struct world *w)
{
	struct checkpoints *c = &w->checkpoints;
	struct buf *text = &c->offered;
	uint64_t draw = world_below(w, 1000);
	const struct buf *old = &c->kept[world_below(w, CHECKPOINTS_KEPT)];

	if (draw < GONE)
		buf_clear(&c->file);
	else if (draw < GONE + OLDER && old->len)
		set(&c->file, old->data, old->len);
	set(text, c->file.data, c->file.len);
	if (draw < GONE + OLDER || !text->len)
		return (struct slice){ (const char *)text->data, text->len };
	if (draw < GONE + OLDER + DAMAGED)
		damage(w, text);
	else if (draw < GONE + OLDER + DAMAGED + ANOTHER)
		make_another(w, text);
	return (struct slice){ (const char *)text->data, text->len };
}

/* Writing. */

static int on_begin(void *ctx)
{
	struct main_node *m = ctx;

	buf_clear(&m->checkpoint);
	return 0;
}

static int on_write(void *ctx, const void *data, size_t len)
{
	struct main_node *m = ctx;

	return buf_add(&m->checkpoint, data, len);
}

static void replace(struct main_node *m)
{
	struct world *w = m->world;

	keep(w, &w->checkpoints.file);
	set(&w->checkpoints.file, m->checkpoint.data, m->checkpoint.len);
	w->count.checkpoints++;
}

static void tell(struct world *w, void *a, uint64_t b)
{
	struct main_node *m = a;

	if (m->life != b || !m->alive)
		return;
	/* Its process stands still, the disk does not. */
	if (m->paused) {
		world_at(w, 10 * MSEC, tell, m, b);
		return;
	}
	main_clock(m);
	engine_checkpoint_committed(m->engine, 0);
	main_turn_end(m);
}

static void stored(struct world *w, void *a, uint64_t b)
{
	struct main_node *m = a;

	if (m->life != b || !m->alive)
		return;
	replace(m);
	world_at(w, (int64_t)world_below(w, 50 * MSEC), tell, m, b);
}

static int on_commit(void *ctx)
{
	struct main_node *m = ctx;
	struct world *w = m->world;

	if (w->faults.disk_errors && world_chance(w, STORE_FAILS))
		return -EIO;
	if (world_chance(w, 500)) {
		replace(m);
		return 0;
	}
	world_at(w, (int64_t)world_below(w, STORED_WITHIN), stored, m, m->life);
	return -EINPROGRESS;
}

static void on_abort(void *ctx)
{
	struct main_node *m = ctx;

	buf_clear(&m->checkpoint);
}

static void on_discard(void *ctx)
{
	struct main_node *m = ctx;

	buf_clear(&m->world->checkpoints.file);
}

void checkpoints_plug_in(struct engine_io *io)
{
	io->checkpoint_begin = on_begin;
	io->checkpoint_write = on_write;
	io->checkpoint_commit = on_commit;
	io->checkpoint_abort = on_abort;
	io->checkpoint_discard = on_discard;
}

void checkpoints_destroy(struct world *w)
{
	struct checkpoints *c = &w->checkpoints;

	buf_done(&c->file);
	buf_done(&c->offered);
	for (size_t i = 0; i < CHECKPOINTS_KEPT; i++)
		buf_done(&c->kept[i]);
}
