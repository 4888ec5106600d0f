# SPDX-License-Identifier: MIT
# `make bench` measures; tests/bench/README.  make check runs it for a moment,
# to see that it works, and asserts no time.
BENCHES = \
	tests/bench/bare \
	tests/bench/limits \
	tests/bench/load \
	tests/bench/make-history \
	tests/bench/receipts
BENCH_COMMON = \
	tests/bench/common.c tests/bench/common.h \
	tests/bench/histogram.c tests/bench/histogram.h \
	tests/bench/names.c tests/bench/names.h

tests_bench_bare_SOURCES = \
	tests/bench/bare.c tests/bench/bare.h \
	tests/bench/bare_ledger.c \
	tests/bench/bare_storage.c \
	tests/bench/common.c tests/bench/common.h
tests_bench_bare_LDADD = $(GROUND_LIBS) $(SODIUM_LIBS)

tests_bench_limits_SOURCES = tests/bench/limits.c $(BENCH_COMMON)
tests_bench_limits_LDADD = $(GROUND_LIBS)

tests_bench_load_SOURCES = \
	tests/bench/load.c tests/bench/load.h \
	tests/bench/load_account.c \
	tests/bench/load_requests.c \
	tests/bench/load_steps.c \
	tests/bench/receipt.h \
	tests/bench/reply.c tests/bench/reply.h \
	$(BENCH_COMMON)
tests_bench_load_LDADD = $(GROUND_LIBS) $(SODIUM_LIBS)

tests_bench_make_history_SOURCES = tests/bench/make-history.c $(BENCH_COMMON)
tests_bench_make_history_LDADD = $(LEDGER_LIBS) $(SODIUM_LIBS)

tests_bench_receipts_SOURCES = \
	tests/bench/receipts.c tests/bench/receipt.h $(BENCH_COMMON)
tests_bench_receipts_LDADD = $(LEDGER_LIBS) $(SODIUM_LIBS)

if HAVE_SQLITE
BENCHES += tests/bench/sqlite
tests_bench_sqlite_SOURCES = tests/bench/sqlite.c $(BENCH_COMMON)
tests_bench_sqlite_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
tests_bench_sqlite_LDADD = $(GROUND_LIBS) $(SODIUM_LIBS) $(SQLITE_LIBS)
endif

check_PROGRAMS += $(BENCHES)
dist_check_SCRIPTS += tests/bench/test-bench.sh
EXTRA_DIST += \
	tests/bench/README \
	tests/bench/charts/transfers-64-clients-16-deep.svg \
	tests/bench/charts/transfers-64-clients.svg \
	tests/bench/bench.py \
	tests/bench/goals.py \
	tests/bench/peers.py \
	tests/bench/profile_daemons.py \
	tests/bench/report.py \
	tests/bench/works.py

# Tables and charts are left in ./bench.
bench: all $(BENCHES)
	@top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		PYTHONDONTWRITEBYTECODE=1 \
		$(PYTHON) $(srcdir)/tests/bench/bench.py --output bench $(BENCH_FLAGS)
clean-bench:
	-rm -rf bench
.PHONY: bench clean-bench
