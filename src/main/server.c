/* SPDX-License-Identifier: MIT */
/*
 * One turn: the time, then whatever came from clients and backends, then
 * engine_flush(), and last the answers, so that all of one client leave in one
 * write.  The loop's code is the exit status of the process.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "main/clients.h"
#include "main/engine.h"
#include "main/info.h"
#include "main/peers.h"
#include "main/recent.h"
#include "main/roster.h"
#include "main/session.h"
#include "main/statement.h"
#include "main/status.h"
#include "main/transferlog.h"
#include "sys/exit_codes.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/memory.h"
#include "sys/notify.h"
#include "sys/worker.h"
#include "util/random.h"
#include "util/timestamp.h"

#include "main/server.h"

/*
 * A record takes some microseconds to be read at a start, so there is little to
 * be won by a checkpoint of less; and one a minute costs nothing that could be
 * noticed.
 */
#define CHECKPOINT_RECORDS 100000
#define CHECKPOINT_PAUSE (60 * USEC_PER_SEC)
/* Of two thousand million operation ids. */
#define CHECKPOINT_BYTES_MAX (UINT64_C(8) << 30)

/* The engine's timer may fire so much too early. */
#define TIMER_SLACK (1 * USEC_PER_SEC)

/* A file that the engine has written, and that the worker makes durable. */
struct written {
	struct server *server;
	struct statement *file;
	struct worker_job job;
	int error; /* the worker's while the job is under way */
	void (*committed)(struct engine *e, int error);
};

struct server {
	struct loop *loop;
	const char *path;
	struct settings settings;
	struct buf listen; /* where clients reach us, for people */
	int64_t started;

	struct engine *engine;
	struct sessions *sessions;
	struct clients *clients;
	struct peers *peers;
	struct worker *worker;
	struct written statement;
	struct written checkpoint;
	char *checkpoint_path;
	struct transferlog transfers;
	struct refusallog refusals;
	struct recent requests;
	uint64_t counted; /* requests that stand in it */
	uint64_t refused[INFO_REFUSALS];
	struct status status;
	struct roster roster;
	char *roster_path;

	struct loop_timer *engine_timer;
	int64_t armed; /* when that fires; INT64_MAX: not at all */
	struct loop_timer *stop_timer;

	int64_t now; /* of this turn; 0 between turns */
	bool state_changed;
	bool stopping;
	bool saving; /* what is committed, before it ends */
	bool stopped;
};

/* --- A turn */

static void turn_begin(void *arg)
{
	struct server *s = arg;

	if (s->now > 0)
		return;
	s->now = loop_now();
	engine_time(s->engine, s->now, loop_wall_clock());
}

/*
 * A timer that fires too early costs one turn now and then; setting it each
 * time that the engine's next date moves back would cost each transfer.  But
 * when that moves far, nothing is under way, and nobody shall be woken.
 */
static void arm_engine_timer(struct server *s)
{
	int64_t next = engine_next(s->engine);

	if (next >= s->armed && next - s->armed < TIMER_SLACK)
		return;
	s->armed = next;
	loop_arm(s->engine_timer, next);
}

static void engine_timer_fired(void *arg)
{
	struct server *s = arg;

	s->armed = INT64_MAX;
	turn_begin(s);
}

/* How many there were when, for a rate that needs no timer. */
static void count_requests(struct server *s)
{
	struct sessions_counters c;

	sessions_count(s->sessions, &c);
	if (c.requests > s->counted)
		recent_add(&s->requests, s->now, c.requests - s->counted, 0);
	s->counted = c.requests;
}

/* Nothing is under way any more, and nobody has anything to read? */
static bool is_drained(const struct server *s)
{
	struct sessions_counters counters;

	sessions_count(s->sessions, &counters);
	return counters.pending == 0 && counters.unread == 0;
}

/* Nobody waits for anything: the next start shall be quick. */
static bool is_saved(struct server *s)
{
	if (!s->saving) {
		s->saving = true;
		engine_checkpoint(s->engine);
		loop_arm(s->stop_timer, loop_now() + SERVER_SAVE_USEC);
	}
	return !engine_checkpointing(s->engine);
}

