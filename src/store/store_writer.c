/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/metric.h"
#include "core/os_thread.h"
#include "core/workq.h"
#include "store/store_group.h"
#include <assert.h>
#include <errno.h>

/* One thread writes.  While it waits for the disk, acts queue up; it then takes them all into the next COMMIT. */
enum { GROUP_MOST = 256, CHECKPOINT_ACTS = 4096 };
#define IDLE   MSEC(250)
#define GATHER MSEC(20)
#define SETTLE SEC(5)
struct writer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_cond_t settled;
	struct act *first, **last; /* the queue */
	uint64_t queued, answered; /* acts so far */
	bool stop;
	bool hurry; /* somebody waits for one of those in the queue */
	struct store *st;
	struct db *db; /* the rest is the thread's own */
	struct ctx cx; /* for what is nobody's act */
	size_t since_checkpoint;
};

static void checkpoint(struct writer *w)
{
	w->since_checkpoint = 0;
	struct err e = db_checkpoint(&w->cx, w->db);
	metric_add(M_STORE_CHECKPOINTS, METRIC_AT(IS_ERR(e) ? METRIC_FAILED : METRIC_OK), 1);
	if (!IS_ERR(e))
		return;
	log_cause(&w->cx, LOG_WARN,
		  "store.checkpoint_failed"); /* the WAL keeps what is committed; the next one tries again */
	(void)forgive(&w->cx);
}
/* What the list came to: counted, and remembered for whoever asks how the store is. */
static void note(struct writer *w, const struct act *list)
{
	const char *trouble = db_trouble(w->db);

	for (const struct act *a = list; a != NULL; a = a->next) {
		bool ours = a->result.code == E_INTERNAL || a->result.code == E_BUSY;

		metric_add(M_STORE_ACTS, METRIC_AT(ours ? METRIC_FAILED : METRIC_OK), 1);
	}
	atomic_store(&w->st->trouble, trouble);
}
/* Under the lock: a fast disk must not make a COMMIT of each act that nobody waits for. */
static void gather(struct writer *w)
{
	const struct timespec until = clock_spec(clock_mono() + GATHER);
	int rc = 0;

	while (w->first != NULL && !w->hurry && !w->stop && rc == 0)
		rc = pthread_cond_timedwait(&w->work, &w->lock, &until);
	w->hurry = false;
}
/* The next acts, or NULL when the writer was idle for a while or is to stop (*over). */
static struct act *next_list(struct writer *w, size_t *n, bool *over)
{
	struct act *list = NULL, **end = &list;
	const struct timespec until = clock_spec(clock_mono() + IDLE);
	int rc = 0;

	*n = 0;
	(void)pthread_mutex_lock(&w->lock);
	while (w->first == NULL && !w->stop && rc == 0)
		rc = w->since_checkpoint > 0 ? pthread_cond_timedwait(&w->work, &w->lock, &until)
					     : pthread_cond_wait(&w->work, &w->lock);
	gather(w);
	for (; w->first != NULL && *n < GROUP_MOST; (*n)++) {
		*end = w->first;
		end = &w->first->next;
		w->first = w->first->next;
	}
	*end = NULL;
	if (w->first == NULL)
		w->last = &w->first;
	else
		w->hurry = true; /* there are more than a group */
	*over = list == NULL && w->stop;
	(void)pthread_mutex_unlock(&w->lock);
	return list;
}
static void answer(struct writer *w, struct act *list)
{
	(void)pthread_mutex_lock(&w->lock);
	while (list != NULL) {
		struct act *a = list;

		list = a->next; /* once done, `a` is its caller's again */
		a->done = true;
		w->answered++;
		(void)pthread_cond_signal(&a->wake);
	}
	(void)pthread_cond_broadcast(&w->settled);
	(void)pthread_mutex_unlock(&w->lock);
}
static void *writer_main(void *arg)
{
	struct writer *w = arg;
	const struct group_of g = { w->st, w->db, &w->cx };

	for (;;) {
		size_t n = 0;
		bool over = false;
		struct act *list = next_list(w, &n, &over);

		if (over)
			break;
		if (list != NULL) {
			atomic_store(&w->st->writing_since, clock_mono());
			store_group_run(&g, list);
			note(w, list);
		}
		store_group_hooks(w->st, list);
		if (db_damaged(w->db))
			w->st->damaged = true;
		atomic_store(&w->st->writing_since, 0);
		answer(w, list);
		os_thread_wipe_stack();
		w->since_checkpoint += n;
		if (list == NULL || w->since_checkpoint >= CHECKPOINT_ACTS)
			checkpoint(w);
	}
	checkpoint(w);
	return NULL;
}
struct err store_writer_start(struct ctx *cx, struct store *st, struct db *db)
{
	CLEANUP(db_drop) struct db *own = db;
	struct writer *w = calloc(1, sizeof *w);

