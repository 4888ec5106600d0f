# SPDX-License-Identifier: MIT
# src/main/placement.c: a batch that goes to another backend is closed anew, with
# another time and whoever came since.
/^static void give_to_another(/,/^}/s/^	fill_places(e);/	if (bug_on(BUG_FAILOVER_NEW_BATCH) \&\& e->phase == PHASE_OPEN)\
		e->commit.flying = 0;\
	else\
		fill_places(e);/
