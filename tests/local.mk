# SPDX-License-Identifier: MIT
# How the tests run; tests/README says how to add one.
# The programs in tests/unit and tests/fuzz speak TAP; scripts give exit codes:
# 0 passed, 77 skipped, 99 cannot run at all.

TEST_EXTENSIONS = .sh .py
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_COMPILER = $(BASH_SHELL)
if HAVE_PYTHON
PY_LOG_COMPILER = $(PYTHON)
else
PY_LOG_COMPILER = $(SHELL) -c 'echo "there is no python3 of 3.9 or later"; exit 77'
endif

AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; top_builddir='$(abs_top_builddir)'; \
	PYTHON='$(PYTHON)'; PYTHONDONTWRITEBYTECODE=1; \
	CK_TAP_LOG_FILE_NAME=-; CK_VERBOSITY=normal; \
	export top_srcdir top_builddir PYTHON PYTHONDONTWRITEBYTECODE \
		CK_TAP_LOG_FILE_NAME CK_VERBOSITY; \
	unset JOURNAL_STREAM NOTIFY_SOCKET LISTEN_FDS LISTEN_PID \
		CREDENTIALS_DIRECTORY WALLETCTL_SERVER;

TESTS += $(dist_check_SCRIPTS)
EXTRA_DIST += tests/README

include $(srcdir)/tests/unit/util.mk
include $(srcdir)/tests/unit/ledger.mk
include $(srcdir)/tests/unit/wire.mk
include $(srcdir)/tests/unit/store.mk
include $(srcdir)/tests/unit/sys.mk
include $(srcdir)/tests/unit/backend.mk
include $(srcdir)/tests/unit/main.mk
include $(srcdir)/tests/unit/engine.mk
include $(srcdir)/tests/unit/walletctl.mk
include $(srcdir)/tests/unit/check.mk
include $(srcdir)/tests/unit/generator.mk
include $(srcdir)/tests/sim/local.mk
include $(srcdir)/tests/fuzz/local.mk
include $(srcdir)/tests/scenario/local.mk
include $(srcdir)/tests/system/local.mk
include $(srcdir)/tests/decoder/local.mk
include $(srcdir)/tests/docs/local.mk
include $(srcdir)/tests/lint/local.mk
include $(srcdir)/tests/bench/local.mk
