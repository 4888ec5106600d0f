/* SPDX-License-Identifier: MIT */
/*
 * What stands in the payload of each type of datagram: bytes to structs and
 * back, shared by both ends.  Decoders reject trailing bytes; slices point
 * into the payload.  Layouts: chain-protocol(7); as for changing them, see
 * frame.h.
 */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/slice.h"

#define MESSAGE_NONCE_SIZE 16
/* Fragments of a batch; bits in the map of the missing ones. */
#define MESSAGE_FRAGMENTS_MAX 1024
/* Datagrams in one answer to FETCH. */
#define MESSAGE_PAGES_MAX 64
/* Absent backends and irregular ranges that fit in one question. */
#define MESSAGE_ABSENT_MAX 16
#define MESSAGE_RANGES_MAX 32

/* PING: u8 1 if the sender asks to renew its lease (chain-protocol(7)). */
struct message_ping {
	bool lease;
};

/*
 * PONG and PROMISE: where the block stands.  The header's epoch is the promised
 * one.  u64 instance, u64 last serial (0: none), u64 records, u8 flags (1 full),
 * u8 1 if the lease asked for was granted, u64 dropped.
 */
struct message_state {
	uint64_t instance; /* drawn at each start of the backend */
	uint64_t last_serial;
	uint64_t records;
	bool full;
	bool leased;
	uint64_t dropped; /* datagrams since the start that were not answered */
};

/*
 * CLAIM: the header's epoch is the one claimed; the claimer's nonce, u64 epoch in
 * which the ledger was opened with the backend declared lost (0: never, as far
 * as the claimer knows).  If the backend has promised none above that, it sets
 * its records aside and begins empty before it promises.
 */
struct message_claim {
	uint8_t nonce[MESSAGE_NONCE_SIZE];
	uint64_t lost_in;
};

/*
 * APPEND: one fragment of a batch; the header's position is its number from 0.
 * u64 first serial of the batch, u32 records in the batch, u16 fragments,
 * u8 flags (1 if an acknowledgement is wanted now, 2 for a refill), u64 how many
 * records the block is known to hold, short string of=, then whole lines, each
 * ended by a newline, without of=.
 * A block that holds fewer has been lost: what the message brings is not for
 * what is there in its place.
 * A refill brings records that the block lacks, of any rising serials, as they
 * are to stand there: each line with its own of=, so that of the message is
 * empty.  It has its own place beside the batch in flight.
 */
struct message_append {
	uint64_t first;
	uint32_t records;
	uint16_t fragments;
	bool acknowledge;
	bool refill;
	uint64_t holds;
	struct slice of;
	struct slice lines;
};

/*
 * APPENDED: u64 first, u8 1 durable / 0 in part.  If durable: u32 microseconds
 * that its sync took, 0 if it was held already and needed none.  If in part: u16
 * number of fragments and a bit map of those that are missing, most significant
 * bit first, padded with zero bits.  No bit set: all are there, not yet durable.
 */
struct message_appended {
	uint64_t first;
	bool durable;
	uint32_t sync_usec;
	uint16_t fragments;
	struct slice missing;
};

/* Serials @from to @to count here (take) or do not, whatever the file says. */
struct message_range {
	uint64_t from;
	uint64_t to;
	bool take;
};

/*
 * Which records count.  everything: all that the block holds, copies too.
 * Else a record counts if it is at home here (no of=) or all in its of= are
 * absent, unless a range says otherwise.
 * u8 everything, u8 n, n short strings, u8 m, m times (u64 from, u64 to, u8 take).
 */
struct message_filter {
	bool everything;
	size_t absents;
	struct slice absent[MESSAGE_ABSENT_MAX];
	size_t ranges;
	struct message_range range[MESSAGE_RANGES_MAX];
};

/*
 * FETCH: u64 after, u64 upto, u16 pages, u16 room (bytes of the largest
 * datagram wanted in answer, FRAME_SIZE_MIN at least: any line fits), short
 * string user (empty: all), short string id (empty: any), u8 flags (1 for four
 * columns only, 2 to settle refills), filter.
 * Settling: refills that were sent before this request, and are not here yet, are
 * not taken any more, so that what is read stays as it is read.
 */
struct message_fetch {
	uint64_t after;
	uint64_t upto;
	uint16_t pages;
	uint16_t room;
	struct slice user;
	struct slice id;
	bool columns; /* lines as "serial sender receiver amount" */
	bool settle;
	struct message_filter filter;
};

