/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/os_thread.h"
#include "core/text.h"
#include "core/wiped.h"
#include "net/sessions.h"
#include "net/transfer.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_HEADERS = 32 << 10, MOST_HOPS = 4, KEPT_CONNECTIONS = 128, POLL_MS = 1000 };

struct job {
	struct transfer t;
	struct job *next, *prev; /* in `queued`, then in `running` */
	bool late;               /* found after its deadline once */
	bool done;
	pthread_cond_t wake;
};
struct net {
	struct transfer_env env;
	struct guard *guard;
	struct trust *trust;
	char *proxy, *user_agent;
	bool curl_up, started;
	CURLM *multi;
	pthread_t thread;
	struct sessions *sessions;
	pthread_mutex_t lock; /* queued, stop, done */
	struct job *queued;
	struct job *running; /* egress thread only */
	bool stop;
};

void net_reply_clear(struct net_reply *r)
{
	buf_free(&r->body);
	buf_free(&r->headers);
	*r = (struct net_reply){ .fate = NET_FAILED };
}

/* ---- the egress thread ---- */
static void job_done(struct net *n, struct job *j)
{
	if (j->prev != NULL)
		j->prev->next = j->next;
	else
		n->running = j->next;
	if (j->next != NULL)
		j->next->prev = j->prev;
	(void)curl_multi_remove_handle(n->multi, j->t.h);
	(void)pthread_mutex_lock(&n->lock);
	j->done = true; /* the caller may go on from here: j is not ours any more after unlock */
	(void)pthread_cond_signal(&j->wake);
	(void)pthread_mutex_unlock(&n->lock);
}

static void job_start(struct net *n, struct job *j)
{
	j->prev = NULL;
	j->next = n->running;
	if (n->running != NULL)
		n->running->prev = j;
	n->running = j;
	if (curl_multi_add_handle(n->multi, j->t.h) != CURLM_OK) {
		j->t.rc = CURLE_OUT_OF_MEMORY;
		job_done(n, j);
	}
}

static bool take_queued(struct net *n)
{
	(void)pthread_mutex_lock(&n->lock);
	struct job *j = n->queued;
	bool go_on = !n->stop;
	n->queued = NULL;
	(void)pthread_mutex_unlock(&n->lock);
	while (j != NULL) {
		struct job *next = j->next;

		job_start(n, j);
		j = next;
	}
	return go_on;
}

static void finish_ready(struct net *n)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(n->multi, &left)) != NULL) {
		char *p = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		CURLcode rc = m->data.result; /* m dies when its handle is removed */
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &p);
		struct job *j = (struct job *)(void *)p;
		j->t.rc = rc;
		job_done(n, j);
	}
}

/* Ends the calls whose time is over; returns how long the next look may wait.  A process that was stopped for a while
 * finds its deadlines passed and whole answers in its sockets, a new pair among them: what is there is read first, so a
 * call ends in the second round that finds it late.  (libcurl's own timeout ends it unread.) */
static int end_late(struct net *n)
{
	int64_t now = clock_mono(), wait = MSEC(POLL_MS);

	for (struct job *j = n->running, *next; j != NULL; j = next) {
		int64_t left = j->t.deadline - now;

		next = j->next;
		if (atomic_load(&j->t.enough)) {
			j->t.rc = CURLE_OK;
			job_done(n, j);
			continue;
		}
		if (left <= 0 && j->late) {
			j->t.rc = CURLE_OPERATION_TIMEDOUT;
			job_done(n, j);
			continue;
		}
		j->late = left <= 0;
		wait = left < wait ? left : wait;
	}
	return wait <= 0 ? 0 : (int)(wait / MSEC(1)) + 1;
}

static void *egress(void *arg)
{
	struct net *n = arg;
	int running;

	os_thread_name("egress");
	while (take_queued(n)) {
		(void)curl_multi_perform(n->multi, &running);
		finish_ready(n);
		os_thread_wipe_stack();
		(void)curl_multi_poll(n->multi, NULL, 0, end_late(n), NULL);
	}
	while (n->running != NULL) { /* who still waits is told */
		n->running->t.rc = CURLE_ABORTED_BY_CALLBACK;
		n->running->t.stopped = true;
		job_done(n, n->running);
	}
	return NULL;
}

