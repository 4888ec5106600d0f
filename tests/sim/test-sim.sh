#!/bin/bash
# SPDX-License-Identifier: MIT
# Seeds that have failed before, then new ground: the same seeds every time, so
# that a failure is somebody's change.  SIM_FIRST and SIM_COUNT choose others.
set -u
exec "${top_builddir:?}/tests/sim/sim" "${SIM_FIRST:-1}" "${SIM_COUNT:-2000}"
