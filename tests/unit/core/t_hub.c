/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hub.h"
#include "core/workq.h"
#include "tt.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

static void count(void *arg) { atomic_fetch_add((atomic_int *)arg, 1); }

TEST(hub_wakes_those_of_the_topic)
{
	CLEANUP(hub_drop) struct hub *h = hub_new();
	uint64_t a = hub_topic("authorization", SV("ar_1")), b = hub_topic("authorization", SV("ar_2"));
	atomic_int na = 0, nb = 0;
	struct hub_sub s[] = { { a, count, &na, NULL, NULL },
			       { a, count, &na, NULL, NULL },
			       { b, count, &nb, NULL, NULL } };

	CHECK(h != NULL && a != b && a != hub_topic("authorizatio", SV("nar_1")) &&
	      a == hub_topic("authorization", SV("ar_1")));
	hub_publish(h, a);
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		hub_subscribe(h, &s[i]);
	hub_publish(h, a);
	CHECK(na == 2 && nb == 0);
	hub_unsubscribe(h, &s[0]);
	hub_unsubscribe(h, &s[0]);
	hub_publish(h, a);
	hub_publish(h, b);
	CHECK(na == 3 && nb == 1);
	hub_unsubscribe(h, &s[1]);
	hub_unsubscribe(h, &s[2]);
	hub_publish(h, a);
	hub_publish(h, b);
	CHECK(na == 3 && nb == 1);
}

struct racer {
	struct hub *h;
	atomic_bool stop;
	uint64_t topic;
};

static void *publisher(void *arg)
{
	struct racer *r = arg;

	while (!r->stop)
		hub_publish(r->h, r->topic);
	return NULL;
}

static void must_be_alive(void *arg)
{
	if (!atomic_load((atomic_bool *)arg))
		abort();
}

TEST(hub_never_calls_after_unsubscribe)
{
	CLEANUP(hub_drop) struct hub *h = hub_new();
	struct racer r = { .h = h, .topic = hub_topic("x", SV("1")) };
	pthread_t t[2];

	CHECK(h != NULL);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK(pthread_create(&t[i], NULL, publisher, &r) == 0);
	for (int i = 0; i < 20000; i++) {
		atomic_bool alive = true;
		struct hub_sub s = { r.topic, must_be_alive, &alive, NULL, NULL };

		hub_subscribe(h, &s);
		hub_unsubscribe(h, &s);
		alive = false;
	}
	r.stop = true;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK(pthread_join(t[i], NULL) == 0);
}

/* ---- workq ---- */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	int inside, done;
	bool open;
};

static void pass(void *arg)
{
	struct gate *g = arg;

	(void)pthread_mutex_lock(&g->lock);
	g->inside++;
	(void)pthread_cond_broadcast(&g->moved);
	while (!g->open)
		(void)pthread_cond_wait(&g->moved, &g->lock);
	g->inside--;
	g->done++;
	(void)pthread_mutex_unlock(&g->lock);
}

static void wait_inside(struct gate *g, int n)
{
	(void)pthread_mutex_lock(&g->lock);
	while (g->inside != n)
		(void)pthread_cond_wait(&g->moved, &g->lock);
	(void)pthread_mutex_unlock(&g->lock);
}

static void open_gate(struct gate *g)
{
	(void)pthread_mutex_lock(&g->lock);
	g->open = true;
	(void)pthread_cond_broadcast(&g->moved);
	(void)pthread_mutex_unlock(&g->lock);
}

TEST(workq_is_bounded_and_runs_all_once)
{
	struct gate g = { .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER };
	struct workq *q = workq_new(&(struct workq_how){ "t", .threads = 2, .depth = 3, .stack_bytes = 1 });

	CHECK(q != NULL && workq_busy(q) == 0);
	CHECK(workq_push(q, pass, &g));
	wait_inside(&g, 1);
	CHECK(workq_push(q, pass, &g));
	wait_inside(&g, 2); /* a second thread came although the first is busy */
	for (int i = 0; i < 3; i++)
		CHECK(workq_push(q, pass, &g));
	CHECK(!workq_push(q, pass, &g) && !workq_push(q, pass, &g) && workq_busy(q) == 5);
	open_gate(&g);
	workq_drop(&q);
	CHECK(q == NULL && g.done == 5 && g.inside == 0);
}

