/* SPDX-License-Identifier: MIT */
/*
 * Edit distance with swaps of neighbours (optimal string alignment), on words
 * so short that the whole table fits on the stack.
 */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "util/cleanup.h"

#include "walletctl/suggest.h"

#define WORD_MAX 31

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The cell of the table at @i, @j from its neighbours above and to the left. */
static unsigned cell(unsigned table[WORD_MAX + 1][WORD_MAX + 1], const char *a,
		     const char *b, size_t i, size_t j)
{
	unsigned differs = a[i - 1] != b[j - 1];
	unsigned best;

	best = least(table[i - 1][j] + 1, table[i][j - 1] + 1);
	best = least(best, table[i - 1][j - 1] + differs);
	if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
		best = least(best, table[i - 2][j - 2] + 1);
	return best;
}

unsigned suggest_distance(const char *a, const char *b)
{
	unsigned table[WORD_MAX + 1][WORD_MAX + 1];
	size_t rows = strlen(a);
	size_t columns = strlen(b);

	if (rows > WORD_MAX || columns > WORD_MAX)
		return UINT_MAX;

	for (size_t i = 0; i <= rows; i++)
		table[i][0] = (unsigned)i;
	for (size_t j = 0; j <= columns; j++)
		table[0][j] = (unsigned)j;
	for (size_t i = 1; i <= rows; i++) {
		for (size_t j = 1; j <= columns; j++)
			table[i][j] = cell(table, a, b, i, j);
	}
	return table[rows][columns];
}

const char *suggest_better(const char *typed, const char *best,
			   const char *candidate)
{
	unsigned distance = suggest_distance(typed, candidate);

	/* A third of the letters may be wrong, or it is another word. */
	if (distance > (strlen(candidate) + 2) / 3)
		return best;
	if (best && suggest_distance(typed, best) <= distance)
		return best;
	return candidate;
}
