/* SPDX-License-Identifier: MIT */
/*
 * Reading the cluster key.  Who could read the file could forge datagrams, so
 * a key that is open to others is no key.
 */
#include "config.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "util/parse.h"
#include "sys/keyfile.h"

#define CREDENTIAL "cluster.key"
#define TEXT_SIZE (2 * KEYFILE_KEY_SIZE + 1)

/*
 * The manager may hand the key over with an access list for the daemon's user,
 * whose mask shows as the group's bits; its directory keeps others out.
 */
#define CONFIGURED_FORBIDDEN 077
#define CREDENTIAL_FORBIDDEN 037

/* The path of the key that the manager passed.  False if there is none. */
static bool find_credential(char out[PATH_MAX])
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (!directory || *directory == '\0')
		return false;
	n = snprintf(out, PATH_MAX, "%s/" CREDENTIAL, directory);
	if (n < 0 || n >= PATH_MAX)
		return false;

	/* One that is there but cannot be looked at is an error later. */
	return access(out, F_OK) == 0 || errno != ENOENT;
}

static bool will_be_passed;

bool keyfile_is_passed(void)
{
	char path[PATH_MAX];

	return will_be_passed || find_credential(path);
}

void keyfile_will_be_passed(void)
{
	will_be_passed = true;
}

static int say(struct buf *fault, const char *path, const char *what, int error)
{
	int r;

	r = buf_addf(fault, "%s: %s", path, what);
	return r < 0 ? r : error;
}

static int check_file(int fd, const char *path, mode_t forbidden,
		      struct buf *fault)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return say(fault, path, strerror(errno), -errno);
	if (!S_ISREG(st.st_mode))
		return say(fault, path, "not a regular file", -EINVAL);
	if (!(st.st_mode & forbidden))
		return 0;

	r = buf_addf(fault,
		     "%s: others than its owner can read or change it (mode"
		     " %04o), expected 0600 or 0400",
		     path, (unsigned int)st.st_mode & 07777);
	return r < 0 ? r : -EPERM;
}

/* All of the file, if it is as long as a key has to be. */
static int read_text(int fd, char out[TEXT_SIZE])
{
	/* One more, to see that there is no more. */
	char text[TEXT_SIZE + 1];
	ssize_t n;

	do {
		n = pread(fd, text, sizeof(text), 0);
	} while (n < 0 && errno == EINTR);

	if (n == TEXT_SIZE)
		memcpy(out, text, TEXT_SIZE);
	explicit_bzero(text, sizeof(text));
	if (n < 0)
		return -errno;
	return n == TEXT_SIZE ? 0 : -EBADMSG;
}

static int parse_key(int fd, uint8_t key[KEYFILE_KEY_SIZE])
{
	uint8_t bytes[KEYFILE_KEY_SIZE];
	char text[TEXT_SIZE];
	int r;

	r = read_text(fd, text);
	if (r < 0)
		return r;

	r = parse_hex((struct slice){ text, TEXT_SIZE - 1 }, bytes,
		      sizeof(bytes));
	if (r < 0 || text[TEXT_SIZE - 1] != '\n')
		r = -EBADMSG;
	else
		memcpy(key, bytes, sizeof(bytes));

	explicit_bzero(text, sizeof(text));
	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

static int read_key(const char *path, mode_t forbidden,
		    uint8_t key[KEYFILE_KEY_SIZE], struct buf *fault)
{
	_cleanup_(closep) int fd = -EBADF;
	int r;

	/* Non-blocking, so that a fifo cannot hold us up before we look. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return say(fault, path, strerror(errno), -errno);

	r = check_file(fd, path, forbidden, fault);
	if (r < 0)
		return r;

	r = parse_key(fd, key);
	if (r == -EBADMSG)
		return say(fault, path,
			   "not a key, expected 64 hexadecimal digits in lower"
			   " case and a newline",
			   r);
	if (r < 0)
		return say(fault, path, strerror(-r), r);
	return 1;
}

int keyfile_read(const char *path, uint8_t key[KEYFILE_KEY_SIZE],
		 struct buf *fault)
{
	char credential[PATH_MAX];

	assert(!will_be_passed);
	if (find_credential(credential))
		return read_key(credential, CREDENTIAL_FORBIDDEN, key, fault);
	if (!path)
		return 0;
	return read_key(path, CONFIGURED_FORBIDDEN, key, fault);
}
