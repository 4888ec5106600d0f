/* SPDX-License-Identifier: MIT */
/*
 * A main() for a fuzz target without libFuzzer: tries each seed file as it is,
 * cut at every length, and with every bit flipped once.  The seeds are the
 * files named as arguments, else those of $top_srcdir/tests/data/fuzz/NAME for
 * a program called fuzz_NAME.  Speaks TAP.  Nothing to see is a pass: it did
 * not crash.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger seeds are tried whole only: each cut and bend would take too long. */
#define SEED_BEND_MAX 4096
#define SEED_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An exact-size copy on the heap lets the address sanitizer see its end. */
static void try_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	copy = malloc(size > 0 ? size : 1);
	if (!copy)
		abort();
	if (size > 0)
		memcpy(copy, data, size);

	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void try_seed(uint8_t *data, size_t size)
{
	try_copy(data, size);
	if (size > SEED_BEND_MAX)
		return;

	for (size_t length = 0; length < size; length++)
		try_copy(data, length);

	for (size_t bit = 0; bit < size * 8; bit++) {
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		try_copy(data, size);
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* Try the seed in the file @name below @parent.  False: it cannot be read. */
static bool try_file(int parent, const char *name)
{
	static uint8_t data[SEED_MAX];
	size_t size;
	FILE *file;
	bool read;
	int fd;

	fd = openat(parent, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	file = fdopen(fd, "r");
	if (!file)
		abort();

	size = fread(data, 1, sizeof(data), file);
	read = !ferror(file);
	(void)fclose(file);

	if (read)
		try_seed(data, size);
	return read;
}

static void report(bool passed, int number, const char *name)
{
	(void)printf("%sok %d - %s\n", passed ? "" : "not ", number, name);
}

/* Try the seeds of @directory.  Returns how many could not be read. */
static int try_directory(const char *directory)
{
	struct dirent *entry;
	int number = 0;
	int failed = 0;
	bool passed;
	DIR *dir;

	/* Even without a seed, nothing at all is an input. */
	try_copy(NULL, 0);
	report(true, ++number, "empty input");

	dir = opendir(directory);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		passed = try_file(dirfd(dir), entry->d_name);
		failed += passed ? 0 : 1;
		report(passed, ++number, entry->d_name);
	}
	if (dir)
		(void)closedir(dir);

	(void)printf("1..%d\n", number);
	return failed;
}

/* Try the files @paths.  Returns how many could not be read. */
static int try_arguments(char *const paths[], int count)
{
	int failed = 0;
	bool passed;

	for (int i = 0; i < count; i++) {
		passed = try_file(AT_FDCWD, paths[i]);
		failed += passed ? 0 : 1;
		report(passed, i + 1, paths[i]);
	}
	(void)printf("1..%d\n", count);
	return failed;
}

int main(int argc, char *argv[])
{
	const char *top = getenv("top_srcdir");
	const char *name = strstr(program_invocation_short_name, "fuzz_");
	char directory[PATH_MAX];
	int failed;

	if (argc > 1) {
		failed = try_arguments(argv + 1, argc - 1);
	} else {
		(void)snprintf(directory, sizeof(directory),
			       "%s/tests/data/fuzz/%s", top ? top : ".",
			       name ? name + strlen("fuzz_") : "");
		failed = try_directory(directory);
	}
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
