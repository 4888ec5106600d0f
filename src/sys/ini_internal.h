/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of the INI reader share: ini.c reads the file and runs
 * libConfuse, ini_translate.c makes libConfuse's syntax of the file.
 */
#ifndef SYS_INI_INTERNAL_H
#define SYS_INI_INTERNAL_H

#include <confuse.h>
#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"
#include "sys/faults.h"
#include "sys/ini.h"

struct ini_section {
	struct slice name;
	struct slice title; /* empty: none */
	const cfg_opt_t *schema;
	unsigned int line;
	unsigned int key_line[INI_KEYS_MAX]; /* as in schema->subopts */
	bool again; /* given before: checked, but not passed on */
};

struct ini {
	char *path;
	struct buf text;
	struct buf translated;
	struct faults faults;
	struct ini_section *section;
	size_t sections;
	unsigned int line;	     /* the current one, from 1 */
	struct ini_section *current; /* NULL: none that is known */
	bool skipping; /* the keys below a header that was a mistake */
	bool brace;    /* a section is open in what libConfuse reads */
	int error;     /* sticky: memory ran out */
};

/* NULL if there is none of that name. */
const cfg_opt_t *ini_find_option(const cfg_opt_t *opts, struct slice name);
struct ini_section *ini_find_section(const struct ini *ini, struct slice name,
				     struct slice title);

/*
 * Make @ini->translated of @ini->text, one line of each line, by the sections
 * and keys of @cfg.  Mistakes go into @ini->faults; returns 0 or -ENOMEM.
 */
int ini_translate(struct ini *ini, const cfg_t *cfg) _must_check_;

#endif
