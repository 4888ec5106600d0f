/* SPDX-License-Identifier: MIT */
/*
 * What the service manager is told: ready when the ledger is open, or after
 * start_wait with the backend that is waited for; and a status line, at most
 * once a second and only while something changes.
 */
#ifndef MAIN_STATUS_H
#define MAIN_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "main/info.h"
#include "sys/loop.h"
#include "util/cleanup.h"

struct status {
	void (*gather)(void *ctx, struct info *ret);
	void *ctx;
	struct loop_timer *line_timer;
	struct loop_timer *start_timer;
	int64_t told;	    /* when the line was told last */
	uint64_t transfers; /* by then */
	uint64_t rate;	    /* a second, until then */
	int64_t started;
	bool pending; /* the line is due to be told */
	bool ready;   /* told so */
	bool open;    /* logged so */
};

int status_init(struct status *s, struct loop *loop, int64_t start_wait,
		void (*gather)(void *ctx, struct info *ret),
		void *ctx) _must_check_;
void status_set_start_wait(struct status *s, int64_t start_wait);
/* Something that the line shows has changed. */
void status_touch(struct status *s, int64_t now);
/* The ledger has opened or closed. */
void status_state_changed(struct status *s);

#endif
