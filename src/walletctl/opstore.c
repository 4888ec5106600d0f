/* SPDX-License-Identifier: MIT */
/*
 * Pending orders in a directory.  A name without a dot is an order; with one
 * it is a temporary file, so operation ids lose their dots in names.  Removing
 * is not synced: an order that comes back after a crash is sent again with its
 * id and answered with its first receipt.  Logs (orderlog.h) stand among them;
 * each is locked by its script from its first moment on.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/name.h"
#include "util/percent.h"
#include "walletctl/orderlog.h"

#include "walletctl/opstore_internal.h"

#define DIRECTORY_MODE 0700
#define NAME_SIZE (3 * OPERATION_ID_MAX + 1)
/* How often another walletctl may get between. */
#define KEEP_ATTEMPTS 16

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

/* Remove the file of a log, and free what we have of it. */
static void drop_log(struct opstore *s)
{
	if (s->log)
		(void)s->ops->unlink(s->ops->ctx, s->log->path);
	s->log = opstore_entry_free(s->log);
}

void opstore_use_log(struct opstore *s)
{
	s->logs = true;
}

struct opstore *opstore_free(struct opstore *s)
{
	if (!s)
		return NULL;
	drop_log(s);
	free(s->directory);
	free(s);
	return NULL;
}

/* Is what stands in the file what is to be kept? */
static int compare_entry(const struct opstore_entry *e, const struct group *g)
{
	struct group there = { 0 };
	int r = opstore_entry_read(e, &there);

	if (r == 0 && !group_equal(&there, g))
		r = -EEXIST;
	group_done(&there);
	return r;
}

/* Logs. */

static int begin_log(struct opstore *s, const struct buf *order,
		     struct opstore_entry **ret)
{
	_cleanup_(opstore_entry_freep) struct opstore_entry *e = NULL;
	_cleanup_(buf_done) struct buf text = { 0 };
	char name[ORDERLOG_NAME_SIZE];
	int r;

	orderlog_make_name(name);
	r = opstore_entry_new(s, name, &e);
	if (r == 0)
		r = orderlog_begin(&text);
	if (r == 0)
		r = buf_add(&text, order->data, order->len);
	if (r == 0)
		r = opstore_entry_write(e, &text);
	if (r < 0)
		return r;
	e->store = s;
	e->end = (off_t)text.len;
	*ret = TAKE_PTR(e);
	return 0;
}

/*
 * Is there room in it, and is it still there?  Else all makes way for a new one,
 * the directory too if somebody has removed that.
 */
static int ready_log(struct opstore *s, size_t len)
{
	struct stat st;

	if (s->log && (s->log->end + (off_t)len > ORDERLOG_MAX ||
		       s->ops->stat(s->ops->ctx, s->log->path, &st) < 0))
		drop_log(s);
	return s->log ? 0 : make_directories(s->ops, s->directory);
}

/* What failed once is not written to again. */
static int append_log(struct opstore *s, const struct buf *order)
{
	struct opstore_entry *e = s->log;
	int r;

	r = fileops_write_all(s->ops, e->fd, order->data, order->len, e->end);
	if (r == 0)
		r = s->ops->fdatasync(s->ops->ctx, e->fd);
	if (r < 0)
		drop_log(s);
	else
		e->end += (off_t)order->len;
	return r;
}

static int keep_in_log(struct opstore *s, struct opstore_entry *e,
		       const struct buf *order)
{
	struct opstore_entry *fresh;
	int r;

	r = ready_log(s, order->len);
	if (r < 0)
		return r;
	if (s->log) {
		r = append_log(s, order);
		if (r == 0)
			opstore_entry_become(e, &s->log);
		return r;
	}
	r = begin_log(s, order, &fresh);
	if (r == 0)
		opstore_entry_become(e, &fresh);
	return r;
}

/* Its last order is settled: it is there for the next. */
static bool settle_in_log(struct opstore_entry *e)
{
	struct opstore *s = e->store;
	size_t len = strlen(ORDERLOG_NOTE);

	if (!s || s->log ||
	    fileops_write_all(s->ops, e->fd, ORDERLOG_NOTE, len, e->end) < 0)
		return false;
	e->end += (off_t)len;
	s->log = e;
	return true;
}

/* What a killed script has left, with nothing in it that is pending. */
static void remove_settled(struct opstore_entry *e)
{
	struct group g = { 0 };

	if (e->fd < 0 && opstore_entry_lock(e) < 0)
		return;
	if (opstore_entry_read(e, &g) == -ENODATA)
		(void)e->ops->unlink(e->ops->ctx, e->path);
	group_done(&g);
}

/* Is @g pending there?  -EEXIST: something else with its id; -ENOENT: no. */
static int compare_log(struct opstore_entry *e, const struct group *g)
{
	struct group there = { 0 };
	int r = opstore_entry_read(e, &there);

	if (r == -ENODATA)
		remove_settled(e);
	if (r < 0 || strcmp(there.id, g->id) != 0)
		r = -ENOENT;
	else if (!group_equal(&there, g))
		r = -EEXIST;
	group_done(&there);
	return r;
}

