/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/schedules.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "domain/scheduler.h"
#include "domain/tool_needs.h"
#include "domain/upkeep.h"

enum { INPUT_MOST = 1 << 20 }; /* what seal.h takes */

/* ---- making ---- */
static struct err needs(struct ctx *cx, struct engine *en, const struct run_ask *ask, const struct tool *t)
{
	struct tool_needs n;

	if (t->auth.there && ask->user_id.n == 0)
		return bad_field(cx, "user_id", "required", "is required: the tool acts with a user's token");
	TRY(tool_needs_of(cx, en, &(struct tool_needs_ask){ ask->project_id, ask->user_id, NULL }, t, &n));
	if (t->auth.there && n.provider_reason[0] != '\0')
		return refuse(cx, E_TOOL_NEEDS, "%s", n.provider_reason);
	if (t->auth.there && n.consent != CONSENT_COMPLETED)
		return refuse(cx, E_TOOL_CONSENT, "authorization required for tool %.*s: the user has not granted it",
			      SV_FMT(t->qualified));
	for (size_t i = 0; i < t->secrets.n; i++)
		if (!n.secrets_met[i])
			return refuse(cx, E_TOOL_NEEDS, "secret not found: %.*s",
				      SV_FMT(sv_upto(t->secrets.v[i], 100)));
	return OK;
}
static struct err input_text(struct ctx *cx, const struct node *input, struct buf *out)
{
	struct jout w = JOUT(out);

	if (input == NULL)
		jout_raw(&w, NULL, SV("{}"));
	else
		jout_node(&w, NULL, input);
	return jout_done(cx, &w);
}
static struct err describe(struct ctx *cx, const struct schedule_row *r, struct buf *out)
{
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	jout_strz(&w, "tool", arena_printf(cx->arena, "%.*s.%.*s", SV_FMT(r->toolkit), SV_FMT(r->tool)));
	jout_str(&w, "user_id", r->user_id);
	jout_time(&w, "run_at", r->run_at);
	jout_close(&w);
	return jout_done(cx, &w);
}
static struct err put(struct ctx *cx, struct engine *en, const struct schedule_ask *ask, struct schedule_row *row)
{
	CLEANUP(buf_free) struct buf input = BUF(INPUT_MOST);
	CLEANUP(buf_free) struct buf data = BUF(4096);

	struct err e = input_text(cx, ask->run.input, &input);
	if (e.code == E_TOO_LARGE) {
		(void)forgive(cx);
		return bad_field(cx, "input", "max", "must be at most 1 MB as JSON for a run that is put off");
	}
	TRY(e);
	TRY(describe(cx, row, &data));
	const struct event ev = { .project_id = row->project_id,
				  .kind = "schedule.created",
				  .by = *ask->run.by,
				  .resource_type = "execution",
				  .resource_id = row->id,
				  .outcome = "ok",
				  .data = buf_view(&data) };
	return store_schedule_add(cx, en->store, &(struct schedule_new){ *row, buf_view(&input), &ev });
}
static struct err row_of(struct ctx *cx, const struct schedule_ask *ask, const struct tool *t, struct schedule_row *out)
{
	char id[ID_TEXT];

	id_ksuid("te_", cx->now, id);
	*out = (struct schedule_row){ .id = arena_sv(cx->arena, sv_of(id)),
				      .project_id = ask->run.project_id,
				      .status = SV("scheduled"),
				      .toolkit = arena_sv(cx->arena, t->toolkit),
				      .tool = arena_sv(cx->arena, t->name),
				      .version = arena_sv(cx->arena, t->version),
				      .user_id = ask->run.user_id,
				      .by_type = sv_of(ask->run.by->type),
				      .by_id = sv_of(ask->run.by->id),
				      .source = sv_of(ask->run.by->source),
				      .pinned = ask->run.tool_version.p != NULL ||
						memchr(ask->run.tool_name.p, '@', ask->run.tool_name.n) != NULL,
				      .stacktrace = ask->stacktrace,
				      .run_at = ask->at,
				      .next_at = ask->at };
	bool made = out->id.p != NULL && out->toolkit.p != NULL && out->tool.p != NULL && out->version.p != NULL;
	return made ? OK : fail(cx, E_INTERNAL, "out of memory", "a schedule");
}
struct err schedules_create(struct ctx *cx, struct engine *en, const struct schedule_ask *ask, struct schedule_row *out)
{
	CLEANUP(toolbox_let_go) const struct tool_set *set = toolbox_hold(en);
	const struct tool *t;

