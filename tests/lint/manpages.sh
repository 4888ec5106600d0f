#!/bin/bash
# SPDX-License-Identifier: MIT
# mandoc has nothing to say against the manual.
. "$(dirname "$0")/lib.sh"

need mandoc
mapfile -t pages < <(find man -name '*.[1-9]' | sort)
[ "${#pages[@]}" -gt 0 ] || exit 99
fault_lines < <(mandoc -T lint -W warning "${pages[@]}" 2>&1)
finish
