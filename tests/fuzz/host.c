/* SPDX-License-Identifier: MIT */
/*
 * The disk is that of the simulation, tests/sim/disk.h.
 */
#include "config.h"

#include "util/buf.h"

#include "fuzz.h"
#include "host.h"

static const uint8_t map_key[MAP_KEY_SIZE] = "sixteen bytes it";

struct slice host_text(const struct host *h, const char *path)
{
	const struct buf *b = disk_look(h->disk, path);

	return b ? (struct slice){ (const char *)b->data, b->len }
		 : (struct slice){ NULL, 0 };
}

bool host_has(const struct host *h, const char *path, struct slice text)
{
	return slice_equal(host_text(h, path), text);
}

void host_init(struct host *h, uint64_t seed)
{
	*h = (struct host){ 0 };
	rng_seed(&h->rng, seed);
	h->disk = disk_new(&h->rng);
	disk_forgetful(h->disk, true);
}

static void host_close(struct host *h)
{
	if (h->store)
		h->store->ops->close(h->store);
	h->store = NULL;
	buf_done(&h->report.fault);
}

void host_done(struct host *h)
{
	host_close(h);
	disk_free(h->disk);
}

int host_open(struct host *h)
{
	host_close(h);
	return textstore_open(disk_ops(h->disk), HOST_BLOCK, map_key,
			      &h->report, &h->store);
}

void host_power_cut(struct host *h)
{
	host_close(h);
	disk_power_cut(h->disk);
}

/* The block as it stands now; borrowed from the disk. */
void host_read(const struct host *h, struct reading *ret)
{
	fuzz_check(reading_take(host_text(h, HOST_BLOCK), ret));
}
