/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/metric.h"
#include "core/secret.h"
#include "core/text.h"
#include "http/inside.h"
#include <stdlib.h>
#include <string.h>

/* AT_LANES: woken ones of one loop that are on a lane at once; the lane is everybody's, and the rest sleeps on in
 * order. */
enum { TURN = 256, AT_LANES = 64 };

/* A request asleep, in as few bytes as it can be: its texts one behind the other. */
struct packed {
	const struct route *route;
	const char *log_name;
	int64_t deadline, began;
	struct park park;
	struct trace trace;
	enum method method;
	enum who who;
	int role, runs, minor;
	bool close, tls, control;
	size_t n; /* of text */
	uint32_t n_params;
	struct {
		uint32_t at, n;
	} field[18];
	char text[];
};
/* Lives from the first E_PARK to the answer.  Another thread reaches it only through on_event. */
struct parked {
	struct parked *prev, *next; /* among the woken */
	struct hub_sub sub;
	struct loop *loop;
	struct conn *c; /* while asleep */
	struct packed *packed;
	uv_timer_t timer;
	bool timer_up, over;
	bool asleep, fired, queued; /* guarded by loop->lock */
};

/* ---- packing ---- */
static const size_t places[] = {
	offsetof(struct request, target), /* first: others lie within it */
	offsetof(struct request, path),
	offsetof(struct request, query),
	offsetof(struct request, route_path),
	offsetof(struct request, scope_org),
	offsetof(struct request, scope_project),
	offsetof(struct request, host),
	offsetof(struct request, body),
	offsetof(struct request, params),
	offsetof(struct request, params) + sizeof(struct sv),
	offsetof(struct request, params) + 2 * sizeof(struct sv),
	offsetof(struct request, params) + 3 * sizeof(struct sv),
};
enum { PLACES = ARRAY_LEN(places), P_ID = PLACES, P_KEY, P_PROJECT, P_EMAIL, P_SESSION, P_IP };
_Static_assert(MAX_PARAMS == 4, "places names every parameter");
_Static_assert(P_IP + 1 == 18, "struct packed has a field for every text");

static struct sv text_of(const struct work *w, size_t i)
{
	struct sv s;

	switch (i) {
	case P_ID: return sv_of(w->id);
	case P_KEY: return sv_of(w->rq.by.id);
	case P_PROJECT: return sv_of(w->rq.by.project_id);
	case P_EMAIL: return sv_of(w->rq.by.email);
	case P_SESSION: return w->rq.by.is == WHO_SESSION ? sha256_view(&w->rq.by.session) : SV_NONE;
	case P_IP: return sv_of(w->ip);
	default: break;
	}
	if (places[i] >= offsetof(struct request, params) && (places[i] - places[8]) / sizeof s >= w->rq.n_params)
		return SV_NONE;
	memcpy(&s, (const char *)&w->rq + places[i], sizeof s);
	return s;
}

static bool within(struct sv s, struct sv whole)
{
	uintptr_t p = (uintptr_t)s.p, from = (uintptr_t)whole.p;

	return p >= from && p + s.n <= from + whole.n;
}

static struct packed *pack(const struct work *w)
{
	size_t need = 0;

	for (size_t i = 0; i <= P_IP; i++)
		if (i == 0 || !within(text_of(w, i), w->rq.target))
			need += text_of(w, i).n;
	struct packed *k = need > UINT32_MAX / 2 ? NULL : malloc(sizeof *k + need);
	if (k == NULL)
		return NULL;
	*k = (struct packed){ .route = w->rq.route,
			      .log_name = w->rq.log_name,
			      .deadline = w->cx.deadline,
			      .began = w->began,
			      .park = w->rq.park,
			      .trace = w->trace,
			      .method = w->rq.method,
			      .who = w->rq.by.is,
			      .role = w->rq.by.role,
			      .runs = w->rq.runs,
			      .minor = w->scan.minor,
			      .close = w->rq.close,
			      .tls = w->rq.tls,
			      .control = w->rq.control,
			      .n_params = (uint32_t)w->rq.n_params };
	for (size_t i = 0; i <= P_IP; i++) {
		struct sv s = text_of(w, i);
		k->field[i].n = (uint32_t)s.n;
		if (s.p == NULL) {
			k->field[i].at = UINT32_MAX;
		} else if (i > 0 && within(s, w->rq.target)) {
			k->field[i].at = (uint32_t)(s.p - w->rq.target.p);
		} else {
			k->field[i].at = (uint32_t)k->n;
			memcpy(k->text + k->n, s.p, s.n);
			k->n += s.n;
		}
	}
	return k;
}

