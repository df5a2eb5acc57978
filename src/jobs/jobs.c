/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/jobs.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/metric.h"
#include "core/os_thread.h"
#include "core/trace.h"
#include "domain/connect.h"
#include "domain/connections.h"
#include "domain/health.h"
#include "domain/job_time.h"
#include "domain/keys.h"
#include "domain/mcp_sessions.h"
#include "domain/people.h"
#include "domain/refresh.h"
#include "domain/revoke.h"
#include "domain/run_record.h"
#include "domain/scheduler.h"
#include "domain/schedules.h"
#include "domain/secret_names.h"
#include "domain/upkeep.h"
#include "domain/watch.h"
#include "domain/workers.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */
typedef struct err job_fn(struct ctx *cx, struct engine *en, const struct job_time *until);
static struct err used(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	(void)until;
	return connections_used_flush(cx, en);
}
static struct err keys(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	(void)until;
	return keys_flush(cx, en);
}
static struct err secrets(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	(void)until;
	return secret_names_flush(cx, en);
}
static struct err sessions(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	(void)until;
	return people_prune(cx, en);
}
enum lane { LANE_QUICK, LANE_CALLS, LANE_WORKERS, LANES };
/* alone: the rows whose turn it is are those of the store, so one engine does them; else each engine has its own.
 * last: once more when the engine ends.  final: ends or removes things because of the time alone: not on the word of a
 * clock that jumped ahead lately. */
static const struct job {
	const char *name;
	int64_t every, budget;
	enum lane lane;
	bool alone, final, last;
	job_fn *run;
} jobs[] = {
	{ "refresh.scan", SEC(15), SEC(10), LANE_QUICK, true, false, false, refresh_scan },
	{ "flows.expire", SEC(30), SEC(10), LANE_QUICK, true, true, false, flows_expire },
	{ "flows.prune", HOUR(1), SEC(20), LANE_QUICK, true, true, false, flows_prune },
	{ "connections.expire", MIN(1), SEC(10), LANE_QUICK, true, true, false, connections_expire },
	{ "connections.used", MIN(1), SEC(10), LANE_QUICK, false, false, true, used },
	{ "keys.used", MIN(1), SEC(10), LANE_QUICK, false, false, true, keys },
	{ "secrets.used", MIN(1), SEC(10), LANE_QUICK, false, false, true, secrets },
	{ "sessions.prune", MIN(10), SEC(10), LANE_QUICK, true, true, false, sessions },
	{ "events.prune", HOUR(1), SEC(20), LANE_QUICK, true, true, false, connections_prune },
	{ "executions.prune", HOUR(1), SEC(20), LANE_QUICK, true, true, false, run_record_prune },
	{ "watch.sizes", SEC(15), SEC(5), LANE_QUICK, false, false, false, watch_sizes },
	{ "watch.root_key", SEC(5), SEC(5), LANE_QUICK, false, false, false, health_root_key },
	{ "watch.grants", MIN(5), SEC(20), LANE_QUICK, true, false, false, watch_grants },
	{ "schedules.due", SEC(1), SEC(10), LANE_QUICK, false, false, false, scheduler_tick },
	{ "schedules.prune", HOUR(1), SEC(20), LANE_QUICK, true, true, false, schedules_prune },
	{ "workers.refresh", SEC(5), SEC(60), LANE_WORKERS, true, false, false, workers_refresh },
	{ "mcp.sessions", SEC(5), SEC(30), LANE_CALLS, false, false, false, mcp_sessions_expire },
	{ "revocations.due", SEC(15), SEC(60), LANE_CALLS, true, true, false, revoke_due },
};
enum { JOBS = ARRAY_LEN(jobs), ARENA = 256 << 20 }; /* a cap: catalogues of many tools are parsed here */
_Static_assert(JOBS <= (int)HEALTH_JOBS, "each has a slot");
#define JUMP     MIN(10)
#define DISTRUST HOUR(1)

