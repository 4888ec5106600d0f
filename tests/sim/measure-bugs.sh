#!/bin/bash
# SPDX-License-Identifier: MIT
# The table of README with its last two columns measured anew: after how many
# seeds from 1 each deliberate bug is caught, and the mean of five starts.  A bug
# that is not caught within SIM_COUNT seeds bears a question mark.
#
#	measure-bugs.sh [BUG...]
set -u
export LC_ALL=C
here=${top_srcdir:?}/tests/sim
sim=${top_builddir:?}/tests/sim/sim-bugs
count=${SIM_COUNT:-5000}
starts=(1 10001 20001 30001 40001)

# How many seeds from $2 it takes to catch $1; nothing if that is too many.
seeds_until_caught() {
	local seed

	seed=$("$sim" -b "$1" "$2" "$count" 2> /dev/null |
		sed -n 's/^seed \([0-9]*\): .*/\1/p' | head -n 1)
	[ -z "$seed" ] || echo $((seed - $2 + 1))
}

# SEED MEAN, or question marks.
measure() {
	local name=$1 sum=0 first='' start seeds

	for start in "${starts[@]}"; do
		seeds=$(seeds_until_caught "$name" "$start")
		if [ -z "$seeds" ]; then
			echo "${first:-?} ?"
			return
		fi
		first=${first:-$seeds}
		sum=$((sum + seeds))
	done
	echo "$first $(((sum + 2) / 5))"
}

wanted() {
	local name=$1
	shift

	[ $# -eq 0 ] || [[ " $* " == *" $name "* ]]
}

while IFS= read -r line; do
	name=${line%% *}
	wanted "$name" "$@" || continue
	read -r seed mean < <(measure "$name")
	# All but the last two words.
	text=${line% *}
	text=${text%"${text##*[! ]}"}
	text=${text% *}
	printf '%-88s %4s %5s\n' "${text%"${text##*[! ]}"}" "$seed" "$mean"
done < <(awk '/^bug +what is wrong/ { inside = 1; next }
	inside && NF == 0 { exit }
	inside' "$here/README")
