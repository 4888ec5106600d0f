/* SPDX-License-Identifier: MIT */
/*
 * The reader of INI files: opens what is a regular file only (libConfuse ends
 * the process on a directory), has it translated, and lets libConfuse parse
 * the translation.  Knows the schema only as libConfuse holds it.
 */
#include "config.h"

#include <string.h>

#include "util/fileops.h"
#include "sys/ini_internal.h"

/* libConfuse hands its error function nothing of ours. */
static struct ini *reading;

const cfg_opt_t *ini_find_option(const cfg_opt_t *opts, struct slice name)
{
	for (; opts->name; opts++)
		if (slice_equal(slice_of(opts->name), name))
			return opts;
	return NULL;
}

struct ini_section *ini_find_section(const struct ini *ini, struct slice name,
				     struct slice title)
{
	for (size_t i = 0; i < ini->sections; i++) {
		struct ini_section *s = &ini->section[i];

		if (slice_equal(s->name, name) && slice_equal(s->title, title))
			return s;
	}
	return NULL;
}

/* --- libConfuse */

static void on_confuse_error(cfg_t *cfg, const char *format, va_list args)
	_printf_(2, 0);

static void on_confuse_error(cfg_t *cfg, const char *format, va_list args)
{
	faults_addv(&reading->faults, (unsigned int)cfg->line, format, args);
}

static int parse(struct ini *ini, cfg_t *cfg)
{
	_cleanup_(fclosep) FILE *f = NULL;
	int r;

	f = fmemopen(ini->translated.data, ini->translated.len, "r");
	if (!f)
		return -errno;

	reading = ini;
	(void)cfg_set_error_function(cfg, on_confuse_error);
	r = cfg_parse_fp(cfg, f);
	reading = NULL;

	/* It says why by its error function, except when memory ran out. */
	return r == CFG_SUCCESS || ini->faults.count > 0 ? 0 : -ENOMEM;
}

static int read_text(struct ini *ini)
{
	return fileops_read_file(&fileops_kernel, ini->path, INI_SIZE_MAX,
				 &ini->text);
}

/* Why the file could not be read, as a line of @faults. */
static int tell(const char *path, int error, struct buf *faults)
{
	int r;

	if (error == -EFBIG)
		r = buf_addf(faults, "%s: larger than %d bytes\n", path,
			     INI_SIZE_MAX);
	else if (error == -EINVAL || error == -EISDIR)
		r = buf_addf(faults, "%s: not a regular file\n", path);
	else
		r = buf_addf(faults, "%s: %s\n", path, strerror(-error));
	return r < 0 ? r : error;
}

int ini_read(const char *path, cfg_t *cfg, struct ini **ret, struct buf *faults)
{
	_cleanup_(ini_freep) struct ini *ini = NULL;
	int r;

	ini = calloc(1, sizeof(*ini));
	if (!ini)
		return -ENOMEM;
	ini->path = strdup(path);
	if (!ini->path)
		return -ENOMEM;

	r = read_text(ini);
	if (r < 0)
		return tell(path, r, faults);
	r = ini_translate(ini, cfg);
	if (r < 0)
		return r;
	r = parse(ini, cfg);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(ini);
	return 0;
}

struct ini *ini_free(struct ini *ini)
{
	if (!ini)
		return NULL;

	free(ini->path);
	buf_done(&ini->text);
	buf_done(&ini->translated);
	faults_done(&ini->faults);
	free(ini->section);
	free(ini);
	return NULL;
}

unsigned int ini_line(const struct ini *ini, const char *section,
		      const char *title, const char *key)
{
	const struct ini_section *s;
	const cfg_opt_t *option;

	s = ini_find_section(ini, slice_of(section),
			     slice_of(title ? title : ""));
	if (!s)
		return 0;
	if (!key)
		return s->line;

	option = ini_find_option(s->schema->subopts, slice_of(key));
	return option ? s->key_line[option - s->schema->subopts] : 0;
}

unsigned int ini_last_line(const struct ini *ini)
{
	return ini->line;
}

void ini_fault(struct ini *ini, unsigned int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	faults_addv(&ini->faults, line, format, args);
	va_end(args);
}

int ini_report(struct ini *ini, struct buf *faults)
{
	return faults_report(&ini->faults, ini->path, faults);
}
