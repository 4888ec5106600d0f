/* SPDX-License-Identifier: MIT */
/*
 * The tests of src/ledger.
 */
#include "config.h"

#include "unit.h"

UNIT_SUITE(test_ledger_amount);
UNIT_SUITE(test_ledger_chain);
UNIT_SUITE(test_ledger_idfilter);
UNIT_SUITE(test_ledger_ledger);
UNIT_SUITE(test_ledger_name);
UNIT_SUITE(test_ledger_newtext);
UNIT_SUITE(test_ledger_record);
UNIT_SUITE(test_ledger_users);
UNIT_SUITE(test_ledger_wallets);
UNIT_SUITE(test_ledger_whole);

UNIT_MAIN(test_ledger_amount, test_ledger_chain, test_ledger_idfilter,
	  test_ledger_ledger, test_ledger_name, test_ledger_newtext,
	  test_ledger_record, test_ledger_users, test_ledger_wallets, test_ledger_whole)
