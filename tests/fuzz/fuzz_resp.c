/* SPDX-License-Identifier: MIT */
/*
 * RESP requests out of a stream of bytes.  Whatever the bytes are, and however
 * they are cut into pieces, the same requests come out, and the same fault.
 *
 * The input: u16 seed of the pieces, u16 bytes of padding to put in, u16 where
 * they go, then the stream.  Padding makes long requests of short inputs.
 */
#include "config.h"

#include "util/buf.h"
#include "util/cursor.h"
#include "util/random.h"
#include "wire/resp.h"

#include "fuzz.h"

/* Streams up to this are also given byte by byte. */
#define BYTEWISE_MAX 512

/* What became of a stream. */
struct outcome {
	struct buf requests;  /* in their one form: arrays of bulk strings */
	size_t longest;	      /* of them */
	size_t used;	      /* bytes of the stream that were requests */
	enum resp_status end; /* RESP_MORE or RESP_BROKEN */
	const char *fault;
};

static struct slice text_of(const struct buf *b)
{
	return (struct slice){ (const char *)b->data, b->len };
}

/* Slices of @r lie in the @len bytes at @input. */
static void check_slices(const struct resp_request *r, const char *input,
			 size_t len)
{
	fuzz_check(r->args <= RESP_ARGS_MAX);
	for (size_t i = 0; i < r->args; i++) {
		fuzz_check(r->arg[i].p >= input);
		fuzz_check(r->arg[i].p <= input + len);
		fuzz_check(r->arg[i].len <=
			   (size_t)(input + len - r->arg[i].p));
	}
}

static void note_request(struct outcome *o, const struct resp_request *r)
{
	size_t start = o->requests.len;

	fuzz_check(resp_put_array(&o->requests, r->args) == 0);
	for (size_t i = 0; i < r->args; i++)
		fuzz_check(resp_put_bulk(&o->requests, r->arg[i]) == 0);
	if (o->requests.len - start > o->longest)
		o->longest = o->requests.len - start;
}

/* Look once at what is left; what is not taken stays as it was. */
static enum resp_status look(struct outcome *o, struct slice left)
{
	struct resp_request r;
	enum resp_status status;
	size_t used = 0;
	char *copy;

	if (left.len > RESP_REQUEST_MAX)
		left.len = RESP_REQUEST_MAX;
	copy = fuzz_copy(left);
	status = resp_parse(copy, left.len, &r, &used, &o->fault);

	switch (status) {
	case RESP_REQUEST:
		fuzz_check(used > 0 && used <= left.len);
		check_slices(&r, copy, used);
		note_request(o, &r);
		break;
	case RESP_MORE:
		fuzz_check(left.len < RESP_REQUEST_MAX);
		break;
	case RESP_BROKEN:
		fuzz_check(o->fault && *o->fault);
		used = left.len;
		break;
	}
	fuzz_check(left.len == used ||
		   memcmp(copy + used, left.p + used, left.len - used) == 0);
	if (status == RESP_REQUEST)
		o->used += used;
	free(copy);
	return status;
}

/* Give @stream in pieces: @rng draws them, or if NULL all are of @piece. */
static void give(struct slice stream, struct rng *rng, size_t piece,
		 struct outcome *o)
{
	size_t have = 0;

	*o = (struct outcome){ .end = RESP_MORE };
	while (o->end == RESP_MORE && have < stream.len) {
		if (rng)
			piece = 1 + rng_below(rng, 1u << rng_below(rng, 17));
		have += piece < stream.len - have ? piece : stream.len - have;
		do {
			o->end = look(o, (struct slice){ stream.p + o->used,
							 have - o->used });
		} while (o->end == RESP_REQUEST);
	}
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
	fuzz_check(a->end == b->end);
	fuzz_check(a->end != RESP_BROKEN || strcmp(a->fault, b->fault) == 0);
	fuzz_check(a->used == b->used);
	fuzz_check(slice_equal(text_of(&a->requests), text_of(&b->requests)));
}

/* What requests were written as reads as the same requests. */
static void check_round_trip(const struct outcome *o)
{
	struct outcome again;

	if (o->longest > RESP_REQUEST_MAX)
		return;
	give(text_of(&o->requests), NULL, SIZE_MAX, &again);
	fuzz_check(again.end == RESP_MORE);
	fuzz_check(again.used == o->requests.len);
	fuzz_check(
		slice_equal(text_of(&again.requests), text_of(&o->requests)));
	buf_done(&again.requests);
}

/* An answer of one line is one, whatever it says. */
static void check_error(struct slice text)
{
	struct buf out = { 0 };

	fuzz_check(resp_put_error(&out, "ERR", text) == 0);
	fuzz_check(out.len == strlen("-ERR \r\n") + text.len);
	for (size_t i = 0; i < out.len - 2; i++)
		fuzz_check(out.data[i] >= 0x20 && out.data[i] != 0x7f);
	fuzz_check(memcmp(out.data + out.len - 2, "\r\n", 2) == 0);
	buf_done(&out);
}

/* Put @count bytes of padding into @text at @at. */
static char *pad(struct slice text, size_t count, size_t at)
{
	char *stream = malloc(text.len + count + 1);

	fuzz_check(stream);
	memcpy(stream, text.p, at);
	memset(stream + at, 'x', count);
	memcpy(stream + at + count, text.p + at, text.len - at);
	return stream;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(data, size);
	struct rng rng;
	struct slice stream;
	struct outcome whole;
	struct outcome pieces;
	size_t padding;
	size_t at;
	char *bytes;

	rng_seed(&rng, reader_u16(&r));
	padding = reader_u16(&r);
	at = reader_u16(&r);
	if (r.bad)
		return 0;

	stream = reader_rest(&r);
	bytes = pad(stream, padding, at < stream.len ? at : stream.len);
	check_error(stream);
	stream = (struct slice){ bytes, stream.len + padding };

	give(stream, NULL, SIZE_MAX, &whole);
	give(stream, &rng, 0, &pieces);
	check_same(&whole, &pieces);
	buf_done(&pieces.requests);
	if (stream.len <= BYTEWISE_MAX) {
		give(stream, NULL, 1, &pieces);
		check_same(&whole, &pieces);
		buf_done(&pieces.requests);
	}
	check_round_trip(&whole);
	buf_done(&whole.requests);
	free(bytes);
	return 0;
}
