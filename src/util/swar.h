/* SPDX-License-Identifier: MIT */
/*
 * Eight bytes of text at a time in one register ("SIMD within a register"), for
 * what stands on the path of each record.  The first byte is the lowest one, on
 * any machine.  Nothing here carries from one byte into the next, unless a
 * caller says why that does not matter.
 */
#ifndef UTIL_SWAR_H
#define UTIL_SWAR_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Each byte 1; times a byte, that byte eight times. */
#define SWAR_ONES UINT64_C(0x0101010101010101)
/* The highest bit of each byte. */
#define SWAR_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t swar_load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* Byte number @i. */
static inline unsigned int swar_byte(uint64_t v, unsigned int i)
{
	return (unsigned int)(v >> 8 * i & 0xff);
}

/*
 * The highest bit of each byte that is 128 or more, or that is more than 127
 * less the byte of @slack, which is below 128.  So @slack says for each byte up
 * to what it is good.  A byte that is good adds up to less than 128; one that
 * carries is none, so there is a bit already.
 */
static inline uint64_t swar_beyond(uint64_t v, uint64_t slack)
{
	return ((v + slack) | v) & SWAR_HIGHS;
}

#endif
