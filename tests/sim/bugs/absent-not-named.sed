# SPDX-License-Identifier: MIT
# src/main/engine.c: questions do not say who is absent: no copy counts in its place.
/^bool engine_filter(/,/^}/s/^		if (absent & UINT32_C(1) << i)$/		if ((absent \& UINT32_C(1) << i) \&\& !bug_on(BUG_ABSENT_NOT_NAMED))/
