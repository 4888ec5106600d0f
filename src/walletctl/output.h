/* SPDX-License-Identifier: MIT */
/*
 * The forms of an answer (for people, JSON, bare values, CSV) and the values they
 * are made of.  Knows columns and rows, not what they mean.
 */
#ifndef WALLETCTL_OUTPUT_H
#define WALLETCTL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/slice.h"

enum form {
	FORM_TEXT, /* for people */
	FORM_JSON, /* one document */
	FORM_RAW,  /* bare values between tabs, a record a line */
	FORM_CSV,  /* a line of names, then a record a line (RFC 4180) */
};

enum value_kind {
	VALUE_NONE, /* null in JSON, empty elsewhere */
	VALUE_NUMBER,
	VALUE_AMOUNT, /* a number of coins; in groups of digits for people */
	VALUE_DECIMAL, /* text of a number, maybe with a point */
	VALUE_TEXT,
	VALUE_TIME, /* text of the form of records; local time in tables */
};

struct value {
	enum value_kind kind;
	int64_t number;
	struct slice text; /* borrowed */
};

struct value value_none(void);
struct value value_number(int64_t n);
struct value value_amount(int64_t n);
struct value value_decimal(struct slice text);
/* VALUE_NONE if @text has no p. */
struct value value_text(struct slice text);
struct value value_time(struct slice text);

struct column {
	const char *name;    /* in JSON and CSV; scripts lean on it */
	const char *heading; /* of a table; NULL: not shown there */
};

/*
 * Text for people: controls, what is no UTF-8, and marks that turn the line
 * around come out as \xHH, a byte each.
 */
void output_text(FILE *out, struct slice text);
int output_text_buf(struct buf *out, struct slice text) _must_check_;

/* Columns of a terminal that output_text() fills. */
size_t output_width(struct slice text);

/* A string of JSON with its quotes; what is no UTF-8 becomes U+FFFD. */
void output_json_string(FILE *out, struct slice text);
void output_json_value(FILE *out, const struct value *v);
/* An object on one line, without a newline. */
void output_json_object(FILE *out, const struct column *columns, size_t count,
			const struct value *values);
/* A line of values between tabs. */
void output_raw_line(FILE *out, const struct value *values, size_t count);

/*
 * Comma-separated values: the line of names, and a record.  Text stands there as
 * it is, in quotes if it needs them.
 */
void output_csv_names(FILE *out, const struct column *columns, size_t count);
void output_csv_line(FILE *out, const struct value *values, size_t count);

/*
 * A record by itself that is not for people: an object, a line, or a line below
 * its names.
 */
void output_values(FILE *out, enum form form, const struct column *columns,
		   size_t count, const struct value *values);

/* A number in groups of three digits, ended by a zero: "12,000". */
#define OUTPUT_GROUPED_SIZE 27
void output_grouped(uint64_t n, char out[OUTPUT_GROUPED_SIZE]);

/* Coins, for people: "-12,000". */
void output_amount(FILE *out, int64_t n);
/* Is @v a number, of coins or not? */
bool value_is_number(const struct value *v);

/* How @v stands in a table or behind a name, ended by a zero. */
int output_cell(const struct value *v, struct buf *out) _must_check_;

#endif
