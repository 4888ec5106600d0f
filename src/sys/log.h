/* SPDX-License-Identifier: MIT */
/*
 * One sentence for the administrator, with fields for the journal.  Goes to
 * journald by its native protocol when standard error is the journal
 * ($JOURNAL_STREAM), else to standard error as "program: sentence".
 */
#ifndef SYS_LOG_H
#define SYS_LOG_H

#include <stdint.h>
#include <syslog.h>

#include "util/cleanup.h"
#include "util/slice.h"

/* Their MESSAGE_ID= in the journal and in the catalog, never to be changed. */
#define LOG_ID_READY "5d1c7e0f4b0a4c0c9a52f1f5a0c3b101"
#define LOG_ID_TRANSFER "5d1c7e0f4b0a4c0c9a52f1f5a0c3b102"
#define LOG_ID_REFUSAL "5d1c7e0f4b0a4c0c9a52f1f5a0c3b103"
#define LOG_ID_BACKEND_LOST "5d1c7e0f4b0a4c0c9a52f1f5a0c3b104"
#define LOG_ID_BACKEND_BACK "5d1c7e0f4b0a4c0c9a52f1f5a0c3b105"
#define LOG_ID_EPOCH_CLAIMED "5d1c7e0f4b0a4c0c9a52f1f5a0c3b106"
#define LOG_ID_FENCED_OFF "5d1c7e0f4b0a4c0c9a52f1f5a0c3b107"
#define LOG_ID_INTEGRITY_FAULT "5d1c7e0f4b0a4c0c9a52f1f5a0c3b108"
#define LOG_ID_TORN_TAIL_CUT "5d1c7e0f4b0a4c0c9a52f1f5a0c3b109"
#define LOG_ID_FORGED_DATAGRAMS "5d1c7e0f4b0a4c0c9a52f1f5a0c3b10a"
#define LOG_ID_CONFIGURATION_REJECTED "5d1c7e0f4b0a4c0c9a52f1f5a0c3b10b"
#define LOG_ID_SLOW_SYNC "5d1c7e0f4b0a4c0c9a52f1f5a0c3b10c"
#define LOG_ID_STATEMENT_WRITTEN "5d1c7e0f4b0a4c0c9a52f1f5a0c3b10d"
#define LOG_ID_TRANSFERS_SUMMED_UP "5d1c7e0f4b0a4c0c9a52f1f5a0c3b10e"
#define LOG_ID_CONFIGURATION_RELOADED "5d1c7e0f4b0a4c0c9a52f1f5a0c3b10f"
#define LOG_ID_STORAGE_FAILURE "5d1c7e0f4b0a4c0c9a52f1f5a0c3b110"
#define LOG_ID_REFUSALS_SUMMED_UP "5d1c7e0f4b0a4c0c9a52f1f5a0c3b111"

/* Kinds of events; alichain-journal(7) has them, and systemd/alichain.catalog. */
enum log_event {
	LOG_EVENT_NONE,
	LOG_EVENT_READY,
	LOG_EVENT_TRANSFER,
	LOG_EVENT_REFUSAL,
	LOG_EVENT_BACKEND_LOST,
	LOG_EVENT_BACKEND_BACK,
	LOG_EVENT_EPOCH_CLAIMED,
	LOG_EVENT_FENCED_OFF,
	LOG_EVENT_INTEGRITY_FAULT,
	LOG_EVENT_TORN_TAIL_CUT,
	LOG_EVENT_FORGED_DATAGRAMS,
	LOG_EVENT_CONFIGURATION_REJECTED,
	LOG_EVENT_SLOW_SYNC,
	LOG_EVENT_STATEMENT_WRITTEN,
	LOG_EVENT_TRANSFERS_SUMMED_UP,
	LOG_EVENT_CONFIGURATION_RELOADED,
	LOG_EVENT_STORAGE_FAILURE,
	LOG_EVENT_REFUSALS_SUMMED_UP,
};

/* Journal fields; zero or empty ones are left out. */
struct log_fields {
	enum log_event event;  /* MESSAGE_ID= */
	uint64_t serial;       /* CHAIN_SERIAL= */
	struct slice sender;   /* CHAIN_SENDER=, CHAIN_USER= */
	struct slice receiver; /* CHAIN_RECEIVER=, CHAIN_USER= */
	struct slice amount;   /* CHAIN_AMOUNT= */
	struct slice backend;  /* CHAIN_BACKEND= */
	struct slice id;       /* CHAIN_ID= */
	struct slice result;   /* CHAIN_RESULT= */
};

/* Once, first thing in main().  @debug: show LOG_DEBUG too. */
void log_open(const char *program, int debug);

/* @priority is syslog's; @fields may be NULL. */
void log_print(int priority, const struct log_fields *fields,
	       const char *format, ...) _printf_(3, 4);

/* Each line of @text as a message of its own. */
void log_lines(int priority, const struct log_fields *fields,
	       struct slice text);

#endif
