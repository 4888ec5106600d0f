/* SPDX-License-Identifier: MIT */
/*
 * The daemon's middle: the engine with sockets, files, clock and journal
 * plugged in, and the order of things in a turn of the event loop.
 */
#ifndef MAIN_SERVER_H
#define MAIN_SERVER_H

#include "main/listeners.h"
#include "main/settings.h"
#include "util/cleanup.h"

struct loop;
struct server;
struct worker;

/* How long a stop waits for answers that are under way. */
#define SERVER_STOP_USEC INT64_C(2000000)
/* … and then for the checkpoint. */
#define SERVER_SAVE_USEC INT64_C(10000000)
/* In the state directory. */
#define SERVER_CHECKPOINT_FILE "checkpoint"

/*
 * Borrows @loop, @worker and @path, the configuration file to read again; takes
 * over @settings and the sockets of @listeners, also when it fails.  Failures
 * are logged.
 */
int server_new(struct loop *loop, struct worker *worker, const char *path,
	       struct settings *settings, struct listeners *listeners,
	       struct server **ret) _must_check_;
/* Before the loop is freed, and not while worker_run() runs. */
struct server *server_free(struct server *s);
DEFINE_CLEANUP(struct server, server_free);

/* Signals: end when what is under way is answered; read the file again. */
void server_stop(void *server);
void server_reload(void *server);

#endif
