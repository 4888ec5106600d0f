/* SPDX-License-Identifier: MIT */
/*
 * Messages to the service manager.  All that can go wrong here is that nobody
 * listens, so errors are not reported: no daemon should end of them.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "util/timestamp.h"
#include "sys/notify.h"

#define STATUS_SIZE 512

/* A second line would be a message of its own, such as READY=1. */
static void make_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

void notify_status(const char *format, ...)
{
	char text[STATUS_SIZE];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0)
		return;

	make_one_line(text);
	(void)sd_notifyf(0, "STATUS=%s", text);
}

void notify_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
	struct timespec now;
	int64_t usec;

	/* The manager's own clock, whatever the loop goes by. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	usec = now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;

	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, usec);
}

void notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void notify_extend(unsigned int seconds)
{
	(void)sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRId64,
			 seconds * USEC_PER_SEC);
}
