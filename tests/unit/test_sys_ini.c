/* SPDX-License-Identifier: MIT */
/*
 * The INI reader with a schema of its own: what is a value and what a comment,
 * files that are no text, and files with any damage.
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "sys/backend_config.h"
#include "sys/ini.h"
#include "sys/main_config.h"

#include "test_sys_scratch.h"
#include "unit.h"

UNIT_SUITE(test_sys_ini);

/* Seconds; each reads some thousands of files. */
#define DAMAGE_TIMEOUT 120

static cfg_opt_t plain_options[] = {
	CFG_STR("text", "default", CFGF_NONE),
	CFG_STR_LIST("list", NULL, CFGF_NONE),
	CFG_END(),
};
static cfg_opt_t schema[] = {
	CFG_SEC("plain", plain_options, CFGF_NONE),
	CFG_SEC("named", plain_options, CFGF_MULTI | CFGF_TITLE),
	CFG_END(),
};

static cfg_t *cfg;
static struct ini *ini;
static struct buf faults;

static void begin(void)
{
	cfg = cfg_init(schema, CFGF_NONE);
}

static void end(void)
{
	ini = ini_free(ini);
	cfg_free(cfg);
	buf_done(&faults);
}

static void read_text(const char *text)
{
	ck_assert_int_eq(ini_read(scratch_text("x", text), cfg, &ini, &faults),
			 0);
}

static void read_good(const char *text)
{
	read_text(text);
	ck_assert_int_eq(ini_report(ini, &faults), 0);
	ck_assert_uint_eq(faults.len, 0);
}

static const char *plain_text(void)
{
	return cfg_getstr(cfg_getsec(cfg, "plain"), "text");
}

/* A line, and the value of it. */
static const struct value {
	const char *line;
	const char *value;
} values[] = {
	{ "text = a", "a" },
	{ "text=a", "a" },
	{ "\t text \t=\t a \t", "a" },
	{ "text = a b  c", "a b  c" },
	{ "text = a=b", "a=b" },
	{ "text = a # b", "a" },
	{ "text = a ; b", "a" },
	{ "text = a\t#", "a" },
	{ "text = a#b;c", "a#b;c" },
	{ "text =#", "#" },
	{ "text = '", "'" },
	{ "text = \\", "\\" },
	{ "text = a'b\\'c\\\\", "a'b\\'c\\\\" },
	{ "text = \\n", "\\n" },
	{ "text = \"a\"", "\"a\"" },
	{ "text = ${HOME}", "${HOME}" },
	{ "text = $HOME", "$HOME" },
	{ "text = *:80", "*:80" },
	{ "text = {}", "{}" },
	{ "text = a, b", "a, b" },
	{ "text = /* a", "/* a" },
	{ "text = // a", "// a" },
	{ "text = [a]", "[a]" },
	{ "text = +=", "+=" },
	{ "text = include('x')", "include('x')" },
	{ "text = \xc3\xa9", "\xc3\xa9" },
	{ "text = a\r", "a" },
	{ "; text = a", "default" },
	{ "\t# text = a", "default" },
};

START_TEST(value_is_the_line_to_its_end)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "[plain]\n%s\n", values[_i].line);
	read_good(text);
	ck_assert_str_eq(plain_text(), values[_i].value);
}
END_TEST

/* No newline, so that nothing follows the value. */
START_TEST(last_line_may_have_no_end)
{
	read_good("[plain]\ntext = a");
	ck_assert_str_eq(plain_text(), "a");
}
END_TEST

START_TEST(lists_are_split_at_commas)
{
	cfg_t *plain;

	read_good("[plain]\nlist = a b,'c', \\ ,d\t\n");
	plain = cfg_getsec(cfg, "plain");
	ck_assert_uint_eq(cfg_size(plain, "list"), 4);
	ck_assert_str_eq(cfg_getnstr(plain, "list", 0), "a b");
	ck_assert_str_eq(cfg_getnstr(plain, "list", 1), "'c'");
	ck_assert_str_eq(cfg_getnstr(plain, "list", 2), "\\");
	ck_assert_str_eq(cfg_getnstr(plain, "list", 3), "d");
}
END_TEST

START_TEST(names_of_sections_are_plain_text)
{
	read_good("[named a'b\\]\ntext = 1\n[ named\t\"c\" ]\ntext = 2\n");
	ck_assert_uint_eq(cfg_size(cfg, "named"), 2);
	ck_assert_str_eq(cfg_title(cfg_getnsec(cfg, "named", 0)), "a'b\\");
	ck_assert_str_eq(cfg_title(cfg_getnsec(cfg, "named", 1)), "\"c\"");
	ck_assert_str_eq(cfg_getstr(cfg_getnsec(cfg, "named", 1), "text"), "2");
}
END_TEST

