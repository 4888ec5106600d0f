# SPDX-License-Identifier: MIT
# What README.md, src/DESIGN.md and alichain(7) say is so.
dist_check_SCRIPTS += \
	tests/docs/test-coprocess.py \
	tests/docs/test-design.py \
	tests/docs/test-journal.py \
	tests/docs/test-manual.py \
	tests/docs/test-readme.py \
	tests/docs/test-tutorial.py
EXTRA_DIST += \
	tests/docs/pages.py \
	tests/docs/session.py
