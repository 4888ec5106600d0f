/* SPDX-License-Identifier: MIT */
/*
 * The hash chain.  Programs call sodium_init() first: the library picks the
 * processor's fastest BLAKE2b then.  Without, the hashes are the same.
 */
#include "config.h"

#include <string.h>

#include <sodium.h>

#include "util/parse.h"

#include "ledger/chain.h"

/* Lines up to this are hashed in one call: all that record.h allows. */
#define LINE_AT_ONCE 1024

_Static_assert(CHAIN_HASH_SIZE == crypto_generichash_BYTES, "BLAKE2b-256");

const uint8_t chain_origin[CHAIN_HASH_SIZE];

/* No key, 32 bytes: what `b2sum -l 256` does.  Cannot fail with these sizes. */
static void hash_in_parts(const char prefix[CHAIN_HEX_SIZE + 1],
			  struct slice line, uint8_t next[CHAIN_HASH_SIZE])
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, CHAIN_HASH_SIZE);
	(void)crypto_generichash_update(&state, (const uint8_t *)prefix,
					CHAIN_HEX_SIZE + 1);
	(void)crypto_generichash_update(&state, (const uint8_t *)line.p,
					line.len);
	(void)crypto_generichash_final(&state, next, CHAIN_HASH_SIZE);
}

void chain_step(const uint8_t previous[CHAIN_HASH_SIZE], struct slice line,
		uint8_t next[CHAIN_HASH_SIZE])
{
	char text[CHAIN_HEX_SIZE + 1 + LINE_AT_ONCE];

	format_hex(previous, CHAIN_HASH_SIZE, text);
	text[CHAIN_HEX_SIZE] = ' ';
	if (line.len > LINE_AT_ONCE) {
		hash_in_parts(text, line, next);
		return;
	}

	if (line.len > 0)
		memcpy(text + CHAIN_HEX_SIZE + 1, line.p, line.len);
	(void)crypto_generichash(next, CHAIN_HASH_SIZE, (const uint8_t *)text,
				 CHAIN_HEX_SIZE + 1 + line.len, NULL, 0);
}
