# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_util
TESTS += tests/unit/test_util
tests_unit_test_util_SOURCES = \
	tests/unit/unit.h \
	tests/unit/test_util.c \
	tests/unit/test_util_buf.c \
	tests/unit/test_util_cursor.c \
	tests/unit/test_util_fileops.c \
	tests/unit/test_util_map.c \
	tests/unit/test_util_parse.c \
	tests/unit/test_util_timestamp.c \
	tests/unit/test_util_percent.c \
	tests/unit/test_util_random.c \
	tests/unit/test_util_list.c \
	tests/unit/test_util_slice.c
tests_unit_test_util_LDADD = $(GROUND_LIBS) $(SODIUM_LIBS) $(CHECK_LIBS)
