/* SPDX-License-Identifier: MIT */
/*
 * A backend's settings, chain-backend.conf(5).
 */
#ifndef SYS_BACKEND_CONFIG_H
#define SYS_BACKEND_CONFIG_H

#include <stdint.h>

#include "sys/address.h"
#include "util/buf.h"
#include "util/cleanup.h"

struct backend_config {
	char *name;
	struct address listen;
	char *block;		/* path of the block file */
	char *key_file;		/* NULL: none */
	uint32_t datagram_size; /* 0: auto */
};

/* As main_config_read(). */
int backend_config_read(const char *path, struct backend_config **ret,
			struct buf *faults) _must_check_;
struct backend_config *backend_config_free(struct backend_config *c);
DEFINE_CLEANUP(struct backend_config, backend_config_free);

#endif
