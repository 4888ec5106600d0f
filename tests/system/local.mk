# SPDX-License-Identifier: MIT
# Tests on a booted systemd: make check-system.  They are among those of make
# check too, and are skipped where such a machine cannot be had.
SYSTEM_TESTS = \
	tests/system/test-hardening.py \
	tests/system/test-install.py \
	tests/system/test-journal.py \
	tests/system/test-notify.py \
	tests/system/test-restart.py \
	tests/system/test-sockets.py \
	tests/system/test-verify.py
dist_check_SCRIPTS += $(SYSTEM_TESTS)
EXTRA_DIST += \
	tests/system/busy.py \
	tests/system/machine.py \
	tests/system/probe.py

# It builds the package first, all of it anew.
EXTRA_DIST += tests/system/test-package.py
check-package: all
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS=tests/system/test-package.py

check-system: all
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(SYSTEM_TESTS)'
.PHONY: check-system check-package
