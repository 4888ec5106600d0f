# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_check
TESTS += tests/unit/test_check
tests_unit_test_check_SOURCES = \
	tests/unit/unit.h \
	tests/unit/test_check.c \
	tests/unit/test_check_kit.c tests/unit/test_check_kit.h \
	tests/unit/test_check_faults.c \
	tests/unit/test_check_flips.c \
	tests/unit/test_check_cut.c \
	tests/unit/test_check_refill.c \
	tests/unit/test_check_whole.c \
	tests/unit/test_check_options.c \
	tests/unit/test_words.c tests/unit/test_words.h \
	tests/unit/test_store_disk.c tests/unit/test_store_disk.h
tests_unit_test_check_LDADD = $(CHECK_PROGRAM_LIBS) $(SODIUM_LIBS) $(UTF8PROC_LIBS) \
	$(CHECK_LIBS)
