/* SPDX-License-Identifier: MIT */
/*
 * Each line is judged in the form in which it will be stored, by the grammar
 * that will read it again.
 */
#include "config.h"

#include <string.h>

#include "ledger/record.h"
#include "ledger/whole.h"

#include "store/batch.h"

void batch_done(struct batch *b)
{
	buf_done(&b->text);
	free(b->item);
	*b = (struct batch){ 0 };
}

void batch_clear(struct batch *b)
{
	buf_clear(&b->text);
	b->lower = 0;
	b->count = 0;
}

static int push_item(struct batch *b, const struct index_item *item)
{
	size_t room = b->room + b->room / 2 + 16;
	struct index_item *grown;

	if (b->count == b->room) {
		grown = reallocarray(b->item, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		b->item = grown;
		b->room = room;
	}
	b->item[b->count++] = *item;
	return 0;
}

/* Append @line, kept for @of, and its newline; *ret is what stands there. */
static int add_text(struct batch *b, struct slice line, struct slice of,
		    struct slice *ret)
{
	static const char key[] = " of=";
	size_t len = line.len + (of.len ? strlen(key) + of.len : 0);
	char *out;
	int r;

	r = buf_reserve(&b->text, len + 1);
	if (r < 0)
		return r;

	out = (char *)b->text.data + b->text.len;
	memcpy(out, line.p, line.len);
	if (of.len > 0) {
		memcpy(out + line.len, key, strlen(key));
		memcpy(out + line.len + strlen(key), of.p, of.len);
	}
	out[len] = '\n';
	b->text.len += len + 1;
	*ret = (struct slice){ out, len };
	return 0;
}

/* Where the lines go. */
struct staging {
	struct batch *batch;
	struct catalog *catalog;
	struct lines *held;
	uint64_t offset;
	struct whole group; /* of the lines that are taken */
};

/* 1 if the block holds @r, 0 if not, -EEXIST if it holds another one. */
static int is_held(struct staging *s, const struct record *r)
{
	const struct index_entry *e = NULL;
	struct record there;
	struct slice line;
	int error;

	if (r->serial <= catalog_last_serial(s->catalog))
		e = catalog_find(s->catalog, r->serial);
	if (!e)
		return 0;

	error = lines_get_record(s->held, e, &line, &there);
	if (error < 0)
		return error;
	return record_same(r, &there) ? 1 : -EEXIST;
}

/* Append @line, kept for @of, to the text, and parse it. */
static int add_line(struct batch *b, struct slice line, struct slice of,
		    struct slice *ret, struct record *ret_record)
{
	const char *fault;
	int r;

	r = add_text(b, line, of, ret);
	if (r < 0)
		return r;
	return record_parse(*ret, ret_record, &fault);
}

/* The newest line of the text, @line, becomes an item for @x. */
static int add_item(struct staging *s, struct index *x, const struct record *r,
		    struct slice line)
{
	struct batch *b = s->batch;
	struct index_item item;
	size_t at = (size_t)(line.p - (char *)b->text.data);
	int error;

	if (!whole_take(&s->group, r))
		return -EBADMSG;
	error = index_item_make(x, r, s->offset + at, line.len, &item);
	if (error < 0)
		return error;
	return push_item(b, &item);
}

/* It is held: out with the newest line of the text. */
static void leave_out(struct batch *b, struct slice line)
{
	b->text.len = (size_t)(line.p - (char *)b->text.data);
}

static int stage_appended(struct staging *s, uint64_t serial, struct slice of,
			  struct slice line)
{
	struct slice text;
	struct record r;
	int error;

	error = add_line(s->batch, line, of, &text, &r);
	if (error < 0)
		return error;
	if (!r.chained || r.serial != serial || !slice_equal(r.of, of))
		return -EBADMSG;

	error = is_held(s, &r);
	if (error < 0)
		return error;
	if (error == 1) {
		leave_out(s->batch, text);
		return 0;
	}
	if (r.serial <= catalog_last_serial(s->catalog))
		return -EEXIST;
	return add_item(s, s->catalog->index[CATALOG_UPPER], &r, text);
}

/* *serial is that of the line before, and then of this one. */
static int stage_refilled(struct staging *s, uint64_t *serial,
			  struct slice line)
{
	struct index *lower = s->catalog->index[CATALOG_LOWER];
	struct index *upper = s->catalog->index[CATALOG_UPPER];
	struct slice text;
	struct record r;
	int error;

	error = add_line(s->batch, line, (struct slice){ 0 }, &text, &r);
	if (error < 0)
		return error;
	if (!r.sealed || r.serial <= *serial)
		return -EBADMSG;
	*serial = r.serial;

	error = is_held(s, &r);
	if (error < 0)
		return error;
	if (error == 1) {
		leave_out(s->batch, text);
		return 0;
	}
	if (r.serial > index_last_serial(upper))
		return add_item(s, upper, &r, text);
	if (r.serial <= index_last_serial(lower))
		return 1;
	error = add_item(s, lower, &r, text);
	if (error == 0)
		s->batch->lower++;
	return error;
}

/* The next line, without its newline; -EBADMSG if there is none. */
static int take_line(struct slice *lines, struct slice *ret)
{
	const char *end = lines->len ? memchr(lines->p, '\n', lines->len) : NULL;

	if (!end)
		return -EBADMSG;
	*ret = (struct slice){ lines->p, (size_t)(end - lines->p) };
	lines->p = end + 1;
	lines->len -= ret->len + 1;
	return 0;
}

static bool is_lawful(uint32_t records)
{
	return records >= 1 && records <= RECORD_BATCH_MAX;
}

int batch_stage(struct batch *b, struct catalog *c, struct lines *held,
		uint64_t offset, uint64_t first, uint32_t records,
		struct slice of, struct slice lines)
{
	struct staging s = { b, c, held, offset, { 0 } };
	struct slice line;
	int r = 0;

	batch_clear(b);
	if (!is_lawful(records) || of.len > RECORD_OF_MAX)
		return -EBADMSG;

	for (uint32_t i = 0; r == 0 && i < records; i++) {
		r = take_line(&lines, &line);
		if (r == 0)
			r = stage_appended(&s, first + i, of, line);
	}
	if (r == 0 && (lines.len > 0 || whole_partial(&s.group)))
		r = -EBADMSG;
	if (r != 0)
		batch_clear(b);
	return r;
}

int batch_stage_refill(struct batch *b, struct catalog *c, struct lines *held,
		       uint64_t offset, uint32_t records, struct slice lines)
{
	struct staging s = { b, c, held, offset, { 0 } };
	uint64_t serial = 0;
	struct slice line;
	int r = 0;

	batch_clear(b);
	if (!is_lawful(records))
		return -EBADMSG;

	for (uint32_t i = 0; r == 0 && i < records; i++) {
		r = take_line(&lines, &line);
		if (r == 0)
			r = stage_refilled(&s, &serial, line);
	}
	if (r == 0 && (lines.len > 0 || whole_partial(&s.group)))
		r = -EBADMSG;
	if (r != 0)
		batch_clear(b);
	return r;
}
