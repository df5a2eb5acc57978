/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/scheduler.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/hub.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/logf.h"
#include "core/text.h"
#include "core/trace.h"
#include "core/workq.h"
#include "domain/job_time.h"
#include "domain/schedules.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* A worker that is slow holds a quarter of the threads, a project that has several of them three quarters. */
enum { THREADS = 32, OF_WORKER = THREADS / 4, OF_PROJECT = THREADS / 4 * 3 };
enum { STACK = 256 << 10, ARENA = 128 << 20, ENDS = 8 << 20, OUTPUT_MOST = 1 << 20, OWNER = 96 };
#define PREPARE    MIN(1)  /* until the tool is called; a refresh may be among it */
#define CALL_SPARE SEC(30) /* on top of what the worker may take */
#define NOT_NOW    SEC(1)
#define PAUSE      SEC(5) /* before the second attempt, and four times that before the third, unless the tool says */
#define PAUSE_MOST HOUR(1)

struct held { /* by one run */
	uint64_t worker, project;
};
struct scheduler {
	struct engine *en;
	struct workq *q;
	atomic_bool stopping;
	pthread_mutex_t lock; /* from picking a run to its being taken; guards held */
	struct held held[THREADS];
	size_t n_held;
};

/* ---- one run ---- */
struct turn {
	struct engine *en;
	struct ctx
	    *ends; /* with memory of its own: what came of a run is recorded even when its answer filled the rest */
	char owner[OWNER];
	struct schedule_claimed c;
	bool sent, stale;
};
static struct err sending(struct ctx *cx, void *arg, const struct tool *t)
{
	struct turn *turn = arg;
	const struct schedule_sending in = { turn->c.row.id, sv_of(turn->c.attempt), t->version, turn->owner,
					     SEC(turn->en->config->max_worker_timeout_s) + CALL_SPARE };
	struct err e = store_schedule_sending(cx, turn->en->store, &in);

	turn->stale = e.code == E_STALE;
	turn->sent = !IS_ERR(e);
	return e;
}
static bool may_retry(const struct run_done *d)
{
	const struct node *can = node_path(d->output, SV("error.can_retry"));

	if (d->error_kind != NULL)
		return d->not_run && d->can_retry;
	return can != NULL && can->kind == NODE_BOOL && can->b;
}
static int64_t retry_at(const struct turn *turn, const struct run_done *d)
{
	const struct node *told = node_path(d->output, SV("error.retry_after_ms"));
	int64_t pause = turn->c.row.tries > 1 ? PAUSE * 4 : PAUSE;

	if (d->success || turn->c.row.tries >= SCHEDULE_TRIES || !may_retry(d))
		return 0;
	if (told != NULL && told->kind == NODE_INT && told->i >= 0)
		pause = told->i > PAUSE_MOST / MSEC(1) ? PAUSE_MOST : MSEC(told->i);
	return clock_now() + pause;
}
static struct err finish(struct turn *turn, const struct run_done *d, const struct event *ev, struct sv error)
{
	CLEANUP(buf_free) struct buf output = BUF(OUTPUT_MOST);
	struct ctx *cx = turn->ends;
	struct schedule_done done = {
		.of = &turn->c, .success = d->success, .error = error, .retry_at = retry_at(turn, d), .event = ev
	};

	struct err e = schedules_pack(cx, d, &output);
	if (!IS_ERR(e)) {
		done.output = buf_view(&output);
		e = store_schedule_finish(cx, turn->en->store, &done);
	}
	if (!IS_ERR(e))
		return OK;
	/* That it has run is kept whatever becomes of its answer: else it would be found as a run that nobody ended. */
	done.error = e.code == E_TOO_LARGE ? SV("the tool's answer is larger than 1 MB, and was not kept")
					   : SV("the tool's answer could not be stored, and was not kept");
	done.output = SV_NONE;
	log_cause(cx, LOG_ERROR, "schedule.answer_not_kept");
	(void)forgive(cx);
	return store_schedule_finish(cx, turn->en->store, &done);
}
static struct err record(struct ctx *cx, void *arg, const struct run_done *d, const struct event *ev)
{
	struct turn *turn = arg;
	struct err e = finish(turn, d, ev, SV(""));

