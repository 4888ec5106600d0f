/* SPDX-License-Identifier: MIT */
/*
 * Sockets on loopback, all on ports that the kernel draws.  What is sent there
 * has arrived when the call returns: nothing is waited for.
 */
#include "config.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "sys/sockets.h"

#include "test_sys_scratch.h"
#include "unit.h"

UNIT_SUITE(test_sys_sockets);

#define BUFFER 65536
#define PEERS 3
#define DATAGRAM_MAX 65507

/* A host without IPv6 is no mistake of ours. */
#define need_ipv6()                                                            \
	do {                                                                   \
		if (!have_ipv6())                                              \
			return;                                                \
	} while (0)

/* Called between bind() and connect() of a socket. */
static void (*before_connect)(int fd);

/* In place of libc's: the one way to get into that moment. */
int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	if (before_connect)
		before_connect(fd);
	return (int)syscall(SYS_connect, fd, to, len);
}

static struct address at(const char *text)
{
	struct address a;

	ck_assert_int_eq(address_parse(slice_of(text), &a), 0);
	return a;
}

static bool have_ipv6(void)
{
	struct address a = at("[::1]:0");
	int fd = sockets_bind_datagram(&a, BUFFER, &a);

	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

static int option(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int v;

	ck_assert_int_eq(getsockopt(fd, level, name, &v, &len), 0);
	return v;
}

static void check_flags(int fd)
{
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

static int bind_datagram(const char *text, struct address *ret)
{
	struct address a = at(text);
	int fd = sockets_bind_datagram(&a, BUFFER, ret);

	check_flags(fd);
	return fd;
}

static int connect_datagram(const struct address *source,
			    const struct address *to)
{
	int fd = sockets_connect_datagram(source, to, BUFFER);

	check_flags(fd);
	return fd;
}

static void send_to(int fd, const struct address *to, const char *text)
{
	ck_assert_int_eq(sendto(fd, text, strlen(text), 0,
				(const struct sockaddr *)&to->storage, to->len),
			 (ssize_t)strlen(text));
}

/* What is in the queue of @fd, or "nothing". */
static const char *received(int fd)
{
	static char text[128];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? "nothing" : strerror(errno);
	text[n] = '\0';
	return text;
}

/* --- TCP */

START_TEST(listening_socket_takes_connections)
{
	struct address a = at("127.0.0.1:0");
	struct address real;
	int client;
	int server;
	int fd;

	fd = sockets_listen(&a, &real);
	check_flags(fd);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_REUSEADDR), 1);
	ck_assert_int_gt(address_port(&real), 0);
	ck_assert(address_is_loopback(&real));

	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		connect(client, (struct sockaddr *)&real.storage, real.len), 0);
	server = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(server, 0);
	(void)close(server);
	(void)close(client);
	(void)close(fd);
}
END_TEST

START_TEST(port_that_is_taken_is_an_error)
{
	struct address a = at("127.0.0.1:0");
	struct address unused;
	int first;

	first = sockets_listen(&a, &a);
	ck_assert_int_eq(sockets_listen(&a, &unused), -EADDRINUSE);
	(void)close(first);

	a = at("127.0.0.1:0");
	first = sockets_bind_datagram(&a, BUFFER, &a);
	ck_assert_int_eq(sockets_bind_datagram(&a, BUFFER, &unused),
			 -EADDRINUSE);
	(void)close(first);

	/* An address of no interface here (192.0.2.0/24 is for examples). */
	a = at("192.0.2.1:0");
	ck_assert_int_eq(sockets_listen(&a, &unused), -EADDRNOTAVAIL);
}
END_TEST

/* The IPv4 port of the same number; somebody else may have it. */
static int listen_beside(const struct address *six)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address four;

	(void)snprintf(text, sizeof(text), "0.0.0.0:%d", address_port(six));
	four = at(text);
	return sockets_listen(&four, &four);
}