static void turn_end(void *arg)
{
	struct server *s = arg;

	turn_begin(s);
	do {
		engine_flush(s->engine);
	} while (!s->stopped && clients_flush(s->clients));
	if (s->stopped)
		return;

	count_requests(s);
	if (s->state_changed) {
		s->state_changed = false;
		status_state_changed(&s->status);
		if (s->status.open)
			clients_end_hold(s->clients);
	}
	if (s->stopping && is_drained(s) && is_saved(s))
		loop_exit(s->loop, EXIT_STATUS_OK);
	arm_engine_timer(s);
	s->now = 0;
}

/* --- What the engine wants done */

static void io_send(void *ctx, unsigned backend, const uint8_t *data,
		    size_t len)
{
	struct server *s = ctx;

	peers_send(s->peers, backend, data, len);
}

static void io_log(void *ctx, int priority, const struct log_fields *fields,
		   const char *sentence)
{
	(void)ctx;
	log_print(priority, fields, "%s", sentence);
}

static void io_transferred(void *ctx, const struct engine_transfer_event *t)
{
	struct server *s = ctx;

	transferlog_add(&s->transfers, s->now, t);
	status_touch(&s->status, s->now);
}

static void io_recorded(void *ctx, struct slice lines)
{
	struct server *s = ctx;

	sessions_publish(s->sessions, lines);
}

static void io_refused(void *ctx, const struct engine_refusal_event *r)
{
	struct server *s = ctx;

	refusallog_add(&s->refusals, s->now, r);
}

/* What is to be known of the backends at the next start. */
static int save_roster(struct server *s)
{
	struct engine_info i;

	engine_info(s->engine, &i);
	for (size_t n = 0; n < i.backends; n++) {
		bool lost = i.backend[n].state == ENGINE_BACKEND_LOST;
		int r = roster_set(&s->roster, i.backend[n].name, lost,
				   lost ? i.epoch : i.backend[n].records);

		if (r < 0)
			return r;
	}
	return roster_write(&fileops_kernel, s->roster_path, &s->roster);
}

static bool any_lost(const struct server *s)
{
	const struct main_config *c = s->settings.config;

	for (size_t i = 0; i < c->backends; i++)
		if (c->backend[i].lost)
			return true;
	return false;
}

static int io_opening(void *ctx)
{
	struct server *s = ctx;
	int r = save_roster(s);

	/* It tells a backend that returns from one that was here all along. */
	if (r < 0 && any_lost(s))
		return r;
	if (r < 0)
		log_print(LOG_WARNING, NULL, "cannot write %s: %s",
			  s->roster_path, strerror(-r));
	return 0;
}

static void io_state_changed(void *ctx)
{
	struct server *s = ctx;

	s->state_changed = true;
}

static int exit_status_of(enum engine_stop why)
{
	switch (why) {
	case ENGINE_STOP_FENCED:
		return EXIT_STATUS_FENCED;
	case ENGINE_STOP_INTEGRITY:
		return EXIT_STATUS_INTEGRITY;
	case ENGINE_STOP_MEMORY:
		return EXIT_STATUS_FAILURE;
	case ENGINE_STOP_STATE:
		return EXIT_STATUS_IO;
	}
	return EXIT_STATUS_FAILURE;
}

static enum log_event event_of(enum engine_stop why)
{
	switch (why) {
	case ENGINE_STOP_FENCED:
		return LOG_EVENT_FENCED_OFF;
	case ENGINE_STOP_INTEGRITY:
		return LOG_EVENT_INTEGRITY_FAULT;
	case ENGINE_STOP_STATE:
		return LOG_EVENT_STORAGE_FAILURE;
	case ENGINE_STOP_MEMORY:
		return LOG_EVENT_NONE;
	}
	return LOG_EVENT_NONE;
}

static void io_stop(void *ctx, enum engine_stop why, const char *sentence)
{
	const struct log_fields fields = { .event = event_of(why) };
	struct server *s = ctx;

	log_print(LOG_CRIT, &fields, "%s", sentence);
	notify_status("%s", sentence);
	notify_stopping();
	s->stopped = true;
	loop_exit(s->loop, exit_status_of(why));
}

