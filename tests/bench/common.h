/* SPDX-License-Identifier: MIT */
/*
 * What the programs of the benchmarks share.  They trust who runs them, and
 * end with a sentence at whatever goes wrong.
 */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stdint.h>

#include "util/cleanup.h"

#define NSEC_PER_SEC INT64_C(1000000000)

/* Print "PROGRAM: " and the sentence on standard error, and exit with 1. */
_Noreturn void fail(const char *format, ...) _printf_(1, 2);

/* The same, with the error in errno behind it. */
_Noreturn void fail_errno(const char *what);

/* Nanoseconds of the clock that is not set, CLOCK_MONOTONIC. */
int64_t now_nsec(void);

/* A whole number of the command line from @min to @max, or fail. */
uint64_t option_u64(const char *name, const char *text, uint64_t min,
		    uint64_t max);

/* Seconds with a fraction, in nanoseconds; from a thousandth to a day. */
int64_t option_seconds(const char *name, const char *text);

/* A socket connected to that TCP port of 127.0.0.1, TCP_NODELAY set. */
int connect_tcp(uint64_t port);

/* A listening TCP socket on a free port of 127.0.0.1; *ret_port is the port. */
int listen_tcp(uint16_t *ret_port);

/* A UDP socket bound to a free port of 127.0.0.1; *ret_port is the port. */
int bind_udp(uint16_t *ret_port);

void connect_udp(int fd, uint16_t port);

void set_nonblocking(int fd);

/* All of it, however often write() takes less. */
void write_all(int fd, const void *data, size_t len);

#endif
