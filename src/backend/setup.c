/* SPDX-License-Identifier: MIT */
/*
 * The steps of the start, each with the sentence that an administrator needs
 * when it fails.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "store/store.h"
#include "store/textstore.h"
#include "sys/address.h"
#include "sys/backend_config.h"
#include "sys/exit_codes.h"
#include "sys/keyfile.h"
#include "sys/log.h"
#include "sys/sockets.h"
#include "util/buf.h"
#include "util/random.h"
#include "util/slice.h"
#include "wire/frame.h"
#include "wire/message.h"
#include "backend/loading.h"
#include "backend/options.h"
#include "backend/setup.h"

/* An answer of as many full datagrams as there may be; the system caps it. */
#define SOCKET_BUFFER_SIZE (MESSAGE_PAGES_MAX * FRAME_SIZE_MAX)

static_assert(KEYFILE_KEY_SIZE == FRAME_KEY_SIZE, "one key");

static struct slice text_of(const struct buf *b)
{
	return (struct slice){ (const char *)b->data, b->len };
}

static struct log_fields fields_of(const struct backend_config *c,
				   enum log_event event)
{
	return (struct log_fields){ .event = event,
				    .backend = slice_of(c->name) };
}

/* The file, and that it is about the block that was asked for. */
static int read_config(const struct options *o, struct backend_config **ret,
		       struct buf *faults)
{
	_cleanup_(backend_config_freep) struct backend_config *c = NULL;
	int r;

	r = backend_config_read(o->config, &c, faults);
	if (r < 0)
		return r;

	if (o->name && strcmp(o->name, c->name) != 0) {
		r = buf_addf(faults, "%s: name is %s, but %s was asked for\n",
			     o->config, c->name, o->name);
		return r < 0 ? r : -EBADMSG;
	}

	*ret = TAKE_PTR(c);
	return 0;
}

int setup_config(const struct options *o, struct backend_config **ret)
{
	const struct log_fields fields = {
		.event = LOG_EVENT_CONFIGURATION_REJECTED,
	};
	_cleanup_(buf_done) struct buf faults = { 0 };

	if (read_config(o, ret, &faults) == 0)
		return EXIT_STATUS_OK;

	log_lines(LOG_ERR, &fields, text_of(&faults));
	return EXIT_STATUS_CONFIG;
}

static int read_key(const struct backend_config *c, struct frame_key *ret)
{
	const struct log_fields fields =
		fields_of(c, LOG_EVENT_CONFIGURATION_REJECTED);
	_cleanup_(buf_done) struct buf fault = { 0 };
	int r;

	*ret = (struct frame_key){ 0 };
	r = keyfile_read(c->key_file, ret->bytes, &fault);
	if (r < 0) {
		log_lines(LOG_ERR, &fields, text_of(&fault));
		return EXIT_STATUS_CONFIG;
	}
	ret->present = r > 0;
	return EXIT_STATUS_OK;
}

int setup_check_config(const struct options *o)
{
	_cleanup_(backend_config_freep) struct backend_config *c = NULL;
	struct frame_key key;
	int status;

	status = setup_config(o, &c);
	if (status != EXIT_STATUS_OK)
		return status;
	status = read_key(c, &key);
	explicit_bzero(&key, sizeof(key));
	return status;
}

int setup_key(const struct backend_config *c, struct frame_key *ret)
{
	int status;

	status = read_key(c, ret);
	if (status == EXIT_STATUS_OK && !ret->present)
		log_print(LOG_WARNING, NULL,
			  "no key_file: datagrams are not authenticated, and "
			  "taken from loopback addresses only");
	return status;
}

int setup_passed(struct sockets_passed *ret)
{
	int r;

	r = sockets_take_passed(ret);
	if (r == 0)
		return EXIT_STATUS_OK;

	log_print(LOG_ERR, NULL, "cannot take the sockets passed: %s",
		  strerror(-r));
	return EXIT_STATUS_FAILURE;
}

static void tell_torn(const struct backend_config *c,
		      const struct textstore_report *report)
{
	const struct log_fields fields = fields_of(c, LOG_EVENT_TORN_TAIL_CUT);

	log_print(LOG_WARNING, &fields,
		  "%s: cut off a torn end of %llu bytes, kept in %s", c->block,
		  (unsigned long long)report->torn_bytes, report->torn_path);
}

