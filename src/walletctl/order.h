/* SPDX-License-Identifier: MIT */
/*
 * An order that moves coins or opens a wallet, and the text in which a pending
 * one is kept.
 */
#ifndef WALLETCTL_ORDER_H
#define WALLETCTL_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/slice.h"

/* Owns its texts. */
struct order {
	char *command; /* "transfer" or "open" */
	char *server;  /* whom it was made for */
	char *sender;
	char *receiver; /* NULL when opening */
	char *amount;	/* NULL when opening; as it was typed */
	char *id;
	char *memo; /* NULL: none */
};

/* The same, borrowed. */
struct order_words {
	const char *command;
	const char *server;
	const char *sender;
	const char *receiver;
	const char *amount;
	const char *id;
	const char *memo;
};

/* An order of copies; 0 or -ENOMEM. */
int order_make(const struct order_words *w, struct order *ret) _must_check_;
/* Free the texts; @o is empty afterwards. */
void order_done(struct order *o);
/* The same texts? */
bool order_equal(const struct order *a, const struct order *b);
bool order_is_opening(const struct order *o);

/* Append the file's text.  Returns 0 or -ENOMEM. */
int order_write(const struct order *o, struct buf *out) _must_check_;
/* -EBADMSG if @text is not wholly what order_write() writes; -ENOMEM. */
int order_read(struct slice text, struct order *ret) _must_check_;
/* The same of the beginning of *@text, which is taken off. */
int order_take(struct slice *text, struct order *ret) _must_check_;
/* Take a line off, without its newline; false if there is no whole one. */
bool order_next_line(struct slice *text, struct slice *ret) _must_check_;

#endif
