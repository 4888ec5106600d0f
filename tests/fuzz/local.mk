# SPDX-License-Identifier: MIT
# A fuzzer is tests/fuzz/fuzz_NAME.c with LLVMFuzzerTestOneInput().  Configured
# with --enable-fuzzing it is a libFuzzer program, to be run by hand; without,
# driver.c gives it a main() that tries the seeds of tests/data/fuzz/NAME, cut and
# bent, and `make check` runs it.  To add one:
#
#	FUZZERS += tests/fuzz/fuzz_frame
#	tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c $(FUZZ_DRIVER)
#	tests_fuzz_fuzz_frame_LDADD = $(WIRE_LIBS) $(SODIUM_LIBS)
#	tests_fuzz_fuzz_frame_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

FUZZERS =
EXTRA_DIST += tests/fuzz/driver.c

if ENABLE_FUZZING
FUZZ_DRIVER =
else
FUZZ_DRIVER = tests/fuzz/driver.c
TESTS += $(FUZZERS)
endif
check_PROGRAMS += $(FUZZERS)
