/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/page_list.h"
#include "core/codec.h"
#include "core/text.h"
#include "domain/invites.h"

static void fields(struct jout *w, const struct invitation *i)
{
	jout_strz(w, "id", i->id);
	jout_strz(w, "email", i->email);
	jout_strz(w, "role", role_name(i->role));
	jout_time(w, "created_at", i->created_at);
	jout_time(w, "expires_at", i->expires_at);
}

struct err h_invitation_list(struct request *rq)
{
	struct invitation_page l;
	struct page page;
	struct jout w = JOUT(rq->out);

	TRY(page_list_ask(rq, &page));
	TRY(invites_list(rq->cx, rq->en, caller_project(rq), &page, &l));
	page_list_open(&w);
	for (size_t i = 0; i < l.n; i++) {
		jout_open(&w, NULL);
		fields(&w, &l.v[i]);
		jout_close(&w);
	}
	page_list_close(&w, &(struct page_list_end){ page, l.n, l.total });
	return jout_done(rq->cx, &w);
}

struct invitation_body {
	struct sv email, role;
	bool replace;
};
static const struct nfield invitation_fields[] = {
	NSV(struct invitation_body, email, NREQ, 1, 1024),
	NSV(struct invitation_body, role, NREQ, 1, 64),
	NBOOL(struct invitation_body, replace, false),
};

static struct err created(struct request *rq, const struct invitation_made *m, struct sv url)
{
	struct jout w = JOUT(rq->out);

	jout_open(&w, NULL);
	fields(&w, &m->now);
	jout_str(&w, "url", url);
	if (m->was.id[0] != '\0') {
		jout_open(&w, "replaced");
		fields(&w, &m->was);
		jout_close(&w);
	}
	jout_close(&w);
	rq->status = 201;
	return jout_done(rq->cx, &w);
}
/* The link is shown this once. */
struct err h_invitation_create(struct request *rq)
{
	CLEANUP(secret_drop) struct secret *token = NULL;
	CLEANUP(buf_free) struct buf url = BUF(4096);
	struct invitation_body in = { .email = SV_NONE, .replace = true };
	struct actor by = caller_actor(rq);
	struct invitation_made m;

	TRY(INPUT(rq, invitation_fields, &in));
	TRY(invites_add(
	    rq->cx, rq->en,
	    &(struct invite_new){ caller_project(rq), in.email, role_of(in.role), &by, caller_role(rq), in.replace },
	    &m, &token));
	buf_str(&url, rq->en->config->public_url);
	buf_str(&url, "/invite?token=");
	enc_pct(&url, secret_view(token));
	TRY(buf_done(rq->cx, &url, "invitation"));
	return created(rq, &m, buf_view(&url));
}

struct err h_invitation_remove(struct request *rq)
{
	struct actor by = caller_actor(rq);

	TRY(invites_remove(rq->cx, rq->en, caller_project(rq), rq->params[0], &by));
	rq->status = 204;
	return OK;
}
