/* SPDX-License-Identifier: MIT */
/*
 * From the configuration of the daemons to what their socket units listen on.
 * Knows the layout of drop-ins (systemd.unit(5)); of the service manager it
 * knows no more.
 */
#ifndef GENERATOR_GENERATOR_H
#define GENERATOR_GENERATOR_H

#include "util/buf.h"
#include "util/cleanup.h"

/*
 * Read @config_dir/main.conf and each @config_dir/backend-NAME.conf, and write
 * below @unit_dir, which is there already:
 *
 *	chain-main.socket.d/50-addresses.conf
 *	chain-main.service.d/50-backends.conf
 *	chain-backend@NAME.socket.d/50-addresses.conf
 *
 * The second one has the main daemon's start wait for the backends of this
 * host: those whose own file has the address that main.conf has for them.
 *
 * A file that is not there has no drop-in, nor has one that names port 0: its
 * daemon binds for itself.  One that is wrong has none either, and the others
 * have theirs: @faults gets a line for each mistake.  0, -EBADMSG for mistakes,
 * or the first error of the system.
 */
int generator_run(const char *config_dir, const char *unit_dir,
		  struct buf *faults) _must_check_;

#endif
