/* SPDX-License-Identifier: Apache-2.0 */
/* workers_ask.c: what is asked of workers: how they are, and which tools they have. */
#include "domain/workers_ask.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/text.h"
#include "domain/job_time.h"
#include "domain/toolbox.h"
#include "domain/worker_pace.h"
#include "domain/workers_mcp.h"
#include <stdio.h>

enum { ASK_BYTES = 256 << 20 };

/* ---- its tools ---- */
static struct err asked(struct ctx *cx, struct engine *en, const struct worker_row *w, struct wire_worker *out,
			struct secret **secret)
{
	int64_t own = SEC(w->timeout_s);

	TRY(store_worker_secret(cx, en->store, w, secret));
	*out = (struct wire_worker){ en->net, w->uri, *secret, own < WORKERS_ASK_TIMEOUT ? own : WORKERS_ASK_TIMEOUT };
	cx->now = clock_now();
	return OK;
}
/* What the worker tells of now, kept when it is another.  *why: "" or what is wrong. */
static struct err tell(struct ctx *cx, struct engine *en, const struct worker_row *w, char why[static 240], bool *other)
{
	CLEANUP(secret_drop) struct secret *secret = NULL;
	struct wire_worker at;
	struct wire_worker_answer a;
	struct sv before;

	*other = false;
	if (workers_mcp_is(w))
		return workers_mcp_tell(cx, en, w, why, other);
	TRY(asked(cx, en, w, &at, &secret));
	TRY(wire_worker_tools(cx, &at, &a));
	if (a.fate == WORKER_ANSWERED && a.json->kind != NODE_LIST)
		(void)snprintf(a.say, sizeof a.say, "the worker's catalogue is no list");
	(void)snprintf(why, 240, "%s", a.say);
	if (a.say[0] != '\0')
		return OK;
	TRY(store_worker_catalogue(cx, en->store, w->id, &before));
	*other = w->told_at == 0 || !sv_eq(a.text, before);
	return *other ? store_worker_told(cx, en->store, &(struct worker_told){ store_worker_as(w), a.text, SV("") })
		      : OK;
}
/* In memory of its own, and whatever goes wrong is this worker's: *why says it, and others are asked all the same. */
static struct err ask(struct ctx *cx, struct engine *en, const struct worker_row *w, char why[static 240], bool *other)
{
	CLEANUP(arena_drop) struct arena *a = arena_new(ASK_BYTES);
	struct ctx own = { .request_id = cx->request_id, .trace = cx->trace, .deadline = cx->deadline, .arena = a };

	why[0] = '\0';
	*other = false;
	if (a == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "worker %.*s", SV_FMT(w->unique_id));
	own.now = clock_now();
	struct err e = tell(&own, en, w, why, other);
	if (IS_ERR(e)) {
		log_cause(&own, LOG_WARN, "worker.catalogue");
		(void)snprintf(why, 240, "%.230s",
			       e.code == E_INTERNAL ? "the engine had trouble of its own, which its log tells"
						    : own.cause.say);
	}
	if (worker_pace_asked(toolbox_paces(en), w->id, why) == 1) /* the first time; health says it at any time */
		log_event(cx, LOG_WARN, "worker.unreachable", LOG_SV("worker", w->unique_id), LOG_STR("why", &why[0]));
	return OK;
}
/* After a change the change itself stands, whether it answers or not. */
struct err workers_reload(struct ctx *cx, struct engine *en, const struct worker_row *w)
{
	char why[240] = "";
	bool other = false;

	if (w->enabled)
		TRY(ask(cx, en, w, why, &other));
	return toolbox_load(cx, en);
}

/* ---- how it is ---- */
struct err workers_ask_health(struct ctx *cx, const struct wire_worker *at, struct worker_health *out)
{
	struct wire_worker_answer a;

	TRY(wire_worker_health(cx, at, &a));
	out->healthy = a.fate == WORKER_ANSWERED;
	(void)snprintf(out->message, sizeof out->message, "%s", out->healthy ? "ok" : a.say);
	return OK;
}
/* What the catalogue lacks of it, which its health alone does not show. */
static void add_notes(struct engine *en, const struct worker_row *w, struct worker_health *out)
{
	CLEANUP(toolbox_let_go) const struct tool_set *set = toolbox_hold(en);
	const struct toolbox_note *note = toolbox_note_of(set, w->id);
	char why[WORKER_PACE_WHY];
	size_t n = strlen(out->message);

	worker_pace_why(toolbox_paces(en), w->id, why);
	if (why[0] != '\0')
		(void)snprintf(out->message + n, sizeof out->message - n, "; its tools could not be read: %s", why);
	else if (note != NULL && note->left_out > 0)
		(void)snprintf(out->message + n, sizeof out->message - n, "; %zu of its tools are left out: %.400s",
			       note->left_out, note->why.p);
}
static struct err health_of(struct ctx *cx, struct engine *en, const struct worker_row *w, struct worker_health *out)
{
	CLEANUP(secret_drop) struct secret *secret = NULL;
	struct wire_worker at;

	if (workers_mcp_is(w))
		return workers_mcp_health(cx, en, w, out);
	TRY(asked(cx, en, w, &at, &secret));
	return workers_ask_health(cx, &at, out);
}
struct err workers_health(struct ctx *cx, struct engine *en, const struct worker_row *w, struct worker_health *out)
{
	*out = (struct worker_health){ .message = "the worker is disabled" };
	if (!w->enabled)
		return OK;
	TRY(health_of(cx, en, w, out));
	if (out->healthy)
		add_notes(en, w, out);
	return OK;
}

/* ---- the job ---- */
static struct err ask_one(struct ctx *cx, struct engine *en, const struct worker_row *w, bool *changed)
{
	char why[240];
	bool other = false;

	if (!w->enabled || !worker_pace_due(toolbox_paces(en), w->id))
		return OK;
	TRY(ask(cx, en, w, why, &other));
	*changed = *changed || other;
	return OK;
}
/* Behind the one that the pass before came to last. */
static size_t begin_at(struct engine *en, const struct worker_rows *rows)
{
	char last[WORKER_PACE_ID];

	worker_pace_last(toolbox_paces(en), last);
	for (size_t i = 0; i < rows->n; i++)
		if (sv_eqz(rows->v[i].id, last))
			return i + 1;
	return 0;
}
struct err workers_refresh(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	struct worker_rows rows;
	bool changed = false;
	size_t n = 0;

	TRY(store_worker_all(cx, en->store, SV_NONE, &rows));
	for (size_t from = begin_at(en, &rows); n < rows.n && job_goes_on(until); n++) {
		const struct worker_row *w = &rows.v[(from + n) % rows.n];

		TRY(ask_one(cx, en, w, &changed));
		worker_pace_came_to(toolbox_paces(en), w->id);
	}
	if (n == rows.n)
		worker_pace_sweep(toolbox_paces(en));
	return changed || toolbox_is_old(en) ? toolbox_load(cx, en) : OK;
}
