/* SPDX-License-Identifier: MIT */
/*
 * The grammar of a record: what is taken, what is refused and why, and that
 * nothing bent passes for what it was.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/parse.h"
#include "util/random.h"
#include "util/timestamp.h"

#include "ledger/name.h"
#include "ledger/record.h"

#include "unit.h"

UNIT_SUITE(test_ledger_record);

#define OLD "9 Ali Luke 155"
#define TIME "t=2026-11-22T13:37:00.123456Z"
#define DIGITS16 "0123456789abcdef"
#define HASH "h=" DIGITS16 DIGITS16 DIGITS16 DIGITS16
#define OF " of=A,B"
#define FULL "10 Ali Luke 15 " TIME " b=2/3 id=7f9c m=two%20coffees " HASH OF
#define NAME64 DIGITS16 DIGITS16 DIGITS16 DIGITS16
#define REVERSED16 "fedcba9876543210"
#define REVERSED64 REVERSED16 REVERSED16 REVERSED16 REVERSED16

static struct record parse(const char *line)
{
	const char *fault = NULL;
	struct record r;

	ck_assert_msg(record_parse(slice_of(line), &r, &fault) == 0,
		      "\"%s\": %s", line, fault);
	return r;
}

static void check_slice(struct slice s, const char *expected)
{
	ck_assert_msg(slice_equal(s, slice_of(expected)),
		      "\"%.*s\" is not \"%s\"", SLICE_ARG(s), expected);
}

START_TEST(an_old_record_has_four_columns)
{
	struct record r = parse(OLD);

	ck_assert_uint_eq(r.serial, 9);
	check_slice(r.sender, "Ali");
	check_slice(r.receiver, "Luke");
	ck_assert_uint_eq(amount_to_u64(r.amount), 155);
	ck_assert(!r.chained);
	ck_assert_int_eq(r.time, 0);
	ck_assert_uint_eq(r.batch_position, 1);
	ck_assert_uint_eq(r.batch_size, 1);
	ck_assert(!r.whole);
	ck_assert_uint_eq(r.id.len + r.memo.len + r.of.len, 0);
	check_slice(r.body, OLD);
}
END_TEST

START_TEST(a_chained_record_has_all_fields)
{
	struct record r = parse(FULL);
	char hash[CHAIN_HEX_SIZE];

	ck_assert_uint_eq(r.serial, 10);
	ck_assert(r.chained);
	ck_assert_int_eq(r.time, INT64_C(1795354620123456));
	ck_assert_uint_eq(r.batch_position, 2);
	ck_assert_uint_eq(r.batch_size, 3);
	check_slice(r.id, "7f9c");
	check_slice(r.memo, "two%20coffees");
	format_hex(r.hash, sizeof(r.hash), hash);
	ck_assert_mem_eq(hash, &HASH[2], sizeof(hash));
	check_slice(r.of, "A,B");
	check_slice(r.body,
		    "10 Ali Luke 15 " TIME " b=2/3 id=7f9c m=two%20coffees");
}
END_TEST

/* The mark is part of what the hash covers. */
START_TEST(a_batch_may_stand_or_fall_as_one)
{
	struct record r = parse("1 A B 1 " TIME " b=2/3! id=x " HASH OF);
	struct record loose = parse("1 A B 1 " TIME " b=2/3 id=x " HASH OF);

	ck_assert(r.whole);
	ck_assert_uint_eq(r.batch_position, 2);
	ck_assert_uint_eq(r.batch_size, 3);
	check_slice(r.body, "1 A B 1 " TIME " b=2/3! id=x");
	ck_assert(!loose.whole);
	ck_assert(!record_same(&r, &loose));
}
END_TEST

