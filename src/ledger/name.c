/* SPDX-License-Identifier: MIT */
/*
 * What names, ids and memos may be made of.  Plain ASCII is judged by one table
 * look-up a byte, for this stands on the path of each record; only what goes
 * beyond it is decoded.
 */
#include "config.h"

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/percent.h"

#include "ledger/name.h"

enum {
	CLASS_CONTROL = 1,
	CLASS_SPACE = 2,
	CLASS_RESERVED = 4, /* they have a meaning in records and commands */
	CLASS_WIDE = 8,	    /* part of a code point beyond ASCII */
};

static const uint8_t classes[256] = {
	/* clang-format off */
	[0x00 ... 0x1f] = CLASS_CONTROL,
	[' '] = CLASS_SPACE,
	['"'] = CLASS_RESERVED,
	[','] = CLASS_RESERVED,
	['='] = CLASS_RESERVED,
	[0x7f] = CLASS_CONTROL,
	[0x80 ... 0xff] = CLASS_WIDE,
	/* clang-format on */
};

static const char fault_empty[] = "is empty";
static const char fault_utf8[] = "is not well-formed UTF-8";
static const char fault_space[] = "contains a space";
static const char fault_control[] = "contains a control character";
static const char fault_reserved[] = "contains one of = , \"";
static const char fault_invisible[] =
	"contains an invisible or direction-changing character";
static const char fault_ascii[] =
	"contains something else than printable ASCII";

/* Beyond ASCII, and no part of a name. */
static const struct {
	int first;
	int last;
	const char *fault;
} refused[] = {
	{ 0x0080, 0x009f, fault_control },
	{ 0x00a0, 0x00a0, fault_space },
	{ 0x1680, 0x1680, fault_space },
	{ 0x2000, 0x200a, fault_space },
	{ 0x200b, 0x200f, fault_invisible },
	{ 0x2028, 0x2029, fault_space },
	{ 0x202a, 0x202e, fault_invisible },
	{ 0x202f, 0x202f, fault_space },
	{ 0x205f, 0x205f, fault_space },
	{ 0x2066, 0x2069, fault_invisible },
	{ 0x3000, 0x3000, fault_space },
	{ 0xfeff, 0xfeff, fault_invisible },
};

/* Sixteen bytes that the compiler compares at once where the processor can. */
typedef uint8_t block __attribute__((vector_size(16)));

/* The first byte of sixteen that is not plain; 16: there is none. */
static inline size_t plain_of_block(const char *p)
{
	uint64_t odd[2];
	block found;
	block b;

	memcpy(&b, p, sizeof(b));
	found = (block)((b <= ' ') | (b >= 0x7f) | (b == '"') | (b == ',') |
			(b == '='));
	memcpy(odd, &found, sizeof(odd));
	if (odd[0])
		return (size_t)__builtin_ctzll(le64toh(odd[0])) / 8;
	if (odd[1])
		return 8 + (size_t)__builtin_ctzll(le64toh(odd[1])) / 8;
	return sizeof(b);
}

size_t name_plain(const char *p, size_t left)
{
	size_t n = 0;
	size_t plain;

	while (left - n >= sizeof(block)) {
		plain = plain_of_block(p + n);
		n += plain;
		if (plain < sizeof(block))
			return n;
	}
	while (n < left && classes[(unsigned char)p[n]] == 0)
		n++;
	return n;
}

/* The classes of all bytes of @text. */
static unsigned int classes_of(struct slice text)
{
	unsigned int found = 0;

	for (size_t i = 0; i < text.len; i++)
		found |= classes[(unsigned char)text.p[i]];
	return found;
}

static const char *ascii_fault(unsigned int found)
{
	if (found & CLASS_SPACE)
		return fault_space;
	if (found & CLASS_CONTROL)
		return fault_control;
	if (found & CLASS_RESERVED)
		return fault_reserved;
	return NULL;
}

/* What is wrong with a code point of a name; NULL: nothing. */
static const char *point_fault(int point)
{
	for (size_t i = 0; i < ELEMENTS(refused); i++)
		if (point >= refused[i].first && point <= refused[i].last)
			return refused[i].fault;
	return NULL;
}

/* The first fault of the code points of @name, and whether they are any. */
static const char *wide_fault(struct slice name)
{
	const char *fault = NULL;
	size_t at = 0;
	int point;

	while (at < name.len && !fault) {
		point = utf8_next(name, &at);
		fault = point < 0 ? fault_utf8 : point_fault(point);
	}
	return fault;
}

const char *user_name_fault(struct slice name)
{
	unsigned int found;
	const char *fault;

	if (name.len == 0)
		return fault_empty;
	if (name.len > USER_NAME_MAX)
		return "is longer than 64 bytes";

	found = classes_of(name);
	if (found == 0)
		return NULL;
	fault = ascii_fault(found);
	if (fault || !(found & CLASS_WIDE))
		return fault;
	return wide_fault(name);
}

const char *operation_id_fault(struct slice id)
{
	unsigned int found;

	if (id.len == 0)
		return fault_empty;
	if (id.len > OPERATION_ID_MAX)
		return "is longer than 64 bytes";

	found = classes_of(id);
	return found & CLASS_WIDE ? fault_ascii : ascii_fault(found);
}

static bool is_block_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.';
}

const char *block_name_fault(struct slice name)
{
	if (name.len == 0)
		return fault_empty;
	if (name.len > BLOCK_NAME_MAX)
		return "is longer than 16 bytes";

	/* It is also a directory's name: none that is hidden, none upwards. */
	if (name.p[0] == '.')
		return "begins with a dot";
	for (size_t i = 0; i < name.len; i++)
		if (!is_block_name_byte(name.p[i]))
			return "contains something else than letters, digits, "
			       "_ and .";
	return NULL;
}

/* C1 controls are two bytes; ASCII has been looked at before. */
static const char *wide_memo_fault(struct slice memo)
{
	size_t at = 0;
	int point;

	while (at < memo.len) {
		point = utf8_next(memo, &at);
		if (point < 0)
			return fault_utf8;
		if (point >= 0x80 && point <= 0x9f)
			return fault_control;
	}
	return NULL;
}

const char *memo_fault(struct slice memo)
{
	unsigned int found;

	if (memo.len == 0)
		return fault_empty;
	if (memo.len > MEMO_MAX)
		return "is longer than 160 bytes";

	found = classes_of(memo);
	if (found & CLASS_CONTROL)
		return fault_control;
	return found & CLASS_WIDE ? wide_memo_fault(memo) : NULL;
}
