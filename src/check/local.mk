# SPDX-License-Identifier: MIT
noinst_LIBRARIES += src/check/libchaincheck.a
src_check_libchaincheck_a_SOURCES = \
	src/check/book.c src/check/book.h \
	src/check/check.c src/check/check.h src/check/check_internal.h \
	src/check/cut.c src/check/cut.h \
	src/check/history.c src/check/history.h \
	src/check/options.c src/check/options.h \
	src/check/reader.c src/check/reader.h

bin_PROGRAMS += src/check/chain-check
src_check_chain_check_SOURCES = src/check/main.c
src_check_chain_check_LDADD = $(CHECK_PROGRAM_LIBS) $(SODIUM_LIBS) $(UTF8PROC_LIBS)
