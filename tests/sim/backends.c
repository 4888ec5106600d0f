/* SPDX-License-Identifier: MIT */
/*
 * The backends' processes: a responder over the text store on a simulated
 * disk, which dies and comes back.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proxy.h"
#include "store/textstore.h"
#include "world.h"

/* Of a sync that takes so long the end is seldom seen. */
#define SLOW_SYNC (50 * MSEC)

static void backend_send(void *ctx, const struct responder_peer *to,
			 const uint8_t *data, size_t len)
{
	struct backend_node *n = ctx;

	network_send(n->world, to->bytes[0], n->index, false, data, len);
}

static void end_twin(struct backend_node *n)
{
	n->twin = responder_free(n->twin);
	if (n->twin_store)
		n->twin_store->ops->close(n->twin_store);
	n->twin_store = NULL;
}

void backend_kill(struct backend_node *n, bool power)
{
	struct world *w = n->world;

	if (!n->alive)
		return;
	world_say(w, "backend %s dies%s", n->name, power ? ", power cut" : "");
	n->alive = false;
	n->paused = false;
	n->life++;
	w->count.crashes++;
	n->responder = responder_free(n->responder);
	n->store->ops->close(n->store);
	n->store = NULL;
	end_twin(n);
	if (power) {
		disk_power_cut(n->disk);
		copies_power_cut(w);
	} else {
		disk_close_all(n->disk);
	}
	world_at(w, 50 * MSEC + (int64_t)world_below(w, 2 * SEC),
		 backend_start, n, n->life);
}

static void kill_later(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n = a;

	if (n->life == b)
		backend_kill(n, w->faults.power_cuts && world_chance(w, 500));
}

static void backend_fatal(void *ctx, int error, const char *sentence)
{
	struct backend_node *n = ctx;

	world_say(n->world, "backend %s: %s: %s", n->name, sentence,
		  strerror(-error));
	/* It is in the middle of something: dies as soon as that returns. */
	world_at(n->world, 0, kill_later, n, n->life);
}

static void backend_log(void *ctx, int priority, const char *sentence)
{
	struct backend_node *n = ctx;

	(void)priority;
	world_say(n->world, "backend %s: %s", n->name, sentence);
}

static void sync_ends(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n = a;
	int r;

	if (n->life != b || !n->alive)
		return;
	if (n->paused) {
		world_at(w, 10 * MSEC, sync_ends, n, b);
		return;
	}
	r = n->store->ops->sync(n->store);
	if (!bug_on(BUG_ACK_BEFORE_SYNC))
		responder_synced(n->responder, r, 0, w->now);
}

static void backend_sync(void *ctx)
{
	struct backend_node *n = ctx;
	struct world *w = n->world;
	int64_t takes = 100 + (int64_t)world_below(w, 2000);

	if (w->faults.slow_disks && world_chance(w, 300))
		takes = (int64_t)world_below(w, SEC);
	else if (w->faults.delay && world_chance(w, 20))
		takes = (int64_t)world_below(w, 4 * SEC);
	world_at(w, takes, sync_ends, n, n->life);
	/* The best moment for a power cut is before the sync has ended. */
	if (w->faults.crashes && !w->healing &&
	    world_chance(w, takes > SLOW_SYNC ? 300 : 30))
		world_at(w, (int64_t)world_below(w, (uint64_t)takes),
			 kill_later, n, n->life);
	if (bug_on(BUG_ACK_BEFORE_SYNC))
		responder_synced(n->responder, 0, 0, w->now);
}

static const struct responder_io backend_io = {
	.send = backend_send,
	.sync = backend_sync,
	.log = backend_log,
	.fatal = backend_fatal,
};

