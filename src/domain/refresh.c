/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/refresh.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/hub.h"
#include "core/logf.h"
#include "core/metric.h"
#include "core/text.h"
#include "core/trace.h"
#include "core/workq.h"
#include "domain/job_time.h"
#include "domain/refresh_inner.h"
#include "model/person.h"
#include "store/store_flow.h"
#include "store/store_held.h"
#include "store/store_revocation.h"
#include <pthread.h>
#include <stdlib.h>

/* The queue: tasks wait in the work queue, or, when no place at their provider is free, in a list until one is.
 * A task is known by its connection from the moment it is asked for until it has run, so that asking again changes
 * nothing. */
enum { THREADS = 256, DEPTH = 16384, BUCKETS = 1024, ARENA = 2 << 20, STACK = 256 << 10, PAGE = 200 };

struct task {
	struct refresher *r;
	char project[ID_MAX], id[ID_MAX];
	int64_t early;
	const struct provider *p; /* whose turn it waits for, then at whom it has a place; NULL: neither */
	struct task *chain, *wait;
};
struct refresher {
	struct engine *en;
	struct circuits *circuits;
	struct workq *q;
	pthread_mutex_t lock;
	struct task *bucket[BUCKETS];
	size_t tasks;
	struct task *waiting, **last_waiting; /* for their provider's turn, in order */
	struct refresh_job *calling;          /* those that may have a call under way */
	bool stopping, hurry;
};

uint64_t refresh_topic(struct sv connection_id) { return hub_topic("connection", connection_id); }
struct circuits *refresh_circuits(struct refresher *r) { return r->circuits; }
static void hurry(struct refresher *r)
{
	(void)pthread_mutex_lock(&r->lock);
	r->hurry = true;
	(void)pthread_mutex_unlock(&r->lock);
}
void refresh_hurry(struct engine *en)
{
	if (en->refresher != NULL)
		hurry(en->refresher);
}
bool refresh_hurried(struct engine *en)
{
	struct refresher *r = en->refresher;

	if (r == NULL)
		return true;
	(void)pthread_mutex_lock(&r->lock);
	bool yes = r->hurry;
	(void)pthread_mutex_unlock(&r->lock);
	return yes;
}
int64_t refresh_closed_until(struct engine *en, const struct provider *p)
{
	return en->refresher == NULL ? 0 : refresh_circuit_closed_until(en->refresher->circuits, p);
}

/* ---- calls under way ---- */
bool refresh_begin(struct refresher *r, struct refresh_job *j)
{
	(void)pthread_mutex_lock(&r->lock);
	const struct refresh_job *same = r->calling;
	while (same != NULL && !sv_eq(same->c.id, j->c.id))
		same = same->calling;
	j->calling = r->calling;
	r->calling = j;
	(void)pthread_mutex_unlock(&r->lock);
	return same == NULL;
}
void refresh_end(struct refresher *r, struct refresh_job *j)
{
	(void)pthread_mutex_lock(&r->lock);
	struct refresh_job **at = &r->calling;
	while (*at != j)
		at = &(*at)->calling;
	*at = j->calling;
	(void)pthread_mutex_unlock(&r->lock);
}

/* ---- tasks; the lock is held ---- */
static struct task **slot(struct refresher *r, struct sv id)
{
	struct task **at = &r->bucket[hub_topic("task", id) % BUCKETS];

	while (*at != NULL && !sv_eqz(id, (*at)->id))
		at = &(*at)->chain;
	return at;
}
static void forget(struct refresher *r, struct task *t)
{
	struct task **at = slot(r, sv_of(t->id));

	*at = t->chain;
	r->tasks--;
	free(t);
}
/* The next one that waits for this provider. */
static struct task *next_waiting(struct refresher *r, const struct provider *p)
{
	struct task **at = &r->waiting;

	while (*at != NULL && !sv_eqz(sv_of((*at)->p->row_id), p->row_id))
		at = &(*at)->wait;
	struct task *t = *at;
	if (t == NULL)
		return NULL;
	*at = t->wait;
	if (r->last_waiting == &t->wait)
		r->last_waiting = at;
	t->wait = NULL;
	return t;
}
static void wait_turn(struct refresher *r, struct task *t, const struct provider *p)
{
	t->p = p;
	t->wait = NULL;
	*r->last_waiting = t;
	r->last_waiting = &t->wait;
}

