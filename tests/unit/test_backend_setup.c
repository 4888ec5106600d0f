/* SPDX-License-Identifier: MIT */
/*
 * src/backend/setup.c: every step of the start ends with the right exit
 * status and a sentence that names what is wrong.
 */
#include "config.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/loading.h"
#include "backend/options.h"
#include "backend/setup.h"
#include "store/store.h"
#include "sys/address.h"
#include "sys/backend_config.h"
#include "sys/exit_codes.h"
#include "sys/log.h"
#include "sys/sockets.h"
#include "wire/frame.h"

#include "unit.h"

UNIT_SUITE(test_backend_setup);

static char folder[] = "/tmp/test-setup-XXXXXX";
static char config_path[64];
static char block_path[64];
static char key_path[64];
static char said_path[64];
static struct backend_config *config;

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

static void write_config(const char *name, const char *more)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "[backend]\nname = %s\nlisten = 127.0.0.1:0\n"
		       "block = %s\n%s",
		       name, block_path, more);
	write_file(config_path, text);
}

static void remove_files(void)
{
	const char *const files[] = { config_path, block_path, key_path,
				      said_path };

	for (size_t i = 0; i < ELEMENTS(files); i++)
		(void)unlink(files[i]);
}

/* Unchecked: run around the tests' processes, so also when one fails. */
static void make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(config_path, sizeof(config_path), "%s/a.conf", folder);
	(void)snprintf(block_path, sizeof(block_path), "%s/a.txt", folder);
	(void)snprintf(key_path, sizeof(key_path), "%s/key", folder);
	(void)snprintf(said_path, sizeof(said_path), "%s/said", folder);
}

static void remove_folder(void)
{
	remove_files();
	(void)rmdir(folder);
}

static void setup(void)
{
	int fd;

	remove_files();
	fd = open(said_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
	(void)close(fd);
	log_open("chain-backend", 0);
	write_config("A", "");
}

static void teardown(void)
{
	config = backend_config_free(config);
}

static void expect_said(const char *what)
{
	static char text[8192];
	FILE *f = fopen(said_path, "re");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	ck_assert_msg(strstr(text, what), "\"%s\" is not in:\n%s", what, text);
}

static struct options options(const char *name)
{
	return (struct options){ .config = config_path, .name = name };
}

static void read_config(void)
{
	const struct options o = options("A");

	ck_assert_int_eq(setup_config(&o, &config), EXIT_STATUS_OK);
}

START_TEST(good_config_is_taken)
{
	const struct options o = options(NULL);

	ck_assert_int_eq(setup_check_config(&o), EXIT_STATUS_OK);
	read_config();
	ck_assert_str_eq(config->name, "A");
	ck_assert_uint_eq(setup_datagram_room(config), FRAME_SIZE_MAX);
}
END_TEST

START_TEST(datagram_size_is_the_room)
{
	write_config("A", "datagram_size = 1200\n");
	read_config();
	ck_assert_uint_eq(setup_datagram_room(config), 1200);
}
END_TEST

START_TEST(bad_config_is_refused)
{
	const struct options o = options("A");

	write_config("A", "bogus = 1\n");
	ck_assert_int_eq(setup_check_config(&o), EXIT_STATUS_CONFIG);
	ck_assert_int_eq(setup_config(&o, &config), EXIT_STATUS_CONFIG);
	expect_said("a.conf:5: ");
	expect_said("chain-backend: ");
}
END_TEST

/* backend-A.conf that talks of B is a copy that somebody forgot to edit. */
START_TEST(name_must_be_the_one_asked_for)
{
	const struct options o = options("A");

	write_config("B", "");
	ck_assert_int_eq(setup_check_config(&o), EXIT_STATUS_CONFIG);
	ck_assert_int_eq(setup_config(&o, &config), EXIT_STATUS_CONFIG);
	expect_said("name is B, but A was asked for");
}
END_TEST

START_TEST(no_key_is_a_warning)
{
	struct frame_key key;

	read_config();
	ck_assert_int_eq(setup_key(config, &key), EXIT_STATUS_OK);
	ck_assert(!key.present);
	expect_said("no key_file");
}
END_TEST

START_TEST(key_is_read)
{
	const struct options o = options(NULL);
	char text[80] = "";
	char more[80];
	struct frame_key key;

	for (size_t i = 0; i < 64; i++)
		text[i] = "0123456789abcdef"[i % 16];
	text[64] = '\n';
	write_file(key_path, text);
	(void)snprintf(more, sizeof(more), "key_file = %s\n", key_path);
	write_config("A", more);
	read_config();
	ck_assert_int_eq(setup_key(config, &key), EXIT_STATUS_OK);
	ck_assert(key.present);
	ck_assert_uint_eq(key.bytes[0], 0x01);
	ck_assert_uint_eq(key.bytes[31], 0xef);

	ck_assert_int_eq(chmod(key_path, 0644), 0);
	ck_assert_int_eq(setup_key(config, &key), EXIT_STATUS_CONFIG);
	ck_assert_int_eq(setup_check_config(&o), EXIT_STATUS_CONFIG);
}
END_TEST

START_TEST(block_is_opened_and_locked)
{
	struct loading loading;
	struct loading second;
	struct store *store;
	struct store *other;
	struct store_state state;

	write_file(block_path, "5 Chinmay Oliver 129\n1 Racheal John 45\n");
	read_config();
	ck_assert_int_eq(setup_store(config, &loading, &store), EXIT_STATUS_OK);
	store->ops->state(store, &state);
	ck_assert_uint_eq(state.records, 2);
	ck_assert_uint_eq(state.last_serial, 5);

	ck_assert_int_eq(setup_store(config, &second, &other), EXIT_STATUS_FAILURE);
	expect_said("another process");
	store->ops->close(store);
}
END_TEST

START_TEST(damaged_block_is_an_integrity_fault)
{
	struct loading loading;
	struct store *store;

	write_file(block_path, "5 Chinmay Oliver x\n1 Racheal John 45\n");
	read_config();
	ck_assert_int_eq(setup_store(config, &loading, &store), EXIT_STATUS_INTEGRITY);
	expect_said("a.txt:1: ");
}
END_TEST

START_TEST(block_that_cannot_be_had_is_an_io_error)
{
	struct loading loading;
	struct store *store;

	read_config();
	free(config->block);
	config->block = strdup("/nonexistent/a.txt");
	ck_assert_int_eq(setup_store(config, &loading, &store), EXIT_STATUS_IO);
	expect_said("/nonexistent/a.txt");
}
END_TEST

START_TEST(without_a_passed_socket_it_binds)
{
	struct sockets_passed passed = { 0 };
	struct address address;
	int fd;

	read_config();
	ck_assert_int_eq(setup_socket(config, &passed, &address, &fd),
			 EXIT_STATUS_OK);
	ck_assert_int_ne(address_port(&address), 0);
	(void)close(fd);
}
END_TEST

/* As the service manager would pass it, at @at. */
static struct sockets_passed pass(const struct address *at)
{
	struct sockets_passed passed = { .count = 1 };

	passed.type[0] = SOCK_DGRAM;
	passed.name[0] = strdup("chain-backend@A.socket");
	passed.fd[0] = sockets_bind_datagram(at, 4096, &passed.address[0]);
	ck_assert_int_ge(passed.fd[0], 0);
	ck_assert_int_eq(setsockopt(passed.fd[0], IPPROTO_IP, IP_MTU_DISCOVER,
				    &(int){ IP_PMTUDISC_WANT }, sizeof(int)),
			 0);
	return passed;
}

/* It wins, but the administrator hears what to run. */
START_TEST(passed_socket_wins)
{
	struct sockets_passed passed;
	socklen_t len = sizeof(int);
	struct address address;
	int discover;
	int fd;

	read_config();
	passed = pass(&config->listen);
	ck_assert_int_eq(address_parse(slice_of("127.0.0.1:1"),
				       &config->listen),
			 0);
	ck_assert_int_eq(setup_socket(config, &passed, &address, &fd),
			 EXIT_STATUS_OK);
	ck_assert(address_equal(&address, &passed.address[0]));
	expect_said("127.0.0.1:1;");
	expect_said("systemctl daemon-reload && systemctl stop chain-backend@A "
		    "&& systemctl start chain-backend@A");

	/* And it sends no fragments, as one of our own. */
	ck_assert_int_eq(getsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover,
				    &len),
			 0);
	ck_assert_int_eq(discover, IP_PMTUDISC_DO);
	(void)close(fd);
	sockets_passed_done(&passed);
}
END_TEST

