/* SPDX-License-Identifier: MIT */
/*
 * Configuration files in, drop-ins out.  That the service manager does with
 * them what is hoped for is shown in tests/system.
 */
#include "config.h"

#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "generator/generator.h"
#include "sys/keyfile.h"

#include "test_sys_scratch.h"
#include "unit.h"

UNIT_SUITE(test_generator);

#define MAIN_DROP_IN "out/chain-main.socket.d/50-addresses.conf"
#define A_DROP_IN "out/chain-backend@A.socket.d/50-addresses.conf"
#define TEXT_MAX 1024

#define LEDGER                                                                 \
	"state = /s\n"                                                         \
	"[ledger]\nstatement = /s/t\n"                                         \
	"[backend A]\naddress = 127.0.0.1:21800\n"

static struct buf faults;

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void make_directories(void)
{
	ck_assert_int_eq(mkdir(scratch_path("etc"), 0755), 0);
	ck_assert_int_eq(mkdir(scratch_path("out"), 0755), 0);
}

static void remove_directories(void)
{
	(void)nftw(scratch_path("etc"), remove_one, 16, FTW_DEPTH | FTW_PHYS);
	(void)nftw(scratch_path("out"), remove_one, 16, FTW_DEPTH | FTW_PHYS);
	buf_done(&faults);
}

static int generate(void)
{
	return generator_run(scratch_path("etc"), scratch_path("out"), &faults);
}

static bool is_there(const char *name)
{
	struct stat st;

	return stat(scratch_path(name), &st) == 0;
}

/* All of a file, as text. */
static const char *read_back(const char *name)
{
	static char text[TEXT_MAX];
	FILE *f = fopen(scratch_path(name), "re");
	size_t n;

	ck_assert_msg(f != NULL, "%s is not there", name);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return text;
}

static void expect_drop_in(const char *name, const char *config,
			   const char *listen)
{
	char want[TEXT_MAX];

	(void)snprintf(want, sizeof(want),
		       "# Made by chain-generator(8).\n"
		       "[Unit]\nSourcePath=%s\n\n[Socket]\n%s",
		       scratch_path(config), listen);
	ck_assert_str_eq(read_back(name), want);
}

static void expect_fault(const char *text)
{
	ck_assert_int_eq(buf_add(&faults, "", 1), 0);
	ck_assert_msg(strstr((const char *)faults.data, text) != NULL,
		      "no \"%s\" in: %s", text, (const char *)faults.data);
}

START_TEST(each_address_is_a_line)
{
	scratch_text("etc/main.conf",
		     "[main]\nlisten = 127.0.0.1:25800, [::1]:26800\n" LEDGER);
	scratch_text("etc/backend-A.conf", "[backend]\nname = A\n"
					   "listen = 127.0.0.1:21800\n"
					   "block = /b\n");
	ck_assert_int_eq(generate(), 0);
	ck_assert_uint_eq(faults.len, 0);
	expect_drop_in(MAIN_DROP_IN, "etc/main.conf",
		       "ListenStream=127.0.0.1:25800\n"
		       "ListenStream=[::1]:26800\n");
	expect_drop_in(A_DROP_IN, "etc/backend-A.conf",
		       "ListenDatagram=127.0.0.1:21800\n");
}
END_TEST

/* The main daemon's start waits for those that are on this host. */
START_TEST(backends_of_this_host_are_wanted)
{
	scratch_text("etc/main.conf",
		     "[main]\nlisten = 127.0.0.1:25800\n" LEDGER
		     "[backend B]\naddress = 127.0.0.1:22800\n"
		     "[backend C]\naddress = 127.0.0.1:23800\n"
		     "[backend D]\naddress = 127.0.0.1:24800\n");
	scratch_text("etc/backend-A.conf", "[backend]\nname = A\n"
					   "listen = 127.0.0.1:21800\n"
					   "block = /b\n");
	/* Its file is of another time; D has none. */
	scratch_text("etc/backend-B.conf", "[backend]\nname = B\n"
					   "listen = 127.0.0.1:22801\n"
					   "block = /b\n");
	scratch_text("etc/backend-C.conf", "[backend]\nname = C\n"
					   "listen = 127.0.0.1:23800\n"
					   "block = /b\n");
	ck_assert_int_eq(generate(), 0);
	ck_assert_str_eq(read_back("out/chain-main.service.d/50-backends.conf"),
			 "# Made by chain-generator(8).\n[Unit]\n"
			 "Wants=chain-backend@A.service\n"
			 "Wants=chain-backend@C.service\n");
}
END_TEST