/* A copy that was refilled: an old record in all, but with its hash. */
START_TEST(an_old_record_may_be_sealed)
{
	struct record r = parse(OLD " " HASH " of=A,B");
	struct record home = parse(OLD " " HASH);
	char hash[CHAIN_HEX_SIZE];

	ck_assert(r.sealed);
	ck_assert(!r.chained);
	ck_assert_int_eq(r.time, 0);
	ck_assert_uint_eq(r.batch_position, 1);
	ck_assert_uint_eq(r.batch_size, 1);
	ck_assert_uint_eq(r.id.len + r.memo.len, 0);
	format_hex(r.hash, sizeof(r.hash), hash);
	ck_assert_mem_eq(hash, &HASH[2], sizeof(hash));
	check_slice(r.of, "A,B");
	check_slice(r.body, OLD);

	ck_assert(home.sealed);
	ck_assert(!home.chained);
	ck_assert_uint_eq(home.of.len, 0);
	ck_assert(parse(FULL).sealed);
	ck_assert(!parse(OLD).sealed);
}
END_TEST

START_TEST(bad_seals_of_old_records_are_refused)
{
	static const char *const bad[] = {
		OLD " " HASH "\r",
		OLD " " HASH " ",
		OLD "  " HASH,
		OLD " " HASH "0",
		OLD " h=",
		OLD " h= of=A",
		OLD " of=A",
		OLD " of=A " HASH,
		OLD " " HASH " " HASH,
		OLD " " HASH " " TIME,
		OLD " " HASH " " TIME " " HASH,
		OLD " " HASH " id=x",
		OLD " " HASH " of=",
		OLD " " HASH " of=A,A",
		OLD " b=1/2 " HASH,
		OLD " id=x " HASH,
		OLD " m=x " HASH,
	};
	const char *fault;
	struct record r;

	for (size_t i = 0; i < ELEMENTS(bad); i++)
		ck_assert_msg(record_parse(slice_of(bad[i]), &r, &fault) ==
				      -EBADMSG,
			      "taken: \"%s\"", bad[i]);
}
END_TEST

/* Only what both bear is compared. */
START_TEST(a_sealed_record_is_the_same_as_the_bare_one)
{
	static const char other[] = "h=1123456789abcdef" DIGITS16 DIGITS16
				    DIGITS16;
	struct record bare = parse(OLD);
	struct record sealed = parse(OLD " " HASH " of=A");
	struct record home = parse(OLD " " HASH);
	char line[256];
	struct record wrong;

	(void)snprintf(line, sizeof(line), "%s %s", OLD, other);
	wrong = parse(line);
	ck_assert(record_same(&bare, &sealed));
	ck_assert(record_same(&sealed, &bare));
	ck_assert(record_same(&home, &sealed));
	ck_assert(record_same(&bare, &wrong));
	ck_assert(!record_same(&sealed, &wrong));
	ck_assert(!record_same(&wrong, &home));
}
END_TEST

START_TEST(the_sample_data_is_taken)
{
	static const char *const lines[] = {
		"5 Chinmay Oliver 129", "1 Racheal John 45",
		"9 Ali Luke 155",	"2 Rishil Alice 30",
		"8 Rishil Chinmay 10",	"3 Oliver Rachit 94",
		"6 Racheal Alice 49",	"4 Ben Victor 85",
		"7 Martin Luke 25",
	};

	for (size_t i = 0; i < ELEMENTS(lines); i++)
		check_slice(parse(lines[i]).body, lines[i]);
}
END_TEST

START_TEST(each_field_but_time_and_hash_may_be_absent)
{
	static const char *const lines[] = {
		"1 A B 1 " TIME " " HASH,
		"1 A B 1 " TIME " b=1/2 " HASH,
		"1 A B 1 " TIME " b=1/2! " HASH,
		"1 A B 1 " TIME " b=1000/1000! " HASH,
		"1 A B 1 " TIME " id=x " HASH,
		"1 A B 1 " TIME " m=x " HASH,
		"1 A B 1 " TIME " " HASH " of=A",
		"1 A B 1 " TIME " b=8192/8192 m=x " HASH,
		"1 A B 1 " TIME " id=x m=x " HASH " of=A.b_9",
		"1 A A 0 " TIME " " HASH,
	};

	for (size_t i = 0; i < ELEMENTS(lines); i++)
		ck_assert(parse(lines[i]).chained);
}
END_TEST

