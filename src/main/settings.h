/* SPDX-License-Identifier: MIT */
/*
 * The configuration and the key: what a start, a reload and --check-config
 * read and judge alike.
 */
#ifndef MAIN_SETTINGS_H
#define MAIN_SETTINGS_H

#include "sys/main_config.h"
#include "util/cleanup.h"
#include "wire/frame.h"

struct settings {
	struct main_config *config;
	struct frame_key key;
};

/* Every mistake is logged.  0 or a negative errno. */
int settings_read(const char *path, struct settings *ret) _must_check_;
void settings_done(struct settings *s);

/*
 * Log a warning for each setting in which @new differs from @old and that
 * needs a restart.
 */
void settings_warn_of_restart(const struct main_config *old,
			      const struct main_config *new);

#endif
