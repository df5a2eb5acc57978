/* SPDX-License-Identifier: Apache-2.0 */
/* writes.c: how many grants a second become durable, each its own act, whose writer waits until it is committed.
 * One line of JSON for 64 writers at once and one for a single one.  ./bench writes */
#include "seed_world.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { WRITERS = 64, MANY = 30000, ONE = 1500, ARENA = 1 << 20 };

struct run {
	struct life *life;
	_Atomic int64_t next; /* user */
	int64_t end;
	_Atomic bool failed;
};

static void *writer(void *arg)
{
	CLEANUP(arena_drop) struct arena *arena = arena_new(ARENA);
	struct ctx cx = { .now = clock_now(), .request_id = "writer", .arena = arena };
	struct run *r = arg;

	for (int64_t user = atomic_fetch_add(&r->next, 1); user < r->end; user = atomic_fetch_add(&r->next, 1)) {
		struct err e = arena == NULL ? (struct err){ E_INTERNAL } : seed_world_one(&cx, r->life, user);

		if (IS_ERR(e)) {
			atomic_store(&r->failed, true);
			(void)fprintf(stderr, "%s\n", cx.cause.say);
			break;
		}
		arena_reset(arena);
	}
	return NULL;
}

static bool measure(struct life *l, int64_t from, int64_t n, int writers)
{
	pthread_t thread[WRITERS];
	struct run r = { .life = l, .end = from + n };
	int started = 0;

	atomic_store(&r.next, from);
	int64_t began = clock_mono();
	while (started < writers && pthread_create(&thread[started], NULL, writer, &r) == 0)
		started++;
	for (int i = 0; i < started; i++)
		(void)pthread_join(thread[i], NULL);
	double s = (double)(clock_mono() - began) / 1e6;
	(void)printf("{\"threads\":%d,\"n\":%lld,\"rate\":%.1f}\n", started, (long long)n, (double)n / s);
	return started == writers && !atomic_load(&r.failed);
}

int main(int argc, char **argv)
{
	struct seed_world w = { .n = 0 };

	if (argc != 2) {
		(void)fprintf(stderr, "usage: %s NEW_FOLDER\n", argv[0]);
		return 2;
	}
	struct err e = seed_world_up(&w, argv[1]);
	if (!IS_ERR(e))
		e = seed_world_grants(&w.cx, &w.life, 1); /* and with it the provider */
	if (IS_ERR(e))
		(void)fprintf(stderr, "%s\n", w.cx.cause.say);
	bool ok = !IS_ERR(e) && measure(&w.life, 2, MANY, WRITERS) && measure(&w.life, 2 + MANY, ONE, 1);
	seed_world_down(&w);
	return ok ? 0 : 1;
}
