/* SPDX-License-Identifier: MIT */
/*
 * Rows that are written one by one, as they come, and are to be seen at once:
 * no row waits for another.  In a table, columns become wider when they have
 * to, and stay so.
 */
#ifndef WALLETCTL_ROLLING_H
#define WALLETCTL_ROLLING_H

#include "walletctl/output.h"

#define ROLLING_COLUMNS_MAX 12

struct rolling {
	FILE *out;
	enum form form;
	const struct column *columns;
	size_t count; /* ROLLING_COLUMNS_MAX at most */
	bool begun;
	size_t width[ROLLING_COLUMNS_MAX];
};

/* Write a row, and all of it out of the process.  0, -EIO or -ENOMEM. */
int rolling_row(struct rolling *r, const struct value *values) _must_check_;

#endif
