/* SPDX-License-Identifier: MIT */
/*
 * A load generator: some clients, each with so many requests in flight, for
 * some seconds, and what every answer says is checked.  It prints how many were
 * answered and how long that took, as JSON.
 *
 *	load --port=PORT --work=transfer [--clients=64] [--depth=16] ...
 *	load --port=PORT --work=open --users=10000
 *	load --port=PORT --work=command [--repeat=5] -- STATS Ali
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common.h"
#include "load.h"
#include "reply.h"

#define READ_SIZE 65536
#define EVENTS 256
#define POLL_MSEC 100
/* After the last request. */
#define DRAIN_NSEC (20 * NSEC_PER_SEC)
/* Answers are also counted by intervals, for who compares moments. */
#define INTERVAL_NSEC (NSEC_PER_SEC / 10)

struct client {
	int fd;
	struct buf in;
	struct buf out;
	struct reply_scan scan;
	struct request *requests; /* a ring of settings.depth */
	size_t oldest;
	size_t flying;
	uint64_t last_serial;
};

struct load {
	struct settings settings;
	struct client *clients;
	struct account account;
	struct histogram *histogram;
	struct rng rng;
	int epoll;
	size_t flying; /* requests of all clients */
	int64_t begin; /* what is answered from then on counts */
	int64_t end; /* until then; nothing is sent any more */
	uint64_t answers; /* that count */
	uint64_t *intervals;
	size_t interval_count;
};

static void flush(struct client *c)
{
	ssize_t n;

	if (c->out.len == 0)
		return;

	n = write(c->fd, c->out.data, c->out.len);
	if (n < 0 && errno != EAGAIN)
		fail_errno("write");
	if (n > 0)
		buf_drop(&c->out, (size_t)n);
}

/* As many requests as may be in flight. */
static void fill(struct load *l, struct client *c, int64_t now)
{
	const size_t depth = l->settings.depth;

	while (c->flying < depth && now < l->end) {
		size_t next = (c->oldest + c->flying) % depth;
		struct request *r = &c->requests[next];

		request_next(&l->settings, &l->rng, r, &c->out);
		r->sent = now;
		c->flying++;
		l->flying++;
	}
	flush(c);
}

static void count(struct load *l, const struct request *r, int64_t now)
{
	size_t interval;

	if (now < l->begin || now >= l->end)
		return;

	l->answers++;
	histogram_add(l->histogram, (uint64_t)(now - r->sent));
	interval = (size_t)((now - l->begin) / INTERVAL_NSEC);
	if (interval < l->interval_count)
		l->intervals[interval]++;
}

/* Take apart what is there; returns the bytes that were whole answers. */
static size_t take_answers(struct load *l, struct client *c, int64_t now)
{
	size_t at = 0;

	for (;;) {
		const char *data = (const char *)c->in.data + at;
		const struct request *r = &c->requests[c->oldest];
		size_t len;

		if (reply_scan(&c->scan, data, c->in.len - at, &len) < 0)
			fail("an answer that is no RESP");
		if (len == 0)
			return at;
		if (c->flying == 0)
			fail("an answer to no request");

		account_hear(&l->account, &l->settings, r,
			     (struct slice){ data, len }, &c->last_serial);
		count(l, r, now);
		c->oldest = (c->oldest + 1) % l->settings.depth;
		c->flying--;
		l->flying--;
		at += len;
	}
}

static void serve(struct load *l, struct client *c)
{
	int64_t now;
	ssize_t n;

	if (buf_reserve(&c->in, READ_SIZE) < 0)
		fail("no memory");
	n = read(c->fd, c->in.data + c->in.len, READ_SIZE);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0)
		fail_errno("read");
	if (n == 0)
		fail("the connection ended");

	c->in.len += (size_t)n;
	now = now_nsec();
	buf_drop(&c->in, take_answers(l, c, now));
	fill(l, c, now);
}

static void turn(struct load *l)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(l->epoll, events, EVENTS, POLL_MSEC);

	if (n < 0 && errno != EINTR)
		fail_errno("epoll_wait");
	for (int i = 0; i < n; i++)
		serve(l, events[i].data.ptr);
}

static void connect_clients(struct load *l)
{
	const struct settings *s = &l->settings;

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0)
		fail_errno("epoll_create1");

	l->clients = grown(NULL, s->clients, sizeof(*l->clients));
	for (uint64_t i = 0; i < s->clients; i++) {
		struct client *c = &l->clients[i];
		struct epoll_event event = { .events = EPOLLIN };

		*c = (struct client){ .fd = connect_tcp(s->port) };
		c->requests = grown(NULL, s->depth, sizeof(*c->requests));
		set_nonblocking(c->fd);
		event.data.ptr = c;
		if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
			fail_errno("epoll_ctl");
	}
}

static void disconnect_clients(struct load *l)
{
	for (uint64_t i = 0; i < l->settings.clients; i++) {
		struct client *c = &l->clients[i];

		(void)close(c->fd);
		buf_done(&c->in);
		buf_done(&c->out);
		free(c->requests);
	}
	free(l->clients);
	(void)close(l->epoll);
}

static void drive(struct load *l)
{
	const struct settings *s = &l->settings;
	int64_t start = now_nsec();

	l->begin = start + s->warm_up;
	l->end = l->begin + s->duration;
	for (uint64_t i = 0; i < s->clients; i++)
		fill(l, &l->clients[i], start);
	while (l->flying > 0) {
		turn(l);
		if (now_nsec() > l->end + DRAIN_NSEC)
			fail("%zu requests without an answer", l->flying);
	}
}

