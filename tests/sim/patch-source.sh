#!/bin/bash
# SPDX-License-Identifier: MIT
# patch-source.sh SOURCE OUT SED...: a copy of SOURCE with deliberate bugs in it,
# each behind its switch.  A script that changes nothing no longer fits: said
# here, and a fault in test-bugs.sh, so that other tests can be run all the same.
set -eu
source=$1
out=$2
shift 2

sed 's/^#include "config\.h"$/&\n#include "bugs.h"/' "$source" > "$out.tmp"
for script; do
	sed -f "$script" "$out.tmp" > "$out.new"
	! cmp -s "$out.tmp" "$out.new" ||
		echo "$script: changes nothing in $source any more" >&2
	mv "$out.new" "$out.tmp"
done
mv "$out.tmp" "$out"