/* In whichever thread the worker chooses. */
static void make_durable(void *arg)
{
	struct written *w = arg;

	w->error = statement_commit(w->file);
}

static void is_durable(void *arg)
{
	struct written *w = arg;

	turn_begin(w->server);
	w->committed(w->server->engine, w->error);
}

static void written_init(struct written *w, struct server *s,
			 void (*committed)(struct engine *e, int error))
{
	w->server = s;
	w->job = (struct worker_job){ make_durable, is_durable, w, { 0 } };
	w->committed = committed;
}

/* Hundreds of megabytes may have to go to the disk, and transfers go on. */
static int written_commit(struct written *w)
{
	worker_start(w->server->worker, &w->job);
	return -EINPROGRESS;
}

static int io_statement_begin(void *ctx)
{
	struct server *s = ctx;

	return statement_begin(s->statement.file);
}

static int io_statement_write(void *ctx, const void *data, size_t len)
{
	struct server *s = ctx;

	return statement_write(s->statement.file, data, len);
}

static int io_statement_commit(void *ctx)
{
	struct server *s = ctx;

	return written_commit(&s->statement);
}

static void io_statement_abort(void *ctx)
{
	struct server *s = ctx;

	statement_abort(s->statement.file);
}

static int io_checkpoint_begin(void *ctx)
{
	struct server *s = ctx;

	return statement_begin(s->checkpoint.file);
}

static int io_checkpoint_write(void *ctx, const void *data, size_t len)
{
	struct server *s = ctx;

	return statement_write(s->checkpoint.file, data, len);
}

static int io_checkpoint_commit(void *ctx)
{
	struct server *s = ctx;

	return written_commit(&s->checkpoint);
}

static void io_checkpoint_abort(void *ctx)
{
	struct server *s = ctx;

	statement_abort(s->checkpoint.file);
}

/* If it stays it is judged again, and found to be no better. */
static void io_checkpoint_discard(void *ctx)
{
	struct server *s = ctx;

	(void)fileops_kernel.unlink(fileops_kernel.ctx, s->checkpoint_path);
}

/* --- What comes from the backends */

static void peer_datagram(void *ctx, unsigned backend, struct slice datagram)
{
	struct server *s = ctx;

	turn_begin(s);
	engine_datagram(s->engine, backend, datagram);
}

static void peer_refused(void *ctx, unsigned backend)
{
	struct server *s = ctx;

	turn_begin(s);
	engine_refused(s->engine, backend);
}

/* --- How things are */

static void gather(void *ctx, struct info *ret)
{
	const struct server *s = ctx;

	*ret = (struct info){
		.pid = getpid(),
		.uptime = loop_now() - s->started,
		.listen = { (const char *)s->listen.data, s->listen.len },
		.coin = slice_of(s->settings.config->coin),
		.initial_balance = s->settings.config->initial_balance,
		.most_clients = s->settings.config->max_clients,
		.rate = s->status.rate,
	};
	clients_count(s->clients, &ret->clients);
	sessions_count(s->sessions, &ret->sessions);
	engine_info(s->engine, &ret->engine);
}

static int info_wanted(void *ctx, struct slice section, struct buf *out)
{
	struct server *s = ctx;
	struct info i;

	if (info_tells_backends(section))
		engine_look(s->engine);
	gather(ctx, &i);
	i.memory = memory_resident();
	i.memory_peak = memory_peak();
	i.request_rate = recent_rate(&s->requests, s->now);
	memcpy(i.refused, s->refused, sizeof(i.refused));
	return info_text(&i, section, out);
}

static void command_refused(void *ctx, const char *code)
{
	struct server *s = ctx;

	s->refused[info_refusal(code)]++;
}

/* --- Signals */

static void stop_now(void *arg)
{
	struct server *s = arg;

	log_print(LOG_NOTICE, NULL, "stopping with %s under way",
		  s->saving ? "a checkpoint" : "answers");
	loop_exit(s->loop, EXIT_STATUS_OK);
}

