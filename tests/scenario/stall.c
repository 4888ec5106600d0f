/* SPDX-License-Identifier: MIT */
/*
 * A disk that stalls, for test-stall.py: loaded before the C library, it has
 * fsync() and fdatasync() wait as long as there is a file $STALL.
 */
#include "config.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void stall(void)
{
	static const struct timespec pause = { 0, 10 * 1000 * 1000 };
	const char *path = getenv("STALL");

	while (path && access(path, F_OK) == 0)
		(void)nanosleep(&pause, NULL);
}

int fsync(int fd)
{
	stall();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	stall();
	return (int)syscall(SYS_fdatasync, fd);
}
