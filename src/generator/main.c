/* SPDX-License-Identifier: MIT */
/*
 * chain-generator(8): run by the service manager at boot and at each
 * daemon-reload, before there is a journal.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>

#include "generator/generator.h"
#include "sys/cmdline.h"
#include "sys/exit_codes.h"
#include "sys/keyfile.h"
#include "util/slice.h"

#define PROGRAM "chain-generator"
#define DEFAULT_DIRECTORY SYSCONFDIR "/alichain"
/* normal-dir, and perhaps early-dir and late-dir: systemd.generator(7). */
#define OPERANDS_MAX 3

/* The kernel's ring, where what happens before the journal is looked for. */
static int open_kmsg(void)
{
	const char *scope = getenv("SYSTEMD_SCOPE");

	/* Only the manager of the whole system sets it to this. */
	if (!scope || strcmp(scope, "system") != 0)
		return -EBADF;

	/* In a container it may be a fifo that nobody reads: never wait. */
	return open("/dev/kmsg", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void say_line(int kmsg, struct slice line)
{
	if (kmsg < 0 || dprintf(kmsg, "<%d>%s: %.*s\n", LOG_ERR, PROGRAM,
				SLICE_ARG(line)) < 0)
		(void)dprintf(STDERR_FILENO, "%s: %.*s\n", PROGRAM,
			      SLICE_ARG(line));
}

/* One write a line: each is a message of its own. */
static void say_lines(struct slice text)
{
	_cleanup_(closep) int kmsg = open_kmsg();

	while (text.len > 0) {
		const char *end = memchr(text.p, '\n', text.len);
		size_t len = end ? (size_t)(end - text.p) : text.len;

		say_line(kmsg, (struct slice){ text.p, len });
		text.p += len + (end ? 1 : 0);
		text.len -= len + (end ? 1 : 0);
	}
}

static int run(const char *config_dir, const char *unit_dir)
{
	_cleanup_(buf_done) struct buf faults = { 0 };
	_cleanup_(freep) char *real = NULL;
	int r;

	/* Of the daemons, not of this process, which has no use for it. */
	keyfile_will_be_passed();

	/* In a unit a path is absolute, and without dots. */
	real = realpath(config_dir, NULL);
	r = generator_run(real ? real : config_dir, unit_dir, &faults);
	if (r < 0 && faults.len == 0)
		say_lines(slice_of(strerror(-r)));
	say_lines((struct slice){ (const char *)faults.data, faults.len });
	if (r == -EBADMSG)
		return EXIT_STATUS_CONFIG;
	return r < 0 ? EXIT_STATUS_FAILURE : EXIT_STATUS_OK;
}

int main(int argc, char *argv[])
{
	const char *config_dir = DEFAULT_DIRECTORY;
	const struct cmdline_option table[] = {
		{ .name = "config-directory",
		  .value = "DIR",
		  .help = "read the files in DIR, not " DEFAULT_DIRECTORY,
		  .text = &config_dir },
	};
	const struct cmdline line = {
		.program = PROGRAM,
		.operands = "NORMAL-DIR [EARLY-DIR LATE-DIR]",
		.about = "Tell the service manager where the daemons listen, "
			 "by drop-ins in NORMAL-DIR.\n",
		.footer = "See chain-generator(8) and systemd.generator(7).\n",
		.option = table,
		.options = ELEMENTS(table),
	};
	int first;
	int r;

	r = cmdline_parse(&line, argc, argv, &first);
	if (r == 0 && (argc - first < 1 || argc - first > OPERANDS_MAX))
		r = cmdline_misused(PROGRAM,
				    "the directory for units is missing, or "
				    "there are too many");
	if (r != 0)
		return r < 0 ? EXIT_STATUS_USAGE : EXIT_STATUS_OK;
	return run(config_dir, argv[first]);
}
