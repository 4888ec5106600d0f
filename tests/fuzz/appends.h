/* SPDX-License-Identifier: MIT */
/*
 * A refill and a batch behind a block that was opened, power cuts in between.
 */
#ifndef FUZZ_APPENDS_H
#define FUZZ_APPENDS_H

#include <stdbool.h>
#include <stdint.h>

struct host;

struct appends {
	uint32_t records; /* in each, 1 to APPENDS_RECORDS_MAX */
	bool refill;	  /* one comes before the batch */
	bool skip;	  /* the serial before the batch is elsewhere */
	bool copy;	  /* the records are at home elsewhere */
	bool cut;	  /* the power goes before each is synced, not behind */
};

#define APPENDS_RECORDS_MAX 4

/* Nothing durable is lost, and what was torn is made whole again. */
void appends_check(struct host *h, const struct appends *how);

#endif
