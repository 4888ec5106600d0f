/* SPDX-License-Identifier: MIT */
/*
 * Datagrams to and from the backends.
 */
#include "config.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sys/loop.h"
#include "sys/sockets.h"
#include "wire/frame.h"

#include "main/peers.h"

struct peer {
	struct peers *all;
	unsigned backend;
	int fd;
	uint32_t room;
	uint32_t window;
};

struct peers {
	struct loop *loop; /* NULL: not watched */
	struct peers_events events;
	struct peer peer[CONFIG_BACKENDS_MAX];
	size_t count;
	/* One byte more than a datagram may have: a larger one shows. */
	char scratch[FRAME_SIZE_MAX + 1];
};

static void peer_ready(void *arg, uint32_t epoll_events);

static int peer_connect(struct peer *p, const struct main_config *config,
			const struct address *to)
{
	int r;

	p->fd = sockets_connect_datagram(&config->source, to, PEERS_BUFFER);
	if (p->fd < 0)
		return p->fd;

	r = sockets_receive_buffer(p->fd, &p->window);
	if (r < 0)
		return r;

	p->room = config->datagram_size;
	return p->room ? 0 : sockets_datagram_room(p->fd, &p->room);
}

static int set_sharing(const struct peers *p, bool on)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->count; i++)
		r = sockets_set_sharing(p->peer[i].fd, on);
	return r;
}

static int connect_next(struct peers *p, const struct main_config *config)
{
	struct peer *next = &p->peer[p->count];

	*next = (struct peer){ .all = p,
			       .backend = (unsigned)p->count,
			       .fd = -1 };
	return peer_connect(next, config, &config->backend[p->count++].address);
}

int peers_new(const struct main_config *config, struct peers **ret,
	      size_t *ret_backend)
{
	_cleanup_(peers_freep) struct peers *p = NULL;
	int r;

	*ret_backend = 0;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;

	while (p->count < config->backends) {
		*ret_backend = p->count;
		r = connect_next(p, config);
		if (r < 0)
			return r;
	}

	/* All are there: nobody else may join their port. */
	r = set_sharing(p, false);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(p);
	return 0;
}

static void drop_last(struct peers *p)
{
	struct peer *last = &p->peer[--p->count];

	if (last->fd >= 0)
		(void)close(last->fd);
}

int peers_add(struct peers *p, const struct main_config *config)
{
	struct peer *new = &p->peer[p->count];
	int r;

	r = set_sharing(p, true);
	if (r < 0)
		return r;
	r = connect_next(p, config);
	if (r == 0)
		r = set_sharing(p, false);
	if (r == 0)
		r = loop_watch(p->loop, new->fd, EPOLLIN, peer_ready, new);
	if (r < 0) {
		drop_last(p);
		(void)set_sharing(p, false);
	}
	return r;
}

struct peers *peers_free(struct peers *p)
{
	if (!p)
		return NULL;

	for (size_t i = 0; i < p->count; i++) {
		if (p->peer[i].fd < 0)
			continue;
		if (p->loop)
			loop_forget(p->loop, p->peer[i].fd);
		(void)close(p->peer[i].fd);
	}
	free(p);
	return NULL;
}

uint32_t peers_room(const struct peers *p, unsigned backend)
{
	return p->peer[backend].room;
}

uint32_t peers_window(const struct peers *p, unsigned backend)
{
	return p->peer[backend].window;
}

/* One datagram, or an error that waited in the socket.  False: no more. */
static bool take_one(struct peer *p)
{
	struct peers *all = p->all;
	ssize_t n;

	n = recv(p->fd, all->scratch, sizeof(all->scratch), MSG_DONTWAIT);
	if (n >= 0) {
		all->events.datagram(all->events.ctx, p->backend,
				     (struct slice){ all->scratch, (size_t)n });
		return true;
	}

	if (errno == ECONNREFUSED)
		all->events.refused(all->events.ctx, p->backend);

	/* Reading an error clears it; a datagram may stand behind. */
	return errno != EAGAIN;
}

static void peer_ready(void *arg, uint32_t epoll_events)
{
	struct peer *p = arg;

	(void)epoll_events;
	for (int i = 0; i < PEERS_DRAIN_MAX; i++) {
		if (!take_one(p))
			return;
	}
}

int peers_watch(struct peers *p, struct loop *loop,
		const struct peers_events *events)
{
	int r = 0;

	p->loop = loop;
	p->events = *events;
	for (size_t i = 0; r == 0 && i < p->count; i++)
		r = loop_watch(loop, p->peer[i].fd, EPOLLIN, peer_ready,
			       &p->peer[i]);
	return r;
}

void peers_send(struct peers *p, unsigned backend, const uint8_t *data,
		size_t len)
{
	int fd = p->peer[backend].fd;
	ssize_t n;

	/*
	 * An error of an earlier datagram shows here first, and then this one
	 * was not sent.  The second time is this one's own affair: what is lost
	 * is sent again by the engine.
	 */
	n = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno == ECONNREFUSED)
		(void)send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}