START_TEST(an_opening_is_of_oneself_and_nothing)
{
	struct record r = parse("7 Zoe Zoe 0");

	ck_assert(amount_is_zero(r.amount));
	ck_assert(slice_equal(r.sender, r.receiver));
}
END_TEST

START_TEST(names_may_be_utf8)
{
	struct record r = parse("1 Zo\xc3\xab \xe6\x9d\x8e 1");

	check_slice(r.sender, "Zo\xc3\xab");
	check_slice(r.receiver, "\xe6\x9d\x8e");
}
END_TEST

/* Somebody's editor; the original's reader takes it as well. */
START_TEST(a_carriage_return_is_dropped_from_an_old_record)
{
	check_slice(parse(OLD "\r").body, OLD);
	ck_assert_uint_eq(amount_to_u64(parse(OLD "\r").amount), 155);
}
END_TEST

/* Three names of blocks, as long as they may be. */
#define BLOCKS(n) \
	#n "a_block_in_arow," #n "b_block_in_arow," #n "c_block_in_arow"

/* Each field as long as it may be. */
static size_t largest_line(char out[RECORD_LINE_MAX])
{
	char memo[3 * MEMO_MAX + 1] = "";

	for (size_t i = 0; i < MEMO_MAX / 2; i++)
		memcpy(memo + 6 * i, "%C3%A4", 7);
	return (size_t)snprintf(
		out, RECORD_LINE_MAX,
		"9223372036854775807 " NAME64 " " REVERSED64
		" 9223372036854775807 t=9999-12-31T23:59:59.999999Z "
		"b=8192/8192 id=" NAME64 " m=%s " HASH
		" of=" BLOCKS(0) "," BLOCKS(1) "," BLOCKS(2) "," BLOCKS(3) ","
		BLOCKS(4),
		memo);
}

START_TEST(the_largest_record_fits)
{
	char line[RECORD_LINE_MAX];
	size_t len = largest_line(line);
	struct record r = parse(line);

	ck_assert_uint_lt(len, RECORD_LINE_MAX);
	ck_assert_uint_eq(r.serial, INT64_MAX);
	ck_assert_uint_eq(r.sender.len, USER_NAME_MAX);
	ck_assert_uint_eq(r.receiver.len, USER_NAME_MAX);
	ck_assert_uint_eq(amount_to_u64(r.amount), INT64_MAX);
	ck_assert_uint_eq(r.batch_position, RECORD_BATCH_MAX);
	ck_assert_uint_eq(r.id.len, OPERATION_ID_MAX);
	ck_assert_uint_eq(r.memo.len, 3 * MEMO_MAX);
	ck_assert_uint_eq(r.of.len, 15 * BLOCK_NAME_MAX + 14);
}
END_TEST

struct bad_line {
	const char *line;
	const char *expected; /* what the fault says, in part */
};

static void check_bad(const struct bad_line *bad, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct record r = { .serial = 77 };
		const char *fault = NULL;
		int e = record_parse(slice_of(bad[i].line), &r, &fault);

		ck_assert_msg(e == -EBADMSG, "taken: \"%s\"", bad[i].line);
		ck_assert_msg(fault && strstr(fault, bad[i].expected),
			      "\"%s\": \"%s\" does not say \"%s\"", bad[i].line,
			      fault, bad[i].expected);
		ck_assert_uint_eq(r.serial, 77);
	}
}

#define COLUMNS "expected four columns"
#define SPACES "expected single spaces"
#define NAMES "expected names of 1 to 64 bytes"

