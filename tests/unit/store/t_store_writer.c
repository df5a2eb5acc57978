/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/metric.h"
#include "core/text.h"
#include "db/db.h"
#include "store/store_setting.h"
#include "tt_store.h"
#include <assert.h>
#include <pthread.h>

static int64_t count(struct ctx *cx, struct store *st, const char *sql)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	int64_t n = -1;

	CHECK(!IS_ERR(store_read(cx, st, &r)));
	CHECK(!IS_ERR(db_get_i64(cx, r.db, sql, &n)));
	return n;
}
static struct err put(struct ctx *cx, struct tx *tx, const char *name)
{
	return store_setting_put(cx, tx, &(struct setting_put){ .project = SV(""), .name = name, .value = SV("v") });
}

static struct err half_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)in;
	(void)out;
	TRY(put(cx, tx, "half"));
	return refuse(cx, E_FORBIDDEN, "no");
}
TEST(an_act_that_fails_changes_nothing)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);

	CHECK(store_act(cx, w.st, half_act, NULL, NULL).code == E_FORBIDDEN);
	CHECK(cx->cause.code == E_FORBIDDEN && strcmp(cx->cause.say, "no") == 0);
	(void)forgive(cx);
	CHECK(count(cx, w.st, "SELECT count(*) FROM settings") == 0);
}

static struct err stale_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)in;
	(void)out;
	TRY(put(cx, tx, "stale"));
	return (struct err){ E_STALE };
}
TEST(an_error_without_a_cause_stays_without_one)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);

	CHECK(store_act(cx, w.st, stale_act, NULL, NULL).code == E_STALE);
	CHECK(cx->cause.code == E_OK && count(cx, w.st, "SELECT count(*) FROM settings") == 0);
}

/* The violation shows at COMMIT only, so the whole group fails first. */
static struct err late_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	int *runs = out;

	(void)in;
	(*runs)++;
	TRY(db_exec(cx, tx_db(tx), "PRAGMA defer_foreign_keys=ON"));
	return db_exec(cx, tx_db(tx),
		       "INSERT INTO sessions(token_mac, account_id, created_at, last_seen_at, expires_at)"
		       " VALUES(x'00', 'nobody', 1, 1, 1)");
}
static struct err good_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	int *runs = out;

	(*runs)++;
	return put(cx, tx, in);
}
/* Holds the writer until everybody has queued up, so that they share one group. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t change;
	bool entered, open;
};
static struct err gate_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	struct gate *g = out;

	(void)cx;
	(void)tx;
	(void)in;
	(void)pthread_mutex_lock(&g->lock);
	g->entered = true;
	(void)pthread_cond_broadcast(&g->change);
	while (!g->open)
		(void)pthread_cond_wait(&g->change, &g->lock);
	(void)pthread_mutex_unlock(&g->lock);
	return OK;
}
struct caller {
	pthread_t thread;
	struct store *st;
	act_fn *fn;
	const void *in;
	void *out;
	struct ctx cx;
	struct err result;
	char name[24];
	int runs;
};
static void *call(void *arg)
{
	struct caller *c = arg;

	c->result = store_act(&c->cx, c->st, c->fn, c->in, c->out);
	return NULL;
}
static void start(struct caller *c, struct store *st, act_fn *fn)
{
	struct arena *arena = c->cx.arena;

	c->cx = (struct ctx){ .request_id = "t", .arena = arena };
	c->st = st;
	c->fn = fn;
	if (c->out == NULL)
		c->out = &c->runs;
	CHECK(pthread_create(&c->thread, NULL, call, c) == 0);
}
static void gate_wait(struct gate *g)
{
	(void)pthread_mutex_lock(&g->lock);
	while (!g->entered)
		(void)pthread_cond_wait(&g->change, &g->lock);
	(void)pthread_mutex_unlock(&g->lock);
}
static void gate_open(struct gate *g)
{
	(void)pthread_mutex_lock(&g->lock);
	g->open = true;
	(void)pthread_cond_broadcast(&g->change);
	(void)pthread_mutex_unlock(&g->lock);
}

TEST(a_failed_commit_is_run_again_act_by_act)
{
	enum { N = 9, BAD = 4 };
	static struct caller c[N];
	struct gate g = { .lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER };
	struct caller door = { .out = &g };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);

	memset(c, 0, sizeof c);
	start(&door, w.st, gate_act);
	gate_wait(&g);
	for (int i = 0; i < N; i++) {
		(void)snprintf(c[i].name, sizeof c[i].name, "act-%d", i);
		c[i].in = c[i].name;
		start(&c[i], w.st, i == BAD ? late_act : good_act);
	}
	gate_open(&g);
	(void)pthread_join(door.thread, NULL);
	for (int i = 0; i < N; i++)
		(void)pthread_join(c[i].thread, NULL);
	for (int i = 0; i < N; i++) {
		CHECK_ROW(c[i].name, IS_ERR(c[i].result) == (i == BAD));
		CHECK_ROW(c[i].name, c[i].runs == 1 || c[i].runs == 2);
	}
	CHECK(c[BAD].result.code == E_CONFLICT && c[BAD].cx.cause.code == E_CONFLICT);
	CHECK(count(cx, w.st, "SELECT count(*) FROM settings") == N - 1);
	CHECK(count(cx, w.st, "SELECT count(*) FROM sessions") == 0);
	tt_store_reopen(cx, &w);
	CHECK(count(cx, w.st, "SELECT count(*) FROM settings") == N - 1);
}

/* An act that ends the transaction itself takes its neighbours down; they are run again. */
static struct err vanish_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	int *runs = out;

	(void)in;
	(*runs)++;
	TRY(db_exec(cx, tx_db(tx), "ROLLBACK")); /* as SQLite does by itself on a full disk */
	return refuse(cx, E_INTERNAL, "the disk is full");
}
TEST(a_transaction_that_vanishes_loses_nobodys_act)
{
	enum { N = 5, BAD = 2 };
	static struct caller c[N];
	struct gate g = { .lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER };
	struct caller door = { .out = &g };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);

	memset(c, 0, sizeof c);
	start(&door, w.st, gate_act);
	gate_wait(&g);
	for (int i = 0; i < N; i++) {
		(void)snprintf(c[i].name, sizeof c[i].name, "act-%d", i);
		c[i].in = c[i].name;
		start(&c[i], w.st, i == BAD ? vanish_act : good_act);
	}
	gate_open(&g);
	(void)pthread_join(door.thread, NULL);
	for (int i = 0; i < N; i++)
		(void)pthread_join(c[i].thread, NULL);
	for (int i = 0; i < N; i++)
		CHECK_ROW(c[i].name, IS_ERR(c[i].result) == (i == BAD));
	CHECK(strcmp(c[BAD].cx.cause.say, "the disk is full") == 0);
	CHECK(count(cx, w.st, "SELECT count(*) FROM settings") == N - 1);
}

