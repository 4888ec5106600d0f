/* SPDX-License-Identifier: MIT */
/*
 * The main daemon's protocol engine: orders from clients and datagrams from
 * backends in, datagrams and outcomes out.  No I/O and no clock of its own:
 * sockets, files and time are plugged in, so that a test can run a whole
 * cluster in one process.
 *
 * A turn: engine_time(), any number of events and orders, engine_flush().
 */
#ifndef MAIN_ENGINE_H
#define MAIN_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/amount.h"
#include "ledger/record.h"
#include "main/histogram.h"
#include "sys/log.h"
#include "util/cleanup.h"
#include "util/slice.h"
#include "wire/frame.h"

#define ENGINE_BACKENDS_MAX 16
/* In one answer to LIST, HISTORY or USERS: unless asked, and at most. */
#define ENGINE_COUNT_DEFAULT 1000
#define ENGINE_COUNT_MAX 10000
/* Tips that one verification compares. */
#define ENGINE_TIPS_MAX 16
/* Orders in a group: with the longest records they fit one batch. */
#define ENGINE_GROUP_MAX 1000

struct engine;
struct link_counters;

struct engine_backend {
	struct slice name; /* copied */
	uint32_t room; /* largest datagram to it */
	uint32_t window; /* bytes its and our socket buffers hold */
	bool lost;
	/*
	 * The last epoch that was opened without it, if that was the last of
	 * all: it begins empty, unless it has promised another since.
	 */
	uint64_t lost_in;
	uint64_t records; /* had so many when we last knew; 0: unknown */
};

struct engine_config {
	struct amount initial_balance;
	struct slice coin; /* the word in sentences; copied */
	uint32_t copies;
	bool accept_gaps;
	int64_t request_timeout; /* microseconds */
	struct frame_key key;
	size_t backends;
	struct engine_backend backend[ENGINE_BACKENDS_MAX];
	uint8_t seed[32]; /* of all draws, nonces and hash keys */
	/*
	 * What was given to io.checkpoint_write() last, as far as is known; empty:
	 * nothing.  It is judged, so it may be anything.  Borrowed until
	 * engine_new() returns.
	 */
	struct slice checkpoint;
	/*
	 * Another one when there are so many more records, and no sooner than so
	 * many microseconds behind the one before.  0 records: only when asked to.
	 */
	uint64_t checkpoint_records;
	int64_t checkpoint_pause;
};

/* Why the process has to end. */
enum engine_stop {
	ENGINE_STOP_FENCED, /* another main daemon claimed the backends */
	ENGINE_STOP_INTEGRITY, /* the history contradicts itself */
	ENGINE_STOP_MEMORY,
	ENGINE_STOP_STATE, /* what must be remembered could not be stored */
};

struct engine_transfer_event {
	uint64_t serial;
	struct slice sender;
	struct slice receiver;
	struct amount amount;
	struct slice id;
	struct slice backend; /* its home */
};

/* What is not allowed in its field is left out. */
struct engine_refusal_event {
	struct slice code; /* in capitals */
	struct slice sentence; /* that the client is told */
	struct slice sender;
	struct slice receiver;
	struct slice amount; /* as the client wrote it */
	struct slice id;
};

