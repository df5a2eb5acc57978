/* SPDX-License-Identifier: Apache-2.0 */
#include "core/workq.h"
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
	size_t n_threads, idle, running, head, queued;
	bool stopping;
};

static void *work(void *arg)
{
	struct workq *q = arg;

	os_thread_name(q->how.name);
	(void)pthread_mutex_lock(&q->lock);
	for (;;) {
		while (q->queued == 0 && !q->stopping) {
			q->idle++;
			(void)pthread_cond_wait(&q->more, &q->lock);
			q->idle--;
		}
		if (q->queued == 0)
			break;
		struct job j = q->ring[q->head];
		q->head = (q->head + 1) % q->how.depth;
		q->queued--;
		q->running++;
		(void)pthread_mutex_unlock(&q->lock);
		j.fn(j.arg);
		os_thread_wipe_stack();
		(void)pthread_mutex_lock(&q->lock);
		q->running--;
	}
	(void)pthread_mutex_unlock(&q->lock);
	return NULL;
}

static size_t stack_of(size_t asked)
{
	long least = sysconf(_SC_THREAD_STACK_MIN);
	size_t page = 4096, floor = (least > 0 ? (size_t)least : 16384) + LEAST_STACK;

	if (asked < floor)
		asked = floor;
	return (asked + page - 1) / page * page;
}

/* Under the lock.  One more thread than is idle may be needed; none can be had: those there are must do. */
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

struct workq *workq_new(const struct workq_how *how)
{
	struct workq *q = how->threads == 0 || how->depth == 0 ? NULL : calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->how = *how;
	q->thread = calloc(how->threads, sizeof *q->thread);
	q->ring = calloc(how->depth, sizeof *q->ring);
	bool locked = pthread_mutex_init(&q->lock, NULL) == 0;
	bool ready = locked && pthread_cond_init(&q->more, NULL) == 0;
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
		if (q->idle <= q->queued && q->n_threads < q->how.threads)
			start_one(q);
		taken = q->n_threads > 0;
	}
	if (taken) {
		q->ring[(q->head + q->queued++) % q->how.depth] = (struct job){ fn, arg };
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
