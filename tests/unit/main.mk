# SPDX-License-Identifier: MIT
# What lies around the engine; a fake one stands in for it, before the library.
check_PROGRAMS += tests/unit/test_main_session
TESTS += tests/unit/test_main_session
tests_unit_test_main_session_SOURCES = \
	tests/unit/unit.h \
	tests/unit/fake_engine.c tests/unit/fake_engine.h \
	tests/unit/test_main_session.h \
	tests/unit/test_main_desk.c \
	tests/unit/test_main_feed.c \
	tests/unit/test_main_front.c \
	tests/unit/test_main_commands.c \
	tests/unit/test_main_info.c \
	tests/unit/test_main_multi.c \
	tests/unit/test_main_recent.c \
	tests/unit/test_main_roster.c \
	tests/unit/test_main_server.c \
	tests/unit/test_main_session.c \
	tests/unit/test_main_snapshot.c \
	tests/unit/test_main_statement.c
tests_unit_test_main_session_LDADD = $(MAIN_LIBS) $(DAEMON_LIBS) $(CHECK_LIBS)
