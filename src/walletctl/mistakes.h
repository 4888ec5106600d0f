/* SPDX-License-Identifier: MIT */
/*
 * What is wrong in files that were given, told as FILE:LINE: sentence.
 */
#ifndef WALLETCTL_MISTAKES_H
#define WALLETCTL_MISTAKES_H

#include <stdint.h>

#include "walletctl/context.h"

/* So many are told one by one, the others counted. */
#define MISTAKES_TOLD_MAX 1000

struct mistakes {
	struct context *ctx;
	const char *const *file; /* names, by number */
	uint64_t count;
};

void mistakes_tell(struct mistakes *m, uint32_t file, uint64_t line,
		   const char *format, ...) _printf_(4, 5);
/* What a file is called when talking of it. */
const char *mistakes_file(const struct mistakes *m, uint32_t file);
/* Tell how many there were; STATUS_REFUSED, or STATUS_DONE if none. */
enum status mistakes_end(struct mistakes *m);

#endif
