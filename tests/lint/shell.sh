#!/bin/bash
# SPDX-License-Identifier: MIT
# Nothing that shellcheck would say against a script.
. "$(dirname "$0")/lib.sh"

need shellcheck
mapfile -t scripts < <(shell_files)
[ "${#scripts[@]}" -gt 0 ] || exit 99
fault_lines < <(shellcheck -f gcc -x -P SCRIPTDIR "${scripts[@]}")
finish
