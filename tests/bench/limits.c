/* SPDX-License-Identifier: MIT */
/*
 * What the machine can do at best, with nothing around it; results as JSON.
 *
 *	limits append FILE SECONDS [BYTES]	write and sync, one after the other
 *	limits udp-echo SECONDS			a datagram there and back
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"
#include "histogram.h"

/* About what one of our records has. */
#define APPEND_BYTES 150
#define APPEND_BYTES_MAX 65536
#define ECHO_BYTES 64

struct measure {
	struct histogram histogram;
	int64_t begin;
	int64_t last; /* when the last step ended */
};

static void measure_begin(struct measure *m)
{
	*m = (struct measure){ .begin = now_nsec() };
	m->last = m->begin;
}

/* A step is over, and the next one begins.  Returns how long all took. */
static int64_t measure_step(struct measure *m)
{
	int64_t now = now_nsec();

	histogram_add(&m->histogram, (uint64_t)(now - m->last));
	m->last = now;
	return now - m->begin;
}

static void measure_print(const struct measure *m)
{
	const struct histogram *h = &m->histogram;
	double seconds = (double)(m->last - m->begin) / (double)NSEC_PER_SEC;

	(void)printf("{\"answers\": %ju, \"rate\": %.1f, \"p50_usec\": %.1f, "
		     "\"p99_usec\": %.1f, \"max_usec\": %.1f}\n",
		     (uintmax_t)h->count, (double)h->count / seconds,
		     (double)histogram_percentile(h, 0.5) / 1e3,
		     (double)histogram_percentile(h, 0.99) / 1e3,
		     (double)histogram_percentile(h, 1) / 1e3);
}

static void run_append(const char *path, int64_t duration, size_t bytes)
{
	static char line[APPEND_BYTES_MAX];
	struct measure *m = calloc(1, sizeof(*m));
	int fd;

	if (!m)
		fail("no memory");
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
		  0600);
	if (fd < 0)
		fail_errno(path);

	memset(line, 'x', sizeof(line));
	measure_begin(m);
	do {
		write_all(fd, line, bytes);
		if (fdatasync(fd) < 0)
			fail_errno("fdatasync");
	} while (measure_step(m) < duration);

	measure_print(m);
	(void)close(fd);
	free(m);
}

/* Until killed. */
_Noreturn static void echo(int fd)
{
	struct sockaddr_storage from;
	char data[ECHO_BYTES];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0,
				     (struct sockaddr *)&from, &len);

		if (n > 0)
			(void)sendto(fd, data, (size_t)n, 0,
				     (struct sockaddr *)&from, len);
	}
}

static void run_udp_echo(int64_t duration)
{
	struct measure *m = calloc(1, sizeof(*m));
	char data[ECHO_BYTES] = { 0 };
	uint16_t port;
	uint16_t own;
	int server = bind_udp(&port);
	int client = bind_udp(&own);
	pid_t child;

	if (!m)
		fail("no memory");
	connect_udp(client, port);
	child = fork();
	if (child < 0)
		fail_errno("fork");
	if (child == 0)
		echo(server);

	measure_begin(m);
	do {
		if (send(client, data, sizeof(data), 0) < 0 ||
		    recv(client, data, sizeof(data), 0) < 0)
			fail_errno("echo");
	} while (measure_step(m) < duration);

	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	measure_print(m);
	(void)close(server);
	(void)close(client);
	free(m);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	size_t bytes = APPEND_BYTES;

	if (strcmp(what, "append") == 0 && (argc == 4 || argc == 5)) {
		if (argc == 5)
			bytes = (size_t)option_u64("BYTES", argv[4], 1,
						   APPEND_BYTES_MAX);
		run_append(argv[2], option_seconds("SECONDS", argv[3]), bytes);
	} else if (strcmp(what, "udp-echo") == 0 && argc == 3) {
		run_udp_echo(option_seconds("SECONDS", argv[2]));
	} else {
		fail("expected append FILE SECONDS [BYTES] or"
		     " udp-echo SECONDS");
	}
	return EXIT_SUCCESS;
}
