# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_store
TESTS += tests/unit/test_store
tests_unit_test_store_SOURCES = \
	tests/unit/unit.h \
	tests/unit/test_store.c \
	tests/unit/test_store_disk.c tests/unit/test_store_disk.h \
	tests/unit/test_store_tools.c tests/unit/test_store_tools.h \
	tests/unit/test_store_history.c tests/unit/test_store_history.h \
	tests/unit/test_store_scan.c \
	tests/unit/test_store_judge.c \
	tests/unit/test_store_tail.c \
	tests/unit/test_store_names.c \
	tests/unit/test_store_index.c \
	tests/unit/test_store_query.c \
	tests/unit/test_store_promise.c \
	tests/unit/test_store_blockfile.c \
	tests/unit/test_store_load.c \
	tests/unit/test_store_torn.c \
	tests/unit/test_store_whole.c \
	tests/unit/test_store_batch.c \
	tests/unit/test_store_textstore.c \
	tests/unit/test_store_crash.c \
	tests/unit/test_store_refill.c \
	tests/unit/test_store_refill_torn.c \
	tests/unit/test_store_refill_crash.c \
	tests/unit/test_store_empty.c \
	tests/unit/test_store_model.c
tests_unit_test_store_LDADD = $(STORE_LIBS) $(SODIUM_LIBS) $(CHECK_LIBS)
