/* SPDX-License-Identifier: MIT */
/*
 * A block of arbitrary bytes, with or without a file of a promise, on a
 * simulated disk.  The store either refuses it and changes nothing, or opens it
 * and says what a second, independent reading of the file says.  Then: opening
 * it again changes nothing more; a refill and a batch are appended, and
 * whatever is left by a power cut opens again with all that was durable.
 * chain-check says the same of the block as the store, and what it cuts is
 * whole.
 *
 * The input: u8 how (below), u8 seed of the disk, u8 bytes of the promise and
 * these, then the block.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>

#include "check/check.h"
#include "util/buf.h"
#include "util/cursor.h"
#include "util/parse.h"

#include "answers.h"
#include "appends.h"
#include "fuzz.h"
#include "host.h"

/* There is a file of a promise. */
#define HOW_PROMISE 1u
/* Put the hashes right first, so that bent records get further. */
#define HOW_HASHES 2u
/* What is appended then: see appends.h. */
#define HOW_RECORDS_SHIFT 2
#define HOW_COPY 16u
#define HOW_CUT 32u
#define HOW_REFILL 64u
#define HOW_SKIP 128u

struct input {
	unsigned int how;
	struct slice promise;
	struct slice block;
};

static struct slice text_of(const struct buf *b)
{
	return (struct slice){ (const char *)b->data, b->len };
}

/* The start. */

/* It says where and why, and has touched nothing. */
static void check_refused(const struct host *h, const struct input *in, int r)
{
	struct slice fault = text_of(&h->report.fault);

	fuzz_check(r == -EBADMSG);
	fuzz_check(fault.len > strlen(HOST_BLOCK) &&
		   memcmp(fault.p, HOST_BLOCK, strlen(HOST_BLOCK)) == 0);
	fuzz_check(host_has(h, HOST_BLOCK, in->block));
	if (in->how & HOW_PROMISE)
		fuzz_check(host_has(h, HOST_PROMISE, in->promise));
}

/* A place in a batch: the serial before its first record tells which. */
struct place {
	uint64_t before;
	uint64_t size;
	uint64_t at; /* from 1; 0: none */
	bool whole; /* the batch stands or falls as one */
};

/* None for an old record. */
static struct place place_of(const struct reading_line *l)
{
	struct place p = { .size = 1, .at = 1 };
	char *slash;

	if (!l->chained)
		return (struct place){ 0 };
	if (l->batch.len > 0) {
		p.at = strtoull(l->batch.p, &slash, 10);
		p.size = strtoull(slash + 1, &slash, 10);
		p.whole = *slash == '!';
	}
	p.before = l->serial - p.at;
	return p;
}

static bool is_same_batch(struct place a, struct place b)
{
	return a.before == b.before && a.size == b.size && a.whole == b.whole;
}

/*
 * What was torn off is of one batch as far as it can be read, and the newest
 * record that stays is of another, or stands before it in that.
 */
static void check_torn(struct slice stays, struct slice torn)
{
	struct place newest = { 0 };
	struct place first = { 0 };
	struct reading_line l;
	struct slice line;

	/* What may be a record but for its newline tells nothing. */
	while (torn.len > 0 && torn.p[torn.len - 1] != '\n')
		torn.len--;
	while (reading_next(&torn, &line)) {
		if (!reading_line(line, &l))
			continue;
		if (first.at == 0)
			first = place_of(&l);
		fuzz_check(l.chained && is_same_batch(place_of(&l), first));
	}
	while (reading_next(&stays, &line))
		if (reading_line(line, &l) && l.chained)
			newest = place_of(&l);
	if (first.at > 0 && newest.at > 0 && is_same_batch(newest, first))
		fuzz_check(newest.at < first.at && !first.whole);
}

/* What stands or falls as one stands there from its first record to its last. */
static void check_wholes(struct slice text)
{
	struct place due = { 0 };
	struct reading_line l;
	struct slice line;
	struct place p;

	while (reading_next(&text, &line)) {
		if (!reading_line(line, &l))
			continue;
		p = place_of(&l);
		if (due.at > 0)
			fuzz_check(is_same_batch(p, due) && p.at == due.at);
		else
			fuzz_check(!p.whole || p.at == 1);
		due = p;
		due.at = p.whole && p.at < p.size ? p.at + 1 : 0;
	}
	fuzz_check(due.at == 0);
}

/* Did the promise tell where the last append begins? */
static bool is_open(const struct input *in)
{
	const char *space = in->promise.p;
	size_t spaces = 0;

	for (size_t i = 0; i < in->promise.len; i++)
		spaces += space[i] == ' ';
	return in->how & HOW_PROMISE && spaces == 3;
}

