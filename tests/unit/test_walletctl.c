/* SPDX-License-Identifier: MIT */
/*
 * Tests of src/walletctl.
 */
#include "config.h"

#include "unit.h"

UNIT_SUITE(test_walletctl_options);
UNIT_SUITE(test_walletctl_commands);
UNIT_SUITE(test_walletctl_output);
UNIT_SUITE(test_walletctl_answer);
UNIT_SUITE(test_walletctl_order);
UNIT_SUITE(test_walletctl_group);
UNIT_SUITE(test_walletctl_opstore);
UNIT_SUITE(test_walletctl_orderlog);
UNIT_SUITE(test_walletctl_client);
UNIT_SUITE(test_walletctl_queries);
UNIT_SUITE(test_walletctl_moment);
UNIT_SUITE(test_walletctl_looking);
UNIT_SUITE(test_walletctl_plot);
UNIT_SUITE(test_walletctl_orders);
UNIT_SUITE(test_walletctl_doing);
UNIT_SUITE(test_walletctl_script);
UNIT_SUITE(test_walletctl_classic);
UNIT_SUITE(test_walletctl_verify);
UNIT_SUITE(test_walletctl_watch);
UNIT_SUITE(test_walletctl_inout);
UNIT_SUITE(test_walletctl_health);

UNIT_MAIN(test_walletctl_options, test_walletctl_commands,
	  test_walletctl_output, test_walletctl_answer, test_walletctl_order, test_walletctl_group,
	  test_walletctl_opstore, test_walletctl_orderlog,
	  test_walletctl_client, test_walletctl_queries,
	  test_walletctl_moment, test_walletctl_looking, test_walletctl_plot,
	  test_walletctl_orders, test_walletctl_doing,
	  test_walletctl_script, test_walletctl_classic,
	  test_walletctl_verify, test_walletctl_watch, test_walletctl_inout,
	  test_walletctl_health)