static void packed_free(struct packed *k)
{
	if (k == NULL)
		return;
	wipe(k->text, k->n);
	free(k);
}

static struct sv field(const struct packed *k, size_t i)
{
	return k->field[i].at == UINT32_MAX ? SV_NONE : (struct sv){ k->text + k->field[i].at, k->field[i].n };
}

/* The request again; its texts stay in `k`. */
static bool unpack(const struct packed *k, struct work *w)
{
	struct request *rq = &w->rq;

	for (size_t i = 0; i < PLACES; i++) {
		struct sv s = field(k, i);
		memcpy((char *)rq + places[i], &s, sizeof s);
	}
	rq->route = k->route;
	rq->log_name = k->log_name;
	rq->park = k->park;
	w->trace = k->trace;
	rq->method = k->method;
	rq->by.is = k->who;
	rq->by.role = k->role;
	rq->runs = k->runs;
	rq->close = k->close;
	rq->tls = k->tls;
	rq->control = k->control;
	rq->n_params = k->n_params;
	w->scan.minor = k->minor;
	w->cx.deadline = k->deadline;
	w->began = k->began;
	rq->client_ip = sv_of(w->ip);
	if (field(k, P_SESSION).n == sizeof rq->by.session)
		memcpy(&rq->by.session, field(k, P_SESSION).p, sizeof rq->by.session);
	return sv_copy(field(k, P_ID), w->id, sizeof w->id) && sv_copy(field(k, P_KEY), rq->by.id, sizeof rq->by.id) &&
	       sv_copy(field(k, P_PROJECT), rq->by.project_id, sizeof rq->by.project_id) &&
	       sv_copy(field(k, P_EMAIL), rq->by.email, sizeof rq->by.email) &&
	       sv_copy(field(k, P_IP), w->ip, sizeof w->ip);
}

/* ---- waking ---- */
static void enqueue(struct parked *p) /* under the loop's lock */
{
	struct loop *l = p->loop;

	if (!p->asleep || p->queued)
		return;
	p->queued = true;
	p->next = NULL;
	p->prev = l->woken_last;
	*(p->prev != NULL ? &p->prev->next : &l->woken) = p;
	l->woken_last = p;
	loop_nudge(l);
}

static void dequeue(struct parked *p) /* under the loop's lock */
{
	struct loop *l = p->loop;

	if (!p->queued)
		return;
	*(p->prev != NULL ? &p->prev->next : &l->woken) = p->next;
	*(p->next != NULL ? &p->next->prev : &l->woken_last) = p->prev;
	p->prev = p->next = NULL;
	p->queued = false;
}

/* On the publisher's thread. */
static void on_event(void *arg)
{
	struct parked *p = arg;

	(void)pthread_mutex_lock(&p->loop->lock);
	p->fired = true;
	enqueue(p);
	(void)pthread_mutex_unlock(&p->loop->lock);
}

static void wake_over(struct parked *p)
{
	p->over = true;
	(void)pthread_mutex_lock(&p->loop->lock);
	enqueue(p);
	(void)pthread_mutex_unlock(&p->loop->lock);
}

static void on_timer(uv_timer_t *t) { wake_over(t->data); }
void park_over(struct conn *c) { wake_over(c->parked); }

static enum lane lane_of(const struct work *w) { return w->rq.route == NULL ? LANE_INLINE : w->rq.route->lane; }

static void wake(struct parked *p)
{
	struct conn *c = TAKE(p->c);
	struct work *w = loop_work(p->loop);

	(void)uv_timer_stop(&p->timer);
	if (w == NULL || !unpack(p->packed, w)) {
		if (w != NULL)
			loop_work_back(p->loop, w);
		conn_close(c); /* ends p */
		return;
	}
	w->rq.park_over = p->over || w->rq.park.until <= clock_now() || p->loop->draining;
	w->park = p;
	w->c = c;
	c->parked = NULL;
	c->work = w;
	c->state = CONN_RUN;
	lanes_again(w, lane_of(w));
	conn_go_on(c);
}

