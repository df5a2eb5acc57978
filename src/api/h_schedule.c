/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/page_list.h"
#include "api/view_run.h"
#include "domain/schedules.h"

static void members(struct jout *w, const struct schedule_row *r)
{
	jout_str(w, "id", r->id);
	jout_strz(w, "execution_type", "scheduled");
	jout_str(w, "execution_status", r->status);
	jout_str(w, "tool_name", r->tool);
	jout_str(w, "toolkit_name", r->toolkit);
	jout_str(w, "toolkit_version", r->version);
	jout_str(w, "user_id", r->user_id);
	jout_time(w, "run_at", r->run_at);
	jout_time(w, "started_at", r->started_at);
	jout_time(w, "finished_at", r->finished_at);
	jout_time(w, "created_at", r->created_at);
	jout_time(w, "updated_at", r->updated_at);
}
struct err h_schedule_list(struct request *rq)
{
	struct jout w = JOUT(rq->out);
	struct schedule_page rows;
	struct page page;

	TRY(page_list_ask(rq, &page));
	TRY(schedules_list(rq->cx, rq->en, caller_project(rq), &page, &rows));
	page_list_open(&w);
	for (size_t i = 0; i < rows.n; i++) {
		jout_open(&w, NULL);
		members(&w, &rows.v[i]);
		jout_close(&w);
	}
	page_list_close(&w, &(struct page_list_end){ page, rows.n, rows.total });
	return jout_done(rq->cx, &w);
}
static void attempt(struct jout *w, const struct schedule_try *t, bool stacktrace)
{
	jout_open(w, NULL);
	jout_str(w, "id", t->row.id);
	jout_time(w, "started_at", t->row.started_at);
	jout_time(w, "finished_at", t->row.finished_at);
	jout_bool(w, "success", t->row.success);
	view_run_output(w, &t->done, stacktrace);
	jout_str(w, "system_error_message", t->row.error);
	jout_close(w);
}
struct err h_schedule_show(struct request *rq)
{
	struct jout w = JOUT(rq->out);
	struct schedule_view v;

	TRY(schedules_show(rq->cx, rq->en, caller_project(rq), rq->params[0], &v));
	jout_open(&w, NULL);
	members(&w, &v.row);
	jout_node(&w, "input", v.input);
	jout_list(&w, "attempts");
	for (size_t i = 0; i < v.n; i++)
		attempt(&w, &v.tries[i], v.row.stacktrace);
	jout_list_end(&w);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
struct err h_schedule_cancel(struct request *rq)
{
	struct actor by = caller_actor(rq);

	TRY(schedules_cancel(rq->cx, rq->en, caller_project(rq), rq->params[0], &by));
	rq->status = 204;
	return OK;
}