/* 0.0.0.0:25800 and [::]:25800 are two addresses. */
START_TEST(ipv6_socket_leaves_ipv4_alone)
{
	struct address any = at("[::]:0");
	struct address six;
	int b = -EBADF;
	int a;

	need_ipv6();
	for (int i = 0; i < 20 && b < 0; i++) {
		a = sockets_listen(&any, &six);
		ck_assert_int_ge(a, 0);
		b = listen_beside(&six);
		(void)close(a);
	}
	ck_assert_int_ge(b, 0);
	(void)close(b);
}
END_TEST

/* --- One source, several peers */

struct cluster {
	struct address source;
	struct address address[PEERS];
	int peer[PEERS];
	int own[PEERS]; /* connected to the peer */
};

static struct address address_of(int fd)
{
	struct address a = { .len = sizeof(a.storage) };

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a.storage, &a.len),
			 0);
	return a;
}

/* The first draws the port, so that it is nobody else's, and the others join.
 */
static void connect_all(struct cluster *c, const char *host)
{
	c->source = at(host);
	for (size_t i = 0; i < PEERS; i++) {
		c->peer[i] = bind_datagram(host, &c->address[i]);
		c->own[i] = connect_datagram(&c->source, &c->address[i]);
		c->source = address_of(c->own[0]);
	}
}

static void close_all(struct cluster *c)
{
	for (size_t i = 0; i < PEERS; i++) {
		(void)close(c->peer[i]);
		(void)close(c->own[i]);
	}
}

static const char *const hosts[] = { "127.0.0.1:0", "[::1]:0" };

START_TEST(each_reply_reaches_its_own_socket)
{
	static const char *const words[] = { "zero", "one", "two" };
	struct cluster c;

	if (_i == 1)
		need_ipv6();
	connect_all(&c, hosts[_i]);
	for (int round = 0; round < 100; round++)
		for (size_t i = 0; i < PEERS; i++) {
			send_to(c.peer[i], &c.source, words[i]);
			for (size_t j = 0; j < PEERS; j++)
				ck_assert_str_eq(received(c.own[j]),
						 i == j ? words[i] : "nothing");
		}
	close_all(&c);
}
END_TEST

/* They all ask from the same port, the one that is configured. */
START_TEST(requests_come_from_the_source)
{
	struct address from = { .len = sizeof(from.storage) };
	struct cluster c;
	char byte;

	connect_all(&c, "127.0.0.1:0");
	for (size_t i = 0; i < PEERS; i++) {
		ck_assert_int_eq(send(c.own[i], "x", 1, 0), 1);
		ck_assert_int_eq(recvfrom(c.peer[i], &byte, 1, MSG_DONTWAIT,
					  (struct sockaddr *)&from.storage,
					  &from.len),
				 1);
		ck_assert(address_equal(&from, &c.source));
	}
	close_all(&c);
}
END_TEST

START_TEST(strangers_are_not_heard)
{
	struct address unused;
	struct cluster c;
	int stranger;

	if (_i == 1)
		need_ipv6();
	connect_all(&c, hosts[_i]);
	stranger = bind_datagram(hosts[_i], &unused);
	for (int round = 0; round < 10; round++) {
		send_to(stranger, &c.source, "forged");
		for (size_t i = 0; i < PEERS; i++)
			ck_assert_str_eq(received(c.own[i]), "nothing");
	}

	/* Nobody at all took it: the kernel says so to who asks to know. */
	(void)close(stranger);
	stranger = connect_datagram(&unused, &c.source);
	ck_assert_int_eq(send(stranger, "x", 1, 0), 1);
	ck_assert_str_eq(received(stranger), "Connection refused");
	(void)close(stranger);
	close_all(&c);
}
END_TEST

static int early_bird = -EBADF;
static struct cluster early;
static int early_sent;

/* A stranger, and a peer whose socket is connected already. */
static void send_early(int fd)
{
	struct address source = address_of(fd);

	send_to(early_bird, &source, "forged");
	if (early_sent++ > 0)
		send_to(early.peer[0], &source, "reply");
}

