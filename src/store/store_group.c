/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_group.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/metric.h"
#include <assert.h>

/* One of the statements that are the same for every act: prepared once. */
static struct err run_sql(struct ctx *cx, struct db *db, const char *sql)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	return db_run(cx, q);
}
static const char begin_sql[] = "BEGIN IMMEDIATE", commit_sql[] = "COMMIT";

/* The transaction may have been ended by SQLite itself (full disk, I/O error). */
static void roll_back(const struct group_of *g)
{
	if (db_in_tx(g->db) && IS_ERR(db_exec(g->cx, g->db, "ROLLBACK"))) {
		log_cause(g->cx, LOG_ERROR, "store.rollback_failed");
		(void)forgive(g->cx);
	}
}
static void drop_hooks(struct act *a)
{
	while (a->hooks != NULL) {
		struct commit_hook *h = a->hooks;

		a->hooks = h->next;
		h->drop(h);
	}
}
void store_on_commit(struct tx *tx, struct commit_hook *h)
{
	h->next = NULL;
	*tx->hooks = h;
	tx->hooks = &h->next;
}
void store_group_hooks(struct store *st, struct act *list)
{
	for (struct act *a = list; a != NULL; a = a->next) {
		for (struct commit_hook *h = IS_ERR(a->result) ? NULL : a->hooks; h != NULL; h = h->next)
			h->done(st, h);
		drop_hooks(a);
	}
}
static struct err call(const struct group_of *g, struct act *a)
{
	struct tx tx = { .st = g->st, .db = g->db, .now = clock_now(), .hooks = &a->hooks, .said = &a->said };

	drop_hooks(a);
	a->said = NULL;
	struct err e = a->fn(a->cx, &tx, a->in, a->out);
	assert(db_idle(g->db)); /* an act gives its statements back */
	return e;
}
static struct err run_in_savepoint(const struct group_of *g, struct act *a)
{
	TRY(run_sql(a->cx, g->db, "SAVEPOINT act"));
	struct err e = call(g, a);
	if (!IS_ERR(e)) {
		e = run_sql(a->cx, g->db, "RELEASE act");
		if (IS_ERR(e))
			roll_back(g); /* else the next COMMIT would make durable what its caller is told has failed */
		return e;
	}
	if (db_in_tx(g->db) && IS_ERR(db_exec(g->cx, g->db, "ROLLBACK TO act; RELEASE act"))) {
		log_cause(g->cx, LOG_ERROR, "store.rollback_failed");
		(void)forgive(g->cx);
		roll_back(g);
	}
	return e;
}
static void refuse_act(struct act *a, const struct group_of *g)
{
	a->cx->cause = g->cx->cause;
	a->result = (struct err){ g->cx->cause.code };
}
static struct err commit(const struct group_of *g, int64_t acts)
{
	int64_t from = clock_mono();
	struct err e = run_sql(g->cx, g->db, commit_sql);

	metric_add(M_STORE_COMMITS, METRIC_AT(IS_ERR(e) ? METRIC_FAILED : METRIC_OK), 1);
	if (IS_ERR(e))
		return e;
	metric_observe(M_STORE_COMMIT_DURATION, METRIC_HERE, clock_mono() - from);
	metric_observe(M_STORE_GROUP, METRIC_HERE, acts);
	return OK;
}
/* Without a savepoint, which would copy every page the act changes: one that fails has nearly always changed nothing
 * yet, and leaves nothing to be taken back.  *half: this one had, and all of its transaction went with it. */
static struct err run_bare(const struct group_of *g, struct act *a, bool *half)
{
	int64_t before = db_changes(g->db);
	struct err e = call(g, a);

	*half = IS_ERR(e) && db_in_tx(g->db) && db_changes(g->db) != before;
	if (*half)
		roll_back(g);
	return e;
}
enum group { GROUP_DONE, GROUP_HALF, GROUP_FAILED }; /* of the last two nothing is in the store */
/* All acts of the list in one transaction that was begun. */
static enum group run_group(const struct group_of *g, struct act *list, bool bare)
{
	int64_t n = 0;

	for (struct act *a = list; a != NULL; a = a->next, n++) {
		bool half = false;

		a->result = bare ? run_bare(g, a, &half) : run_in_savepoint(g, a);
		if (half)
			return GROUP_HALF;
		if (!db_in_tx(g->db))
			return GROUP_FAILED;
	}
	if (!IS_ERR(commit(g, n)))
		return GROUP_DONE;
	roll_back(g);
	return GROUP_FAILED;
}
/* After a group failed: each act alone, so that one act's trouble is told to its caller only. */
static void run_alone(const struct group_of *g, struct act *a)
{
	(void)forgive(a->cx);
	struct err e = run_sql(g->cx, g->db, begin_sql);
	if (!IS_ERR(e)) {
		a->result = run_in_savepoint(g, a);
		if (IS_ERR(a->result)) {
			roll_back(g);
			return;
		}
		e = commit(g, 1);
	}
	if (!IS_ERR(e))
		return;
	refuse_act(a, g);
	(void)forgive(g->cx);
	roll_back(g);
}
/* False: it is locked by another process for 5 s, and nobody waits as long again. */
static bool begin(const struct group_of *g, struct act *list)
{
	if (!IS_ERR(run_sql(g->cx, g->db, begin_sql)))
		return true;
	log_cause(g->cx, LOG_ERROR, "store.begin_failed");
	for (struct act *a = list; a != NULL; a = a->next)
		refuse_act(a, g);
	(void)forgive(g->cx);
	return false;
}
static void forgive_all(struct act *list)
{
	for (struct act *a = list; a != NULL; a = a->next)
		(void)forgive(a->cx);
}
void store_group_run(const struct group_of *g, struct act *list)
{
	if (!begin(g, list))
		return;
	enum group got = run_group(g, list, true);
	if (got == GROUP_HALF) {
		if (list->next == NULL)
			return;
		forgive_all(list);
		if (!begin(g, list))
			return;
		got = run_group(g, list, false);
	}
	if (got == GROUP_DONE)
		return;
	if (g->cx->cause.code != E_OK) {
		log_cause(g->cx, LOG_WARN, "store.group_failed");
		(void)forgive(g->cx);
	}
	(void)db_trouble(g->db); /* what counts is how they fare alone */
	for (struct act *a = list; a != NULL; a = a->next)
		run_alone(g, a);
}