START_TEST(bad_columns_are_refused)
{
	static const struct bad_line bad[] = {
		{ "", COLUMNS },
		{ "\r", COLUMNS },
		{ "1", COLUMNS },
		{ "1 ", COLUMNS },
		{ "1 Ali", COLUMNS },
		{ "1 Ali Ben", COLUMNS },
		{ "1 Ali Ben ", COLUMNS },
		{ "1 Ali Ben \r", COLUMNS },
		{ " 1 Ali Ben 5", SPACES },
		{ "1  Ali Ben 5", SPACES },
		{ "1 Ali  Ben 5", SPACES },
		{ "1 Ali Ben  5", SPACES },
		{ "1\tAli\tBen\t5", COLUMNS },
		{ "1 Ali\tBen 5", COLUMNS },
		{ "1 Ali\tBen Cid 5", NAMES },
		{ "\xef\xbb\xbf\x31 Ali Ben 5", "serial: expected digits" },
		{ "x Ali Ben 5", "serial: expected digits" },
		{ "-1 Ali Ben 5", "serial: expected digits" },
		{ "+1 Ali Ben 5", "serial: expected digits" },
		{ "01 Ali Ben 5", "serial: expected digits" },
		{ "1. Ali Ben 5", "serial: expected digits" },
		{ "0 Ali Ben 5", "serial: expected 1 to" },
		{ "9223372036854775808 Ali Ben 5", "serial: expected 1 to" },
		{ "99999999999999999999 Ali Ben 5", "serial: expected 1 to" },
		{ "1 A=i Ben 5", NAMES },
		{ "1 Ali B,n 5", NAMES },
		{ "1 \"Ali\" Ben 5", NAMES },
		{ "1 Ali Ben\x01 5", NAMES },
		{ "1 Ali \x80 5", NAMES },
		{ "1 Ali B\xc2\xa0n 5", NAMES },
		{ "1 Ali B\xe2\x80\x8bn 5", NAMES },
		{ "1 " NAME64 "x Ben 5", NAMES },
		{ "1 Ali " NAME64 "x 5", NAMES },
		{ "1 Ali Ben abc", "amount: expected digits" },
		{ "1 Ali Ben -5", "amount: expected digits" },
		{ "1 Ali Ben +5", "amount: expected digits" },
		{ "1 Ali Ben 05", "amount: expected digits" },
		{ "1 Ali Ben 5.0", "amount: expected digits" },
		{ "1 Ali Ben 5\r\r", "amount: expected digits" },
		{ "1 Ali Ben 5\n", "amount: expected digits" },
		{ "1 Ali Ben 9223372036854775808", "amount: expected at most" },
		{ "1 Ali Ben 0", "amount: expected 1 or more" },
		{ "1 Ali Ali 5", "amount: expected 0 where" },
		{ "1 Ali Ben 5 ", "expected t=, h= or the end" },
		{ "1 Ali Ben 5 \r", "expected t=, h= or the end" },
		{ "1 Ali Ben 5 6", "expected t=, h= or the end" },
		{ "1 Ali Ben 5 # a remark", "expected t=, h= or the end" },
	};

	check_bad(bad, ELEMENTS(bad));
}
END_TEST

#define C "1 Ali Ben 5 "
#define ORDER "expected the fields t= b= id= m= h= of= in this order"
#define BATCH "b=: expected K/N"
#define OFNAMES "of=: expected 1 to 15 names"