/* Bound but not connected yet, a socket is open to anybody for a moment. */
START_TEST(strangers_are_not_heard_between_bind_and_connect)
{
	struct cluster *c = &early;
	struct address unused;

	early_sent = 0;
	early_bird = bind_datagram("127.0.0.1:0", &unused);
	before_connect = send_early;
	connect_all(c, "127.0.0.1:0");
	before_connect = NULL;
	ck_assert_int_eq(early_sent, PEERS);

	/* Two replies came while the other two sockets were made. */
	ck_assert_str_eq(received(c->own[0]), "reply");
	ck_assert_str_eq(received(c->own[0]), "reply");
	for (size_t i = 0; i < PEERS; i++)
		ck_assert_str_eq(received(c->own[i]), "nothing");

	/* And the door is open for each peer again. */
	for (size_t i = 0; i < PEERS; i++) {
		send_to(c->peer[i], &c->source, "reply");
		ck_assert_str_eq(received(c->own[i]), "reply");
	}
	(void)close(early_bird);
	close_all(c);
}
END_TEST

/* A second daemon that would get the replies to the first one. */
START_TEST(nobody_joins_when_sharing_has_ended)
{
	struct address unused;
	struct cluster c;

	connect_all(&c, "127.0.0.1:0");
	for (size_t i = 0; i < PEERS; i++)
		ck_assert_int_eq(sockets_set_sharing(c.own[i], false), 0);
	ck_assert_int_eq(
		sockets_connect_datagram(&c.source, &c.address[0], BUFFER),
		-EADDRINUSE);
	ck_assert_int_eq(sockets_bind_datagram(&c.source, BUFFER, &unused),
			 -EADDRINUSE);
	for (size_t i = 0; i < PEERS; i++) {
		send_to(c.peer[i], &c.source, "reply");
		ck_assert_str_eq(received(c.own[i]), "reply");
	}
	close_all(&c);
}
END_TEST

/* Somebody who does not share has the port: nothing to be done about it. */
START_TEST(source_that_is_taken_is_an_error)
{
	struct address source;
	struct address to;
	int taken = bind_datagram("127.0.0.1:0", &source);
	int peer = bind_datagram("127.0.0.1:0", &to);

	ck_assert_int_eq(sockets_connect_datagram(&source, &to, BUFFER),
			 -EADDRINUSE);
	(void)close(taken);
	(void)close(peer);
}
END_TEST

START_TEST(port_0_gives_each_its_own)
{
	struct address any = at("127.0.0.1:0");
	struct address to;
	int peer = bind_datagram("127.0.0.1:0", &to);
	int a = connect_datagram(&any, &to);
	int b = connect_datagram(&any, &to);

	ck_assert_int_eq(send(a, "a", 1, 0), 1);
	ck_assert_int_eq(send(b, "b", 1, 0), 1);
	ck_assert_str_eq(received(peer), "a");
	ck_assert_str_eq(received(peer), "b");
	(void)close(a);
	(void)close(b);
	(void)close(peer);
}
END_TEST

/* --- Passed ones, as the service manager makes them */

START_TEST(adopted_socket_is_as_our_own)
{
	struct address any = at(hosts[_i]);
	bool v6 = _i == 1;
	int fd;

	if (v6)
		need_ipv6();
	fd = socket(any.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(sockets_adopt_datagram(fd, &any, BUFFER), 0);

	/* What is too large is refused, not cut in pieces. */
	ck_assert_int_eq(v6 ? option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER) :
			      option(fd, IPPROTO_IP, IP_MTU_DISCOVER),
			 v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO);
	(void)close(fd);
}
END_TEST

/* The manager may give more than we could ask for. */
START_TEST(adopted_socket_keeps_its_buffers)
{
	const int larger = 2 * BUFFER;
	struct address any = at("127.0.0.1:0");
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &larger,
				    sizeof(larger)),
			 0);
	ck_assert_int_eq(sockets_adopt_datagram(fd, &any, BUFFER), 0);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_RCVBUF), 2 * larger);

	/* One that is too small grows. */
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 4096 },
				    sizeof(int)),
			 0);
	ck_assert_int_eq(sockets_adopt_datagram(fd, &any, BUFFER), 0);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_RCVBUF), 2 * BUFFER);
	(void)close(fd);
}
END_TEST

/* --- Room */