TEST(workq_free_runs_what_waits)
{
	for (int round = 0; round < 50; round++) {
		atomic_int n = 0;
		struct workq *q = workq_new(&(struct workq_how){ "t", .threads = 3, .depth = 100, .stack_bytes = 0 });

		CHECK(q != NULL);
		for (int i = 0; i < 100; i++)
			CHECK(workq_push(q, count, &n));
		workq_drop(&q);
		CHECK(n == 100);
	}
}

struct together {
	atomic_int now, most, done;
};
static void meet(void *arg)
{
	struct together *t = arg;
	int n = atomic_fetch_add(&t->now, 1) + 1, most = atomic_load(&t->most);

	while (n > most && !atomic_compare_exchange_weak(&t->most, &most, n))
		;
	for (int i = 0; i < 1000; i++)
		(void)atomic_load(&t->now);
	atomic_fetch_sub(&t->now, 1);
	atomic_fetch_add(&t->done, 1);
}
TEST(workq_runs_so_many_at_once_while_they_get_on)
{
	struct together t = { .now = 0 };
	struct workq *q =
	    workq_new(&(struct workq_how){ "t", .threads = 8, .depth = 500, .at_once = 2, .stuck = SEC(3600) });

	CHECK(q != NULL);
	for (int i = 0; i < 500; i++)
		CHECK(workq_push(q, meet, &t));
	while (workq_busy(q) > 0)
		sched_yield();
	CHECK(t.done == 500 && t.most >= 1 && t.most <= 2);
	workq_drop(&q);
}

static void pass_at_rest(void *arg)
{
	workq_rest();
	pass(arg);
	workq_resume();
}
TEST(workq_does_not_count_who_rests)
{
	struct gate g = { .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER };
	struct workq *q =
	    workq_new(&(struct workq_how){ "t", .threads = 4, .depth = 9, .at_once = 1, .stuck = SEC(3600) });

	CHECK(q != NULL);
	for (int i = 0; i < 5; i++)
		CHECK(workq_push(q, i < 3 ? pass_at_rest : pass, &g));
	wait_inside(&g, 4); /* three at rest, one at work; the fifth has no thread */
	open_gate(&g);
	workq_drop(&q);
	CHECK(g.done == 5 && g.inside == 0);
	workq_rest(); /* no thread of a queue */
	workq_resume();
}
TEST(workq_begins_one_more_when_those_that_run_do_not_get_on)
{
	struct gate g = { .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER };
	struct workq *q = workq_new(&(struct workq_how){ "t", .threads = 3, .depth = 9, .at_once = 1 });

	CHECK(q != NULL);
	for (int i = 0; i < 4; i++)
		CHECK(workq_push(q, pass, &g));
	wait_inside(&g, 3); /* nothing is pushed or ends meanwhile: somebody watches */
	open_gate(&g);
	workq_drop(&q);
	CHECK(g.done == 4 && g.inside == 0);
}

TEST(workq_refuses_what_makes_no_sense_or_no_memory)
{
	CHECK(workq_new(&(struct workq_how){ "t", .threads = 0, .depth = 1 }) == NULL);
	CHECK(workq_new(&(struct workq_how){ "t", .threads = 1, .depth = 0 }) == NULL);
	workq_free(NULL);
	hub_free(NULL);
	for (long k = 1;; k++) {
		tt_fail_alloc(k);
		struct workq *q = workq_new(&(struct workq_how){ "t", .threads = 2, .depth = 2 });
		struct hub *h = hub_new();
		tt_fail_alloc(0);
		bool both = q != NULL && h != NULL;
		workq_free(q);
		hub_free(h);
		if (both) {
			CHECK(k == 5);
			break;
		}
	}
}