START_TEST(bad_times_batches_and_ids_are_refused)
{
	static const struct bad_line bad[] = {
		{ C "b=1/2 " HASH, "expected t=, h= or the end" },
		{ C "id=x " TIME " " HASH, "expected t=, h= or the end" },
		{ C " " TIME " " HASH, "expected t=, h= or the end" },
		{ C "T" TIME " " HASH, "expected t=, h= or the end" },
		{ C "t= " HASH, "expected a value" },
		{ C "t=2026-11-22 " HASH, "t=: expected a time" },
		/* Spaces where a value of the right length would have none. */
		{ C "t= 2026-11-22T13:37:00.12345Z " HASH, "expected a value" },
		{ C "t=2026-11-22 13:37:00.123456Z " HASH,
		  "t=: expected a time" },
		{ C TIME " h= " DIGITS16 DIGITS16 DIGITS16 "0123456789abcde",
		  "expected a value" },
		{ C "t=2026-02-29T13:37:00.123456Z " HASH,
		  "t=: expected a time" },
		{ C TIME, ORDER },
		{ C TIME " ", ORDER },
		{ C TIME "  " HASH, ORDER },
		{ C TIME " " TIME " " HASH, ORDER },
		{ C TIME " x=1 " HASH, ORDER },
		{ C TIME " id=x b=1/2 " HASH, ORDER },
		{ C TIME " m=x id=x " HASH, ORDER },
		{ C TIME " id=x id=x " HASH, ORDER },
		{ C TIME " of=A " HASH, ORDER },
		{ C TIME " b= " HASH, "expected a value" },
		{ C TIME " b=1 " HASH, BATCH },
		{ C TIME " b=/ " HASH, BATCH },
		{ C TIME " b=1/1 " HASH, BATCH },
		{ C TIME " b=0/2 " HASH, BATCH },
		{ C TIME " b=3/2 " HASH, BATCH },
		{ C TIME " b=01/2 " HASH, BATCH },
		{ C TIME " b=1/02 " HASH, BATCH },
		{ C TIME " b=1/2/3 " HASH, BATCH },
		{ C TIME " b=1/8193 " HASH, BATCH },
		{ C TIME " b=1/99999999999999999999 " HASH, BATCH },
		{ C TIME " b=! " HASH, BATCH },
		{ C TIME " b=1! " HASH, BATCH },
		{ C TIME " b=1/! " HASH, BATCH },
		{ C TIME " b=1/1! " HASH, BATCH },
		{ C TIME " b=3/2! " HASH, BATCH },
		{ C TIME " b=1!/2 " HASH, BATCH },
		{ C TIME " b=!1/2 " HASH, BATCH },
		{ C TIME " b=1/2!! " HASH, BATCH },
		{ C TIME " b=1/1001! " HASH, BATCH },
		{ C TIME " b=1/2? " HASH, BATCH },
		{ C TIME " ! " HASH, ORDER },
		{ C TIME " id= " HASH, "expected a value" },
		{ C TIME " id=a=b " HASH, "id=: expected 1 to 64" },
		{ C TIME " id=\xc3\xa9 " HASH, "id=: expected 1 to 64" },
		{ C TIME " id=" NAME64 "x " HASH, "id=: expected 1 to 64" },
	};

	check_bad(bad, ELEMENTS(bad));
}
END_TEST

START_TEST(bad_memos_hashes_and_copies_are_refused)
{
	static const struct bad_line bad[] = {
		{ C TIME " m= " HASH, "expected a value" },
		{ C TIME " m=a,b " HASH, "m=: expected percent-encoded" },
		{ C TIME " m=%61 " HASH, "m=: expected percent-encoded" },
		{ C TIME " m=%c3%a9 " HASH, "m=: expected percent-encoded" },
		{ C TIME " m=%2 " HASH, "m=: expected percent-encoded" },
		{ C TIME " m=%0A " HASH, "m=: expected UTF-8" },
		{ C TIME " m=%C3 " HASH, "m=: expected UTF-8" },
		{ C TIME " m=" NAME64 NAME64 NAME64 " " HASH,
		  "m=: expected at most 160" },
		{ C TIME " h=", "expected a value" },
		{ C TIME " h=0123", "h=: expected 64" },
		{ C TIME " " HASH "0", "h=: expected 64" },
		{ C TIME " h=" NAME64 "00", "h=: expected 64" },
		{ C TIME " h=0123456789ABCDEF" DIGITS16 DIGITS16 DIGITS16,
		  "h=: expected 64" },
		{ C TIME " " HASH "\r", "expected no carriage return" },
		{ C TIME " " HASH " of=A\r", "expected no carriage return" },
		{ C TIME " " HASH " ", "expected the end of the line" },
		{ C TIME " " HASH " id=x", "expected the end of the line" },
		{ C TIME " " HASH " " HASH, "expected the end of the line" },
		{ C TIME " " HASH " of=", "expected a value" },
		{ C TIME " " HASH " of=A B", "expected the end of the line" },
		{ C TIME " " HASH " of=A of=B",
		  "expected the end of the line" },
		{ C TIME " " HASH " of=,A", OFNAMES },
		{ C TIME " " HASH " of=A,", OFNAMES },
		{ C TIME " " HASH " of=A,,B", OFNAMES },
		{ C TIME " " HASH " of=A-B", OFNAMES },
		{ C TIME " " HASH " of=.A", OFNAMES },
		{ C TIME " " HASH " of=A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P",
		  OFNAMES },
		{ C TIME " " HASH " of=" DIGITS16 "x", OFNAMES },
		{ C TIME " " HASH " of=A,B,A",
		  "of=: expected each block only" },
		{ C TIME " " HASH " of=" NAME64 NAME64 NAME64 NAME64,
		  "of=: expected at most 255" },
	};

	check_bad(bad, ELEMENTS(bad));
}
END_TEST