/* ---- start and stop ---- */
void net_free(struct net *n)
{
	if (n == NULL)
		return;
	if (n->started) {
		(void)pthread_mutex_lock(&n->lock);
		n->stop = true;
		(void)pthread_mutex_unlock(&n->lock);
		(void)curl_multi_wakeup(n->multi);
		(void)pthread_join(n->thread, NULL);
	}
	if (n->multi != NULL)
		(void)curl_multi_cleanup(n->multi);
	sessions_free(n->sessions);
	curl_slist_free_all(n->env.connect_to);
	if (n->curl_up)
		curl_global_cleanup();
	guard_free(n->guard);
	trust_free(n->trust);
	free(n->proxy);
	free(n->user_agent);
	(void)pthread_mutex_destroy(&n->lock);
	free(n);
}

static struct err set_proxy(struct ctx *cx, struct net *n, const char *proxy)
{
	struct url u;

	if (proxy == NULL)
		return OK;
	if (IS_ERR(url_parse(cx, sv_of(proxy), "network.proxy", &u)) || u.https || u.path.n > 1) {
		(void)forgive(cx);
		return refuse(cx, E_CONFIG, "network.proxy: must be http://HOST:PORT of a CONNECT proxy");
	}
	n->proxy = strdup(proxy);
	return n->proxy == NULL ? fail(cx, E_INTERNAL, "out of memory", "net") : OK;
}

static struct err set_connect_to(struct ctx *cx, struct net *n, struct sv_list list)
{
	for (size_t i = 0; i < list.n; i++) {
		char z[600];
		struct curl_slist *l = sv_copy(list.v[i], z, sizeof z) ? curl_slist_append(n->env.connect_to, z) : NULL;

		if (l == NULL)
			return refuse(cx, E_CONFIG, "network.connect_to: an entry is too long");
		n->env.connect_to = l;
	}
	return OK;
}

static struct err set_curl(struct ctx *cx, struct net *n)
{
	if (curl_global_init_mem(CURL_GLOBAL_ALL, wiped_alloc, wiped_free, wiped_resize, wiped_text, wiped_array) !=
	    CURLE_OK)
		return fail(cx, E_INTERNAL, "libcurl does not start", "curl_global_init_mem");
	n->curl_up = true;
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	if (v->version_num < 0x075700 || v->ssl_version == NULL || strstr(v->ssl_version, "OpenSSL") == NULL)
		return refuse(cx, E_CONFIG,
			      "libcurl %s with %s cannot be used: 7.87 or newer, built on OpenSSL, is needed",
			      v->version, v->ssl_version == NULL ? "no TLS" : v->ssl_version);
	n->multi = curl_multi_init();
	n->sessions = sessions_new();
	if (n->multi == NULL || n->sessions == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "net");
	(void)curl_multi_setopt(n->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
	(void)curl_multi_setopt(n->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return OK;
}

static struct err set_trust(struct ctx *cx, struct net *n, const char *ca_file)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	return trust_load(cx, &(struct trust_how){ .ca_file = ca_file, .cainfo = v->cainfo, .capath = v->capath },
			  &n->trust);
}

struct err net_start(struct ctx *cx, const struct net_how *how, struct net **out)
{
	CLEANUP(net_drop) struct net *n = calloc(1, sizeof *n);
	struct guard_how gh = { .allowlist = how->ssrf_allowlist,
				.connect_to = how->connect_to,
				.peers = how->peers,
				.n_peers = how->n_peers,
				.development = how->development,
				.proxied = how->proxy != NULL };