void server_stop(void *server)
{
	struct server *s = server;

	/* Who asks twice is in a hurry. */
	if (s->stopping) {
		stop_now(s);
		return;
	}

	log_print(LOG_NOTICE, NULL, "stopping");
	notify_stopping();
	s->stopping = true;
	clients_stop_listening(s->clients);
	sessions_drain(s->sessions);
	loop_arm(s->stop_timer, loop_now() + SERVER_STOP_USEC);
}

static bool is_configured(const struct main_config *c, const char *name)
{
	for (size_t i = 0; i < c->backends; i++)
		if (strcmp(c->backend[i].name, name) == 0)
			return true;
	return false;
}

static void fill_backend(const struct server *s, unsigned i,
			 struct engine_backend *ret)
{
	const struct main_config *c = s->settings.config;
	const struct roster_entry *known;

	*ret = (struct engine_backend){
		.name = slice_of(c->backend[i].name),
		.room = peers_room(s->peers, i),
		.window = peers_window(s->peers, i),
		.lost = c->backend[i].lost,
	};
	known = roster_find(&s->roster, ret->name);
	if (known && known->lost)
		ret->lost_in = known->number;
	else if (known)
		ret->records = known->number;
}

static void add_backend(struct server *s, struct main_config_backend *b)
{
	struct main_config *c = s->settings.config;
	struct engine_backend backend;
	int r;

	if (c->backends == CONFIG_BACKENDS_MAX) {
		log_print(LOG_WARNING, NULL,
			  "there is no room for backend %s before a restart",
			  b->name);
		return;
	}
	c->backend[c->backends++] = *b;
	r = peers_add(s->peers, c);
	if (r < 0) {
		log_print(LOG_ERR, NULL,
			  "cannot make a socket for backend %s: %s", b->name,
			  strerror(-r));
		c->backends--;
		return;
	}
	b->name = NULL;
	fill_backend(s, (unsigned)c->backends - 1, &backend);
	engine_add_backend(s->engine, &backend);
}

/* Those that the configuration did not have before. */
static void add_backends(struct server *s, struct main_config *from)
{
	for (size_t i = 0; i < from->backends; i++)
		if (!is_configured(s->settings.config, from->backend[i].name))
			add_backend(s, &from->backend[i]);
}

/* Put into force what can be while running. */
static void apply(struct server *s, struct settings *new)
{
	const struct log_fields fields = {
		.event = LOG_EVENT_CONFIGURATION_RELOADED,
	};
	struct main_config *from = new->config;
	struct main_config *to = s->settings.config;

	settings_warn_of_restart(to, from);
	to->request_timeout = from->request_timeout;
	to->accept_gaps = from->accept_gaps;
	to->max_clients = from->max_clients;
	to->start_wait = from->start_wait;
	s->settings.key = new->key;

	turn_begin(s);
	engine_reconfigure(s->engine, to->request_timeout, to->accept_gaps,
			   &s->settings.key);
	add_backends(s, from);
	clients_set_most(s->clients, to->max_clients);
	status_set_start_wait(&s->status, to->start_wait);
	log_print(LOG_NOTICE, &fields, "configuration reloaded from %s",
		  s->path);
}

void server_reload(void *server)
{
	struct server *s = server;
	struct settings new = { 0 };

	/* READY= ends a reload; before the first one there is none to end. */
	if (s->status.ready)
		notify_reloading();

	if (settings_read(s->path, &new) == 0)
		apply(s, &new);
	else
		log_print(LOG_ERR, NULL, "the old settings stay in force");
	settings_done(&new);

	if (s->status.ready)
		notify_ready();
}

/* --- Start and end */

/* What a backend had that is configured no more would be taken for never done. */
static int check_roster(const struct server *s)
{
	const struct log_fields fields = {
		.event = LOG_EVENT_CONFIGURATION_REJECTED,
	};

	for (size_t i = 0; i < s->roster.count; i++) {
		const struct roster_entry *e = &s->roster.entry[i];

		if (e->lost || !e->number ||
		    is_configured(s->settings.config, e->name))
			continue;
		log_print(LOG_ERR, &fields,
			  "%s: there is no [backend %s], but it had %" PRIu64
			  " transactions when the ledger was open last: put it "
			  "back, or declare it lost; to begin another ledger, "
			  "remove %s",
			  s->path, e->name, e->number, s->roster_path);
		return -EBADMSG;
	}
	return 0;
}