/*
 * RECORDS: the header's position is the page's number from 0.  u64 after,
 * u64 covered (all records that match in (after, covered] are in lines), u8
 * flags (1: covered is upto, there is no more; 2: last page of this answer),
 * lines each ended by a newline, serials rising.
 */
struct message_records {
	uint64_t after;
	uint64_t covered;
	bool end;
	bool last;
	struct slice lines;
};

/* STATS: u64 upto, u16 room, short string user, short string after (name), filter. */
struct message_stats {
	uint64_t upto;
	uint16_t room;
	struct slice user;
	struct slice after;
	struct message_filter filter;
};

/*
 * PARTNERS: u8 1 if there are no more, then entries by rising bytes of the name:
 * short string name, u64 transactions, i128 net (received less sent).
 */
struct message_partners {
	bool end;
	struct slice entries;
};
struct message_partner {
	struct slice name;
	uint64_t count;
	__int128 net;
};

/* SUM: u64 after, u64 upto, short string user (empty: count only), filter. */
struct message_sum {
	uint64_t after;
	uint64_t upto;
	struct slice user;
	struct message_filter filter;
};

/* TOTAL: u64 records, i128 net (received less sent; 0 without a user). */
struct message_total {
	uint64_t records;
	__int128 net;
};

enum message_error_code {
	MESSAGE_ERROR_FENCED = 1, /* a higher epoch is promised: header's epoch */
	MESSAGE_ERROR_UNCLAIMED = 2, /* the epoch was never claimed here */
	MESSAGE_ERROR_LEASED = 3, /* another has a lease: ask again */
	MESSAGE_ERROR_FULL = 4, /* no room for that; nothing was written */
	MESSAGE_ERROR_CONFLICT = 5, /* below the last serial, and not held here */
	MESSAGE_ERROR_MALFORMED = 6, /* authentic, but not understood */
};

/* ERROR: u8 code, short string with a sentence for the log. */
struct message_error {
	enum message_error_code code;
	struct slice sentence;
};

/*
 * message_put_X() writes a payload (check w->bad once, at the end);
 * message_get_X() reads one: 0 or -EBADMSG.
 */
void message_put_ping(struct writer *w, const struct message_ping *m);
int message_get_ping(struct slice payload, struct message_ping *ret) _must_check_;
void message_put_state(struct writer *w, const struct message_state *m);
int message_get_state(struct slice payload, struct message_state *ret) _must_check_;
void message_put_claim(struct writer *w, const struct message_claim *m);
int message_get_claim(struct slice payload, struct message_claim *ret) _must_check_;
void message_put_append(struct writer *w, const struct message_append *m);
int message_get_append(struct slice payload, struct message_append *ret) _must_check_;
void message_put_appended(struct writer *w, const struct message_appended *m);
int message_get_appended(struct slice payload, struct message_appended *ret) _must_check_;
void message_put_fetch(struct writer *w, const struct message_fetch *m);
int message_get_fetch(struct slice payload, struct message_fetch *ret) _must_check_;
/* Writes all but what is still to be appended to the lines. */
void message_put_records(struct writer *w, const struct message_records *m);
int message_get_records(struct slice payload, struct message_records *ret) _must_check_;
void message_put_stats(struct writer *w, const struct message_stats *m);
int message_get_stats(struct slice payload, struct message_stats *ret) _must_check_;
void message_put_partners(struct writer *w, const struct message_partners *m);
int message_get_partners(struct slice payload, struct message_partners *ret) _must_check_;
void message_put_partner(struct writer *w, const struct message_partner *m);
/* The next entry of a message_partners; false at the end.  Entries were checked. */
bool message_next_partner(struct slice *entries, struct message_partner *ret);
void message_put_sum(struct writer *w, const struct message_sum *m);
int message_get_sum(struct slice payload, struct message_sum *ret) _must_check_;
void message_put_total(struct writer *w, const struct message_total *m);
int message_get_total(struct slice payload, struct message_total *ret) _must_check_;
void message_put_error(struct writer *w, const struct message_error *m);
int message_get_error(struct slice payload, struct message_error *ret) _must_check_;

/* Bytes of a lines payload that fit a datagram of @room, given an of= of @of_len. */
size_t message_append_room(size_t room, size_t of_len);
size_t message_records_room(size_t room);

#endif
