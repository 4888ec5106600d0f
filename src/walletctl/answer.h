/* SPDX-License-Identifier: MIT */
/*
 * Answers of the main daemon, checked and taken apart: what a broken server
 * sends ends here.  Text is borrowed from the reply and may hold anything.
 */
#ifndef WALLETCTL_ANSWER_H
#define WALLETCTL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

#include "util/cleanup.h"
#include "util/slice.h"
#include "walletctl/status.h"

/* A refusal or failure: CODE, then a sentence for people. */
struct answer_error {
	struct slice code;
	struct slice sentence;
	enum status status; /* what it means as an exit status */
	/* A rule of the ledger forbids the order: it was not done before. */
	bool settles;
};

/* A text that may be missing: p is NULL then. */
struct answer_record {
	int64_t serial;
	struct slice sender;
	struct slice receiver;
	int64_t amount;
	struct slice time;
	struct slice id;
	struct slice memo;
	struct slice hash;
	bool has_balance;
	int64_t balance;
};

struct answer_receipt {
	int64_t serial;
	int64_t balance;
	struct slice time;
	struct slice hash;
};

struct answer_partner {
	struct slice user;
	int64_t count;
	int64_t net;
};

struct answer_statement {
	struct slice path;
	int64_t records;
	struct slice hash;
};

struct answer_tip {
	int64_t serial;
	struct slice hash;
	struct slice time; /* may be missing */
};

struct answer_verified {
	int64_t serial;
	struct slice hash;
	int64_t records;
	int64_t users;
	bool has_coins; /* else they are more than a number holds */
	int64_t coins;
	int64_t gaps;
};

/* A page of users. */
struct answer_users {
	int64_t serial; /* as of which it is */
	int64_t total;	/* users that there are */
	size_t count;	/* of this page; for answer_user(): */
	redisReply *const *element;
};

struct answer_user {
	struct slice user;
	int64_t balance;
};

/* Is it an error? */
bool answer_is_error(const redisReply *reply, struct answer_error *ret);

/* All of these: 0, or -EBADMSG if the answer is of another form. */
int answer_integer(const redisReply *reply, int64_t *ret) _must_check_;
int answer_record(const redisReply *reply,
		  struct answer_record *ret) _must_check_;
int answer_receipt(const redisReply *reply,
		   struct answer_receipt *ret) _must_check_;
int answer_partner(const redisReply *reply,
		   struct answer_partner *ret) _must_check_;
int answer_statement(const redisReply *reply,
		     struct answer_statement *ret) _must_check_;
int answer_tip(const redisReply *reply, struct answer_tip *ret) _must_check_;
int answer_verified(const redisReply *reply,
		    struct answer_verified *ret) _must_check_;
int answer_users(const redisReply *reply,
		 struct answer_users *ret) _must_check_;
int answer_user(const redisReply *reply, struct answer_user *ret) _must_check_;
/* An array; its elements are for the functions above. */
int answer_list(const redisReply *reply) _must_check_;

/*
 * The value of @key in the text of INFO; p is NULL if it is not there, or the
 * answer is no text.
 */
struct slice answer_info(const redisReply *reply, const char *key);
/*
 * The next line "key:value" of INFO's text behind *@at (0 at first).  False
 * at the end.
 */
bool answer_info_next(const redisReply *reply, size_t *at,
		      struct slice *ret_key, struct slice *ret_value);

#endif
