/* SPDX-License-Identifier: MIT */
/*
 * Each line is judged in the form in which it will be stored, by the grammar
 * that will read it again.
 */
#include "config.h"

#include <string.h>

#include "ledger/record.h"

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

/* 1 if the block holds @r, 0 if it can be appended, -EEXIST if neither. */
static int is_held(struct index *x, struct lines *held, const struct record *r)
{
	struct record there;
	struct slice line;
	uint32_t i;
	int error;

	if (r->serial > index_last_serial(x))
		return 0;
	i = index_find(x, r->serial);
	if (i == INDEX_NONE)
		return -EEXIST;

	error = lines_get_record(held, &x->entry[i], &line, &there);
	if (error < 0)
		return error;
	return record_same(r, &there) ? 1 : -EEXIST;
}

static int stage_line(struct batch *b, struct index *x, struct lines *held,
		      uint64_t offset, uint64_t serial, struct slice of,
		      struct slice line)
{
	size_t start = b->text.len;
	struct index_item item;
	const char *fault;
	struct slice text;
	struct record r;
	int error;

	error = add_text(b, line, of, &text);
	if (error < 0)
		return error;
	error = record_parse(text, &r, &fault);
	if (error < 0)
		return error;
	if (!r.chained || r.serial != serial || !slice_equal(r.of, of))
		return -EBADMSG;

	error = is_held(x, held, &r);
	if (error < 0)
		return error;
	if (error == 1) {
		b->text.len = start;
		return 0;
	}
	error = index_item_make(x, &r, offset + start, text.len, &item);
	if (error < 0)
		return error;
	return push_item(b, &item);
}

static int stage_lines(struct batch *b, struct index *x, struct lines *held,
		       uint64_t offset, uint64_t first, uint32_t records,
		       struct slice of, struct slice lines)
{
	struct slice line;
	const char *end;
	int r;

	for (uint32_t i = 0; i < records; i++) {
		end = lines.len ? memchr(lines.p, '\n', lines.len) : NULL;
		if (!end)
			return -EBADMSG;
		line = (struct slice){ lines.p, (size_t)(end - lines.p) };
		lines.p = end + 1;
		lines.len -= line.len + 1;

		r = stage_line(b, x, held, offset, first + i, of, line);
		if (r < 0)
			return r;
	}
	return lines.len == 0 ? 0 : -EBADMSG;
}

int batch_stage(struct batch *b, struct index *x, struct lines *held,
		uint64_t offset, uint64_t first, uint32_t records,
		struct slice of, struct slice lines)
{
	int r;

	batch_clear(b);
	if (records < 1 || records > RECORD_BATCH_MAX || of.len > RECORD_OF_MAX)
		return -EBADMSG;

	r = stage_lines(b, x, held, offset, first, records, of, lines);
	if (r < 0)
		batch_clear(b);
	return r;
}
