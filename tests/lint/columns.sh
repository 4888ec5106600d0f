#!/bin/bash
# SPDX-License-Identifier: MIT
# No line has more than 100 columns, with tabs of eight.
. "$(dirname "$0")/lib.sh"

limit=100

wide_lines() {
	expand "$1" | awk -v file="$1" -v limit="$limit" '
	length($0) > limit { print file ":" NR ": " length($0) " columns" }'
}

files=$(c_files src tests; shell_files; find tests -name '*.py' | sort)
[ -n "$files" ] || exit 99
while IFS= read -r file; do
	fault_lines < <(wide_lines "$file")
done <<< "$files"
finish
