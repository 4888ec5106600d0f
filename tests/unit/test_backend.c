/* SPDX-License-Identifier: MIT */
/*
 * The tests of src/backend.
 */
#include "config.h"

#include "unit.h"

UNIT_SUITE(test_backend_collector);
UNIT_SUITE(test_backend_responder);
UNIT_SUITE(test_backend_append);
UNIT_SUITE(test_backend_refill);
UNIT_SUITE(test_backend_fetch);
UNIT_SUITE(test_backend_stats);
UNIT_SUITE(test_backend_forged);
UNIT_SUITE(test_backend_options);
UNIT_SUITE(test_backend_setup);
UNIT_SUITE(test_backend_dropped);
UNIT_SUITE(test_backend_loading);
UNIT_SUITE(test_backend_server);

UNIT_MAIN(test_backend_collector, test_backend_responder, test_backend_append,
	  test_backend_refill, test_backend_fetch, test_backend_stats,
	  test_backend_forged, test_backend_options, test_backend_setup,
	  test_backend_dropped, test_backend_loading, test_backend_server)