START_TEST(room_on_loopback)
{
	struct address any = at(hosts[_i]);
	struct address to;
	uint32_t room;
	int peer;
	int fd;

	if (_i == 1)
		need_ipv6();
	peer = bind_datagram(hosts[_i], &to);
	fd = connect_datagram(&any, &to);
	ck_assert_int_eq(sockets_datagram_room(fd, &room), 0);
	/* An MTU of 65,536 less both headers, and what the format can say. */
	ck_assert_uint_eq(room, _i == 1 ? 65536 - 48 : 65507);

	ck_assert_int_eq(sockets_datagram_room(peer, &room), -ENOTCONN);
	(void)close(fd);
	(void)close(peer);
}
END_TEST

/* A network of this process's own, with nothing but a loopback link. */
static bool set_up_loopback(int mtu)
{
	struct ifreq lo = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	lo.ifr_flags = IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		return false;
	lo.ifr_mtu = mtu;
	return ioctl(fd, SIOCSIFMTU, &lo) == 0;
}

/* The room of a socket there; 0 if there is no such socket. */
static uint32_t room_of_loopback(const char *host, int *ret_fd,
				 struct address *ret_to)
{
	struct address any;
	uint32_t room;
	int fd;

	if (address_parse(slice_of(host), &any) < 0 ||
	    sockets_bind_datagram(&any, BUFFER, ret_to) < 0)
		return 0;
	fd = sockets_connect_datagram(&any, ret_to, BUFFER);
	if (fd < 0 || sockets_datagram_room(fd, &room) < 0)
		return 0;
	*ret_fd = fd;
	return room;
}

/* As on a link of Ethernet's size. */
static int look_at_small_loopback(void)
{
	static char bytes[1473];
	struct address to;
	int fd;

	if (!set_up_loopback(1500))
		return 77;
	if (room_of_loopback("127.0.0.1:0", &fd, &to) != 1472)
		return 1;
	if (send(fd, bytes, 1472, 0) != 1472)
		return 2;

	/* Too large is refused, not sent in pieces: from both kinds. */
	if (send(fd, bytes, 1473, 0) != -1 || errno != EMSGSIZE)
		return 3;
	if (address_parse(slice_of("127.0.0.1:0"), &to) < 0)
		return 4;
	fd = sockets_bind_datagram(&to, BUFFER, &to);
	if (sendto(fd, bytes, 1473, 0, (struct sockaddr *)&to.storage,
		   to.len) != -1 ||
	    errno != EMSGSIZE)
		return 5;
	return 0;
}

/* More than a datagram's length can say. */
static int look_at_large_loopback(void)
{
	struct address to;
	uint32_t room;
	int fd;

	if (!set_up_loopback(80000))
		return 77;
	room = room_of_loopback("127.0.0.1:0", &fd, &to);
	if (room != DATAGRAM_MAX)
		return 1;
	room = room_of_loopback("[::1]:0", &fd, &to);
	return room == DATAGRAM_MAX || room == 0 ? 0 : 2;
}

static int (*const looks[])(void) = { look_at_small_loopback,
				      look_at_large_loopback };

START_TEST(room_is_what_the_path_takes)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(looks[_i]());
	status = scratch_wait(pid);
	if (status == 77)
		(void)fprintf(stderr, "skipped: no network namespace here\n");
	else
		ck_assert_int_eq(status, 0);
}
END_TEST

/* --- Buffers */

static const size_t sizes[] = { 1,    64,   600,   1200,  1472,
				2100, 4000, 16400, 40000, DATAGRAM_MAX };

/* What the header promises: each counted as its length and 1,024 bytes more. */
START_TEST(receive_buffer_holds_what_it_says)
{
	static char bytes[DATAGRAM_MAX];
	struct address any = at("127.0.0.1:0");
	size_t cost = sizes[_i] + 1024;
	ssize_t size = (ssize_t)sizes[_i];
	struct address to;
	uint32_t buffer;
	size_t n;
	int own;
	int fd;

	fd = bind_datagram("127.0.0.1:0", &to);
	own = connect_datagram(&any, &to);
	ck_assert_int_eq(sockets_receive_buffer(fd, &buffer), 0);
	ck_assert_uint_ge(buffer, BUFFER);

	n = buffer / cost;
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(send(own, bytes, sizes[_i], 0), size);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT),
				 size);
	(void)close(own);
	(void)close(fd);
}
END_TEST

