# SPDX-License-Identifier: MIT
# src/backend/responder_append.c: a refill is acknowledged before it is synced.
/^static void append_collected(/,/^}/s/^		start_sync(r, in, &b, now);/	{\
		if (bug_on(BUG_REFILL_ACKNOWLEDGED_EARLY) \&\& in->refill)\
			set_durable(r, in, \&in->collecting_for, \&b);\
&\
	}/
