#!/bin/bash
# SPDX-License-Identifier: MIT
# The simulation bites: each deliberate bug of the table in README is caught.
# SIM_SLOW=1 takes those along that need many seeds.
set -u
export LC_ALL=C
here=${top_srcdir:?}/tests/sim
sim=${top_builddir:?}/tests/sim/sim-bugs
at_least=100
# Left out are those that take more seeds in the mean.  In 15 times the mean one is
# missed once in three million; where C leaves the order open, compilers draw
# differently.
mean_at_most=300
failed=0

fault() {
	echo "$*"
	failed=1
}

# NAME MEAN of each line of the table.
table() {
	awk '/^bug +what is wrong/ { inside = 1; next }
	inside && NF == 0 { exit }
	inside { print $1, $NF }' "$here/README"
}

# A script names the source it is for in its second line.
check_script() {
	local script=$1 source

	source=$(sed -n '2s/^# \([^:]*\):.*/\1/p' "$script")
	if [ ! -f "$top_srcdir/$source" ]; then
		fault "$script: which source is it for?"
	elif sed -f "$script" "$top_srcdir/$source" |
		cmp -s - "$top_srcdir/$source"; then
		fault "$script: changes nothing in $source any more"
	fi
}

check_bug() {
	local name=$1 limit=$(($2 * 15)) said status

	[ "$limit" -gt "$at_least" ] || limit=$at_least
	if [ "$2" -gt "$mean_at_most" ] && [ -z "${SIM_SLOW:-}" ]; then
		echo "$name: left out, it takes $2 seeds in the mean"
		return
	fi
	said=$("$sim" -b "$name" 1 "$limit" 2>&1)
	status=$?
	case $status in
	0) fault "$name: not caught in $limit seeds" ;;
	1) echo "$name: $(grep -m 1 '^seed' <<< "$said")" ;;
	*) fault "$name: $said" ;;
	esac
}

for script in "$here"/bugs/*.sed; do
	check_script "$script"
done

bugs=$("$sim" --bugs | sort)
[ -n "$bugs" ] || exit 99
[ "$bugs" = "$(table | cut -d ' ' -f 1 | sort)" ] ||
	fault "the table in README does not list just the bugs there are"
while read -r name mean; do
	check_bug "$name" "$mean"
done < <(table)
exit "$failed"
