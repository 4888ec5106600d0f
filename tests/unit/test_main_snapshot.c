/* SPDX-License-Identifier: MIT */
/*
 * A checkpoint as text: written and read back, damaged in any way, and sealed
 * anew around what can be none.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main/snapshot.h"
#include "unit.h"
#include "util/parse.h"

UNIT_SUITE(test_main_snapshot);

/* A checkpoint with something of everything. */
#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEAD                                                                   \
	"alichain checkpoint 1\n"                                              \
	"epoch 7\n"                                                            \
	"serial 1234\n"                                                        \
	"hash " HEX "\n"                                                       \
	"time 2026-11-22T13:37:00.123456Z\n"                                   \
	"records 1232\n"                                                       \
	"gap 3\n"                                                              \
	"old 9\n"                                                              \
	"initial 1000\n"                                                       \
	"copies 2\n"
#define BACKENDS                                                               \
	"backends 3\n"                                                         \
	"backend A 411\n"                                                      \
	"backend B2 0\n"                                                       \
	"backend C 18446744073709551615\n"
#define STRANGERS                                                              \
	"strangers 1\n"                                                        \
	"stranger D\n"
#define IRREGULARS                                                             \
	"irregulars 2\n"                                                       \
	"irregular 5 7 A,C B2\n"                                               \
	"irregular 8 1234 B2 -\n"
#define USERS                                                                  \
	"users 3\n"                                                            \
	"user Ali 845\n"                                                       \
	"user \303\204da 2155\n"                                               \
	"user z 0\n"
#define NO_IDS "ids 0\n"

static const uint8_t key[MAP_KEY_SIZE] = { 1 };

static struct slice text_of(const struct buf *b)
{
	return (struct slice){ (const char *)b->data, b->len };
}

/* @text with its seal. */
static struct buf sealed(const char *text)
{
	struct buf b = { 0 };
	uint8_t seal[32];
	char hex[64];

	(void)crypto_generichash(seal, sizeof(seal), (const uint8_t *)text,
				 strlen(text), NULL, 0);
	format_hex(seal, sizeof(seal), hex);
	ck_assert_int_eq(buf_addf(&b, "%sseal %.64s\n", text, hex), 0);
	return b;
}

static int read_text(struct slice text, struct snapshot *ret, char fault[128])
{
	_cleanup_(buf_done) struct buf why = { 0 };
	int r;

	r = snapshot_read(text, key, ret, &why);
	(void)snprintf(fault, 128, "%.*s", (int)why.len,
		       (const char *)why.data);
	ck_assert_int_eq(r, why.len ? -EBADMSG : 0);
	return r;
}

static void expect_fault(const char *text, const char *expected)
{
	_cleanup_(buf_done) struct buf b = sealed(text);
	struct snapshot s = { 0 };
	char fault[128];

	ck_assert_int_eq(read_text(text_of(&b), &s, fault), -EBADMSG);
	ck_assert_str_eq(fault, expected);
}

static void write_all(const struct snapshot *s, const struct ledger *l,
		      const struct idfilter *f, struct buf *out)
{
	_cleanup_(buf_done) struct buf piece = { 0 };
	struct snapshot_writer w;
	int more;

	snapshot_write(&w, s, l, f);
	do {
		more = snapshot_next(&w, &piece);
		ck_assert_int_ge(more, 0);
		ck_assert_uint_le(piece.len, 2 * SNAPSHOT_PIECE);
		ck_assert_int_eq(buf_add(out, piece.data, piece.len), 0);
	} while (more);
}

/* What was read is written as it was. */
static void expect_same(const struct snapshot *s, const struct buf *text)
{
	_cleanup_(buf_done) struct buf again = { 0 };
	struct snapshot w = *s;

	w.balance = calloc(s->users + 1, sizeof(*w.balance));
	ck_assert_ptr_nonnull(w.balance);
	for (uint32_t user = 0; user < s->users; user++)
		ck_assert(ledger_user_balance(s->ledger, user,
					      &w.balance[user]));
	write_all(&w, s->ledger, s->filter, &again);
	free(w.balance);
	ck_assert_uint_eq(again.len, text->len);
	ck_assert_mem_eq(again.data, text->data, text->len);
}

