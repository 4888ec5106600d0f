/* SPDX-License-Identifier: MIT */
/*
 * What the settings of both daemons have in common: how a file becomes
 * settings, parse callbacks for libConfuse's schema, and checks of what it
 * cannot see.
 *
 * A callback reports a mistake by cfg_error() and returns 0 all the same, so
 * that the values behind it are looked at too; it leaves something harmless in
 * place of the value.  That the file had a mistake is known from ini_report().
 */
#ifndef SYS_CONFIG_CHECKS_H
#define SYS_CONFIG_CHECKS_H

#include <confuse.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys/address.h"
#include "sys/ini.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/slice.h"

#define BLOCK_NAME_MAX 16
#define CONFIG_DATAGRAM_MIN 1200
#define CONFIG_DATAGRAM_MAX 65507

/* --- A whole file */

/* One kind of file; its settings are a struct of its own, here @config. */
struct config_kind {
	cfg_opt_t *schema;
	/* Copy out what libConfuse holds; 0 or -ENOMEM. */
	int (*fill)(void *config, cfg_t *cfg);
	/* Report by ini_fault() what the schema cannot see. */
	void (*check)(const void *config, struct ini *ini, cfg_t *cfg);
};

/*
 * Read and check @path.  @config begins zeroed, and is to be freed also after
 * an error.  Errors and @faults are those of main_config_read().
 */
int config_read(const struct config_kind *kind, const char *path, void *config,
		struct buf *faults) _must_check_;

/* The schemas, also for the test that compares them with the manual. */
cfg_opt_t *main_config_schema(void);
cfg_opt_t *backend_config_schema(void);

/*
 * [A-Za-z0-9_.]{1,16}, as an instance of a unit can be called, without a dot in
 * front: the same names as block_name_fault() lets pass.
 */
bool config_is_block_name(struct slice name);

/* --- Parse callbacks */

/* IP:PORT; an empty string if it is not that. */
int config_parse_address(cfg_t *cfg, cfg_opt_t *opt, const char *value,
			 void *result);
/* An absolute path. */
int config_parse_path(cfg_t *cfg, cfg_opt_t *opt, const char *value,
		      void *result);
/* "auto", or a number of bytes. */
int config_parse_datagram_size(cfg_t *cfg, cfg_opt_t *opt, const char *value,
			       void *result);
int config_parse_block_name(cfg_t *cfg, cfg_opt_t *opt, const char *value,
			    void *result);
/* yes or no, nothing else. */
int config_parse_boolean(cfg_t *cfg, cfg_opt_t *opt, const char *value,
			 void *result);

/* --- After parsing */

/* A mistake for each of @keys (ended by NULL) that the section lacks. */
void config_require(struct ini *ini, const char *section, const char *title,
		    const char *const keys[]);

/* The address @text; @ret->len is 0 if it was a mistake or is not there. */
void config_get_address(const char *text, struct address *ret);
/* A copy of the string @key; *ret is NULL if it was not given. */
int config_get_string(cfg_t *section, const char *key, char **ret) _must_check_;
/* 0: auto. */
uint32_t config_get_datagram_size(cfg_t *section);

/* Is @a, which may be a mistake, an address that others can reach? */
bool config_is_exposed(const struct address *a);
/*
 * Between daemons only loopback goes without a key: a mistake on @line if @a is
 * exposed, @key_file is NULL and the manager gave no key.
 */
void config_check_key(struct ini *ini, unsigned int line,
		      const struct address *a, const char *key_file);

#endif
