# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_sys
TESTS += tests/unit/test_sys
tests_unit_test_sys_SOURCES = \
	tests/unit/unit.h \
	tests/unit/test_sys.c \
	tests/unit/test_sys_scratch.c tests/unit/test_sys_scratch.h \
	tests/unit/test_words.c tests/unit/test_words.h \
	tests/unit/test_sys_address.c \
	tests/unit/test_sys_cmdline.c \
	tests/unit/test_sys_ini.c \
	tests/unit/test_sys_main_config.c \
	tests/unit/test_sys_backend_config.c \
	tests/unit/test_sys_manual.c \
	tests/unit/test_sys_keyfile.c \
	tests/unit/test_sys_log.c \
	tests/unit/test_sys_notify.c \
	tests/unit/test_sys_sockets.c \
	tests/unit/test_sys_loop.c \
	tests/unit/test_sys_worker.c
tests_unit_test_sys_LDADD = $(SYS_LIBS) $(DAEMON_LIBS) $(CHECK_LIBS)