/* --- Passed descriptors; in a child, which cannot use Check's file any more */

#define expect(condition)                                                      \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%d: %s\n", __LINE__, #condition);     \
			_exit(1);                                              \
		}                                                              \
	} while (0)

static int tcp_socket(void)
{
	struct address a = { 0 };

	expect(address_parse(slice_of("127.0.0.1:0"), &a) == 0);
	return sockets_listen(&a, &a);
}

static int udp_socket(void)
{
	struct address a = { 0 };

	expect(address_parse(slice_of("127.0.0.1:0"), &a) == 0);
	return sockets_bind_datagram(&a, BUFFER, &a);
}

/* Put the descriptors where the manager puts them, blocking as its are. */
static void pass(const int *fds, int n, const char *names)
{
	int moved[SOCKETS_PASSED_MAX + 1];
	char text[16];

	for (int i = 0; i < n; i++)
		moved[i] = fcntl(fds[i], F_DUPFD, 100);
	for (int i = 0; i < n; i++) {
		expect(dup2(moved[i], 3 + i) == 3 + i);
		expect(fcntl(3 + i, F_SETFL, 0) == 0);
	}
	(void)snprintf(text, sizeof(text), "%d", (int)getpid());
	expect(setenv("LISTEN_PID", text, 1) == 0);
	(void)snprintf(text, sizeof(text), "%d", n);
	expect(setenv("LISTEN_FDS", text, 1) == 0);
	expect(setenv("LISTEN_FDNAMES", names, 1) == 0);
}

