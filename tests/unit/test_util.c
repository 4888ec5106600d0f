/* SPDX-License-Identifier: MIT */
/*
 * The tests of src/util.
 */
#include "config.h"

#include "unit.h"

UNIT_SUITE(test_util_buf);
UNIT_SUITE(test_util_cursor);
UNIT_SUITE(test_util_fileops);
UNIT_SUITE(test_util_list);
UNIT_SUITE(test_util_map);
UNIT_SUITE(test_util_parse);
UNIT_SUITE(test_util_percent);
UNIT_SUITE(test_util_random);
UNIT_SUITE(test_util_slice);
UNIT_SUITE(test_util_timestamp);

UNIT_MAIN(test_util_buf, test_util_cursor, test_util_fileops, test_util_list,
	  test_util_map, test_util_parse, test_util_percent, test_util_random,
	  test_util_slice, test_util_timestamp)
