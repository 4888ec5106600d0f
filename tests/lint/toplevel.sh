#!/bin/bash
# SPDX-License-Identifier: MIT
# The top of the tree stays small.
. "$(dirname "$0")/lib.sh"

need_checkout
allowed='configure.ac Makefile.am README.md src etc systemd data tests man
bootstrap COPYING build-aux m4'

while IFS= read -r name; do
	case $name in .*) continue ;; esac
	grep -qwF -- "$name" <<< "$allowed" || fault "$name: not a name for the top"
done < <(git ls-files -co --exclude-standard | cut -d / -f 1 | sort -u)
finish