struct engine_io {
	void *ctx;
	/* Send a datagram; losing it is allowed. */
	void (*send)(void *ctx, unsigned backend, const uint8_t *data,
		     size_t len);
	/* One sentence for the journal. */
	void (*log)(void *ctx, int priority, const struct log_fields *fields,
		    const char *sentence);
	/* A transfer is durable, just before its client is told. */
	void (*transferred)(void *ctx, const struct engine_transfer_event *t);
	/*
	 * All of a batch is durable: its lines as in the block of their home,
	 * behind each a newline.  In the order of serials, none left out.  May be
	 * NULL.
	 */
	void (*recorded)(void *ctx, struct slice lines);
	/*
	 * A transfer or opening breaks a rule, just before its client is told.
	 * May be NULL.
	 */
	void (*refused)(void *ctx, const struct engine_refusal_event *r);
	/*
	 * About to open: remember, durably, which backends are lost, for those
	 * must begin empty when they return.  0 or a negative errno.
	 */
	int (*opening)(void *ctx);
	/* Open for business, or not any more; read engine_info(). */
	void (*state_changed)(void *ctx);
	/* The process must end; nothing more is sent or answered. */
	void (*stop)(void *ctx, enum engine_stop why, const char *sentence);
	/*
	 * The statement file: begun, written in pieces, then replaced
	 * atomically and durably by commit, or dropped by abort (also behind
	 * a failed call).  0 or a negative errno; of commit also -EINPROGRESS:
	 * engine_statement_committed() follows, and nothing of this before.
	 */
	int (*statement_begin)(void *ctx);
	int (*statement_write)(void *ctx, const void *data, size_t len);
	int (*statement_commit)(void *ctx);
	void (*statement_abort)(void *ctx);
	struct slice statement_path;
	/*
	 * The checkpoint, in the same way; engine_checkpoint_committed() follows
	 * behind -EINPROGRESS.
	 */
	int (*checkpoint_begin)(void *ctx);
	int (*checkpoint_write)(void *ctx, const void *data, size_t len);
	int (*checkpoint_commit)(void *ctx);
	void (*checkpoint_abort)(void *ctx);
	/* The one that was given at the start is good for nothing. */
	void (*checkpoint_discard)(void *ctx);
};

enum outcome_code {
	OUTCOME_DONE,
	OUTCOME_NOUSER,
	OUTCOME_INSUFFICIENT,
	OUTCOME_SELF,
	OUTCOME_AMOUNT,
	OUTCOME_NAME,
	OUTCOME_EXISTS,
	OUTCOME_IDREUSED,
	OUTCOME_LIMIT,
	OUTCOME_READONLY,
	OUTCOME_NOTFOUND,
	OUTCOME_INTEGRITY, /* the blocks are not what they were */
	OUTCOME_ABORTED, /* nothing wrong with it, but with its group */
	OUTCOME_UNAVAILABLE, /* nothing happened */
	OUTCOME_UNKNOWN, /* may have happened: ask again with the same id */
	OUTCOME_CODES
};

struct engine_partner {
	struct slice name;
	uint64_t count;
	struct sum net; /* received less sent */
};

struct engine_user {
	struct slice name;
	struct amount balance;
};

struct outcome {
	enum outcome_code code;
	struct slice sentence; /* unless DONE */
	union { /* if DONE; borrowed during the call */
		struct amount balance;
		struct {
			uint64_t serial;
			struct amount balance; /* the sender's, behind it */
			int64_t time;
			const uint8_t *hash;
		} receipt; /* of a transfer or opening; also the tip (no balance) */
		struct {
			const struct engine_partner *partner; /* in order of rank */
			size_t count;
		} stats;
		struct {
			uint64_t serial; /* all is as of it */
			uint64_t members; /* users in all */
			const struct engine_user *user; /* as they joined */
			size_t count;
		} users;
		struct {
			struct slice path;
			uint64_t records;
			const uint8_t *hash;
		} statement;
		struct {
			uint64_t serial; /* up to it, and so are these: */
			const uint8_t *hash;
			uint64_t records;
			uint64_t members;
			struct sum coins;
			uint64_t gaps; /* serials missing among old records */
		} verified;
	} u;
};

/*
 * Called exactly once for each order, perhaps before the order's call returns.
 * @arg must stay valid until then.  It must not call the engine.
 */
typedef void (*engine_done)(void *arg, const struct outcome *o);
/* A record of a list; @balance is the user's running one, or NULL. */
typedef void (*engine_record)(void *arg, const struct record *r,
			      const struct amount *balance);

struct engine_order {
	struct slice sender; /* slices are copied where they must outlive the call */
	struct slice receiver;
	struct slice amount; /* as the client wrote it */
	struct slice id; /* empty: none */
	struct slice memo; /* as the client wrote it; empty: none */
	/* Only behind the order with this id, so many in a row keep their order. */
	struct slice after; /* empty: wherever */
	bool join; /* users not yet part of the network join by it */
};

