/* SPDX-License-Identifier: MIT */
/*
 * Transfers in an SQLite database in this process, so many to a transaction,
 * for some seconds; how many as JSON.
 *
 *	sqlite FILE USERS PER_TRANSACTION SECONDS
 */
#include "config.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/random.h"

#include "common.h"
#include "histogram.h"
#include "names.h"

#define BALANCE 1000000000
#define AMOUNT_MAX 9

enum {
	BEGIN,
	BALANCE_OF,
	SUBTRACT,
	ADD,
	RECORD,
	COMMIT,
	STATEMENTS,
};

static const char *const texts[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[BALANCE_OF] = "SELECT balance FROM wallet WHERE name = ?1",
	[SUBTRACT] = "UPDATE wallet SET balance = balance - ?2 WHERE name = ?1",
	[ADD] = "UPDATE wallet SET balance = balance + ?2 WHERE name = ?1",
	[RECORD] = "INSERT INTO transfer VALUES (NULL, ?1, ?2, ?3)",
	[COMMIT] = "COMMIT",
};

static const char schema[] =
	"PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = FULL;"
	"CREATE TABLE wallet(name TEXT PRIMARY KEY, balance INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE TABLE transfer(serial INTEGER PRIMARY KEY, sender TEXT NOT NULL,"
	" receiver TEXT NOT NULL, amount INTEGER NOT NULL)";

struct bank {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct rng rng;
	uint32_t users;
};

static void check(const struct bank *b, int status)
{
	if (status != SQLITE_OK && status != SQLITE_DONE)
		fail("%s", sqlite3_errmsg(b->db));
}

/* Run a statement that gives no row. */
static void run(const struct bank *b, sqlite3_stmt *s)
{
	check(b, sqlite3_step(s));
	check(b, sqlite3_reset(s));
}

static void bind_name(const struct bank *b, sqlite3_stmt *s, int at,
		      const char name[USER_NAME_LEN])
{
	check(b, sqlite3_bind_text(s, at, name, USER_NAME_LEN, SQLITE_STATIC));
}

static void change(const struct bank *b, int which,
		   const char name[USER_NAME_LEN], int64_t amount)
{
	sqlite3_stmt *s = b->statements[which];

	bind_name(b, s, 1, name);
	check(b, sqlite3_bind_int64(s, 2, amount));
	run(b, s);
	if (sqlite3_changes(b->db) != 1)
		fail("no such wallet: %.*s", USER_NAME_LEN, name);
}

static int64_t balance_of(const struct bank *b, const char name[USER_NAME_LEN])
{
	sqlite3_stmt *s = b->statements[BALANCE_OF];
	int64_t balance;

	bind_name(b, s, 1, name);
	if (sqlite3_step(s) != SQLITE_ROW)
		fail("no such wallet: %.*s", USER_NAME_LEN, name);
	balance = sqlite3_column_int64(s, 0);
	check(b, sqlite3_reset(s));
	return balance;
}

static void transfer(struct bank *b)
{
	sqlite3_stmt *record = b->statements[RECORD];
	uint32_t sender = (uint32_t)rng_below(&b->rng, b->users);
	uint32_t receiver = (uint32_t)rng_below(&b->rng, b->users - 1);
	int64_t amount = 1 + (int64_t)rng_below(&b->rng, AMOUNT_MAX);
	char from[USER_NAME_LEN];
	char to[USER_NAME_LEN];

	receiver += receiver >= sender;
	user_name(sender, from);
	user_name(receiver, to);
	if (balance_of(b, from) < amount)
		fail("the balance is insufficient");
	change(b, SUBTRACT, from, amount);
	change(b, ADD, to, amount);
	bind_name(b, record, 1, from);
	bind_name(b, record, 2, to);
	check(b, sqlite3_bind_int64(record, 3, amount));
	run(b, record);
}

static void open_bank(struct bank *b, const char *path)
{
	sqlite3_stmt *s;
	char name[USER_NAME_LEN];

	if (sqlite3_open(path, &b->db) != SQLITE_OK)
		fail("%s: does not open", path);
	check(b, sqlite3_exec(b->db, schema, NULL, NULL, NULL));
	for (int i = 0; i < STATEMENTS; i++)
		check(b, sqlite3_prepare_v2(b->db, texts[i], -1,
					    &b->statements[i], NULL));

	check(b, sqlite3_prepare_v2(b->db, "INSERT INTO wallet VALUES (?1, ?2)",
				    -1, &s, NULL));
	run(b, b->statements[BEGIN]);
	for (uint32_t user = 0; user < b->users; user++) {
		user_name(user, name);
		bind_name(b, s, 1, name);
		check(b, sqlite3_bind_int64(s, 2, BALANCE));
		run(b, s);
	}
	run(b, b->statements[COMMIT]);
	check(b, sqlite3_finalize(s));
}

static void close_bank(struct bank *b)
{
	for (int i = 0; i < STATEMENTS; i++)
		check(b, sqlite3_finalize(b->statements[i]));
	check(b, sqlite3_close(b->db));
}

static void measure(struct bank *b, uint64_t step, int64_t duration)
{
	static struct histogram h;
	int64_t begin = now_nsec();
	int64_t last = begin;
	uint64_t transfers = 0;
	double seconds;

	while (last - begin < duration) {
		int64_t now;

		run(b, b->statements[BEGIN]);
		for (uint64_t i = 0; i < step; i++)
			transfer(b);
		run(b, b->statements[COMMIT]);
		transfers += step;
		now = now_nsec();
		histogram_add(&h, (uint64_t)(now - last));
		last = now;
	}
	seconds = (double)(last - begin) / (double)NSEC_PER_SEC;
	(void)printf("{\"answers\": %ju, \"rate\": %.1f, \"p50_usec\": %.1f, "
		     "\"p99_usec\": %.1f, \"max_usec\": %.1f}\n",
		     (uintmax_t)transfers, (double)transfers / seconds,
		     (double)histogram_percentile(&h, 0.5) / 1e3,
		     (double)histogram_percentile(&h, 0.99) / 1e3,
		     (double)histogram_percentile(&h, 1) / 1e3);
}

int main(int argc, char **argv)
{
	static struct bank b;

	if (argc != 5)
		fail("expected FILE USERS PER_TRANSACTION SECONDS");
	b.users = (uint32_t)option_u64("USERS", argv[2], 2, USERS_MAX);
	rng_seed(&b.rng, 1);
	open_bank(&b, argv[1]);
	measure(&b, option_u64("PER_TRANSACTION", argv[3], 1, 1000000),
		option_seconds("SECONDS", argv[4]));
	close_bank(&b);
	return EXIT_SUCCESS;
}
