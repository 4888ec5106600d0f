/* SPDX-License-Identifier: MIT */
/*
 * Drains the socket, feeds the responder, has the worker sync, and tells the
 * administrator what went wrong.  Of the store the worker calls sync() and
 * nothing else, and while it does nothing is done here that changes the file.
 * Timers are armed only while there is something to say or to wait for: an idle
 * backend sleeps.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "store/store.h"
#include "sys/address.h"
#include "sys/exit_codes.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/notify.h"
#include "sys/worker.h"
#include "util/timestamp.h"
#include "backend/dropped.h"
#include "backend/responder.h"
#include "backend/server.h"

struct server {
	int fd;
	struct loop *loop;
	struct worker *worker;
	struct store *store;
	struct responder *responder;
	struct server_counters counters;
	struct dropped *dropped;
	char block[FRAME_BLOCK_SIZE];
	size_t block_len;
	bool keyed;
	bool dead; /* the store failed: nothing is served any more */
	bool stopping; /* takes no more datagrams */
	const struct address *asker; /* of the datagram in hand, if any */

	struct loop_timer *status_timer;
	struct store_state status;
	int64_t status_at;

	struct loop_timer *recheck_timer;
	bool full;

	bool syncing;
	int64_t sync_begun;
	struct worker_job sync;
	int sync_error; /* these two are the worker's until it is over */
	int64_t sync_took;
	struct loop_timer *slow_timer;
	bool slow_armed;

	uint8_t datagram[FRAME_SIZE_MAX];
};

static struct log_fields fields_of(const struct server *s, enum log_event event)
{
	return (struct log_fields){
		.event = event,
		.backend = { s->block, s->block_len },
	};
}

/* What happened to a block, in words that help whoever has to look after it. */
static const char *reason_of(int error)
{
	if (error == -ESTALE)
		return "its file was changed or replaced by somebody else; see "
		       "what it holds now, then start again";
	return strerror(-error);
}

static void fail(struct server *s, int error, const char *sentence)
{
	const struct log_fields fields =
		fields_of(s, LOG_EVENT_STORAGE_FAILURE);

	if (s->dead)
		return;

	s->dead = true;
	log_print(LOG_CRIT, &fields, "block %.*s: %s: %s", (int)s->block_len,
		  s->block, sentence, reason_of(error));
	loop_exit(s->loop, EXIT_STATUS_IO);
}

/* struct responder_io */

static void io_send(void *ctx, const struct responder_peer *to,
		    const uint8_t *data, size_t len)
{
	struct server *s = ctx;
	struct address peer = { .len = (socklen_t)to->len };

	memcpy(&peer.storage, to->bytes, to->len);

	/* What does not go out now is asked for again. */
	if (sendto(s->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (const struct sockaddr *)&peer.storage, peer.len) < 0)
		s->counters.unsent++;
}

static void warn_slow_sync(const struct server *s, int64_t took)
{
	const struct log_fields fields = fields_of(s, LOG_EVENT_SLOW_SYNC);
	const char *what = s->syncing ? "has not made a batch durable for" :
					"made a batch durable, after";

	log_print(LOG_WARNING, &fields,
		  "block %.*s: the disk %s %" PRId64 ".%03" PRId64 " s",
		  (int)s->block_len, s->block, what, took / USEC_PER_SEC,
		  took % USEC_PER_SEC / USEC_PER_MSEC);
}

/* In whichever thread the worker chooses. */
static void sync_block(void *arg)
{
	struct server *s = arg;
	const int64_t begun = loop_now();

	s->sync_error = s->store->ops->sync(s->store);
	s->sync_took = loop_now() - begun;
}

static void settle(struct server *s);

static void on_synced(void *arg)
{
	struct server *s = arg;
	const int64_t now = loop_now();

	s->syncing = false;
	if (now - s->sync_begun > SERVER_SLOW_SYNC)
		warn_slow_sync(s, now - s->sync_begun);

	/* It may ask for the next one. */
	responder_synced(s->responder, s->sync_error, s->sync_took, now);
	settle(s);
	if (s->stopping && !s->syncing && !s->dead)
		loop_exit(s->loop, EXIT_STATUS_OK);
}

static void io_sync(void *ctx)
{
	struct server *s = ctx;

	s->syncing = true;
	s->sync_begun = loop_now();
	/* Not set anew for each sync: those are many, and hardly one is slow. */
	if (!s->slow_armed)
		loop_arm(s->slow_timer, s->sync_begun + SERVER_SLOW_SYNC);
	s->slow_armed = true;
	worker_start(s->worker, &s->sync);
}

