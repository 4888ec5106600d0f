/* SPDX-License-Identifier: MIT */
/*
 * Non-blocking sockets and poll(2) around hiredis' reader.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "util/buf.h"
#include "util/parse.h"
#include "util/slice.h"
#include "util/timestamp.h"

#include "walletctl/client.h"

#define FAULT_SIZE 256
#define READ_SIZE 65536

struct client {
	char *server; /* as given */
	char *host;
	const char *port; /* in server */
	int fd;
	redisReader *reader;
	size_t fed; /* bytes since the last answer */
	bool sent;
	struct buf out; /* requests that were put, … */
	size_t written; /* … so many bytes of them are gone */
	char fault[FAULT_SIZE];
};

static int _printf_(3, 4) fail(struct client *c, int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(c->fault, sizeof(c->fault), format, ap);
	va_end(ap);
	return r;
}

int64_t client_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

/* Take HOST:PORT apart; the host loses its brackets. */
static int split_server(struct client *c)
{
	const char *colon = strrchr(c->server, ':');
	struct slice host;
	uint64_t port;

	if (!colon ||
	    parse_u64_range(slice_of(colon + 1), 1, UINT16_MAX, &port) < 0)
		return -EINVAL;

	host = (struct slice){ c->server, (size_t)(colon - c->server) };
	if (host.len == 0)
		return -EINVAL;
	if (host.p[0] == '[') {
		if (host.len <= 2 || host.p[host.len - 1] != ']')
			return -EINVAL;
		host = (struct slice){ host.p + 1, host.len - 2 };
	} else if (memchr(host.p, ':', host.len)) {
		return -EINVAL;
	}

	c->port = colon + 1;
	c->host = strndup(host.p, host.len);
	return c->host ? 0 : -ENOMEM;
}

int client_new(const char *server, struct client **ret)
{
	_cleanup_(client_freep) struct client *c = NULL;
	int r;

	c = malloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	*c = (struct client){ .fd = -EBADF };

	c->server = strdup(server);
	if (!c->server)
		return -ENOMEM;
	r = split_server(c);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(c);
	return 0;
}

static void disconnect(struct client *c)
{
	if (c->reader)
		redisReaderFree(c->reader);
	c->reader = NULL;
	closep(&c->fd);
	c->fd = -EBADF;
	buf_clear(&c->out);
	c->written = 0;
}

struct client *client_free(struct client *c)
{
	if (!c)
		return NULL;
	disconnect(c);
	buf_done(&c->out);
	free(c->host);
	free(c->server);
	free(c);
	return NULL;
}

/* Wait until @fd is ready.  0, -ETIMEDOUT, or another error. */
static int await(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline - client_now();
		int64_t msec = (left + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
		int n;

		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(&p, 1, msec > INT_MAX ? INT_MAX : (int)msec);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* A connected descriptor for one address, or a negative errno. */
static int dial(const struct addrinfo *a, int64_t deadline)
{
	_cleanup_(closep) int fd = -EBADF;
	socklen_t len = sizeof(int);
	int one = 1;
	int error;
	int r;

	fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    a->ai_protocol);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));

	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return TAKE_FD(fd);
	if (errno != EINPROGRESS && errno != EINTR)
		return -errno;

	r = await(fd, POLLOUT, deadline);
	if (r < 0)
		return r;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -errno;
	return error ? -error : TAKE_FD(fd);
}

#if HIREDIS_MAJOR < 1
/* hiredis 1.0 has a limit of its own; before, arrays are ours to refuse. */
static void *(*create_any_array)(const redisReadTask *, int);
static redisReplyObjectFunctions bounded_functions;

static void *create_bounded_array(const redisReadTask *task, int elements)
{
	if (elements > CLIENT_ELEMENTS_MAX)
		return NULL;
	return create_any_array(task, elements);
}

static void bound_elements(redisReader *reader)
{
	create_any_array = reader->fn->createArray;
	bounded_functions = *reader->fn;
	bounded_functions.createArray = create_bounded_array;
	reader->fn = &bounded_functions;
}
#else
static void bound_elements(redisReader *reader)
{
	reader->maxelements = CLIENT_ELEMENTS_MAX;
}
#endif

