/* SPDX-License-Identifier: MIT */
/*
 * src/wire/message.c: every payload has one form.  So whatever a decoder
 * accepts, however bent, must encode to the very bytes that came.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/random.h"
#include "wire/message.h"

#include "test_wire_samples.h"
#include "unit.h"

UNIT_SUITE(test_wire_message);

/* The payload of sample @i, its type, and its bytes. */
struct given {
	enum frame_type type;
	uint8_t bytes[WIRE_SAMPLE_MAX];
	size_t len;
};

static struct given give(int i)
{
	uint8_t d[WIRE_SAMPLE_MAX];
	struct given g;
	struct frame f;
	size_t len;

	len = wire_sample_encode((size_t)i, d);
	ck_assert_int_eq(frame_decode((struct slice){ (char *)d, len },
				      wire_sample_seal((size_t)i), &f),
			 FRAME_GOOD);

	g.type = f.type;
	g.len = f.payload.len;
	memcpy(g.bytes, f.payload.p, f.payload.len);
	return g;
}

/*
 * Decode from an exact copy on the heap.  True if it was taken, and then it
 * must have been the one way to write it.
 */
static bool taken(enum frame_type type, const uint8_t *bytes, size_t len)
{
	_cleanup_(freep) char *copy = malloc(len > 0 ? len : 1);
	uint8_t again[WIRE_SAMPLE_MAX];
	int r;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, len);
	r = wire_recode(type, (struct slice){ copy, len }, again);
	if (r < 0)
		return false;

	ck_assert_uint_eq((size_t)r, len);
	ck_assert_mem_eq(again, bytes, len);
	return true;
}

/* May this type be cut here?  Only lists of lines or entries may. */
static bool may_be_cut(const struct given *g, size_t cut)
{
	switch (g->type) {
	case FRAME_APPEND:
		return cut > 16 && g->bytes[cut - 1] == '\n';
	case FRAME_RECORDS:
		return cut == 17 || (cut > 17 && g->bytes[cut - 1] == '\n');
	case FRAME_PARTNERS:
		/* Behind the flag, and behind "Ali". */
		return cut == 1 || cut == 1 + 1 + 3 + 8 + 16;
	case FRAME_PING:
	case FRAME_PONG:
	case FRAME_CLAIM:
	case FRAME_PROMISE:
	case FRAME_APPENDED:
	case FRAME_FETCH:
	case FRAME_STATS:
	case FRAME_SUM:
	case FRAME_TOTAL:
	case FRAME_ERROR:
		return false;
	}
	return false;
}

START_TEST(round_trip)
{
	struct given g = give(_i);

	ck_assert(taken(g.type, g.bytes, g.len));
}
END_TEST

START_TEST(every_truncation)
{
	struct given g = give(_i);

	for (size_t cut = 0; cut < g.len; cut++)
		ck_assert_msg(taken(g.type, g.bytes, cut) ==
				      may_be_cut(&g, cut),
			      "%s cut to %zu", wire_sample_name((size_t)_i),
			      cut);
}
END_TEST

START_TEST(a_trailing_byte_is_refused)
{
	struct given g = give(_i);

	for (unsigned int c = 0; c < 256; c++) {
		/* One newline more is one (empty) line more. */
		bool line = c == '\n' && (g.type == FRAME_APPEND ||
					  g.type == FRAME_RECORDS);

		g.bytes[g.len] = (uint8_t)c;
		ck_assert(taken(g.type, g.bytes, g.len + 1) == line);
	}
}
END_TEST

