/* SPDX-License-Identifier: MIT */
/*
 * The tests of src/wire.
 */
#include "config.h"

#include "unit.h"

UNIT_SUITE(test_wire_frame);
UNIT_SUITE(test_wire_message);
UNIT_SUITE(test_wire_golden);
UNIT_SUITE(test_wire_resp);

UNIT_MAIN(test_wire_frame, test_wire_message, test_wire_golden, test_wire_resp)
