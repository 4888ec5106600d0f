/* SPDX-License-Identifier: MIT */
/*
 * Pending orders in a directory.  A name without a dot is an order; with one
 * it is a temporary file, so operation ids lose their dots in names.  Removing
 * is not synced: an order that comes back after a crash is sent again with its
 * id and answered with its first receipt.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/name.h"
#include "util/percent.h"
#include "util/random.h"

#include "walletctl/opstore.h"

#define DIRECTORY_MODE 0700
#define FILE_MODE 0600
#define NAME_SIZE (3 * OPERATION_ID_MAX + 1)
/* How often another walletctl may get between. */
#define KEEP_ATTEMPTS 16

struct opstore {
	const struct fileops *ops;
	char *directory;
};

struct opstore_entry {
	const struct fileops *ops;
	int fd; /* locked; -EBADF: somebody else has the lock */
	char *path;
};

static bool is_full_path(const char *path)
{
	return path && path[0] == '/';
}

int opstore_directory(const char *state_home, const char *home, char **ret)
{
	int n;

	/* A relative one is to be ignored, says the XDG specification. */
	if (is_full_path(state_home))
		n = asprintf(ret, "%s/alichain/pending", state_home);
	else if (is_full_path(home))
		n = asprintf(ret, "%s/.local/state/alichain/pending", home);
	else
		return -ENOENT;
	return n < 0 ? -ENOMEM : 0;
}

/* Make one directory, durably. */
static int make_directory(const struct fileops *ops, const char *path)
{
	if (mkdir(path, DIRECTORY_MODE) < 0)
		return errno == EEXIST ? 0 : -errno;
	return fileops_sync_parent(ops, path);
}

static int make_directories(const struct fileops *ops, const char *directory)
{
	_cleanup_(freep) char *path = strdup(directory);
	int r;

	if (!path)
		return -ENOMEM;
	for (char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = make_directory(ops, path);
		*slash = '/';
		if (r < 0)
			return r;
	}
	return make_directory(ops, path);
}

int opstore_open(const struct fileops *ops, const char *directory,
		 struct opstore **ret)
{
	_cleanup_(opstore_freep) struct opstore *s = NULL;
	int r;

	r = make_directories(ops, directory);
	if (r < 0)
		return r;

	s = malloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	*s = (struct opstore){ .ops = ops, .directory = strdup(directory) };
	if (!s->directory)
		return -ENOMEM;

	*ret = TAKE_PTR(s);
	return 0;
}

struct opstore *opstore_free(struct opstore *s)
{
	if (!s)
		return NULL;
	free(s->directory);
	free(s);
	return NULL;
}

/* The file name of an operation id: no slashes, no dots. */
static int name_of(const char *id, char out[NAME_SIZE])
{
	size_t len = 0;

	if (operation_id_fault(slice_of(id)))
		return -EINVAL;
	for (; *id; id++) {
		int n = *id == '.' ? snprintf(out + len, 4, "%%2E")
				   : percent_encode((struct slice){ id, 1 },
						    out + len, 3);
		if (n < 0)
			return n;
		len += (size_t)n;
	}
	out[len] = '\0';
	return 0;
}

static void close_entry(struct opstore_entry *e)
{
	if (e->fd >= 0)
		(void)e->ops->close(e->ops->ctx, e->fd);
	e->fd = -EBADF;
}

struct opstore_entry *opstore_entry_free(struct opstore_entry *e)
{
	if (!e)
		return NULL;
	close_entry(e);
	free(e->path);
	free(e);
	return NULL;
}

/* An entry that is not open yet. */
static int new_entry(const struct opstore *s, const char *name,
		     struct opstore_entry **ret)
{
	_cleanup_(opstore_entry_freep) struct opstore_entry *e = NULL;

	e = malloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	*e = (struct opstore_entry){ .ops = s->ops, .fd = -EBADF };
	if (asprintf(&e->path, "%s/%s", s->directory, name) < 0) {
		e->path = NULL;
		return -ENOMEM;
	}
	*ret = TAKE_PTR(e);
	return 0;
}

