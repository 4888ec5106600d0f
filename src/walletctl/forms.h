/* SPDX-License-Identifier: MIT */
/*
 * The formats in which all transactions can be written, record by record.
 */
#ifndef WALLETCTL_FORMS_H
#define WALLETCTL_FORMS_H

#include <stdio.h>

#include "walletctl/accounting.h"
#include "walletctl/answer.h"

struct writer_form;

/* What a form may need. */
struct writing {
	const struct writer_form *form;
	FILE *out;
	struct accounting *accounting; /* NULL if the form is another */
};

struct writer_form {
	const char *name;
	bool accounts; /* wants writing.accounting */
	void (*begin)(struct writing *w); /* may be NULL */
	int (*record)(struct writing *w, const struct answer_record *r);
};

/* NULL: there is none of that name. */
const struct writer_form *forms_find(const char *name);

#endif
