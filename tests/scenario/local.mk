# SPDX-License-Identifier: MIT
# Scripts that start the real programs: add them to dist_check_SCRIPTS, what
# they import or read to EXTRA_DIST.
dist_check_SCRIPTS += \
	tests/scenario/test-activation.py \
	tests/scenario/test-bad-tcp.py \
	tests/scenario/test-bad-udp.py \
	tests/scenario/test-check.py \
	tests/scenario/test-checkpoint.py \
	tests/scenario/test-classic.py \
	tests/scenario/test-completion.py \
	tests/scenario/test-copies.py \
	tests/scenario/test-disk-full.py \
	tests/scenario/test-doing.py \
	tests/scenario/test-faults.py \
	tests/scenario/test-forms.py \
	tests/scenario/test-ids.py \
	tests/scenario/test-inout.py \
	tests/scenario/test-join.py \
	tests/scenario/test-kill-loop.py \
	tests/scenario/test-limits.py \
	tests/scenario/test-looking.py \
	tests/scenario/test-lossy.py \
	tests/scenario/test-multi.py \
	tests/scenario/test-operations.py \
	tests/scenario/test-redis.py \
	tests/scenario/test-refusals.py \
	tests/scenario/test-stall.py \
	tests/scenario/test-status.py \
	tests/scenario/test-unavailable.py \
	tests/scenario/test-uniform.py \
	tests/scenario/test-verify.py \
	tests/scenario/test-watch.py
EXTRA_DIST += \
	tests/scenario/books.py \
	tests/scenario/datagram.py \
	tests/scenario/disk.py \
	tests/scenario/harness.py \
	tests/scenario/load.py \
	tests/scenario/manager.py \
	tests/scenario/oracle.py \
	tests/scenario/relay.py \
	tests/scenario/resp.py

# Run by test-redis.py.
check_PROGRAMS += tests/scenario/pipeline
tests_scenario_pipeline_SOURCES = tests/scenario/pipeline.c
tests_scenario_pipeline_LDADD = $(HIREDIS_LIBS)

# Loaded by test-stall.py into daemons, which bring the sanitizers themselves.
check_PROGRAMS += tests/scenario/stall.so
tests_scenario_stall_so_SOURCES = tests/scenario/stall.c
tests_scenario_stall_so_CFLAGS = $(STD_CFLAGS) $(WARN_CFLAGS) -fPIC
tests_scenario_stall_so_LDFLAGS = -shared