START_TEST(a_zero_byte_is_refused_anywhere)
{
	char line[sizeof(FULL)];
	const char *fault;
	struct record r;

	for (size_t i = 0; i < sizeof(FULL) - 1; i++) {
		memcpy(line, FULL, sizeof(FULL));
		line[i] = '\0';
		ck_assert_int_eq(
			record_parse((struct slice){ line, sizeof(line) - 1 },
				     &r, &fault),
			-EBADMSG);
	}
}
END_TEST

/* Nothing may be added to a null pointer, not even 0. */
START_TEST(an_empty_line_may_have_no_place)
{
	const char *fault;
	struct record r;

	ck_assert_int_eq(record_parse((struct slice){ NULL, 0 }, &r, &fault),
			 -EBADMSG);
	ck_assert_ptr_nonnull(strstr(fault, COLUMNS));
}
END_TEST

START_TEST(a_line_beyond_the_limit_is_refused_at_once)
{
	char line[RECORD_LINE_MAX + 1];
	const char *fault;
	struct record r;

	memset(line, '1', sizeof(line));
	ck_assert_int_eq(
		record_parse((struct slice){ line, sizeof(line) }, &r, &fault),
		-EBADMSG);
	ck_assert_ptr_nonnull(strstr(fault, "at most 1100 bytes"));
	ck_assert_int_eq(record_parse((struct slice){ line, RECORD_LINE_MAX },
				      &r, &fault),
			 -EBADMSG);
	ck_assert_ptr_nonnull(strstr(fault, COLUMNS));
}
END_TEST

/* A torn record must never pass for a whole one. */
START_TEST(no_truncation_is_taken_for_the_whole)
{
	struct record whole = parse(FULL);
	const char *fault;
	struct record r;

	for (size_t len = 0; len < sizeof(FULL) - 1; len++) {
		if (record_parse((struct slice){ FULL, len }, &r, &fault) < 0)
			continue;
		ck_assert(!record_same(&r, &whole) ||
			  !slice_equal(r.of, whole.of));

		/* Four columns, or without the end of of=; nothing between. */
		ck_assert(!r.chained || r.body.len == whole.body.len);
	}
}
END_TEST

START_TEST(no_flipped_bit_is_taken_for_the_same)
{
	struct record whole = parse(FULL);
	char line[sizeof(FULL)];
	const char *fault;
	struct record r;

	for (size_t bit = 0; bit < (sizeof(FULL) - 1) * 8; bit++) {
		memcpy(line, FULL, sizeof(FULL));
		line[bit / 8] = (char)(line[bit / 8] ^ (1 << bit % 8));
		if (record_parse((struct slice){ line, sizeof(line) - 1 }, &r,
				 &fault) < 0)
			continue;
		ck_assert_msg(!record_same(&r, &whole) ||
				      !slice_equal(r.of, whole.of),
			      "bit %zu", bit);
	}
}
END_TEST

/* Each byte behind it, but a carriage return: that is a matter of editors. */
START_TEST(no_trailing_byte_is_taken_for_the_same)
{
	struct record old = parse(OLD);
	const char *fault;
	struct record r;

	for (int c = 0; c < 0x100; c++) {
		char line[sizeof(OLD)] = OLD;

		line[sizeof(OLD) - 1] = (char)c;
		if (record_parse((struct slice){ line, sizeof(line) }, &r,
				 &fault) < 0)
			continue;
		ck_assert(record_same(&r, &old) == (c == '\r'));
		ck_assert(c == '\r' || (c >= '0' && c <= '9'));
	}
}
END_TEST