/* Try one address after the other. */
static int dial_any(struct client *c, const struct addrinfo *list,
		    int64_t deadline)
{
	int fd = -EADDRNOTAVAIL;

	for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
		fd = dial(a, deadline);
	if (fd < 0)
		return fail(c, fd, "there is no connection to %s: %s",
			    c->server, strerror(-fd));
	c->fd = fd;
	return 0;
}

static int connect_server(struct client *c, int64_t deadline)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *list;
	int r;

	r = getaddrinfo(c->host, c->port, &hints, &list);
	if (r != 0)
		return fail(c, -EHOSTUNREACH,
			    "the address of %s was not found: %s", c->server,
			    gai_strerror(r));

	r = dial_any(c, list, deadline);
	freeaddrinfo(list);
	if (r < 0)
		return r;

	c->reader = redisReaderCreate();
	if (!c->reader)
		return fail(c, -ENOMEM, "there is no memory");
	bound_elements(c->reader);
	c->fed = 0;
	return 0;
}

static int send_all(struct client *c, const char *data, size_t len,
		    int64_t deadline)
{
	while (len > 0) {
		ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);
		int r = 0;

		if (n > 0) {
			c->sent = true;
			data += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			r = await(c->fd, POLLOUT, deadline);
		} else if (errno != EINTR) {
			r = -errno;
		}
		if (r < 0)
			return fail(c, r, "%s took no request: %s", c->server,
				    strerror(-r));
	}
	return 0;
}

/* @q in RESP, for redisFreeCommand(); its length. */
static int format_request(struct client *c, const struct client_request *q,
			  char **ret)
{
	size_t lengths[CLIENT_ARGS_MAX];
	const char *args[CLIENT_ARGS_MAX];
	int len;

	for (size_t i = 0; i < q->args; i++) {
		args[i] = q->arg[i];
		lengths[i] = strlen(q->arg[i]);
	}
	len = redisFormatCommandArgv(ret, (int)q->args, args, lengths);
	return len < 0 ? fail(c, -ENOMEM, "there is no memory") : len;
}

static int send_request(struct client *c, const struct client_request *q,
			int64_t deadline)
{
	char *text;
	int len;
	int r;

	len = format_request(c, q, &text);
	if (len < 0)
		return len;
	r = send_all(c, text, (size_t)len, deadline);
	redisFreeCommand(text);
	return r;
}