/* 16 threads, each counting one row up: nothing is lost, and far fewer commits than acts are needed to be fast. */
static struct err up_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)in;
	(void)out;
	return db_exec(cx, tx_db(tx),
		       "INSERT INTO settings(project_id, name, value, updated_at) VALUES('', 'n', '1', 0)"
		       " ON CONFLICT(project_id, name) DO UPDATE SET value = CAST(value AS INTEGER) + 1");
}
enum { ROUNDS = 100 };
static void *count_up(void *arg)
{
	struct caller *c = arg;

	for (int i = 0; i < ROUNDS && !IS_ERR(c->result); i++)
		c->result = store_act(&c->cx, c->st, up_act, NULL, NULL);
	return NULL;
}
TEST(sixteen_threads_lose_no_act)
{
	enum { N = 16 };
	static struct caller c[N];
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);

	memset(c, 0, sizeof c);
	for (int i = 0; i < N; i++) {
		c[i].cx.request_id = "t";
		c[i].st = w.st;
		CHECK(pthread_create(&c[i].thread, NULL, count_up, &c[i]) == 0);
	}
	for (int i = 0; i < N; i++) {
		(void)pthread_join(c[i].thread, NULL);
		CHECK(!IS_ERR(c[i].result));
	}
	CHECK(count(cx, w.st, "SELECT value FROM settings WHERE name = 'n'") == N * ROUNDS);
	tt_store_reopen(cx, &w);
	CHECK(count(cx, w.st, "SELECT value FROM settings WHERE name = 'n'") == N * ROUNDS);
}

static struct err begun_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return put(cx, tx, in);
}
TEST(an_act_that_is_begun_is_found_by_who_lets_the_store_settle)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);

	for (int i = 0; i < 200; i++) {
		const char *name = arena_printf(cx->arena, "begun-%d", i);
		struct act *a = store_act_begin(cx, w.st, begun_act, name);

		assert(a != NULL);
		store_act_settle(w.st);
		CHECK(count(cx, w.st, "SELECT count(*) FROM settings") == i + 1);
		CHECK(!IS_ERR(store_act_end(w.st, a)));
	}
	struct act *half = store_act_begin(cx, w.st, half_act, NULL);
	assert(half != NULL);
	store_act_settle(w.st);
	CHECK(store_act_end(w.st, half).code == E_FORBIDDEN);
	CHECK(count(cx, w.st, "SELECT count(*) FROM settings") == 200);
}

