/* SPDX-License-Identifier: MIT */
/*
 * Transfers through hiredis, all of them on their way before the first answer
 * is read.  Does its own sums, checks each answer against them, and prints a
 * receipt a line, "serial id hash", for its caller to compare with the blocks.
 *
 *	pipeline PORT COUNT
 *
 * Ali pays Ben in every other transfer, and is paid in the rest; both have to
 * have enough, and nobody else may be at work.
 */
#include "config.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 1000000
#define AMOUNTS 7
#define HASH_DIGITS 64
#define TIME_LENGTH 27
#define ID_SIZE 32

/* The answer to a transfer. */
enum { SERIAL, BALANCE, TIME, HASH, RECEIPT_ELEMENTS };

static const char *const users[] = { "Ali", "Ben" };

_Noreturn static void __attribute__((format(printf, 1, 2)))
fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fputs("pipeline: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
	exit(EXIT_FAILURE);
}

static redisContext *connect_to(int port)
{
	redisContext *c = redisConnect("127.0.0.1", port);

	if (!c || c->err)
		fail("cannot connect: %s", c ? c->errstr : "no memory");
	return c;
}

/* Who is the sender of transfer @i, as an index into users. */
static size_t sender_of(long i)
{
	return (size_t)i % 2;
}

static long long amount_of(long i)
{
	return 1 + i % AMOUNTS;
}

static void make_id(long i, char id[ID_SIZE])
{
	(void)snprintf(id, ID_SIZE, "pipeline-%ld", i);
}

static void append(redisContext *c, long i)
{
	size_t sender = sender_of(i);
	char id[ID_SIZE];

	make_id(i, id);
	if (redisAppendCommand(c, "TRANSFER %s %s %lld ID %s", users[sender],
			       users[1 - sender], amount_of(i), id) != REDIS_OK)
		fail("append: %s", c->errstr);
}

static redisReply *next_reply(redisContext *c)
{
	void *reply;

	if (redisGetReply(c, &reply) != REDIS_OK)
		fail("no answer: %s", c->errstr);
	return reply;
}

static long long ask_balance(redisContext *c, const char *user)
{
	redisReply *reply = redisCommand(c, "BALANCE %s", user);
	long long balance;

	if (!reply || reply->type != REDIS_REPLY_INTEGER)
		fail("no balance of %s", user);
	balance = reply->integer;
	freeReplyObject(reply);
	return balance;
}

static bool is_string(const redisReply *r, size_t length)
{
	return r->type == REDIS_REPLY_STRING && r->len == length;
}

static void check_shape(long i, const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR)
		fail("transfer %ld: %s", i, reply->str);
	if (reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements != RECEIPT_ELEMENTS ||
	    reply->element[SERIAL]->type != REDIS_REPLY_INTEGER ||
	    reply->element[BALANCE]->type != REDIS_REPLY_INTEGER ||
	    !is_string(reply->element[TIME], TIME_LENGTH) ||
	    !is_string(reply->element[HASH], HASH_DIGITS))
		fail("transfer %ld: not a receipt", i);
}

/* Answer @i is that of transfer @i: the serials and the sums say so. */
static void check_receipt(long i, const redisReply *reply, long long *serial,
			  long long balance[2])
{
	size_t sender = sender_of(i);
	char id[ID_SIZE];

	check_shape(i, reply);
	balance[sender] -= amount_of(i);
	balance[1 - sender] += amount_of(i);

	if (i > 0 && reply->element[SERIAL]->integer != *serial + 1)
		fail("transfer %ld: serial %lld after %lld", i,
		     reply->element[SERIAL]->integer, *serial);
	if (reply->element[BALANCE]->integer != balance[sender])
		fail("transfer %ld: a balance of %lld, expected %lld", i,
		     reply->element[BALANCE]->integer, balance[sender]);

	*serial = reply->element[SERIAL]->integer;
	make_id(i, id);
	(void)printf("%lld %s %s\n", *serial, id, reply->element[HASH]->str);
}

static void pipeline(redisContext *c, long count)
{
	long long balance[2];
	long long serial = 0;

	for (size_t i = 0; i < 2; i++)
		balance[i] = ask_balance(c, users[i]);
	for (long i = 0; i < count; i++)
		append(c, i);
	for (long i = 0; i < count; i++) {
		redisReply *reply = next_reply(c);

		check_receipt(i, reply, &serial, balance);
		freeReplyObject(reply);
	}
	for (size_t i = 0; i < 2; i++) {
		if (ask_balance(c, users[i]) != balance[i])
			fail("%s does not have %lld", users[i], balance[i]);
	}
}

/* From 1 to @max, or the end. */
static long number(const char *text, long max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || n < 1 || n > max)
		fail("expected a number from 1 to %ld, not \"%s\"", max, text);
	return n;
}

int main(int argc, char *argv[])
{
	redisContext *c;

	if (argc != 3)
		fail("expected a port and a number of transfers");

	c = connect_to((int)number(argv[1], UINT16_MAX));
	pipeline(c, number(argv[2], COUNT_MAX));
	redisFree(c);
	return EXIT_SUCCESS;
}
