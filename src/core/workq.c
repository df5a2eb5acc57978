/* SPDX-License-Identifier: Apache-2.0 */
#include "core/workq.h"
#include "core/clock.h"
#include "core/os_thread.h"
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { LEAST_STACK = 96 << 10 }; /* os_thread_wipe_stack must find room */

struct job {
	work_fn *fn;
	void *arg;
};
struct workq {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct workq_how how;
	pthread_t *thread; /* how.threads of them, n_threads started */
	struct job *ring;  /* how.depth slots, `queued` taken from `head` on */
	size_t n_threads, idle, running, resting, head, queued;
	int64_t began; /* when the last job was begun (monotonic) */
	bool stopping;
	bool watched; /* one of the idle looks now and then whether the jobs that run get on */
};
static _Thread_local struct workq *mine;

/* ---- threads; all under the lock ---- */
static bool may_begin(const struct workq *q)
{
	if (q->queued == 0)
		return false;
	return q->stopping || q->how.at_once == 0 || q->running - q->resting < q->how.at_once ||
	       clock_mono() - q->began >= q->how.stuck;
}

static size_t stack_of(size_t asked)
{
	long least = sysconf(_SC_THREAD_STACK_MIN);
	size_t page = 4096, floor = (least > 0 ? (size_t)least : 16384) + LEAST_STACK;

	if (asked < floor)
		asked = floor;
	return (asked + page - 1) / page * page;
}

static void *work(void *arg);

/* None can be had: those there are must do. */
static void start_one(struct workq *q)
{
	pthread_attr_t attr;

	if (pthread_attr_init(&attr) != 0)
		return;
	if (q->how.stack_bytes == 0 || pthread_attr_setstacksize(&attr, stack_of(q->how.stack_bytes)) == 0)
		if (pthread_create(&q->thread[q->n_threads], &attr, work, q) == 0)
			q->n_threads++;
	(void)pthread_attr_destroy(&attr);
}

/* Somebody begins the next job, or watches over it. */
static void call_one(struct workq *q)
{
	if (q->queued == 0 || (q->watched && !may_begin(q)))
		return;
	if (q->idle > 0)
		(void)pthread_cond_signal(&q->more);
	else if (q->n_threads < q->how.threads)
		start_one(q);
}

static void watch(struct workq *q)
{
	const struct timespec until = clock_spec(clock_mono() + q->how.stuck);

	q->watched = true;
	(void)pthread_cond_timedwait(&q->more, &q->lock, &until);
	q->watched = false;
}

/* Until there is a job to begin; false: there will be none. */
static bool await(struct workq *q)
{
	while (!may_begin(q)) {
		if (q->stopping)
			return false;
		q->idle++;
		if (q->queued > 0 && !q->watched)
			watch(q);
		else
			(void)pthread_cond_wait(&q->more, &q->lock);
		q->idle--;
	}
	return true;
}

static void run_next(struct workq *q)
{
	struct job j = q->ring[q->head];

	q->head = (q->head + 1) % q->how.depth;
	q->queued--;
	q->running++;
	if (q->how.at_once > 0) {
		q->began = clock_mono();
		call_one(q);
	}
	(void)pthread_mutex_unlock(&q->lock);
	j.fn(j.arg);
	os_thread_wipe_stack();
	(void)pthread_mutex_lock(&q->lock);
	q->running--;
}

static void *work(void *arg)
{
	struct workq *q = arg;

	os_thread_name(q->how.name);
	mine = q;
	(void)pthread_mutex_lock(&q->lock);
	while (await(q))
		run_next(q);
	(void)pthread_mutex_unlock(&q->lock);
	return NULL;
}

void workq_rest(void)
{
	if (mine == NULL)
		return;
	(void)pthread_mutex_lock(&mine->lock);
	mine->resting++;
	if (mine->how.at_once > 0)
		call_one(mine);
	(void)pthread_mutex_unlock(&mine->lock);
}

void workq_resume(void)
{
	if (mine == NULL)
		return;
	(void)pthread_mutex_lock(&mine->lock);
	mine->resting--;
	(void)pthread_mutex_unlock(&mine->lock);
}

struct workq *workq_new(const struct workq_how *how)
{
	struct workq *q = how->threads == 0 || how->depth == 0 ? NULL : calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->how = *how;
	if (how->stuck == 0)
		q->how.stuck = MSEC(1);
	q->thread = calloc(how->threads, sizeof *q->thread);
	q->ring = calloc(how->depth, sizeof *q->ring);
	bool locked = pthread_mutex_init(&q->lock, NULL) == 0;
	bool ready = locked && clock_cond(&q->more);
	if (ready && q->thread != NULL && q->ring != NULL)
		return q;
	if (ready)
		(void)pthread_cond_destroy(&q->more);
	if (locked)
		(void)pthread_mutex_destroy(&q->lock);
	free(q->thread);
	free(q->ring);
	free(q);
	return NULL;
}

void workq_free(struct workq *q)
{
	if (q == NULL)
		return;
	(void)pthread_mutex_lock(&q->lock);
	q->stopping = true;
	(void)pthread_cond_broadcast(&q->more);
	(void)pthread_mutex_unlock(&q->lock);
	for (size_t i = 0; i < q->n_threads; i++)
		(void)pthread_join(q->thread[i], NULL);
	(void)pthread_cond_destroy(&q->more);
	(void)pthread_mutex_destroy(&q->lock);
	free(q->thread);
	free(q->ring);
	free(q);
}

bool workq_push(struct workq *q, work_fn *fn, void *arg)
{
	bool taken = false;

	(void)pthread_mutex_lock(&q->lock);
	if (!q->stopping && q->queued < q->how.depth) {
		/* One more than is idle may be needed. */
		if (q->n_threads == 0 || (q->how.at_once == 0 && q->idle <= q->queued && q->n_threads < q->how.threads))
			start_one(q);
		taken = q->n_threads > 0;
	}
	if (taken) {
		q->ring[(q->head + q->queued++) % q->how.depth] = (struct job){ fn, arg };
		if (q->how.at_once > 0)
			call_one(q);
		else
			(void)pthread_cond_signal(&q->more);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return taken;
}

size_t workq_busy(struct workq *q)
{
	(void)pthread_mutex_lock(&q->lock);
	size_t n = q->running + q->queued;
	(void)pthread_mutex_unlock(&q->lock);
	return n;
}