	*out = NULL;
	if (n == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "net");
	(void)pthread_mutex_init(&n->lock, NULL);
	TRY(set_curl(cx, n));
	n->user_agent = strdup(how->user_agent);
	if (n->user_agent == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "net");
	TRY(guard_new(cx, &gh, &n->guard));
	TRY(set_trust(cx, n, how->ca_file));
	TRY(set_proxy(cx, n, how->proxy));
	TRY(set_connect_to(cx, n, how->connect_to));
	n->env = (struct transfer_env){ n->guard, n->trust, n->proxy, n->user_agent, n->env.connect_to };
	if (pthread_create(&n->thread, NULL, egress, n) != 0)
		return fail(cx, E_INTERNAL, "no thread for outbound calls", "pthread_create");
	n->started = true;
	*out = TAKE(n);
	return OK;
}

/* ---- a call ---- */
/* The next piece for a caller who reads along; false: no more comes. */
static bool take_piece(struct net *n, struct job *j, struct buf *piece)
{
	(void)pthread_mutex_lock(&n->lock);
	while (!j->done && j->t.fresh.n == 0)
		(void)pthread_cond_wait(&j->wake, &n->lock);
	*piece = j->t.fresh;
	j->t.fresh = (struct buf){ .max = piece->max, .broken = piece->broken, .too_large = piece->too_large };
	(void)pthread_mutex_unlock(&n->lock);
	return piece->n > 0;
}
static void read_along(struct net *n, struct job *j)
{
	const struct net_call *c = j->t.call;
	size_t seen = 0;
	bool go_on = true;

	while (go_on) {
		CLEANUP(buf_free) struct buf piece = { .n = 0 };

		if (!take_piece(n, j, &piece))
			return;
		seen += piece.n;
		if (seen > c->max_reply) {
			(void)pthread_mutex_lock(&n->lock);
			j->t.fresh.broken = j->t.fresh.too_large = true;
			(void)pthread_mutex_unlock(&n->lock);
			break;
		}
		go_on = c->more(c->more_arg, j->t.reply, buf_view(&piece));
	}
	atomic_store(&j->t.enough, true);
	(void)curl_multi_wakeup(n->multi);
}

static void run_and_wait(struct net *n, struct job *j)
{
	(void)pthread_cond_init(&j->wake, NULL);
	(void)pthread_mutex_lock(&n->lock);
	j->next = n->queued;
	n->queued = j;
	(void)pthread_mutex_unlock(&n->lock);
	(void)curl_multi_wakeup(n->multi);
	if (j->t.call->more != NULL)
		read_along(n, j);
	(void)pthread_mutex_lock(&n->lock);
	while (!j->done)
		(void)pthread_cond_wait(&j->wake, &n->lock);
	(void)pthread_mutex_unlock(&n->lock);
	(void)pthread_cond_destroy(&j->wake);
}

static struct err hop(struct ctx *cx, struct net *n, struct job *j, const char **next)
{
	struct transfer *t = &j->t;

	*next = NULL;
	t->lock = &n->lock;
	t->wake = &j->wake;
	t->fresh = BUF(t->call->max_reply + 1);
	t->h = sessions_handle(n->sessions);
	if (t->h == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "net");
	struct err e = transfer_prepare(cx, t);
	if (!IS_ERR(e) && t->level != GUARD_REFUSED)
		run_and_wait(n, j);
	transfer_finish(t);
	if (!IS_ERR(e))
		*next = transfer_next(cx, t);
	curl_easy_cleanup(t->h);
	buf_free(&t->fresh);
	return e;
}

static struct err check_call(struct ctx *cx, const struct net_call *c)
{
	if (c->timeout <= 0 || c->max_reply == 0)
		return fail(cx, E_INTERNAL, "an outbound call has no limit", "%s", c->purpose);
	if (c->redirects && (c->once != NET_MAY_REPEAT || c->more != NULL))
		return fail(cx, E_INTERNAL, "an outbound call is malformed", "%s: redirects", c->purpose);
	return OK;
}

static void log_call(const struct ctx *cx, const struct net_call *c, const struct net_reply *r)
{
	log_event(cx, r->fate == NET_DONE ? LOG_DEBUG : LOG_WARN, "net.call", LOG_STR("purpose", c->purpose),
		  LOG_STR("fate", net_fate_text(r->fate)), LOG_INT("status", r->status),
		  LOG_INT("sent", r->sent ? 1 : 0), LOG_INT("us", r->took), LOG_STR("peer", &r->detail[0]));
}

struct err net_call(struct ctx *cx, struct net *n, const struct net_call *call, struct net_reply *out)
{
	int64_t start = clock_mono();
	const char *next = arena_text(cx->arena, call->url);
	struct job j = { .t = { .env = &n->env,
				.call = call,
				.method = call->method,
				.url = next,
				.keep_headers = true,
				.keep_body = true,
				.deadline = start + call->timeout,
				.reply = out } };

	*out = (struct net_reply){ .fate = NET_FAILED, .body = BUF(call->max_reply), .headers = BUF(MOST_HEADERS) };
	TRY(check_call(cx, call));
	if (next == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "net");
	for (int i = 0; i < MOST_HOPS; i++) {
		struct job again = { .t = j.t };

		again.t.runs = 0;
		buf_clear(&out->body);
		buf_clear(&out->headers);
		TRY(hop(cx, n, &again, &next));
		if (next == NULL)
			break;
		transfer_follow(cx, &again.t, next);
		j.t = again.t;
	}
	out->took = clock_mono() - start;
	log_call(cx, call, out);
	return OK;
}
