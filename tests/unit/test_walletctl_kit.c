/* SPDX-License-Identifier: MIT */
/*
 * The scripted server is a thread; it is shut down by its listening socket.
 */
#include "config.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "walletctl/program.h"

#include "test_walletctl_kit.h"

#define ARGS_MAX 24

struct kit_server {
	const struct kit_turn *turn;
	size_t turns;
	int fd;
	char name[32];
	pthread_t thread;
	struct buf log;
};

static char state_home[] = "/tmp/test-walletctl-XXXXXX";
static char pending[sizeof(state_home) + 32];

/* A listening socket on a free port. */
static int listen_anywhere(char name[32])
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	(void)snprintf(name, 32, "127.0.0.1:%d", ntohs(a.sin_port));
	return fd;
}

void kit_free_port(char out[32])
{
	(void)close(listen_anywhere(out));
}

static void log_request(struct kit_server *s, const redisReply *request)
{
	int r = 0;

	for (size_t i = 0; i < request->elements && r == 0; i++)
		r = buf_addf(&s->log, "%s%s", i ? " " : "",
			     request->element[i]->str);
	if (r == 0)
		r = buf_add(&s->log, "\n", 1);
	if (r < 0)
		abort();
}

/* Read one request; -1 if the client went away. */
static int read_request(struct kit_server *s, int fd, redisReader *reader)
{
	for (;;) {
		void *request = NULL;
		char chunk[4096];
		ssize_t n;

		if (redisReaderGetReply(reader, &request) != REDIS_OK)
			return -1;
		if (request) {
			log_request(s, request);
			freeReplyObject(request);
			return 0;
		}
		n = recv(fd, chunk, sizeof(chunk), 0);
		if (n <= 0)
			return -1;
		(void)redisReaderFeed(reader, chunk, (size_t)n);
	}
}

static void close_connection(int fd, enum kit_end end)
{
	struct linger hard = { 1, 0 };
	char byte;

	if (end == KIT_RESET)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard,
				 sizeof(hard));
	if (end == KIT_HOLD)
		(void)recv(fd, &byte, 1, 0);
	(void)close(fd);
}

/* The turns of one connection; how many they were. */
static size_t serve(struct kit_server *s, int fd, size_t at)
{
	redisReader *reader = redisReaderCreate();
	enum kit_end end = KIT_STAY;
	size_t start = at;

	while (at < s->turns && (end == KIT_STAY || end == KIT_REPEAT)) {
		const struct kit_turn *t = &s->turn[at];
		int r = 0;

		at += t->end != KIT_REPEAT;
		for (unsigned i = 0; i < t->requests && r == 0; i++)
			r = read_request(s, fd, reader);
		end = r < 0 ? KIT_CLOSE : t->end;
		if (r == 0)
			(void)send(fd, t->answer, strlen(t->answer),
				   MSG_NOSIGNAL);
	}
	close_connection(fd, end == KIT_STAY ? KIT_HOLD : end);
	redisReaderFree(reader);
	return end == KIT_REPEAT ? s->turns : at - start;
}

static void *run_script(void *arg)
{
	struct kit_server *s = arg;
	size_t at = 0;

	while (at < s->turns) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			break;
		at += serve(s, fd, at);
	}
	return NULL;
}

struct kit_server *kit_server_start(const struct kit_turn *turns, size_t count)
{
	struct kit_server *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	s->turn = turns;
	s->turns = count;
	s->fd = listen_anywhere(s->name);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, run_script, s), 0);
	return s;
}

const char *kit_server_name(const struct kit_server *s)
{
	return s->name;
}

char *kit_server_stop(struct kit_server *s)
{
	char *log;

	(void)shutdown(s->fd, SHUT_RDWR);
	(void)pthread_join(s->thread, NULL);
	(void)close(s->fd);
	log = strndup(s->log.len ? (const char *)s->log.data : "", s->log.len);
	buf_done(&s->log);
	free(s);
	return log;
}

struct kit_run kit_run(const char *server, ...)
{
	char *argv[ARGS_MAX] = { strdup("walletctl"), strdup("--server"),
				 strdup(server) };
	struct kit_run r = { 0 };
	size_t out_len;
	size_t err_len;
	const char *word;
	va_list words;
	FILE *out = open_memstream(&r.out, &out_len);
	FILE *err = open_memstream(&r.err, &err_len);
	int argc = 3;

	va_start(words, server);
	while ((word = va_arg(words, const char *)) != NULL)
		argv[argc++] = strdup(word);
	va_end(words);

	r.status = program_run(argc, argv, out, err);
	(void)fclose(out);
	(void)fclose(err);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return r;
}

void kit_run_done(struct kit_run *r)
{
	free(r->out);
	free(r->err);
}

redisReply *kit_reply(const char *bytes)
{
	redisReader *reader = redisReaderCreate();
	void *reply = NULL;

	(void)redisReaderFeed(reader, bytes, strlen(bytes));
	ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
	ck_assert_ptr_nonnull(reply);
	redisReaderFree(reader);
	return reply;
}

void kit_state_setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(state_home));
	(void)snprintf(pending, sizeof(pending), "%s/alichain/pending",
		       state_home);
	ck_assert_int_eq(setenv("XDG_STATE_HOME", state_home, 1), 0);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void kit_state_teardown(void)
{
	(void)nftw(state_home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *kit_pending(void)
{
	return pending;
}

size_t kit_pending_count(void)
{
	const struct dirent *entry;
	DIR *dir = opendir(pending);
	size_t count = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	(void)closedir(dir);
	return count;
}

void kit_pending_write(const char *name, const char *text)
{
	char path[sizeof(pending) + 256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/alichain", state_home);
	(void)mkdir(path, 0700);
	(void)mkdir(pending, 0700);
	(void)snprintf(path, sizeof(path), "%s/%s", pending, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}
