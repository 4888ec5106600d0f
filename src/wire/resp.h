/* SPDX-License-Identifier: MIT */
/*
 * RESP2, the Redis serialization protocol, on the server's side: requests
 * (arrays of bulk strings, and inline commands) out of a stream of bytes, and
 * answers into a buffer.  https://redis.io/docs/reference/protocol-spec/
 */
#ifndef WIRE_RESP_H
#define WIRE_RESP_H

#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/slice.h"

/* Arguments of one request, its bytes in all (an inline line too). */
#define RESP_ARGS_MAX 64
#define RESP_REQUEST_MAX 65536

struct resp_request {
	size_t args;
	struct slice arg[RESP_ARGS_MAX]; /* into the input; the caller's bytes */
};

enum resp_status {
	RESP_MORE, /* not whole yet: call again with more bytes */
	RESP_REQUEST, /* *ret is filled (args may be 0: an empty command, no answer) */
	RESP_BROKEN, /* not RESP, or over a limit: answer *ret_fault and close */
};

/*
 * Look at @input.  On RESP_REQUEST *ret_used is how many bytes the request
 * took; *ret is scratch until then.  RESP_MORE is only said below
 * RESP_REQUEST_MAX bytes, so a buffer of this size is always large enough.
 * Inline arguments with quotes are unquoted as Redis does ("\xHH", \n, \r, \t,
 * \b, \a inside double quotes; \' inside single ones), in place: @input is
 * writable.  On RESP_BROKEN *ret_fault is a sentence to follow
 * "-ERR Protocol error: ".  Each look begins anew, at no more than
 * RESP_REQUEST_MAX bytes.
 */
enum resp_status resp_parse(char *input, size_t len, struct resp_request *ret,
			    size_t *ret_used, const char **ret_fault) _must_check_;

/* Answers.  All return 0 or -ENOMEM. */
int resp_put_simple(struct buf *out, const char *text) _must_check_;
/* "-CODE sentence"; CR, LF and other controls in it become '?'. */
int resp_put_error(struct buf *out, const char *code, struct slice sentence)
	_must_check_;
int resp_put_integer(struct buf *out, int64_t n) _must_check_;
int resp_put_bulk(struct buf *out, struct slice text) _must_check_;
int resp_put_null(struct buf *out) _must_check_;
int resp_put_array(struct buf *out, size_t elements) _must_check_;

#endif