/* Open and lock; -EWOULDBLOCK leaves it closed. */
static int lock_entry(struct opstore_entry *e)
{
	int fd;
	int r;

	fd = e->ops->open(e->ops->ctx, e->path,
			  O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	r = e->ops->lock(e->ops->ctx, fd);
	if (r < 0) {
		(void)e->ops->close(e->ops->ctx, fd);
		return r;
	}
	e->fd = fd;
	return 0;
}

static int read_entry(const struct opstore_entry *e, struct group *ret)
{
	struct buf text = { 0 };
	int r;

	r = fileops_read_file(e->ops, e->path, OPSTORE_FILE_MAX, &text);
	if (r == 0)
		r = group_read(
			(struct slice){ (const char *)text.data, text.len },
			ret);
	buf_done(&text);
	return r;
}

/* Is what stands in the file what is to be kept? */
static int compare_entry(const struct opstore_entry *e, const struct group *g)
{
	struct group there = { 0 };
	int r = read_entry(e, &there);

	if (r == 0 && !group_equal(&there, g))
		r = -EEXIST;
	group_done(&there);
	return r;
}

/* Write, lock and sync the file under a name of its own. */
static int write_temporary(struct opstore_entry *e, const char *path,
			   const struct buf *text)
{
	const struct fileops *ops = e->ops;
	int r;

	e->fd = ops->open(ops->ctx, path,
			  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
	if (e->fd < 0)
		return e->fd;
	r = ops->lock(ops->ctx, e->fd);
	/* Somebody takes it for a leftover: it goes, and all starts over. */
	if (r == -EWOULDBLOCK)
		return -ENOENT;
	if (r == 0)
		r = fileops_write_all(ops, e->fd, text->data, text->len, 0);
	return r < 0 ? r : ops->fsync(ops->ctx, e->fd);
}

/* An unfinished file goes; what was renamed stays, and is safe to stay. */
static int write_text(struct opstore_entry *e, const char *temporary,
		      const struct buf *text)
{
	const struct fileops *ops = e->ops;
	int r = write_temporary(e, temporary, text);

	if (r == 0)
		r = ops->rename(ops->ctx, temporary, e->path);
	if (r < 0) {
		(void)ops->unlink(ops->ctx, temporary);
		close_entry(e);
		return r;
	}
	return fileops_sync_parent(ops, e->path);
}

/*
 * Make the file whole, locked and durable at once.  fileops_replace() has one
 * temporary name for all who write the same file; here they may be several.
 */
static int write_entry(struct opstore_entry *e, const struct group *g)
{
	_cleanup_(freep) char *temporary = NULL;
	struct buf text = { 0 };
	uint64_t unique;
	int r;

	random_bytes(&unique, sizeof(unique));
	if (asprintf(&temporary, "%s.%" PRIx64, e->path, unique) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	r = group_write(g, &text);
	if (r == 0)
		r = write_text(e, temporary, &text);
	buf_done(&text);
	return r;
}

/* Take up the file that is there, if it is of these orders. */
static int keep_again(struct opstore_entry *e, const struct group *g,
		      bool *ret_again)
{
	int r = compare_entry(e, g);

	if (r == 0)
		r = lock_entry(e);
	/* With the same ids they are the same, whoever sends them. */
	if (r == 0 || r == -EWOULDBLOCK)
		*ret_again = true;
	return r == -EWOULDBLOCK ? 0 : r;
}

/* -ENOENT: the file went away under our hands. */
static int try_keep(struct opstore_entry *e, const struct group *g,
		    bool *ret_again)
{
	int r;

	if (e->ops->stat(e->ops->ctx, e->path, &(struct stat){ 0 }) == 0)
		return keep_again(e, g, ret_again);

	r = write_entry(e, g);
	if (r == 0)
		*ret_again = false;
	return r;
}

int opstore_keep(struct opstore *s, const struct group *g,
		 struct opstore_entry **ret, bool *ret_again)
{
	_cleanup_(opstore_entry_freep) struct opstore_entry *e = NULL;
	char name[NAME_SIZE];
	int r;

	r = name_of(g->id, name);
	if (r == 0)
		r = new_entry(s, name, &e);
	if (r < 0)
		return r;

	r = -ENOENT;
	for (unsigned i = 0; i < KEEP_ATTEMPTS && r == -ENOENT; i++)
		r = try_keep(e, g, ret_again);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(e);
	return 0;
}

/* The file name must be that of its id. */
static int check_name(const struct group *g, const char *name)
{
	char expected[NAME_SIZE];

	if (name_of(g->id, expected) < 0 || strcmp(expected, name) != 0)
		return -EBADMSG;
	return 0;
}

int opstore_take(struct opstore *s, const char *name, struct group *ret_group,
		 struct opstore_entry **ret)
{
	_cleanup_(opstore_entry_freep) struct opstore_entry *e = NULL;
	struct group g = { 0 };
	int r;

	r = new_entry(s, name, &e);
	if (r == 0)
		r = lock_entry(e);
	if (r == 0)
		r = read_entry(e, &g);
	if (r == 0)
		r = check_name(&g, name);
	if (r < 0) {
		group_done(&g);
		return r;
	}
	*ret_group = g;
	*ret = TAKE_PTR(e);
	return 0;
}

int opstore_settle(struct opstore_entry *e)
{
	int r = e->ops->unlink(e->ops->ctx, e->path);

	(void)opstore_entry_free(e);
	return r == -ENOENT ? 0 : r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void opstore_names_free(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

/* An order's name, a dot, and the digits that write_entry() drew. */
static bool is_temporary(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && dot != name && dot[1] &&
	       strspn(dot + 1, "0123456789abcdef") == strlen(dot + 1);
}

/* Its writer holds the lock for as long as it lives. */
static void remove_leftover(struct opstore *s, const char *name)
{
	_cleanup_(opstore_entry_freep) struct opstore_entry *e = NULL;

	if (is_temporary(name) && new_entry(s, name, &e) == 0 &&
	    lock_entry(e) == 0)
		(void)s->ops->unlink(s->ops->ctx, e->path);
}

static int add_name(char ***names, size_t *count, const char *name)
{
	char **larger;

	larger = reallocarray(*names, *count + 1, sizeof(**names));
	if (!larger)
		return -ENOMEM;
	*names = larger;
	larger[*count] = strdup(name);
	if (!larger[*count])
		return -ENOMEM;
	(*count)++;
	return 0;
}

int opstore_names(struct opstore *s, char ***ret, size_t *ret_count)
{
	const struct dirent *entry;
	char **names = NULL;
	size_t count = 0;
	DIR *dir;
	int r = 0;

	dir = opendir(s->directory);
	if (!dir)
		return -errno;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			r = -errno;
		else if (strchr(entry->d_name, '.'))
			remove_leftover(s, entry->d_name);
		else
			r = add_name(&names, &count, entry->d_name);
		if (r < 0 || !entry)
			break;
	}
	(void)closedir(dir);
	if (r < 0) {
		opstore_names_free(names, count);
		return r;
	}

	if (count > 0)
		qsort(names, count, sizeof(*names), compare_names);
	*ret = names;
	*ret_count = count;
	return 0;
}
