/* SPDX-License-Identifier: MIT */
/*
 * Socket addresses to text and back.  One spelling an address: what two
 * settings call differently is different, so that comparing them is enough.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "util/parse.h"
#include "sys/address.h"

#define PORT_MAX 65535
#define LOOPBACK_NET 127

static const struct sockaddr_in *as_in(const struct address *a)
{
	return (const struct sockaddr_in *)(const void *)&a->storage;
}

static const struct sockaddr_in6 *as_in6(const struct address *a)
{
	return (const struct sockaddr_in6 *)(const void *)&a->storage;
}

/* "HOST:PORT" or "[HOST]:PORT" to its two halves. */
static int split(struct slice text, struct slice *ret_host,
		 struct slice *ret_port, bool *ret_v6)
{
	const char *colon = memrchr(text.p, ':', text.len);
	struct slice host;
	bool v6;

	if (!colon)
		return -EINVAL;
	host = (struct slice){ text.p, (size_t)(colon - text.p) };

	v6 = host.len >= 2 && host.p[0] == '[' && host.p[host.len - 1] == ']';
	if (v6)
		host = (struct slice){ host.p + 1, host.len - 2 };

	*ret_port = (struct slice){ colon + 1, text.len - host.len - 1 };
	if (v6)
		ret_port->len -= 2;
	*ret_host = host;
	*ret_v6 = v6;
	return 0;
}

static int set_in(const char *host, uint16_t port, struct address *a)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(port) };

	if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return -EINVAL;

	memcpy(&a->storage, &in, sizeof(in));
	a->len = sizeof(in);
	return 0;
}

static int set_in6(const char *host, uint16_t port, struct address *a)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port) };

	if (inet_pton(AF_INET6, host, &in6.sin6_addr) != 1)
		return -EINVAL;

	/* An IPv4 address in disguise would be its second spelling. */
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
		return -EINVAL;

	memcpy(&a->storage, &in6, sizeof(in6));
	a->len = sizeof(in6);
	return 0;
}

int address_parse(struct slice text, struct address *ret)
{
	struct address a = { 0 };
	char host[INET6_ADDRSTRLEN];
	struct slice h;
	struct slice p;
	uint64_t port;
	bool v6;
	int r;

	r = split(text, &h, &p, &v6);
	if (r < 0)
		return r;
	if (parse_u64_range(p, 0, PORT_MAX, &port) < 0)
		return -EINVAL;

	/* A zero inside would hide what follows it. */
	if (h.len >= sizeof(host) || memchr(h.p, '\0', h.len))
		return -EINVAL;
	memcpy(host, h.p, h.len);
	host[h.len] = '\0';

	if (v6)
		r = set_in6(host, (uint16_t)port, &a);
	else
		r = set_in(host, (uint16_t)port, &a);
	if (r < 0)
		return r;

	*ret = a;
	return 0;
}

void address_format(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
	bool v6 = a->storage.ss_family == AF_INET6;
	char host[INET6_ADDRSTRLEN];
	const void *bytes;

	if (v6)
		bytes = &as_in6(a)->sin6_addr;
	else
		bytes = &as_in(a)->sin_addr;

	if (!inet_ntop(a->storage.ss_family, bytes, host, sizeof(host))) {
		memcpy(out, "unknown", sizeof("unknown"));
		return;
	}
	(void)snprintf(out, ADDRESS_TEXT_SIZE, v6 ? "[%s]:%d" : "%s:%d", host,
		       address_port(a));
}

bool address_is_loopback(const struct address *a)
{
	if (a->storage.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&as_in6(a)->sin6_addr);
	return a->storage.ss_family == AF_INET &&
	       ntohl(as_in(a)->sin_addr.s_addr) >> 24 == LOOPBACK_NET;
}

bool address_equal(const struct address *a, const struct address *b)
{
	if (a->storage.ss_family != b->storage.ss_family ||
	    address_port(a) != address_port(b))
		return false;
	if (a->storage.ss_family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(&as_in6(a)->sin6_addr,
					  &as_in6(b)->sin6_addr);
	return as_in(a)->sin_addr.s_addr == as_in(b)->sin_addr.s_addr;
}

int address_port(const struct address *a)
{
	/* The port stands at the same place in both families. */
	_Static_assert(offsetof(struct sockaddr_in, sin_port) ==
			       offsetof(struct sockaddr_in6, sin6_port),
		       "ports differ in place");
	return ntohs(as_in(a)->sin_port);
}
