/* SPDX-License-Identifier: MIT */
/*
 * chain-check(8): options, files, verification, cutting, summary.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "sys/exit_codes.h"
#include "util/parse.h"
#include "check/check.h"
#include "check/options.h"

#define PROGRAM "chain-check"

/* A check_say. */
static int say_fault(void *arg, const char *sentence)
{
	(void)arg;
	(void)fprintf(stderr, "%s\n", sentence);
	return 0;
}

/* A check_say. */
static int say_done(void *arg, const char *sentence)
{
	const struct options *o = arg;

	if (!o->quiet)
		(void)puts(sentence);
	return 0;
}

/* A check_own.  Whoever is not root can only keep what is its own. */
static int own(int fd, const struct stat *as)
{
	if (fchown(fd, as->st_uid, as->st_gid) < 0)
		return -errno;
	if (fchmod(fd, as->st_mode & 07777) < 0)
		return -errno;
	return 0;
}

static const char *sentence_of(int error)
{
	switch (error) {
	case -EINVAL:
		return "is not a regular file";
	case -EEXIST:
		return "is given twice";
	case -EWOULDBLOCK:
		return "is open in another process, a backend that runs: "
		       "nothing was changed";
	case -ESTALE:
		return "has changed while it was read";
	default:
		return strerror(-error);
	}
}

/* Say an error; returns the exit status for it. */
static int failed(const char *path, int error)
{
	if (path)
		(void)fprintf(stderr, PROGRAM ": %s: %s\n", path,
			      sentence_of(error));
	else
		(void)fprintf(stderr, PROGRAM ": %s\n", strerror(-error));

	switch (error) {
	case -EEXIST:
		return EXIT_STATUS_USAGE;
	case -EWOULDBLOCK:
	case -ENOMEM:
		return EXIT_STATUS_FAILURE;
	default:
		return EXIT_STATUS_IO;
	}
}

static int open_one(struct check *c, const char *path, bool cut)
{
	_cleanup_(freep) char *real = NULL;
	int r;

	/* The file is to be replaced, not a link to it. */
	if (cut)
		real = realpath(path, NULL);
	r = check_open(c, real ? real : path, cut);
	return r < 0 ? failed(path, r) : EXIT_STATUS_OK;
}

static int open_all(struct check *c, const struct options *o)
{
	int status = EXIT_STATUS_OK;

	for (size_t i = 0; status == EXIT_STATUS_OK && i < o->count; i++)
		status = open_one(c, o->files[i], o->cut);
	return status;
}

static void print_summary(const struct check_summary *s)
{
	char hex[CHAIN_HEX_SIZE];
	char coins[SUM_TEXT_SIZE];

	format_hex(s->tip, sizeof(s->tip), hex);
	sum_format(s->coins, coins);
	(void)printf("whole up to serial: %" PRIu64 "\n", s->serial);
	(void)printf("tip: %" PRIu64 ":%.*s\n", s->serial, CHAIN_HEX_SIZE, hex);
	(void)printf("transactions: %" PRIu64 "\n", s->transactions);
	(void)printf("users: %" PRIu64 "\n", s->users);
	(void)printf("coins: %s\n", coins);
	if (s->gaps > 0)
		(void)printf("missing among old records: %" PRIu64
			     ", the first is serial %" PRIu64 "\n",
			     s->gaps, s->first_gap);
	if (s->doubles > 0)
		(void)printf("copies: %" PRIu64 "\n", s->doubles);
	if (s->beyond > 0)
		(void)printf("transactions past the whole part: %" PRIu64 "\n",
			     s->beyond);
	if (s->faults > 0)
		(void)printf("faults: %" PRIu64 "\n", s->faults);
}

static int cut(struct check *c, struct options *o)
{
	const struct check_summary *s = check_summary(c);
	int r;

	if (s->tip_wrong) {
		(void)fputs(PROGRAM ": the tip is wrong: nothing was changed\n",
			    stderr);
		return EXIT_STATUS_INTEGRITY;
	}
	if (s->faults == 0) {
		(void)say_done(o, "nothing is to be cut");
		return EXIT_STATUS_OK;
	}
	r = check_cut(c, own);
	if (r < 0)
		return failed(check_culprit(c), r);
	/* What is twice in the whole part is not mended by a cut. */
	return s->repeats > 0 ? EXIT_STATUS_INTEGRITY : EXIT_STATUS_OK;
}

static int run(struct options *o)
{
	_cleanup_(check_freep) struct check *c = NULL;
	int status;
	int r;

	o->check.say_fault = say_fault;
	o->check.say_done = say_done;
	o->check.arg = o;
	r = check_new(&fileops_kernel, &o->check, &c);
	if (r < 0)
		return failed(NULL, r);
	status = open_all(c, o);
	if (status != EXIT_STATUS_OK)
		return status;

	r = check_run(c);
	if (r < 0)
		return failed(check_culprit(c), r);
	if (!o->quiet)
		print_summary(check_summary(c));
	if (o->cut)
		return cut(c, o);
	return check_summary(c)->faults > 0 ? EXIT_STATUS_INTEGRITY
					    : EXIT_STATUS_OK;
}

/* What is not out is not said: a full disk under the output is an error. */
static int close_output(int status)
{
	if (fclose(stdout) == 0 || status != EXIT_STATUS_OK)
		return status;
	return failed("standard output", -errno);
}

int main(int argc, char *argv[])
{
	struct options o;
	int r;

	r = options_parse(argc, argv, &o);
	if (r > 0)
		return close_output(EXIT_STATUS_OK);
	if (r < 0)
		return EXIT_STATUS_USAGE;

	/* Picks the fastest hash that the processor has. */
	if (sodium_init() < 0)
		return close_output(failed(NULL, -ENOSYS));
	return close_output(run(&o));
}