/* One that is lost must not be begun anew. */
START_TEST(lost_backend_is_not_wanted)
{
	scratch_text("etc/main.conf",
		     "[main]\nlisten = 127.0.0.1:25800\nstate = /s\n"
		     "[ledger]\nstatement = /s/t\ncopies = 2\n"
		     "[backend A]\naddress = 127.0.0.1:21800\nlost = yes\n"
		     "[backend B]\naddress = 127.0.0.1:22800\n"
		     "[backend C]\naddress = 127.0.0.1:23800\n");
	scratch_text("etc/backend-A.conf", "[backend]\nname = A\n"
					   "listen = 127.0.0.1:21800\n"
					   "block = /b\n");
	ck_assert_int_eq(generate(), 0);
	ck_assert(is_there(MAIN_DROP_IN));
	ck_assert(!is_there("out/chain-main.service.d"));
}
END_TEST

/* Not configured yet, or a host with backends only. */
START_TEST(nothing_comes_of_nothing)
{
	ck_assert_int_eq(generate(), 0);
	ck_assert_int_eq(rmdir(scratch_path("out")), 0);
	ck_assert_int_eq(mkdir(scratch_path("out"), 0755), 0);

	ck_assert_int_eq(rmdir(scratch_path("etc")), 0);
	ck_assert_int_eq(generate(), 0);
	ck_assert_uint_eq(faults.len, 0);
	ck_assert_int_eq(rmdir(scratch_path("out")), 0);
}
END_TEST

/* The manager refuses port 0: the daemon binds all of them for itself. */
START_TEST(port_0_is_left_to_the_daemon)
{
	scratch_text("etc/main.conf",
		     "[main]\nlisten = 127.0.0.1:25800, 127.0.0.1:0\n" LEDGER);
	ck_assert_int_eq(generate(), 0);
	ck_assert(!is_there(MAIN_DROP_IN));
}
END_TEST

START_TEST(mistake_in_one_leaves_the_others)
{
	scratch_text("etc/main.conf", "[main]\nlisten = nowhere\n" LEDGER);
	scratch_text("etc/backend-A.conf", "[backend]\nname = A\n"
					   "listen = 127.0.0.1:21800\n"
					   "block = /b\n");
	scratch_text("etc/backend-B.conf", "[backend]\n");
	ck_assert_int_eq(generate(), -EBADMSG);
	ck_assert(!is_there(MAIN_DROP_IN));
	ck_assert(is_there(A_DROP_IN));
	ck_assert(!is_there("out/chain-backend@B.socket.d"));
	expect_fault("etc/main.conf:2: 'listen': expected IP:PORT");
	expect_fault("etc/backend-B.conf:");
}
END_TEST

/* chain-backend@B.service would refuse it too. */
START_TEST(name_must_be_that_of_the_file)
{
	scratch_text("etc/backend-B.conf", "[backend]\nname = A\n"
					   "listen = 127.0.0.1:21800\n"
					   "block = /b\n");
	ck_assert_int_eq(generate(), -EBADMSG);
	ck_assert(!is_there(A_DROP_IN));
	expect_fault("etc/backend-B.conf: 'name' is A, expected B");
}
END_TEST

