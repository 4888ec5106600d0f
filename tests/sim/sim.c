/* SPDX-License-Identifier: MIT */
/*
 * Runs seeds and prints each that fails; the same seed fails the same way
 * again.  README says how to read what it says.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "bugs.h"
#include "world.h"

#define SEEDS_DEFAULT 2000
#define FAILURES_MAX 5
/* The progress line is written anew after so many seeds. */
#define PROGRESS_EVERY 16

/* Are the patched copies of the sources linked in? */
#ifdef SIM_PATCHED
#define PATCHED true
#else
#define PATCHED false
#endif

struct options {
	struct run run;
	uint64_t first;
	uint64_t count; /* 0: no end */
	bool soak;
	bool progress;
};

static volatile sig_atomic_t interrupted;
/* For the word that is said when an assertion ends it all. */
static uint64_t running;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* It comes out of assert(), nowhere else: what is called here is safe. */
static void on_abort(int signal)
{
	(void)signal;
	printf("seed %" PRIu64 ": aborted\n", running);
	(void)fflush(stdout);
	_exit(1);
}

static void usage(FILE *out)
{
	(void)fputs("usage: sim [-fpv] [-b BUG] [-c COPIES] [FIRST [COUNT]]\n"
		    "       sim [-fpv] [-c COPIES] --soak\n"
		    "       sim --bugs\n"
		    "  -b, --bug NAME     with this deliberate bug, until it is caught\n"
		    "      --bugs         list them\n"
		    "  -c, --copies N     records go to so many backends (1 to 3)\n"
		    "  -f, --forgetful    disks forget what a sync could not write\n"
		    "  -p, --progress     how far it is, if that is a terminal\n"
		    "  -s, --soak         from a random start until interrupted\n"
		    "  -v, --verbose      tell what happens\n"
		    "Seeds from FIRST (1), COUNT of them (2000).\n",
		    out);
}

static void list_bugs(void)
{
	for (int b = BUG_NONE + 1; b < BUGS; b++)
		printf("%s%s\n", bug_name((enum bug)b),
		       b >= BUG_PATCHED && !PATCHED ? "  (sim-bugs only)" : "");
}

static int take_bug(const char *name)
{
	enum bug b = bug_find(name);

	if (b == BUG_NONE || (b >= BUG_PATCHED && !PATCHED)) {
		(void)fprintf(stderr, "sim: %s: %s\n", name,
			      b == BUG_NONE ? "no such bug; see --bugs" :
					      "only sim-bugs has that one");
		return 2;
	}
	bug_switch_on(b);
	return 0;
}

/* -1: go on; else the exit status. */
static int take_option(struct options *o, int option)
{
	switch (option) {
	case 'b':
		return take_bug(optarg) ? 2 : -1;
	case 'c':
		o->run.copies = (uint32_t)strtoul(optarg, NULL, 10);
		return o->run.copies >= 1 && o->run.copies <= BACKENDS ? -1 : 2;
	case 'l':
		list_bugs();
		return 0;
	case 'p':
		o->progress = isatty(STDERR_FILENO);
		return -1;
	case 's':
		o->soak = true;
		return -1;
	case 'v':
		o->run.verbose = true;
		return -1;
	case 'f':
		o->run.forgetful = true;
		return -1;
	case 'h':
		usage(stdout);
		return 0;
	default:
		usage(stderr);
		return 2;
	}
}

static int take_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "bug", required_argument, NULL, 'b' },
		{ "bugs", no_argument, NULL, 'l' },
		{ "copies", required_argument, NULL, 'c' },
		{ "forgetful", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "progress", no_argument, NULL, 'p' },
		{ "soak", no_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	int option;
	int status;

	while ((option = getopt_long(argc, argv, "b:c:fhpsv", longs, NULL)) >=
	       0) {
		status = take_option(o, option);
		if (status >= 0)
			return status;
	}
	if (optind < argc)
		o->first = strtoull(argv[optind], NULL, 10);
	if (optind + 1 < argc)
		o->count = strtoull(argv[optind + 1], NULL, 10);
	return -1;
}

/* Small enough to be typed in again. */
static void start_anywhere(struct options *o)
{
	o->first = 1000000 + (uint64_t)randombytes_uniform(2000000000);
	o->count = 0;
	printf("seeds from %" PRIu64 "\n", o->first);
	(void)fflush(stdout);
}

static void show_progress(const struct options *o, uint64_t done,
			  uint64_t failed)
{
	if (!o->progress || done % PROGRESS_EVERY)
		return;
	(void)fprintf(stderr, "\r%" PRIu64 " seeds, %" PRIu64 " failed ", done,
		      failed);
}

static uint64_t run_all(struct options *o)
{
	uint64_t most = bug_on_any() ? 1 : FAILURES_MAX;
	uint64_t done = 0;
	uint64_t failed = 0;

	while (!interrupted && (!o->count || done < o->count) &&
	       (o->soak || failed < most)) {
		running = o->first + done;
		o->run.seed = running;
		failed += !world_run(&o->run);
		done++;
		(void)fflush(stdout);
		show_progress(o, done, failed);
	}
	if (o->progress)
		(void)fputs("\r\033[K", stderr);
	printf("%" PRIu64 " seeds from %" PRIu64 ", %" PRIu64 " failed\n", done,
	       o->first, failed);
	return failed;
}

int main(int argc, char **argv)
{
	struct options o = { .run = { .copies = 0 },
			     .first = 1,
			     .count = SEEDS_DEFAULT };
	int status;

	if (sodium_init() < 0)
		return 99;
	status = take_options(&o, argc, argv);
	if (status >= 0)
		return status;
	(void)signal(SIGINT, on_interrupt);
	(void)signal(SIGTERM, on_interrupt);
	(void)signal(SIGABRT, on_abort);
	if (o.soak)
		start_anywhere(&o);
	return run_all(&o) ? 1 : 0;
}