/* A script may be at it, and then the log is not ours. */
static int take_log(struct opstore_entry *e, const struct group *g)
{
	int r = compare_log(e, g);

	if (r < 0)
		return r;
	r = opstore_entry_lock(e);
	if (r != -EWOULDBLOCK)
		return r < 0 ? r : compare_log(e, g);
	free(e->path);
	e->path = NULL;
	return 0;
}

/* -ENOENT: @g is in none of the logs. */
static int find_in_logs(struct opstore *s, struct opstore_entry *e,
			const struct group *g)
{
	char **names;
	size_t count;
	int r;

	r = opstore_names(s, &names, &count);
	if (r < 0)
		return r;
	r = -ENOENT;
	for (size_t i = 0; i < count && r == -ENOENT; i++) {
		_cleanup_(opstore_entry_freep) struct opstore_entry *o = NULL;

		if (!orderlog_is_name(names[i]))
			continue;
		r = opstore_entry_new(s, names[i], &o);
		if (r < 0)
			break;
		r = -ENOENT;
		if (!s->log || strcmp(s->log->path, o->path) != 0)
			r = take_log(o, g);
		if (r == 0)
			opstore_entry_become(e, &o);
	}
	opstore_names_free(names, count);
	return r;
}

/* Keeping. */

/* Take up the file that is there, if it is of these orders. */
static int keep_again(struct opstore_entry *e, const struct group *g,
		      bool *ret_again)
{
	int r = compare_entry(e, g);

	if (r == 0)
		r = opstore_entry_lock(e);
	/* With the same ids they are the same, whoever sends them. */
	if (r == 0 || r == -EWOULDBLOCK)
		*ret_again = true;
	return r == -EWOULDBLOCK ? 0 : r;
}

/* What is too long for a log has a file of its own. */
static int keep_new(struct opstore *s, struct opstore_entry *e,
		    const struct group *g)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	int r = group_write(g, &text);

	if (r < 0)
		return r;
	return s->logs && text.len <= ORDERLOG_MAX / 2
		       ? keep_in_log(s, e, &text)
		       : opstore_entry_write(e, &text);
}

/* -ENOENT: the file went away under our hands. */
static int try_keep(struct opstore *s, struct opstore_entry *e,
		    const struct group *g, bool *ret_again)
{
	int r;

	if (e->ops->stat(e->ops->ctx, e->path, &(struct stat){ 0 }) == 0)
		return keep_again(e, g, ret_again);

	r = find_in_logs(s, e, g);
	*ret_again = r == 0;
	return r == -ENOENT ? keep_new(s, e, g) : r;
}

int opstore_keep(struct opstore *s, const struct group *g,
		 struct opstore_entry **ret, bool *ret_again)
{
	_cleanup_(opstore_entry_freep) struct opstore_entry *e = NULL;
	char name[NAME_SIZE];
	bool again = false;
	int r;

	r = name_of(g->id, name);
	if (r == 0)
		r = opstore_entry_new(s, name, &e);
	if (r < 0)
		return r;

	r = -ENOENT;
	for (unsigned i = 0; i < KEEP_ATTEMPTS && r == -ENOENT; i++)
		r = try_keep(s, e, g, &again);
	if (r < 0)
		return r;
	*ret_again = again;
	*ret = TAKE_PTR(e);
	return 0;
}

/* The file name must be that of its id; one of a log tells nothing. */
static int check_name(const struct group *g, const char *name)
{
	char expected[NAME_SIZE];

	if (orderlog_is_name(name))
		return 0;
	if (name_of(g->id, expected) < 0 || strcmp(expected, name) != 0)
		return -EBADMSG;
	return 0;
}

/* A script that waits for its next line is at nothing. */
static int take_entry(struct opstore_entry *e, struct group *ret)
{
	int lock = opstore_entry_lock(e);
	int r;

	if (lock < 0 && lock != -EWOULDBLOCK)
		return lock;
	if (lock < 0 && !opstore_entry_is_log(e))
		return lock;
	r = opstore_entry_read(e, ret);
	if (r == -ENODATA) {
		remove_settled(e);
		return -ENOENT;
	}
	return lock < 0 ? lock : r;
}

int opstore_take(struct opstore *s, const char *name, struct group *ret_group,
		 struct opstore_entry **ret)
{
	_cleanup_(opstore_entry_freep) struct opstore_entry *e = NULL;
	struct group g = { 0 };
	int r;

	r = opstore_entry_new(s, name, &e);
	if (r == 0)
		r = take_entry(e, &g);
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
	int r = 0;

	if (settle_in_log(e))
		return 0;
	if (e->path)
		r = e->ops->unlink(e->ops->ctx, e->path);
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

/* An order's name, a dot, and the digits that opstore_entry_write() drew. */
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

	if (is_temporary(name) && opstore_entry_new(s, name, &e) == 0 &&
	    opstore_entry_lock(e) == 0)
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
