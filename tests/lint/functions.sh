#!/bin/bash
# SPDX-License-Identifier: MIT
# A function has at most 60 lines, or a line in long-functions that says why not.
. "$(dirname "$0")/lib.sh"

limit=60
list=tests/lint/long-functions

# Prints FILE NAME LINES for each function of more than the limit.
long_functions() {
	awk -v limit="$limit" '
	FNR == 1 { inside = 0; head = "" }
	/^{/ { inside = 1; start = FNR; next }
	/^}/ {
		if (inside && FNR - start > limit) {
			sub(/\(.*/, "", head)
			sub(/.*[^A-Za-z0-9_]/, "", head)
			print FILENAME, head, FNR - start
		}
		inside = 0
		head = ""
		next
	}
	!inside && /^[A-Za-z_].*\(/ { head = $0 }' "$@"
}

# A line of the list: FILE NAME reason ...
excused() {
	awk -v file="$1" -v name="$2" '
	$1 == file && $2 == name && NF > 2 { found = 1 }
	END { exit !found }' "$list"
}

mapfile -t files < <(c_files src tests)
[ "${#files[@]}" -gt 0 ] || exit 99
long=$(long_functions "${files[@]}")

while read -r file name lines; do
	[ -z "$file" ] || excused "$file" "$name" ||
		fault "$file: $name has $lines lines, more than $limit"
done <<< "$long"

# An excuse that is not needed any more is a lie.
while read -r file name _; do
	grep -qF "$file $name " <<< "$long" ||
		fault "$list: $file $name is not a long function"
done < <(grep -vE '^(#|$)' "$list")
finish
