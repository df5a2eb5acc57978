/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/page_list.h"
#include "api/view.h"
#include "core/text.h"
#include "domain/journal.h"

static void row(struct jout *w, const struct auth_row *r)
{
	jout_strz(w, "id", r->id);
	jout_strz(w, "status", view_status(r->status));
	jout_str(w, "user_id", r->user_id);
	jout_str(w, "provider_id", r->provider_id);
	view_list(w, "scopes", r->scopes);
	jout_time(w, "created_at", r->created_at);
	jout_time(w, "expires_at", r->expires_at);
	jout_time(w, "ended_at", r->ended_at);
}

struct err h_authorization_list(struct request *rq)
{
	struct auth_filter f = { .project_id = caller_project(rq) };
	struct auth_rows l;
	struct page page;
	struct jout w = JOUT(rq->out);

	TRY(page_list_ask(rq, &page));
	TRY(http_query(rq, "user_id", &f.user_id));
	TRY(http_query(rq, "provider_id", &f.provider_id));
	TRY(http_query(rq, "status", &f.status));
	if (f.status.n > 0 && !sv_eqz(f.status, "pending") && !sv_eqz(f.status, "completed") &&
	    !sv_eqz(f.status, "failed"))
		return bad_query(rq->cx, "status", "enum", "must be pending, completed or failed");
	f.q = page.q;
	f.limit = page.limit;
	f.offset = page.offset;
	TRY(authorize_list(rq->cx, rq->en, &f, &l));
	page_list_open(&w);
	for (size_t i = 0; i < l.n; i++) {
		jout_open(&w, NULL);
		row(&w, &l.v[i]);
		view_reason(&w, l.v[i].reason);
		jout_close(&w);
	}
	page_list_close(&w, &(struct page_list_end){ page, l.n, l.total });
	return jout_done(rq->cx, &w);
}

struct err h_authorization_show(struct request *rq)
{
	struct auth_filter f = { .project_id = caller_project(rq), .id = rq->params[0], .limit = 1 };
	struct auth_rows l;
	struct journal_list events;
	struct jout w = JOUT(rq->out);

	TRY(authorize_list(rq->cx, rq->en, &f, &l));
	if (l.n == 0)
		return refuse(rq->cx, E_NOT_FOUND, "authorization %.*s not found", SV_FMT(sv_upto(rq->params[0], 100)));
	TRY(journal_timeline(rq->cx, rq->en, caller_project(rq), rq->params[0], &events));
	jout_open(&w, NULL);
	row(&w, &l.v[0]);
	view_reason_as(&w, l.v[0].reason, journal_words(&events, (enum reason)l.v[0].reason));
	view_timeline(&w, &events);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
