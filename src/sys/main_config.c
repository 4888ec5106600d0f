/* SPDX-License-Identifier: MIT */
/*
 * The schema and the reading of chain-main.conf(5), and the rules that bind
 * several of its settings together.
 */
#include "config.h"

#include <inttypes.h>

#include "util/parse.h"
#include "util/percent.h"
#include "util/timestamp.h"
#include "sys/config_checks.h"
#include "sys/main_config.h"

#define COIN_MAX 32

/* --- Schema */

static int parse_number(cfg_t *cfg, cfg_opt_t *opt, const char *value,
			void *result);
static int parse_coin(cfg_t *cfg, cfg_opt_t *opt, const char *value,
		      void *result);

static cfg_opt_t main_options[] = {
	CFG_STR_LIST_CB("listen", NULL, CFGF_NONE, config_parse_address),
	CFG_STR_CB("source", "127.0.0.1:0", CFGF_NONE, config_parse_address),
	CFG_STR_CB("state", NULL, CFGF_NONE, config_parse_path),
	CFG_STR_CB("key_file", NULL, CFGF_NONE, config_parse_path),
	CFG_STR_CB("datagram_size", "auto", CFGF_NONE,
		   config_parse_datagram_size),
	CFG_INT_CB("start_wait", 10, CFGF_NONE, parse_number),
	CFG_INT_CB("request_timeout", 5, CFGF_NONE, parse_number),
	CFG_BOOL_CB("allow_anonymous_network", cfg_false, CFGF_NONE,
		    config_parse_boolean),
	CFG_INT_CB("max_clients", 4096, CFGF_NONE, parse_number),
	CFG_END(),
};

static cfg_opt_t ledger_options[] = {
	CFG_INT_CB("initial_balance", 1000, CFGF_NONE, parse_number),
	CFG_STR_CB("coin", "alicoins", CFGF_NONE, parse_coin),
	CFG_STR_CB("statement", NULL, CFGF_NONE, config_parse_path),
	CFG_INT_CB("copies", 1, CFGF_NONE, parse_number),
	CFG_BOOL_CB("accept_gaps", cfg_false, CFGF_NONE, config_parse_boolean),
	CFG_END(),
};

static cfg_opt_t backend_options[] = {
	CFG_STR_CB("address", NULL, CFGF_NONE, config_parse_address),
	CFG_BOOL_CB("lost", cfg_false, CFGF_NONE, config_parse_boolean),
	CFG_END(),
};

