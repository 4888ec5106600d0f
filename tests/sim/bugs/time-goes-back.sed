# SPDX-License-Identifier: MIT
# src/main/commit.c: a record bears the time of the clock, wherever that goes.
s/^	c->time = e->wall > last ? e->wall : last;/	c->time = bug_on(BUG_TIME_GOES_BACK) || e->wall > last ? e->wall : last;/
