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
#include "bugs.h"
#include "disk.h"
#include "main/engine.h"
#include "util/buf.h"
#include "util/random.h"

#define BACKENDS 3
#define MAINS 2
#define CLIENTS 8
/* Watchers have much to do when one main daemon takes over from another. */
#define WATCHERS 2
/* Auditors ask for everything at the end, and again after a restart. */
#define AUDITORS 2
#define INBOX_MAX 64
#define SEC INT64_C(1000000)
#define MSEC INT64_C(1000)

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
	/* Deliberate bug: another process that serves the same block. */
	struct store *twin_store;
	struct responder *twin;
	bool alive;
	bool cut_off; /* partitioned */
	bool paused;
	bool gone; /* for good, until somebody mends it: losses.c */
	unsigned declared; /* lost, so many times, */
	unsigned returned; /* and back on this disk with records */
	uint64_t life; /* raised at each death: events of older lives are void */
};

struct main_node {
	struct world *world;
	int index;
	struct engine *engine;
	bool alive;
	bool paused;
	int64_t paused_at;
	int64_t resumes_at;
	bool open; /* for business */
	int64_t lag; /* what comes to it takes so much longer, */
	int64_t lags_until;
	int64_t behind; /* its clock has stood still for so long */
	uint64_t life;
	int lost; /* the backend that its configuration calls so, or -1 */
	bool must_wait; /* it began when a backend had lost its block */
	uint64_t refilled; /* records, as far as we have seen */
	int64_t armed; /* the next wake-up that is in the queue */
	/* While paused: its sockets' buffers. */
	struct packet *inbox[INBOX_MAX];
	size_t inboxes;
	struct buf statement; /* the file, */
	struct buf draft; /* and the one being written */
	struct buf checkpoint; /* being written */
};

struct client;
struct copies;
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
	bool clock_jumps;
	bool slow_disks;
	bool losses; /* a backend goes for good */
};

/* What main daemons remember of a backend: one state directory for all. */
struct roster_line {
	uint64_t lost_in; /* an epoch, or 0 */
	uint64_t records;
};

#define CHECKPOINTS_KEPT 4

struct checkpoints {
	struct buf file;
	struct buf kept[CHECKPOINTS_KEPT]; /* older ones, in backups */
	struct buf offered; /* to who starts now */
};

/* Of requests under way, for rewriting answers: network.c. */
struct seen_requests {
	uint64_t epoch;
	uint64_t request[16]; /* by type */
};

enum stage {
	STAGE_WORK,
	STAGE_AUDIT,
	STAGE_RESTART,
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
	bool healing; /* no faults from here on */
	bool verbose;
	bool forgetful;
	enum stage stage;
	struct backend_node backend[BACKENDS];
	struct main_node main[MAINS];
	struct seen_requests seen[MAINS][BACKENDS];
	struct client *client[CLIENTS + WATCHERS + AUDITORS];
	size_t clients;
	struct oracle *oracle;
	struct copies *copied;
	uint32_t copies;
	int gone; /* the backend that is gone for good, or -1 */
	bool wiped; /* … and runs, on an empty disk; */
	bool overlooked; /* by who has opened since, and has a reason */
	int lost; /* … and declared so */
	struct roster_line roster[BACKENDS];
	uint64_t roster_epoch; /* of who wrote it */
	struct checkpoints checkpoints;
	uint32_t room;
	const char *failure;
	char failure_text[512];
	struct {
		uint64_t datagrams;
		uint64_t crashes;
		uint64_t transfers;
		uint64_t torn;
		uint64_t fenced;
		uint64_t copies;
		uint64_t losses;
		uint64_t checkpoints; /* stored … */
		uint64_t used; /* … and starts from one */
	} count;
};

/* world.c */
void world_at(struct world *w, int64_t delay, event_fn fn, void *a, uint64_t b);
bool world_chance(struct world *w, unsigned per_thousand);
uint64_t world_below(struct world *w, uint64_t n);
void world_bytes(struct world *w, uint8_t *out, size_t len);
/* The seed has failed; the first reason counts. */
void world_fail(struct world *w, const char *format, ...) _printf_(2, 3);
void world_say(struct world *w, const char *format, ...) _printf_(2, 3);