START_TEST(is_read_as_it_was_written)
{
	_cleanup_(buf_done) struct buf text =
		sealed(HEAD BACKENDS STRANGERS IRREGULARS USERS NO_IDS);
	struct snapshot s = { 0 };
	struct amount balance;
	char fault[128];

	ck_assert_int_eq(read_text(text_of(&text), &s, fault), 0);
	ck_assert_uint_eq(s.epoch, 7);
	ck_assert_uint_eq(s.newest_old, 9);
	ck_assert_uint_eq(s.copies, 2);
	ck_assert_uint_eq(amount_to_u64(s.initial), 1000);
	ck_assert_uint_eq(s.backends, 3);
	ck_assert_str_eq(s.backend[1].name, "B2");
	ck_assert_uint_eq(s.backend[0].records, 411);
	ck_assert_uint_eq(s.strangers.count, 1);
	ck_assert_str_eq(s.strangers.name[0], "D");
	ck_assert_uint_eq(s.irregulars.count, 2);
	ck_assert_uint_eq(s.irregulars.item[0].holders, 5);
	ck_assert_uint_eq(s.irregulars.item[0].others, 2);
	ck_assert_uint_eq(s.irregulars.item[1].from, 8);
	ck_assert_uint_eq(s.irregulars.item[1].others, 0);

	ck_assert_uint_eq(ledger_serial(s.ledger), 1234);
	ck_assert_uint_eq(ledger_records(s.ledger), 1232);
	ck_assert_uint_eq(ledger_gaps(s.ledger), 2);
	ck_assert_uint_eq(ledger_first_gap(s.ledger), 3);
	ck_assert_int_eq(ledger_time(s.ledger), INT64_C(1795354620123456));
	ck_assert_uint_eq(ledger_tip(s.ledger)[1], 0x11);
	ck_assert_int_eq(ledger_balance(s.ledger, slice_of("\303\204da"),
					&balance), 0);
	ck_assert_uint_eq(amount_to_u64(balance), 2155);
	expect_same(&s, &text);
	snapshot_done(&s);
}
END_TEST

static struct slice id_of(unsigned i, char out[16])
{
	int len = snprintf(out, 16, "id-%u", i);

	return (struct slice){ out, (size_t)len };
}

/* Many users and ids, so that there are many pieces. */
START_TEST(comes_in_pieces)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	struct snapshot s = { .place = { .serial = 2000000,
					 .records = 2000000 },
			      .users = 30000,
			      .ids = 1500000 };
	struct snapshot back = { 0 };
	struct amount one;
	char fault[128];
	char id[16];

	ck_assert_int_eq(amount_from_u64(1000, &s.initial), 0);
	ck_assert_int_eq(amount_from_u64(1000, &one), 0);
	ck_assert_int_eq(ledger_new(s.initial, key, &s.ledger), 0);
	ck_assert_int_eq(idfilter_new(&s.filter), 0);
	s.balance = calloc(s.users, sizeof(*s.balance));
	ck_assert_ptr_nonnull(s.balance);
	for (unsigned i = 0; i < s.users; i++) {
		ck_assert_int_eq(
			ledger_restore_user(s.ledger, id_of(i, id), one), 0);
		s.balance[i] = one;
	}
	for (unsigned i = 0; i < s.ids; i++)
		ck_assert_int_eq(idfilter_add(s.filter, id_of(i, id)), 0);
	write_all(&s, s.ledger, s.filter, &text);

	ck_assert_int_eq(read_text(text_of(&text), &back, fault), 0);
	ck_assert_uint_eq(ledger_users(back.ledger), s.users);
	ck_assert_uint_eq(idfilter_count(back.filter), s.ids);
	for (unsigned i = 0; i < s.ids; i++)
		ck_assert(idfilter_maybe(back.filter, id_of(i, id)));
	ck_assert(!idfilter_maybe(back.filter, slice_of("another one")));
	snapshot_done(&back);
	snapshot_done(&s);
}
END_TEST

/* Somebody joins, and ids are added, while it is being written. */
START_TEST(what_comes_meanwhile_is_not_in_it)
{
	_cleanup_(buf_done) struct buf text =
		sealed(HEAD BACKENDS STRANGERS IRREGULARS USERS NO_IDS);
	_cleanup_(buf_done) struct buf again = { 0 };
	struct snapshot s = { 0 };
	struct snapshot back = { 0 };
	struct amount coins;
	char fault[128];

	ck_assert_int_eq(read_text(text_of(&text), &s, fault), 0);
	s.balance = calloc(s.users, sizeof(*s.balance));
	ck_assert_ptr_nonnull(s.balance);
	for (uint32_t user = 0; user < s.users; user++)
		ck_assert(ledger_user_balance(s.ledger, user,
					      &s.balance[user]));
	ck_assert_int_eq(amount_from_u64(1000, &coins), 0);
	ck_assert_int_eq(
		ledger_restore_user(s.ledger, slice_of("late"), coins), 0);
	ck_assert_int_eq(idfilter_add(s.filter, slice_of("late")), 0);
	write_all(&s, s.ledger, s.filter, &again);
	ck_assert_uint_eq(again.len, text.len);
	ck_assert_mem_eq(again.data, text.data, text.len);
	ck_assert_int_eq(read_text(text_of(&again), &back, fault), 0);
	snapshot_done(&back);
	snapshot_done(&s);
}
END_TEST

