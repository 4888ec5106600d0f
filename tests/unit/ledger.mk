# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_ledger
TESTS += tests/unit/test_ledger
tests_unit_test_ledger_SOURCES = \
	tests/unit/unit.h \
	tests/unit/test_ledger.c \
	tests/unit/test_ledger_amount.c \
	tests/unit/test_ledger_name.c \
	tests/unit/test_ledger_newtext.c \
	tests/unit/test_ledger_record.c \
	tests/unit/test_ledger_chain.c \
	tests/unit/test_ledger_users.c \
	tests/unit/test_ledger_wallets.c \
	tests/unit/test_ledger_ledger.c \
	tests/unit/test_ledger_whole.c \
	tests/unit/test_ledger_idfilter.c
tests_unit_test_ledger_LDADD = $(LEDGER_LIBS) $(SODIUM_LIBS) $(UTF8PROC_LIBS) \
	$(CHECK_LIBS)
