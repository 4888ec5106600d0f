/* SPDX-License-Identifier: MIT */
/*
 * The tests of what lies around the engine, with a fake one.
 */
#include "config.h"

#include "unit.h"

UNIT_SUITE(test_main_commands);
UNIT_SUITE(test_main_feed);
UNIT_SUITE(test_main_info);
UNIT_SUITE(test_main_multi);
UNIT_SUITE(test_main_recent);
UNIT_SUITE(test_main_roster);
UNIT_SUITE(test_main_server);
UNIT_SUITE(test_main_session);
UNIT_SUITE(test_main_snapshot);
UNIT_SUITE(test_main_statement);

UNIT_MAIN(test_main_commands, test_main_session, test_main_feed,
	  test_main_multi,
	  test_main_server, test_main_statement, test_main_info,
	  test_main_roster, test_main_snapshot, test_main_recent)
