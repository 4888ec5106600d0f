/* SPDX-License-Identifier: MIT */
/*
 * The one shape of a transaction in every answer: names and order of its
 * values.  Scripts lean on both; new values go behind.
 */
#ifndef WALLETCTL_RECORDS_H
#define WALLETCTL_RECORDS_H

#include "walletctl/answer.h"
#include "walletctl/output.h"

enum {
	RECORD_SERIAL,
	RECORD_SENDER,
	RECORD_RECEIVER,
	RECORD_AMOUNT,
	RECORD_TIME,
	RECORD_ID,
	RECORD_MEMO,
	RECORD_HASH,
	RECORD_COLUMNS, /* without a balance */
	RECORD_BALANCE = RECORD_COLUMNS,
	RECORD_COLUMNS_MAX
};

extern const struct column records_columns[RECORD_COLUMNS_MAX];

/* The values of @a, all RECORD_COLUMNS_MAX of them. */
void records_values(const struct answer_record *a, struct value *ret);

#endif
