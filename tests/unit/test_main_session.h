/* SPDX-License-Identifier: MIT */
/*
 * A session with the fake engine behind it, for the tests of what lies
 * between the two.
 */
#ifndef TEST_MAIN_SESSION_H
#define TEST_MAIN_SESSION_H

#include "fake_engine.h"
#include "main/session.h"

struct desk {
	struct engine engine;
	struct sessions *all;
	struct session *session;
};

/* One for the running test; desk_close() frees all of it. */
struct desk *desk_open(void);
void desk_close(struct desk *d);
/* The client sends so many bytes, or a text. */
void desk_send_bytes(struct desk *d, const char *bytes, size_t len);
void desk_send(struct desk *d, const char *text);
/* The client reads all there is and closes nothing; good until the next call. */
const char *desk_read(struct desk *d);
/* Bytes of orders between MULTI and EXEC, of all sessions. */
size_t desk_queued(const struct desk *d);
/* Send a text, read the answer, and compare. */
void desk_expect(struct desk *d, const char *text, const char *answer);

#endif