	cx->cause = turn->ends->cause;
	return e;
}
/* It did not run, or nobody will know: the refusal is what came of it. */
static struct err refused(struct turn *turn, enum err_code code, const char *say)
{
	struct ctx *cx = turn->ends;
	CLEANUP(buf_free) struct buf data = BUF(4096);
	bool ours = code == E_INTERNAL, later = code == E_PROVIDER_DOWN || code == E_BUSY || ours;
	struct run_done d = { .error_kind = ours ? "UNKNOWN" : "TOOL_REQUIREMENTS_NOT_MET",
			      .not_run = !turn->sent,
			      .can_retry = later };
	struct jout w = JOUT(&data);

	(void)snprintf(d.error_message, sizeof d.error_message, "%.280s", say);
	struct sv said = sv_of(d.error_message);
	jout_open(&w, NULL);
	jout_strz(&w, "tool",
		  arena_printf(cx->arena, "%.*s.%.*s", SV_FMT(turn->c.row.toolkit), SV_FMT(turn->c.row.tool)));
	jout_str(&w, "user_id", turn->c.row.user_id);
	jout_strz(&w, "error_kind", d.error_kind);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	const struct event ev = { .project_id = turn->c.row.project_id,
				  .kind = "tool.executed",
				  .by = { .type = "system", .id = "system", .source = "SYSTEM" },
				  .resource_type = "execution",
				  .resource_id = turn->c.row.id,
				  .outcome = "failed",
				  .data = buf_view(&data) };
	return finish(turn, &d, &ev, ours ? said : SV(""));
}
static struct err back(struct ctx *cx, struct turn *turn)
{
	(void)forgive(cx);
	return store_schedule_back(cx, turn->en->store,
				   &(struct schedule_back){ &turn->c, turn->owner, clock_now() + NOT_NOW });
}
static struct err run_it(struct ctx *cx, struct turn *turn, const struct node *input)
{
	const struct schedule_row *r = &turn->c.row;
	const struct actor by = { .type = r->by_type.p, .id = r->by_id.p, .source = r->source.p };
	const struct run_keeper keeper = { turn, sending, record, r->id, sv_of(turn->c.attempt) };
	const char *name = arena_printf(cx->arena, "%.*s.%.*s", SV_FMT(r->toolkit), SV_FMT(r->tool));
	const struct run_ask ask = { .project_id = r->project_id,
				     .tool_name = sv_of(name),
				     .tool_version = r->pinned ? r->version : SV_NONE,
				     .user_id = r->user_id,
				     .input = input,
				     .lane = ACCESS_CALL,
				     .by = &by,
				     .keeper = &keeper };
	struct run_done done;

	return name == NULL ? fail(cx, E_INTERNAL, "out of memory", "a schedule")
			    : runner_run(cx, turn->en, &ask, &done);
}
static struct err one(struct ctx *cx, struct turn *turn)
{
	CLEANUP(secret_drop) struct secret *json = NULL;
	const struct node *input;
	struct err e = store_schedule_input(cx, turn->en->store, &turn->c.row, &json);

	if (!IS_ERR(e))
		e = jdoc_parse(cx, secret_view(json), "the input", &input);
	if (!IS_ERR(e))
		e = run_it(cx, turn, input);
	if (!IS_ERR(e) || turn->stale)
		return OK;
	if (e.code == E_PARK)
		return back(cx, turn);
	e = refused(turn, e.code, cx->cause.say);
	cx->cause = turn->ends->cause;
	return e;
}

/* ---- which one ---- */
struct picking {
	const struct scheduler *s;
	const struct tool_set *tools;
	struct held held; /* by the run that was let through */
};
static bool may(void *arg, const struct schedule_due_row *row)
{
	struct picking *p = arg;
	CLEANUP(buf_free) struct buf text = BUF(1024);

	buf_sv(&text, row->toolkit);
	buf_char(&text, '.');
	buf_sv(&text, row->tool);
	const struct toolname name = { .text = buf_view(&text), .version = row->pinned ? row->version : SV_NONE };
	const struct tool *t = toolbox_find(p->tools, row->project_id, &name);
	size_t of_worker = 0, of_project = 0;

	/* A tool that is gone waits for nobody: its run ends at once. */
	p->held =
	    (struct held){ t == NULL ? 0 : hub_topic("worker", t->worker_row), hub_topic("project", row->project_id) };
	for (size_t i = 0; i < p->s->n_held; i++) {
		of_worker += p->s->held[i].worker == p->held.worker;
		of_project += p->s->held[i].project == p->held.project;
	}
	return t == NULL || (of_worker < OF_WORKER && of_project < OF_PROJECT);
}
static struct err pick(struct ctx *cx, struct scheduler *s, struct turn *turn, struct held *out)
{
	CLEANUP(toolbox_let_go) const struct tool_set *tools = toolbox_hold(s->en);
	struct picking p = { .s = s, .tools = tools };
	struct schedule_claim claim = { .owner = turn->owner, .hold = PREPARE };