static void take_good_ones(void)
{
	int fds[] = { tcp_socket(), udp_socket(), tcp_socket() };
	struct sockets_passed p;
	struct address a;

	pass(fds, 3, "client:backend:client");
	expect(sockets_take_passed(&p) == 0);
	expect(p.count == 3);
	expect(p.fd[0] == 3 && p.fd[2] == 5);
	expect(p.type[0] == SOCK_STREAM && p.type[1] == SOCK_DGRAM);
	expect(strcmp(p.name[0], "client") == 0);
	expect(strcmp(p.name[1], "backend") == 0);
	for (int fd = 3; fd < 6; fd++) {
		expect(fcntl(fd, F_GETFL) & O_NONBLOCK);
		expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	/* A program that we start may not believe that they are for it. */
	expect(!getenv("LISTEN_FDS") && !getenv("LISTEN_PID"));

	expect(sockets_claim(&p, SOCK_STREAM, &p.address[2], false, &a) == 5);
	expect(address_equal(&a, &p.address[2]));
	expect(sockets_claim(&p, SOCK_STREAM, &p.address[2], false, &a) ==
	       -ENOENT);
	expect(sockets_claim(&p, SOCK_DGRAM, &p.address[0], false, &a) ==
	       -ENOENT);
	expect(sockets_claim(&p, SOCK_DGRAM, NULL, true, &a) == 4);
	expect(sockets_claim(&p, SOCK_DGRAM, NULL, true, &a) == -ENOENT);

	/* What was not taken is closed, what was taken is not. */
	sockets_passed_done(&p);
	expect(p.count == 0);
	expect(fcntl(3, F_GETFD) < 0);
	expect(fcntl(4, F_GETFD) >= 0);
	expect(fcntl(5, F_GETFD) >= 0);
}

static void take_none(void)
{
	struct sockets_passed p;

	expect(sockets_take_passed(&p) == 0);
	expect(p.count == 0);
	sockets_passed_done(&p);

	/* They were for another process. */
	expect(setenv("LISTEN_PID", "1", 1) == 0);
	expect(setenv("LISTEN_FDS", "1", 1) == 0);
	expect(sockets_take_passed(&p) == 0);
	expect(p.count == 0);
	sockets_passed_done(&p);
}

/* An error, and all of them closed: also the good one. */
static void refuse(int bad, int error)
{
	struct sockets_passed p = { .count = 77 };
	int fds[] = { udp_socket(), bad };

	expect(bad >= 0);
	pass(fds, 2, "a:b");
	expect(sockets_take_passed(&p) == error);
	expect(p.count == 77);
	expect(fcntl(3, F_GETFD) < 0);
	expect(fcntl(4, F_GETFD) < 0);
}

static void refuse_file(void)
{
	refuse(open("/dev/null", O_RDWR | O_CLOEXEC), -ENOTSOCK);
}

static void refuse_unix(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	refuse(fd, -EAFNOSUPPORT);
}

/* Accept=yes in the unit: one connection, not the socket they come from. */
static void refuse_connection(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	refuse(fd, -EINVAL);
}

static void refuse_raw_kind(void)
{
	int fds[2];

	expect(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
	refuse(fds[0], -ESOCKTNOSUPPORT);
}

/* None of them is kept. */
static void refuse_too_many(void)
{
	char names[2 * (SOCKETS_PASSED_MAX + 1)];
	int fds[SOCKETS_PASSED_MAX + 1];
	struct sockets_passed p;

	for (size_t i = 0; i < ELEMENTS(fds); i++) {
		fds[i] = udp_socket();
		memcpy(names + 2 * i, "x:", 2);
	}
	names[sizeof(names) - 1] = '\0';
	pass(fds, ELEMENTS(fds), names);
	expect(sockets_take_passed(&p) == -E2BIG);
	for (int fd = 3; fd < 3 + SOCKETS_PASSED_MAX + 1; fd++)
		expect(fcntl(fd, F_GETFD) < 0);
}

static void raise_limit(void)
{
	struct rlimit limit;

	expect(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = 64;
	expect(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	sockets_raise_limit();
	expect(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	expect(limit.rlim_cur == limit.rlim_max);
}

static void (*const child_tests[])(void) = {
	take_good_ones,	   take_none,	    refuse_file,     refuse_unix,
	refuse_connection, refuse_raw_kind, refuse_too_many, raise_limit,
};

START_TEST(in_a_child)
{
	pid_t pid = fork();

	if (pid == 0) {
		child_tests[_i]();
		_exit(0);
	}
	ck_assert_int_eq(scratch_wait(pid), 0);
}
END_TEST

static void add_datagrams(Suite *s)
{
	TCase *t = tcase_create("datagrams");

	tcase_add_loop_test(t, each_reply_reaches_its_own_socket, 0,
			    ELEMENTS(hosts));
	tcase_add_test(t, requests_come_from_the_source);
	tcase_add_loop_test(t, strangers_are_not_heard, 0, ELEMENTS(hosts));
	tcase_add_test(t, strangers_are_not_heard_between_bind_and_connect);
	tcase_add_test(t, nobody_joins_when_sharing_has_ended);
	tcase_add_test(t, source_that_is_taken_is_an_error);
	tcase_add_test(t, port_0_gives_each_its_own);
	tcase_add_loop_test(t, adopted_socket_is_as_our_own, 0,
			    ELEMENTS(hosts));
	tcase_add_test(t, adopted_socket_keeps_its_buffers);
	tcase_add_loop_test(t, room_on_loopback, 0, ELEMENTS(hosts));
	tcase_add_loop_test(t, room_is_what_the_path_takes, 0, ELEMENTS(looks));
	tcase_add_loop_test(t, receive_buffer_holds_what_it_says, 0,
			    ELEMENTS(sizes));
	suite_add_tcase(s, t);
}

UNIT_SUITE(test_sys_sockets)
{
	Suite *s = suite_create("sys/sockets");
	TCase *t = tcase_create("sockets");

	tcase_add_test(t, listening_socket_takes_connections);
	tcase_add_test(t, port_that_is_taken_is_an_error);
	tcase_add_test(t, ipv6_socket_leaves_ipv4_alone);
	tcase_add_loop_test(t, in_a_child, 0, ELEMENTS(child_tests));
	suite_add_tcase(s, t);
	add_datagrams(s);
	return s;
}