/* What was torn is beside the block; else at most a newline was added. */
static void check_mended(const struct host *h, const struct input *in)
{
	struct slice before = in->block;
	struct slice now = host_text(h, HOST_BLOCK);
	struct slice aside;

	if (h->report.torn) {
		aside = host_text(h, h->report.torn_path);
		fuzz_check(aside.len > 0 && aside.len == h->report.torn_bytes);
		fuzz_check(now.len + aside.len == before.len);
		fuzz_check(memcmp(aside.p, before.p + now.len, aside.len) == 0);
		if (!is_open(in))
			check_torn(now, aside);
	} else if (now.len == before.len && now.len > 0 &&
		   before.p[before.len - 1] == '\0') {
		/* A zero in the place of the newline. */
		before.len = --now.len;
		fuzz_check(now.p[now.len] == '\n');
	} else if (now.len != before.len) {
		fuzz_check(--now.len == before.len && now.p[now.len] == '\n');
	}
	fuzz_check(now.len == 0 || memcmp(now.p, before.p, now.len) == 0);
	check_wholes(now);
}

/* " LENGTH\n" or " LENGTH OPEN\n" of a block that has @len bytes now. */
static void check_lengths(struct slice text, size_t len)
{
	const char *end = text.p + text.len;
	char *p;

	fuzz_check(text.len > 1 && end[-1] == '\n');
	fuzz_check(strtoull(text.p, &p, 10) <= len);
	if (*p == ' ')
		fuzz_check(strtoull(p, &p, 10) == len);
	fuzz_check(p + 1 == end);
}

/* Of the same epoch and nonce as it was, and lengths that the block has. */
static void check_promise(const struct host *h, const struct input *in)
{
	struct slice now = host_text(h, HOST_PROMISE);
	char nonce[2 * STORE_NONCE_SIZE + 1] = { 0 };
	struct store_state state;
	struct buf expected = { 0 };

	h->store->ops->state(h->store, &state);
	if (!(in->how & HOW_PROMISE)) {
		fuzz_check(state.epoch == 0 && !now.p);
		return;
	}
	format_hex(state.nonce, STORE_NONCE_SIZE, nonce);
	fuzz_check(buf_addf(&expected, "%" PRIu64 " %s", state.epoch, nonce) ==
		   0);
	fuzz_check(now.len > expected.len && in->promise.len > expected.len);
	fuzz_check(memcmp(now.p, expected.data, expected.len) == 0);
	fuzz_check(memcmp(in->promise.p, expected.data, expected.len) == 0);
	now.p += expected.len;
	now.len -= expected.len;
	check_lengths(now, host_text(h, HOST_BLOCK).len);
	buf_done(&expected);
}

/* Opened once, a block opens again, and nothing more is done to it. */
static void check_again(struct host *h)
{
	struct buf block = { 0 };
	struct buf promise = { 0 };
	struct reading r;

	fuzz_check(buf_add(&block, host_text(h, HOST_BLOCK).p,
			   host_text(h, HOST_BLOCK).len) == 0);
	fuzz_check(buf_add(&promise, host_text(h, HOST_PROMISE).p,
			   host_text(h, HOST_PROMISE).len) == 0);
	fuzz_check(host_open(h) == 0);
	fuzz_check(!h->report.torn);
	fuzz_check(host_has(h, HOST_BLOCK, text_of(&block)));
	fuzz_check(host_has(h, HOST_PROMISE, text_of(&promise)));
	host_read(h, &r);
	answers_check(h->store, &r);
	reading_done(&r);
	buf_done(&block);
	buf_done(&promise);
}

/* chain-check. */

struct said {
	uint64_t faults;
	uint64_t cuts;
};

/* A check_say. */
static int count_fault(void *arg, const char *sentence)
{
	struct said *s = arg;

	fuzz_check(*sentence && !strpbrk(sentence, "\r\n"));
	s->faults++;
	return 0;
}

/* A check_say. */
static int count_cut(void *arg, const char *sentence)
{
	struct said *s = arg;

	fuzz_check(*sentence);
	s->cuts++;
	return 0;
}

/* Verify the block on @h, and cut it if @cut; @tip: what it should lead to. */
static struct check_summary verify(const struct host *h, bool cut,
				   const struct check_summary *tip,
				   struct said *said)
{
	struct check_options options = {
		.tip_given = tip != NULL,
		.say_fault = count_fault,
		.say_done = count_cut,
		.arg = said,
	};
	struct check_summary summary;
	struct check *c;

	*said = (struct said){ 0 };
	if (tip) {
		options.tip_serial = tip->serial;
		memcpy(options.tip_hash, tip->tip, sizeof(tip->tip));
	}
	fuzz_check(amount_from_u64(1000, &options.initial) == 0);
	fuzz_check(check_new(disk_ops(h->disk), &options, &c) == 0);
	fuzz_check(check_open(c, HOST_BLOCK, cut) == 0);
	fuzz_check(check_run(c) == 0);
	summary = *check_summary(c);
	fuzz_check(summary.faults == said->faults);
	if (cut)
		fuzz_check(check_cut(c, NULL) == 0);
	(void)check_free(c);
	return summary;
}

