/* SPDX-License-Identifier: MIT */
/*
 * The manual of the configuration files against the schemas: every section and
 * key has its entry and an example, no entry is about a key that there is not,
 * and the examples are files without a mistake.
 */
#include "config.h"

#include <string.h>

#include "sys/backend_config.h"
#include "sys/config_checks.h"
#include "sys/main_config.h"

#include "test_sys_scratch.h"
#include "unit.h"

UNIT_SUITE(test_sys_manual);

static int read_main(const char *path, struct buf *faults)
{
	_cleanup_(main_config_freep) struct main_config *c = NULL;

	return main_config_read(path, &c, faults);
}

static int read_backend(const char *path, struct buf *faults)
{
	_cleanup_(backend_config_freep) struct backend_config *c = NULL;

	return backend_config_read(path, &c, faults);
}

static const struct page {
	const char *name;
	cfg_opt_t *(*schema)(void);
	int (*read)(const char *path, struct buf *faults);
} pages[] = {
	{ "man/chain-main.conf.5", main_config_schema, read_main },
	{ "man/chain-backend.conf.5", backend_config_schema, read_backend },
};

/* The text of the entry for @key between the two, to free; NULL: none. */
static char *find_entry(const char *from, const char *to, const char *key)
{
	char line[64];
	const char *end;
	const char *p;

	(void)snprintf(line, sizeof(line), "\n.It Ic %s\n", key);
	p = strstr(from, line);
	if (!p || p >= to)
		return NULL;
	p += strlen(line);
	end = strstr(p, "\n.It ");
	if (!end || end > to)
		end = to;
	return strndup(p, (size_t)(end - p));
}

/* From the heading of the section to that of the next. */
static const char *find_part(const char *text, const char *section,
			     const char **ret_end)
{
	char heading[64];
	const char *start;
	const char *end;

	(void)snprintf(heading, sizeof(heading), "\n.Ss Section \\&[%s",
		       section);
	start = strstr(text, heading);
	ck_assert_msg(start != NULL, "no heading for [%s]", section);
	end = strstr(start + 1, "\n.Ss ");
	*ret_end = end ? end : strstr(start, "\n.Sh ");
	ck_assert_ptr_nonnull(*ret_end);
	return start;
}

/* The default as the manual says it; nothing for what has none. */
static void write_default(const cfg_opt_t *key, char *out, size_t size)
{
	*out = '\0';
	if (key->type == CFGT_INT)
		(void)snprintf(out, size, "by default %ld.", key->def.number);
	else if (key->type == CFGT_BOOL)
		(void)snprintf(out, size, "by default\n.Li %s ",
			       key->def.boolean ? "yes" : "no");
	else if (key->def.string)
		(void)snprintf(out, size, "by default\n.Li %s ",
			       key->def.string);
}

/* The range as the reader itself says it, when it gets no number. */
static void write_range(const struct page *page, const char *section,
			const char *key, char *out, size_t size)
{
	struct buf faults = { 0 };
	char text[128];
	const char *start;

	(void)snprintf(text, sizeof(text), "[%s]\n%s = x\n", section, key);
	ck_assert_int_eq(page->read(scratch_text("range", text), &faults),
			 -EBADMSG);
	ck_assert_int_eq(buf_add(&faults, "", 1), 0);
	start = strstr((char *)faults.data, "a plain number from ");
	ck_assert_ptr_nonnull(start);
	start += strlen("a plain number ");
	(void)snprintf(out, size, "%.*s", (int)strcspn(start, ","), start);
	buf_done(&faults);
}

static void check_entry(const struct page *page, const char *section,
			const cfg_opt_t *key, const char *entry)
{
	char words[64];

	ck_assert_msg(entry != NULL, "no entry for '%s' in [%s]", key->name,
		      section);
	write_default(key, words, sizeof(words));
	ck_assert_msg(strstr(entry, words) != NULL, "'%s': not \"%s\"",
		      key->name, words);
	if (key->type != CFGT_INT)
		return;

	write_range(page, section, key->name, words, sizeof(words));
	ck_assert_msg(strstr(entry, words) != NULL, "'%s': not \"%s\"",
		      key->name, words);
}

