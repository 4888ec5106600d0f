/* SPDX-License-Identifier: MIT */
/*
 * Connections of clients, level-triggered.  What epoll is asked for is changed
 * only when a session is held back or a client does not read, so a busy client
 * costs one read and one write a turn.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "main/session.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/main_config.h"
#include "util/list.h"

#include "main/clients.h"

#define EVENTS_MAX 256

struct client {
	struct clients *all;
	struct session *session;
	int fd;
	uint32_t events;   /* what epoll is asked for */
	struct list link;  /* in all->list */
	struct list stuck; /* in all->stuck while output waits */
	int64_t progress;  /* when it last read something */
};

struct listener {
	struct clients *all;
	int fd;
};

struct clients {
	struct loop *loop;
	struct sessions *sessions;
	void (*turn)(void *arg);
	void *arg;
	int epoll;
	struct listener listener[CONFIG_LISTEN_MAX];
	size_t listeners;
	bool paused;
	struct loop_timer *pause_timer;
	struct loop_timer *stuck_timer;
	struct list list;
	struct list stuck; /* the longest waiting first */
	uint32_t most;
	uint64_t next_id;
	struct clients_counters counters;
	char scratch[CLIENTS_READ_MAX];
};

static struct client *client_free(struct client *c)
{
	if (!c)
		return NULL;

	session_free(c->session);
	list_remove(&c->link);
	list_remove(&c->stuck);
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c);
	return NULL;
}
DEFINE_CLEANUP(struct client, client_free);

static void client_close(struct client *c)
{
	struct clients_counters *counters = &c->all->counters;

	if (session_lags(c->session)) {
		counters->dropped++;
		log_print(LOG_INFO, NULL,
			  "closed a subscribed client that did not read fast "
			  "enough");
	}
	counters->connected--;
	client_free(c);
}

/* What epoll is to tell of. */
static uint32_t wanted_events(const struct client *c)
{
	uint32_t events = 0;

	if (session_room(c->session) > 0)
		events |= EPOLLIN;
	if (session_output(c->session).len > 0)
		events |= EPOLLOUT;
	return events;
}

static int client_watch(struct client *c)
{
	struct epoll_event event = { .events = wanted_events(c),
				     .data.ptr = c };

	if (event.events == c->events)
		return 0;
	if (epoll_ctl(c->all->epoll, EPOLL_CTL_MOD, c->fd, &event) < 0)
		return -errno;

	c->events = event.events;
	return 0;
}

/* Output that the client does not take begins to wait, or waits anew. */
static void client_waits(struct client *c, bool progress)
{
	struct clients *all = c->all;

	if (!progress && !list_empty(&c->stuck))
		return;

	c->progress = loop_now();
	if (list_empty(&all->stuck))
		loop_arm(all->stuck_timer, c->progress + CLIENTS_STUCK_USEC);
	list_remove(&c->stuck);
	list_append(&all->stuck, &c->stuck);
}