/* One draw of everything that a daemon could write. */
struct drawn {
	struct record r;
	char sender[USER_NAME_MAX];
	char receiver[USER_NAME_MAX];
	char id[OPERATION_ID_MAX];
	char memo[3 * MEMO_MAX];
};

static struct slice draw_text(struct rng *rng, const char *letters, char *out,
			      size_t min, size_t max)
{
	size_t len = min + rng_below(rng, max - min + 1);

	for (size_t i = 0; i < len; i++)
		out[i] = letters[rng_below(rng, strlen(letters))];
	return (struct slice){ out, len };
}

static void draw_record(struct rng *rng, struct drawn *d)
{
	const int64_t limit = INT64_C(253402300800000000);
	struct record *r = &d->r;

	*r = (struct record){ .batch_position = 1, .batch_size = 1 };
	r->serial = (rng_next(rng) >> 1 >> rng_below(rng, 63)) | 1;
	r->sender = draw_text(rng, "abcXYZ0.'!~", d->sender, 1, USER_NAME_MAX);
	r->receiver =
		draw_text(rng, "defUVW9-_%/", d->receiver, 1, USER_NAME_MAX);
	ck_assert_int_eq(amount_from_u64(r->serial, &r->amount), 0);
	r->time = (int64_t)rng_below(rng, (uint64_t)limit);
	if (rng_below(rng, 2)) {
		r->batch_size =
			2 + (uint32_t)rng_below(rng, RECORD_BATCH_MAX - 1);
		r->batch_position = 1 + (uint32_t)rng_below(rng, r->batch_size);
		r->whole = r->batch_size <= RECORD_WHOLE_MAX;
	}
	if (rng_below(rng, 2))
		r->id = draw_text(rng, "0a-+/!", d->id, 1, OPERATION_ID_MAX);
	if (rng_below(rng, 2))
		r->memo = draw_text(rng, "aZ9-._~", d->memo, 1, MEMO_MAX);
	for (size_t i = 0; i < sizeof(r->hash); i++)
		r->hash[i] = (uint8_t)rng_next(rng);
}

/* The stored line of a record; its length. */
static size_t format_line(const struct record *r, char out[RECORD_LINE_MAX])
{
	size_t len = record_format_body(r, out);

	memcpy(out + len, " h=", 3);
	format_hex(r->hash, sizeof(r->hash), out + len + 3);
	return len + 3 + CHAIN_HEX_SIZE;
}

static bool same_contents(const struct record *a, const struct record *b)
{
	return a->serial == b->serial && slice_equal(a->sender, b->sender) &&
	       slice_equal(a->receiver, b->receiver) &&
	       amount_compare(a->amount, b->amount) == 0 &&
	       a->time == b->time && a->batch_position == b->batch_position &&
	       a->batch_size == b->batch_size && a->whole == b->whole &&
	       slice_equal(a->id, b->id) &&
	       slice_equal(a->memo, b->memo) &&
	       memcmp(a->hash, b->hash, sizeof(a->hash)) == 0;
}

START_TEST(what_is_written_is_read_back)
{
	char line[RECORD_LINE_MAX];
	const char *fault;
	struct drawn d;
	struct record r;
	struct rng rng;
	size_t len;

	rng_seed(&rng, 1);
	for (int i = 0; i < 20000; i++) {
		draw_record(&rng, &d);
		len = format_line(&d.r, line);
		if (record_parse((struct slice){ line, len }, &r, &fault) < 0)
			ck_abort_msg("%.*s: %s", (int)len, line, fault);
		if (!same_contents(&r, &d.r) || !r.chained || r.of.len > 0 ||
		    r.body.len != len - 3 - CHAIN_HEX_SIZE)
			ck_abort_msg("another record: %.*s", (int)len, line);
	}
}
END_TEST