struct run {
	uint64_t seed;
	uint32_t copies; /* 0: drawn */
	bool forgetful; /* disks, after a sync that failed */
	bool verbose;
};

/* Run one seed; true if all is well. */
bool world_run(const struct run *run);

/* network.c */
void network_send(struct world *w, int main, int backend, bool to_backend,
		  const uint8_t *data, size_t len);
/* A packet's event, to be told from others when the world ends. */
void network_deliver(struct world *w, void *a, uint64_t b);
/* On its way without being rewritten. */
void network_transmit(struct world *w, int main, int backend, bool to_backend,
		      const uint8_t *data, size_t len);
/* tamper.c: rewrite a datagram; its new length. */
size_t tamper(struct world *w, int main, int backend, bool to_backend,
	      uint8_t *data, size_t len);
void network_key(struct frame_key *ret);

/* backends.c */
void backend_create(struct world *w, int index, const char *block);
void backend_start(struct world *w, void *a, uint64_t b);
void backend_kill(struct backend_node *n, bool power);
void backend_datagram(struct backend_node *n, int main, struct slice datagram);
/* All that it had is lost. */
void backend_new_disk(struct backend_node *n);
void backend_destroy(struct backend_node *n);

/* mains.c */
void main_start(struct world *w, void *a, uint64_t b);
void main_kill(struct main_node *m);
/* Its manager ends it, which takes a moment. */
void main_stop(struct main_node *m);
void main_pause(struct main_node *m, int64_t how_long);
void main_resume(struct world *w, void *a, uint64_t b);
void main_datagram(struct main_node *m, struct packet *p);
void main_refused(struct main_node *m, int backend);
/* Tell the engine what time it is: before it is given anything. */
void main_clock(struct main_node *m);
/* It was given something: let its turn end. */
void main_turn_end(struct main_node *m);
/* One for a client to talk to, or NULL. */
struct main_node *main_pick(struct world *w);
void main_destroy(struct main_node *m);

/* checkpoints.c */
void checkpoints_configure(struct world *w, struct engine_config *config);
/* What a main daemon finds that starts now; until the next one. */
struct slice checkpoints_offer(struct world *w);
void checkpoints_plug_in(struct engine_io *io);
void checkpoints_destroy(struct world *w);

/* faults.c */
void faults_draw(struct world *w);
void faults_happen(struct world *w, void *a, uint64_t b);
void faults_heal(struct world *w, void *a, uint64_t b);
/* Two are open: the best moment for backends to forget which one it is. */
void faults_takeover(struct world *w);
/* A record of a list was given: the best moment, since others may follow. */
void faults_in_list(struct world *w);

/* losses.c */
void losses_begin(struct world *w);
void losses_declare(struct world *w);
void losses_heal(struct world *w);
/* Is every record where it should be, as far as anybody can know? */
bool losses_refilled(struct world *w);
/* Whoever starts now must wait until somebody has declared one lost. */
bool losses_must_wait(const struct world *w);
/* One has opened. */
void losses_opened(const struct main_node *m);
/* Is this the backend that has lost its block, and nobody declared it yet? */
bool losses_is_wiped(const struct world *w, struct slice backend);
/* The main daemon has told how it is: the worst moment may have come. */
void losses_told(struct main_node *m, const struct engine_info *info);
/* At the end: was all set aside that had to be, and nothing else? */
void losses_check(struct world *w);

/* client.c */
struct client *client_new(struct world *w, int index, unsigned orders);
void client_free(struct client *c);
bool client_finished(const struct client *c);
void client_start(struct client *c);
/* One main daemon takes over from another: have a look. */
void client_watch(struct client *c);
void client_main_died(struct client *c, const struct main_node *m);

/* oracle.c */
struct oracle *oracle_new(struct world *w);
void oracle_free(struct oracle *o);
/* All the blocks at the end, against all that clients were told. */
void oracle_check(struct oracle *o);

/* copies.c: backups made with cp. */
struct copies *copies_new(void);
void copies_free(struct copies *c);
void copies_begin(struct world *w);
void copies_power_cut(struct world *w);
void copies_loss(struct world *w);

#endif
