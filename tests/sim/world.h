/* SPDX-License-Identifier: MIT */
/*
 * A whole cluster in one process: the real engines of the main daemon and the
 * backends, the real text store, simulated network, disks, clocks and faults,
 * all drawn from one seed.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/responder.h"
#include "disk.h"
#include "main/engine.h"
#include "util/random.h"

#define BACKENDS 3
#define MAINS 2
#define CLIENTS 8
#define SEC INT64_C(1000000)
#define MSEC INT64_C(1000)

/* Deliberate bugs, to see whether the simulation finds them: README. */
enum bug {
	BUG_NONE,
	BUG_SYNC_LEFT_OUT,
	BUG_ACK_BEFORE_SYNC,
	BUGS
};

struct world;

/* What happens later. */
typedef void (*event_fn)(struct world *w, void *a, uint64_t b);

struct event {
	int64_t at;
	uint64_t order; /* equal times: first come, first served */
	event_fn fn;
	void *a;
	uint64_t b;
};

struct packet {
	int backend;
	int main;
	bool to_backend;
	size_t len;
	uint8_t data[];
};

struct backend_node {
	struct world *world;
	int index;
	char name[2];
	char path[32];
	struct disk *disk;
	struct store *store;
	struct responder *responder;
	bool alive;
	bool cut_off; /* partitioned */
	bool paused;
	bool sync_pending;
	uint64_t life; /* raised at each death: events of older lives are void */
};

struct main_node {
	struct world *world;
	int index;
	struct engine *engine;
	bool alive;
	bool paused;
	uint64_t life;
	int64_t armed; /* the next wake-up that is in the queue */
	/* While paused: its sockets' buffers. */
	struct packet *inbox[64];
	size_t inboxes;
};

struct client;
struct oracle;

struct faults {
	unsigned loss; /* per thousand */
	unsigned duplicate;
	unsigned mangle;
	int64_t delay; /* at most, microseconds */
	bool crashes;
	bool power_cuts;
	bool pauses;
	bool partitions;
	bool disk_errors;
	bool full_disks;
};

struct world {
	uint64_t seed;
	struct rng rng;
	int64_t now;
	int64_t wall_offset;
	uint64_t orders;
	struct event *heap;
	size_t events;
	size_t heap_size;
	struct faults faults;
	enum bug bug;
	bool healing; /* no faults from here on */
	bool verbose;
	struct backend_node backend[BACKENDS];
	struct main_node main[MAINS];
	struct client *client[CLIENTS];
	struct oracle *oracle;
	uint32_t copies;
	uint32_t room;
	const char *failure;
	char failure_text[512];
	struct {
		uint64_t datagrams;
		uint64_t crashes;
		uint64_t transfers;
		uint64_t torn;
		uint64_t fenced;
	} count;
};

void world_at(struct world *w, int64_t delay, event_fn fn, void *a, uint64_t b);
bool world_chance(struct world *w, unsigned per_thousand);
/* The seed has failed; the first reason counts. */
void world_fail(struct world *w, const char *format, ...) _printf_(2, 3);
void world_say(struct world *w, const char *format, ...) _printf_(2, 3);

/* A main daemon for a client to talk to, or NULL. */
struct main_node *world_pick_main(struct world *w);
/* The main daemon was given something: let its turn end. */
void world_turn_end(struct main_node *m);

/* client.c */
struct client *client_new(struct world *w, int index, unsigned orders);
void client_free(struct client *c);
bool client_finished(const struct client *c);
void client_start(struct client *c);
void client_main_died(struct client *c, const struct main_node *m);

/* oracle.c */
struct oracle *oracle_new(struct world *w);
void oracle_free(struct oracle *o);
/* All the blocks at the end, against all that clients were told. */
void oracle_check(struct oracle *o);

/* Run one seed; true if all is well. */
bool world_run(uint64_t seed, enum bug bug, bool verbose);

#endif