START_TEST(lines_are_known)
{
	read_good("#\n[named a]\n\ntext = 1\n[plain]\n[named b]\nlist = 1");
	ck_assert_uint_eq(ini_line(ini, "named", "a", NULL), 2);
	ck_assert_uint_eq(ini_line(ini, "named", "a", "text"), 4);
	ck_assert_uint_eq(ini_line(ini, "named", "a", "list"), 0);
	ck_assert_uint_eq(ini_line(ini, "named", "b", "list"), 7);
	ck_assert_uint_eq(ini_line(ini, "named", "c", NULL), 0);
	ck_assert_uint_eq(ini_line(ini, "plain", NULL, NULL), 5);
	ck_assert_uint_eq(ini_line(ini, "plain", NULL, "other"), 0);
	ck_assert_uint_eq(ini_last_line(ini), 7);
}
END_TEST

/* libConfuse itself has something against a line: with that line's number. */
START_TEST(mistakes_that_the_library_finds_have_their_line)
{
	static cfg_opt_t numbers[] = { CFG_INT("n", 0, CFGF_NONE), CFG_END() };
	static cfg_opt_t sections[] = { CFG_SEC("a", numbers, CFGF_NONE),
					CFG_END() };

	cfg_free(cfg);
	cfg = cfg_init(sections, CFGF_NONE);
	read_text("# 1\n# 2\n[a]\n; 4\nn = x\n");
	ck_assert_int_eq(ini_report(ini, &faults), -EBADMSG);
	scratch_check_faults(scratch_path("x"), &faults,
			     ":5: invalid integer value for option 'n'\n");
}
END_TEST

/* Every line a mistake: the report has an end all the same. */
START_TEST(too_many_mistakes_are_counted)
{
	char text[2 * 1000 + 1];
	size_t lines = 0;

	for (size_t i = 0; i < sizeof(text) - 1; i += 2) {
		text[i] = 'x';
		text[i + 1] = '\n';
	}
	text[sizeof(text) - 1] = '\0';
	read_text(text);
	ck_assert_int_eq(ini_report(ini, &faults), -EBADMSG);

	for (size_t i = 0; i < faults.len; i++)
		lines += faults.data[i] == '\n';
	ck_assert_uint_eq(lines, 101);
	ck_assert_ptr_nonnull(memmem(faults.data, faults.len,
				     "/x: and 900 more mistakes\n", 26));
}
END_TEST

/* --- Files that are not text */

static void refuse(const char *path, int error, const char *words)
{
	struct buf want = { 0 };

	ck_assert_int_eq(ini_read(path, cfg, &ini, &faults), error);
	ck_assert_int_eq(buf_addf(&want, "%s: %s\n", path, words), 0);
	ck_assert_uint_eq(faults.len, want.len);
	ck_assert_mem_eq(faults.data, want.data, want.len);
	buf_done(&want);
}

START_TEST(only_regular_files_are_read)
{
	refuse(scratch_path("not there"), -ENOENT, "No such file or directory");
	buf_clear(&faults);
	refuse(scratch_path("."), -EISDIR, "not a regular file");
	buf_clear(&faults);
	refuse("/dev/zero", -EINVAL, "not a regular file");
}
END_TEST

/* Opening it would wait for somebody to write. */
START_TEST(fifo_does_not_hold_us_up)
{
	const char *path = scratch_path("fifo");

	(void)unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	refuse(path, -EINVAL, "not a regular file");
}
END_TEST

START_TEST(size_has_a_limit)
{
	static char text[INI_SIZE_MAX + 1];
	struct buf none = { 0 };

	memset(text, '\n', sizeof(text));
	refuse(scratch_put("big", text, sizeof(text), 0644), -EFBIG,
	       "larger than 65536 bytes");

	ck_assert_int_eq(
		ini_read(scratch_put("fits", text, sizeof(text) - 1, 0644), cfg,
			 &ini, &none),
		0);
	ck_assert_uint_eq(ini_last_line(ini), INI_SIZE_MAX);
	buf_done(&none);
}
END_TEST

START_TEST(zero_bytes_are_a_mistake)
{
	static const char text[] = "[plain]\ntext = a\0b\n";
	const char *path = scratch_put("zero", text, sizeof(text) - 1, 0644);

	ck_assert_int_eq(ini_read(path, cfg, &ini, &faults), 0);
	ck_assert_int_eq(ini_report(ini, &faults), -EBADMSG);
	scratch_check_faults(path, &faults,
			     ":2: control character 0 in column 9\n");
}
END_TEST

/* --- Any damage: an answer, no crash, no leak, no exit */

