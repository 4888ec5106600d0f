/* SPDX-License-Identifier: MIT */
/*
 * Bare servers: the least that a server can do for the same answers.  On
 * standard error each says "ready: PORT"; SIGTERM ends it.
 *
 *	bare echo		sends back what it gets
 *	bare ledger DIR		TRANSFER and BALANCE
 *	bare ledger DIR local	the same with the log in the server itself
 *
 * The ledger parses, looks up, appends, waits for the disk, and answers: no
 * rules, no hashes, no MACs, nobody to fail over to.  What came in with one turn
 * of the loop goes, in one datagram, to one of three storage processes
 * (bare_storage.c), drawn at random, and is waited for: what arrives meanwhile is
 * the next batch.  (To go on reading meanwhile was slower: smaller batches.)
 * Records are their four columns, answers as long as ours.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "bare.h"
#include "common.h"

#define EVENTS 256
#define READ_SIZE 65536

static volatile sig_atomic_t ending;

static void on_term(int signo)
{
	(void)signo;
	ending = 1;
}

/* SIGTERM comes only while turn() sleeps, so none is missed. */
static void take_term(sigset_t *ret_before)
{
	struct sigaction action = { .sa_handler = on_term };
	sigset_t term;

	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &term, ret_before);
	(void)sigaction(SIGTERM, &action, NULL);
}

static void watch(int epoll, int fd, void *what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		fail_errno("epoll_ctl");
}

static void take_connections(struct server *s)
{
	int yes = 1;

	for (;;) {
		int fd = accept4(s->listener, NULL, NULL,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct peer *p;

		if (fd < 0)
			return;
		p = calloc(1, sizeof(*p));
		if (!p)
			fail("no memory");
		p->fd = fd;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes,
				 sizeof(yes));
		watch(s->epoll, fd, p);
	}
}

/* Of a peer whose answers are not durable yet the memory is still needed. */
static void hang_up(struct peer *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -EBADF;
	if (p->staged)
		return;
	buf_done(&p->in);
	buf_done(&p->out);
	free(p);
}

static void flush(struct peer *p)
{
	ssize_t n;

	if (p->out.len == 0)
		return;

	n = write(p->fd, p->out.data, p->out.len);
	if (n > 0)
		buf_drop(&p->out, (size_t)n);
}

static void serve(struct server *s, struct peer *p)
{
	ssize_t n;

	if (buf_reserve(&p->in, READ_SIZE) < 0)
		fail("no memory");
	n = read(p->fd, p->in.data + p->in.len, READ_SIZE);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		hang_up(p);
		return;
	}

	p->in.len += (size_t)n;
	if (s->echo) {
		if (buf_add(&p->out, p->in.data, p->in.len) < 0)
			fail("no memory");
		buf_clear(&p->in);
	} else {
		ledger_take(s, p);
	}

	/* Nothing overtakes an answer that waits for the disk. */
	if (!p->staged)
		flush(p);
}

/* What is staged to the disk, and then the answers. */
static void commit(struct server *s)
{
	storage_commit(&s->storage, &s->batch);
	buf_clear(&s->batch);
	for (size_t i = 0; i < s->staged_count; i++) {
		struct peer *p = s->staged[i];

		p->staged = false;
		if (p->fd < 0)
			hang_up(p);
		else
			flush(p);
	}
	s->staged_count = 0;
}

static void turn(struct server *s)
{
	struct epoll_event events[EVENTS];
	int n = epoll_pwait(s->epoll, events, EVENTS, -1, &s->waiting);

	if (n < 0 && errno != EINTR)
		fail_errno("epoll_wait");
	for (int i = 0; i < n; i++) {
		void *what = events[i].data.ptr;

		if (what == s)
			take_connections(s);
		else
			serve(s, what);
	}
	if (s->batch.len > 0)
		commit(s);
}

int main(int argc, char **argv)
{
	static struct server s;
	const char *what = argc > 1 ? argv[1] : "";
	uint16_t port;

	take_term(&s.waiting);
	(void)signal(SIGPIPE, SIG_IGN);
	s.echo = strcmp(what, "echo") == 0 && argc == 2;
	if (!s.echo && (strcmp(what, "ledger") != 0 || argc < 3 || argc > 4))
		fail("expected echo, or ledger DIR [local]");

	s.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s.epoll < 0)
		fail_errno("epoll_create1");
	if (!s.echo) {
		s.storage.local = argc == 4 && strcmp(argv[3], "local") == 0;
		storage_start(&s.storage, argv[2]);
		ledger_start(&s);
	}
	s.listener = listen_tcp(&port);
	set_nonblocking(s.listener);
	watch(s.epoll, s.listener, &s);
	(void)fprintf(stderr, "ready: %u\n", port);

	while (!ending)
		turn(&s);
	storage_end(&s.storage);
	return EXIT_SUCCESS;
}
