# SPDX-License-Identifier: MIT
dist_check_SCRIPTS += \
	tests/lint/columns.sh \
	tests/lint/dist.sh \
	tests/lint/forbidden.sh \
	tests/lint/functions.sh \
	tests/lint/help.sh \
	tests/lint/includes.sh \
	tests/lint/manpages.sh \
	tests/lint/python.sh \
	tests/lint/shell.sh \
	tests/lint/spdx.sh \
	tests/lint/toplevel.sh \
	tests/lint/units.sh
EXTRA_DIST += \
	tests/lint/lib.sh \
	tests/lint/long-functions
