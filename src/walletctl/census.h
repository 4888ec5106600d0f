/* SPDX-License-Identifier: MIT */
/*
 * All users and what they have, as of one serial: the present one, or an earlier
 * one.
 */
#ifndef WALLETCTL_CENSUS_H
#define WALLETCTL_CENSUS_H

#include "util/buf.h"
#include "util/map.h"
#include "walletctl/context.h"

/* For census_take(): as of the last serial. */
#define CENSUS_NOW (-1)

struct census_user {
	size_t name; /* where it stands */
	uint8_t len;
	bool member; /* of the network by then */
	int64_t balance;
	int64_t serial; /* as of which the balance is, while it is taken */
};

struct census {
	struct context *ctx;
	int64_t serial; /* as of which all is */
	struct buf names;
	struct buf users; /* struct census_user, in the order in which they joined */
	struct map map;	  /* names to places in users */
};

/*
 * Ask for all.  Of the ways to a serial of the past it takes the one that is the
 * least work.  Failures are told; done or not, census_done() frees it.
 */
enum status census_take(struct context *ctx, int64_t serial,
			struct census *ret);
void census_done(struct census *c);

/* How many there are, those who are no members by then among them. */
size_t census_count(const struct census *c);
struct census_user *census_at(const struct census *c, size_t i);
struct slice census_name(const struct census *c, const struct census_user *u);

#endif