/* Nobody may ever hear of its end. */
static void on_slow_timer(void *arg)
{
	struct server *s = arg;
	const int64_t now = loop_now();

	s->slow_armed = false;
	if (!s->syncing)
		return;
	if (now - s->sync_begun >= SERVER_SLOW_SYNC) {
		warn_slow_sync(s, now - s->sync_begun);
		return;
	}
	s->slow_armed = true;
	loop_arm(s->slow_timer, s->sync_begun + SERVER_SLOW_SYNC);
}

/* Who asked for it is half of the story, of a claim above all. */
static void io_log(void *ctx, int priority, const char *sentence)
{
	const struct server *s = ctx;
	const struct log_fields fields = fields_of(s, LOG_EVENT_NONE);
	char asker[ADDRESS_TEXT_SIZE] = "";

	if (s->asker)
		address_format(s->asker, asker);
	log_print(priority, &fields, "block %.*s: %s%s%s", (int)s->block_len,
		  s->block, sentence, s->asker ? ", asked by " : "", asker);
}

static void io_fatal(void *ctx, int error, const char *sentence)
{
	fail(ctx, error, sentence);
}

/* Status, and a full disk */

static bool same_status(const struct store_state *a,
			const struct store_state *b)
{
	return a->records == b->records && a->last_serial == b->last_serial &&
	       a->epoch == b->epoch && a->full == b->full;
}

static void tell_status(struct server *s, const struct store_state *state,
			int64_t now)
{
	notify_status("block %.*s: %" PRIu64 " transactions, "
		      "last serial %" PRIu64 ", epoch %" PRIu64 "%s",
		      (int)s->block_len, s->block, state->records,
		      state->last_serial, state->epoch,
		      state->full ? ", no room on the disk" : "");
	s->status = *state;
	s->status_at = now;
}

static void update_status(struct server *s, const struct store_state *state,
			  int64_t now)
{
	if (same_status(state, &s->status))
		return;

	if (now - s->status_at >= SERVER_STATUS_INTERVAL)
		tell_status(s, state, now);
	else
		loop_arm(s->status_timer,
			 s->status_at + SERVER_STATUS_INTERVAL);
}

static void arm_recheck(struct server *s, int64_t now)
{
	loop_arm(s->recheck_timer,
		 s->full ? now + SERVER_RECHECK_INTERVAL : INT64_MAX);
}

static void update_full(struct server *s, bool full, int64_t now)
{
	if (full == s->full)
		return;

	s->full = full;
	io_log(s, full ? LOG_ERR : LOG_NOTICE,
	       full ? "no room on the disk for another batch" :
		      "there is room on the disk again");
	arm_recheck(s, now);
}

/* After whatever may have changed the block. */
static void settle(struct server *s)
{
	const int64_t now = loop_now();
	struct store_state state;

	if (s->dead)
		return;

	s->store->ops->state(s->store, &state);
	update_status(s, &state, now);
	update_full(s, state.full, now);
}

static void on_status_timer(void *arg)
{
	settle(arg);
}

static void on_recheck_timer(void *arg)
{
	struct server *s = arg;
	int error = 0;

	/* A disk that stalls would have us wait for it, and it comes again. */
	if (!s->syncing)
		error = s->store->ops->recheck(s->store);
	if (error < 0 && error != -ENOSPC)
		fail(s, error, "cannot reserve room for the block");

	settle(s);
	arm_recheck(s, loop_now());
}

/* The socket */

static void take_datagram(struct server *s, const struct address *from,
			  size_t len)
{
	struct responder_peer peer = { .len = from->len };

	memcpy(peer.bytes, &from->storage, from->len);
	s->asker = from;
	responder_datagram(s->responder, &peer,
			   (struct slice){ (const char *)s->datagram, len },
			   loop_now());
	s->asker = NULL;
}

static void judge_datagram(struct server *s, const struct msghdr *message,
			   const struct address *from, size_t len)
{
	bool shown = false;

	if ((message->msg_flags & MSG_TRUNC) ||
	    from->len > sizeof(((struct responder_peer *)0)->bytes))
		s->counters.too_long++;
	else if (!s->keyed && !address_is_loopback(from))
		s->counters.not_loopback++;
	else
		shown = true;

	if (shown)
		take_datagram(s, from, len);
	else
		responder_missed(s->responder);

	dropped_look(s->dropped, responder_counters(s->responder), &s->counters,
		     from);
}

