/* SPDX-License-Identifier: MIT */
/*
 * The main daemon's settings, chain-main.conf(5).
 */
#ifndef SYS_MAIN_CONFIG_H
#define SYS_MAIN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/address.h"
#include "util/buf.h"
#include "util/cleanup.h"

#define CONFIG_LISTEN_MAX 16
#define CONFIG_BACKENDS_MAX 16
/* A record's of= names all but the last: RECORD_OF_NAMES_MAX and one. */
#define CONFIG_COPIES_MAX 8

struct main_config_backend {
	char *name;
	struct address address;
	bool lost;
};

struct main_config {
	struct address listen[CONFIG_LISTEN_MAX];
	size_t listens;
	struct address source;
	char *state;		 /* directory */
	char *key_file;		 /* NULL: none */
	uint32_t datagram_size;	 /* 0: auto */
	int64_t start_wait;	 /* microseconds */
	int64_t request_timeout; /* microseconds; default 5 s */
	bool allow_anonymous_network;
	uint32_t max_clients; /* default 4096 */
	uint64_t initial_balance;
	char *coin;
	char *statement;
	uint32_t copies;
	bool accept_gaps;
	struct main_config_backend backend[CONFIG_BACKENDS_MAX];
	size_t backends;
};

/*
 * Read and check @path.  On error @faults has each mistake as "file:line:
 * message" and a newline, and *ret is left alone.  -EBADMSG for mistakes, else
 * the system's error, with one line that has the file's name (but for -ENOMEM).
 */
int main_config_read(const char *path, struct main_config **ret,
		     struct buf *faults) _must_check_;
struct main_config *main_config_free(struct main_config *c);
DEFINE_CLEANUP(struct main_config, main_config_free);

#endif
