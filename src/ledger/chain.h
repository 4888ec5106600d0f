/* SPDX-License-Identifier: MIT */
/*
 * The hash chain (chain-block(5)): h of record n is BLAKE2b-256 of
 * the hex form of h of record n-1, one space, and the line of record n up to
 * but not including " h=".
 */
#ifndef LEDGER_CHAIN_H
#define LEDGER_CHAIN_H

#include <stdint.h>

#include "util/slice.h"

#define CHAIN_HASH_SIZE 32
#define CHAIN_HEX_SIZE 64

/* Before the first record: 32 zero bytes. */
extern const uint8_t chain_origin[CHAIN_HASH_SIZE];

/* @next may be @previous. */
void chain_step(const uint8_t previous[CHAIN_HASH_SIZE], struct slice line,
		uint8_t next[CHAIN_HASH_SIZE]);

#endif
