/* SPDX-License-Identifier: MIT */
/*
 * Drop-ins for the units, from what the configuration files say.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/address.h"
#include "sys/backend_config.h"
#include "sys/main_config.h"
#include "util/slice.h"

#include "generator/generator.h"

#define ADDRESSES_DROP_IN "50-addresses.conf"
#define BACKENDS_DROP_IN "50-backends.conf"
#define BACKEND_PREFIX "backend-"
#define BACKEND_SUFFIX ".conf"

/* What both kinds of files come to. */
struct sockets {
	const char *config; /* the path of the file */
	const char *listen; /* the key of systemd.socket(5) */
	const struct address *address;
	size_t count;
};

static int say_error(struct buf *faults, const char *path, int error)
{
	int r = buf_addf(faults, "%s: %s\n", path, strerror(-error));

	return r < 0 ? r : error;
}

/* --- Writing */

/* "%" begins a specifier in a unit. */
static int put_path(struct buf *out, const char *path)
{
	int r = 0;

	for (; r == 0 && *path; path++)
		r = buf_addf(out, *path == '%' ? "%%%%" : "%c", *path);
	return r;
}

static int put_head(struct buf *out)
{
	return buf_addf(out, "# Made by chain-generator(8).\n[Unit]\n");
}

/* SourcePath= makes systemctl tell of a file that has changed since. */
static int put_sockets(const struct sockets *s, struct buf *out)
{
	char text[ADDRESS_TEXT_SIZE];
	int r;

	r = put_head(out);
	if (r == 0)
		r = buf_addf(out, "SourcePath=");
	if (r == 0)
		r = put_path(out, s->config);
	if (r == 0)
		r = buf_addf(out, "\n\n[Socket]\n");
	for (size_t i = 0; r == 0 && i < s->count; i++) {
		address_format(&s->address[i], text);
		r = buf_addf(out, "%s=%s\n", s->listen, text);
	}
	return r;
}

static int write_file(const char *path, const struct buf *text)
{
	_cleanup_(fclosep) FILE *f = NULL;

	f = fopen(path, "wxe");
	if (!f)
		return -errno;
	if (fwrite(text->data, 1, text->len, f) != text->len || fflush(f) != 0)
		return errno ? -errno : -EIO;
	return 0;
}

static int path_in(const char *dir, const char *file, char out[PATH_MAX],
		   struct buf *faults)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", dir, file);

	if (n < 0 || n >= PATH_MAX)
		return say_error(faults, dir, -ENAMETOOLONG);
	return 0;
}

/* @unit_dir/@drop_in_dir/@name */
static int write_drop_in(const char *unit_dir, const char *drop_in_dir,
			 const char *name, const struct buf *text,
			 struct buf *faults)
{
	char path[PATH_MAX];
	char dir[PATH_MAX];
	int r;

	r = path_in(unit_dir, drop_in_dir, dir, faults);
	if (r == 0)
		r = path_in(dir, name, path, faults);
	if (r < 0)
		return r;

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return say_error(faults, dir, -errno);
	r = write_file(path, text);
	return r < 0 ? say_error(faults, path, r) : 0;
}

/* A port that is another one each time cannot be had from the manager. */
static bool is_fixed(const struct sockets *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (address_port(&s->address[i]) == 0)
			return false;
	return true;
}

static int write_sockets(const struct sockets *s, const char *unit_dir,
			 const char *drop_in_dir, struct buf *faults)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	int r;

	if (!is_fixed(s))
		return 0;
	r = put_sockets(s, &text);
	if (r < 0)
		return r;
	return write_drop_in(unit_dir, drop_in_dir, ADDRESSES_DROP_IN, &text,
			     faults);
}

/* --- Reading */

/* 1: there is such a file. */
static int is_there(const char *path, struct buf *faults)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return 1;
	return errno == ENOENT ? 0 : say_error(faults, path, -errno);
}

/* Does the file of @b say that it is on this host?  Its mistakes come later. */
static bool is_local(const char *config_dir,
		     const struct main_config_backend *b)
{
	_cleanup_(backend_config_freep) struct backend_config *c = NULL;
	_cleanup_(buf_done) struct buf ignored = { 0 };
	char path[PATH_MAX];
	int n;

	n = snprintf(path, sizeof(path),
		     "%s/" BACKEND_PREFIX "%s" BACKEND_SUFFIX, config_dir,
		     b->name);
	if (n < 0 || n >= (int)sizeof(path) || b->lost)
		return false;
	return backend_config_read(path, &c, &ignored) == 0 &&
	       address_equal(&c->listen, &b->address);
}

