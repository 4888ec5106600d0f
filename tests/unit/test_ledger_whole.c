/* SPDX-License-Identifier: MIT */
/*
 * src/ledger/whole.c: where a walk over records finds a batch that stands or
 * falls as one not whole, and within which it ends.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/record.h"
#include "ledger/whole.h"

#include "unit.h"

UNIT_SUITE(test_ledger_whole);

/* "9" an old record, "13:2/5" of a batch, "13:2/5!" of a whole one. */
static struct record record_of(const char *word)
{
	struct record r = { .batch_position = 1, .batch_size = 1 };
	char *end;

	r.serial = strtoull(word, &end, 10);
	if (*end == ':') {
		r.chained = true;
		r.batch_position = (uint32_t)strtoul(end + 1, &end, 10);
		r.batch_size = (uint32_t)strtoul(end + 1, &end, 10);
		r.whole = *end == '!';
	}
	return r;
}

/* Walk; the faulty record is to be the @fault-th from 1, 0: none is. */
static struct whole walk(const char *records, unsigned fault)
{
	struct whole w = { 0 };
	unsigned n = 0;

	for (const char *p = records; *p;
	     p += strcspn(p, " "), p += strspn(p, " ")) {
		struct record r = record_of(p);

		n++;
		if (whole_take(&w, &r) != (n != fault))
			ck_abort_msg("\"%s\": record %u", records, n);
	}
	return w;
}

static void expect(const char *records, unsigned fault, uint64_t partial)
{
	struct whole w = walk(records, fault);

	if (whole_partial(&w) != partial)
		ck_abort_msg("\"%s\": ends within one of serial %llu", records,
			     (unsigned long long)whole_partial(&w));
}

START_TEST(takes_whole_batches)
{
	expect("", 0, 0);
	expect("1 2 3:1/1", 0, 0);
	expect("1:1/2! 2:2/2!", 0, 0);
	expect("1:1/2! 2:2/2! 3:1/3! 4:2/3! 5:3/3! 6:1/1", 0, 0);
	/* Others may lack their end, their beginning, or more. */
	expect("1:1/3 2:2/3 3:1/2! 4:2/2! 9:3/4 11", 0, 0);
}
END_TEST

START_TEST(tells_where_it_ends)
{
	expect("7:1/3!", 0, 7);
	expect("5 7:1/3! 8:2/3!", 0, 7);
	expect("7:1/3! 8:2/3! 9:3/3!", 0, 0);
}
END_TEST

START_TEST(finds_what_is_not_whole)
{
	expect("8:2/3!", 1, 7); /* no beginning */
	expect("7:1/3! 9:3/3!", 2, 0); /* no middle */
	expect("7:1/3! 9:2/3!", 2, 8); /* a serial left out */
	expect("7:1/3! 7:1/3!", 2, 7);
	expect("7:1/3! 8:2/4!", 2, 7); /* of another size */
	expect("7:1/3! 8:2/3", 2, 0);
	expect("7:1/3! 8", 2, 0);
	expect("7:1/3! 8:1/1", 2, 0);
	expect("7:1/3! 8:1/3!", 2, 8);
	expect("7:1/2! 8:1/2!", 2, 8);
}
END_TEST

/* Serials that a batch cannot have. */
START_TEST(survives_what_is_made_up)
{
	expect("1:2/3!", 1, 1);
	expect("2:999/1000!", 1, 1);
}
END_TEST

Suite *test_ledger_whole(void)
{
	Suite *s = suite_create("ledger/whole");
	TCase *t = tcase_create("all");

	tcase_add_test(t, takes_whole_batches);
	tcase_add_test(t, tells_where_it_ends);
	tcase_add_test(t, finds_what_is_not_whole);
	tcase_add_test(t, survives_what_is_made_up);
	suite_add_tcase(s, t);
	return s;
}
