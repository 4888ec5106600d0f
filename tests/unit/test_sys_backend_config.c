/* SPDX-License-Identifier: MIT */
/*
 * backend-NAME.conf: good files, and each mistake with its line and words.
 */
#include "config.h"

#include "sys/backend_config.h"

#include "test_sys_scratch.h"
#include "unit.h"

UNIT_SUITE(test_sys_backend_config);

static struct backend_config *read_good(const char *text)
{
	struct backend_config *c = NULL;
	struct buf faults = { 0 };

	ck_assert_int_eq(backend_config_read(scratch_text("good.conf", text),
					     &c, &faults),
			 0);
	ck_assert_uint_eq(faults.len, 0);
	buf_done(&faults);
	return c;
}

START_TEST(all_keys)
{
	struct backend_config *c;
	char text[ADDRESS_TEXT_SIZE];

	c = read_good("[backend]\n"
		      "name = A.b_9\n"
		      "listen = 10.1.2.3:21800\n"
		      "block = /srv/a b/it's\\here.txt\n"
		      "key_file = /etc/${HOME}/\"key\"\n"
		      "datagram_size = 1200\n");
	address_format(&c->listen, text);
	ck_assert_str_eq(c->name, "A.b_9");
	ck_assert_str_eq(text, "10.1.2.3:21800");
	ck_assert_str_eq(c->block, "/srv/a b/it's\\here.txt");
	ck_assert_str_eq(c->key_file, "/etc/${HOME}/\"key\"");
	ck_assert_uint_eq(c->datagram_size, 1200);
	backend_config_free(c);
}
END_TEST

START_TEST(defaults)
{
	struct backend_config *c;

	c = read_good("[backend]\nname = A\nlisten = 127.0.0.1:0\n"
		      "block = /b\n");
	ck_assert_ptr_null(c->key_file);
	ck_assert_uint_eq(c->datagram_size, 0);
	backend_config_free(c);
}
END_TEST

static const char *const stock[] = { "A", "B", "C" };

START_TEST(stock_files)
{
	struct backend_config *c;
	char name[32];
	char *text;
	size_t len;

	(void)snprintf(name, sizeof(name), "etc/backend-%s.conf", stock[_i]);
	text = scratch_source(name, &len);
	c = read_good(text);
	ck_assert_str_eq(c->name, stock[_i]);
	ck_assert_int_eq(address_port(&c->listen), 21800 + 1000 * _i);
	backend_config_free(c);
	free(text);
}
END_TEST

static const struct mistake {
	const char *text;
	const char *faults; /* without the file's name */
} mistakes[] = {
	{ "", ":1: there is no [backend] section\n" },
	{ "# nothing\n\n", ":2: there is no [backend] section\n" },
	{ "\n[backend]\n",
	  ":2: [backend] lacks 'name'\n:2: [backend] lacks 'listen'\n"
	  ":2: [backend] lacks 'block'\n" },
	{ "[backend A]\n", ":1: expected [backend] without a name\n"
			   ":1: there is no [backend] section\n" },
	{ "[backend]\nname = A-1\nlisten = 127.0.0.1:1\nblock = /b\n",
	  ":2: 'name': expected 1 to 16 letters, digits, '_' or '.',"
	  " without a '.' in front, not \"A-1\"\n" },
	{ "[backend]\nname = .A\nlisten = 127.0.0.1:1\nblock = /b\n",
	  ":2: 'name': expected 1 to 16 letters, digits, '_' or '.',"
	  " without a '.' in front, not \".A\"\n" },
	{ "[backend]\nname = 12345678901234567\nlisten = 127.0.0.1:1\n"
	  "block = /b\n",
	  ":2: 'name': expected 1 to 16 letters, digits, '_' or '.',"
	  " without a '.' in front, not \"12345678901234567\"\n" },
	{ "[backend]\nname = A\nlisten = 127.0.0.1:1\nblock = b.txt\n",
	  ":4: 'block': expected a path that begins with /, not \"b.txt\"\n" },
	{ "[backend]\nname = A\nlisten = 127.0.0.1:1\nblock = /b\n"
	  "key_file = k\n",
	  ":5: 'key_file': expected a path that begins with /, not \"k\"\n" },
	{ "[backend]\nname = A\nlisten = 21800\nblock = /b\n",
	  ":3: 'listen': expected IP:PORT as in 127.0.0.1:21800 or"
	  " [::1]:21800, not \"21800\"\n" },
	/* More than one address is for the main daemon. */
	{ "[backend]\nname = A\nlisten = 127.0.0.1:1, 127.0.0.1:2\n"
	  "block = /b\n",
	  ":3: 'listen': expected IP:PORT as in 127.0.0.1:21800 or"
	  " [::1]:21800, not \"127.0.0.1:1, 127.0.0.1:2\"\n" },
	/* Anybody could write to the block. */
	{ "[backend]\nname = A\nlisten = 0.0.0.0:21800\nblock = /b\n",
	  ":3: 0.0.0.0:21800 is not a loopback address: the datagrams need a"
	  " key, expected 'key_file'\n" },
	{ "[backend]\nname = A\nlisten = 127.0.0.1:1\nblock = /b\n"
	  "datagram_size = 1199\n",
	  ":5: 'datagram_size': expected auto or a plain number from 1200 to"
	  " 65507, not \"1199\"\n" },
	{ "[backend]\nname = A\nlisten = 127.0.0.1:1\nblock = /b\n"
	  "datagram_size = 65508\n",
	  ":5: 'datagram_size': expected auto or a plain number from 1200 to"
	  " 65507, not \"65508\"\n" },
	{ "[backend]\nname = A\nlisten = 127.0.0.1:1\nblock = /b\n"
	  "datagram_size = 02000\n",
	  ":5: 'datagram_size': expected auto or a plain number from 1200 to"
	  " 65507, not \"02000\"\n" },
	/* A key of the other daemon's file. */
	{ "[backend]\nname = A\nlisten = 127.0.0.1:1\nblock = /b\nlost = no\n",
	  ":5: unknown key 'lost' in [backend], expected one of name, listen,"
	  " block, key_file, datagram_size\n" },
};

START_TEST(each_mistake_has_its_line_and_words)
{
	const char *path = scratch_text("x", mistakes[_i].text);
	struct backend_config *c = NULL;
	struct buf faults = { 0 };

	ck_assert_int_eq(backend_config_read(path, &c, &faults), -EBADMSG);
	scratch_check_faults(path, &faults, mistakes[_i].faults);
	ck_assert_ptr_null(c);
	buf_done(&faults);
}
END_TEST

UNIT_SUITE(test_sys_backend_config)
{
	Suite *s = suite_create("sys/backend_config");
	TCase *t = tcase_create("backend_config");

	scratch_use(t);
	tcase_add_test(t, all_keys);
	tcase_add_test(t, defaults);
	tcase_add_loop_test(t, stock_files, 0, ELEMENTS(stock));
	tcase_add_loop_test(t, each_mistake_has_its_line_and_words, 0,
			    ELEMENTS(mistakes));
	suite_add_tcase(s, t);
	return s;
}
