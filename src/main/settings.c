/* SPDX-License-Identifier: MIT */
/*
 * Reading of settings, and telling two of them apart.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "sys/keyfile.h"
#include "sys/log.h"

#include "main/settings.h"

static void reject(struct buf *faults)
{
	const struct log_fields fields = {
		.event = LOG_EVENT_CONFIGURATION_REJECTED,
	};
	struct slice text = { (const char *)faults->data, faults->len };

	log_lines(LOG_ERR, &fields, text);
}

static int read_config(const char *path, struct main_config **ret)
{
	struct buf faults = { 0 };
	int r;

	r = main_config_read(path, ret, &faults);
	if (r < 0)
		reject(&faults);
	buf_done(&faults);
	return r;
}

static int read_key(const char *path, struct frame_key *ret)
{
	struct buf fault = { 0 };
	int r;

	_Static_assert(KEYFILE_KEY_SIZE == FRAME_KEY_SIZE, "one key");
	*ret = (struct frame_key){ .present = false };
	r = keyfile_read(path, ret->bytes, &fault);
	if (r < 0)
		reject(&fault);
	buf_done(&fault);

	ret->present = r > 0;
	return r < 0 ? r : 0;
}

int settings_read(const char *path, struct settings *ret)
{
	_cleanup_(main_config_freep) struct main_config *config = NULL;
	struct frame_key key;
	int r;

	r = read_config(path, &config);
	if (r < 0)
		return r;
	r = read_key(config->key_file, &key);
	if (r < 0)
		return r;

	*ret = (struct settings){ .config = TAKE_PTR(config), .key = key };
	return 0;
}

void settings_done(struct settings *s)
{
	s->config = main_config_free(s->config);
	explicit_bzero(&s->key, sizeof(s->key));
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_listen(const struct main_config *a,
			const struct main_config *b)
{
	bool same = a->listens == b->listens;

	for (size_t i = 0; same && i < a->listens; i++)
		same = address_equal(&a->listen[i], &b->listen[i]);
	return same;
}

static bool same_source(const struct main_config *a,
			const struct main_config *b)
{
	return address_equal(&a->source, &b->source);
}

static bool same_state(const struct main_config *a, const struct main_config *b)
{
	return same_text(a->state, b->state);
}

static bool same_datagram_size(const struct main_config *a,
			       const struct main_config *b)
{
	return a->datagram_size == b->datagram_size;
}

static bool same_initial_balance(const struct main_config *a,
				 const struct main_config *b)
{
	return a->initial_balance == b->initial_balance;
}

static bool same_coin(const struct main_config *a, const struct main_config *b)
{
	return same_text(a->coin, b->coin);
}

static bool same_statement(const struct main_config *a,
			   const struct main_config *b)
{
	return same_text(a->statement, b->statement);
}

static bool same_copies(const struct main_config *a,
			const struct main_config *b)
{
	return a->copies == b->copies;
}

static bool has_backend(const struct main_config *c,
			const struct main_config_backend *b)
{
	for (size_t i = 0; i < c->backends; i++)
		if (same_text(c->backend[i].name, b->name) &&
		    address_equal(&c->backend[i].address, &b->address) &&
		    c->backend[i].lost == b->lost)
			return true;
	return false;
}

/* The old ones, as they were: new ones need no restart. */
static bool same_backends(const struct main_config *a,
			  const struct main_config *b)
{
	for (size_t i = 0; i < a->backends; i++)
		if (!has_backend(b, &a->backend[i]))
			return false;
	return true;
}

static const struct {
	const char *name;
	bool (*same)(const struct main_config *a, const struct main_config *b);
} fixed[] = {
	{ "listen", same_listen },
	{ "source", same_source },
	{ "state", same_state },
	{ "datagram_size", same_datagram_size },
	{ "initial_balance", same_initial_balance },
	{ "coin", same_coin },
	{ "statement", same_statement },
	{ "copies", same_copies },
	{ "the backends", same_backends },
};

void settings_warn_of_restart(const struct main_config *old,
			      const struct main_config *new)
{
	for (size_t i = 0; i < ELEMENTS(fixed); i++) {
		if (!fixed[i].same(old, new))
			log_print(LOG_WARNING, NULL,
				  "the configuration has changed %s: that "
				  "needs a restart",
				  fixed[i].name);
	}
}