static int64_t commits(void)
{
	int64_t n = 0;

	CHECK(metric_read(M_STORE_COMMITS, METRIC_AT(METRIC_OK), &n));
	return n;
}
TEST(acts_that_nobody_waits_for_share_commits_and_keep_their_order)
{
	enum { N = 400 };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct act *a[N];
	int64_t before = commits();

	for (int i = 0; i < N; i++) {
		a[i] = store_act_begin(cx, w.st, begun_act, arena_printf(cx->arena, "shared-%d", i));
		assert(a[i] != NULL);
	}
	CHECK(!IS_ERR(store_act(cx, w.st, begun_act, "last", NULL)));
	CHECK(count(cx, w.st, "SELECT count(*) FROM settings") ==
	      N + 1); /* what is waited for comes after all of them */
	CHECK(commits() - before < N / 4);
	for (int i = 0; i < N; i++)
		CHECK(!IS_ERR(store_act_end(w.st, a[i])));
}

/* ---- one that fails after it wrote, among others ---- */
struct step {
	const char *name;
	int *runs;
};
static struct err step_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct step *s = in;

	(void)out;
	(*s->runs)++;
	return put(cx, tx, s->name);
}
static struct err refusing_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)tx;
	(void)out;
	(*((const struct step *)in)->runs)++;
	return refuse(cx, E_CONFLICT, "not now");
}
static struct err half_step_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	TRY(step_act(cx, tx, in, out));
	return refuse(cx, E_FORBIDDEN, "no");
}
/* Queued in this order while the writer is held, so in one group. */
static void in_a_group(struct store *st, act_fn *const *fn, int n, int *runs, struct err *result)
{
	struct gate g = { .lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER };
	struct caller door = { .out = &g };
	struct step step[8];
	struct act *a[8];

	assert(n <= 8);
	start(&door, st, gate_act);
	gate_wait(&g);
	for (int i = 0; i < n; i++) {
		struct ctx *cx = tt_ctx();

		runs[i] = 0;
		step[i] = (struct step){ arena_printf(cx->arena, "step-%d", i), &runs[i] };
		a[i] = store_act_begin(cx, st, fn[i], &step[i]);
		assert(a[i] != NULL);
	}
	gate_open(&g);
	(void)pthread_join(door.thread, NULL);
	for (int i = 0; i < n; i++)
		result[i] = store_act_end(st, a[i]);
}
TEST(an_act_that_fails_after_it_wrote_takes_nobody_with_it)
{
	static act_fn *const fn[] = { step_act, half_step_act, step_act, refusing_act, half_step_act, step_act };
	enum { N = ARRAY_LEN(fn) };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct err result[N];
	int runs[N];
	int64_t before = commits();

	in_a_group(w.st, fn, N, runs, result);
	for (int i = 0; i < N; i++)
		CHECK(result[i].code == (fn[i] == step_act ? E_OK : fn[i] == refusing_act ? E_CONFLICT : E_FORBIDDEN));
	CHECK(runs[0] == 2 && runs[1] == 2 && runs[2] == 1 && runs[5] == 1); /* again from the first that had written */
	CHECK(commits() - before == 2);                                      /* the gate's, and one for all of these */
	CHECK(count(cx, w.st, "SELECT count(*) FROM settings") == 3);
	CHECK(count(cx, w.st, "SELECT count(*) FROM settings WHERE name IN ('step-0', 'step-2', 'step-5')") == 3);
}
TEST(an_act_that_refuses_before_it_wrote_makes_no_other_run_again)
{
	static act_fn *const fn[] = { step_act, refusing_act, step_act };
	enum { N = ARRAY_LEN(fn) };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct err result[N];
	int runs[N];

	in_a_group(w.st, fn, N, runs, result);
	CHECK(result[0].code == E_OK && result[1].code == E_CONFLICT && result[2].code == E_OK);
	CHECK(runs[0] == 1 && runs[1] == 1 && runs[2] == 1);
	CHECK(count(cx, w.st, "SELECT count(*) FROM settings") == 2);
}