static void with_ids(struct buf *out)
{
	_cleanup_(buf_done) struct buf text =
		sealed(HEAD BACKENDS STRANGERS IRREGULARS USERS NO_IDS);
	struct snapshot s = { 0 };
	char fault[128];
	char id[16];

	ck_assert_int_eq(read_text(text_of(&text), &s, fault), 0);
	s.balance = calloc(s.users, sizeof(*s.balance));
	ck_assert_ptr_nonnull(s.balance);
	for (uint32_t user = 0; user < s.users; user++)
		ck_assert(ledger_user_balance(s.ledger, user,
					      &s.balance[user]));
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(idfilter_add(s.filter, id_of(i, id)), 0);
	s.ids = 2;
	write_all(&s, s.ledger, s.filter, out);
	snapshot_done(&s);
}

START_TEST(no_bit_may_change)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	struct snapshot s = { 0 };
	char fault[128];

	with_ids(&text);
	ck_assert_int_eq(read_text(text_of(&text), &s, fault), 0);
	snapshot_done(&s);
	for (size_t bit = 0; bit < 8 * text.len; bit++) {
		text.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(read_text(text_of(&text), &s, fault),
				 -EBADMSG);
		text.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

START_TEST(nothing_may_be_cut_off_or_added)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	struct snapshot s = { 0 };
	char fault[128];

	with_ids(&text);
	for (size_t len = 0; len < text.len; len++) {
		/* Of its own size, so that a sanitizer sees the end. */
		char *part = malloc(len ? len : 1);

		ck_assert_ptr_nonnull(part);
		memcpy(part, text.data, len);
		ck_assert_int_eq(read_text((struct slice){ part, len }, &s,
					   fault),
				 -EBADMSG);
		free(part);
	}
	ck_assert_int_eq(buf_add(&text, "\n", 1), 0);
	ck_assert_int_eq(read_text(text_of(&text), &s, fault), -EBADMSG);
}
END_TEST

START_TEST(says_what_it_is_not)
{
	struct snapshot s = { 0 };
	char fault[128];

	expect_fault("alichain checkpoint 2\n" HEX "\n",
		     "it is of another version, or cut short");
	expect_fault("alichain checkpoint 11\n" HEX "\n",
		     "it is of another version, or cut short");
	expect_fault("A here 7\n" HEX HEX "\n", "it does not begin as one");
	ck_assert_int_eq(read_text(slice_of("alichain checkpoint 1\n" HEX HEX),
				   &s, fault),
			 -EBADMSG);
	ck_assert_str_eq(fault, "it is damaged, its seal does not fit");
}
END_TEST

/* One line is changed, and all of it sealed again. */
struct change {
	const char *from;
	const char *to;
	const char *fault;
};

