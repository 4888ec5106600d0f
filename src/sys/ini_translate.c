/* SPDX-License-Identifier: MIT */
/*
 * INI text to libConfuse's syntax.  libConfuse would take the last of two equal
 * keys, expand ${X} and count comments as lines: so it is given each value
 * between single quotes, each comment as nothing, and each line that has a
 * mistake as an empty one.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "util/percent.h"
#include "sys/ini_internal.h"

#define fault_here(ini, ...) ini_fault(ini, (ini)->line, __VA_ARGS__)

/* --- Slices of a line */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	while (s.len > 0 && is_blank(*s.p)) {
		s.p++;
		s.len--;
	}
	return s;
}

/* Cut a comment off: from '#' or ';' at the start or behind white space. */
static struct slice uncomment(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] == '#' || s.p[i] == ';') &&
		    (i == 0 || is_blank(s.p[i - 1])))
			return (struct slice){ s.p, i };
	return s;
}

/* What stands before the first @c, and behind it.  False if there is none. */
static bool split_at(struct slice s, char c, struct slice *ret_before,
		     struct slice *ret_behind)
{
	const char *at = s.len > 0 ? memchr(s.p, c, s.len) : NULL;
	size_t len;

	if (!at)
		return false;
	len = (size_t)(at - s.p);
	*ret_before = (struct slice){ s.p, len };
	*ret_behind = (struct slice){ at + 1, s.len - len - 1 };
	return true;
}

/* Take the first word off @s. */
static struct slice take_word(struct slice *s)
{
	struct slice word = { s->p, 0 };

	while (word.len < s->len && !is_blank(s->p[word.len]))
		word.len++;
	s->p += word.len;
	s->len -= word.len;
	*s = trim(*s);
	return word;
}

/* --- What libConfuse gets to read */

static void emit(struct ini *ini, struct slice s)
{
	if (ini->error == 0)
		ini->error = buf_add(&ini->translated, s.p, s.len);
}

static void emit_text(struct ini *ini, const char *text)
{
	emit(ini, slice_of(text));
}

/* Between single quotes nothing but ' and \ has a meaning. */
static void emit_quoted(struct ini *ini, struct slice s)
{
	emit_text(ini, "'");
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\'' || s.p[i] == '\\')
			emit_text(ini, "\\");
		emit(ini, (struct slice){ s.p + i, 1 });
	}
	emit_text(ini, "'");
}

static void close_section(struct ini *ini)
{
	if (ini->brace)
		emit_text(ini, "}");
	ini->brace = false;
}

static void open_section(struct ini *ini, const struct ini_section *s)
{
	emit(ini, s->name);
	if (s->title.len > 0) {
		emit_text(ini, " ");
		emit_quoted(ini, s->title);
	}
	emit_text(ini, " {");
	ini->brace = true;
}

/* --- Sections */

/* "[main], [ledger] or [backend NAME]" is what could stand here. */
static void fault_unknown_section(struct ini *ini, const cfg_opt_t *opts,
				  struct slice name)
{
	_cleanup_(buf_done) struct buf known = { 0 };

	for (; opts->name && ini->error == 0; opts++)
		ini->error = buf_addf(&known, "%s[%s%s]",
				      known.len > 0 ? ", " : "", opts->name,
				      opts->flags & CFGF_TITLE ? " NAME" : "");

	fault_here(ini, "unknown section [%.*s], expected one of %.*s",
		   SLICE_ARG(name), (int)known.len, (const char *)known.data);
}

static struct ini_section *add_section(struct ini *ini, struct ini_section s)
{
	struct ini_section *grown;

	grown = reallocarray(ini->section, ini->sections + 1, sizeof(*grown));
	if (!grown) {
		ini->error = -ENOMEM;
		return NULL;
	}
	ini->section = grown;
	grown[ini->sections] = s;
	return &grown[ini->sections++];
}

/* A section that the schema has; it may have been given before. */
static void begin_section(struct ini *ini, const cfg_opt_t *schema,
			  struct slice name, struct slice title)
{
	const struct ini_section *before = ini_find_section(ini, name, title);
	struct ini_section s = { .name = name,
				 .title = title,
				 .schema = schema,
				 .line = ini->line,
				 .again = before != NULL };

	if (before)
		fault_here(ini, "[%.*s%s%.*s] already given on line %u",
			   SLICE_ARG(name), title.len > 0 ? " " : "",
			   SLICE_ARG(title), before->line);
	else
		open_section(ini, &s);

	ini->current = add_section(ini, s);
	ini->skipping = false;
}

/* The text between the brackets: one word, or two. */
static bool split_header(struct slice line, struct slice *ret_name,
			 struct slice *ret_title)
{
	struct slice inside = { line.p + 1, line.len - 2 };

	if (line.len < 2 || line.p[line.len - 1] != ']' ||
	    memchr(inside.p, '[', inside.len) ||
	    memchr(inside.p, ']', inside.len))
		return false;

	inside = trim(inside);
	*ret_name = take_word(&inside);
	*ret_title = take_word(&inside);
	return ret_name->len > 0 && inside.len == 0;
}

