/* SPDX-License-Identifier: MIT */
/*
 * What the service manager is told (sd_notify(3)); nothing when there is none.
 */
#ifndef SYS_NOTIFY_H
#define SYS_NOTIFY_H

#include "util/cleanup.h"

/* STATUS= one line. */
void notify_status(const char *format, ...) _printf_(1, 2);
/* READY=1; again after a reload. */
void notify_ready(void);
/* RELOADING=1 with MONOTONIC_USEC=, in one message. */
void notify_reloading(void);
void notify_stopping(void);
/* EXTEND_TIMEOUT_USEC= while a long start goes on. */
void notify_extend(unsigned seconds);

#endif