START_TEST(every_key_has_an_entry_with_default_and_range)
{
	const cfg_opt_t *section;
	const cfg_opt_t *key;
	const char *part;
	const char *end;
	char *entry;
	size_t len;
	char *text;

	text = scratch_source(pages[_i].name, &len);
	for (section = pages[_i].schema(); section->name; section++) {
		part = find_part(text, section->name, &end);
		for (key = section->subopts; key->name; key++) {
			entry = find_entry(part, end, key->name);
			check_entry(&pages[_i], section->name, key, entry);
			free(entry);
		}
	}
	free(text);
}
END_TEST

static bool is_key(const cfg_opt_t *section, const char *name, size_t len)
{
	const cfg_opt_t *key;

	for (; section->name; section++)
		for (key = section->subopts; key->name; key++)
			if (strlen(key->name) == len &&
			    memcmp(key->name, name, len) == 0)
				return true;
	return false;
}

START_TEST(every_entry_is_about_a_key)
{
	static const char entry[] = "\n.It Ic ";
	size_t found = 0;
	size_t len;
	char *text;
	const char *p;

	text = scratch_source(pages[_i].name, &len);
	for (p = text; (p = strstr(p, entry)); found++) {
		p += strlen(entry);
		len = strcspn(p, " \n");
		ck_assert_msg(is_key(pages[_i].schema(), p, len),
			      "there is no '%.*s'", (int)len, p);
	}
	ck_assert_uint_gt(found, 0);
	free(text);
}
END_TEST

/* The next example behind *@at, which is moved on; NULL: none. */
static char *next_example(const char **at)
{
	static const char begin[] = "\n.Bd -literal -offset indent\n";
	const char *start = strstr(*at, begin);
	const char *end;

	if (!start)
		return NULL;
	start += strlen(begin);
	end = strstr(start, "\n.Ed");
	ck_assert_ptr_nonnull(end);
	*at = end;
	return strndup(start, (size_t)(end - start));
}

START_TEST(examples_have_no_mistake)
{
	struct buf faults = { 0 };
	size_t found = 0;
	const char *at;
	char *example;
	char *text;
	size_t len;
	int r;

	text = scratch_source(pages[_i].name, &len);
	for (at = text; (example = next_example(&at)); found++) {
		r = pages[_i].read(scratch_text("example", example), &faults);
		ck_assert_msg(r == 0, "%.*s", (int)faults.len,
			      (char *)faults.data);
		free(example);
	}
	ck_assert_uint_ge(found, 2);
	free(text);
}
END_TEST

START_TEST(every_key_has_an_example)
{
	const cfg_opt_t *section = pages[_i].schema();
	const cfg_opt_t *key;
	const char *examples;
	char line[64];
	char *text;
	size_t len;

	text = scratch_source(pages[_i].name, &len);
	examples = strstr(text, "\n.Sh EXAMPLES");
	ck_assert_ptr_nonnull(examples);
	for (; section->name; section++)
		for (key = section->subopts; key->name; key++) {
			(void)snprintf(line, sizeof(line),
				       "\n%s = ", key->name);
			ck_assert_msg(strstr(examples, line) != NULL,
				      "no example of '%s'", key->name);
		}
	free(text);
}
END_TEST

UNIT_SUITE(test_sys_manual)
{
	Suite *s = suite_create("sys/manual");
	TCase *t = tcase_create("manual");

	scratch_use(t);
	tcase_add_loop_test(t, every_key_has_an_entry_with_default_and_range, 0,
			    ELEMENTS(pages));
	tcase_add_loop_test(t, every_entry_is_about_a_key, 0, ELEMENTS(pages));
	tcase_add_loop_test(t, examples_have_no_mistake, 0, ELEMENTS(pages));
	tcase_add_loop_test(t, every_key_has_an_example, 0, ELEMENTS(pages));
	suite_add_tcase(s, t);
	return s;
}
