/* SPDX-License-Identifier: MIT */
/*
 * The backends of the last run, in a file.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/parse.h"

#include "main/roster.h"

#define ROSTER_MODE 0640
/* A name, a word, a number. */
#define LINE_SIZE_MAX (BLOCK_NAME_MAX + 8 + U64_DIGITS_MAX)

static struct roster_entry *find(struct roster *r, struct slice name)
{
	for (size_t i = 0; i < r->count; i++)
		if (slice_equal(slice_of(r->entry[i].name), name))
			return &r->entry[i];
	return NULL;
}

const struct roster_entry *roster_find(const struct roster *r,
				       struct slice name)
{
	for (size_t i = 0; i < r->count; i++)
		if (slice_equal(slice_of(r->entry[i].name), name))
			return &r->entry[i];
	return NULL;
}

int roster_set(struct roster *r, struct slice name, bool lost, uint64_t number)
{
	struct roster_entry *e = find(r, name);

	if (!e) {
		if (r->count == ROSTER_MAX)
			return -ENOSPC;
		e = &r->entry[r->count++];
		*e = (struct roster_entry){ .lost = false };
		memcpy(e->name, name.p, name.len);
	}
	e->lost = lost;
	e->number = number;
	return 0;
}

static int parse_line(struct slice *text, struct roster *r)
{
	struct slice name;
	struct slice word;
	struct slice digits;
	uint64_t number;
	bool lost;

	if (!slice_cut(text, ' ', &name) || !slice_cut(text, ' ', &word) ||
	    !slice_cut(text, '\n', &digits))
		return -EINVAL;
	lost = slice_equal(word, slice_of("lost"));
	if (block_name_fault(name) || find(r, name) ||
	    (!lost && !slice_equal(word, slice_of("here"))) ||
	    parse_u64(digits, &number) < 0)
		return -EINVAL;
	return roster_set(r, name, lost, number);
}

static int say_damaged(struct buf *fault, const char *path, size_t line)
{
	int r;

	r = buf_addf(fault,
		     "%s:%zu: expected a backend's name, \"here\" or \"lost\", "
		     "and a number",
		     path, line);
	return r < 0 ? r : -EBADMSG;
}

int roster_read(const struct fileops *ops, const char *path, struct roster *ret,
		struct buf *fault)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	struct roster roster = { .count = 0 };
	struct slice rest;
	int r;

	*ret = roster;
	r = fileops_read_file(ops, path, ROSTER_MAX * LINE_SIZE_MAX, &text);
	if (r == -ENOENT)
		return 0;
	if (r == -EFBIG)
		return say_damaged(fault, path, 1);
	if (r < 0)
		return r;
	rest = (struct slice){ (const char *)text.data, text.len };
	for (size_t line = 1; rest.len; line++) {
		if (parse_line(&rest, &roster) < 0)
			return say_damaged(fault, path, line);
	}
	*ret = roster;
	return 0;
}

int roster_write(const struct fileops *ops, const char *path,
		 const struct roster *r)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	int error = 0;

	for (size_t i = 0; error == 0 && i < r->count; i++)
		error = buf_addf(&text, "%s %s %" PRIu64 "\n",
				 r->entry[i].name,
				 r->entry[i].lost ? "lost" : "here",
				 r->entry[i].number);
	if (error < 0)
		return error;
	return fileops_replace(ops, path, ROSTER_MODE,
			       (struct slice){ (const char *)text.data,
					       text.len });
}
