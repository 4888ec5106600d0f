# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_generator
TESTS += tests/unit/test_generator
tests_unit_test_generator_SOURCES = \
	tests/unit/unit.h \
	tests/unit/test_generator.c \
	tests/unit/test_sys_scratch.c tests/unit/test_sys_scratch.h
tests_unit_test_generator_LDADD = $(GENERATOR_LIBS) $(DAEMON_LIBS) $(CHECK_LIBS)