/* ---- running ---- */
static void run(void *arg);
/* The lock is not held.  A task that finds no room is forgotten: the next scan finds its row again. */
static bool push(struct refresher *r, struct task *t)
{
	if (workq_push(r->q, run, t))
		return true;
	(void)pthread_mutex_lock(&r->lock);
	forget(r, t);
	(void)pthread_mutex_unlock(&r->lock);
	return false;
}
/* The provider does not answer: who waits for it is forgotten, and found by a later scan. */
static void forget_waiting(struct refresher *r, const struct provider *p)
{
	struct task *t;

	(void)pthread_mutex_lock(&r->lock);
	while ((t = next_waiting(r, p)) != NULL)
		forget(r, t);
	(void)pthread_mutex_unlock(&r->lock);
}
/* Gives the free places at this provider to who waits for them. */
static void next_turns(struct refresher *r, const struct provider *p)
{
	enum circuit_pass pass;
	struct task *t;

	while ((pass = refresh_circuit_enter(r->circuits, p, true)) == PASS_GO) {
		(void)pthread_mutex_lock(&r->lock);
		t = r->stopping ? NULL : next_waiting(r, p);
		if (t != NULL)
			t->p = p;
		(void)pthread_mutex_unlock(&r->lock);
		if (t != NULL && push(r, t))
			continue;
		refresh_circuit_leave(r->circuits, p, CIRCUIT_NOTHING);
		return;
	}
	if (pass == PASS_CLOSED)
		forget_waiting(r, p);
}
/* Who waits is looked for after the place was given back, and a place after he began to wait: one of the two sees the
 * other. */
static void ended(struct refresher *r, struct task *t, const struct refresh_done *done)
{
	(void)pthread_mutex_lock(&r->lock);
	if (done->pass == PASS_FULL && !r->stopping)
		wait_turn(r, t, done->p);
	else
		forget(r, t);
	(void)pthread_mutex_unlock(&r->lock);
	if (done->p != NULL)
		next_turns(r, done->p);
}
static void run(void *arg)
{
	struct task *t = arg;
	struct refresher *r = t->r;
	CLEANUP(arena_drop) struct arena *a = arena_new(ARENA);
	struct trace trace;
	struct ctx cx = { .request_id = t->id, .trace = &trace, .arena = a, .now = clock_now() };
	const struct refresh_one one = { sv_of(t->project), sv_of(t->id), t->early, true, t->p };
	struct refresh_done done = { .p = t->p };

	trace_new(&trace);
	(void)pthread_mutex_lock(&r->lock);
	bool stopping = r->stopping;
	(void)pthread_mutex_unlock(&r->lock);

	if (a == NULL || stopping) {
		if (t->p != NULL)
			refresh_circuit_leave(r->circuits, t->p, CIRCUIT_NOTHING);
	} else if (IS_ERR(refresh_run(&cx, r->en, &one, &done))) {
		log_cause(&cx, LOG_ERROR, "refresh.failed");
	}
	ended(r, t, &done);
}
static void enqueue(struct refresher *r, struct sv project_id, struct sv id, int64_t early)
{
	struct task *t = calloc(1, sizeof *t);

	if (t == NULL || !sv_copy(project_id, t->project, sizeof t->project) || !sv_copy(id, t->id, sizeof t->id)) {
		free(t);
		return;
	}
	t->r = r;
	t->early = early;
	(void)pthread_mutex_lock(&r->lock);
	struct task **at = slot(r, id);
	bool fresh = *at == NULL && r->tasks < DEPTH && !r->stopping;
	if (fresh) {
		*at = t;
		r->tasks++;
	}
	(void)pthread_mutex_unlock(&r->lock);
	if (fresh)
		(void)push(r, t);
	else
		free(t);
}
void refresh_enqueue(struct engine *en, struct sv project_id, struct sv connection_id)
{
	if (en->refresher != NULL)
		enqueue(en->refresher, project_id, connection_id, 0);
}
size_t refresh_waiting(struct engine *en)
{
	struct refresher *r = en->refresher;

	if (r == NULL)
		return 0;
	(void)pthread_mutex_lock(&r->lock);
	size_t n = r->tasks;
	(void)pthread_mutex_unlock(&r->lock);
	return n;
}
struct err refresh_now(struct ctx *cx, struct engine *en, struct sv project_id, struct sv connection_id,
		       enum refreshed *out)
{
	struct refresh_done done;
	struct err e =
	    refresh_run(cx, en, &(struct refresh_one){ .project_id = project_id, .id = connection_id }, &done);

	*out = done.how;
	if (en->refresher != NULL && done.p != NULL)
		next_turns(en->refresher, done.p);
	return e;
}

/* ---- start and end ---- */
static struct err release(struct ctx *cx, struct engine *en)
{
	int64_t n = 0;

