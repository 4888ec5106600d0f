/* SPDX-License-Identifier: MIT */
/*
 * Scope cleanup: owned things carry an attribute and free themselves on every
 * return.  Knows nothing of what it frees.
 */
#ifndef UTIL_CLEANUP_H
#define UTIL_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _must_check_ __attribute__((warn_unused_result))
#define _printf_(a, b) __attribute__((format(printf, a, b)))

/* Hand over what @ptr owns: the variable is empty afterwards. */
#define TAKE_PTR(ptr)                                                          \
	({                                                                     \
		__typeof__(ptr) *taken_from_ = &(ptr);                         \
		__typeof__(ptr) taken_ = *taken_from_;                         \
		*taken_from_ = NULL;                                           \
		taken_;                                                        \
	})

/* The same for a descriptor; -EBADF is "none". */
#define TAKE_FD(fd)                                                            \
	({                                                                     \
		int *taken_from_ = &(fd);                                      \
		int taken_ = *taken_from_;                                     \
		*taken_from_ = -EBADF;                                         \
		taken_;                                                        \
	})

/* DEFINE_CLEANUP(struct foo, foo_free) makes foo_freep() for _cleanup_(). */
#define DEFINE_CLEANUP(type, func)                                             \
	static inline void func##p(type **p)                                   \
	{                                                                      \
		if (*p)                                                        \
			func(*p);                                              \
	}                                                                      \
	struct allow_semicolon_

#define ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

#endif
