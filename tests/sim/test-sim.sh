#!/bin/bash
# SPDX-License-Identifier: MIT
# The same seeds every time, so that a failure is somebody's change, and some of
# them on disks that forget what a sync could not write.  SIM_FIRST and SIM_COUNT
# choose others.
set -u
sim=${top_builddir:?}/tests/sim/sim
first=${SIM_FIRST:-1}
count=${SIM_COUNT:-2000}

"$sim" "$first" "$count" && exec "$sim" -f "$first" "$((count / 4))"