static int write_backends(const struct main_config *c, const char *config_dir,
			  const char *unit_dir, struct buf *faults)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	bool any = false;
	int r;

	r = put_head(&text);
	for (size_t i = 0; r == 0 && i < c->backends; i++) {
		if (!is_local(config_dir, &c->backend[i]))
			continue;
		r = buf_addf(&text, "Wants=chain-backend@%s.service\n",
			     c->backend[i].name);
		any = true;
	}
	if (r < 0 || !any)
		return r;
	return write_drop_in(unit_dir, "chain-main.service.d", BACKENDS_DROP_IN,
			     &text, faults);
}

static int do_main(const char *path, const char *config_dir,
		   const char *unit_dir, struct buf *faults)
{
	_cleanup_(main_config_freep) struct main_config *c = NULL;
	struct sockets s = { .config = path, .listen = "ListenStream" };
	int r;

	r = main_config_read(path, &c, faults);
	if (r < 0)
		return r;

	s.address = c->listen;
	s.count = c->listens;
	r = write_sockets(&s, unit_dir, "chain-main.socket.d", faults);
	return r < 0 ? r : write_backends(c, config_dir, unit_dir, faults);
}

/* The unit runs the daemon with the file of the block's name, and no other. */
static int check_name(const struct backend_config *c, const char *path,
		      struct slice name, struct buf *faults)
{
	int r;

	if (slice_equal(slice_of(c->name), name))
		return 0;
	r = buf_addf(faults, "%s: 'name' is %s, expected %.*s as in the file's "
			     "name\n",
		     path, c->name, SLICE_ARG(name));
	return r < 0 ? r : -EBADMSG;
}

static int do_backend(const char *path, struct slice name, const char *unit_dir,
		      struct buf *faults)
{
	_cleanup_(backend_config_freep) struct backend_config *c = NULL;
	struct sockets s = { .config = path, .listen = "ListenDatagram" };
	char unit[NAME_MAX + 1];
	int r;

	r = backend_config_read(path, &c, faults);
	if (r < 0)
		return r;
	r = check_name(c, path, name, faults);
	if (r < 0)
		return r;

	(void)snprintf(unit, sizeof(unit), "chain-backend@%s.socket.d", c->name);
	s.address = &c->listen;
	s.count = 1;
	return write_sockets(&s, unit_dir, unit, faults);
}

/* --- All files */

/* "A" of "backend-A.conf"; empty: it is no backend's file. */
static struct slice backend_of(const char *file)
{
	const size_t affixes = strlen(BACKEND_PREFIX BACKEND_SUFFIX);
	size_t len = strlen(file);

	if (len <= affixes ||
	    strncmp(file, BACKEND_PREFIX, strlen(BACKEND_PREFIX)) != 0 ||
	    strcmp(file + len - strlen(BACKEND_SUFFIX), BACKEND_SUFFIX) != 0)
		return (struct slice){ "", 0 };
	return (struct slice){ file + strlen(BACKEND_PREFIX), len - affixes };
}

static int is_backend(const struct dirent *d)
{
	return backend_of(d->d_name).len > 0;
}

/* The first error is what is told in the end; the rest is tried all the same. */
static void note(int *result, int r)
{
	if (*result == 0)
		*result = r;
}

static int do_main_file(const char *config_dir, const char *unit_dir,
			struct buf *faults)
{
	char path[PATH_MAX];
	int r;

	r = path_in(config_dir, "main.conf", path, faults);
	if (r == 0)
		r = is_there(path, faults);
	return r > 0 ? do_main(path, config_dir, unit_dir, faults) : r;
}

static int do_backend_file(const char *config_dir, const char *file,
			   const char *unit_dir, struct buf *faults)
{
	char path[PATH_MAX];
	int r;

	r = path_in(config_dir, file, path, faults);
	return r == 0 ? do_backend(path, backend_of(file), unit_dir, faults) :
			r;
}

static int do_backends(const char *config_dir, const char *unit_dir,
		       struct buf *faults)
{
	struct dirent **entry;
	int result = 0;
	int n;

	n = scandir(config_dir, &entry, is_backend, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 :
					 say_error(faults, config_dir, -errno);

	for (int i = 0; i < n; i++) {
		note(&result, do_backend_file(config_dir, entry[i]->d_name,
					      unit_dir, faults));
		free(entry[i]);
	}
	free(entry);
	return result;
}

int generator_run(const char *config_dir, const char *unit_dir,
		  struct buf *faults)
{
	int result = 0;

	note(&result, do_main_file(config_dir, unit_dir, faults));
	note(&result, do_backends(config_dir, unit_dir, faults));
	return result;
}
