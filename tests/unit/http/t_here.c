/* SPDX-License-Identifier: Apache-2.0 */
/* server_run_here: pipeline, lanes and sleep in the calling thread. */
#include "core/text.h"
#include "world.h"

struct here {
	struct hub *hub;
	atomic_int value, asleep;
	int lanes[8];
	size_t n;
};

static struct err h(struct request *rq)
{
	struct here *w = rq->app;

	if (w->n < ARRAY_LEN(w->lanes))
		w->lanes[w->n++] = rq->lane;
	if (sv_eqz(rq->path, "/slower") && rq->lane != LANE_CALL)
		return (struct err){ rq->lane == LANE_INLINE ? E_TAKE_POOL : E_TAKE_CALL };
	if (sv_eqz(rq->path, "/never"))
		return (struct err){ E_NOT_FOUND };
	if (sv_eqz(rq->path, "/wait") && atomic_load(&w->value) == 0 && !rq->park_over) {
		if (rq->park.until == 0)
			rq->park =
			    (struct park){ .topic = 5, .until = clock_now() + MSEC(rq->query.n == 0 ? 60000 : 20) };
		atomic_fetch_add(&w->asleep, 1);
		buf_str(rq->out, "thrown away");
		return (struct err){ E_PARK };
	}
	buf_printf(rq->out, "value %d over %d runs %d", atomic_load(&w->value), rq->park_over, rq->runs);
	return OK;
}

static void on_refuse(struct request *rq, int status, const char *sentence)
{
	buf_printf(rq->out, "%d %s", status, sentence);
}

static void run(struct here *w, const char *path, const char *query, int status, const char *want)
{
	CLEANUP(buf_free) struct buf out = BUF(1000), head = BUF(1000);
	const struct http_app app = { .app = w, .serve = h, .again = h, .refuse = on_refuse };
	struct request rq = {
		.cx = tt_ctx(), .method = M_GET, .path = sv_of(path), .query = sv_of(query), .out = &out, .head = &head
	};

	server_run_here(&rq, &app, w->hub);
	CHECK_ROW(path, rq.status == status && sv_eqz(buf_view(&out), want));
}

static void *publisher(void *arg)
{
	struct here *w = arg;

	world_until(&w->asleep, 2);
	atomic_store(&w->value, 3);
	hub_publish(w->hub, 5);
	return NULL;
}

TEST(a_request_runs_without_a_server)
{
	struct here w = { .hub = hub_new() };
	pthread_t t;

	CHECK(w.hub != NULL);
	run(&w, "/fast", "", 200, "value 0 over 0 runs 1");
	w.n = 0;
	run(&w, "/slower", "", 200, "value 0 over 0 runs 3");
	CHECK(w.n == 3 && w.lanes[1] == LANE_POOL && w.lanes[2] == LANE_CALL);
	run(&w, "/never", "", 500, "500 internal error");
	run(&w, "/wait", "soon", 200, "value 0 over 1 runs 3");
	atomic_store(&w.asleep, 0);
	CHECK(pthread_create(&t, NULL, publisher, &w) == 0);
	run(&w, "/wait", "", 200, "value 3 over 0 runs 3");
	(void)pthread_join(t, NULL);
	hub_drop(&w.hub);
}
