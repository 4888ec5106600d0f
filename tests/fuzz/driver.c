/* SPDX-License-Identifier: MIT */
/*
 * A main() for a fuzz target without libFuzzer: tries each seed file as it is,
 * cut at every length, and with every bit flipped once; of more than RUNS_MAX
 * such inputs in all only every n-th, so that it ends in seconds.  The seeds
 * are the files named as arguments, else those of
 * $top_srcdir/tests/data/fuzz/NAME for a program called fuzz_NAME.  Speaks TAP.
 * Nothing to see is a pass: it did not crash.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include "fuzz.h"

#define RUNS_MAX 12000
#define SEED_MAX (1 << 20)

struct seeds {
	char **path;
	size_t count;
	size_t every; /* of the inputs that are cut or bent: the n-th */
	size_t turn;  /* of them, so far */
};

/* An exact-size copy on the heap lets the address sanitizer see its end. */
static void try_copy(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy((struct slice){ (const char *)data, size });

	(void)LLVMFuzzerTestOneInput((uint8_t *)copy, size);
	free(copy);
}

static void try_bent(struct seeds *s, const uint8_t *data, size_t size)
{
	if (s->turn++ % s->every == 0)
		try_copy(data, size);
}

static void try_seed(struct seeds *s, uint8_t *data, size_t size)
{
	try_copy(data, size);
	for (size_t length = 0; length < size; length++)
		try_bent(s, data, length);

	for (size_t bit = 0; bit < size * 8; bit++) {
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		try_bent(s, data, size);
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* Read the file at @path into @data.  False: it cannot be read. */
static bool read_seed(const char *path, uint8_t data[SEED_MAX],
		      size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	bool read;

	if (!file)
		return false;
	*ret_size = fread(data, 1, SEED_MAX, file);
	read = !ferror(file);
	(void)fclose(file);
	return read;
}

/* So many inputs would it be to try each cut and each bend: 9 a byte. */
static size_t count_inputs(const struct seeds *s, uint8_t data[SEED_MAX])
{
	size_t inputs = 0;
	size_t size;

	for (size_t i = 0; i < s->count; i++)
		if (read_seed(s->path[i], data, &size))
			inputs += 9 * size;
	return inputs;
}

/* Try them all.  Returns how many could not be read. */
static size_t try_seeds(struct seeds *s)
{
	static uint8_t data[SEED_MAX];
	size_t failed = 0;
	size_t size;
	bool read;

	s->every = 1 + count_inputs(s, data) / RUNS_MAX;
	(void)printf("# one in %zu\n", s->every);
	for (size_t i = 0; i < s->count; i++) {
		read = read_seed(s->path[i], data, &size);
		if (read)
			try_seed(s, data, size);
		failed += !read;
		(void)printf("%sok %zu - %s\n", read ? "" : "not ", i + 1,
			     s->path[i]);
	}
	return failed;
}

static int is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The files of @directory by name. */
static void list_directory(const char *directory, struct seeds *ret)
{
	struct dirent **entry;
	int count;

	count = scandir(directory, &entry, is_seed, alphasort);
	if (count <= 0)
		return;
	ret->path = calloc((size_t)count, sizeof(*ret->path));
	fuzz_check(ret->path);
	for (int i = 0; i < count; i++) {
		fuzz_check(asprintf(&ret->path[i], "%s/%s", directory,
				    entry[i]->d_name) > 0);
		free(entry[i]);
		ret->count++;
	}
	free(entry);
}

/* Try the seeds of the program @name.  Returns how many could not be read. */
static size_t try_program(const char *name, struct seeds *s)
{
	const char *top = getenv("top_srcdir");
	char directory[PATH_MAX];
	size_t failed;

	(void)snprintf(directory, sizeof(directory), "%s/tests/data/fuzz/%s",
		       top ? top : ".", name);
	list_directory(directory, s);
	failed = try_seeds(s);
	for (size_t i = 0; i < s->count; i++)
		free(s->path[i]);
	free(s->path);
	return failed;
}

int main(int argc, char *argv[])
{
	const char *name = strstr(program_invocation_short_name, "fuzz_");
	struct seeds s = { 0 };
	size_t failed;

	if (argc > 1) {
		s.path = argv + 1;
		s.count = (size_t)argc - 1;
		failed = try_seeds(&s);
	} else {
		failed = try_program(name ? name + strlen("fuzz_") : "", &s);
	}

	/* Even without a seed, nothing at all is an input; but they are there.
	 */
	try_copy(NULL, 0);
	(void)printf("%sok %zu - there are seeds\n1..%zu\n",
		     s.count > 0 ? "" : "not ", s.count + 1, s.count + 1);
	return failed == 0 && s.count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