static cfg_opt_t schema[] = {
	CFG_SEC("main", main_options, CFGF_NONE),
	CFG_SEC("ledger", ledger_options, CFGF_NONE),
	CFG_SEC("backend", backend_options,
		CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_END(),
};

static const struct range {
	const char *key;
	uint64_t min;
	uint64_t max;
} ranges[] = {
	{ "start_wait", 0, 3600 },
	{ "request_timeout", 1, 3600 },
	{ "max_clients", 1, 100000 },
	{ "initial_balance", 0, UINT64_C(1000000000000000) },
	{ "copies", 1, CONFIG_COPIES_MAX },
};

/* What no section can do without. */
static const char *const required_main[] = { "listen", "state", NULL };
static const char *const required_ledger[] = { "statement", NULL };
static const char *const required_backend[] = { "address", NULL };

cfg_opt_t *main_config_schema(void)
{
	return schema;
}

static const struct range *find_range(const char *key)
{
	for (size_t i = 0; i < ELEMENTS(ranges); i++)
		if (strcmp(ranges[i].key, key) == 0)
			return &ranges[i];
	abort();
}

/* libConfuse would read 010 as eight and take signs. */
static int parse_number(cfg_t *cfg, cfg_opt_t *opt, const char *value,
			void *result)
{
	const struct range *range = find_range(opt->name);
	uint64_t v;

	if (parse_u64_range(slice_of(value), range->min, range->max, &v) < 0) {
		cfg_error(cfg,
			  "'%s': expected a plain number from %" PRIu64
			  " to %" PRIu64 ", not \"%s\"",
			  opt->name, range->min, range->max, value);
		v = 0;
	}
	*(long *)result = (long)v;
	return 0;
}

/* Up to U+00A0 all that is not ASCII is controls and a space. */
static bool is_coin(struct slice text)
{
	size_t at = 0;
	int c;

	while ((c = utf8_next(text, &at)) >= 0)
		if (c <= ' ' || (c >= 0x7f && c <= 0xa0))
			return false;
	return text.len >= 1 && text.len <= COIN_MAX;
}

static int parse_coin(cfg_t *cfg, cfg_opt_t *opt, const char *value,
		      void *result)
{
	if (!is_coin(slice_of(value)))
		cfg_error(cfg,
			  "'%s': expected a word of 1 to %d bytes, not \"%s\"",
			  opt->name, COIN_MAX, value);
	*(const char **)result = value;
	return 0;
}

/* --- From libConfuse to our struct */

static int fill_main(struct main_config *c, cfg_t *section)
{
	int r;

	r = config_get_string(section, "state", &c->state);
	if (r < 0)
		return r;
	r = config_get_string(section, "key_file", &c->key_file);
	if (r < 0)
		return r;

	c->listens = cfg_size(section, "listen");
	if (c->listens > CONFIG_LISTEN_MAX)
		c->listens = CONFIG_LISTEN_MAX;
	for (unsigned int i = 0; i < c->listens; i++)
		config_get_address(cfg_getnstr(section, "listen", i),
				   &c->listen[i]);

	config_get_address(cfg_getstr(section, "source"), &c->source);
	c->datagram_size = config_get_datagram_size(section);
	c->start_wait = cfg_getint(section, "start_wait") * USEC_PER_SEC;
	c->request_timeout =
		cfg_getint(section, "request_timeout") * USEC_PER_SEC;
	c->allow_anonymous_network =
		cfg_getbool(section, "allow_anonymous_network") == cfg_true;
	c->max_clients = (uint32_t)cfg_getint(section, "max_clients");
	return 0;
}

static int fill_ledger(struct main_config *c, cfg_t *section)
{
	int r;

	r = config_get_string(section, "coin", &c->coin);
	if (r < 0)
		return r;
	r = config_get_string(section, "statement", &c->statement);
	if (r < 0)
		return r;

	c->initial_balance = (uint64_t)cfg_getint(section, "initial_balance");
	c->copies = (uint32_t)cfg_getint(section, "copies");
	c->accept_gaps = cfg_getbool(section, "accept_gaps") == cfg_true;
	return 0;
}

static int fill_backends(struct main_config *c, cfg_t *cfg)
{
	unsigned int n = cfg_size(cfg, "backend");

	for (unsigned int i = 0; i < n && i < CONFIG_BACKENDS_MAX; i++) {
		struct main_config_backend *b = &c->backend[i];
		cfg_t *section = cfg_getnsec(cfg, "backend", i);

		b->name = strdup(cfg_title(section));
		if (!b->name)
			return -ENOMEM;
		config_get_address(cfg_getstr(section, "address"), &b->address);
		b->lost = cfg_getbool(section, "lost") == cfg_true;
		c->backends++;
	}
	return 0;
}

static int fill(void *config, cfg_t *cfg)
{
	struct main_config *c = config;
	int r;

	r = fill_main(c, cfg_getsec(cfg, "main"));
	if (r < 0)
		return r;
	r = fill_ledger(c, cfg_getsec(cfg, "ledger"));
	if (r < 0)
		return r;
	return fill_backends(c, cfg);
}

/* --- Rules; an address whose len is 0 was a mistake already */

static void check_counts(struct ini *ini, cfg_t *cfg)
{
	unsigned int n;

	n = cfg_size(cfg_getsec(cfg, "main"), "listen");
	if (n > CONFIG_LISTEN_MAX)
		ini_fault(ini, ini_line(ini, "main", NULL, "listen"),
			  "'listen' has %u addresses, expected at most %d", n,
			  CONFIG_LISTEN_MAX);

	n = cfg_size(cfg, "backend");
	if (n == 0)
		ini_fault(ini, ini_last_line(ini),
			  "there is no [backend NAME] section");
	for (unsigned int i = CONFIG_BACKENDS_MAX; i < n; i++)
		ini_fault(ini,
			  ini_line(ini, "backend",
				   cfg_title(cfg_getnsec(cfg, "backend", i)),
				   NULL),
			  "expected at most %d backends", CONFIG_BACKENDS_MAX);
}

static void check_listen(const struct main_config *c, struct ini *ini, size_t i)
{
	unsigned int line = ini_line(ini, "main", NULL, "listen");
	const struct address *a = &c->listen[i];
	char text[ADDRESS_TEXT_SIZE];

	if (a->len == 0)
		return;
	address_format(a, text);

	if (config_is_exposed(a) && !c->allow_anonymous_network)
		ini_fault(ini, line,
			  "'listen': %s is not a loopback address, expected"
			  " 'allow_anonymous_network = yes' with it",
			  text);

	/* Port 0 is another one each time. */
	for (size_t j = 0; j < i && address_port(a) != 0; j++)
		if (address_equal(a, &c->listen[j])) {
			ini_fault(ini, line, "'listen' has %s twice", text);
			return;
		}
}

/* The line of a backend's address. */
static unsigned int address_line(const struct ini *ini,
				 const struct main_config_backend *b)
{
	return ini_line(ini, "backend", b->name, "address");
}

static void check_same_address(const struct main_config *c, struct ini *ini,
			       size_t i)
{
	const struct main_config_backend *b = &c->backend[i];
	const struct main_config_backend *other;
	char text[ADDRESS_TEXT_SIZE];

	for (other = c->backend; other < b; other++) {
		if (other->address.len == 0 ||
		    !address_equal(&b->address, &other->address))
			continue;
		address_format(&b->address, text);
		ini_fault(ini, address_line(ini, b),
			  "'address': %s is that of [backend %s] on line %u",
			  text, other->name, address_line(ini, other));
		return;
	}
}

/* Can a datagram from the source get to @b and back? */
static void check_source(const struct main_config *c, struct ini *ini,
			 const struct main_config_backend *b)
{
	char source[ADDRESS_TEXT_SIZE];
	char text[ADDRESS_TEXT_SIZE];

	if (c->source.len == 0)
		return;
	address_format(&c->source, source);
	address_format(&b->address, text);

	if (b->address.storage.ss_family != c->source.storage.ss_family)
		ini_fault(ini, address_line(ini, b),
			  "'address': %s and the 'source' of requests, %s, must"
			  " both be IPv4 or both IPv6",
			  text, source);
	else if (address_is_loopback(&c->source) &&
		 config_is_exposed(&b->address))
		ini_fault(ini, address_line(ini, b),
			  "'address': %s cannot be reached from the 'source' of"
			  " requests, the loopback address %s",
			  text, source);
}

static void check_backend(const struct main_config *c, struct ini *ini,
			  size_t i)
{
	const struct main_config_backend *b = &c->backend[i];

	if (!config_is_block_name(slice_of(b->name)))
		ini_fault(ini, ini_line(ini, "backend", b->name, NULL),
			  "expected a name of 1 to %d letters, digits, '_' or"
			  " '.', without a '.' in front, not \"%s\"",
			  BLOCK_NAME_MAX, b->name);
	config_require(ini, "backend", b->name, required_backend);
	if (b->address.len == 0)
		return;

	if (address_port(&b->address) == 0)
		ini_fault(ini, address_line(ini, b),
			  "'address': expected a port from 1 to 65535");
	check_same_address(c, ini, i);
	check_source(c, ini, b);
	config_check_key(ini, address_line(ini, b), &b->address, c->key_file);
}

/* Every record must be somewhere, and be kept @copies times from now on. */
static void check_copies(const struct main_config *c, struct ini *ini)
{
	unsigned int line = ini_line(ini, "ledger", NULL, "copies");
	size_t lost = 0;

	/* A mistake already. */
	if (c->copies == 0 || c->backends == 0)
		return;

	for (size_t i = 0; i < c->backends; i++) {
		const struct main_config_backend *b = &c->backend[i];

		if (b->lost && ++lost > c->copies - 1)
			ini_fault(ini,
				  ini_line(ini, "backend", b->name, "lost"),
				  "'lost': with 'copies' of %" PRIu32 " at most"
				  " %" PRIu32 " backends can be done without",
				  c->copies, c->copies - 1);
	}
	if (line != 0 && c->copies > c->backends - lost)
		ini_fault(ini, line,
			  "'copies': %" PRIu32 " is more than the %zu backends"
			  " that are not lost",
			  c->copies, c->backends - lost);
}

static void check(const void *config, struct ini *ini, cfg_t *cfg)
{
	const struct main_config *c = config;

	config_require(ini, "main", NULL, required_main);
	config_require(ini, "ledger", NULL, required_ledger);
	check_counts(ini, cfg);
	for (size_t i = 0; i < c->listens; i++)
		check_listen(c, ini, i);
	for (size_t i = 0; i < c->backends; i++)
		check_backend(c, ini, i);
	check_copies(c, ini);
}

int main_config_read(const char *path, struct main_config **ret,
		     struct buf *faults)
{
	static const struct config_kind kind = { schema, fill, check };
	_cleanup_(main_config_freep) struct main_config *c = NULL;
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

struct main_config *main_config_free(struct main_config *c)
{
	if (!c)
		return NULL;

	for (size_t i = 0; i < CONFIG_BACKENDS_MAX; i++)
		free(c->backend[i].name);
	free(c->state);
	free(c->key_file);
	free(c->coin);
	free(c->statement);
	free(c);
	return NULL;
}