START_TEST(the_body_is_written_field_by_field)
{
	struct record r = parse(FULL);
	char out[RECORD_LINE_MAX];
	size_t len = record_format_body(&r, out);

	check_slice((struct slice){ out, len },
		    "10 Ali Luke 15 " TIME " b=2/3 id=7f9c m=two%20coffees");
	r = parse("10 Ali Luke 15 " TIME " b=2/3! m=x " HASH);
	len = record_format_body(&r, out);
	check_slice((struct slice){ out, len },
		    "10 Ali Luke 15 " TIME " b=2/3! m=x");
	r = parse("7 Zoe Zoe 0 " TIME " " HASH);
	len = record_format_body(&r, out);
	check_slice((struct slice){ out, len }, "7 Zoe Zoe 0 " TIME);
}
END_TEST

START_TEST(same_means_body_and_hash)
{
	struct record a = parse(C TIME " " HASH);
	struct record copy = parse(C TIME " " HASH " of=A");
	struct record other = parse("2 Ali Ben 5 " TIME " " HASH);
	struct record hash =
		parse(C TIME " h=1123456789abcdef" DIGITS16 DIGITS16 DIGITS16);
	struct record old = parse("1 Ali Ben 5");
	struct record old_cr = parse("1 Ali Ben 5\r");

	ck_assert(record_same(&a, &copy));
	ck_assert(!record_same(&a, &other));
	ck_assert(!record_same(&a, &hash));
	ck_assert(!record_same(&a, &old));
	ck_assert(record_same(&old, &old_cr));
}
END_TEST

START_TEST(a_block_is_found_in_of_by_its_whole_name)
{
	struct slice of = slice_of("A,BC,D");

	ck_assert(record_of_contains(of, slice_of("A")));
	ck_assert(record_of_contains(of, slice_of("BC")));
	ck_assert(record_of_contains(of, slice_of("D")));
	ck_assert(!record_of_contains(of, slice_of("B")));
	ck_assert(!record_of_contains(of, slice_of("C")));
	ck_assert(!record_of_contains(of, slice_of("A,BC")));
	ck_assert(!record_of_contains(of, slice_of("")));
	ck_assert(
		!record_of_contains((struct slice){ NULL, 0 }, slice_of("A")));
	ck_assert(!record_of_contains((struct slice){ NULL, 0 }, slice_of("")));
	ck_assert(!record_of_contains(slice_of(""), slice_of("A")));
}
END_TEST

Suite *test_ledger_record(void)
{
	Suite *s = suite_create("ledger/record");
	TCase *c = tcase_create("record");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, an_old_record_has_four_columns);
	tcase_add_test(c, a_chained_record_has_all_fields);
	tcase_add_test(c, a_batch_may_stand_or_fall_as_one);
	tcase_add_test(c, an_old_record_may_be_sealed);
	tcase_add_test(c, bad_seals_of_old_records_are_refused);
	tcase_add_test(c, a_sealed_record_is_the_same_as_the_bare_one);
	tcase_add_test(c, the_sample_data_is_taken);
	tcase_add_test(c, each_field_but_time_and_hash_may_be_absent);
	tcase_add_test(c, an_opening_is_of_oneself_and_nothing);
	tcase_add_test(c, names_may_be_utf8);
	tcase_add_test(c, a_carriage_return_is_dropped_from_an_old_record);
	tcase_add_test(c, the_largest_record_fits);
	tcase_add_test(c, bad_columns_are_refused);
	tcase_add_test(c, bad_times_batches_and_ids_are_refused);
	tcase_add_test(c, bad_memos_hashes_and_copies_are_refused);
	tcase_add_test(c, a_zero_byte_is_refused_anywhere);
	tcase_add_test(c, an_empty_line_may_have_no_place);
	tcase_add_test(c, a_line_beyond_the_limit_is_refused_at_once);
	tcase_add_test(c, no_truncation_is_taken_for_the_whole);
	tcase_add_test(c, no_flipped_bit_is_taken_for_the_same);
	tcase_add_test(c, no_trailing_byte_is_taken_for_the_same);
	tcase_add_test(c, what_is_written_is_read_back);
	tcase_add_test(c, the_body_is_written_field_by_field);
	tcase_add_test(c, same_means_body_and_hash);
	tcase_add_test(c, a_block_is_found_in_of_by_its_whole_name);
	suite_add_tcase(s, c);
	return s;
}
