/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets at the start.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sys/log.h"
#include "sys/sockets.h"

#include "main/listeners.h"

#define MEND "systemctl daemon-reload && systemctl restart chain-main.socket"

static void add(struct listeners *l, int fd, const struct address *address)
{
	l->fd[l->count] = fd;
	l->address[l->count] = *address;
	l->count++;
}

static int put_address(struct buf *out, const struct address *a,
		       const char *before)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(a, text);
	return buf_addf(out, "%s%s", before, text);
}

/* What stands before address @i of @count. */
static const char *separator(size_t i, size_t count, const char *last)
{
	if (i == 0)
		return "";
	return i + 1 == count ? last : ", ";
}

static int put_addresses(struct buf *out, const struct address *a, size_t count,
			 const char *last)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_address(out, &a[i], separator(i, count, last));
	return r;
}

int listeners_text(const struct listeners *l, const char *last, struct buf *out)
{
	return put_addresses(out, l->address, l->count, last);
}

static void warn_of_passed(const struct address *passed,
			   const struct main_config *c)
{
	char text[ADDRESS_TEXT_SIZE];
	struct buf list = { 0 };

	address_format(passed, text);
	if (put_addresses(&list, c->listen, c->listens, ", ") == 0)
		log_print(
			LOG_WARNING, NULL,
			"the service manager passed a socket at %s, but the "
			"configuration says 'listen = %.*s'; to put that into "
			"force: " MEND,
			text, (int)list.len, (const char *)list.data);
	buf_done(&list);
}

static void warn_of_configured(const struct address *configured,
			       const struct listeners *l)
{
	char text[ADDRESS_TEXT_SIZE];
	struct buf list = { 0 };

	address_format(configured, text);
	if (listeners_text(l, " and ", &list) == 0)
		log_print(LOG_WARNING, NULL,
			  "the configuration says 'listen = %s', but the "
			  "service manager passed no socket there, only at "
			  "%.*s; to put that into force: " MEND,
			  text, (int)list.len, (const char *)list.data);
	buf_done(&list);
}

static bool among(const struct address *a, const struct address *others,
		  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (address_equal(a, &others[i]))
			return true;
	}
	return false;
}

/* Where the manager's sockets and the configuration differ. */
static void compare(const struct main_config *c, const struct listeners *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (!among(&l->address[i], c->listen, c->listens))
			warn_of_passed(&l->address[i], c);
	}
	for (size_t i = 0; i < c->listens; i++) {
		if (!among(&c->listen[i], l->address, l->count))
			warn_of_configured(&c->listen[i], l);
	}
}

/* All stream sockets that were passed. */
static void claim_all(struct sockets_passed *passed, struct listeners *l)
{
	struct address address;
	int fd;

	while (l->count < CONFIG_LISTEN_MAX) {
		fd = sockets_claim(passed, SOCK_STREAM, NULL, true, &address);
		if (fd < 0)
			return;
		add(l, fd, &address);
	}
}

static int bind_all(const struct main_config *c, struct listeners *l)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address address;
	int fd;

	for (size_t i = 0; i < c->listens; i++) {
		fd = sockets_listen(&c->listen[i], &address);
		if (fd < 0) {
			address_format(&c->listen[i], text);
			log_print(LOG_ERR, NULL, "cannot listen on %s: %s",
				  text, strerror(-fd));
			return fd;
		}
		add(l, fd, &address);
	}
	return 0;
}

int listeners_open(const struct main_config *config, struct listeners *ret)
{
	struct sockets_passed passed = { 0 };
	struct listeners l = { 0 };
	int r;

	r = sockets_take_passed(&passed);
	if (r < 0) {
		log_print(LOG_ERR, NULL,
			  "cannot use the sockets that were passed: %s",
			  strerror(-r));
		return r;
	}

	claim_all(&passed, &l);
	sockets_passed_done(&passed);
	l.passed = l.count > 0;
	if (l.passed)
		compare(config, &l);
	else
		r = bind_all(config, &l);
	if (r < 0) {
		listeners_done(&l);
		return r;
	}

	*ret = l;
	return 0;
}

void listeners_done(struct listeners *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (l->fd[i] >= 0)
			(void)close(l->fd[i]);
	}
	l->count = 0;
}