/* Give the reader what has come; nothing is fine, too. */
static int receive_some(struct client *c)
{
	char chunk[READ_SIZE];
	ssize_t n;

	n = recv(c->fd, chunk, sizeof(chunk), 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return fail(c, -errno, "the connection to %s broke: %s",
			    c->server, strerror(errno));
	if (n == 0)
		return fail(c, -ECONNRESET,
			    "%s closed the connection without an answer",
			    c->server);

	c->fed += (size_t)n;
	if (c->fed > CLIENT_ANSWER_MAX)
		return fail(c, -EFBIG, "the answer of %s is over %d bytes",
			    c->server, CLIENT_ANSWER_MAX);
	if (redisReaderFeed(c->reader, chunk, (size_t)n) != REDIS_OK)
		return fail(c, -ENOMEM, "there is no memory");
	return 0;
}

static int feed(struct client *c, int64_t deadline)
{
	int r;

	r = await(c->fd, POLLIN, deadline);
	if (r < 0)
		return fail(c, r, "%s did not answer in time", c->server);
	return receive_some(c);
}

/* The next answer, if all of it was read, else -EAGAIN. */
static int parse_answer(struct client *c, redisReply **ret)
{
	void *reply = NULL;

	if (redisReaderGetReply(c->reader, &reply) != REDIS_OK)
		return fail(c, -EBADMSG,
			    "%s does not answer as a main daemon does: %s",
			    c->server, redisReaderGetError(c->reader));
	if (!reply)
		return -EAGAIN;
	c->fed = 0;
	*ret = reply;
	return 0;
}

static int read_answer(struct client *c, int64_t deadline, redisReply **ret)
{
	int r;

	while ((r = parse_answer(c, ret)) == -EAGAIN) {
		r = feed(c, deadline);
		if (r < 0)
			break;
	}
	return r;
}

static int ask(struct client *c, const struct client_request *request,
	       size_t count, int64_t deadline, redisReply **answer)
{
	int r = 0;

	if (c->fd < 0)
		r = connect_server(c, deadline);
	for (size_t i = 0; i < count && r == 0; i++)
		r = send_request(c, &request[i], deadline);
	for (size_t i = 0; i < count && r == 0; i++)
		r = read_answer(c, deadline, &answer[i]);
	return r;
}

int client_ask(struct client *c, const struct client_request *request,
	       size_t count, int64_t deadline, redisReply **ret)
{
	redisReply *answer[CLIENT_PIPELINE_MAX] = { NULL };
	int r;

	c->sent = false;
	r = ask(c, request, count, deadline, answer);
	if (r < 0) {
		for (size_t i = 0; i < count; i++)
			freeReplyObject(answer[i]);
		disconnect(c);
		return r;
	}

	for (size_t i = 0; i < count; i++)
		ret[i] = answer[i];
	return 0;
}

int client_send(struct client *c, const struct client_request *request,
		int64_t deadline)
{
	int r = 0;

	c->sent = false;
	if (c->fd < 0)
		r = connect_server(c, deadline);
	if (r == 0)
		r = send_request(c, request, deadline);
	if (r < 0)
		disconnect(c);
	return r;
}

int client_receive(struct client *c, int64_t until, redisReply **ret)
{
	int r;

	r = read_answer(c, until, ret);
	if (r == -ETIMEDOUT)
		return -EAGAIN;
	if (r < 0)
		disconnect(c);
	return r;
}

int client_put(struct client *c, const struct client_request *request)
{
	char *text;
	int len;
	int r;

	len = format_request(c, request, &text);
	if (len < 0)
		return len;
	r = buf_add(&c->out, text, (size_t)len);
	redisFreeCommand(text);
	return r < 0 ? fail(c, r, "there is no memory") : 0;
}

/* As much of what was put as the socket takes. */
static int write_some(struct client *c)
{
	size_t left = c->out.len - c->written;
	ssize_t n;

	if (left == 0)
		return 0;
	n = send(c->fd, c->out.data + c->written, left, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return fail(c, -errno, "%s took no request: %s", c->server,
			    strerror(errno));

	c->sent = true;
	c->written += (size_t)n;
	if (c->written == c->out.len) {
		buf_clear(&c->out);
		c->written = 0;
	}
	return 0;
}

static int pump(struct client *c, int64_t until)
{
	bool writes = c->written < c->out.len;
	int r;

	r = await(c->fd, (short)(POLLIN | (writes ? POLLOUT : 0)), until);
	if (r < 0)
		return fail(c, r, "%s did not answer in time", c->server);
	r = write_some(c);
	return r < 0 ? r : receive_some(c);
}

int client_pump(struct client *c, int64_t until)
{
	int r = 0;

	if (c->fd < 0)
		r = connect_server(c, until);
	if (r == 0)
		r = pump(c, until);
	if (r < 0)
		disconnect(c);
	return r;
}

int client_take(struct client *c, redisReply **ret)
{
	int r;

	if (c->fd < 0)
		return -EAGAIN;
	r = parse_answer(c, ret);
	if (r < 0 && r != -EAGAIN)
		disconnect(c);
	return r;
}

void client_drop(struct client *c)
{
	disconnect(c);
}

void client_refresh(struct client *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	if (c->fd >= 0 && poll(&p, 1, 0) > 0)
		disconnect(c);
}

bool client_connected(const struct client *c)
{
	return c->fd >= 0;
}

bool client_sent(const struct client *c)
{
	return c->sent;
}

const char *client_fault(const struct client *c)
{
	return c->fault;
}

const char *client_server(const struct client *c)
{
	return c->server;
}
