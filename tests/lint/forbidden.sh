#!/bin/bash
# SPDX-License-Identifier: MIT
# Functions with a better one in their place, // comments, and the inside of an
# amount anywhere but in amount.c and amount.h.
. "$(dirname "$0")/lib.sh"

unbounded='strcpy|stpcpy|strcat|strncat|strncpy|sprintf|vsprintf|gets|alloca'
unchecked='atoi|atol|atoll|atof|strtok|scanf|fscanf|sscanf'
unwanted='system|popen|rand|srand|random|srandom|tmpnam|tempnam|mktemp'
call="($unbounded|$unchecked|$unwanted)[[:space:]]*\\("
inside='(\.|->)[[:space:]]*v([^A-Za-z0-9_]|$)'

mapfile -t files < <(c_files src tests)
[ "${#files[@]}" -gt 0 ] || exit 99
code=$(c_code "${files[@]}")

# A member of that name is somebody else's function.
fault_lines < <(grep -E "(:|[^A-Za-z0-9_.>])$call" <<< "$code" |
	sed 's/$/   <- forbidden function/')
fault_lines < <(grep -F '//' <<< "$code" | sed 's/$/   <- comment/')
fault_lines < <(grep -E "$inside" <<< "$code" |
	grep -vE '^(src/ledger/amount\.[ch]|tests/unit/test_ledger_amount\.c):' |
	sed 's/$/   <- inside of an amount/')
finish