static double usec(const struct load *l, double share)
{
	return (double)histogram_percentile(l->histogram, share) / 1e3;
}

static void print_results(const struct load *l)
{
	double seconds = (double)l->settings.duration / (double)NSEC_PER_SEC;

	(void)printf("{\"answers\": %ju, \"seconds\": %.3f, \"rate\": %.1f, "
		     "\"p50_usec\": %.1f, \"p99_usec\": %.1f, "
		     "\"max_usec\": %.1f, \"receipts\": %zu, "
		     "\"begin\": %.6f, \"intervals\": [",
		     (uintmax_t)l->answers, seconds,
		     (double)l->answers / seconds, usec(l, 0.5), usec(l, 0.99),
		     usec(l, 1), l->account.count,
		     (double)l->begin / (double)NSEC_PER_SEC);
	for (size_t i = 0; i < l->interval_count; i++)
		(void)printf("%s%ju", i ? ", " : "",
			     (uintmax_t)l->intervals[i]);
	(void)printf("]}\n");
}

static void run_load(struct load *l)
{
	const struct settings *s = &l->settings;

	l->histogram = grown(NULL, 1, sizeof(*l->histogram));
	*l->histogram = (struct histogram){ 0 };
	l->interval_count = (size_t)(s->duration / INTERVAL_NSEC);
	l->intervals = grown(NULL, l->interval_count, sizeof(*l->intervals));
	memset(l->intervals, 0, l->interval_count * sizeof(*l->intervals));
	rng_seed(&l->rng, s->seed);
	account_begin(&l->account, s);
	connect_clients(l);

	drive(l);

	disconnect_clients(l);
	account_end(&l->account, s);
	if (s->receipts)
		account_write(&l->account, s->receipts);
	print_results(l);
	account_done(&l->account);
	free(l->intervals);
	free(l->histogram);
}

/* --- The command line */

static const char *const works[] = {
	[WORK_OPEN] = "open",	    [WORK_TRANSFER] = "transfer",
	[WORK_BALANCE] = "balance", [WORK_ECHO] = "echo",
	[WORK_COMMAND] = "command",
};

static enum work work_of(const char *name)
{
	for (size_t i = 0; i < sizeof(works) / sizeof(*works); i++) {
		if (strcmp(works[i], name) == 0)
			return (enum work)i;
	}
	fail("--work: there is no %s", name);
}

static const struct option options[] = {
	{ "work", required_argument, NULL, 'w' },
	{ "port", required_argument, NULL, 'p' },
	{ "clients", required_argument, NULL, 'c' },
	{ "depth", required_argument, NULL, 'd' },
	{ "users", required_argument, NULL, 'u' },
	{ "seconds", required_argument, NULL, 's' },
	{ "warm-up", required_argument, NULL, 'a' },
	{ "seed", required_argument, NULL, 'e' },
	{ "redis", required_argument, NULL, 'r' },
	{ "balance", required_argument, NULL, 'b' },
	{ "receipts", required_argument, NULL, 'o' },
	{ "shared", no_argument, NULL, 'h' },
	{ "repeat", required_argument, NULL, 'n' },
	{ 0 },
};

static void take_option(struct settings *s, int option, const char *value)
{
	switch (option) {
	case 'w':
		s->work = work_of(value);
		return;
	case 'p':
		s->port = option_u64("--port", value, 1, 65535);
		return;
	case 'c':
		s->clients = option_u64("--clients", value, 1, 10000);
		return;
	case 'd':
		s->depth = option_u64("--depth", value, 1, 1000);
		return;
	case 'u':
		s->users = option_u64("--users", value, 2, 10000000);
		return;
	case 's':
		s->duration = option_seconds("--seconds", value);
		return;
	case 'a':
		s->warm_up = option_seconds("--warm-up", value);
		return;
	case 'e':
		s->seed = option_u64("--seed", value, 0, UINT64_MAX);
		return;
	case 'r':
		s->dialect = DIALECT_REDIS;
		s->script = value;
		return;
	case 'b':
		s->balance = (int64_t)option_u64("--balance", value, 0,
						 INT64_MAX);
		return;
	case 'o':
		s->receipts = value;
		return;
	case 'h':
		s->shared = true;
		return;
	case 'n':
		s->repeat = option_u64("--repeat", value, 1, 1000000);
		return;
	default:
		exit(EXIT_FAILURE);
	}
}

static void read_options(struct settings *s, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_option(s, option, optarg);
	s->words = argv + optind;
	s->word_count = argc - optind;
	if (s->port == 0)
		fail("--port is wanted");
	if ((s->work == WORK_COMMAND) != (s->word_count > 0))
		fail("--work=command wants words, nothing else takes any");
}

int main(int argc, char **argv)
{
	struct load l = {
		.settings = {
			.work = WORK_TRANSFER,
			.clients = 1,
			.depth = 1,
			.users = 10000,
			.seed = 1,
			.repeat = 1,
			.warm_up = NSEC_PER_SEC / 20,
			.duration = NSEC_PER_SEC,
		},
	};

	read_options(&l.settings, argc, argv);
	if (l.settings.work == WORK_OPEN)
		open_users(&l.settings);
	else if (l.settings.work == WORK_COMMAND)
		run_command(&l.settings);
	else
		run_load(&l);
	return EXIT_SUCCESS;
}
