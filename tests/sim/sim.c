/* SPDX-License-Identifier: MIT */
/*
 * Runs seeds: sim [-v] [-b BUG] [FIRST [COUNT]].  Prints each seed that fails;
 * the same seed fails the same way again.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "world.h"

int main(int argc, char **argv)
{
	uint64_t first = 1;
	uint64_t count = 2000;
	uint64_t failed = 0;
	bool verbose = false;
	int bug = BUG_NONE;

	if (sodium_init() < 0)
		return 99;
	while (argc > 1 && argv[1][0] == '-') {
		if (strcmp(argv[1], "-v") == 0) {
			verbose = true;
		} else if (strcmp(argv[1], "-b") == 0 && argc > 2) {
			bug = (int)strtol(argv[2], NULL, 10);
			argv++;
			argc--;
		}
		argv++;
		argc--;
	}
	if (argc > 1)
		first = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		count = strtoull(argv[2], NULL, 10);
	for (uint64_t seed = first; seed < first + count; seed++) {
		failed += !world_run(seed, (enum bug)bug, verbose);
		if (failed >= 5)
			break;
	}
	printf("%" PRIu64 " seeds from %" PRIu64 ", %" PRIu64 " failed\n",
	       count, first, failed);
	return failed ? 1 : 0;
}
