# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_main
TESTS += tests/unit/test_main
tests_unit_test_main_SOURCES = \
	tests/unit/unit.h \
	tests/unit/test_main.c \
	tests/unit/test_main_engine.c \
	tests/unit/test_main_link.c \
	tests/unit/test_main_commit.c \
	tests/unit/test_main_recovery.c \
	tests/unit/test_main_stream.c \
	tests/unit/test_main_query.c \
	tests/unit/test_main_ids.c \
	tests/unit/test_main_checkpoint.c \
	tests/unit/test_main_statement.c \
	tests/unit/test_main_commands.c \
	tests/unit/test_main_session.c \
	tests/unit/test_main_server.c \
	tests/unit/test_main_info.c
tests_unit_test_main_LDADD = $(MAIN_LIBS) $(DAEMON_LIBS) $(CHECK_LIBS)
