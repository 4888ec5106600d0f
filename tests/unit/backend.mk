# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_backend
TESTS += tests/unit/test_backend
tests_unit_test_backend_SOURCES = \
	tests/unit/unit.h \
	tests/unit/test_backend.c \
	tests/unit/test_backend_bench.c \
	tests/unit/test_backend_bench.h \
	tests/unit/test_backend_fake.c \
	tests/unit/test_backend_fake.h \
	tests/unit/test_backend_collector.c \
	tests/unit/test_backend_responder.c \
	tests/unit/test_backend_append.c \
	tests/unit/test_backend_refill.c \
	tests/unit/test_backend_fetch.c \
	tests/unit/test_backend_stats.c \
	tests/unit/test_backend_forged.c \
	tests/unit/test_backend_options.c \
	tests/unit/test_words.c tests/unit/test_words.h \
	tests/unit/test_backend_setup.c \
	tests/unit/test_backend_dropped.c \
	tests/unit/test_backend_loading.c \
	tests/unit/test_backend_server.c
tests_unit_test_backend_LDADD = $(BACKEND_LIBS) $(DAEMON_LIBS) $(CHECK_LIBS)
