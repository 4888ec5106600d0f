/* SPDX-License-Identifier: MIT */
/*
 * chain-backend(8): options, settings, key, sockets, block, loop, and the way
 * back.  What it does all day is in server.c and responder.c.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "store/store.h"
#include "sys/address.h"
#include "sys/backend_config.h"
#include "sys/exit_codes.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/notify.h"
#include "sys/sockets.h"
#include "sys/worker.h"
#include "util/random.h"
#include "util/slice.h"
#include "wire/frame.h"
#include "backend/loading.h"
#include "backend/options.h"
#include "backend/server.h"
#include "backend/setup.h"

/* What the handlers of signals need. */
struct daemon {
	struct options options;
	struct backend_config *config;
	struct loop *loop;
	struct server *server;
};

static void passed_done(struct sockets_passed *p)
{
	sockets_passed_done(p);
}

static void store_closep(struct store **s)
{
	if (*s)
		(*s)->ops->close(*s);
}

static void on_stop(void *arg)
{
	const struct daemon *d = arg;

	notify_stopping();
	server_stop(d->server);
}

static void need_restart(const char *what)
{
	log_print(LOG_WARNING, NULL,
		  "%s has changed: that takes effect with a restart only",
		  what);
}

/* The rest of the settings is bound to what is open. */
static void compare_fixed(const struct backend_config *was,
			  const struct backend_config *is)
{
	if (strcmp(was->name, is->name) != 0)
		need_restart("name");
	if (!address_equal(&was->listen, &is->listen))
		need_restart("listen");
	if (strcmp(was->block, is->block) != 0)
		need_restart("block");
}

/* Returns 0 or the exit status that a start would have ended with. */
static int reload(struct daemon *d)
{
	_cleanup_(backend_config_freep) struct backend_config *config = NULL;
	struct frame_key key;
	int status;

	status = setup_config(&d->options, &config);
	if (status != EXIT_STATUS_OK)
		return status;

	status = setup_key(config, &key);
	if (status != EXIT_STATUS_OK)
		return status;

	compare_fixed(d->config, config);
	server_reconfigure(d->server, &key, setup_datagram_room(config));
	explicit_bzero(&key, sizeof(key));
	return EXIT_STATUS_OK;
}

static void on_reload(void *arg)
{
	static const struct log_fields reloaded = {
		.event = LOG_EVENT_CONFIGURATION_RELOADED,
	};
	static const struct log_fields rejected = {
		.event = LOG_EVENT_CONFIGURATION_REJECTED,
	};
	struct daemon *d = arg;

	notify_reloading();
	if (reload(d) == EXIT_STATUS_OK)
		log_print(LOG_NOTICE, &reloaded, "configuration reloaded");
	else
		log_print(LOG_ERR, &rejected,
			  "%s was not taken: the settings stay as they were",
			  d->options.config);
	notify_ready();
}

static int add_signals(struct daemon *d)
{
	int r;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;

	r = loop_add_signal(d->loop, SIGTERM, on_stop, d);
	if (r < 0)
		return r;

	r = loop_add_signal(d->loop, SIGINT, on_stop, d);
	if (r < 0)
		return r;

	r = loop_add_signal(d->loop, SIGHUP, on_reload, d);
	if (r < 0)
		return r;

	return loop_enable_watchdog(d->loop);
}

static void tell_ready(const struct daemon *d, const struct store *store,
		       const struct address *address)
{
	const struct log_fields fields = {
		.event = LOG_EVENT_READY,
		.backend = slice_of(d->config->name),
	};
	char where[ADDRESS_TEXT_SIZE];
	struct store_state state;

	store->ops->state(store, &state);
	address_format(address, where);
	log_print(LOG_INFO, &fields,
		  "ready: block %s, %" PRIu64
		  " transactions, listening on udp %s",
		  d->config->name, state.records, where);
	notify_ready();
}

/* All that is open is given.  The loop's code, or a negative errno. */
static int serve(struct daemon *d, const struct frame_key *key, int fd,
		 const struct address *address, struct store *store,
		 int64_t locked)
{
	_cleanup_(loop_freep) struct loop *loop = NULL;
	_cleanup_(worker_freep) struct worker *worker = NULL;
	_cleanup_(server_freep) struct server *server = NULL;
	struct server_options options = {
		.fd = fd,
		.block = slice_of(d->config->name),
		.key = *key,
		.datagram_room = setup_datagram_room(d->config),
		.locked = locked,
	};
	int r;

	random_bytes(&options.instance, sizeof(options.instance));
	r = loop_new(&loop);
	if (r < 0)
		return r;

	r = worker_new(loop, &worker);
	if (r < 0)
		return r;

	r = server_new(&options, loop, worker, store, &server);
	if (r < 0)
		return r;

	d->loop = loop;
	d->server = server;
	r = add_signals(d);
	if (r < 0)
		return r;

	tell_ready(d, store, address);
	return worker_run(worker);
}

/* Open one after the other; the attributes close in reverse. */
static int run(struct daemon *d)
{
	_cleanup_(passed_done) struct sockets_passed passed = { 0 };
	struct loading loading;
	_cleanup_(store_closep) struct store *store = NULL;
	_cleanup_(closep) int fd = -EBADF;
	struct address address;
	struct frame_key key;
	int status;

	status = setup_config(&d->options, &d->config);
	if (status != EXIT_STATUS_OK)
		return status;

	status = setup_key(d->config, &key);
	if (status != EXIT_STATUS_OK)
		return status;

	status = setup_passed(&passed);
	if (status != EXIT_STATUS_OK)
		return status;

	status = setup_store(d->config, &loading, &store);
	if (status != EXIT_STATUS_OK)
		return status;

	status = setup_socket(d->config, &passed, &address, &fd);
	if (status != EXIT_STATUS_OK)
		return status;

	status = serve(d, &key, fd, &address, store, loading.locked);
	explicit_bzero(&key, sizeof(key));
	return status;
}

/* An exit status as it is; an error with a sentence. */
static int exit_status(int r)
{
	if (r >= 0)
		return r;

	log_print(LOG_ERR, NULL, "%s", strerror(-r));
	return EXIT_STATUS_FAILURE;
}

int main(int argc, char *argv[])
{
	struct daemon d = { 0 };
	int r;

	log_open("chain-backend", 0);
	r = options_parse(argc, argv, &d.options);
	if (r > 0)
		return EXIT_STATUS_OK;
	if (r < 0)
		return r == -EINVAL ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILURE;

	/* Picks the fastest hash that the processor has. */
	if (sodium_init() < 0)
		r = -ENOSYS;
	else if (d.options.check_config)
		r = setup_check_config(&d.options);
	else
		r = run(&d);

	(void)backend_config_free(d.config);
	options_done(&d.options);
	return exit_status(r);
}
