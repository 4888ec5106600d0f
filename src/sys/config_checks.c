/* SPDX-License-Identifier: MIT */
/*
 * The reading and the checks that both daemons' settings share.
 */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "util/parse.h"
#include "sys/keyfile.h"
#include "sys/config_checks.h"

/* Files are made beside a path, with names that are longer. */
#define PATH_RESERVE 64

int config_read(const struct config_kind *kind, const char *path, void *config,
		struct buf *faults)
{
	_cleanup_(cfg_freep) cfg_t *cfg = NULL;
	_cleanup_(ini_freep) struct ini *ini = NULL;
	int r;

	cfg = cfg_init(kind->schema, CFGF_NONE);
	if (!cfg)
		return -ENOMEM;

	r = ini_read(path, cfg, &ini, faults);
	if (r < 0)
		return r;
	r = kind->fill(config, cfg);
	if (r < 0)
		return r;

	kind->check(config, ini, cfg);
	return ini_report(ini, faults);
}

static bool is_name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.';
}

bool config_is_block_name(struct slice name)
{
	/* It is also a directory's name: none that is hidden, none upwards. */
	if (name.len < 1 || name.len > BLOCK_NAME_MAX || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!is_name_byte(name.p[i]))
			return false;
	return true;
}

static void give_string(void *result, const char *value)
{
	*(const char **)result = value;
}

int config_parse_address(cfg_t *cfg, cfg_opt_t *opt, const char *value,
			 void *result)
{
	struct address a;

	if (address_parse(slice_of(value), &a) < 0) {
		cfg_error(cfg,
			  "'%s': expected IP:PORT as in 127.0.0.1:21800 or"
			  " [::1]:21800, not \"%s\"",
			  opt->name, value);
		value = "";
	}
	give_string(result, value);
	return 0;
}

int config_parse_path(cfg_t *cfg, cfg_opt_t *opt, const char *value,
		      void *result)
{
	if (*value != '/')
		cfg_error(cfg,
			  "'%s': expected a path that begins with /, not"
			  " \"%s\"",
			  opt->name, value);
	else if (strlen(value) > PATH_MAX - PATH_RESERVE)
		cfg_error(cfg, "'%s': expected a path of at most %d bytes",
			  opt->name, PATH_MAX - PATH_RESERVE);
	give_string(result, value);
	return 0;
}

/* "auto" is 0. */
static int parse_datagram_size(const char *value, uint64_t *ret)
{
	if (strcmp(value, "auto") == 0) {
		*ret = 0;
		return 0;
	}
	return parse_u64_range(slice_of(value), CONFIG_DATAGRAM_MIN,
			       CONFIG_DATAGRAM_MAX, ret);
}

int config_parse_datagram_size(cfg_t *cfg, cfg_opt_t *opt, const char *value,
			       void *result)
{
	uint64_t size;

	if (parse_datagram_size(value, &size) < 0)
		cfg_error(cfg,
			  "'%s': expected auto or a plain number from %d to"
			  " %d, not \"%s\"",
			  opt->name, CONFIG_DATAGRAM_MIN, CONFIG_DATAGRAM_MAX,
			  value);
	give_string(result, value);
	return 0;
}

int config_parse_block_name(cfg_t *cfg, cfg_opt_t *opt, const char *value,
			    void *result)
{
	if (!config_is_block_name(slice_of(value)))
		cfg_error(cfg,
			  "'%s': expected 1 to %d letters, digits, '_' or"
			  " '.', without a '.' in front, not \"%s\"",
			  opt->name, BLOCK_NAME_MAX, value);
	give_string(result, value);
	return 0;
}

int config_parse_boolean(cfg_t *cfg, cfg_opt_t *opt, const char *value,
			 void *result)
{
	bool yes = strcmp(value, "yes") == 0;

	if (!yes && strcmp(value, "no") != 0)
		cfg_error(cfg, "'%s': expected yes or no, not \"%s\"",
			  opt->name, value);
	*(int *)result = yes ? cfg_true : cfg_false;
	return 0;
}

void config_require(struct ini *ini, const char *section, const char *title,
		    const char *const keys[])
{
	unsigned int line = ini_line(ini, section, title, NULL);

	if (line == 0) {
		ini_fault(ini, ini_last_line(ini), "there is no [%s] section",
			  section);
		return;
	}
	for (; *keys; keys++)
		if (ini_line(ini, section, title, *keys) == 0)
			ini_fault(ini, line, "[%s%s%s] lacks '%s'", section,
				  title ? " " : "", title ? title : "", *keys);
}

void config_get_address(const char *text, struct address *ret)
{
	*ret = (struct address){ 0 };
	if (text && address_parse(slice_of(text), ret) < 0)
		ret->len = 0;
}

int config_get_string(cfg_t *section, const char *key, char **ret)
{
	const char *text = cfg_getstr(section, key);

	*ret = NULL;
	if (!text)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

uint32_t config_get_datagram_size(cfg_t *section)
{
	uint64_t size = 0;

	/* What was a mistake is none of our business any more. */
	(void)parse_datagram_size(cfg_getstr(section, "datagram_size"), &size);
	return (uint32_t)size;
}

bool config_is_exposed(const struct address *a)
{
	return a->len > 0 && !address_is_loopback(a);
}

void config_check_key(struct ini *ini, unsigned int line,
		      const struct address *a, const char *key_file)
{
	char text[ADDRESS_TEXT_SIZE];

	if (!config_is_exposed(a) || key_file || keyfile_is_passed())
		return;

	address_format(a, text);
	ini_fault(ini, line,
		  "%s is not a loopback address: the datagrams need a key,"
		  " expected 'key_file'",
		  text);
}
