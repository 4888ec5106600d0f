/* SPDX-License-Identifier: MIT */
/*
 * The hash chain, against hashes made with
 *	printf '%s %s' "$previous" "$line" | b2sum -l 256
 */
#include "config.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/parse.h"

#include "ledger/chain.h"

#include "unit.h"

UNIT_SUITE(test_ledger_chain);

static void check_hash(const uint8_t hash[CHAIN_HASH_SIZE],
		       const char *expected)
{
	char text[CHAIN_HEX_SIZE + 1] = { 0 };

	format_hex(hash, CHAIN_HASH_SIZE, text);
	ck_assert_str_eq(text, expected);
}

START_TEST(the_sample_data_has_the_hashes_of_b2sum)
{
	static const struct {
		const char *line;
		const char *hash;
	} known[] = {
		/* clang-format off */
		{ "1 Racheal John 45",
		  "b83f60176c2b9cf1f4ac5a7b2759ebab671e44bfae3d7684358c66b9360b82cb" },
		{ "2 Rishil Alice 30",
		  "017714a18d01a139a4c8ce1b96f938aa282a75057a9be839e83ba127310e6731" },
		{ "3 Oliver Rachit 94",
		  "f3213d2d58d7ba4bd409c73cb9bf918bf34585bf2b4a10a39a26ab0498720638" },
		{ "4 Ben Victor 85",
		  "be36c4ebe9fe9d56abade8bc54c27208fad04d160516f3e812f7aa2ea130951c" },
		{ "5 Chinmay Oliver 129",
		  "f1cfee1bd9581c79259293d23b47347fa3cf3ed06cffafa0f223a9b9256e8fd8" },
		{ "6 Racheal Alice 49",
		  "c9afa3357dc9791fec04a6af5ee34dcf2135f87ea19b4404b7d63b74dd1f21fe" },
		{ "7 Martin Luke 25",
		  "644a3a75e8d6534ed09663a92855da5f83a450b9cbf5e41d95aa2370583c7df4" },
		{ "8 Rishil Chinmay 10",
		  "e69a75b8428e1668ad24bcae2a32f93bf39f5d9236d06b39fecf6abc42b17dd5" },
		{ "9 Ali Luke 155",
		  "93726b9472e49fcca157b79470047c18ef3efb43a579b8be66830c0d63c601c6" },
		{ "10 Ali Luke 15 t=2026-11-22T13:37:00.123456Z id=7f9c "
		  "m=two%20coffees",
		  "9363c4a9ecde04e35f8da1c7c085afd67ca64a953a9f913f095214c6da9b2f46" },
		/* clang-format on */
	};
	uint8_t hash[CHAIN_HASH_SIZE];

	memcpy(hash, chain_origin, sizeof(hash));
	for (size_t i = 0; i < ELEMENTS(known); i++) {
		chain_step(hash, slice_of(known[i].line), hash);
		check_hash(hash, known[i].hash);
	}
}
END_TEST

START_TEST(the_origin_is_zeros)
{
	check_hash(chain_origin, "0000000000000000000000000000000000000000"
				 "000000000000000000000000");
}
END_TEST

/* Around the hash's own blocks, and past what is hashed in one call. */
START_TEST(lines_of_any_length_have_the_hashes_of_b2sum)
{
	static const struct {
		size_t len;
		const char *hash;
	} known[] = {
		/* clang-format off */
		{ 0,
		  "85f02fac3f1227f5e62bc925a5df2041373390180c78766815d283f20c511130" },
		{ 62,
		  "0e4ccc75d075db8acec6f78c7da162d666e06faa8341baafce4829792c9629fa" },
		{ 63,
		  "ef249e9a8b41ef3731baed657f5d2076131af2d30f3cbb9ce19533f07f2fc49f" },
		{ 64,
		  "f21bca30c509590d528962202a9cab29d8b617fe3c8dc5e716acd21b575b7b0c" },
		{ 1024,
		  "0da64ab90b9801f2b17aa3999919653512969c91be4d9e9c881f08a421c658dc" },
		{ 1025,
		  "db9c9908fa31e1770ff0a9ad091bc98ba18a329a747b5cc7ab4a77c21353c4e3" },
		{ 5000,
		  "7f75a7709059c914c55ac2aa7511fe5fd8d9915d85df409dd72a84f6e7793442" },
		/* clang-format on */
	};
	uint8_t hash[CHAIN_HASH_SIZE];
	char line[5000];

	memset(line, 'x', sizeof(line));
	for (size_t i = 0; i < ELEMENTS(known); i++) {
		chain_step(chain_origin, (struct slice){ line, known[i].len },
			   hash);
		check_hash(hash, known[i].hash);
	}
}
END_TEST

START_TEST(every_bit_of_the_line_and_of_the_hash_before_counts)
{
	char line[] = "9 Ali Luke 155";
	uint8_t previous[CHAIN_HASH_SIZE] = { 0 };
	uint8_t expected[CHAIN_HASH_SIZE];
	uint8_t hash[CHAIN_HASH_SIZE];

	chain_step(previous, slice_of(line), expected);
	for (size_t bit = 0; bit < strlen(line) * 8; bit++) {
		line[bit / 8] = (char)(line[bit / 8] ^ (1 << bit % 8));
		chain_step(previous, (struct slice){ line, sizeof(line) - 1 },
			   hash);
		line[bit / 8] = (char)(line[bit / 8] ^ (1 << bit % 8));
		ck_assert_mem_ne(hash, expected, CHAIN_HASH_SIZE);
	}
	for (size_t bit = 0; bit < CHAIN_HASH_SIZE * 8; bit++) {
		previous[bit / 8] ^= (uint8_t)(1u << bit % 8);
		chain_step(previous, slice_of(line), hash);
		previous[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_mem_ne(hash, expected, CHAIN_HASH_SIZE);
	}
}
END_TEST

Suite *test_ledger_chain(void)
{
	Suite *s = suite_create("ledger/chain");
	TCase *c = tcase_create("chain");

	tcase_add_test(c, the_sample_data_has_the_hashes_of_b2sum);
	tcase_add_test(c, the_origin_is_zeros);
	tcase_add_test(c, lines_of_any_length_have_the_hashes_of_b2sum);
	tcase_add_test(c, every_bit_of_the_line_and_of_the_hash_before_counts);
	suite_add_tcase(s, c);
	return s;
}
