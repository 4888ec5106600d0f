/* SPDX-License-Identifier: MIT */
/*
 * Records in the order of their serials, asked for page by page, and none that
 * nobody wants: not past a serial, nor more than so many.
 */
#ifndef WALLETCTL_WALK_H
#define WALLETCTL_WALK_H

#include "walletctl/answer.h"
#include "walletctl/context.h"

/* Records asked for at once, the most that the main daemon gives. */
#define WALK_PAGE_MAX 10000
/* For walk.last: all that there are when the first page is asked for. */
#define WALK_TO_TIP (-1)

struct walk {
	struct context *ctx;
	const char *user; /* whose history, with balances; NULL: all */
	int64_t from;	  /* the first serial, 1 at least; goes up */
	int64_t last;	  /* no serial past it; is known when records come */
	int64_t left;	  /* records at most; goes down */
	void *arg;
	/* The next record.  A negative errno is the end, and told. */
	int (*record)(void *arg, const struct answer_record *r);
};

/*
 * Run @w to its end.  At least one page is asked for, so that a user who is not
 * there is refused.  Failures are told.
 */
enum status walk_run(struct walk *w);

/* Tell a negative errno, -EBADMSG as the server's; STATUS_DONE for others. */
enum status walk_tell(struct context *ctx, int r);

#endif