/* taken() holds each to "refused, or exactly what it says". */
START_TEST(every_flipped_bit)
{
	struct given g = give(_i);

	for (size_t bit = 0; bit < g.len * 8; bit++) {
		g.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		(void)taken(g.type, g.bytes, g.len);
		g.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

/* Every sample's bytes read as every type: no decoder trusts another's. */
START_TEST(every_payload_as_every_type)
{
	struct given g = give(_i);

	for (int type = FRAME_PING; type <= FRAME_ERROR; type++)
		(void)taken((enum frame_type)type, g.bytes, g.len);
}
END_TEST

START_TEST(noise)
{
	uint8_t bytes[64];
	struct rng rng;

	rng_seed(&rng, 1);
	for (int round = 0; round < 500; round++) {
		size_t len = (size_t)rng_below(&rng, sizeof(bytes) + 1);

		/* Small values look like counts and lengths more often. */
		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)rng_below(&rng,
						      round % 2 ? 4 : 256);
		for (int type = FRAME_PING; type <= FRAME_ERROR; type++)
			(void)taken((enum frame_type)type, bytes, len);
	}
}
END_TEST

/* Sample @i with the byte at @at set: is it taken? */
static bool taken_changed(int i, size_t at, uint8_t value)
{
	struct given g = give(i);

	g.bytes[at] = value;
	return taken(g.type, g.bytes, g.len);
}

/* Which of the samples; their order is that of test_wire_samples.c. */
enum { PING = 0, PONG = 2, APPEND = 5, APPENDED = 6, APPENDED_PART = 7 };
enum { FETCH = 8, RECORDS = 10, STATS = 11, PARTNERS = 12, SUM = 13 };
enum { ERROR = 15, REFILL = 17 };

START_TEST(flags_are_0_or_1)
{
	ck_assert(taken_changed(PING, 0, 0));
	ck_assert(!taken_changed(PING, 0, 2));
	ck_assert(taken_changed(PONG, 24, 1));
	ck_assert(!taken_changed(PONG, 24, 2));
	ck_assert(!taken_changed(PONG, 25, 2));
	for (unsigned int v = 0; v < 256; v++)
		ck_assert(taken_changed(REFILL, 14, (uint8_t)v) == (v < 4));
	ck_assert(!taken_changed(APPENDED, 8, 2));
	ck_assert(taken_changed(RECORDS, 16, 0));
	ck_assert(!taken_changed(RECORDS, 16, 4));
	ck_assert(!taken_changed(PARTNERS, 0, 2));
}
END_TEST

START_TEST(append_is_bounded)
{
	/* Serial 0, no records, no fragments. */
	ck_assert(!taken_changed(APPEND, 7, 0));
	ck_assert(!taken_changed(APPEND, 11, 0));
	ck_assert(!taken_changed(APPEND, 13, 0));

	/* 1,024 fragments, and one more. */
	struct given g = give(APPEND);

	g.bytes[12] = MESSAGE_FRAGMENTS_MAX >> 8;
	g.bytes[13] = 0;
	ck_assert(taken(g.type, g.bytes, g.len));
	g.bytes[13] = 1;
	ck_assert(!taken(g.type, g.bytes, g.len));

	/* Half a line. */
	g = give(APPEND);
	g.bytes[g.len - 1] = 'x';
	ck_assert(!taken(g.type, g.bytes, g.len));
}
END_TEST

/* Each line of a refill has its own of=: the message has none. */
START_TEST(refill_is_kept_for_nobody)
{
	struct given g = give(APPEND);

	g.bytes[14] = 0;
	ck_assert(taken(g.type, g.bytes, g.len));
	g.bytes[14] = 2;
	ck_assert(!taken(g.type, g.bytes, g.len));
	g.bytes[14] = 3;
	ck_assert(!taken(g.type, g.bytes, g.len));
}
END_TEST

/* What the decoder made of the flags, each by itself. */
START_TEST(append_flags_are_told_apart)
{
	struct given g = give(REFILL);
	struct message_append m;

	for (unsigned int v = 0; v < 4; v++) {
		g.bytes[14] = (uint8_t)v;
		ck_assert_int_eq(message_get_append(
					 (struct slice){ (char *)g.bytes,
							 g.len },
					 &m),
				 0);
		ck_assert(m.acknowledge == ((v & 1) != 0));
		ck_assert(m.refill == ((v & 2) != 0));
	}
}
END_TEST

START_TEST(the_map_has_a_bit_a_fragment)
{
	uint8_t p[11 + MESSAGE_FRAGMENTS_MAX / 8 + 1] = { 0 };

	p[7] = 1;
	for (unsigned int n = 1; n <= MESSAGE_FRAGMENTS_MAX; n++) {
		size_t map = (n + 7) / 8;

		p[9] = (uint8_t)(n >> 8);
		p[10] = (uint8_t)n;
		ck_assert(taken(FRAME_APPENDED, p, 11 + map));
		ck_assert(!taken(FRAME_APPENDED, p, 11 + map - 1));
		ck_assert(!taken(FRAME_APPENDED, p, 11 + map + 1));
	}

	/* More fragments than there may be, or none. */
	p[9] = (MESSAGE_FRAGMENTS_MAX + 1) >> 8;
	p[10] = 1;
	ck_assert(!taken(FRAME_APPENDED, p, sizeof(p)));
	p[9] = 0;
	p[10] = 0;
	ck_assert(!taken(FRAME_APPENDED, p, 11));

	/* The bits behind the eleventh. */
	ck_assert(taken_changed(APPENDED_PART, 12, 0xe0));
	ck_assert(!taken_changed(APPENDED_PART, 12, 0x30));
	ck_assert(!taken_changed(APPENDED_PART, 12, 0x21));
}
END_TEST

/* Which answers a question may ask for: never none, never without bound. */
START_TEST(answers_asked_for_are_bounded)
{
	struct given g = give(FETCH);

	g.bytes[17] = 0;
	ck_assert(!taken(g.type, g.bytes, g.len));
	g.bytes[17] = MESSAGE_PAGES_MAX;
	ck_assert(taken(g.type, g.bytes, g.len));
	g.bytes[17] = MESSAGE_PAGES_MAX + 1;
	ck_assert(!taken(g.type, g.bytes, g.len));

	/* Room of 1,199 and 65,508; and 1,199 in STATS. */
	g = give(FETCH);
	g.bytes[18] = (FRAME_SIZE_MIN - 1) >> 8;
	g.bytes[19] = (FRAME_SIZE_MIN - 1) & 0xff;
	ck_assert(!taken(g.type, g.bytes, g.len));
	g.bytes[18] = (FRAME_SIZE_MAX + 1) >> 8;
	g.bytes[19] = (FRAME_SIZE_MAX + 1) & 0xff;
	ck_assert(!taken(g.type, g.bytes, g.len));
	ck_assert(!taken_changed(STATS, 9, (FRAME_SIZE_MIN - 1) & 0xff));
}
END_TEST

/* A SUM of nobody with so many absent blocks and ranges: is it taken? */
static bool takes_filter(size_t absents, size_t ranges)
{
	uint8_t p[WIRE_SAMPLE_MAX];
	struct writer w = writer_of(p, sizeof(p));

	writer_u64(&w, 0);
	writer_u64(&w, 12);
	writer_u8(&w, 0);
	writer_u8(&w, 0);
	writer_u8(&w, (uint8_t)absents);
	for (size_t i = 0; i < absents; i++)
		writer_short_string(&w, slice_of("B"));
	writer_u8(&w, (uint8_t)ranges);
	for (size_t i = 0; i < ranges; i++) {
		writer_u64(&w, 1 + i);
		writer_u64(&w, 1 + i);
		writer_u8(&w, 1);
	}
	ck_assert(!w.bad);
	return taken(FRAME_SUM, p, writer_len(&w));
}

/* As full as it may be, and one entry more. */
START_TEST(filters_are_bounded)
{
	ck_assert(takes_filter(0, 0));
	ck_assert(takes_filter(MESSAGE_ABSENT_MAX, MESSAGE_RANGES_MAX));
	ck_assert(!takes_filter(MESSAGE_ABSENT_MAX + 1, 0));
	ck_assert(!takes_filter(0, MESSAGE_RANGES_MAX + 1));
}
END_TEST

START_TEST(ranges_do_not_run_backwards)
{
	struct message_sum m = { .filter = { .ranges = 1 } };
	uint8_t p[WIRE_SAMPLE_MAX];
	struct writer w = writer_of(p, sizeof(p));

	m.filter.range[0] = (struct message_range){ 5, 4, true };
	message_put_sum(&w, &m);
	ck_assert(!taken(FRAME_SUM, p, writer_len(&w)));

	/* Nor does a page: covered (300) below after. */
	ck_assert(!taken_changed(RECORDS, 6, 2));
}
END_TEST

START_TEST(partners_rise)
{
	/* "Martin" becomes "Aartin": now below "Ali". */
	ck_assert(!taken_changed(PARTNERS, 30, 'A'));

	/* Twice the same name. */
	struct given g = give(PARTNERS);

	memcpy(g.bytes + 29, g.bytes + 1, 28);
	ck_assert(!taken(g.type, g.bytes, 29 + 28));

	/* No name at all. */
	memset(g.bytes + 1, 0, 25);
	ck_assert(!taken(g.type, g.bytes, 26));
}
END_TEST

START_TEST(stats_are_of_somebody)
{
	static const uint8_t nobody[] = { 0, 0, 0, 0, 0,    0, 0, 12,
					  4, 0xb0, 0, 0, 0, 0, 0 };

	ck_assert(!taken(FRAME_STATS, nobody, sizeof(nobody)));
}
END_TEST

START_TEST(errors_have_a_known_code)
{
	for (unsigned int code = 0; code < 256; code++)
		ck_assert(taken_changed(ERROR, 0, (uint8_t)code) ==
			  (code >= MESSAGE_ERROR_FENCED &&
			   code <= MESSAGE_ERROR_MALFORMED));
}
END_TEST

/* A sentence too long for its length byte is cut, not dropped. */
START_TEST(long_sentences_are_cut)
{
	char text[300];
	struct message_error m = {
		.code = MESSAGE_ERROR_FULL,
		.sentence = { text, sizeof(text) },
	};
	uint8_t p[512];
	struct writer w = writer_of(p, sizeof(p));

	memset(text, 'x', sizeof(text));
	message_put_error(&w, &m);
	ck_assert(!w.bad);
	ck_assert_uint_eq(writer_len(&w), 2 + 255);
	ck_assert(taken(FRAME_ERROR, p, writer_len(&w)));
}
END_TEST

/* Whatever does not fit is said to, at every size of the buffer. */
START_TEST(no_room_sets_the_error)
{
	uint8_t copy[8 + 16];
	struct message_total m = { .records = 1, .net = -1 };

	for (size_t size = 0; size < 8 + 16; size++) {
		struct writer w = writer_of(copy, size);

		message_put_total(&w, &m);
		ck_assert(w.bad);
	}
}
END_TEST

/* A datagram filled to the room that was promised is exactly that large. */
START_TEST(rooms_are_exact)
{
	static char lines[FRAME_SIZE_MIN];
	struct message_append a = { .first = 1, .records = 1, .fragments = 1,
				    .of = slice_of("A,B") };
	struct message_records r = { .covered = 1 };
	uint8_t p[FRAME_SIZE_MIN];
	struct writer w;

	w = writer_of(p, FRAME_SIZE_MIN - FRAME_OVERHEAD);
	a.lines = (struct slice){ lines, message_append_room(FRAME_SIZE_MIN,
							     a.of.len) };
	message_put_append(&w, &a);
	ck_assert(!w.bad && w.left == 0);

	w = writer_of(p, FRAME_SIZE_MIN - FRAME_OVERHEAD);
	r.lines = (struct slice){ lines,
				  message_records_room(FRAME_SIZE_MIN) };
	message_put_records(&w, &r);
	ck_assert(!w.bad && w.left == 0);

	ck_assert_uint_eq(message_append_room(10, 0), 0);
	ck_assert_uint_eq(message_records_room(FRAME_OVERHEAD + 17), 0);
	ck_assert_uint_eq(message_records_room(FRAME_OVERHEAD + 18), 1);
}
END_TEST

/* Signed and 128 bits wide: most of a net total's range is never in use. */
START_TEST(nets_of_any_size)
{
	static const __int128 one = 1;
	const __int128 nets[] = { 0,   1,   -1, INT64_MAX, INT64_MIN, one << 100,
				  -(one << 100) };

	for (size_t i = 0; i < ELEMENTS(nets); i++) {
		struct message_total m = { .records = 1, .net = nets[i] };
		struct message_total back;
		uint8_t p[24];
		struct writer w = writer_of(p, sizeof(p));

		message_put_total(&w, &m);
		ck_assert_int_eq(message_get_total((struct slice){ (char *)p,
								   24 },
						   &back),
				 0);
		ck_assert(back.net == nets[i]);
	}
}
END_TEST

Suite *test_wire_message(void)
{
	Suite *s = suite_create("wire/message");
	TCase *t = tcase_create("message");
	int samples = (int)wire_sample_count();

	tcase_add_loop_test(t, round_trip, 0, samples);
	tcase_add_loop_test(t, every_truncation, 0, samples);
	tcase_add_loop_test(t, a_trailing_byte_is_refused, 0, samples);
	tcase_add_loop_test(t, every_flipped_bit, 0, samples);
	tcase_add_loop_test(t, every_payload_as_every_type, 0, samples);
	tcase_add_test(t, noise);
	tcase_add_test(t, flags_are_0_or_1);
	tcase_add_test(t, append_is_bounded);
	tcase_add_test(t, refill_is_kept_for_nobody);
	tcase_add_test(t, append_flags_are_told_apart);
	tcase_add_test(t, the_map_has_a_bit_a_fragment);
	tcase_add_test(t, answers_asked_for_are_bounded);
	tcase_add_test(t, filters_are_bounded);
	tcase_add_test(t, ranges_do_not_run_backwards);
	tcase_add_test(t, partners_rise);
	tcase_add_test(t, stats_are_of_somebody);
	tcase_add_test(t, errors_have_a_known_code);
	tcase_add_test(t, long_sentences_are_cut);
	tcase_add_test(t, no_room_sets_the_error);
	tcase_add_test(t, rooms_are_exact);
	tcase_add_test(t, nets_of_any_size);
	suite_add_tcase(s, t);
	return s;
}
