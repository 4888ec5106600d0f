#!/bin/bash
# SPDX-License-Identifier: MIT
# Run the fuzzers given as arguments, each for FUZZ_SECONDS (60), one after the
# other, from the seeds in tests/data/fuzz.  What they find on the way goes to
# FUZZ_CORPUS/NAME if that is set, else it is dropped; inputs that fail stay in
# the build directory and are named.
set -uo pipefail
seconds=${FUZZ_SECONDS:-60}
sources=${top_srcdir:?}/tests
build=${top_builddir:?}
failed=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# What is kept of a run in its last lines: executions, coverage, features.
sum_up() {
	sed -nE 's/^#([0-9]+)[[:space:]]+DONE +cov: ([0-9]+) .*/\1 runs, \2 edges/p' "$1"
}

fuzz() {
	local program=$1 name=${1##*/fuzz_} log=$scratch/log
	local corpus=${FUZZ_CORPUS:-$scratch/corpus}/$name
	local options=(-max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048
		-artifact_prefix="$build/tests/fuzz/$name-")

	mkdir -p "$corpus" || return 1
	[ ! -e "$sources/fuzz/$name.dict" ] ||
		options+=(-dict="$sources/fuzz/$name.dict")

	if "$build/$program" "${options[@]}" "$corpus" \
		"$sources/data/fuzz/$name" > "$log" 2>&1 < /dev/null; then
		echo "$name: $seconds seconds, $(sum_up "$log")"
		return
	fi
	tail -n 60 "$log"
	echo "$name: FAILED$(sed -n 's/.*Test unit written to /, the input is /p' "$log")"
	return 1
}

for program; do
	fuzz "$program" || failed=1
done
exit "$failed"