static void translate_header(struct ini *ini, const cfg_t *cfg,
			     struct slice line)
{
	const cfg_opt_t *schema;
	struct slice title;
	struct slice name;

	close_section(ini);
	ini->current = NULL;
	ini->skipping = true;

	if (!split_header(line, &name, &title)) {
		fault_here(ini, "expected [section] or [section NAME]");
		return;
	}
	schema = ini_find_option(cfg->opts, name);
	if (!schema) {
		fault_unknown_section(ini, cfg->opts, name);
		return;
	}
	if (schema->flags & CFGF_TITLE && title.len == 0) {
		fault_here(ini, "expected a name: [%s NAME]", schema->name);
		return;
	}
	if (!(schema->flags & CFGF_TITLE) && title.len > 0) {
		fault_here(ini, "expected [%s] without a name", schema->name);
		return;
	}
	begin_section(ini, schema, name, title);
}

/* --- Keys */

static void fault_unknown_key(struct ini *ini, const cfg_opt_t *schema,
			      struct slice key)
{
	_cleanup_(buf_done) struct buf known = { 0 };
	const cfg_opt_t *o;

	for (o = schema->subopts; o->name && ini->error == 0; o++)
		ini->error = buf_addf(&known, "%s%s", known.len > 0 ? ", " : "",
				      o->name);

	fault_here(ini, "unknown key '%.*s' in [%s], expected one of %.*s",
		   SLICE_ARG(key), schema->name, (int)known.len,
		   (const char *)known.data);
}

/* "key = {'first', 'second'}".  False if an item is empty. */
static bool emit_list(struct ini *ini, struct slice value)
{
	struct slice item = value;
	struct slice rest = value;
	bool more = true;

	emit_text(ini, "{");
	while (more) {
		more = split_at(rest, ',', &item, &rest);
		item = trim(more ? item : rest);
		if (item.len == 0)
			return false;
		emit_quoted(ini, item);
		if (more)
			emit_text(ini, ", ");
	}
	emit_text(ini, "}");
	return true;
}

static void emit_assignment(struct ini *ini, const cfg_opt_t *option,
			    struct slice value)
{
	size_t before = ini->translated.len;

	emit_text(ini, option->name);
	emit_text(ini, " = ");
	if (!(option->flags & CFGF_LIST)) {
		emit_quoted(ini, value);
		return;
	}
	if (!emit_list(ini, value)) {
		fault_here(ini,
			   "'%s' has an empty item, expected values with"
			   " commas between them",
			   option->name);
		ini->translated.len = before;
	}
}

/* The key of a section that is known. */
static void translate_known(struct ini *ini, struct slice key,
			    struct slice value)
{
	struct ini_section *s = ini->current;
	const cfg_opt_t *option = ini_find_option(s->schema->subopts, key);
	unsigned int *line;

	if (!option) {
		fault_unknown_key(ini, s->schema, key);
		return;
	}
	assert(option - s->schema->subopts < INI_KEYS_MAX);
	line = &s->key_line[option - s->schema->subopts];
	if (*line) {
		fault_here(ini, "'%s' already given on line %u", option->name,
			   *line);
		return;
	}
	*line = ini->line;

	if (value.len == 0)
		fault_here(ini, "'%s' has no value, expected '%s = value'",
			   option->name, option->name);
	else if (!s->again)
		emit_assignment(ini, option, value);
}

static void translate_assignment(struct ini *ini, struct slice line)
{
	struct slice value;
	struct slice key;

	if (!split_at(line, '=', &key, &value) || trim(key).len == 0) {
		fault_here(ini, "expected 'key = value' or [section]");
		return;
	}
	key = trim(key);

	if (ini->current)
		translate_known(ini, key, trim(value));
	else if (!ini->skipping)
		fault_here(ini, "'%.*s' stands before the first [section]",
			   SLICE_ARG(key));
}

/* --- Lines */

/* Text that an editor shows as it is? */
static bool check_text(struct ini *ini, struct slice line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f) {
			fault_here(ini, "control character %u in column %zu", c,
				   i + 1);
			return false;
		}
	}
	if (!utf8_valid(line)) {
		fault_here(ini, "not valid UTF-8");
		return false;
	}
	return true;
}

static void translate_line(struct ini *ini, const cfg_t *cfg, struct slice line)
{
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	if (!check_text(ini, line))
		return;

	line = trim(uncomment(line));
	if (line.len == 0)
		return;
	if (*line.p == '[')
		translate_header(ini, cfg, line);
	else
		translate_assignment(ini, line);
}

/* Every line to one line, so that libConfuse counts them as we do. */
int ini_translate(struct ini *ini, const cfg_t *cfg)
{
	struct slice rest = { (const char *)ini->text.data, ini->text.len };
	struct slice line;

	ini->line = 1;
	while (split_at(rest, '\n', &line, &rest)) {
		translate_line(ini, cfg, line);
		emit_text(ini, "\n");
		ini->line++;
	}
	if (rest.len > 0)
		translate_line(ini, cfg, rest);
	else if (ini->line > 1)
		ini->line--;

	close_section(ini);
	emit_text(ini, "\n");
	return ini->error;
}
