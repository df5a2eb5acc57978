/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/page_list.h"
#include "api/view.h"
#include "core/text.h"

/* provider_id, provider[id], provider.id: SDKs differ (contract 1.3). */
static struct err filter_of(struct request *rq, const char *const spellings[3], struct sv *out)
{
	*out = SV_NONE;
	for (size_t i = 0; i < 3 && out->n == 0; i++)
		TRY(http_query(rq, spellings[i], out));
	if (out->n == 0)
		*out = SV_NONE;
	return OK;
}

struct err h_connection_list(struct request *rq)
{
	static const char *const provider[3] = { "provider_id", "provider[id]", "provider.id" };
	static const char *const user[3] = { "user_id", "user[id]", "user.id" };
	struct connection_filter f = { .project_id = caller_project(rq) };
	struct connection_views l;
	struct page page;
	struct jout w = JOUT(rq->out);

	TRY(page_list_ask(rq, &page));
	TRY(filter_of(rq, provider, &f.provider_id));
	TRY(filter_of(rq, user, &f.user_id));
	TRY(http_query(rq, "status", &f.status));
	if (f.status.n > 0 && !sv_eqz(f.status, "active") && !sv_eqz(f.status, "expired"))
		return bad_query(rq->cx, "status", "enum", "must be active or expired");
	f.q = page.q;
	f.limit = page.limit;
	f.offset = page.offset;
	TRY(connections_list(rq->cx, rq->en, &f, &l));
	page_list_open(&w);
	for (size_t i = 0; i < l.n; i++)
		view_connection(&w, &l.v[i]);
	page_list_close(&w, &(struct page_list_end){ page, l.n, l.total });
	return jout_done(rq->cx, &w);
}

/* Ours: one connection with its story. */
struct err h_connection_show(struct request *rq)
{
	struct connection_filter f = { .project_id = caller_project(rq), .id = rq->params[0], .limit = 1 };
	struct connection_views l;
	struct journal_list events;
	struct jout w = JOUT(rq->out);

	TRY(connections_list(rq->cx, rq->en, &f, &l));
	if (l.n == 0)
		return refuse(rq->cx, E_NOT_FOUND, "connection %.*s not found", SV_FMT(sv_upto(rq->params[0], 100)));
	TRY(journal_connection(rq->cx, rq->en, f.project_id, f.id, &events));
	enum reason why = l.v[0].reason.n == 0 ? REASON_NONE : reason_of(l.v[0].reason);
	struct reason_words words = journal_words(&events, why);
	jout_open(&w, NULL);
	view_connection_fields(&w, &l.v[0]);
	jout_str(&w, "cause", why == REASON_NONE ? SV_NONE : words.cause);
	jout_str(&w, "fix", why == REASON_NONE ? SV_NONE : words.fix);
	view_timeline(&w, &events);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

struct err h_connection_delete(struct request *rq)
{
	struct actor by = caller_actor(rq);
	enum revocation r;

	TRY(connections_delete(rq->cx, rq->en, &(struct disconnect_in){ caller_project(rq), rq->params[0], &by }, &r));
	rq->status = 204;
	http_header(rq, "Tokenbooth-Revocation", sv_of(revocation_word(r)));
	return OK;
}
