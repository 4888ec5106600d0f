# SPDX-License-Identifier: MIT
# src/main/checkpoint.c: a checkpoint of another history is used.
/^bool checkpoint_takes(/,/^}/s/memcmp(r->hash, c->saved.place.tip, CHAIN_HASH_SIZE) == 0/(bug_on(BUG_CHECKPOINT_OTHER_TIP) || &)/
