/* SPDX-License-Identifier: Apache-2.0 */
/* t_jobs.c: each row of the table runs, once for all engines on a store, and the threads end when told. */
#include "core/text.h"
#include "db/db.h"
#include "domain/keys.h"
#include "domain/secret_names.h"
#include "domain/toolbox.h"
#include "domain/upkeep.h"
#include "jobs/jobs.h"
#include "store/grant_cache.h"
#include "store/store_execution.h"
#include "tt_engine.h"
#include <time.h>

static const char *const names[] = { "refresh.scan",     "flows.expire",   "connections.expire", "connections.used",
				     "keys.used",        "sessions.prune", "events.prune",       "workers.refresh",
				     "revocations.due",  "watch.root_key", "secrets.used",       "schedules.prune",
				     "executions.prune", "flows.prune" };
static void grants_end(struct grant_cache **c) { grant_cache_drop(c); }
static struct err sql_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return db_exec(cx, tx_db(tx), in);
}
static void sql(struct ctx *cx, struct engine *en, const char *text)
{
	CHECK(!IS_ERR(store_act(cx, en->store, sql_act, text, NULL)));
}
static int64_t count(struct ctx *cx, struct engine *en, const char *text)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	int64_t n = -1;

	CHECK(!IS_ERR(store_read(cx, en->store, &r)) && !IS_ERR(db_get_i64(cx, r.db, text, &n)));
	return n;
}
static struct engine *begin(struct ctx *cx, struct tt_engine *w, struct grant_cache **c)
{
	*w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(w);
	(void)snprintf(en->owner, sizeof en->owner, "one");
	CHECK(!IS_ERR(grant_cache_new(cx, en->store, 1 << 20, c)));
	en->grants = *c;
	CHECK(!IS_ERR(secret_names_open(cx, en, &en->secret_names)));
	CHECK(!IS_ERR(toolbox_open(cx, en, &en->tools)));
	return en;
}
static void end(struct tt_engine *w)
{
	toolbox_free(w->en.tools);
	secret_names_free(w->en.secret_names);
	tt_engine_end(w);
}

TEST(every_row_runs_and_gives_its_lease_back)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct tt_engine w = { .en = { .version = NULL } };
	CLEANUP(grants_end) struct grant_cache *c = NULL;
	struct engine *en = begin(cx, &w, &c);

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		CHECK_ROW(names[i], !IS_ERR(jobs_run(cx, en, names[i])) && cx->cause.code == E_OK);
	CHECK(count(cx, en, "SELECT count(*) FROM leases") == 0);
	CHECK(jobs_run(cx, en, "no.such").code == E_NOT_FOUND);
}

TEST(a_row_whose_turn_another_engine_has_is_left_alone)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct tt_engine w = { .en = { .version = NULL } };
	CLEANUP(grants_end) struct grant_cache *c = NULL;
	struct engine *en = begin(cx, &w, &c), other = *en;
	const struct upkeep_turn turn = { "events.prune", MIN(1) };
	bool ours = false;

	(void)snprintf(other.owner, sizeof other.owner, "two");
	sql(cx, en,
	    "INSERT INTO events(at, project_id, kind, principal_type, principal_id, source, resource_type, resource_id)"
	    " VALUES(1, '', 'old', '', '', '', '', '')");
	CHECK(!IS_ERR(upkeep_take(cx, &other, &turn, &ours)) && ours);
	CHECK(!IS_ERR(jobs_run(cx, en, "events.prune")) &&
	      count(cx, en, "SELECT count(*) FROM events WHERE at = 1") == 1);
	CHECK(!IS_ERR(upkeep_give(cx, &other, &turn)));
	CHECK(!IS_ERR(jobs_run(cx, en, "events.prune")) &&
	      count(cx, en, "SELECT count(*) FROM events WHERE at = 1") == 0);
}

/* Three batches of old ones; of the two that are left, one is a day short of its time. */
TEST(executions_are_kept_as_long_as_the_configuration_says)
{
	static const char many[] =
	    "INSERT INTO executions(id, project_id, call_id, type, status, toolkit, tool, version, worker_id, user_id,"
	    " started_at, finished_at, created_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE"
	    " i < 2502) SELECT printf('te_%%06d', i), 'p', '', '', '', '', '', '', '', '', 1, 1, CASE WHEN i <= 2500 "
	    "THEN %lld ELSE"
	    " %lld END FROM n";
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct tt_engine w = { .en = { .version = NULL } };
	CLEANUP(grants_end) struct grant_cache *c = NULL;
	struct engine *en = begin(cx, &w, &c);
	char text[1000];
	int64_t gone = 0;

	w.config.kept.executions = 7;
	(void)snprintf(text, sizeof text, many, (long long)(clock_now() - DAY(7) - MIN(1)),
		       (long long)(clock_now() - DAY(6)));
	sql(cx, en, text);
	CHECK(!IS_ERR(store_execution_prune(cx, en->store, clock_now() - DAY(7), &gone)) && gone == 1000);
	CHECK(!IS_ERR(jobs_run(cx, en, "executions.prune")));
	CHECK(count(cx, en, "SELECT count(*) FROM executions") == 2);
}

TEST(the_threads_run_the_table_and_end_with_the_marks_written)
{
	const struct timespec pause = { 0, 5 * 1000 * 1000 };
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct tt_engine w = { .en = { .version = NULL } };
	CLEANUP(grants_end) struct grant_cache *c = NULL;
	struct engine *en = begin(cx, &w, &c);
	const struct grant_key key = { SV("p"), SV("ada"), SV("pv_1") };
	int64_t until = clock_mono() + SEC(20);
	struct jobs *j = NULL;

	sql(cx, en,
	    "INSERT INTO providers(id, project_id, unique_id, external_id, binding, status, client_id, revision_id, "
	    "created_at,"
	    " updated_at) VALUES('pv_1', '', 'x', 'x', 'static', 'active', 'c', 'pr_1', 1, 1);"
	    "INSERT INTO connections(id, project_id, user_id, provider_id, client_id, revision_id, status, generation, "
	    "created_at,"
	    " updated_at) VALUES('uc_1', 'p', 'ada', 'pv_1', 'c', 'pr_1', 'live', 1, 1, 1);"
	    "INSERT INTO events(at, project_id, kind, principal_type, principal_id, source, resource_type, resource_id)"
	    " VALUES(1, '', 'old', '', '', '', '', '')");
	CHECK(!IS_ERR(jobs_start(cx, en, &j)));
	while (count(cx, en, "SELECT count(*) FROM events WHERE at = 1") > 0 && clock_mono() < until)
		(void)nanosleep(&pause, NULL);
	CHECK(count(cx, en, "SELECT count(*) FROM events WHERE at = 1") == 0);
	grant_cache_used(c, &key, SV("uc_1"), 12345);
	jobs_drop(&j);
	CHECK(count(cx, en, "SELECT last_used_at FROM connections") == 12345);
}
