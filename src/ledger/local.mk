# SPDX-License-Identifier: MIT
noinst_LIBRARIES += src/ledger/libledger.a
src_ledger_libledger_a_SOURCES = \
	src/ledger/amount.c src/ledger/amount.h \
	src/ledger/name.c src/ledger/name.h \
	src/ledger/newtext.c src/ledger/newtext.h \
	src/ledger/record.c src/ledger/record.h \
	src/ledger/chain.c src/ledger/chain.h \
	src/ledger/whole.c src/ledger/whole.h \
	src/ledger/users.c src/ledger/users.h \
	src/ledger/wallets.c src/ledger/wallets.h \
	src/ledger/ledger.c src/ledger/ledger.h \
	src/ledger/idfilter.c src/ledger/idfilter.h
