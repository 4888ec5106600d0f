/* SPDX-License-Identifier: MIT */
/*
 * Answers of rows, in each of the forms, and one record as a card.
 */
#ifndef WALLETCTL_SHEET_H
#define WALLETCTL_SHEET_H

#include "walletctl/output.h"

/*
 * All rows of an answer: a table, one array of objects, lines, or
 * lines below a line of names.
 * sheet_row() borrows the values during the call only.
 */
struct sheet;

int sheet_new(FILE *out, enum form form, const struct column *columns,
	      size_t count, struct sheet **ret) _must_check_;
struct sheet *sheet_free(struct sheet *s);
DEFINE_CLEANUP(struct sheet, sheet_free);
int sheet_row(struct sheet *s, const struct value *values) _must_check_;
/* Call once, when the answer is complete. */
int sheet_end(struct sheet *s) _must_check_;
/* Rows so far. */
size_t sheet_rows(const struct sheet *s);

/* One record, a line a value, names to the left; always for people. */
int sheet_card(FILE *out, const struct column *columns, size_t count,
	       const struct value *values) _must_check_;

#endif
