# SPDX-License-Identifier: MIT
# Our libraries of each program, from the top down, and what they stand on.
# The unit tests link the same lists.

GROUND_LIBS = src/util/libutil.a
WIRE_LIBS = src/wire/libwire.a $(GROUND_LIBS)
LEDGER_LIBS = src/ledger/libledger.a $(GROUND_LIBS)
STORE_LIBS = src/store/libstore.a $(LEDGER_LIBS)
SYS_LIBS = src/sys/libsys.a $(GROUND_LIBS)
BACKEND_LIBS = src/backend/libbackend.a src/sys/libsys.a src/wire/libwire.a \
	src/store/libstore.a src/ledger/libledger.a src/util/libutil.a
MAIN_LIBS = src/main/libmain.a src/sys/libsys.a src/wire/libwire.a \
	src/ledger/libledger.a src/util/libutil.a
CHECK_PROGRAM_LIBS = src/check/libchaincheck.a src/sys/libsys.a \
	src/store/libstore.a src/ledger/libledger.a src/util/libutil.a
GENERATOR_LIBS = src/generator/libgenerator.a $(SYS_LIBS)
WALLETCTL_LIBS = src/walletctl/libwalletctl.a src/sys/libsys.a \
	src/wire/libwire.a src/ledger/libledger.a src/util/libutil.a

DAEMON_LIBS = $(CONFUSE_LIBS) $(SYSTEMD_LIBS) $(SODIUM_LIBS) $(UTF8PROC_LIBS)
CLIENT_LIBS = $(HIREDIS_LIBS) $(SMARTCOLS_LIBS) $(DAEMON_LIBS)

EXTRA_DIST += src/DESIGN.md

include $(srcdir)/src/util/local.mk
include $(srcdir)/src/ledger/local.mk
include $(srcdir)/src/wire/local.mk
include $(srcdir)/src/store/local.mk
include $(srcdir)/src/sys/local.mk
include $(srcdir)/src/backend/local.mk
include $(srcdir)/src/main/local.mk
include $(srcdir)/src/walletctl/local.mk
include $(srcdir)/src/check/local.mk
include $(srcdir)/src/generator/local.mk
