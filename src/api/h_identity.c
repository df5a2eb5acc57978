/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "domain/identities.h"

static void put(struct jout *w, const struct linked *l)
{
	jout_open(w, NULL);
	jout_strz(w, "id", l->id);
	jout_strz(w, "issuer_id", l->issuer == NULL ? NULL : l->issuer->id);
	jout_strz(w, "name", l->issuer == NULL ? NULL : l->issuer->name);
	jout_str(w, "issuer", l->url);
	jout_str(w, "subject", l->subject);
	jout_time(w, "created_at", l->created_at);
	jout_close(w);
}
static bool has(const struct linked_list *l, const struct oidc_conf *issuer)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].issuer == issuer)
			return true;
	return false;
}
struct err h_identity_list(struct request *rq)
{
	const struct config *c = rq->en->config;
	struct linked_list l;
	struct jout w = JOUT(rq->out);

	TRY(identities_of(rq->cx, rq->en, sv_of(rq->by.id), &l));
	jout_open(&w, NULL);
	jout_list(&w, "items");
	for (size_t i = 0; i < l.n; i++)
		put(&w, &l.v[i]);
	jout_list_end(&w);
	jout_list(&w, "issuers");
	for (size_t i = 0; i < c->n_oidc; i++) {
		jout_open(&w, NULL);
		jout_strz(&w, "id", c->oidc[i].id);
		jout_strz(&w, "name", c->oidc[i].name);
		jout_bool(&w, "linked", has(&l, &c->oidc[i]));
		jout_close(&w);
	}
	jout_list_end(&w);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
struct err h_identity_unlink(struct request *rq)
{
	struct actor by = caller_actor(rq);

	TRY(identities_unlink(rq->cx, rq->en, rq->params[0], &by));
	rq->status = 204;
	return OK;
}
