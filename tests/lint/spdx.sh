#!/bin/bash
# SPDX-License-Identifier: MIT
# Every file that somebody wrote names its licence in the first five lines.
# Not the data, the files for readers of plain text, and the macros of others.
. "$(dirname "$0")/lib.sh"

written_files() {
	find configure.ac Makefile.am bootstrap .ci .clang-format build-aux/demo \
		src etc systemd man tests -type f \
		! -path 'tests/data/*' ! -path '*/__pycache__/*' \
		! -name README ! -name '*.md' \
		! -name '*.o' ! -name '*.a' ! -name '*.log' ! -name '*.trs' \
		! -name '*.Po' ! -name .dirstamp ! -perm -u+x
	shell_files
	find src tests -name '*.py'
}

while IFS= read -r file; do
	head -n 5 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
		fault "$file:1: no SPDX-License-Identifier"
done < <(written_files | sort -u)
finish
