/* SPDX-License-Identifier: MIT */
/*
 * A configuration file of arbitrary bytes, read as that of each daemon.  Either
 * every mistake is named with a line of the file, or the settings are what a
 * second, simpler reading of the file finds there, taken literally: nothing of
 * libConfuse's own syntax shines through, and nothing of the environment.
 *
 * The input is the file.  It is kept in memory, and nowhere else.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/backend_config.h"
#include "sys/config_checks.h"
#include "sys/main_config.h"
#include "util/buf.h"
#include "util/slice.h"
#include "util/timestamp.h"

#include "fuzz.h"

/* In the environment; libConfuse would put it in the place of ${X}. */
#define SECRET "an-expanded-variable"

/* One "key = value", as a person reads it. */
struct setting {
	struct slice section; /* "main", "backend A" */
	struct slice key;     /* empty: the header of the section */
	struct slice value;
};

struct settings {
	struct setting *setting;
	size_t count;
	size_t lines;
};

static struct slice text_of(const struct buf *b)
{
	return (struct slice){ (const char *)b->data, b->len };
}

/* The second reading; only what a file without mistakes can have. */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice trim(struct slice s)
{
	for (; s.len > 0 && is_blank(s.p[0]); s.len--)
		s.p++;
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

static struct slice without_comment(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((i == 0 || is_blank(s.p[i - 1])) &&
		    (s.p[i] == '#' || s.p[i] == ';'))
			s.len = i;
	return trim(s);
}

/* What stands before @c; @rest goes behind it, or to its end. */
static struct slice take_until(struct slice *rest, char c)
{
	const char *at = rest->len > 0 ? memchr(rest->p, c, rest->len) : NULL;
	struct slice head = *rest;

	if (at)
		head.len = (size_t)(at - rest->p);
	rest->p += at ? head.len + 1 : head.len;
	rest->len -= at ? head.len + 1 : head.len;
	return head;
}

static void add(struct settings *s, struct setting setting)
{
	s->setting =
		reallocarray(s->setting, s->count + 1, sizeof(*s->setting));
	fuzz_check(s->setting);
	s->setting[s->count++] = setting;
}

static void read_again(struct slice text, struct settings *ret)
{
	struct slice section = { "", 0 };
	struct slice line;
	struct slice key;

	*ret = (struct settings){ 0 };
	while (text.len > 0) {
		line = take_until(&text, '\n');
		ret->lines++;
		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		line = without_comment(line);
		if (line.len == 0)
			continue;
		if (line.p[0] == '[') {
			section = trim((struct slice){
				line.p + 1, line.len > 1 ? line.len - 2 : 0 });
			add(ret, (struct setting){ .section = section });
			continue;
		}
		key = trim(take_until(&line, '='));
		add(ret, (struct setting){ section, key, trim(line) });
	}
	if (ret->lines == 0)
		ret->lines = 1;
}

/* "backend A" however many blanks there are. */
static bool is_section(struct slice section, const char *name,
		       const char *title)
{
	struct slice rest = section;
	struct slice word = { rest.p, 0 };

	while (word.len < rest.len && !is_blank(rest.p[word.len]))
		word.len++;
	rest = trim((struct slice){ rest.p + word.len, rest.len - word.len });
	return slice_equal(word, slice_of(name)) &&
	       slice_equal(rest, slice_of(title ? title : ""));
}

/* The value given; NULL if it was not. */
static const struct slice *find(const struct settings *s, const char *name,
				const char *title, const char *key)
{
	for (size_t i = 0; i < s->count; i++)
		if (is_section(s->setting[i].section, name, title) &&
		    slice_equal(s->setting[i].key, slice_of(key)))
			return &s->setting[i].value;
	return NULL;
}

/* What the settings must be, given the value in the file or NULL. */

static void check_string(const char *found, const struct slice *given,
			 const char *otherwise)
{
	if (given)
		fuzz_check(found && slice_equal(slice_of(found), *given));
	else if (otherwise)
		fuzz_check(found && strcmp(found, otherwise) == 0);
	else
		fuzz_check(!found);
}

static void check_path(const char *found, const struct slice *given)
{
	check_string(found, given, NULL);
	fuzz_check(!found || *found == '/');
}

static void check_number(uint64_t found, const struct slice *given,
			 uint64_t otherwise, uint64_t min, uint64_t max)
{
	struct buf text = { 0 };

	fuzz_check(found >= min && found <= max);
	if (!given) {
		fuzz_check(found == otherwise);
		return;
	}
	fuzz_check(buf_addf(&text, "%llu", (unsigned long long)found) == 0);
	fuzz_check(slice_equal(text_of(&text), *given));
	buf_done(&text);
}

static void check_boolean(bool found, const struct slice *given)
{
	fuzz_check(!given || slice_equal(*given, slice_of("yes")) ||
		   slice_equal(*given, slice_of("no")));
	fuzz_check(found == (given && slice_equal(*given, slice_of("yes"))));
}

static void check_address(const struct address *found,
			  const struct slice *given, const char *otherwise)
{
	struct address expected;

	fuzz_check(given || otherwise);
	fuzz_check(address_parse(given ? *given : slice_of(otherwise),
				 &expected) == 0);
	fuzz_check(address_equal(found, &expected));
}

static void check_datagram_size(uint32_t found, const struct slice *given)
{
	if (!given || slice_equal(*given, slice_of("auto")))
		fuzz_check(found == 0);
	else
		check_number(found, given, 0, 1200, 65507);
}

static void check_seconds(int64_t found, const struct slice *given,
			  uint64_t otherwise, uint64_t min)
{
	fuzz_check(found % USEC_PER_SEC == 0);
	check_number((uint64_t)(found / USEC_PER_SEC), given, otherwise, min,
		     3600);
}

static void check_listen(const struct main_config *c, const struct slice *given)
{
	struct slice rest;
	struct slice item;

	fuzz_check(given && c->listens <= CONFIG_LISTEN_MAX);
	rest = *given;
	for (size_t i = 0; i < c->listens; i++) {
		fuzz_check(rest.len > 0);
		item = trim(take_until(&rest, ','));
		check_address(&c->listen[i], &item, NULL);
		fuzz_check(address_is_loopback(&c->listen[i]) ||
			   c->allow_anonymous_network);
		for (size_t j = 0; j < i; j++)
			fuzz_check(
				address_port(&c->listen[i]) == 0 ||
				!address_equal(&c->listen[i], &c->listen[j]));
	}
	fuzz_check(rest.len == 0);
}

static void check_main_section(const struct main_config *c,
			       const struct settings *s)
{
	check_listen(c, find(s, "main", NULL, "listen"));
	check_address(&c->source, find(s, "main", NULL, "source"),
		      "127.0.0.1:0");
	fuzz_check(c->state);
	check_path(c->state, find(s, "main", NULL, "state"));
	check_path(c->key_file, find(s, "main", NULL, "key_file"));
	check_datagram_size(c->datagram_size,
			    find(s, "main", NULL, "datagram_size"));
	check_seconds(c->start_wait, find(s, "main", NULL, "start_wait"), 10,
		      0);
	check_seconds(c->request_timeout,
		      find(s, "main", NULL, "request_timeout"), 5, 1);
	check_boolean(c->allow_anonymous_network,
		      find(s, "main", NULL, "allow_anonymous_network"));
	check_number(c->max_clients, find(s, "main", NULL, "max_clients"), 4096,
		     1, 100000);
}

static void check_ledger_section(const struct main_config *c,
				 const struct settings *s)
{
	check_number(c->initial_balance,
		     find(s, "ledger", NULL, "initial_balance"), 1000, 0,
		     UINT64_C(1000000000000000));
	check_string(c->coin, find(s, "ledger", NULL, "coin"), "alicoins");
	fuzz_check(c->statement);
	check_path(c->statement, find(s, "ledger", NULL, "statement"));
	check_number(c->copies, find(s, "ledger", NULL, "copies"), 1, 1,
		     CONFIG_COPIES_MAX);
	check_boolean(c->accept_gaps, find(s, "ledger", NULL, "accept_gaps"));
}

static void check_backend_section(const struct main_config *c, size_t i,
				  const struct settings *s)
{
	const struct main_config_backend *b = &c->backend[i];

	fuzz_check(find(s, "backend", b->name, ""));
	fuzz_check(config_is_block_name(slice_of(b->name)));
	check_address(&b->address, find(s, "backend", b->name, "address"),
		      NULL);
	check_boolean(b->lost, find(s, "backend", b->name, "lost"));
	fuzz_check(address_port(&b->address) > 0);
	fuzz_check(address_is_loopback(&b->address) || c->key_file);
	for (size_t j = 0; j < i; j++) {
		fuzz_check(strcmp(b->name, c->backend[j].name) != 0);
		fuzz_check(!address_equal(&b->address, &c->backend[j].address));
	}
}

static void check_main(const struct main_config *c, const struct settings *s)
{
	size_t headers = 0;
	uint32_t lost = 0;

	check_main_section(c, s);
	check_ledger_section(c, s);
	for (size_t i = 0; i < s->count; i++)
		headers += s->setting[i].key.len == 0;
	/* [main], [ledger], and these. */
	fuzz_check(c->backends == headers - 2);
	fuzz_check(c->backends >= 1 && c->backends <= CONFIG_BACKENDS_MAX);
	for (size_t i = 0; i < c->backends; i++) {
		check_backend_section(c, i, s);
		lost += c->backend[i].lost;
	}
	fuzz_check(lost < c->copies && lost < c->backends);
}

static void check_backend(const struct backend_config *c,
			  const struct settings *s)
{
	fuzz_check(c->name && config_is_block_name(slice_of(c->name)));
	check_string(c->name, find(s, "backend", NULL, "name"), NULL);
	check_address(&c->listen, find(s, "backend", NULL, "listen"), NULL);
	fuzz_check(address_is_loopback(&c->listen) || c->key_file);
	fuzz_check(c->block);
	check_path(c->block, find(s, "backend", NULL, "block"));
	check_path(c->key_file, find(s, "backend", NULL, "key_file"));
	check_datagram_size(c->datagram_size,
			    find(s, "backend", NULL, "datagram_size"));
}

/* Mistakes: "file:line: message", by rising lines of the file. */

static bool has_text(struct slice s, const char *text)
{
	return s.len > 0 && memmem(s.p, s.len, text, strlen(text)) != NULL;
}

static void check_fault(struct slice line, const char *path,
			const struct settings *s, unsigned long *before)
{
	unsigned long number;
	char *end;

	fuzz_check(line.len > strlen(path) &&
		   memcmp(line.p, path, strlen(path)) == 0);
	line.p += strlen(path);
	if (memcmp(line.p, ": and ", strlen(": and ")) == 0)
		return;
	fuzz_check(line.p[0] == ':');
	number = strtoul(line.p + 1, &end, 10);
	fuzz_check(end[0] == ':' && end[1] == ' ' && end[2] != '\n');
	fuzz_check(number >= 1 && number <= s->lines && number >= *before);
	*before = number;
}

static void check_faults(struct slice faults, const char *path,
			 const struct settings *s)
{
	unsigned long before = 1;

	fuzz_check(faults.len > 0 && faults.p[faults.len - 1] == '\n');
	for (size_t i = 0; i < faults.len; i++)
		fuzz_check((unsigned char)faults.p[i] >= ' ' ||
			   faults.p[i] == '\n' || faults.p[i] == '\t');
	while (faults.len > 0)
		check_fault(take_until(&faults, '\n'), path, s, &before);
}

static void check_outcome(int r, const struct buf *faults, const char *path,
			  const struct settings *s)
{
	fuzz_check(r == 0 || r == -EBADMSG);
	if (r < 0)
		check_faults(text_of(faults), path, s);
	else
		fuzz_check(faults->len == 0);
}

static void try_main(const char *path, const struct settings *s, bool secret)
{
	struct main_config *c = NULL;
	struct buf faults = { 0 };
	int r;

	r = main_config_read(path, &c, &faults);
	fuzz_check((r == 0) == (c != NULL));
	check_outcome(r, &faults, path, s);
	fuzz_check(secret || !has_text(text_of(&faults), SECRET));
	if (c)
		check_main(c, s);
	(void)main_config_free(c);
	buf_done(&faults);
}

static void try_backend(const char *path, const struct settings *s, bool secret)
{
	struct backend_config *c = NULL;
	struct buf faults = { 0 };
	int r;

	r = backend_config_read(path, &c, &faults);
	fuzz_check((r == 0) == (c != NULL));
	check_outcome(r, &faults, path, s);
	fuzz_check(secret || !has_text(text_of(&faults), SECRET));
	if (c)
		check_backend(c, s);
	(void)backend_config_free(c);
	buf_done(&faults);
}

/* A file in memory with @text; its path. */
static const char *put_file(struct slice text)
{
	static char path[sizeof("/proc/self/fd/2147483647")];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz_config", MFD_CLOEXEC);
		fuzz_check(fd >= 0);
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		fuzz_check(setenv("X", SECRET, 1) == 0);
		fuzz_check(unsetenv("CREDENTIALS_DIRECTORY") == 0);
	}
	fuzz_check(ftruncate(fd, 0) == 0);
	fuzz_check(pwrite(fd, text.p, text.len, 0) == (ssize_t)text.len);
	return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = { (const char *)data, size };
	struct settings s;
	const char *path;
	bool secret;

	if (size > INI_SIZE_MAX)
		return 0;
	path = put_file(text);
	secret = has_text(text, SECRET);
	read_again(text, &s);
	try_main(path, &s, secret);
	try_backend(path, &s, secret);
	free(s.setting);
	return 0;
}
