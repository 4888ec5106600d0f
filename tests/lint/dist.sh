#!/bin/bash
# SPDX-License-Identifier: MIT
# Every tracked file is in the tarball.
. "$(dirname "$0")/lib.sh"

need_checkout
need make
[ -f "$build/Makefile" ] || skip "there is no Makefile in $build"

# The files of `make dist`, as make sees them.
distributed() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
		make -s -C "$build" --no-print-directory print-distfiles |
		sed 's|^\./||' | sort -u
}

list=$(distributed)
[ -n "$list" ] || exit 99
while IFS= read -r file; do
	[ -e "$file" ] || continue
	grep -qxF -- "$file" <<< "$list" || fault "$file: not in the tarball"
done < <(git ls-files)
finish
