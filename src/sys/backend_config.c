/* SPDX-License-Identifier: MIT */
/*
 * The schema and the reading of chain-backend.conf(5).
 */
#include "config.h"

#include "sys/backend_config.h"
#include "sys/config_checks.h"

static cfg_opt_t backend_options[] = {
	CFG_STR_CB("name", NULL, CFGF_NONE, config_parse_block_name),
	CFG_STR_CB("listen", NULL, CFGF_NONE, config_parse_address),
	CFG_STR_CB("block", NULL, CFGF_NONE, config_parse_path),
	CFG_STR_CB("key_file", NULL, CFGF_NONE, config_parse_path),
	CFG_STR_CB("datagram_size", "auto", CFGF_NONE,
		   config_parse_datagram_size),
	CFG_END(),
};

static cfg_opt_t schema[] = {
	CFG_SEC("backend", backend_options, CFGF_NONE),
	CFG_END(),
};

static const char *const required[] = { "name", "listen", "block", NULL };

cfg_opt_t *backend_config_schema(void)
{
	return schema;
}

static int fill(void *config, cfg_t *cfg)
{
	struct backend_config *c = config;
	cfg_t *section = cfg_getsec(cfg, "backend");
	int r;

	r = config_get_string(section, "name", &c->name);
	if (r < 0)
		return r;
	r = config_get_string(section, "block", &c->block);
	if (r < 0)
		return r;
	r = config_get_string(section, "key_file", &c->key_file);
	if (r < 0)
		return r;

	config_get_address(cfg_getstr(section, "listen"), &c->listen);
	c->datagram_size = config_get_datagram_size(section);
	return 0;
}

static void check(const void *config, struct ini *ini, cfg_t *cfg)
{
	const struct backend_config *c = config;

	(void)cfg;
	config_require(ini, "backend", NULL, required);
	config_check_key(ini, ini_line(ini, "backend", NULL, "listen"),
			 &c->listen, c->key_file);
}

int backend_config_read(const char *path, struct backend_config **ret,
			struct buf *faults)
{
	static const struct config_kind kind = { schema, fill, check };
	_cleanup_(backend_config_freep) struct backend_config *c = NULL;
	int r;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	r = config_read(&kind, path, c, faults);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(c);
	return 0;
}

struct backend_config *backend_config_free(struct backend_config *c)
{
	if (!c)
		return NULL;

	free(c->name);
	free(c->block);
	free(c->key_file);
	free(c);
	return NULL;
}
