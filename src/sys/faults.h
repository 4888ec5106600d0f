/* SPDX-License-Identifier: MIT */
/*
 * The mistakes found in a file, so that one run reports them all, in the order
 * of their lines whoever found them.
 */
#ifndef SYS_FAULTS_H
#define SYS_FAULTS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/cleanup.h"

/* More than anybody reads; beyond it they are only counted. */
#define FAULTS_MAX 100

struct fault;

/* Starts as { 0 }; faults_done() frees it. */
struct faults {
	struct fault *fault;
	size_t count;
	size_t untold;
	bool out_of_memory;
};

void faults_add(struct faults *f, unsigned int line, const char *format, ...)
	_printf_(3, 4);
void faults_addv(struct faults *f, unsigned int line, const char *format,
		 va_list args) _printf_(3, 0);

/*
 * Append "@file:line: message" and a newline for each to @out.  0 if there is
 * none, -EBADMSG if there are some, -ENOMEM.
 */
int faults_report(struct faults *f, const char *file,
		  struct buf *out) _must_check_;
void faults_done(struct faults *f);

#endif
