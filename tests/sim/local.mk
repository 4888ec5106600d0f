# SPDX-License-Identifier: MIT
# A whole cluster in one process; tests/sim/README.
check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = \
	tests/sim/client.c \
	tests/sim/disk.c tests/sim/disk.h \
	tests/sim/oracle.c tests/sim/oracle.h \
	tests/sim/sim.c \
	tests/sim/world.c tests/sim/world.h
tests_sim_sim_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/sim
tests_sim_sim_LDADD = src/main/libmain.a $(BACKEND_LIBS) $(DAEMON_LIBS)
dist_check_SCRIPTS += tests/sim/test-sim.sh
