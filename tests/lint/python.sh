#!/bin/bash
# SPDX-License-Identifier: MIT
# Every Python file compiles.
. "$(dirname "$0")/lib.sh"

python=${PYTHON:-python3}
[ "$python" != : ] || skip "there is no python3 of 3.9 or later"
need "$python"
need_scratch
export PYTHONPYCACHEPREFIX=$scratch

while IFS= read -r file; do
	"$python" -W error -m py_compile "$file" || fault "$file: does not compile"
done < <(find src tests -name '*.py' | sort)
finish
