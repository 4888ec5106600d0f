/* SPDX-License-Identifier: MIT */
/*
 * The tests of the main daemon's engine, between three scripted backends.
 */
#include "config.h"

#include "unit.h"

UNIT_SUITE(test_engine_absent);
UNIT_SUITE(test_engine_checkpoint);
UNIT_SUITE(test_engine_commit);
UNIT_SUITE(test_engine_copies);
UNIT_SUITE(test_engine_forged);
UNIT_SUITE(test_engine_gate);
UNIT_SUITE(test_engine_group);
UNIT_SUITE(test_engine_ids);
UNIT_SUITE(test_engine_join);
UNIT_SUITE(test_engine_link);
UNIT_SUITE(test_engine_parts);
UNIT_SUITE(test_engine_placement);
UNIT_SUITE(test_engine_recorded);
UNIT_SUITE(test_engine_refill);
UNIT_SUITE(test_engine_refusal);
UNIT_SUITE(test_engine_start);
UNIT_SUITE(test_engine_stream);
UNIT_SUITE(test_engine_sums);
UNIT_SUITE(test_engine_survey);
UNIT_SUITE(test_engine_txlist);
UNIT_SUITE(test_engine_users);
UNIT_SUITE(test_engine_verify);
UNIT_SUITE(test_engine_vitals);

UNIT_MAIN(test_engine_parts, test_engine_survey, test_engine_start,
	  test_engine_link, test_engine_join, test_engine_gate,
	  test_engine_commit, test_engine_placement, test_engine_copies,
	  test_engine_recorded, test_engine_refill, test_engine_absent,
	  test_engine_refusal, test_engine_ids, test_engine_group,
	  test_engine_stream,
	  test_engine_sums, test_engine_txlist, test_engine_users,
	  test_engine_verify, test_engine_checkpoint, test_engine_forged,
	  test_engine_vitals)