	if (w == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "writer");
	w->cx = (struct ctx){ .request_id = "store" };
	w->st = st;
	w->last = &w->first;
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)clock_cond(&w->work);
	(void)clock_cond(&w->settled);
	w->db = own;
	int rc = pthread_create(&w->thread, NULL, writer_main, w);
	if (rc != 0) {
		free(w);
		return fail(cx, E_INTERNAL, "no thread for the store", "errno %d", rc);
	}
	own = NULL;
	st->writer = w;
	return OK;
}
void store_writer_stop(struct store *st)
{
	struct writer *w = st->writer;

	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->stop = true;
	(void)pthread_cond_signal(&w->work);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	(void)pthread_cond_destroy(&w->work);
	(void)pthread_cond_destroy(&w->settled);
	(void)pthread_mutex_destroy(&w->lock);
	db_close(w->db);
	free(w);
	st->writer = NULL;
}

/* ---- the callers' side ---- */
static void queue(struct writer *w, struct act *a)
{
	assert(pthread_equal(w->thread, pthread_self()) == 0); /* an act that starts an act would wait for itself */
	(void)pthread_cond_init(&a->wake, NULL);
	(void)pthread_mutex_lock(&w->lock);
	bool first = w->first == NULL;
	*w->last = a;
	w->last = &a->next;
	w->queued++;
	w->hurry = w->hurry || !a->patient || w->queued - w->answered >= GROUP_MOST;
	if (first || w->hurry)
		(void)pthread_cond_signal(&w->work);
	(void)pthread_mutex_unlock(&w->lock);
}
static struct err wait_for(struct writer *w, struct act *a)
{
	workq_rest();
	(void)pthread_mutex_lock(&w->lock);
	while (!a->done)
		(void)pthread_cond_wait(&a->wake, &w->lock);
	(void)pthread_mutex_unlock(&w->lock);
	workq_resume();
	(void)pthread_cond_destroy(&a->wake);
	if (!IS_ERR(a->result))
		store_event_told(a->cx,
				 a->said); /* not on the writer's thread: a slow log must not hold up the store */
	return a->result;
}
struct err store_writer_run(struct ctx *cx, struct store *st, act_fn *fn, const void *in, void *out)
{
	struct act a = { .cx = cx, .fn = fn, .in = in, .out = out };

	queue(st->writer, &a);
	return wait_for(st->writer, &a);
}
struct act *store_writer_begin(struct ctx *cx, struct store *st, act_fn *fn, const void *in)
{
	struct act *a = arena_array(cx->arena, 1, sizeof *a);

	if (a == NULL)
		return NULL;
	*a = (struct act){ .cx = cx, .fn = fn, .in = in, .patient = true };
	queue(st->writer, a);
	return a;
}
struct err store_writer_end(struct store *st, struct act *a) { return wait_for(st->writer, a); }
void store_writer_settle(struct store *st)
{
	struct writer *w = st->writer;
	const struct timespec until = clock_spec(clock_mono() + SETTLE);
	int rc = 0;

	(void)pthread_mutex_lock(&w->lock);
	uint64_t all = w->queued;
	w->hurry = w->first != NULL;
	(void)pthread_cond_signal(&w->work);
	while (w->answered < all && rc == 0)
		rc = pthread_cond_timedwait(&w->settled, &w->lock, &until);
	(void)pthread_mutex_unlock(&w->lock);
}