/* One of a group. */
struct engine_group_order {
	struct engine_order order; /* without after */
	bool opening; /* as with engine_open() */
};

/*
 * Called exactly once for each group.  @o has an outcome for each of its @count
 * orders, in their order; or there is one for the whole, which is not DONE.
 */
typedef void (*engine_group_done)(void *arg, const struct outcome *o,
				  size_t count);

/* A tip that somebody kept: the hash of the chain behind that serial. */
struct engine_known_tip {
	uint64_t serial; /* 0: before the first record */
	uint8_t hash[CHAIN_HASH_SIZE];
};

/* @config is copied. */
int engine_new(const struct engine_config *config, const struct engine_io *io,
	       struct engine **ret) _must_check_;
/* Outstanding orders are not answered. */
struct engine *engine_free(struct engine *e);
DEFINE_CLEANUP(struct engine, engine_free);

/*
 * The time of this turn: @now of a steady clock that counts suspends,
 * @wall of the civil one, both in microseconds.
 */
void engine_time(struct engine *e, int64_t now, int64_t wall);
/* Begin asking the backends.  Once. */
void engine_start(struct engine *e);
/* A datagram from where @backend lives. */
void engine_datagram(struct engine *e, unsigned backend, struct slice datagram);
/* The system says that nobody listens there (ECONNREFUSED). */
void engine_refused(struct engine *e, unsigned backend);
/* The commit that was in progress has ended with 0 or a negative errno. */
void engine_statement_committed(struct engine *e, int error);
void engine_checkpoint_committed(struct engine *e, int error);
/* End of a turn: run due timers, close and send batches. */
void engine_flush(struct engine *e);
/* When the next turn is due at the latest; INT64_MAX: no need. */
int64_t engine_next(const struct engine *e);

/* Orders. */
void engine_balance(struct engine *e, struct slice user, engine_done done,
		    void *arg);
/* The same behind the record @serial, 0 to the tip, else OUTCOME_NOTFOUND. */
void engine_balance_at(struct engine *e, struct slice user, uint64_t serial,
		       engine_done done, void *arg);
/* u.users from the @from-th on (1), at most @count. */
void engine_users(struct engine *e, uint64_t from, uint64_t count,
		  engine_done done, void *arg);
void engine_transfer(struct engine *e, const struct engine_order *order,
		     engine_done done, void *arg);
/* Only order->sender, id and memo are looked at. */
void engine_open(struct engine *e, const struct engine_order *order,
		 engine_done done, void *arg);
/*
 * All of @count orders, 1 to ENGINE_GROUP_MAX, as one batch, or none: then each
 * is told what is wrong with it, behind the good ones before it, or ABORTED.
 * @dry_run: tells what it would come to, u.balance of each sender behind it,
 * and changes nothing.
 */
void engine_group(struct engine *e, const struct engine_group_order *order,
		  size_t count, bool dry_run, engine_group_done done,
		  void *arg);
void engine_stats(struct engine *e, struct slice user, engine_done done,
		  void *arg);
/* Records with serials of @from and up, at most @count, as of now. */
void engine_history(struct engine *e, struct slice user, uint64_t from,
		    uint64_t count, engine_record record, engine_done done,
		    void *arg);
void engine_list(struct engine *e, uint64_t from, uint64_t count,
		 engine_record record, engine_done done, void *arg);
/* One record, or OUTCOME_NOTFOUND. */
void engine_show(struct engine *e, uint64_t serial, engine_record record,
		 engine_done done, void *arg);
void engine_show_id(struct engine *e, struct slice id, engine_record record,
		    engine_done done, void *arg);
void engine_txlist(struct engine *e, engine_done done, void *arg);
/* u.receipt without balance; serial 0 of an empty ledger. */
void engine_tip(struct engine *e, engine_done done, void *arg);
/*
 * Read the whole history anew and hold it against what we remember, and
 * against @count of @tips, at most ENGINE_TIPS_MAX, which are copied.
 * u.verified, or OUTCOME_INTEGRITY with what is wrong.
 */