/* ---- one run ---- */
static struct err turn(struct ctx *cx, struct engine *en, const struct job *j, const struct job_time *until)
{
	const struct upkeep_turn t = { j->name, j->budget + SEC(30) };
	bool ours = true;

	if (j->alone)
		TRY(upkeep_take(cx, en, &t, &ours));
	if (!ours)
		return OK;
	struct err e = j->run(cx, en, until);
	if (!j->alone)
		return e;
	struct err given = upkeep_give(cx, en, &t);
	return IS_ERR(e) ? e : given;
}
static void run(struct ctx *cx, struct engine *en, const struct job *j, const struct job_time *until)
{
	int name = metric_label(ML_JOB, sv_of(j->name));
	int64_t from = clock_mono();
	struct err e = turn(cx, en, j, until);

	metric_observe(M_JOB_DURATION, METRIC_AT(name), clock_mono() - from);
	metric_add(M_JOB_RUNS, METRIC_AT(name, IS_ERR(e) ? METRIC_FAILED : METRIC_OK), 1);
	if (IS_ERR(e)) {
		log_cause(cx, LOG_ERROR, "job.failed");
		return;
	}
	metric_set(M_JOB_LAST, METRIC_AT(name), clock_now());
	health_job_ran(en->health, (size_t)(j - jobs));
}
struct err jobs_run(struct ctx *cx, struct engine *en, const char *name)
{
	for (size_t i = 0; i < JOBS; i++)
		if (strcmp(jobs[i].name, name) == 0)
			return turn(cx, en, &jobs[i], JOB_TIME(jobs[i].budget));
	return fail(cx, E_NOT_FOUND, "no such job", "%s", name);
}

/* ---- the threads ---- */
struct worker {
	struct jobs *of;
	pthread_t thread;
	enum lane lane;
	bool runs;
	struct job_time until; /* of the job that runs */
};
struct jobs {
	struct engine *en;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	int64_t ahead;      /* the wall clock, of the monotonic one */
	int64_t trusted_at; /* monotonic */
	struct worker worker[LANES];
};

/* ---- the clock ---- */
/* A step of the wall clock against the monotonic one.  A machine that slept looks the same; it loses an hour of
 * tidying. */
static bool clock_trusted(struct jobs *j)
{
	int64_t mono = clock_mono(), ahead = clock_now() - mono;

	(void)pthread_mutex_lock(&j->lock);
	int64_t step = ahead - j->ahead;
	j->ahead = ahead;
	if (step > JUMP || step < -JUMP)
		j->trusted_at = step > 0 ? mono + DISTRUST : mono;
	bool trusted = mono >= j->trusted_at;
	(void)pthread_mutex_unlock(&j->lock);
	if (step > JUMP || step < -JUMP)
		log_event(NULL, LOG_WARN, "clock.jumped", LOG_INT("seconds", step / SEC(1)),
			  LOG_STR("say", step > 0 ? "nothing is ended or removed on its word for an hour"
						  : "what was dated ahead of it is renewed when it is used"));
	return trusted;
}
static void tick(struct jobs *all, const struct job *j, const struct job_time *until)
{
	CLEANUP(arena_drop) struct arena *a = arena_new(ARENA);
	struct trace trace;
	struct ctx cx = { .request_id = j->name, .trace = &trace, .arena = a, .now = clock_now() };

	trace_new(&trace);
	if (j->final && !clock_trusted(all)) {
		health_job_ran(all->en->health, (size_t)(j - jobs));
		return;
	}
	if (a == NULL)
		log_event(NULL, LOG_ERROR, "job.no_memory", LOG_STR("job", j->name));
	else
		run(&cx, all->en, j, until);
}

