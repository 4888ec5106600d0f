/* SPDX-License-Identifier: MIT */
/*
 * The tests of src/store.
 */
#include "config.h"

#include "unit.h"

UNIT_SUITE(test_store_scan);
UNIT_SUITE(test_store_judge);
UNIT_SUITE(test_store_tail);
UNIT_SUITE(test_store_names);
UNIT_SUITE(test_store_index);
UNIT_SUITE(test_store_query);
UNIT_SUITE(test_store_promise);
UNIT_SUITE(test_store_blockfile);
UNIT_SUITE(test_store_load);
UNIT_SUITE(test_store_torn);
UNIT_SUITE(test_store_whole);
UNIT_SUITE(test_store_batch);
UNIT_SUITE(test_store_textstore);
UNIT_SUITE(test_store_crash);
UNIT_SUITE(test_store_refill);
UNIT_SUITE(test_store_refill_torn);
UNIT_SUITE(test_store_refill_crash);
UNIT_SUITE(test_store_empty);
UNIT_SUITE(test_store_model);

UNIT_MAIN(test_store_scan, test_store_judge, test_store_tail, test_store_names,
	  test_store_index, test_store_query, test_store_promise,
	  test_store_blockfile, test_store_load, test_store_torn,
	  test_store_whole, test_store_batch, test_store_textstore,
	  test_store_crash, test_store_refill, test_store_refill_torn,
	  test_store_refill_crash, test_store_empty, test_store_model)
