/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/logf.h"
#include "core/metric.h"
#include "core/workq.h"
#include "http/inside.h"
#include <stdlib.h>

enum { CROWD = 64, POOL_DEPTH = 64, CALL_STACK = 256 * 1024 };

struct peer {
	uint64_t key;
	size_t n;
};
struct lanes {
	struct lanes_how how;
	pthread_mutex_t lock; /* guards the queues' ends and the peers; never held while a handler runs */
	struct workq *pool, *call;
	size_t calls;
	struct peer *peers; /* how.calls of them; n_peers are in use */
	size_t n_peers;
};

struct lanes *lanes_new(const struct lanes_how *how)
{
	struct lanes *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	l->how = *how;
	if (pthread_mutex_init(&l->lock, NULL) != 0) {
		free(l);
		return NULL;
	}
	l->peers = calloc(how->calls, sizeof *l->peers);
	l->pool = workq_new(&(struct workq_how){ .name = "pool",
						 .threads = how->pool,
						 .depth = how->pool * POOL_DEPTH,
						 .at_once = how->cores < how->pool ? how->cores : how->pool });
	l->call = workq_new(&(struct workq_how){
	    .name = "call", .threads = how->calls, .depth = how->calls, .stack_bytes = CALL_STACK });
	if (l->peers == NULL || l->pool == NULL || l->call == NULL) {
		lanes_free(l);
		return NULL;
	}
	return l;
}

void lanes_end(struct lanes *l)
{
	(void)pthread_mutex_lock(&l->lock);
	struct workq *pool = TAKE(l->pool), *call = TAKE(l->call);
	(void)pthread_mutex_unlock(&l->lock);
	workq_free(pool);
	workq_free(call);
}

