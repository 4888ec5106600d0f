# SPDX-License-Identifier: MIT
# src/main/commit.c: clients are told as soon as their batch is sent.
/^	placement_start(e);/a\
	for (size_t i = 0; bug_on(BUG_ANSWER_EARLY) \&\& i < c->flying; i++) {\
		struct entry *early = at(c, c->head + i);\
		struct outcome o = { .code = OUTCOME_DONE };\
\
		o.u.receipt.serial = c->first + i;\
		o.u.receipt.balance = early->staged.sender_after;\
		o.u.receipt.time = c->time;\
		o.u.receipt.hash = early->hash;\
		tell(e, early, \&o, NULL);\
	}