/* Without it the backends are taken as they come. */
static int read_roster(struct server *s)
{
	_cleanup_(buf_done) struct buf fault = { 0 };
	int r;

	if (asprintf(&s->roster_path, "%s/" ROSTER_FILE,
		     s->settings.config->state) < 0) {
		s->roster_path = NULL;
		return -ENOMEM;
	}
	r = roster_read(&fileops_kernel, s->roster_path, &s->roster, &fault);
	if (r == -ENOMEM)
		return r;
	if (r == -EBADMSG)
		log_print(LOG_WARNING, NULL, "%.*s; going on without it",
			  (int)fault.len, (const char *)fault.data);
	else if (r < 0)
		log_print(LOG_WARNING, NULL, "cannot read %s: %s",
			  s->roster_path, strerror(-r));
	return check_roster(s);
}

/* Without it the whole history is read. */
static int read_checkpoint(struct server *s, struct buf *ret)
{
	int r;

	if (asprintf(&s->checkpoint_path, "%s/" SERVER_CHECKPOINT_FILE,
		     s->settings.config->state) < 0) {
		s->checkpoint_path = NULL;
		return -ENOMEM;
	}
	r = fileops_read_file(&fileops_kernel, s->checkpoint_path,
			      CHECKPOINT_BYTES_MAX, ret);
	if (r < 0 && r != -ENOENT && r != -ENOMEM)
		log_print(LOG_WARNING, NULL, "cannot read %s: %s",
			  s->checkpoint_path, strerror(-r));
	if (r == -ENOMEM)
		return r;
	return statement_new(&fileops_kernel, s->checkpoint_path,
			     &s->checkpoint.file);
}

static int fill_config(const struct server *s, struct engine_config *ret)
{
	const struct main_config *c = s->settings.config;

	_Static_assert(CONFIG_BACKENDS_MAX <= ENGINE_BACKENDS_MAX, "all fit");
	*ret = (struct engine_config){
		.coin = slice_of(c->coin),
		.copies = c->copies,
		.accept_gaps = c->accept_gaps,
		.request_timeout = c->request_timeout,
		.key = s->settings.key,
		.backends = c->backends,
		.checkpoint_records = CHECKPOINT_RECORDS,
		.checkpoint_pause = CHECKPOINT_PAUSE,
	};
	for (unsigned i = 0; i < c->backends; i++)
		fill_backend(s, i, &ret->backend[i]);
	random_bytes(ret->seed, sizeof(ret->seed));
	return amount_from_u64(c->initial_balance, &ret->initial_balance);
}

static int start_engine(struct server *s)
{
	const struct engine_io io = {
		.ctx = s,
		.send = io_send,
		.log = io_log,
		.transferred = io_transferred,
		.recorded = io_recorded,
		.refused = io_refused,
		.opening = io_opening,
		.state_changed = io_state_changed,
		.stop = io_stop,
		.statement_begin = io_statement_begin,
		.statement_write = io_statement_write,
		.statement_commit = io_statement_commit,
		.statement_abort = io_statement_abort,
		.statement_path = slice_of(s->settings.config->statement),
		.checkpoint_begin = io_checkpoint_begin,
		.checkpoint_write = io_checkpoint_write,
		.checkpoint_commit = io_checkpoint_commit,
		.checkpoint_abort = io_checkpoint_abort,
		.checkpoint_discard = io_checkpoint_discard,
	};
	_cleanup_(buf_done) struct buf checkpoint = { 0 };
	struct engine_config config = { 0 };
	int r;

	r = read_roster(s);
	if (r == 0)
		r = read_checkpoint(s, &checkpoint);
	if (r == 0)
		r = fill_config(s, &config);
	config.checkpoint = (struct slice){ (const char *)checkpoint.data,
					    checkpoint.len };
	if (r == 0)
		r = engine_new(&config, &io, &s->engine);
	explicit_bzero(&config, sizeof(config));
	return r;
}