START_TEST(matching_passed_socket_needs_no_word)
{
	struct sockets_passed passed;
	struct address address;
	struct stat st;
	int fd;

	read_config();
	passed = pass(&config->listen);
	config->listen = passed.address[0];
	ck_assert_int_eq(setup_socket(config, &passed, &address, &fd),
			 EXIT_STATUS_OK);
	ck_assert_int_eq(stat(said_path, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	(void)close(fd);
	sockets_passed_done(&passed);
}
END_TEST

START_TEST(address_in_use_is_told)
{
	struct sockets_passed none = { 0 };
	struct sockets_passed passed;
	struct address address;
	int fd;

	read_config();
	passed = pass(&config->listen);
	config->listen = passed.address[0];
	ck_assert_int_eq(setup_socket(config, &none, &address, &fd),
			 EXIT_STATUS_FAILURE);
	expect_said("cannot listen on udp 127.0.0.1:");
	sockets_passed_done(&passed);
}
END_TEST

Suite *test_backend_setup(void)
{
	Suite *s = suite_create("backend/setup");
	TCase *t = tcase_create("setup");

	tcase_add_unchecked_fixture(t, make_folder, remove_folder);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, good_config_is_taken);
	tcase_add_test(t, datagram_size_is_the_room);
	tcase_add_test(t, bad_config_is_refused);
	tcase_add_test(t, name_must_be_the_one_asked_for);
	tcase_add_test(t, no_key_is_a_warning);
	tcase_add_test(t, key_is_read);
	tcase_add_test(t, block_is_opened_and_locked);
	tcase_add_test(t, damaged_block_is_an_integrity_fault);
	tcase_add_test(t, block_that_cannot_be_had_is_an_io_error);
	tcase_add_test(t, without_a_passed_socket_it_binds);
	tcase_add_test(t, passed_socket_wins);
	tcase_add_test(t, matching_passed_socket_needs_no_word);
	tcase_add_test(t, address_in_use_is_told);
	suite_add_tcase(s, t);
	return s;
}
