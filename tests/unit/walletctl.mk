# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_walletctl
TESTS += tests/unit/test_walletctl
tests_unit_test_walletctl_SOURCES = \
	tests/unit/unit.h \
	tests/unit/test_walletctl.c \
	tests/unit/test_walletctl_kit.c \
	tests/unit/test_walletctl_kit.h \
	tests/unit/test_walletctl_options.c \
	tests/unit/test_walletctl_commands.c \
	tests/unit/test_walletctl_output.c \
	tests/unit/test_walletctl_answer.c \
	tests/unit/test_walletctl_order.c \
	tests/unit/test_walletctl_group.c \
	tests/unit/test_walletctl_opstore.c \
	tests/unit/test_walletctl_orderlog.c \
	tests/unit/test_walletctl_client.c \
	tests/unit/test_walletctl_queries.c \
	tests/unit/test_walletctl_moment.c \
	tests/unit/test_walletctl_looking.c \
	tests/unit/test_walletctl_plot.c \
	tests/unit/test_walletctl_orders.c \
	tests/unit/test_walletctl_doing.c \
	tests/unit/test_walletctl_script.c \
	tests/unit/test_walletctl_classic.c \
	tests/unit/test_walletctl_verify.c \
	tests/unit/test_walletctl_watch.c \
	tests/unit/test_walletctl_health.c \
	tests/unit/test_walletctl_inout.c
tests_unit_test_walletctl_LDADD = $(WALLETCTL_LIBS) $(CLIENT_LIBS) $(CHECK_LIBS)
