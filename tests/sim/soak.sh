#!/bin/bash
# SPDX-License-Identifier: MIT
# All deliberate bugs; then two simulations, each from a random start, until
# interrupted.  Both say where they began and which seeds failed.
# SOAK_PROCESSES: another number; SOAK_FLAGS: options of sim.
set -u
here=${top_srcdir:?}/tests/sim
sim=${top_builddir:?}/tests/sim/sim
children=()

# shellcheck disable=SC2317
stop() {
	kill -INT "${children[@]}" 2> /dev/null
}

# A signal ends the wait, not the child: that has a last word.
wait_for() {
	local status

	while :; do
		wait "$1"
		status=$?
		kill -0 "$1" 2> /dev/null || return "$status"
	done
}

SIM_SLOW=1 "$BASH" "$here/test-bugs.sh" || exit 1
trap stop INT TERM
# Background children of a shell do not heed the terminal's interrupt; stop()
# tells them.
for ((i = 0; i < ${SOAK_PROCESSES:-2}; i++)); do
	# shellcheck disable=SC2086
	"$sim" --soak ${SOAK_FLAGS:-} &
	children+=($!)
done

failed=0
for child in "${children[@]}"; do
	wait_for "$child" || failed=1
done
exit "$failed"
