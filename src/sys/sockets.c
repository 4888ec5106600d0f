/* SPDX-License-Identifier: MIT */
/*
 * Making sockets, and taking those that the service manager made.  Knows
 * nothing of what is said over them.
 */
#include "config.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "sys/sockets.h"

/* What stands before the payload of a datagram. */
#define UDP_HEADER 8
#define IPV4_HEADER 20
#define IPV6_HEADER 40
/* The most that the length field of an IPv4 packet leaves. */
#define DATAGRAM_MAX 65507

/* --- Passed descriptors */

static int get_option(int fd, int level, int option, int *ret)
{
	socklen_t len = sizeof(*ret);

	return getsockopt(fd, level, option, ret, &len) < 0 ? -errno : 0;
}

static int get_address(int fd, struct address *ret)
{
	struct address a = { 0 };

	a.len = sizeof(a.storage);
	if (getsockname(fd, (struct sockaddr *)&a.storage, &a.len) < 0)
		return -errno;
	if (a.storage.ss_family != AF_INET && a.storage.ss_family != AF_INET6)
		return -EAFNOSUPPORT;

	*ret = a;
	return 0;
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

/* A stream socket that does not listen is a connection: not for us. */
static int check_kind(int fd, int *ret_type)
{
	int listening;
	int type;
	int r;

	r = get_option(fd, SOL_SOCKET, SO_TYPE, &type);
	if (r < 0)
		return r;
	if (type != SOCK_STREAM && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;

	r = get_option(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening);
	if (r < 0)
		return r;
	if (type == SOCK_STREAM && !listening)
		return -EINVAL;

	*ret_type = type;
	return 0;
}

/* Take the descriptor and name of place @i, whatever they turn out to be. */
static int take_one(struct sockets_passed *p, int fd, char *name)
{
	size_t i = p->count++;
	int r;

	p->fd[i] = fd;
	p->name[i] = name;

	r = check_kind(fd, &p->type[i]);
	if (r < 0)
		return r;
	r = get_address(fd, &p->address[i]);
	if (r < 0)
		return r;
	return set_nonblocking(fd);
}

/* Own all @n descriptors, then say whether one of them is not as it must be. */
static int take_all(struct sockets_passed *p, char **names, size_t n)
{
	int result = 0;
	int r;

	for (size_t i = 0; i < n; i++) {
		if (i >= SOCKETS_PASSED_MAX) {
			(void)close(SD_LISTEN_FDS_START + (int)i);
			free(names[i]);
			result = -E2BIG;
			continue;
		}
		r = take_one(p, SD_LISTEN_FDS_START + (int)i, names[i]);
		if (r < 0 && result == 0)
			result = r;
	}
	return result;
}

int sockets_take_passed(struct sockets_passed *ret)
{
	_cleanup_(freep) char **names = NULL;
	struct sockets_passed p = { 0 };
	int r;

	r = sd_listen_fds_with_names(true, &names);
	if (r < 0)
		return r;

	r = take_all(&p, names, (size_t)r);
	if (r < 0) {
		sockets_passed_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}

void sockets_passed_done(struct sockets_passed *p)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->fd[i] >= 0)
			(void)close(p->fd[i]);
		free(p->name[i]);
	}
	*p = (struct sockets_passed){ 0 };
}

int sockets_claim(struct sockets_passed *p, int type,
		  const struct address *want, bool any,
		  struct address *ret_address)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->fd[i] < 0 || p->type[i] != type)
			continue;
		if (!any && !address_equal(&p->address[i], want))
			continue;

		*ret_address = p->address[i];
		return TAKE_FD(p->fd[i]);
	}
	return -ENOENT;
}

/* --- Sockets of our own */

static int set_option(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		return -errno;
	return 0;
}

static bool is_v6(const struct address *a)
{
	return a->storage.ss_family == AF_INET6;
}

static int open_socket(const struct address *a, int type, int *ret)
{
	_cleanup_(closep) int fd = -EBADF;
	int r;

	fd = socket(a->storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return -errno;

	/* [::] and 0.0.0.0 are two addresses here, not one. */
	if (is_v6(a)) {
		r = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		if (r < 0)
			return r;
	}
	*ret = TAKE_FD(fd);
	return 0;
}

static int bind_to(int fd, const struct address *a)
{
	if (bind(fd, (const struct sockaddr *)&a->storage, a->len) < 0)
		return -errno;
	return 0;
}

int sockets_listen(const struct address *at, struct address *ret_address)
{
	_cleanup_(closep) int fd = -EBADF;
	int r;

	r = open_socket(at, SOCK_STREAM, &fd);
	if (r < 0)
		return r;

	/* Connections of the daemon before us may not keep us from starting. */
	r = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r < 0)
		return r;

	r = bind_to(fd, at);
	if (r < 0)
		return r;
	if (listen(fd, SOMAXCONN) < 0)
		return -errno;

	r = get_address(fd, ret_address);
	return r < 0 ? r : TAKE_FD(fd);
}

