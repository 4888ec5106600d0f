# SPDX-License-Identifier: MIT
# A fuzzer is tests/fuzz/fuzz_NAME.c with LLVMFuzzerTestOneInput().  Configured
# with --enable-fuzzing it is a libFuzzer program, and `make fuzz` runs it;
# without, driver.c gives it a main() that tries the seeds of
# tests/data/fuzz/NAME, cut and bent, and `make check` runs it.  A dictionary is
# NAME.dict.  tests/README says how to find what was found again.

FUZZERS = \
	tests/fuzz/fuzz_resp \
	tests/fuzz/fuzz_frame \
	tests/fuzz/fuzz_block \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_responder \
	tests/fuzz/fuzz_engine

tests_fuzz_fuzz_resp_SOURCES = tests/fuzz/fuzz_resp.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_resp_LDADD = $(WIRE_LIBS) $(SODIUM_LIBS)
tests_fuzz_fuzz_resp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_frame_LDADD = $(WIRE_LIBS) $(SODIUM_LIBS)
tests_fuzz_fuzz_frame_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

tests_fuzz_fuzz_block_SOURCES = \
	tests/fuzz/fuzz_block.c \
	tests/fuzz/answers.c tests/fuzz/answers.h \
	tests/fuzz/appends.c tests/fuzz/appends.h \
	tests/fuzz/host.c tests/fuzz/host.h \
	tests/fuzz/reading.c tests/fuzz/reading.h \
	tests/sim/disk.c tests/sim/disk.h \
	$(FUZZ_SOURCES)
tests_fuzz_fuzz_block_LDADD = $(CHECK_PROGRAM_LIBS) $(SODIUM_LIBS) $(UTF8PROC_LIBS)
tests_fuzz_fuzz_block_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_config_LDADD = $(SYS_LIBS) $(DAEMON_LIBS)
tests_fuzz_fuzz_config_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

tests_fuzz_fuzz_responder_SOURCES = \
	tests/fuzz/fuzz_responder.c \
	tests/fuzz/world.c tests/fuzz/world.h \
	tests/fuzz/witness.c tests/fuzz/witness.h \
	tests/fuzz/reading.c tests/fuzz/reading.h \
	tests/sim/disk.c tests/sim/disk.h \
	$(FUZZ_SOURCES)
tests_fuzz_fuzz_responder_LDADD = $(BACKEND_LIBS) $(SODIUM_LIBS)
tests_fuzz_fuzz_responder_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

tests_fuzz_fuzz_engine_SOURCES = \
	tests/fuzz/fuzz_engine.c \
	tests/fuzz/cluster.c tests/fuzz/cluster.h \
	tests/sim/disk.c tests/sim/disk.h \
	$(FUZZ_SOURCES)
tests_fuzz_fuzz_engine_LDADD = src/main/libmain.a $(BACKEND_LIBS) $(DAEMON_LIBS)
tests_fuzz_fuzz_engine_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

check_PROGRAMS += $(FUZZERS)
EXTRA_DIST += \
	tests/data/fuzz \
	tests/fuzz/block.dict \
	tests/fuzz/config.dict \
	tests/fuzz/driver.c \
	tests/fuzz/resp.dict \
	tests/fuzz/run.sh \
	tests/fuzz/seeds.py

if ENABLE_FUZZING
FUZZ_SOURCES = tests/fuzz/fuzz.h

# Each for FUZZ_SECONDS, one after the other.
fuzz: $(FUZZERS)
	@top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		$(BASH_SHELL) $(srcdir)/tests/fuzz/run.sh $(FUZZERS)
else
FUZZ_SOURCES = tests/fuzz/fuzz.h tests/fuzz/driver.c
TESTS += $(FUZZERS)

fuzz:
	@echo "make fuzz wants a build of its own: configure it with" \
		"--enable-fuzzing --enable-sanitizers CC=clang" >&2
	@exit 1
endif
.PHONY: fuzz