static int client_write(struct client *c)
{
	struct slice out = session_output(c->session);
	ssize_t n;

	if (out.len == 0)
		return 0;

	n = send(c->fd, out.p, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	if (n > 0)
		session_written(c->session, (size_t)n);

	if (n < 0 || (size_t)n < out.len)
		client_waits(c, n > 0);
	else
		list_remove(&c->stuck);
	return 0;
}

static int client_read(struct client *c)
{
	struct clients *all = c->all;
	size_t room = session_room(c->session);
	ssize_t n;

	if (room == 0)
		return 0;
	if (room > sizeof(all->scratch))
		room = sizeof(all->scratch);

	n = recv(c->fd, all->scratch, room, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;

	if (n == 0)
		session_input_ends(c->session);
	else
		session_input(c->session, all->scratch, (size_t)n);
	return 0;
}

static void client_ready(struct client *c, uint32_t events)
{
	int r = 0;

	/* Reset: nobody reads an answer any more. */
	if (events & (EPOLLERR | EPOLLHUP)) {
		client_close(c);
		return;
	}

	if (events & EPOLLIN)
		r = client_read(c);
	if (r == 0 && (events & EPOLLOUT))
		r = client_write(c);
	if (r == 0 && (events & EPOLLOUT)) {
		(void)session_resume(c->session);
		r = client_watch(c);
	}
	if (r < 0 || session_finished(c->session))
		client_close(c);
}

static void clients_ready(void *arg, uint32_t epoll_events)
{
	struct epoll_event events[EVENTS_MAX];
	struct clients *all = arg;
	int n;

	(void)epoll_events;
	all->turn(all->arg);

	n = epoll_wait(all->epoll, events, EVENTS_MAX, 0);
	for (int i = 0; i < n; i++)
		client_ready(events[i].data.ptr, events[i].events);
}

/* At the end of a turn: all answers of one client in one write. */
static bool client_flush(struct client *c)
{
	bool resumed;
	int r = 0;

	/* One that does not read is written to when it does. */
	if (!(c->events & EPOLLOUT))
		r = client_write(c);
	resumed = r == 0 && session_resume(c->session);
	if (r == 0)
		r = client_watch(c);
	if (r < 0 || session_finished(c->session))
		client_close(c);
	return resumed;
}

bool clients_flush(struct clients *all)
{
	struct session *s;
	bool resumed = false;

	while ((s = sessions_next(all->sessions)))
		resumed |= client_flush(session_owner(s));
	return resumed;
}

static void close_stuck(void *arg)
{
	struct clients *all = arg;
	struct list *first;
	struct client *c;
	int64_t due;

	while ((first = list_first(&all->stuck))) {
		c = list_entry(first, struct client, stuck);
		due = c->progress + CLIENTS_STUCK_USEC;
		if (due > loop_now()) {
			loop_arm(all->stuck_timer, due);
			return;
		}
		all->counters.stuck++;
		client_close(c);
	}
}

/* Say why, as far as that is possible, and close. */
static void turn_away(struct clients *all, int fd)
{
	char text[128];
	int len;

	all->counters.refused++;
	len = snprintf(text, sizeof(text),
		       "-UNAVAILABLE There are %" PRIu32 " clients already, as many "
		       "as are allowed; try again later.\r\n",
		       all->most);
	(void)send(fd, text, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(fd, SHUT_WR);
	(void)close(fd);
}

/* A client of the connection @fd, which it owns whatever happens. */
static int client_new(struct clients *all, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	_cleanup_(client_freep) struct client *c = NULL;
	int r;

	c = calloc(1, sizeof(*c));
	if (!c) {
		(void)close(fd);
		return -ENOMEM;
	}
	c->all = all;
	c->fd = fd;
	c->events = event.events;
	list_init(&c->link);
	list_init(&c->stuck);

	r = session_new(all->sessions, ++all->next_id, c, &c->session);
	if (r < 0)
		return r;

	event.data.ptr = c;
	if (epoll_ctl(all->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;

	list_append(&all->list, &c->link);
	c = NULL;
	return 0;
}

static void welcome(struct clients *all, int fd)
{
	if (all->counters.connected >= all->most) {
		turn_away(all, fd);
		return;
	}
	if (client_new(all, fd) < 0) {
		all->counters.refused++;
		return;
	}

	all->counters.connected++;
	all->counters.accepted++;
}

/* Leave newcomers to the kernel for a while. */
static void pause_until(struct clients *all, int64_t until)
{
	if (!all->paused) {
		for (size_t i = 0; i < all->listeners; i++)
			loop_forget(all->loop, all->listener[i].fd);
	}
	all->paused = true;
	loop_arm(all->pause_timer, until);
}

/* There is no room for them. */
static void pause_accepting(struct clients *all, int error)
{
	if (all->paused)
		return;

	log_print(LOG_WARNING, NULL, "cannot accept clients for the moment: %s",
		  strerror(error));
	pause_until(all, loop_now() + CLIENTS_PAUSE_USEC);
}

/* False: there is nobody more, or no room. */
static bool accept_one(struct listener *l)
{
	int fd;

	fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		welcome(l->all, fd);
		return true;
	}

	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		pause_accepting(l->all, errno);
		return false;
	case EAGAIN:
		return false;
	default:
		/* Whoever it was has gone again; accept(2) lists the reasons.
		 */
		return true;
	}
}

static void listener_ready(void *arg, uint32_t epoll_events)
{
	struct listener *l = arg;

	(void)epoll_events;
	for (int i = 0; i < CLIENTS_ACCEPT_MAX; i++) {
		if (!accept_one(l))
			return;
	}
}

static int watch_listener(struct listener *l)
{
	return loop_watch(l->all->loop, l->fd, EPOLLIN, listener_ready, l);
}

static void accept_again(void *arg)
{
	struct clients *all = arg;
	int r;

	all->paused = false;
	for (size_t i = 0; i < all->listeners; i++) {
		r = watch_listener(&all->listener[i]);
		if (r < 0)
			log_print(LOG_ERR, NULL,
				  "cannot accept clients any more: %s",
				  strerror(-r));
	}
}

int clients_listen(struct clients *all, int fd)
{
	struct listener *l = &all->listener[all->listeners];
	const int on = 1;

	if (all->listeners == ELEMENTS(all->listener)) {
		(void)close(fd);
		return -E2BIG;
	}

	/* Connections inherit both. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));

	*l = (struct listener){ .all = all, .fd = fd };
	all->listeners++;
	return watch_listener(l);
}

void clients_stop_listening(struct clients *all)
{
	for (size_t i = 0; i < all->listeners; i++) {
		if (!all->paused)
			loop_forget(all->loop, all->listener[i].fd);
		(void)close(all->listener[i].fd);
	}
	all->listeners = 0;
}

void clients_hold(struct clients *all, int64_t until)
{
	pause_until(all, until);
}

void clients_end_hold(struct clients *all)
{
	if (!all->paused)
		return;

	loop_arm(all->pause_timer, INT64_MAX);
	accept_again(all);
}

void clients_set_most(struct clients *all, uint32_t most)
{
	all->most = most;
}

void clients_count(const struct clients *all, struct clients_counters *ret)
{
	*ret = all->counters;
}

static int clients_start(struct clients *all)
{
	int r;

	all->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (all->epoll < 0)
		return -errno;

	r = loop_add_timer(all->loop, accept_again, all, &all->pause_timer);
	if (r < 0)
		return r;
	r = loop_add_timer(all->loop, close_stuck, all, &all->stuck_timer);
	if (r < 0)
		return r;
	return loop_watch(all->loop, all->epoll, EPOLLIN, clients_ready, all);
}

int clients_new(struct loop *loop, struct sessions *sessions, uint32_t most,
		void (*turn)(void *arg), void *arg, struct clients **ret)
{
	_cleanup_(clients_freep) struct clients *all = NULL;
	int r;

	all = calloc(1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	all->loop = loop;
	all->sessions = sessions;
	all->most = most;
	all->turn = turn;
	all->arg = arg;
	all->epoll = -EBADF;
	list_init(&all->list);
	list_init(&all->stuck);

	r = clients_start(all);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(all);
	return 0;
}

struct clients *clients_free(struct clients *all)
{
	struct list *link;

	if (!all)
		return NULL;

	clients_stop_listening(all);
	while ((link = list_first(&all->list)))
		client_free(list_entry(link, struct client, link));
	if (all->epoll >= 0) {
		loop_forget(all->loop, all->epoll);
		(void)close(all->epoll);
	}
	free(all);
	return NULL;
}
