/* SPDX-License-Identifier: MIT */
/*
 * A transaction as a row.
 */
#include "config.h"

#include "walletctl/records.h"

/* Ids and hashes are too wide for tables; "show" shows them. */
const struct column records_columns[RECORD_COLUMNS_MAX] = {
	[RECORD_SERIAL] = { "serial", "Serial" },
	[RECORD_SENDER] = { "sender", "Sender" },
	[RECORD_RECEIVER] = { "receiver", "Receiver" },
	[RECORD_AMOUNT] = { "amount", "Amount" },
	[RECORD_TIME] = { "time", "Time" },
	[RECORD_ID] = { "id", NULL },
	[RECORD_MEMO] = { "memo", "Memo" },
	[RECORD_HASH] = { "hash", NULL },
	[RECORD_BALANCE] = { "balance", "Balance" },
};

void records_values(const struct answer_record *a, struct value *ret)
{
	ret[RECORD_SERIAL] = value_number(a->serial);
	ret[RECORD_SENDER] = value_text(a->sender);
	ret[RECORD_RECEIVER] = value_text(a->receiver);
	ret[RECORD_AMOUNT] = value_amount(a->amount);
	ret[RECORD_TIME] = value_time(a->time);
	ret[RECORD_ID] = value_text(a->id);
	ret[RECORD_MEMO] = value_text(a->memo);
	ret[RECORD_HASH] = value_text(a->hash);
	ret[RECORD_BALANCE] =
		a->has_balance ? value_amount(a->balance) : value_none();
}
