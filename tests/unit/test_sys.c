/* SPDX-License-Identifier: MIT */
/*
 * The tests of src/sys.
 */
#include "config.h"

#include "unit.h"

UNIT_SUITE(test_sys_address);
UNIT_SUITE(test_sys_cmdline);
UNIT_SUITE(test_sys_ini);
UNIT_SUITE(test_sys_main_config);
UNIT_SUITE(test_sys_backend_config);
UNIT_SUITE(test_sys_manual);
UNIT_SUITE(test_sys_keyfile);
UNIT_SUITE(test_sys_log);
UNIT_SUITE(test_sys_notify);
UNIT_SUITE(test_sys_sockets);
UNIT_SUITE(test_sys_loop);
UNIT_SUITE(test_sys_worker);

UNIT_MAIN(test_sys_address, test_sys_cmdline, test_sys_ini,
	  test_sys_main_config, test_sys_backend_config, test_sys_manual,
	  test_sys_keyfile, test_sys_log, test_sys_notify, test_sys_sockets,
	  test_sys_loop, test_sys_worker)
