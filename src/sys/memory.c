/* SPDX-License-Identifier: MIT */
/*
 * From statm(5) and getrusage(2).
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/parse.h"

#include "sys/memory.h"

/* Seven numbers of pages, with spaces between; the second one are resident. */
#define STATM_SIZE 256

uint64_t memory_resident(void)
{
	_cleanup_(fclosep) FILE *f = fopen("/proc/self/statm", "re");
	char line[STATM_SIZE];
	const char *second;
	uint64_t pages;

	if (!f || !fgets(line, sizeof(line), f))
		return 0;
	second = strchr(line, ' ');
	if (!second)
		return 0;
	second++;
	if (parse_u64((struct slice){ second, strcspn(second, " \n") },
		      &pages) < 0)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t memory_peak(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) < 0)
		return 0;
	/* In kilobytes. */
	return (uint64_t)usage.ru_maxrss * 1024;
}