	do {
		TRY(store_schedule_pick(cx, s->en->store, &(struct schedule_pick){ may, &p }, &claim.id));
		if (claim.id.p == NULL)
			return OK;
		TRY(store_schedule_take(cx, s->en->store, &claim, &turn->c));
	} while (!turn->c.got); /* cancelled, or another engine's */
	*out = p.held;
	return OK;
}
static struct err take(struct ctx *cx, struct scheduler *s, struct turn *turn, struct held *out)
{
	(void)pthread_mutex_lock(&s->lock);
	struct err e = pick(cx, s, turn, out);
	if (turn->c.got)
		s->held[s->n_held++] = *out;
	(void)pthread_mutex_unlock(&s->lock);
	return e;
}
static void give_back(struct scheduler *s, const struct held *h)
{
	size_t i = 0;

	(void)pthread_mutex_lock(&s->lock);
	while (s->held[i].worker != h->worker || s->held[i].project != h->project)
		i++;
	s->held[i] = s->held[--s->n_held];
	(void)pthread_mutex_unlock(&s->lock);
}

/* ---- the threads ---- */
/* False: nothing was due that may run now. */
static bool next(struct scheduler *s)
{
	CLEANUP(arena_drop) struct arena *a = arena_new(ARENA), *b = arena_new(ENDS);
	struct trace trace;
	struct ctx cx = { .request_id = "schedule", .trace = &trace, .arena = a, .now = clock_now() }, ends = cx;
	struct turn turn = { .en = s->en, .ends = &ends };
	struct held held = { .worker = 0 };
	char nonce[TOKEN_TEXT];

	trace_new(&trace);
	id_token(nonce);
	(void)snprintf(turn.owner, sizeof turn.owner, "%.40s/%.43s", s->en->owner, nonce);
	ends.arena = b;
	if (a == NULL || b == NULL)
		return false;
	struct err e = take(&cx, s, &turn, &held);
	if (turn.c.got)
		scheduler_kick(s->en); /* whoever is idle looks for the next one */
	if (!IS_ERR(e) && turn.c.got)
		e = one(&cx, &turn);
	if (turn.c.got)
		give_back(s, &held);
	if (IS_ERR(e))
		log_cause(&cx, LOG_ERROR, "schedule.failed");
	return turn.c.got;
}
static void work(void *arg)
{
	struct scheduler *s = arg;

	while (!atomic_load(&s->stopping) && next(s))
		;
}
void scheduler_kick(struct engine *en)
{
	if (en->scheduler != NULL && !workq_push(en->scheduler->q, work, en->scheduler))
		log_event(NULL, LOG_DEBUG, "schedule.full", LOG_STR("say", "the next tick finds it"));
}
struct err scheduler_tick(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	struct schedule_due found;
	int64_t n = 1;

	if (en->scheduler == NULL)
		return OK;
	TRY(store_schedule_due(cx, en->store, &found));
	while (found.lost > 0 && n > 0 && job_goes_on(until))
		TRY(store_schedule_sweep(cx, en->store, false, &n));
	if (found.due > 0)
		scheduler_kick(en); /* who finds one wakes the next thread */
	return OK;
}
static struct err start(struct ctx *cx, struct engine *en, struct scheduler **out)
{
	struct scheduler *s = calloc(1, sizeof *s);

	*out = s;
	if (s == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "schedules");
	s->en = en;
	atomic_init(&s->stopping, false);
	(void)pthread_mutex_init(&s->lock, NULL);
	s->q = workq_new(
	    &(struct workq_how){ .name = "schedules", .threads = THREADS, .depth = THREADS, .stack_bytes = STACK });
	if (s->q != NULL)
		return OK;
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	*out = NULL;
	return fail(cx, E_INTERNAL, "out of memory", "schedules");
}
/* The folder's lock says that no other engine lives: who holds a claim now is dead. */
static struct err orphans(struct ctx *cx, struct engine *en)
{
	int64_t n = 1;

	while (n > 0)
		TRY(store_schedule_sweep(cx, en->store, true, &n));
	return OK;
}
struct err scheduler_start(struct ctx *cx, struct engine *en, struct scheduler **out)
{
	TRY(orphans(cx, en));
	return start(cx, en, out);
}
void scheduler_free(struct scheduler *s)
{
	if (s == NULL)
		return;
	atomic_store(&s->stopping, true);
	workq_free(s->q);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
