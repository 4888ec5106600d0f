/* SPDX-License-Identifier: MIT */
/*
 * INI text to libConfuse's syntax, line for line, and libConfuse's parser
 * behind it: "[section]" or "[section name]", "key = value", comments from
 * '#' or ';' (at the start of a line, or behind white space).  What a schema
 * says of sections, their names, keys and lists is checked here; the values
 * are left to the schema's own callbacks, which report by cfg_error().
 */
#ifndef SYS_INI_H
#define SYS_INI_H

#include <confuse.h>

#include "util/buf.h"
#include "util/cleanup.h"

#define INI_SIZE_MAX 65536
/* Keys that a section of a schema may have. */
#define INI_KEYS_MAX 16

DEFINE_CLEANUP(cfg_t, cfg_free);

/* What was given on which line, and the mistakes found so far. */
struct ini;

/*
 * Read the regular file @path (at most INI_SIZE_MAX bytes) into @cfg.  0 also
 * if there are mistakes: the caller checks what it can, and ends with
 * ini_report().  A negative errno, with a line in @faults, if the file cannot
 * be read.  libConfuse is not reentrant, and neither is this.
 */
int ini_read(const char *path, cfg_t *cfg, struct ini **ret,
	     struct buf *faults) _must_check_;
struct ini *ini_free(struct ini *ini);
DEFINE_CLEANUP(struct ini, ini_free);

/*
 * The line of a key, or of the section's header if @key is NULL; 0 if it was
 * not given.  @title is NULL for a section that has no name.
 */
unsigned int ini_line(const struct ini *ini, const char *section,
		      const char *title, const char *key);
/* Where the file ends. */
unsigned int ini_last_line(const struct ini *ini);

/* One more mistake. */
void ini_fault(struct ini *ini, unsigned int line, const char *format, ...)
	_printf_(3, 4);

/*
 * Append all mistakes to @faults, one a line as "file:line: message".  0 if
 * there are none, else -EBADMSG (or -ENOMEM).
 */
int ini_report(struct ini *ini, struct buf *faults) _must_check_;

#endif