/* The next row of the lane and when it is due; times are monotonic. */
static size_t soonest(enum lane lane, const int64_t next[static JOBS])
{
	size_t best = JOBS;

	for (size_t i = 0; i < JOBS; i++)
		if (jobs[i].lane == lane && (best == JOBS || next[i] < next[best]))
			best = i;
	return best;
}
/* Sleeps until `mono`, then gives the job its time, under the lock that jobs_stop takes it away with.  False: stop. */
static bool wait_until(struct worker *w, int64_t mono, int64_t budget)
{
	const struct timespec at = clock_spec(mono);
	struct jobs *j = w->of;

	(void)pthread_mutex_lock(&j->lock);
	while (!j->stop && clock_mono() < mono)
		(void)pthread_cond_timedwait(&j->wake, &j->lock, &at);
	bool go = !j->stop;
	if (go)
		atomic_store(&w->until.until, clock_now() + budget);
	(void)pthread_mutex_unlock(&j->lock);
	return go;
}
static void *work(void *arg)
{
	struct worker *w = arg;
	int64_t next[JOBS], start = clock_mono();

	static const char *const names[LANES] = { "jobs", "jobs-calls", "jobs-workers" };

	os_thread_name(names[w->lane]);
	for (size_t i = 0; i < JOBS; i++)
		next[i] = start + SEC(1);
	for (;;) {
		size_t i = soonest(w->lane, next);

		if (!wait_until(w, next[i], jobs[i].budget))
			return NULL;
		tick(w->of, &jobs[i], &w->until);
		os_thread_wipe_stack();
		next[i] = clock_mono() + jobs[i].every;
	}
}

static struct err prepare(struct ctx *cx, struct jobs *j)
{
	(void)pthread_mutex_init(&j->lock, NULL);
	return clock_cond(&j->wake) ? OK : fail(cx, E_INTERNAL, "no clock for the jobs", "pthread_cond");
}
/* Rows of a lane run one after the other: how long one may have to wait for the others. */
static int64_t lane_takes(enum lane lane)
{
	int64_t sum = 0;

	for (size_t i = 0; i < JOBS; i++)
		sum += jobs[i].lane == lane ? jobs[i].budget : 0;
	return sum;
}
struct err jobs_start(struct ctx *cx, struct engine *en, struct jobs **out)
{
	struct jobs *j = calloc(1, sizeof *j);

	*out = NULL;
	if (j == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "jobs");
	j->en = en;
	j->ahead = clock_now() - clock_mono();
	struct err e = prepare(cx, j);
	if (IS_ERR(e)) {
		free(j);
		return e;
	}
	for (size_t i = 0; i < JOBS; i++)
		health_job_is(en->health, i, jobs[i].name, HEALTH_PERIODS * jobs[i].every + lane_takes(jobs[i].lane));
	for (int lane = 0; lane < LANES; lane++) {
		struct worker *w = &j->worker[lane];

		*w = (struct worker){ .of = j, .lane = (enum lane)lane };
		w->runs = pthread_create(&w->thread, NULL, work, w) == 0;
		if (!w->runs) {
			jobs_stop(j);
			return fail(cx, E_INTERNAL, "no thread for the jobs", "lane %d", lane);
		}
	}
	*out = j;
	return OK;
}
void jobs_stop(struct jobs *j)
{
	if (j == NULL)
		return;
	(void)pthread_mutex_lock(&j->lock);
	j->stop = true;
	for (int lane = 0; lane < LANES; lane++)
		atomic_store(&j->worker[lane].until.until, 0);
	(void)pthread_cond_broadcast(&j->wake);
	(void)pthread_mutex_unlock(&j->lock);
	for (int lane = 0; lane < LANES; lane++)
		if (j->worker[lane].runs)
			(void)pthread_join(j->worker[lane].thread, NULL);
	for (size_t i = 0; i < JOBS; i++)
		if (jobs[i].last)
			tick(j, &jobs[i], JOB_TIME(jobs[i].budget));
	(void)pthread_cond_destroy(&j->wake);
	(void)pthread_mutex_destroy(&j->lock);
	free(j);
}
