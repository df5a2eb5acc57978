/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/view.h"
#include "core/arena.h"
#include "core/text.h"
#include "domain/mcp_token.h"

enum { QUERY_MOST = 4096, SCOPES_MOST = 100 };

/* ---- GET /v1/workers/{id}/authorize (contract 3.5) ---- */
static struct err scopes_of(struct request *rq, struct sv_list *out)
{
	struct sv text;

	TRY(http_query(rq, "scopes", &text));
	*out = (struct sv_list){ .v = arena_array(rq->cx->arena, SCOPES_MOST, sizeof *out->v) };
	if (out->v == NULL)
		return fail(rq->cx, E_INTERNAL, "out of memory", "scopes");
	for (size_t i = 0; i < text.n;) {
		size_t n = 0;

		while (i + n < text.n && text.p[i + n] != ' ' && text.p[i + n] != ',')
			n++;
		if (n > 0 && out->n == SCOPES_MOST)
			return bad_field(rq->cx, "scopes", "max", "must have at most %d entries", SCOPES_MOST);
		if (n > 0)
			out->v[out->n++] = sv_upto(sv_from(text, i), n);
		i += n + 1;
	}
	return OK;
}
static struct err ask_of(struct request *rq, struct mcp_token_ask *ask)
{
	TRY(http_query(rq, "user_id", &ask->user_id));
	TRY(http_query(rq, "next_uri", &ask->next_uri));
	TRY(scopes_of(rq, &ask->scopes));
	ask->user_id = sv_trim(ask->user_id);
	if (ask->user_id.n == 0 && rq->by.is == WHO_SESSION)
		ask->user_id = sv_of(rq->by.email);
	if (ask->user_id.n == 0 || ask->user_id.n > QUERY_MOST)
		return bad_field(rq->cx, "user_id", "required",
				 "is required: whose authorization at the server is it?");
	return OK;
}
static void link_clear(struct mcp_token_link *l) { auth_view_clear(&l->view); }

struct err h_worker_auth_link(struct request *rq)
{
	struct actor by = caller_actor(rq);
	struct mcp_token_ask ask = { .project_id = caller_project(rq), .worker = rq->params[0], .by = &by };
	CLEANUP(link_clear) struct mcp_token_link link = { .needed = false };
	struct jout w = JOUT(rq->out);

	TRY(ask_of(rq, &ask));
	TRY(mcp_token_link(rq->cx, rq->en, &ask, &link));
	if (link.why[0] != '\0')
		return refuse(rq->cx, E_UPSTREAM, "no authorization at the server of worker %.*s: %.240s",
			      SV_FMT(sv_upto(rq->params[0], 100)), link.why);
	jout_open(&w, NULL);
	jout_str(&w, "worker_id", rq->params[0]);
	jout_str(&w, "user_id", ask.user_id);
	jout_strz(&w, "status", link.needed ? view_status(link.view.status) : "completed");
	view_list(&w, "scopes", link.scopes);
	if (link.needed && link.view.status == AUTH_PENDING)
		jout_str(&w, "url", link.view.url);
	if (ask.next_uri.n > 0)
		jout_str(&w, "next_uri", ask.next_uri);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

/* ---- the client id document (CIMD): whoever is shown our client_id fetches it ---- */
struct err h_worker_auth_client(struct request *rq)
{
	return mcp_auth_document(rq->cx, rq->en, rq->params[0], rq->out);
}
