#!/bin/bash
# SPDX-License-Identifier: MIT
# The benchmarks run, with whatever peers there are, and leave nothing behind.
# No time is asserted.
set -u

python=${PYTHON:-python3}
[ -n "${top_srcdir:-}" ] && [ -n "${top_builddir:-}" ] || exit 99
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
# The user that runs PostgreSQL has to get through.
chmod 711 "$scratch"
mkdir "$scratch/work" && chmod 711 "$scratch/work"

"$python" "$top_srcdir/tests/bench/bench.py" --quick --output "$scratch/out" \
	--scratch "$scratch/work" || exit 1

for file in table.txt results.csv transfers-64-clients.svg; do
	[ -s "$scratch/out/$file" ] || { echo "$file was not written"; exit 1; }
done
grep -q '^"transfers, 64 clients",1/s,alichain,1,' "$scratch/out/results.csv" ||
	grep -q '^"transfers, 64 clients, verified",1/s,alichain,1,' \
		"$scratch/out/results.csv" || { echo "nothing was measured"; exit 1; }
left=$(ls -A "$scratch/work")
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
