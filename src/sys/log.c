/* SPDX-License-Identifier: MIT */
/*
 * The log sink: journald by its native protocol, or lines on standard error.
 * A message is cut rather than lost, and bytes that could deceive its reader
 * (new lines, escape sequences) are replaced.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* The place in log.c that every message comes from is of no use to anybody. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "util/parse.h"
#include "sys/log.h"

#define SENTENCE_SIZE 2048
#define FIELD_SIZE 384
#define PROGRAM_SIZE 32

/* MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, MESSAGE_ID and the fields of ours. */
#define FIELDS_MAX 16

static struct {
	char program[PROGRAM_SIZE];
	bool debug;
	bool journal;
} sink = { .program = "alichain" };

static const char *const message_ids[] = {
	[LOG_EVENT_NONE] = NULL,
	[LOG_EVENT_READY] = LOG_ID_READY,
	[LOG_EVENT_TRANSFER] = LOG_ID_TRANSFER,
	[LOG_EVENT_REFUSAL] = LOG_ID_REFUSAL,
	[LOG_EVENT_BACKEND_LOST] = LOG_ID_BACKEND_LOST,
	[LOG_EVENT_BACKEND_BACK] = LOG_ID_BACKEND_BACK,
	[LOG_EVENT_EPOCH_CLAIMED] = LOG_ID_EPOCH_CLAIMED,
	[LOG_EVENT_FENCED_OFF] = LOG_ID_FENCED_OFF,
	[LOG_EVENT_INTEGRITY_FAULT] = LOG_ID_INTEGRITY_FAULT,
	[LOG_EVENT_TORN_TAIL_CUT] = LOG_ID_TORN_TAIL_CUT,
	[LOG_EVENT_FORGED_DATAGRAMS] = LOG_ID_FORGED_DATAGRAMS,
	[LOG_EVENT_CONFIGURATION_REJECTED] = LOG_ID_CONFIGURATION_REJECTED,
	[LOG_EVENT_SLOW_SYNC] = LOG_ID_SLOW_SYNC,
	[LOG_EVENT_STATEMENT_WRITTEN] = LOG_ID_STATEMENT_WRITTEN,
	[LOG_EVENT_TRANSFERS_SUMMED_UP] = LOG_ID_TRANSFERS_SUMMED_UP,
	[LOG_EVENT_CONFIGURATION_RELOADED] = LOG_ID_CONFIGURATION_RELOADED,
	[LOG_EVENT_STORAGE_FAILURE] = LOG_ID_STORAGE_FAILURE,
	[LOG_EVENT_REFUSALS_SUMMED_UP] = LOG_ID_REFUSALS_SUMMED_UP,
};

/* Is standard error what $JOURNAL_STREAM says the journal reads? */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[2 * U64_DIGITS_MAX + 2];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;

	(void)snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev,
		       (uintmax_t)st.st_ino);
	return strcmp(own, stream) == 0;
}

void log_open(const char *program, int debug)
{
	(void)snprintf(sink.program, sizeof(sink.program), "%s", program);
	sink.debug = debug != 0;
	sink.journal = stderr_is_journal();
}

/* --- Standard error */

/* One write, so that lines of several processes do not mix. */
static void print_line(const char *sentence)
{
	char line[PROGRAM_SIZE + SENTENCE_SIZE + 3];
	ssize_t written;
	int n;

	n = snprintf(line, sizeof(line), "%s: %s\n", sink.program, sentence);
	do {
		written = write(STDERR_FILENO, line, (size_t)n);
	} while (written < 0 && errno == EINTR);
}

/* --- The journal */

struct journal_entry {
	struct iovec field[FIELDS_MAX];
	char text[FIELDS_MAX][FIELD_SIZE];
	int count;
};

static void add_field(struct journal_entry *e, const char *name,
		      struct slice value)
{
	char *text = e->text[e->count];
	int n;

	if (value.len == 0)
		return;
	n = snprintf(text, FIELD_SIZE, "%s=%.*s", name, SLICE_ARG(value));
	if (n < 0)
		return;
	if (n >= FIELD_SIZE)
		n = FIELD_SIZE - 1;

	e->field[e->count++] = (struct iovec){ text, (size_t)n };
}

static void add_number(struct journal_entry *e, const char *name, uint64_t v)
{
	char digits[U64_DIGITS_MAX];
	size_t len = format_u64(v, digits);

	add_field(e, name, (struct slice){ digits, len });
}

static void add_own_fields(struct journal_entry *e, const struct log_fields *f)
{
	if (f->event != LOG_EVENT_NONE)
		add_field(e, "MESSAGE_ID", slice_of(message_ids[f->event]));
	if (f->serial != 0)
		add_number(e, "CHAIN_SERIAL", f->serial);
	add_field(e, "CHAIN_SENDER", f->sender);
	add_field(e, "CHAIN_RECEIVER", f->receiver);

	/* Twice, so that one search finds all that a user had a part in. */
	add_field(e, "CHAIN_USER", f->sender);
	if (!slice_equal(f->sender, f->receiver))
		add_field(e, "CHAIN_USER", f->receiver);

	add_field(e, "CHAIN_AMOUNT", f->amount);
	add_field(e, "CHAIN_BACKEND", f->backend);
	add_field(e, "CHAIN_ID", f->id);
	add_field(e, "CHAIN_RESULT", f->result);
}

/* @message is "MESSAGE=sentence".  False if the journal did not take it. */
static bool send_to_journal(int priority, const struct log_fields *fields,
			    char *message)
{
	struct journal_entry e;

	e.count = 0;
	e.field[e.count++] = (struct iovec){ message, strlen(message) };
	add_number(&e, "PRIORITY", (uint64_t)priority);
	add_field(&e, "SYSLOG_IDENTIFIER", slice_of(sink.program));
	if (fields)
		add_own_fields(&e, fields);

	return sd_journal_sendv(e.field, e.count) >= 0;
}

/* --- Both */

static void replace_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void log_print(int priority, const struct log_fields *fields,
	       const char *format, ...)
{
	static const char prefix[] = "MESSAGE=";
	char message[sizeof(prefix) + SENTENCE_SIZE];
	char *sentence = message + sizeof(prefix) - 1;
	int saved = errno;
	va_list args;

	if (priority == LOG_DEBUG && !sink.debug)
		return;

	memcpy(message, prefix, sizeof(prefix));
	va_start(args, format);
	if (vsnprintf(sentence, SENTENCE_SIZE, format, args) < 0)
		*sentence = '\0';
	va_end(args);
	replace_controls(sentence);

	if (!sink.journal || !send_to_journal(priority, fields, message))
		print_line(sentence);
	errno = saved;
}

void log_lines(int priority, const struct log_fields *fields, struct slice text)
{
	while (text.len > 0) {
		const char *end = memchr(text.p, '\n', text.len);
		struct slice line = text;

		if (end)
			line.len = (size_t)(end - text.p);
		if (line.len > 0)
			log_print(priority, fields, "%.*s", SLICE_ARG(line));

		text.p += line.len;
		text.len -= line.len;

		/* And what ended the line. */
		if (end) {
			text.p++;
			text.len--;
		}
	}
}
