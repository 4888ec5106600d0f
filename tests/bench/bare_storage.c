/* SPDX-License-Identifier: MIT */
/*
 * The disk of the bare ledger: a process that appends each datagram to a file,
 * syncs, and sends one back; three of them.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare.h"
#include "common.h"

#define PATH_SIZE 4096
#define DATAGRAM_SIZE 65536

static int open_log(const char *directory, unsigned int number)
{
	char path[PATH_SIZE];
	int fd;

	if (snprintf(path, sizeof(path), "%s/log%u", directory, number) >=
	    (int)sizeof(path))
		fail("%s: too long", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
		  0600);
	if (fd < 0)
		fail_errno(path);
	return fd;
}

static void append(int file, const void *data, size_t len)
{
	write_all(file, data, len);
	if (fdatasync(file) < 0)
		fail_errno("fdatasync");
}

/* Until its parent ends. */
_Noreturn static void store(int socket, int file)
{
	static char data[DATAGRAM_SIZE];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		ssize_t n = recv(socket, data, sizeof(data), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail_errno("recv");
		append(file, data, (size_t)n);
		if (send(socket, "", 1, 0) < 0)
			fail_errno("send");
	}
}

/* Returns our end of the conversation. */
static int start_process(const char *directory, unsigned int number,
			 pid_t *ret_child)
{
	uint16_t our_port;
	uint16_t its_port;
	int ours = bind_udp(&our_port);
	int its = bind_udp(&its_port);
	int file = open_log(directory, number);
	pid_t child;

	connect_udp(ours, its_port);
	connect_udp(its, our_port);
	child = fork();
	if (child < 0)
		fail_errno("fork");
	if (child == 0) {
		(void)close(ours);
		store(its, file);
	}
	(void)close(its);
	(void)close(file);
	*ret_child = child;
	return ours;
}

void storage_start(struct storage *s, const char *directory)
{
	rng_seed(&s->rng, 1);
	if (s->local) {
		s->file = open_log(directory, 0);
		return;
	}
	for (unsigned int i = 0; i < STORAGES; i++)
		s->sockets[i] = start_process(directory, i + 1,
					      &s->processes[i]);
	s->count = STORAGES;
}

void storage_end(struct storage *s)
{
	for (size_t i = 0; i < s->count; i++) {
		(void)kill(s->processes[i], SIGKILL);
		(void)waitpid(s->processes[i], NULL, 0);
	}
}

void storage_commit(struct storage *s, const struct buf *batch)
{
	char answer;
	int fd;

	if (s->local) {
		append(s->file, batch->data, batch->len);
		return;
	}

	fd = s->sockets[rng_below(&s->rng, s->count)];
	if (send(fd, batch->data, batch->len, 0) < 0)
		fail_errno("send");
	while (recv(fd, &answer, sizeof(answer), 0) < 0) {
		if (errno != EINTR)
			fail_errno("recv");
	}
}