static int tell_open_failed(const struct backend_config *c,
			    const struct textstore_report *report, int error)
{
	const struct log_fields integrity =
		fields_of(c, LOG_EVENT_INTEGRITY_FAULT);
	const struct log_fields storage =
		fields_of(c, LOG_EVENT_STORAGE_FAILURE);

	switch (error) {
	case -EBADMSG:
		log_lines(LOG_CRIT, &integrity, text_of(&report->fault));
		return EXIT_STATUS_INTEGRITY;
	case -EWOULDBLOCK:
		log_print(LOG_ERR, NULL, "%s: another process has it open",
			  c->block);
		return EXIT_STATUS_FAILURE;
	default:
		log_print(LOG_CRIT, &storage, "cannot open the block %s: %s",
			  c->block, strerror(-error));
		return EXIT_STATUS_IO;
	}
}

int setup_store(const struct backend_config *c, struct loading *loading,
		struct store **ret)
{
	struct textstore_report report = { 0 };
	uint8_t key[MAP_KEY_SIZE];
	int status = EXIT_STATUS_OK;
	int r;

	random_bytes(key, sizeof(key));

	loading_begin(loading, c->name, c->block);
	r = textstore_open(&loading->ops, c->block, key, &report, ret);
	loading_end(loading);
	if (r < 0)
		status = tell_open_failed(c, &report, r);
	else if (report.torn)
		tell_torn(c, &report);

	buf_done(&report.fault);
	return status;
}

static void tell_mismatch(const struct backend_config *c,
			  const struct address *passed)
{
	char is[ADDRESS_TEXT_SIZE];
	char should_be[ADDRESS_TEXT_SIZE];

	address_format(passed, is);
	address_format(&c->listen, should_be);
	log_print(LOG_WARNING, NULL,
		  "the socket passed is at %s, the configuration says %s; run: "
		  "systemctl daemon-reload && systemctl stop chain-backend@%s "
		  "&& systemctl start chain-backend@%s",
		  is, should_be, c->name, c->name);
}

static int claim(const struct backend_config *c, struct sockets_passed *passed,
		 struct address *ret_address)
{
	int fd;

	fd = sockets_claim(passed, SOCK_DGRAM, &c->listen, false, ret_address);
	if (fd >= 0)
		return fd;

	/* The service manager's word counts, but not without a word of ours. */
	fd = sockets_claim(passed, SOCK_DGRAM, &c->listen, true, ret_address);
	if (fd >= 0)
		tell_mismatch(c, ret_address);

	return fd;
}

/* A descriptor, or -ENOENT if no datagram socket was passed. */
static int claim_passed(const struct backend_config *c,
			struct sockets_passed *passed,
			struct address *ret_address)
{
	_cleanup_(closep) int fd = claim(c, passed, ret_address);
	int r;

	if (fd < 0)
		return fd;
	r = sockets_adopt_datagram(fd, ret_address, SOCKET_BUFFER_SIZE);
	return r < 0 ? r : TAKE_FD(fd);
}

int setup_socket(const struct backend_config *c, struct sockets_passed *passed,
		 struct address *ret_address, int *ret_fd)
{
	char where[ADDRESS_TEXT_SIZE];
	int fd;

	fd = claim_passed(c, passed, ret_address);
	if (fd == -ENOENT)
		fd = sockets_bind_datagram(&c->listen, SOCKET_BUFFER_SIZE,
					   ret_address);
	if (fd >= 0) {
		*ret_fd = fd;
		return EXIT_STATUS_OK;
	}

	address_format(&c->listen, where);
	log_print(LOG_ERR, NULL, "cannot listen on udp %s: %s", where,
		  strerror(-fd));
	return EXIT_STATUS_FAILURE;
}

uint32_t setup_datagram_room(const struct backend_config *c)
{
	/*
	 * Automatic: the asker, which knows the path, says how large an answer
	 * may be; a socket for many peers has no path of its own.
	 */
	return c->datagram_size > 0 ? c->datagram_size : FRAME_SIZE_MAX;
}