/*
 * What is left of a block that was cut is whole and leads to the same tip, but
 * not to one with a bit @bent, and nothing got lost.
 */
static void check_cut_whole(struct host *h, const struct input *in, bool bent)
{
	struct check_summary before;
	struct check_summary after;
	struct check_summary tip;
	struct buf aside = { 0 };
	struct said said;

	before = verify(h, true, NULL, &said);
	fuzz_check(said.cuts <= 1);
	fuzz_check(buf_addf(&aside, HOST_BLOCK ".cut-at-%" PRIu64 "%c",
			    before.serial, 0) == 0);
	fuzz_check(host_text(h, HOST_BLOCK).len +
			   host_text(h, (char *)aside.data).len ==
		   in->block.len);
	buf_done(&aside);

	tip = before;
	tip.tip[0] ^= bent;
	after = verify(h, false, &tip, &said);
	fuzz_check(after.tip_wrong == bent);
	/* Ids that stand twice are faults, but there is nothing to cut. */
	fuzz_check(after.faults == before.repeats + (bent ? 1 : 0));
	fuzz_check(after.repeats == before.repeats && after.beyond == 0);
	fuzz_check(after.serial == before.serial);
	fuzz_check(after.transactions == before.transactions);
	fuzz_check(memcmp(after.tip, before.tip, sizeof(after.tip)) == 0);
	fuzz_check(host_open(h) == 0 && !h->report.torn);
}

/* Whoever opens the block without a word must agree with chain-check. */
static void check_check(const struct input *in, uint8_t seed)
{
	struct check_summary summary;
	struct reading reading;
	struct said said;
	struct host h;
	int r;

	host_init(&h, 1);
	disk_put(h.disk, HOST_BLOCK, in->block);
	summary = verify(&h, false, NULL, &said);
	fuzz_check(host_has(&h, HOST_BLOCK, in->block));
	check_cut_whole(&h, in, seed & 1);
	host_done(&h);
	if (summary.faults > 0)
		return;

	host_init(&h, 1);
	disk_put(h.disk, HOST_BLOCK, in->block);
	r = host_open(&h);
	fuzz_check(r == 0 && !h.report.torn);
	host_read(&h, &reading);
	fuzz_check(summary.transactions == reading.count);
	fuzz_check(summary.serial ==
		   (reading.count > 0 ? reading.line[reading.count - 1].serial
				      : 0));
	reading_done(&reading);
	host_done(&h);
}

static void check_store(const struct input *in, uint8_t seed)
{
	const struct appends how = {
		.records = 1 + (in->how >> HOW_RECORDS_SHIFT &
				(APPENDS_RECORDS_MAX - 1)),
		.refill = in->how & HOW_REFILL,
		.skip = in->how & HOW_SKIP,
		.copy = in->how & HOW_COPY,
		.cut = in->how & HOW_CUT,
	};
	struct reading reading;
	struct host h;
	int r;

	host_init(&h, seed);
	disk_put(h.disk, HOST_BLOCK, in->block);
	if (in->how & HOW_PROMISE)
		disk_put(h.disk, HOST_PROMISE, in->promise);

	r = host_open(&h);
	if (r < 0) {
		check_refused(&h, in, r);
		host_done(&h);
		return;
	}
	check_mended(&h, in);
	check_promise(&h, in);
	host_read(&h, &reading);
	answers_check(h.store, &reading);
	reading_done(&reading);
	check_again(&h);
	appends_check(&h, &how);
	host_done(&h);
}

/* Chained lines get the hash that follows from the line before. */
static void put_hashes_right(char *text, size_t size)
{
	uint8_t tip[CHAIN_HASH_SIZE] = { 0 };
	struct slice rest = { text, size };
	struct reading_line old;
	struct slice line;
	char *hash;

	while (reading_next(&rest, &line)) {
		hash = line.len > 0 ? memmem(line.p, line.len, " h=", 3) : NULL;
		if (hash) {
			size_t len = (size_t)(hash - line.p);

			chain_step(tip, (struct slice){ line.p, len }, tip);
			if (line.len - len >= 3 + CHAIN_HEX_SIZE)
				format_hex(tip, CHAIN_HASH_SIZE, hash + 3);
		} else if (reading_line(line, &old)) {
			chain_step(tip, old.body, tip);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(data, size);
	struct input in;
	uint8_t seed;
	char *block;

	in.how = reader_u8(&r);
	seed = reader_u8(&r);
	in.promise = reader_short_string(&r);
	if (r.bad)
		return 0;

	in.block = reader_rest(&r);
	block = fuzz_copy(in.block);
	in.block.p = block;
	if (in.how & HOW_HASHES)
		put_hashes_right(block, in.block.len);
	answers_check_lines(in.block);
	check_store(&in, seed);
	check_check(&in, seed);
	free(block);
	return 0;
}