/* What an editor leaves, and what only looks like one. */
START_TEST(other_files_do_not_count)
{
	static const char *const names[] = {
		"etc/backend-A.conf~", "etc/backend-.conf", "etc/backend-A.con",
		"etc/xbackend-A.conf", "etc/backend.conf",
	};

	for (size_t i = 0; i < ELEMENTS(names); i++)
		scratch_text(names[i], "[nonsense]\n");
	ck_assert_int_eq(generate(), 0);
	ck_assert_uint_eq(faults.len, 0);
}
END_TEST

/* Opening a fifo would wait for a writer, for ever. */
START_TEST(what_is_no_file_does_not_hold_it_up)
{
	ck_assert_int_eq(mkfifo(scratch_path("etc/main.conf"), 0644), 0);
	ck_assert_int_eq(mkdir(scratch_path("etc/backend-A.conf"), 0755), 0);
	ck_assert_int_lt(generate(), 0);
	expect_fault("etc/main.conf: ");
	expect_fault("etc/backend-A.conf: ");
}
END_TEST

START_TEST(percent_is_no_specifier)
{
	struct buf text = { 0 };

	ck_assert_int_eq(rmdir(scratch_path("etc")), 0);
	ck_assert_int_eq(mkdir(scratch_path("100%n"), 0755), 0);
	scratch_text("100%n/main.conf",
		     "[main]\nlisten = 127.0.0.1:25800\n" LEDGER);
	ck_assert_int_eq(generator_run(scratch_path("100%n"),
				       scratch_path("out"), &faults),
			 0);
	ck_assert_int_eq(buf_addf(&text, "%s", read_back(MAIN_DROP_IN)), 0);
	ck_assert_ptr_nonnull(memmem(text.data, text.len, "/100%%n/main.conf\n",
				     strlen("/100%%n/main.conf\n")));
	buf_done(&text);
	(void)nftw(scratch_path("100%n"), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
END_TEST

/* The key is passed to the daemons, not to whoever makes their drop-ins. */
START_TEST(key_may_be_passed_later)
{
	scratch_text("etc/backend-A.conf", "[backend]\nname = A\n"
					   "listen = 192.0.2.1:21800\n"
					   "block = /b\n");
	ck_assert_int_eq(generate(), -EBADMSG);
	ck_assert(!is_there(A_DROP_IN));

	keyfile_will_be_passed();
	ck_assert_int_eq(generate(), 0);
	expect_drop_in(A_DROP_IN, "etc/backend-A.conf",
		       "ListenDatagram=192.0.2.1:21800\n");
}
END_TEST

START_TEST(directory_that_cannot_be_written_to_is_told)
{
	scratch_text("etc/main.conf",
		     "[main]\nlisten = 127.0.0.1:25800\n" LEDGER);
	ck_assert_int_eq(rmdir(scratch_path("out")), 0);
	ck_assert_int_eq(generate(), -ENOENT);
	expect_fault("out/chain-main.socket.d: No such file or directory");
}
END_TEST

Suite *test_generator(void)
{
	Suite *s = suite_create("generator");
	TCase *t = tcase_create("generator");

	scratch_use(t);
	tcase_add_checked_fixture(t, make_directories, remove_directories);
	tcase_add_test(t, each_address_is_a_line);
	tcase_add_test(t, backends_of_this_host_are_wanted);
	tcase_add_test(t, lost_backend_is_not_wanted);
	tcase_add_test(t, nothing_comes_of_nothing);
	tcase_add_test(t, port_0_is_left_to_the_daemon);
	tcase_add_test(t, mistake_in_one_leaves_the_others);
	tcase_add_test(t, name_must_be_that_of_the_file);
	tcase_add_test(t, other_files_do_not_count);
	tcase_add_test(t, what_is_no_file_does_not_hold_it_up);
	tcase_add_test(t, percent_is_no_specifier);
	tcase_add_test(t, key_may_be_passed_later);
	tcase_add_test(t, directory_that_cannot_be_written_to_is_told);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_generator)