/*
 * Beyond the system's limit if we are allowed to, else up to it.  One that is
 * large enough was set by somebody who is: it must not shrink to our limit.
 */
static void set_buffer(int fd, int force, int option, int size)
{
	int now;

	/* The kernel counts double, to have room for its own bookkeeping. */
	if (get_option(fd, SOL_SOCKET, option, &now) == 0 && now / 2 >= size)
		return;
	if (set_option(fd, SOL_SOCKET, force, size) < 0)
		(void)set_option(fd, SOL_SOCKET, option, size);
}

static void set_buffers(int fd, int size)
{
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, size);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, size);
}

/* A datagram that is too large for the path is refused, not cut in pieces. */
static int forbid_fragments(int fd, const struct address *a)
{
	if (is_v6(a))
		return set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
				  IPV6_PMTUDISC_DO);
	return set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
}

static int open_datagram(const struct address *a, int buffer, int *ret)
{
	_cleanup_(closep) int fd = -EBADF;
	int r;

	r = open_socket(a, SOCK_DGRAM, &fd);
	if (r < 0)
		return r;
	r = forbid_fragments(fd, a);
	if (r < 0)
		return r;
	set_buffers(fd, buffer);

	*ret = TAKE_FD(fd);
	return 0;
}

int sockets_bind_datagram(const struct address *at, int buffer,
			  struct address *ret_address)
{
	_cleanup_(closep) int fd = -EBADF;
	int r;

	r = open_datagram(at, buffer, &fd);
	if (r < 0)
		return r;
	r = bind_to(fd, at);
	if (r < 0)
		return r;

	r = get_address(fd, ret_address);
	return r < 0 ? r : TAKE_FD(fd);
}

int sockets_adopt_datagram(int fd, const struct address *at, int buffer)
{
	set_buffers(fd, buffer);
	return forbid_fragments(fd, at);
}

/*
 * Between bind() and connect() a socket takes datagrams from anybody, and
 * connect() leaves them in its queue.  So nothing gets in until it is
 * connected.
 */
static int shut_out_all(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0)
		return -errno;
	return 0;
}

/* From here on the kernel gives it what its peer sends, and nothing else. */
static int let_peer_in(int fd)
{
	return set_option(fd, SOL_SOCKET, SO_DETACH_FILTER, 0);
}

int sockets_connect_datagram(const struct address *source,
			     const struct address *to, int buffer)
{
	_cleanup_(closep) int fd = -EBADF;
	int r;

	r = open_datagram(to, buffer, &fd);
	if (r < 0)
		return r;

	/*
	 * Not SO_REUSEADDR: that would let other users share the port.  Of a
	 * group, Linux prefers the one that is connected to the sender (5.4).
	 */
	r = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (r < 0)
		return r;
	r = shut_out_all(fd);
	if (r < 0)
		return r;

	r = bind_to(fd, source);
	if (r < 0)
		return r;
	if (connect(fd, (const struct sockaddr *)&to->storage, to->len) < 0)
		return -errno;

	r = let_peer_in(fd);
	return r < 0 ? r : TAKE_FD(fd);
}

int sockets_set_sharing(int fd, bool on)
{
	return set_option(fd, SOL_SOCKET, SO_REUSEPORT, on);
}

int sockets_datagram_room(int fd, uint32_t *ret)
{
	struct address own;
	int headers;
	int mtu;
	int r;

	r = get_address(fd, &own);
	if (r < 0)
		return r;

	headers = UDP_HEADER + (is_v6(&own) ? IPV6_HEADER : IPV4_HEADER);
	if (is_v6(&own))
		r = get_option(fd, IPPROTO_IPV6, IPV6_MTU, &mtu);
	else
		r = get_option(fd, IPPROTO_IP, IP_MTU, &mtu);
	if (r < 0)
		return r;
	if (mtu <= headers)
		return -EMSGSIZE;

	mtu -= headers;
	*ret = (uint32_t)(mtu < DATAGRAM_MAX ? mtu : DATAGRAM_MAX);
	return 0;
}

int sockets_receive_buffer(int fd, uint32_t *ret)
{
	int size;
	int r;

	r = get_option(fd, SOL_SOCKET, SO_RCVBUF, &size);
	if (r < 0)
		return r;

	/* The kernel counts double, to have room for its own bookkeeping. */
	*ret = (uint32_t)size / 2;
	return 0;
}

void sockets_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}
