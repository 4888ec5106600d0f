/* SPDX-License-Identifier: MIT */
/*
 * A promise that cannot be read is no promise forgotten: it stops the start,
 * or a main daemon that was fenced off could come back.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "util/parse.h"

#include "store/promise.h"

#define PROMISE_MODE 0640
#define NONCE_HEX ((size_t)STORE_NONCE_SIZE * 2)
/* Three numbers, the nonce, three spaces and the newline. */
#define PROMISE_SIZE_MAX (3 * U64_DIGITS_MAX + STORE_NONCE_SIZE * 2 + 4)

static int parse(struct slice text, struct promise *ret)
{
	struct slice epoch;
	struct slice nonce;
	struct slice length;
	struct slice line;
	struct promise p = { 0 };

	if (!slice_cut(&text, '\n', &line) || text.len > 0 ||
	    !slice_cut(&line, ' ', &epoch) || !slice_cut(&line, ' ', &nonce))
		return -EINVAL;
	p.open = slice_cut(&line, ' ', &length);
	if (p.open && parse_u64(line, &p.open_at) < 0)
		return -EINVAL;
	if (!p.open)
		length = line;
	if (parse_u64_range(epoch, 1, UINT64_MAX, &p.epoch) < 0 ||
	    parse_hex(nonce, p.nonce, sizeof(p.nonce)) < 0 ||
	    parse_u64(length, &p.length) < 0)
		return -EINVAL;

	*ret = p;
	return 0;
}

static int say_damaged(struct buf *fault, const char *path)
{
	int r;

	r = buf_addf(fault,
		     "%s:1: expected one line \"epoch nonce length\": a number "
		     "from 1, %zu hex digits, a number, and maybe another one",
		     path, NONCE_HEX);
	return r < 0 ? r : -EBADMSG;
}

int promise_read(const struct fileops *ops, const char *path,
		 struct promise *ret, struct buf *fault)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	int r;

	r = fileops_read_file(ops, path, PROMISE_SIZE_MAX, &text);
	if (r == -ENOENT) {
		*ret = (struct promise){ 0 };
		return 0;
	}
	if (r == -EFBIG || r == -EISDIR || r == -EINVAL)
		return say_damaged(fault, path);
	if (r < 0)
		return r;

	r = parse((struct slice){ (char *)text.data, text.len }, ret);
	return r < 0 ? say_damaged(fault, path) : 0;
}

int promise_write(const struct fileops *ops, const char *path,
		  const struct promise *p)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	char hex[NONCE_HEX];
	int r;

	format_hex(p->nonce, sizeof(p->nonce), hex);
	r = buf_addf(&text, "%" PRIu64 " %.*s %" PRIu64, p->epoch,
		     (int)sizeof(hex), hex, p->length);
	if (r == 0 && p->open)
		r = buf_addf(&text, " %" PRIu64, p->open_at);
	if (r == 0)
		r = buf_add(&text, "\n", 1);
	if (r < 0)
		return r;
	return fileops_replace(ops, path, PROMISE_MODE,
			       (struct slice){ (char *)text.data, text.len });
}
