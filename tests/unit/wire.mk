# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_wire
TESTS += tests/unit/test_wire
tests_unit_test_wire_SOURCES = \
	tests/unit/unit.h \
	tests/unit/test_wire.c \
	tests/unit/test_wire_frame.c \
	tests/unit/test_wire_message.c \
	tests/unit/test_wire_golden.c \
	tests/unit/test_wire_resp.c \
	tests/unit/test_wire_samples.c \
	tests/unit/test_wire_samples.h
tests_unit_test_wire_LDADD = $(WIRE_LIBS) $(SODIUM_LIBS) $(CHECK_LIBS)
