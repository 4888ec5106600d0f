/* SPDX-License-Identifier: MIT */
/*
 * Sessions: the input that is not a whole request yet, the queue of answers,
 * the output that is not written yet.  A session that does nothing holds no
 * memory but its own few hundred bytes.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>

#include "main/answer.h"
#include "util/list.h"
#include "wire/resp.h"

#include "main/session.h"

/* A session keeps an output buffer up to this size when it is empty. */
#define OUTPUT_KEEP 16384

struct sessions {
	struct commands_env env;
	struct answer_pool *pool;
	struct feed *feed;
	struct multis multis;
	struct list active; /* sessions with something to do */
	bool draining;
	uint64_t requests;
	size_t unread;
};

struct session {
	struct sessions *all;
	void *owner;
	struct list active;
	struct commands_client client;
	struct buf input; /* what did not make a whole request */
	struct buf output;
	size_t sent; /* of the output */
	struct answer_queue queue;
	size_t counted; /* in all->unread */
	bool full;	/* too much unread */
	bool waiting;	/* kept input that could not be looked at yet */
	bool broken;	/* not our protocol: read no further */
	bool ended;	/* no more input */
	bool lags;	/* was subscribed, and did not read */
};

int sessions_new(const struct commands_env *env, struct sessions **ret)
{
	struct sessions *all;
	int r;

	all = calloc(1, sizeof(*all));
	if (!all)
		return -ENOMEM;

	r = answer_pool_new(SESSIONS_PENDING_MAX, &all->pool);
	if (r == 0)
		r = feed_new(&all->feed);
	if (r < 0) {
		answer_pool_free(all->pool);
		free(all);
		return r;
	}

	all->env = *env;
	list_init(&all->active);
	*ret = all;
	return 0;
}

struct sessions *sessions_free(struct sessions *all)
{
	if (!all)
		return NULL;

	answer_pool_free(all->pool);
	feed_free(all->feed);
	free(all);
	return NULL;
}

struct session *sessions_next(struct sessions *all)
{
	struct list *first = list_first(&all->active);

	if (!first)
		return NULL;
	list_remove(first);
	return list_entry(first, struct session, active);
}

void sessions_publish(struct sessions *all, struct slice lines)
{
	feed_publish(all->feed, lines);
}

void sessions_drain(struct sessions *all)
{
	all->draining = true;
}

void sessions_count(const struct sessions *all, struct sessions_counters *ret)
{
	*ret = (struct sessions_counters){
		.requests = all->requests,
		.pending = answer_pool_used(all->pool),
		.unread = all->unread,
		.queued = all->multis.bytes,
		.subscribers = feed_followers(all->feed),
	};
}

/* Put it on the list of those with something to do. */
static void wake(void *arg)
{
	struct session *s = arg;

	if (list_empty(&s->active))
		list_append(&s->all->active, &s->active);
}

/* Look again at how much is unread: by this client, and by all. */
static void weigh(struct session *s)
{
	size_t unread = s->output.len - s->sent + s->queue.held;

	s->all->unread += unread - s->counted;
	s->counted = unread;

	if (unread >= SESSION_OUTPUT_MAX)
		s->full = true;
	else if (unread < SESSION_OUTPUT_MAX / 2)
		s->full = false;
}

/* Would so many bytes more be too many, of one that does not read? */
static bool too_much(const struct session *s, size_t more)
{
	size_t most = s->all->unread < SESSIONS_UNREAD_MAX ?
			      SESSION_FEED_MAX :
			      SESSION_OUTPUT_MAX;

	return s->counted > 0 && s->counted + more > most;
}

/*
 * Messages stand in the queue of answers like an answer that is there at once:
 * they go out between two others, and what is not answered yet goes before.
 */
static void push(struct follower *f, struct slice messages)
{
	struct session *s = list_entry(f, struct session, client.follower);
	struct answer *a = NULL;
	struct buf *out;

	weigh(s);
	if (messages.len > 0 && too_much(s, messages.len)) {
		feed_leave(s->all->feed, f);
		s->lags = true;
		wake(s);
		return;
	}

	if (messages.len > 0)
		a = answer_new(&s->queue, false);
	if (!a) {
		feed_leave(s->all->feed, f);
		s->queue.fault = -ENOMEM;
		wake(s);
		return;
	}
	out = answer_begin(a);
	answer_end(a, buf_add(out, messages.p, messages.len));
	weigh(s);
}

int session_new(struct sessions *all, uint64_t id, void *owner,
		struct session **ret)
{
	struct session *s;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;

	s->all = all;
	s->owner = owner;
	s->client = (struct commands_client){ .env = &all->env, .id = id,
					      .feed = all->feed,
					      .multi.all = &all->multis };
	follower_init(&s->client.follower, push);
	list_init(&s->active);
	answer_queue_init(&s->queue, all->pool, &s->output, wake, s);
	*ret = s;
	return 0;
}

struct session *session_free(struct session *s)
{
	if (!s)
		return NULL;

