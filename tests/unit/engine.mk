# SPDX-License-Identifier: MIT
# The engine of the main daemon, between three scripted backends.
check_PROGRAMS += tests/unit/test_engine
TESTS += tests/unit/test_engine
tests_unit_test_engine_SOURCES = \
	tests/unit/unit.h \
	tests/unit/test_engine.c \
	tests/unit/test_engine_bench.c \
	tests/unit/test_engine_bench.h \
	tests/unit/test_engine_model.c \
	tests/unit/test_engine_absent.c \
	tests/unit/test_engine_checkpoint.c \
	tests/unit/test_engine_commit.c \
	tests/unit/test_engine_copies.c \
	tests/unit/test_engine_forged.c \
	tests/unit/test_engine_gate.c \
	tests/unit/test_engine_group.c \
	tests/unit/test_engine_ids.c \
	tests/unit/test_engine_join.c \
	tests/unit/test_engine_link.c \
	tests/unit/test_engine_parts.c \
	tests/unit/test_engine_placement.c \
	tests/unit/test_engine_recorded.c \
	tests/unit/test_engine_refill.c \
	tests/unit/test_engine_refusal.c \
	tests/unit/test_engine_start.c \
	tests/unit/test_engine_stream.c \
	tests/unit/test_engine_sums.c \
	tests/unit/test_engine_survey.c \
	tests/unit/test_engine_txlist.c \
	tests/unit/test_engine_users.c \
	tests/unit/test_engine_verify.c \
	tests/unit/test_engine_vitals.c
tests_unit_test_engine_LDADD = $(MAIN_LIBS) $(DAEMON_LIBS) $(CHECK_LIBS)