static int connect_backends(struct server *s)
{
	const struct main_config *c = s->settings.config;
	size_t at;
	int r;

	r = peers_new(c, &s->peers, &at);
	if (r < 0)
		log_print(LOG_ERR, NULL,
			  "cannot make a socket for backend %s: %s",
			  c->backends ? c->backend[at].name : "?",
			  strerror(-r));
	return r;
}

static int start_clients(struct server *s, struct listeners *l)
{
	const struct commands_env env = {
		.engine = s->engine,
		.ctx = s,
		.info = info_wanted,
		.refused = command_refused,
	};
	int r;

	r = sessions_new(&env, &s->sessions);
	if (r < 0)
		return r;
	r = clients_new(s->loop, s->sessions, s->settings.config->max_clients,
			turn_begin, s, &s->clients);
	for (size_t i = 0; r == 0 && i < l->count; i++)
		r = clients_listen(s->clients, TAKE_FD(l->fd[i]));

	/*
	 * Somebody may have come before us, and be why we were started: that
	 * takes as long as any request may take, not an "unavailable".
	 */
	if (r == 0 && l->passed)
		clients_hold(s->clients,
			     s->started + s->settings.config->request_timeout);
	return r;
}

static int start_timers(struct server *s)
{
	int r;

	s->armed = INT64_MAX;
	r = loop_add_timer(s->loop, engine_timer_fired, s, &s->engine_timer);
	if (r == 0)
		r = loop_add_timer(s->loop, stop_now, s, &s->stop_timer);
	if (r == 0)
		r = transferlog_init(&s->transfers, s->loop);
	if (r == 0)
		r = refusallog_init(&s->refusals, s->loop);
	if (r == 0)
		r = status_init(&s->status, s->loop,
				s->settings.config->start_wait, gather, s);
	return r;
}

static int start_all(struct server *s, struct listeners *l)
{
	const struct peers_events events = {
		.ctx = s,
		.datagram = peer_datagram,
		.refused = peer_refused,
	};
	int r;

	r = listeners_text(l, " and ", &s->listen);
	if (r == 0)
		r = start_engine(s);
	if (r == 0)
		r = statement_new(&fileops_kernel,
				  s->settings.config->statement,
				  &s->statement.file);
	if (r == 0)
		r = start_timers(s);
	if (r == 0)
		r = start_clients(s, l);
	if (r == 0)
		r = peers_watch(s->peers, s->loop, &events);
	if (r == 0)
		r = loop_add_turn_end(s->loop, turn_end, s);
	if (r < 0)
		log_print(LOG_ERR, NULL, "cannot start: %s", strerror(-r));
	return r;
}

int server_new(struct loop *loop, struct worker *worker, const char *path,
	       struct settings *settings, struct listeners *listeners,
	       struct server **ret)
{
	_cleanup_(server_freep) struct server *s = NULL;
	int r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->loop = loop;
	s->worker = worker;
	written_init(&s->statement, s, engine_statement_committed);
	written_init(&s->checkpoint, s, engine_checkpoint_committed);
	s->path = path;
	s->settings = *settings;
	*settings = (struct settings){ 0 };
	s->started = loop_now();

	r = connect_backends(s);
	if (r < 0)
		return r;
	r = start_all(s, listeners);
	if (r < 0)
		return r;

	turn_begin(s);
	engine_start(s->engine);
	status_touch(&s->status, s->now);
	*ret = TAKE_PTR(s);
	return 0;
}

struct server *server_free(struct server *s)
{
	if (!s)
		return NULL;

	transferlog_flush(&s->transfers);
	refusallog_flush(&s->refusals);
	/*
	 * Only what was open knows how many records there are; one that was
	 * replaced must not write over what its successor has written.
	 */
	if (s->status.open && !s->stopped)
		(void)save_roster(s);
	clients_free(s->clients);
	engine_free(s->engine);
	sessions_free(s->sessions);
	peers_free(s->peers);
	statement_free(s->statement.file);
	statement_free(s->checkpoint.file);
	settings_done(&s->settings);
	buf_done(&s->listen);
	free(s->roster_path);
	free(s->checkpoint_path);
	free(s);
	return NULL;
}