static int open_store(struct backend_node *n, struct store **ret)
{
	struct textstore_report report = { 0 };
	uint8_t key[MAP_KEY_SIZE];
	int r;

	world_bytes(n->world, key, sizeof(key));
	r = textstore_open(disk_ops(n->disk), n->path, key, &report, ret);
	if (r == -EBADMSG)
		world_fail(n->world, "backend %s does not open its block: %.*s",
			   n->name, (int)report.fault.len,
			   (const char *)report.fault.data);
	if (r == 0 && report.torn) {
		n->world->count.torn++;
		world_say(n->world, "backend %s: a torn tail of %" PRIu64
			  " bytes is cut off", n->name, report.torn_bytes);
	}
	buf_done(&report.fault);
	return r;
}

static void new_responder(struct backend_node *n, struct store *store,
			  const struct responder_io *io, struct responder **ret)
{
	struct responder_config config = {
		.block = { n->name, 1 },
		.datagram_room = n->world->room,
		.instance = rng_next(&n->world->rng),
		.locked = n->world->now,
	};

	network_key(&config.key);
	if (responder_new(&config, io, store, ret) < 0)
		abort();
}

/* The other process syncs at once, and when it fails it is just gone. */

static void twin_sync(void *ctx)
{
	struct backend_node *n = ctx;

	responder_synced(n->twin, n->twin_store->ops->sync(n->twin_store), 0,
			 n->world->now);
}

static void twin_fatal(void *ctx, int error, const char *sentence)
{
	(void)ctx;
	(void)error;
	(void)sentence;
}

static void start_twin(struct backend_node *n)
{
	const struct responder_io io = { .ctx = n,
					 .send = backend_send,
					 .sync = twin_sync,
					 .log = backend_log,
					 .fatal = twin_fatal };

	end_twin(n);
	if (!n->world->healing && open_store(n, &n->twin_store) == 0)
		new_responder(n, n->twin_store, &io, &n->twin);
}

void backend_start(struct world *w, void *a, uint64_t b)
{
	struct backend_node *n = a;
	struct responder_io io = backend_io;

	if (n->life != b || n->alive || n->gone)
		return;
	if (w->healing) {
		disk_fail(n->disk, 0);
		disk_limit(n->disk, UINT64_MAX);
	}
	disk_forgetful(n->disk, w->forgetful);
	disk_lie(n->disk, bug_on(BUG_SYNC_LEFT_OUT));
	disk_unlock(n->disk, bug_on(BUG_TWO_ON_ONE_BLOCK));
	if (open_store(n, &n->store) < 0) {
		world_say(w, "backend %s does not start", n->name);
		disk_close_all(n->disk);
		world_at(w, SEC, backend_start, n, n->life);
		return;
	}
	n->store = proxy_of(n->store);
	io.ctx = n;
	new_responder(n, n->store, &io, &n->responder);
	n->alive = true;
	world_say(w, "backend %s starts", n->name);
	if (bug_on(BUG_TWO_ON_ONE_BLOCK))
		start_twin(n);
}

void backend_datagram(struct backend_node *n, int main, struct slice datagram)
{
	struct responder_peer peer = { .len = 1 };
	struct responder *r = n->responder;

	peer.bytes[0] = (uint8_t)main;
	if (n->twin && !n->world->healing && world_chance(n->world, 500))
		r = n->twin;
	responder_datagram(r, &peer, datagram, n->world->now);
}

void backend_create(struct world *w, int index, const char *block)
{
	struct backend_node *n = &w->backend[index];

	n->world = w;
	n->index = index;
	n->name[0] = (char)('A' + index);
	(void)snprintf(n->path, sizeof(n->path), "/%c/block.txt", 'A' + index);
	n->disk = disk_new(&w->rng);
	if (block)
		disk_put(n->disk, n->path, slice_of(block));
	backend_start(w, n, 0);
}

void backend_new_disk(struct backend_node *n)
{
	disk_free(n->disk);
	n->disk = disk_new(&n->world->rng);
	n->returned = 0;
}

void backend_destroy(struct backend_node *n)
{
	responder_free(n->responder);
	if (n->store)
		n->store->ops->close(n->store);
	end_twin(n);
	disk_free(n->disk);
}