	TRY(runner_find(cx, set, &ask->run, &t));
	if (ask->run.input != NULL && ask->run.input->kind != NODE_MAP)
		return bad_field(cx, "input", "object", "must be an object");
	TRY(needs(cx, en, &ask->run, t));
	TRY(row_of(cx, ask, t, out));
	TRY(put(cx, en, ask, out));
	if (ask->at <= clock_now())
		scheduler_kick(en);
	return OK;
}

/* ---- what came of an attempt ---- */
struct err schedules_pack(struct ctx *cx, const struct run_done *d, struct buf *out)
{
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	jout_node(&w, "output", d->output);
	jout_strz(&w, "kind", d->error_kind);
	jout_strz(&w, "message", d->error_kind == NULL ? NULL : d->error_message);
	jout_bool(&w, "can_retry", d->can_retry);
	jout_close(&w);
	return jout_done(cx, &w);
}
static struct err unpack(struct ctx *cx, struct sv json, struct run_done *d)
{
	const struct node *all, *output, *can;

	TRY(jdoc_parse_lenient(cx, json, "an attempt", &all));
	output = node_get(all, "output");
	can = node_get(all, "can_retry");
	d->output = output != NULL && output->kind == NODE_MAP ? output : NULL;
	d->error_kind = node_text_at(all, "kind").p;
	d->can_retry = can != NULL && can->kind == NODE_BOOL && can->b;
	struct sv said = sv_upto(node_text_at(all, "message"), sizeof d->error_message - 1);
	return said.p == NULL || sv_copy(said, d->error_message, sizeof d->error_message)
		   ? OK
		   : fail(cx, E_INTERNAL, "a text does not fit", "an attempt");
}
static struct err open_try(struct ctx *cx, struct engine *en, struct sv project_id, struct schedule_try *t)
{
	CLEANUP(secret_drop) struct secret *json = NULL;

	t->done = (struct run_done){ .success = t->row.success };
	if (t->row.output_box.p == NULL)
		return OK;
	TRY(store_schedule_output(cx, en->store, project_id, &t->row, &json));
	return unpack(cx, secret_view(json), &t->done);
}

/* ---- looking ---- */
static struct err tries(struct ctx *cx, struct engine *en, struct schedule_view *v)
{
	struct schedule_attempts all;

	TRY(store_schedule_attempts(cx, en->store, v->row.id, &all));
	v->tries = arena_array(cx->arena, all.n + 1, sizeof *v->tries);
	if (v->tries == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "attempts");
	for (v->n = 0; v->n < all.n; v->n++) {
		v->tries[v->n].row = all.v[v->n];
		TRY(open_try(cx, en, v->row.project_id, &v->tries[v->n]));
	}
	return OK;
}
struct err schedules_show(struct ctx *cx, struct engine *en, struct sv project_id, struct sv id,
			  struct schedule_view *out)
{
	CLEANUP(secret_drop) struct secret *input = NULL;
	struct err e = store_schedule_get(cx, en->store, project_id, id, &out->row);

	if (e.code == E_NOT_FOUND)
		return refuse(cx, E_NOT_FOUND, "scheduled tool %.*s not found", SV_FMT(sv_upto(id, 100)));
	TRY(e);
	TRY(store_schedule_input(cx, en->store, &out->row, &input));
	TRY(jdoc_parse(cx, secret_view(input), "the input", &out->input));
	return tries(cx, en, out);
}
struct err schedules_list(struct ctx *cx, struct engine *en, struct sv project_id, const struct page *page,
			  struct schedule_page *out)
{
	return store_schedule_list(cx, en->store, project_id, page, out);
}

/* ---- ending ---- */
struct err schedules_cancel(struct ctx *cx, struct engine *en, struct sv project_id, struct sv id,
			    const struct actor *by)
{
	const struct event ev = { .project_id = project_id,
				  .kind = "schedule.cancelled",
				  .by = *by,
				  .resource_type = "execution",
				  .resource_id = id,
				  .outcome = "ok" };
	struct err e = store_schedule_cancel(cx, en->store, &(struct schedule_end){ project_id, id, &ev });

	if (e.code == E_NOT_FOUND)
		return refuse(cx, E_NOT_FOUND, "scheduled tool %.*s not found", SV_FMT(sv_upto(id, 100)));
	if (e.code == E_STALE)
		return refuse(cx, E_CONFLICT,
			      "scheduled tool %.*s runs now or has ended; only one that waits can be cancelled",
			      SV_FMT(sv_upto(id, 100)));
	return e;
}
struct err schedules_prune(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	return upkeep_prune(cx, en, until, DAY(en->config->kept.schedules), store_schedule_prune);
}