	feed_leave(s->all->feed, &s->client.follower);
	answer_queue_done(&s->queue);
	multi_end(&s->client.multi);
	list_remove(&s->active);
	s->all->unread -= s->counted;
	buf_done(&s->input);
	buf_done(&s->output);
	free(s);
	return NULL;
}

void *session_owner(const struct session *s)
{
	return s->owner;
}

/* May no further request be looked at, now or ever? */
static bool held_back(const struct session *s)
{
	return s->full || s->broken || s->client.quit || s->all->draining ||
	       s->queue.heavy > 0 || s->queue.fault < 0 ||
	       s->queue.pending >= SESSION_PENDING_MAX;
}

/* Answer without carrying anything out. */
static void refuse(struct session *s, const char *code, const char *prefix,
		   const char *sentence)
{
	char text[256];
	struct answer *a;
	struct buf *out;

	(void)snprintf(text, sizeof(text), "%s%s", prefix, sentence);
	a = answer_new(&s->queue, false);
	if (!a) {
		s->queue.fault = -ENOMEM;
		wake(s);
		return;
	}

	if (s->all->env.refused)
		s->all->env.refused(s->all->env.ctx, code);
	out = answer_begin(a);
	answer_end(a, resp_put_error(out, code, slice_of(text)));
}

static void execute(struct session *s, const struct resp_request *r)
{
	const struct command *command = commands_find(r);
	bool heavy = commands_is_heavy(command);
	struct answer *a;

	s->all->requests++;
	if (heavy && s->all->unread >= SESSIONS_UNREAD_MAX) {
		refuse(s, "UNAVAILABLE", "",
		       "Too many answers wait to be read by "
		       "clients; try again later.");
		commands_turned_away(&s->client, command);
		return;
	}

	a = answer_new(&s->queue, heavy);
	if (!a) {
		s->queue.fault = -ENOMEM;
		wake(s);
		return;
	}
	commands_run(&s->client, command, r, a);
}

/* Carry out what is whole in @data; how many bytes that took. */
static size_t run(struct session *s, char *data, size_t len)
{
	enum resp_status status = RESP_REQUEST;
	struct resp_request request;
	const char *fault;
	size_t done = 0;
	size_t used;

	while (done < len && status == RESP_REQUEST && !held_back(s)) {
		status = resp_parse(data + done, len - done, &request, &used,
				    &fault);
		if (status != RESP_REQUEST)
			break;

		done += used;
		if (request.args > 0)
			execute(s, &request);
		weigh(s);
	}

	if (status == RESP_BROKEN) {
		s->broken = true;
		refuse(s, "ERR", "Protocol error: ", fault);
	}
	s->waiting = status == RESP_REQUEST && done < len;
	return done;
}

/* Keep what could not be used yet. */
static void keep(struct session *s, const char *data, size_t len)
{
	int r;

	r = buf_add(&s->input, data, len);
	if (r < 0)
		s->queue.fault = r;
}

/* Go through the kept input. */
static void run_kept(struct session *s)
{
	size_t done;

	done = run(s, (char *)s->input.data, s->input.len);
	if (done == s->input.len)
		buf_done(&s->input);
	else
		buf_drop(&s->input, done);
}

size_t session_room(const struct session *s)
{
	return held_back(s) || s->ended ? 0 : RESP_REQUEST_MAX - s->input.len;
}

void session_input(struct session *s, char *data, size_t len)
{
	size_t done;

	assert(len <= RESP_REQUEST_MAX - s->input.len);

	/* Most input is whole requests: those are not copied. */
	if (s->input.len == 0) {
		done = run(s, data, len);
		keep(s, data + done, len - done);
	} else {
		keep(s, data, len);
		run_kept(s);
	}
	wake(s);
}

void session_input_ends(struct session *s)
{
	s->ended = true;
	wake(s);
}

bool session_resume(struct session *s)
{
	/* Answers may have come in since. */
	weigh(s);
	if (!s->waiting || held_back(s))
		return false;

	run_kept(s);
	wake(s);
	return true;
}

struct slice session_output(const struct session *s)
{
	if (s->output.len == s->sent)
		return (struct slice){ 0 };

	return (struct slice){ (const char *)s->output.data + s->sent,
			       s->output.len - s->sent };
}

void session_written(struct session *s, size_t len)
{
	s->sent += len;
	assert(s->sent <= s->output.len);

	/* What was written goes before it is more than what was not. */
	if (s->sent >= s->output.len - s->sent) {
		buf_drop(&s->output, s->sent);
		s->sent = 0;
	}
	if (s->output.len == 0 && s->output.cap > OUTPUT_KEEP)
		buf_done(&s->output);
	weigh(s);
}

bool session_lags(const struct session *s)
{
	return s->lags;
}

bool session_finished(const struct session *s)
{
	bool last = s->ended || s->broken || s->client.quit || s->all->draining;

	if (s->queue.fault < 0 || s->lags)
		return true;
	if (s->waiting && !held_back(s))
		return false;
	return last && s->queue.pending == 0 && s->output.len == s->sent;
}