void engine_verify(struct engine *e, const struct engine_known_tip *tips,
		   size_t count, engine_done done, void *arg);

/* What can be changed while running. */
void engine_reconfigure(struct engine *e, int64_t request_timeout,
			bool accept_gaps, const struct frame_key *key);

/*
 * Write a checkpoint of what is committed now, unless there is one or there can
 * be none; it is over when engine_checkpointing() is false.
 */
void engine_checkpoint(struct engine *e);
bool engine_checkpointing(const struct engine *e);
/*
 * One more, with the next number.  It joins when it answers and is empty; one
 * that holds records joins at the next start, when the history is read.
 */
void engine_add_backend(struct engine *e, const struct engine_backend *config);

enum engine_backend_state {
	ENGINE_BACKEND_WAITED_FOR, /* never answered yet */
	ENGINE_BACKEND_UP,
	ENGINE_BACKEND_DOWN,
	ENGINE_BACKEND_FULL, /* answers questions, takes no batches */
	ENGINE_BACKEND_EMPTY, /* and was not: it is waited for */
	ENGINE_BACKEND_RETURNING, /* up, but has not all back yet that was its */
	ENGINE_BACKEND_LOST, /* declared so */
};

struct engine_info {
	bool open; /* complete view: answers orders */
	bool readonly; /* holes among old records */
	bool stalled; /* a batch is overdue */
	const char *waiting_for; /* a backend's name, while not open; or NULL */
	uint64_t epoch;
	uint64_t serial;
	const uint8_t *tip;
	int64_t time;
	uint64_t users;
	uint64_t coins;
	uint64_t gaps;
	uint32_t copies; /* that there should be of each record */
	uint64_t thin; /* records on fewer backends than there should be */
	uint64_t refilled; /* copies sent to mend that, since start */
	bool refilling; /* there is more of that to do */
	uint64_t checkpoint; /* serial of the newest one written; 0: none yet */
	int64_t checkpoint_age; /* microseconds; 0: none yet */
	int64_t lease; /* microseconds that are left of it; 0: there is none */
	uint64_t transfers; /* since start */
	uint64_t batches;
	uint64_t largest_batch;
	uint64_t groups; /* recorded since start */
	struct histogram commit; /* from a batch's close until it is durable */
	/* From a transfer's arrival until it is durable, microseconds. */
	int64_t latency; /* smoothed */
	int64_t latency_most; /* in the last minute */
	uint64_t last_minute; /* transfers */
	uint64_t outcomes[OUTCOME_CODES];
	uint64_t datagrams_sent;
	uint64_t datagrams_received;
	uint64_t datagrams_again; /* retransmissions */
	uint64_t datagrams_dropped; /* not authentic, stray or stale */
	size_t backends;
	struct {
		struct slice name;
		enum engine_backend_state state;
		uint64_t last_serial;
		uint64_t records;
		int64_t round_trip; /* smoothed, microseconds */
		int64_t heard; /* microseconds ago; -1: never */
		int64_t owing; /* … that it has owed an answer; 0: it owes none */
		uint64_t unacknowledged; /* records on their way to its disk */
		const struct link_counters *counters;
		uint64_t dropped_there; /* datagrams, by itself since its start */
		const char *error; /* the last sentence of trouble; "": none */
		int64_t error_time; /* when that was said */
	} backend[ENGINE_BACKENDS_MAX];
	struct {
		bool running;
		uint64_t serial; /* so far; of the one that is running … */
		uint64_t upto; /* … and how far it goes */
		const char *last_result; /* "none", "ok", or what is wrong */
		int64_t last_time; /* when that was; 0: never */
		uint64_t last_serial; /* as of this serial */
	} verify;
};

void engine_info(const struct engine *e, struct engine_info *ret);
/*
 * Somebody looks: backends that were not heard of for a second are pinged.
 * engine_info() is no wiser at once, but soon afterwards: who is gone is down
 * then, or owes an answer, and a main daemon that was replaced has ended.
 */
void engine_look(struct engine *e);

/* "NOUSER" …; "" for OUTCOME_DONE. */
const char *outcome_code_name(enum outcome_code code);

#endif
