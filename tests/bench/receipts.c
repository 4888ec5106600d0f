/* SPDX-License-Identifier: MIT */
/*
 * Is every transfer that was acknowledged in the blocks, as it was told?
 * Prints how many receipts there were.
 *
 *	receipts RECEIPTS BLOCK...
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/record.h"
#include "util/parse.h"

#include "common.h"
#include "names.h"
#include "receipt.h"

struct mapped {
	char *data;
	size_t len;
};

/* All receipts by serial; one with serial 0 was not told, or is found. */
struct receipts {
	struct receipt *by_serial;
	uint64_t last; /* serial */
	size_t told;
	size_t found;
};

/* May be changed in memory, not in the file. */
static struct mapped map_file(const char *path)
{
	struct mapped m = { 0 };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		fail_errno(path);
	m.len = (size_t)st.st_size;
	if (m.len > 0) {
		m.data = mmap(NULL, m.len, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			      fd, 0);
		if (m.data == MAP_FAILED)
			fail_errno(path);
	}
	(void)close(fd);
	return m;
}

static void unmap_file(struct mapped m)
{
	if (m.len > 0)
		(void)munmap(m.data, m.len);
}

static void read_receipts(struct receipts *r, const char *path)
{
	struct mapped m = map_file(path);
	size_t count = m.len / sizeof(struct receipt);
	struct receipt one;

	if (m.len % sizeof(struct receipt) != 0)
		fail("%s: not whole receipts", path);
	for (size_t i = 0; i < count; i++) {
		memcpy(&one, m.data + i * sizeof(one), sizeof(one));
		if (one.serial > r->last)
			r->last = one.serial;
	}
	r->by_serial = calloc(r->last + 1, sizeof(*r->by_serial));
	if (!r->by_serial)
		fail("no memory");

	for (size_t i = 0; i < count; i++) {
		memcpy(&one, m.data + i * sizeof(one), sizeof(one));
		if (one.serial == 0 || r->by_serial[one.serial].serial)
			fail("serial %ju was told twice",
			     (uintmax_t)one.serial);
		r->by_serial[one.serial] = one;
	}
	r->told = count;
	unmap_file(m);
}

static bool matches(const struct receipt *told, const struct record *r)
{
	char hash[CHAIN_HEX_SIZE];
	uint32_t sender;
	uint32_t receiver;

	format_hex(r->hash, CHAIN_HASH_SIZE, hash);
	return user_number(r->sender, &sender) == 0 &&
	       user_number(r->receiver, &receiver) == 0 &&
	       sender == told->sender && receiver == told->receiver &&
	       amount_to_u64(r->amount) == told->amount &&
	       memcmp(hash, told->hash, RECEIPT_HASH_DIGITS) == 0;
}

static void look_at(struct receipts *all, const char *path, struct slice line)
{
	struct receipt *told;
	struct record r;
	const char *fault;

	if (record_parse(line, &r, &fault) < 0)
		fail("%s: %s", path, fault);
	if (r.serial > all->last)
		return;

	told = &all->by_serial[r.serial];
	if (!told->serial)
		return;
	if (!matches(told, &r))
		fail("%s: serial %ju is not what was told", path,
		     (uintmax_t)r.serial);
	told->serial = 0;
	all->found++;
}

static void read_block(struct receipts *all, const char *path)
{
	struct mapped m = map_file(path);
	const char *end = m.data + m.len;
	const char *next;

	for (const char *p = m.data; p < end; p = next + 1) {
		next = memchr(p, '\n', (size_t)(end - p));
		if (!next)
			fail("%s: no newline at the end", path);
		if (next > p)
			look_at(all, path,
				(struct slice){ p, (size_t)(next - p) });
	}
	unmap_file(m);
}

int main(int argc, char **argv)
{
	struct receipts all = { 0 };

	if (argc < 3)
		fail("expected RECEIPTS BLOCK...");
	read_receipts(&all, argv[1]);
	for (int i = 2; i < argc; i++)
		read_block(&all, argv[i]);
	if (all.found != all.told)
		fail("%zu transfers were acknowledged, %zu of them are in the"
		     " blocks", all.told, all.found);
	(void)printf("%zu\n", all.told);
	free(all.by_serial);
	return EXIT_SUCCESS;
}