static const char main_text[] = "; comment\r\n"
				"[main]\r\n"
				"listen = 127.0.0.1:1, [::1]:2 # more\r\n"
				"source = 127.0.0.1:0\r\n"
				"state = /s/it's\\\n"
				"key_file = /k\n"
				"datagram_size = auto\n"
				"start_wait = 1\n"
				"request_timeout = 1\n"
				"allow_anonymous_network = yes\n"
				"max_clients = 1\n"
				"[ledger]\n"
				"initial_balance = 1\n"
				"coin = \xe2\x82\xbf\n"
				"statement = /t\n"
				"copies = 2\n"
				"accept_gaps = no\n"
				"[backend A]\n"
				"address = 127.0.0.1:3\n"
				"lost = yes\n"
				"[backend B]\n"
				"address = 127.0.0.1:4\n"
				"[backend C]\n"
				"address = 127.0.0.1:5";

static const char backend_text[] = "[backend]\n"
				   "name = A\n"
				   "listen = 127.0.0.1:1\n"
				   "block = /b\n"
				   "key_file = /k\n"
				   "datagram_size = 1200";

/* One of the two readers; 0 or an error, with lines of faults if so. */
static int read_main(const char *path)
{
	struct main_config *c = NULL;
	int r = main_config_read(path, &c, &faults);

	ck_assert_int_eq(r == 0, c != NULL);
	main_config_free(c);
	return r;
}

static int read_backend(const char *path)
{
	struct backend_config *c = NULL;
	int r = backend_config_read(path, &c, &faults);

	ck_assert_int_eq(r == 0, c != NULL);
	backend_config_free(c);
	return r;
}

static const struct subject {
	const char *text;
	size_t len;
	int (*read)(const char *path);
} subjects[] = {
	{ main_text, sizeof(main_text) - 1, read_main },
	{ backend_text, sizeof(backend_text) - 1, read_backend },
};

static void read_damaged(const struct subject *s, const char *text, size_t len)
{
	const char *path = scratch_put("damaged", text, len, 0644);
	int r;

	buf_clear(&faults);
	r = s->read(path);
	ck_assert(r == 0 || r == -EBADMSG);
	ck_assert_int_eq(r == 0, faults.len == 0);
	if (r == 0)
		return;

	/* "FILE:LINE: MESSAGE" and the end of a line. */
	ck_assert_uint_gt(faults.len, strlen(path) + 4);
	ck_assert_mem_eq(faults.data, path, strlen(path));
	ck_assert_int_eq(faults.data[strlen(path)], ':');
	ck_assert_int_eq(faults.data[faults.len - 1], '\n');
}

START_TEST(file_cut_anywhere)
{
	const struct subject *s = &subjects[_i];

	for (size_t len = 0; len <= s->len; len++)
		read_damaged(s, s->text, len);
	/* The last one was not cut. */
	ck_assert_uint_eq(faults.len, 0);
}
END_TEST

START_TEST(any_byte_changed)
{
	static const char others[] = "\0\n\r\t =[]{}#;'\"\\,${*/\x80\xff";
	const struct subject *s = &subjects[_i];
	char text[sizeof(main_text)];

	memcpy(text, s->text, s->len);
	for (size_t i = 0; i < s->len; i++) {
		for (size_t j = 0; j < sizeof(others) - 1; j++) {
			text[i] = others[j];
			read_damaged(s, text, s->len);
		}
		for (unsigned int bit = 0; bit < 8; bit++) {
			text[i] = (char)(s->text[i] ^ (1 << bit));
			read_damaged(s, text, s->len);
		}
		text[i] = s->text[i];
	}
}
END_TEST

UNIT_SUITE(test_sys_ini)
{
	Suite *s = suite_create("sys/ini");
	TCase *t = tcase_create("ini");
	TCase *damage = tcase_create("damage");

	scratch_use(t);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, value_is_the_line_to_its_end, 0,
			    ELEMENTS(values));
	tcase_add_test(t, last_line_may_have_no_end);
	tcase_add_test(t, lists_are_split_at_commas);
	tcase_add_test(t, names_of_sections_are_plain_text);
	tcase_add_test(t, lines_are_known);
	tcase_add_test(t, mistakes_that_the_library_finds_have_their_line);
	tcase_add_test(t, too_many_mistakes_are_counted);
	tcase_add_test(t, only_regular_files_are_read);
	tcase_add_test(t, fifo_does_not_hold_us_up);
	tcase_add_test(t, size_has_a_limit);
	tcase_add_test(t, zero_bytes_are_a_mistake);
	suite_add_tcase(s, t);

	scratch_use(damage);
	tcase_set_timeout(damage, DAMAGE_TIMEOUT);
	tcase_add_loop_test(damage, file_cut_anywhere, 0, ELEMENTS(subjects));
	tcase_add_loop_test(damage, any_byte_changed, 0, ELEMENTS(subjects));
	suite_add_tcase(s, damage);
	return s;
}