static const struct change changes[] = {
	{ "epoch 7\n", "", "line 2 is no \"epoch\"" },
	{ "epoch 7", "epoch 07", "line 2 is no \"epoch\"" },
	{ "epoch 7", "epoch", "line 2 is no \"epoch\"" },
	{ "epoch 7", "epoch  7", "line 2 is no \"epoch\"" },
	{ "epoch 7", "epoch 7 ", "line 2 is no \"epoch\"" },
	{ "epoch 7", "epochs 7", "line 2 is no \"epoch\"" },
	{ "epoch 7", "epoch=7", "line 2 is no \"epoch\"" },
	{ "serial 1234", "serial -1", "line 3 is no \"serial\"" },
	{ "serial 1234", "serial 9", "line 8 is no \"old\"" },
	{ "hash 0", "hash g", "line 4 is no \"hash\"" },
	{ "hash 0", "hash ", "line 4 is no \"hash\"" },
	{ "11-22T", "11-32T", "line 5 is no \"time\"" },
	{ "records 1232", "records 1235",
	  "its numbers do not go together" },
	{ "records 1232", "records 1234",
	  "its numbers do not go together" },
	{ "gap 3", "gap 0", "its numbers do not go together" },
	{ "initial 1000", "initial 999",
	  "its numbers do not go together" },
	{ "initial 1000", "initial 9223372036854775808",
	  "line 9 is no \"initial\"" },
	{ "copies 2", "copies 17", "line 10 is no \"copies\"" },
	{ "backends 3", "backends 17", "line 11 is no \"backends\"" },
	{ "backends 3", "backends 4", "line 15 is no \"backend\"" },
	{ "backend A ", "backend C ", "line 14 is no \"backend\"" },
	{ "backend A ", "backend /A ", "line 12 is no \"backend\"" },
	{ "backend A 411", "backend A", "line 12 is no \"backend\"" },
	{ "backend A 411", "backend A ", "line 12 is no \"backend\"" },
	{ "strangers 1", "strangers 17", "line 15 is no \"strangers\"" },
	{ "stranger D", "stranger ", "line 16 is no \"stranger\"" },
	{ "stranger D", "stranger D,E", "line 16 is no \"stranger\"" },
	{ "irregular 5 7", "irregular 8 7", "line 18 is no \"irregular\"" },
	{ "irregular 5 7", "irregular 0 7", "line 18 is no \"irregular\"" },
	{ "irregular 8 1234", "irregular 7 1234",
	  "line 19 is no \"irregular\"" },
	{ "irregular 8 1234", "irregular 8 1235",
	  "line 19 is no \"irregular\"" },
	{ "A,C B2", "A,C", "line 18 is no \"irregular\"" },
	{ "A,C B2", "A,,C B2", "line 18 is no \"irregular\"" },
	{ "A,C B2", "A,D B2", "line 18 is no \"irregular\"" },
	{ "A,C B2", "A,C B2 ", "line 18 is no \"irregular\"" },
	{ "users 3", "users 2", "its numbers do not go together" },
	{ "users 3", "users 4", "line 24 is no \"user\"" },
	{ "user z 0", "user Ali 0", "line 23 is no \"user\"" },
	{ "user z 0", "user z= 0", "line 23 is no \"user\"" },
	{ "user z 0", "user z 1", "its numbers do not go together" },
	{ "user z 0", "user z", "line 23 is no \"user\"" },
	{ "user z 0", "user z 00", "line 23 is no \"user\"" },
	{ "ids 0", "ids 1233", "line 24 is no \"ids\"" },
	{ "ids 0\n", "ids 0\nfilter 0 AAAA\n", "line 25 is no \"filter\"" },
	{ "ids 0\n", "ids 1\nfilter 0 AAAA\n", "line 25 is no \"filter\"" },
	{ "ids 0\n", "ids 1\nfilter 4096 AAAA\n", "line 25 is no \"filter\"" },
	{ "ids 0\n", "ids 0\n\n", "line 25 is no \"filter\"" },
	{ "ids 0\n", "ids 0", "line 24 is no \"ids\"" },
	{ "ids 0\n", "", "line 24 is no \"ids\"" },
};

START_TEST(is_read_strictly)
{
	static const char whole[] =
		HEAD BACKENDS STRANGERS IRREGULARS USERS NO_IDS;
	const struct change *c = &changes[_i];
	const char *at = strstr(whole, c->from);
	char text[2 * sizeof(whole)];

	ck_assert_ptr_nonnull(at);
	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - whole), whole,
		       c->to, at + strlen(c->from));
	expect_fault(text, c->fault);
}
END_TEST

/* Pieces of the filter: each once, in order, of their length. */
START_TEST(the_filter_is_read_strictly)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	char head[2048];
	char twice[4096];
	const char *line;
	const char *piece; /* with the space before it */
	size_t len;

	with_ids(&text);
	line = memmem(text.data, text.len, "\nfilter ", 8);
	ck_assert_ptr_nonnull(line);
	(void)snprintf(head, sizeof(head), "%.*s",
		       (int)(line + 1 - (char *)text.data),
		       (char *)text.data);
	line++;
	len = (size_t)((char *)memchr(line, '\n', 2000) - line);
	piece = memchr(line + sizeof("filter"), ' ', len);
	(void)snprintf(twice, sizeof(twice), "%s%.*s\n%.*s\n", head, (int)len,
		       line, (int)len, line);
	expect_fault(twice, "line 26 is no \"filter\"");
	/* There are 4096 pieces. */
	(void)snprintf(twice, sizeof(twice), "%sfilter 4096%.*s\n", head,
		       (int)(len - (size_t)(piece - line)), piece);
	expect_fault(twice, "line 25 is no \"filter\"");
	(void)snprintf(twice, sizeof(twice), "%s%.*s\n", head, (int)len - 1,
		       line);
	expect_fault(twice, "line 25 is no \"filter\"");
	(void)snprintf(twice, sizeof(twice), "%s%.*s!\n", head, (int)len - 1,
		       line);
	expect_fault(twice, "line 25 is no \"filter\"");
}
END_TEST

Suite *test_main_snapshot(void)
{
	Suite *s = suite_create("main/snapshot");
	TCase *c = tcase_create("snapshot");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, is_read_as_it_was_written);
	tcase_add_test(c, comes_in_pieces);
	tcase_add_test(c, what_comes_meanwhile_is_not_in_it);
	tcase_add_test(c, no_bit_may_change);
	tcase_add_test(c, nothing_may_be_cut_off_or_added);
	tcase_add_test(c, says_what_it_is_not);
	tcase_add_loop_test(c, is_read_strictly, 0, (int)ELEMENTS(changes));
	tcase_add_test(c, the_filter_is_read_strictly);
	suite_add_tcase(s, c);
	return s;
}