void lanes_free(struct lanes *l)
{
	if (l == NULL)
		return;
	workq_free(l->pool);
	workq_free(l->call);
	free(l->peers);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

/* ---- at most so many calls wait for one peer; under the lock ---- */
static struct peer *peer_at(struct lanes *l, uint64_t key)
{
	for (size_t i = 0; i < l->n_peers; i++)
		if (l->peers[i].key == key)
			return &l->peers[i];
	return NULL;
}

/* Every peer in the list has a call running, so there are never more peers than calls. */
static bool peer_enter(struct lanes *l, uint64_t key)
{
	struct peer *p = peer_at(l, key);

	if (l->calls >= l->how.calls || (p != NULL && p->n >= l->how.calls_per_peer))
		return false;
	if (p == NULL) {
		p = &l->peers[l->n_peers++];
		*p = (struct peer){ .key = key };
	}
	p->n++;
	l->calls++;
	return true;
}

static void peer_leave(struct lanes *l, uint64_t key)
{
	struct peer *p = peer_at(l, key);

	l->calls--;
	if (p != NULL && --p->n == 0)
		*p = l->peers[--l->n_peers];
}

static void leave_call(struct work *w)
{
	struct lanes *l = w->loop->server->lanes;

	if (!w->on_call)
		return;
	w->on_call = false;
	(void)pthread_mutex_lock(&l->lock);
	peer_leave(l, w->peer_key);
	(void)pthread_mutex_unlock(&l->lock);
}

/* ---- running ---- */
static struct err again(struct work *w)
{
	buf_clear(&w->out);
	buf_clear(&w->head);
	w->rq.status = 0;
	w->rq.content_type = NULL;
	(void)forgive(&w->cx);
	w->cx.now = clock_now();
	w->rq.runs++;
	return w->loop->server->app->again(&w->rq);
}

static void on_thread(void *arg)
{
	struct work *w = arg;

	w->result = again(w);
	void (*after)(void *) = w->rq.after;
	void *remains = w->rq.after_arg;
	w->rq.after = NULL;
	loop_post(w->loop, w); /* it is the loop's from here */
	if (after != NULL)
		after(remains);
}

static bool push(struct lanes *l, struct work *w, enum lane lane)
{
	bool taken;

	(void)pthread_mutex_lock(&l->lock);
	if (lane == LANE_POOL) {
		taken = l->pool != NULL && workq_push(l->pool, on_thread, w);
	} else {
		w->peer_key = w->rq.peer_key;
		taken = l->call != NULL && peer_enter(l, w->peer_key);
		w->on_call = taken;
		if (taken && !workq_push(l->call, on_thread, w)) {
			taken = w->on_call = false;
			peer_leave(l, w->peer_key);
		}
	}
	(void)pthread_mutex_unlock(&l->lock);
	return taken;
}

static void answer(struct work *w)
{
	park_end(TAKE(w->park));
	answer_send(w);
}

static void count_woken(struct work *w, bool now)
{
	w->loop->woken_at_lanes += now;
	w->loop->woken_at_lanes -= w->counted;
	w->counted = now;
}

static void to_lane(struct work *w, enum lane lane)
{
	struct server *s = w->loop->server;

	if (!conn_detach(w->c, w)) {
		answer_refuse(w, 503, "out of memory", false);
		answer(w);
		return;
	}
	w->on_lane = true;
	w->rq.lane = (int)lane;
	if (atomic_fetch_add(&s->out, 1) >= CROWD)
		atomic_store_explicit(&s->crowded, true, memory_order_relaxed);
	count_woken(w, w->park != NULL);
	if (push(s->lanes, w, lane))
		return;
	count_woken(w, false);
	(void)atomic_fetch_sub(&s->out, 1);
	w->on_lane = false;
	metric_add(M_HTTP_REFUSED, METRIC_AT(lane == LANE_POOL ? METRIC_POOL : METRIC_CALL), 1);
	answer_refuse(w, 503, "too much is being done at once; try again", false);
	answer(w);
}

/* What a run of the handler leads to. */
static void next(struct work *w, struct err e)
{
	if (e.code == E_TAKE_POOL || e.code == E_TAKE_CALL) {
		to_lane(w, e.code == E_TAKE_POOL ? LANE_POOL : LANE_CALL);
		return;
	}
	if (e.code == E_PARK) {
		park_ask(w);
		return;
	}
	if (IS_ERR(e)) {
		log_event(&w->cx, LOG_ERROR, "http.unanswered", LOG_STR("error", err_name(e.code)));
		answer_refuse(w, 500, "internal error", false);
	}
	answer(w);
}

void lanes_serve(struct work *w)
{
	w->cx.now = clock_now();
	w->rq.runs = 1;
	struct err e = w->loop->server->app->serve(&w->rq);
	if (IS_ERR(e) && w->rq.route != NULL && w->rq.route->lane != LANE_INLINE)
		w->rq.runs = 0; /* only sent on: its handler has not been started */
	next(w, e);
}

void lanes_again(struct work *w, enum lane lane)
{
	if (lane != LANE_INLINE) {
		to_lane(w, lane);
		return;
	}
	w->rq.lane = LANE_INLINE;
	next(w, again(w));
}

void lanes_back(struct work *w)
{
	struct server *s = w->loop->server;
	struct conn *c = w->c;

	leave_call(w);
	w->on_lane = false;
	count_woken(w, false);
	w->cx.now = clock_now(); /* the run may have taken long */
	(void)atomic_fetch_sub(&s->out, 1);
	if (c == NULL) {
		conn_work_done(w);
		loop_quiet(s);
		return;
	}
	next(w, w->result);
	conn_go_on(c);
	loop_quiet(s);
}

void lanes_stats(struct lanes *l, struct server_stats *out)
{
	(void)pthread_mutex_lock(&l->lock);
	out->pool_busy = l->pool == NULL ? 0 : workq_busy(l->pool);
	out->calls_busy = l->calls;
	(void)pthread_mutex_unlock(&l->lock);
	out->pool_most = l->how.pool * (POOL_DEPTH + 1);
	out->calls_most = l->how.calls;
}
