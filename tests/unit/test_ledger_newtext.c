/* SPDX-License-Identifier: MIT */
/*
 * Which names and memos are taken anew, where those of old blocks are not judged.
 */
#include "config.h"

#include <string.h>

#include "util/cleanup.h"

#include "ledger/name.h"
#include "ledger/newtext.h"

#include "unit.h"

UNIT_SUITE(test_ledger_newtext);

static void check(const char *fault, const char *text, const char *expected)
{
	if (!expected)
		ck_assert_msg(!fault, "\"%s\" %s", text, fault);
	else
		ck_assert_msg(fault && strstr(fault, expected), "\"%s\" %s",
			      text, fault ? fault : "-");
}

/* Each is a name of an old block; what is said of it as a new one. */
static const struct {
	const char *name;
	const char *expected;
} names[] = {
	{ "Ali", NULL },
	{ "Zo\xc3\xab", NULL },
	{ "\xc5\x81ukasz", NULL },
	{ "\xe6\x9d\x8e\xe9\x9b\xb7", NULL },
	{ "\xf0\x9f\x98\x80", NULL },
	/* Letters that have a composed form, and those that have none. */
	{ "Zoe\xcc\x88", "composed form (NFC)" },
	{ "q\xcc\x88", NULL },
	/* Hangul comes apart as well. */
	{ "\xea\xb0\x80", NULL },
	{ "\xe1\x84\x80\xe1\x85\xa1", "composed form (NFC)" },
	/* Angstrom and Kelvin are A with a ring and K. */
	{ "\xe2\x84\xab", "composed form (NFC)" },
	{ "\xe2\x84\xaa", "composed form (NFC)" },
	/* Marks in another order; and in this one, composed once. */
	{ "a\xcc\x81\xcc\xa3", "composed form (NFC)" },
	{ "\xe1\xba\xa1\xcc\x81", NULL },
	/* A compatible form is a form of its own. */
	{ "\xef\xac\x81", NULL },
	/* A letter that is never composed (UAX #15, exclusions). */
	{ "\xe0\xa5\x98", "composed form (NFC)" },
	{ "a\xc2\xad"
	  "b",
	  "invisible" }, /* U+00AD */
	{ "a\xd8\x9c"
	  "b",
	  "invisible" },			     /* U+061C */
	{ "a\xe1\xa0\x8e", "invisible" },	     /* U+180E */
	{ "a\xcd\x8f", "invisible" },		     /* U+034F */
	{ "a\xe2\x81\xa0", "invisible" },	     /* U+2060 */
	{ "a\xe2\x81\xaf", "invisible" },	     /* U+206F */
	{ "\xe3\x85\xa4", "invisible" },	     /* U+3164 */
	{ "\xe2\x9d\xa4\xef\xb8\x8f", "invisible" }, /* U+FE0F */
	{ "a\xf3\xa0\x81\x81", "invisible" },	     /* U+E0041 */
};

START_TEST(a_new_name_is_composed_and_seen)
{
	struct slice name = slice_of(names[_i].name);

	ck_assert_ptr_null(user_name_fault(name));
	check(new_name_fault(name), names[_i].name, names[_i].expected);
}
END_TEST

START_TEST(what_is_no_name_is_no_new_one)
{
	static const char *const bad[] = {
		"", "a b", "a=b", "\xff", "Zo\xc3", "\xe2\x80\x8b",
	};

	for (size_t i = 0; i < ELEMENTS(bad); i++)
		ck_assert_ptr_eq(new_name_fault(slice_of(bad[i])),
				 user_name_fault(slice_of(bad[i])));
}
END_TEST

/* The most that a memo can come apart into: 53 letters of three bytes. */
START_TEST(the_longest_texts_fit)
{
	char text[MEMO_MAX + 1] = "";

	for (size_t i = 0; i + 3 <= MEMO_MAX; i += 3)
		memcpy(text + i, "\xe1\xbe\x82", 4); /* four parts each */
	check(new_memo_fault(slice_of(text)), text, NULL);
	text[USER_NAME_MAX - 1] = '\0';
	check(new_name_fault(slice_of(text)), text, NULL);
	for (size_t i = 0; i + 2 <= MEMO_MAX; i += 2)
		memcpy(text + i, "\xcd\x84", 3); /* two parts each, never one */
	check(new_memo_fault(slice_of(text)), text, "composed form (NFC)");
}
END_TEST

START_TEST(a_new_memo_is_composed)
{
	check(new_memo_fault(slice_of("two coffees")), "", NULL);
	check(new_memo_fault(slice_of("caf\xc3\xa9")), "", NULL);
	check(new_memo_fault(slice_of("cafe\xcc\x81")), "", "(NFC)");
	/* What joins letters, or not, is language. */
	check(new_memo_fault(slice_of("a\xe2\x80\x8d"
				      "b\xc2\xad"
				      "c")),
	      "", NULL);
	check(new_memo_fault(slice_of("a\nb")), "", "control");
	check(new_memo_fault(slice_of("")), "", "empty");
}
END_TEST

static const struct {
	const char *a;
	const char *b;
	bool alike;
} pairs[] = {
	{ "Ali", "ali", true },
	{ "Ali", "Alice", false },
	{ "Ali", "Eli", false },
	{ "Zo\xc3\xab", "Zoe", true },
	{ "Zo\xc3\xab", "Zoe\xcc\x88", true },
	{ "ZO\xc3\x8b", "zo\xc3\xab", true },
	{ "Zo\xc3\xab", "Zo", false },
	{ "Stra\xc3\x9f"
	  "e",
	  "STRASSE", true },
	{ "\xe6\x9d\x8e", "\xe9\x9b\xb7", false },
	/* No name at all is like none. */
	{ "\xc3", "\xc3", false },
	{ "a b\xc3\xab", "a b\xc3\xab", false },
};

START_TEST(names_are_alike_but_for_marks_and_case)
{
	struct slice a = slice_of(pairs[_i].a);
	struct slice b = slice_of(pairs[_i].b);

	ck_assert_int_eq(names_look_alike(a, b), pairs[_i].alike);
	ck_assert_int_eq(names_look_alike(b, a), pairs[_i].alike);
}
END_TEST

Suite *test_ledger_newtext(void)
{
	Suite *s = suite_create("ledger/newtext");
	TCase *t = tcase_create("newtext");

	tcase_add_loop_test(t, a_new_name_is_composed_and_seen, 0,
			    ELEMENTS(names));
	tcase_add_test(t, what_is_no_name_is_no_new_one);
	tcase_add_test(t, the_longest_texts_fit);
	tcase_add_test(t, a_new_memo_is_composed);
	tcase_add_loop_test(t, names_are_alike_but_for_marks_and_case, 0,
			    ELEMENTS(pairs));
	suite_add_tcase(s, t);
	return s;
}