	TRY(store_connection_orphans(cx, en->store, &n));
	if (n > 0)
		log_event(cx, LOG_WARN, "refresh.interrupted", LOG_INT("leases", n));
	TRY(store_held_fill(cx, en->store));
	TRY(store_flow_orphans(cx, en->store));
	return store_revocation_orphans(cx, en->store);
}
struct err refresher_start(struct ctx *cx, struct engine *en, struct refresher **out)
{
	*out = NULL;
	TRY(release(cx, en));
	CLEANUP(refresher_drop) struct refresher *r = calloc(1, sizeof *r);
	if (r == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "refresher");
	(void)pthread_mutex_init(&r->lock, NULL);
	r->en = en;
	r->last_waiting = &r->waiting;
	r->circuits = refresh_circuit_new();
	r->q = workq_new(
	    &(struct workq_how){ .name = "refresh", .threads = THREADS, .depth = DEPTH, .stack_bytes = STACK });
	if (r->circuits == NULL || r->q == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "refresher");
	*out = TAKE(r);
	en->refresher = *out;
	return OK;
}
/* Calls that run are waited for (at most 20 s); what only waits is left to the next start. */
void refresher_free(struct refresher *r)
{
	if (r == NULL)
		return;
	(void)pthread_mutex_lock(&r->lock);
	r->stopping = true;
	while (r->waiting != NULL) {
		struct task *t = r->waiting;

		r->waiting = t->wait;
		forget(r, t);
	}
	r->last_waiting = &r->waiting;
	(void)pthread_mutex_unlock(&r->lock);
	hurry(r);
	workq_free(r->q);
	if (r->en->refresher == r)
		r->en->refresher = NULL;
	refresh_circuit_free(r->circuits);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

/* ---- what is due ---- */
#define REFRESH_END DAY(1)
/* Spread over the first half of the time between due and "less than a minute left"; the same for one connection at
 * every scan. */
static int64_t jitter(const struct connection *c)
{
	int64_t room = (c->token_expires_at - c->due_at - SEC(60)) / 2;

	return room <= 0 ? 0 : (int64_t)(hub_topic("jitter", c->id) % (uint64_t)room);
}
/* No task for what would not be tried: the queue is for those who would. */
static bool callable(struct engine *en, const struct connection *c, int64_t now)
{
	const struct provider *p = providers_by_row(en, c->provider_id);

	return p != NULL && refresh_closed_until(en, p) <= now;
}
static struct err scan_page(struct ctx *cx, struct engine *en, struct connection_due *in, struct connection_rows *rows)
{
	int64_t now = clock_now();

	TRY(store_connection_due(cx, en->store, in, rows));
	if (in->refresh_end == 0 && in->after == 0) /* the first page begins with the oldest */
		metric_set(M_REFRESH_LAG, METRIC_HERE,
			   rows->n > 0 && rows->v[0].due_at < now ? now - rows->v[0].due_at : 0);
	for (size_t i = 0; i < rows->n; i++) {
		const struct connection *c = &rows->v[i];

		if (!callable(en, c, now))
			continue;
		if (in->refresh_end != 0)
			enqueue(en->refresher, c->project_id, c->id, c->generation);
		else if (c->force_refresh || c->due_at + jitter(c) <= now)
			enqueue(en->refresher, c->project_id, c->id, 0);
	}
	return OK;
}
/* The pages of a scan may be many: each is forgotten before the next is read. */
static struct err scan(struct ctx *cx, struct engine *en, struct connection_due *in, const struct job_time *until)
{
	struct connection_rows rows = { .n = PAGE };
	char after[ID_MAX];

	while (rows.n == PAGE && job_goes_on(until)) {
		TRY(scan_page(cx, en, in, &rows));
		if (rows.n < PAGE)
			break;
		const struct connection *last = &rows.v[rows.n - 1];
		in->after = in->refresh_end == 0 ? last->due_at : last->refresh_expires_at;
		if (!sv_copy(last->id, after, sizeof after))
			return fail(cx, E_INTERNAL, "storage error", "id of %zu bytes", last->id.n);
		in->after_id = sv_of(after);
		arena_reset(cx->arena);
	}
	return OK;
}
struct err refresh_scan(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	struct connection_due read = { .now = clock_now(), .most = PAGE }, ending = read;

	if (en->refresher == NULL)
		return OK;
	TRY(scan(cx, en, &read, until));
	ending.refresh_end = ending.now + REFRESH_END;
	return scan(cx, en, &ending, until);
}
