/* SPDX-License-Identifier: MIT */
/*
 * The tests of src/check.
 */
#include "config.h"

#include "unit.h"

UNIT_SUITE(test_check_faults);
UNIT_SUITE(test_check_flips);
UNIT_SUITE(test_check_cut);
UNIT_SUITE(test_check_refill);
UNIT_SUITE(test_check_whole);
UNIT_SUITE(test_check_options);
UNIT_MAIN(test_check_faults, test_check_flips, test_check_cut,
	  test_check_refill, test_check_whole, test_check_options)
