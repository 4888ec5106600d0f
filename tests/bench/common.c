/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "util/parse.h"

#include "common.h"

#define BACKLOG 1024
#define SECONDS_MIN 0.001
#define SECONDS_MAX 86400.0

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fprintf(stderr, "%s: ", program_invocation_short_name);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
	exit(EXIT_FAILURE);
}

void fail_errno(const char *what)
{
	fail("%s: %s", what, strerror(errno));
}

int64_t now_nsec(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

uint64_t option_u64(const char *name, const char *text, uint64_t min,
		    uint64_t max)
{
	uint64_t n;

	if (parse_u64_range(slice_of(text), min, max, &n) < 0)
		fail("%s: expected a number from %ju to %ju, not %s", name,
		     (uintmax_t)min, (uintmax_t)max, text);
	return n;
}

int64_t option_seconds(const char *name, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= SECONDS_MIN) ||
	    !(seconds <= SECONDS_MAX))
		fail("%s: expected seconds, not %s", name, text);
	return (int64_t)(seconds * (double)NSEC_PER_SEC);
}

static struct sockaddr_in loopback(uint64_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* A socket bound to a free port. */
static int bind_any(int type, uint16_t *ret_port)
{
	struct sockaddr_in address = loopback(0);
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail_errno("socket");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail_errno("bind");
	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		fail_errno("getsockname");

	*ret_port = ntohs(address.sin_port);
	return fd;
}

int connect_tcp(uint64_t port)
{
	struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1;

	if (fd < 0)
		fail_errno("socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail_errno("connect");
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) < 0)
		fail_errno("TCP_NODELAY");
	return fd;
}

int listen_tcp(uint16_t *ret_port)
{
	int fd = bind_any(SOCK_STREAM, ret_port);

	if (listen(fd, BACKLOG) < 0)
		fail_errno("listen");
	return fd;
}

int bind_udp(uint16_t *ret_port)
{
	return bind_any(SOCK_DGRAM, ret_port);
}

void connect_udp(int fd, uint16_t port)
{
	struct sockaddr_in address = loopback(port);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail_errno("connect");
}

void set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		fail_errno("O_NONBLOCK");
}

void write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail_errno("write");
		p += n;
		len -= (size_t)n;
	}
}
