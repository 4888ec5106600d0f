/* SPDX-License-Identifier: MIT */
/*
 * chain-main(8), the main daemon: options, settings, sockets, server, loop.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "main/listeners.h"
#include "main/options.h"
#include "main/server.h"
#include "main/settings.h"
#include "sys/exit_codes.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/sockets.h"
#include "sys/worker.h"

#define STATE_MODE 0750

/* Asked for permissions alone, a file would be said to lack some. */
static int check_writable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return access(path, W_OK | X_OK) < 0 ? -errno : 0;
}

/* The directory is there, or made, and can be written to. */
static int check_state(const char *path)
{
	int r;

	if (mkdir(path, STATE_MODE) < 0 && errno != EEXIST) {
		log_print(LOG_ERR, NULL,
			  "cannot make the state directory %s: %s", path,
			  strerror(errno));
		return -errno;
	}
	r = check_writable(path);
	if (r < 0)
		log_print(LOG_ERR, NULL,
			  "cannot write to the state directory %s: %s", path,
			  strerror(-r));
	return r;
}

static void say_listening(const struct listeners *l)
{
	struct buf text = { 0 };

	if (listeners_text(l, " and ", &text) == 0)
		log_print(LOG_INFO, NULL, "listening on tcp %.*s",
			  (int)text.len, (const char *)text.data);
	buf_done(&text);
}

static int handle_signals(struct loop *loop, struct server *server)
{
	int r;

	r = loop_add_signal(loop, SIGTERM, server_stop, server);
	if (r == 0)
		r = loop_add_signal(loop, SIGINT, server_stop, server);
	if (r == 0)
		r = loop_add_signal(loop, SIGHUP, server_reload, server);
	if (r == 0)
		r = loop_enable_watchdog(loop);
	return r;
}

static int serve(const char *path, struct settings *settings,
		 struct listeners *listeners)
{
	_cleanup_(loop_freep) struct loop *loop = NULL;
	_cleanup_(worker_freep) struct worker *worker = NULL;
	_cleanup_(server_freep) struct server *server = NULL;
	int r;

	r = loop_new(&loop);
	if (r < 0)
		return r;
	r = worker_new(loop, &worker);
	if (r < 0)
		return r;
	r = server_new(loop, worker, path, settings, listeners, &server);
	if (r < 0)
		return r;
	r = handle_signals(loop, server);
	if (r < 0)
		return r;

	return worker_run(worker);
}

static int start(const char *path, struct settings *settings)
{
	struct listeners listeners = { 0 };
	int r;

	if (!settings->key.present)
		log_print(LOG_WARNING, NULL,
			  "there is no key: any user of this host could pose "
			  "as a backend");

	sockets_raise_limit();
	r = check_state(settings->config->state);
	if (r < 0)
		return r;
	r = listeners_open(settings->config, &listeners);
	if (r < 0)
		return r;

	say_listening(&listeners);
	r = serve(path, settings, &listeners);
	listeners_done(&listeners);
	return r;
}

static int run(const struct options *options)
{
	struct settings settings = { 0 };
	int r;

	if (settings_read(options->config, &settings) < 0)
		return EXIT_STATUS_CONFIG;

	r = options->check_config ? 0 : start(options->config, &settings);
	settings_done(&settings);
	/* It was said what is wrong with it. */
	if (r == -EBADMSG)
		return EXIT_STATUS_CONFIG;
	return r < 0 ? EXIT_STATUS_FAILURE : r;
}

int main(int argc, char *argv[])
{
	struct options options;
	int r;

	r = options_parse(argc, argv, &options);
	if (r < 0)
		return EXIT_STATUS_USAGE;
	if (r > 0)
		return EXIT_STATUS_OK;

	log_open("chain-main", 0);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Picks the fastest hash that the processor has. */
	if (sodium_init() < 0)
		return EXIT_STATUS_FAILURE;
	return run(&options);
}