/* Take one datagram.  False: there is no more. */
static bool receive(struct server *s)
{
	struct address from = { 0 };
	struct iovec part = { s->datagram, sizeof(s->datagram) };
	struct msghdr message = {
		.msg_name = &from.storage,
		.msg_namelen = sizeof(from.storage),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};
	ssize_t n;

	n = recvmsg(s->fd, &message, MSG_DONTWAIT);
	/* Word from the network that an answer did not arrive, or a signal. */
	if (n < 0)
		return errno == ECONNREFUSED || errno == EINTR;

	from.len = message.msg_namelen;
	judge_datagram(s, &message, &from, (size_t)n);
	return true;
}

static void on_readable(void *arg, uint32_t events)
{
	struct server *s = arg;

	(void)events;
	for (size_t i = 0; i < SERVER_DATAGRAMS_PER_TURN; i++)
		if (s->dead || !receive(s))
			break;

	dropped_tell(s->dropped);
	settle(s);
}

static int add_timers(struct server *s)
{
	int error;

	error = loop_add_timer(s->loop, on_status_timer, s, &s->status_timer);
	if (error < 0)
		return error;

	error = loop_add_timer(s->loop, on_slow_timer, s, &s->slow_timer);
	if (error < 0)
		return error;

	return loop_add_timer(s->loop, on_recheck_timer, s, &s->recheck_timer);
}

static int make_responder(struct server *s,
			  const struct server_options *options)
{
	const struct responder_io io = {
		.ctx = s,
		.send = io_send,
		.sync = io_sync,
		.log = io_log,
		.fatal = io_fatal,
	};
	const struct responder_config config = {
		.block = options->block,
		.key = options->key,
		.datagram_room = options->datagram_room,
		.instance = options->instance,
		.locked = options->locked,
	};

	return responder_new(&config, &io, s->store, &s->responder);
}

static struct server *server_alloc(const struct server_options *options,
				   struct loop *loop, struct worker *worker,
				   struct store *store)
{
	struct server *s;

	assert(options->block.len <= FRAME_BLOCK_SIZE);
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;

	s->fd = options->fd;
	s->loop = loop;
	s->worker = worker;
	s->sync = (struct worker_job){ sync_block, on_synced, s, { 0 } };
	s->store = store;
	s->keyed = options->key.present;
	s->block_len = options->block.len;
	memcpy(s->block, options->block.p, options->block.len);

	/* Long ago: the first one is told at once. */
	s->status_at = INT64_MIN / 2;
	s->status.epoch = UINT64_MAX;
	return s;
}

int server_new(const struct server_options *options, struct loop *loop,
	       struct worker *worker, struct store *store, struct server **ret)
{
	_cleanup_(server_freep) struct server *s = NULL;
	int error;

	s = server_alloc(options, loop, worker, store);
	if (!s)
		return -ENOMEM;

	error = make_responder(s, options);
	if (error < 0)
		return error;

	error = dropped_new(loop, (struct slice){ s->block, s->block_len },
			    DROPPED_INTERVAL, &s->dropped);
	if (error < 0)
		return error;

	error = add_timers(s);
	if (error < 0)
		return error;

	error = loop_watch(loop, s->fd, EPOLLIN, on_readable, s);
	if (error < 0)
		return error;

	settle(s);
	*ret = TAKE_PTR(s);
	return 0;
}

static void disarm(struct loop_timer *t)
{
	if (t)
		loop_arm(t, INT64_MAX);
}

struct server *server_free(struct server *s)
{
	if (!s)
		return NULL;

	/* The timers live as long as the loop. */
	disarm(s->status_timer);
	disarm(s->recheck_timer);
	disarm(s->slow_timer);
	loop_forget(s->loop, s->fd);
	(void)dropped_free(s->dropped);
	(void)responder_free(s->responder);
	free(s);
	return NULL;
}

void server_stop(struct server *s)
{
	s->stopping = true;
	loop_forget(s->loop, s->fd);
	if (!s->syncing && !s->dead)
		loop_exit(s->loop, EXIT_STATUS_OK);
}

void server_reconfigure(struct server *s, const struct frame_key *key,
			uint32_t datagram_room)
{
	s->keyed = key->present;
	responder_reconfigure(s->responder, key, datagram_room);
}

const struct server_counters *server_counters(const struct server *s)
{
	return &s->counters;
}
