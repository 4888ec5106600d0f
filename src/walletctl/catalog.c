/* SPDX-License-Identifier: MIT */
/*
 * Both tables, of commands and of options, as rows.
 */
#include "config.h"

#include "util/buf.h"
#include "walletctl/commands.h"
#include "walletctl/options.h"
#include "walletctl/sheet.h"

#include "walletctl/catalog.h"

static const struct column columns[] = {
	{ "command", "Command" },
	{ "arguments", "Arguments" },
	{ "options", "Options" },
	{ "help", "Help" },
};

/* "--memo=TEXT --id=ID" */
static int put_options(struct buf *out, unsigned set)
{
	int r = 0;

	for (unsigned key = 0; r == 0 && key < OPTION_KEYS; key++) {
		const struct option_spec *o = &options_table[key];

		if (set & OPTION_BIT(key))
			r = buf_addf(out, "%s--%s%s%s", out->len ? " " : "",
				     o->name, o->value ? "=" : "",
				     o->value ? o->value : "");
	}
	return r;
}

/* @c may be NULL. */
static int put_values(struct sheet *sheet, const struct command *c,
		      const struct buf *options)
{
	const struct value values[] = {
		c ? value_text(slice_of(c->name)) : value_none(),
		c ? value_text(slice_of(c->args)) : value_none(),
		value_text((struct slice){ (const char *)options->data,
					   options->len }),
		c ? value_text(slice_of(c->help)) : value_none(),
	};

	return sheet_row(sheet, values);
}

static int put_row(struct sheet *sheet, const struct command *c,
		   unsigned options)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	int r;

	r = put_options(&text, options);
	return r < 0 ? r : put_values(sheet, c, &text);
}

int catalog_write(FILE *out, enum form form, const struct command *only)
{
	_cleanup_(sheet_freep) struct sheet *sheet = NULL;
	int r;

	r = sheet_new(out, form, columns, ELEMENTS(columns), &sheet);
	if (r == 0 && !only)
		r = put_row(sheet, NULL, options_everywhere());
	for (size_t i = 0; r == 0 && i < commands_count; i++) {
		const struct command *c = &commands_table[i];

		if (!only || only == c)
			r = put_row(sheet, c, c->options);
	}
	return r < 0 ? r : sheet_end(sheet);
}