void park_turn(struct loop *l)
{
	struct parked *p = NULL;
	bool more;

	for (int i = 0; i < TURN; i++) {
		if (l->woken_at_lanes >= AT_LANES)
			return; /* goes on when one of them is back */
		(void)pthread_mutex_lock(&l->lock);
		p = l->woken;
		if (p != NULL) {
			dequeue(p);
			p->asleep = p->fired = false;
		}
		(void)pthread_mutex_unlock(&l->lock);
		if (p == NULL)
			return;
		wake(p);
	}
	(void)pthread_mutex_lock(&l->lock);
	more = l->woken != NULL;
	(void)pthread_mutex_unlock(&l->lock);
	if (more)
		loop_nudge(l);
}

/* ---- falling asleep ---- */
static void give_up(struct work *w, int status, const char *say)
{
	answer_refuse(w, status, say, false);
	park_end(TAKE(w->park));
	answer_send(w);
}

static struct parked *park_new(struct work *w)
{
	struct server *s = w->loop->server;
	struct parked *p = NULL;

	if (atomic_fetch_add(&s->parked, 1) < s->max_parked && s->hub != NULL)
		p = calloc(1, sizeof *p);
	if (p == NULL) {
		(void)atomic_fetch_sub(&s->parked, 1);
		return NULL;
	}
	p->loop = w->loop;
	p->sub = (struct hub_sub){ .topic = w->rq.park.topic, .fn = on_event, .arg = p };
	hub_subscribe(s->hub, &p->sub);
	return p;
}

static uint64_t wait_ms(int64_t until)
{
	int64_t us = until - clock_now();

	return us <= 0 ? 0 : (uint64_t)(us + MSEC(1) - 1) / (uint64_t)MSEC(1);
}

/* turned: the topic is another one than before, so the handler must look once more. */
static void sleep_on(struct work *w, struct parked *p, bool turned)
{
	struct conn *c = w->c;
	struct packed *k = pack(w);

	if (k == NULL) {
		give_up(w, 503, "out of memory");
		return;
	}
	packed_free(p->packed);
	p->packed = k;
	p->c = c;
	if (!p->timer_up) {
		(void)uv_timer_init(&p->loop->uv, &p->timer);
		p->timer.data = p;
		p->timer_up = true;
	}
	(void)uv_timer_start(&p->timer, on_timer, wait_ms(k->park.until), 0);
	w->park = NULL;
	c->work = NULL;
	c->parked = p;
	c->state = CONN_PARK;
	conn_forget(c, w);
	conn_work_done(w);
	(void)pthread_mutex_lock(&p->loop->lock);
	p->asleep = true;
	if (p->fired || turned)
		enqueue(p);
	(void)pthread_mutex_unlock(&p->loop->lock);
}

void park_ask(struct work *w)
{
	struct parked *p = w->park;

	if (w->rq.park_over || w->rq.route == NULL || !w->rq.route->parks) {
		log_event(&w->cx, LOG_ERROR, "http.may_not_park",
			  LOG_STR("route", w->rq.log_name == NULL ? "-" : w->rq.log_name));
		give_up(w, 500, "internal error");
		return;
	}
	w->rq.park_over = w->loop->draining || w->rq.park.until <= clock_now();
	if (p == NULL && !w->rq.park_over) {
		w->park = park_new(w);
		if (w->park == NULL) {
			metric_add(M_HTTP_REFUSED, METRIC_AT(METRIC_PARKED), 1);
			give_up(w, 503, "too many requests are waiting; try again");
			return;
		}
	}
	if (p == NULL || w->rq.park_over) { /* subscribed: read once more before sleeping */
		lanes_again(w, lane_of(w));
		return;
	}
	bool turned = p->sub.topic != w->rq.park.topic;
	if (turned) {
		hub_unsubscribe(w->loop->server->hub, &p->sub);
		p->sub.topic = w->rq.park.topic;
		hub_subscribe(w->loop->server->hub, &p->sub);
	}
	sleep_on(w, p, turned);
}

static void on_timer_closed(uv_handle_t *h) { free(h->data); }

void park_end(struct parked *p)
{
	if (p == NULL)
		return;
	struct server *s = p->loop->server;
	hub_unsubscribe(s->hub, &p->sub);
	(void)pthread_mutex_lock(&p->loop->lock);
	dequeue(p);
	p->asleep = false;
	(void)pthread_mutex_unlock(&p->loop->lock);
	(void)atomic_fetch_sub(&s->parked, 1);
	packed_free(p->packed);
	if (p->timer_up)
		uv_close((uv_handle_t *)&p->timer, on_timer_closed);
	else
		free(p);
}
