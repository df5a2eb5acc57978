/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/page_list.h"
#include "api/view.h"
#include "core/text.h"
#include "domain/keys.h"

struct err h_key_list(struct request *rq)
{
	struct key_list l;
	struct page page;
	struct jout w = JOUT(rq->out);

	TRY(page_list_ask(rq, &page));
	TRY(key_list(rq->cx, rq->en, caller_project(rq), &page, &l));
	page_list_open(&w);
	for (size_t i = 0; i < l.n; i++)
		view_key(&w, &l.v[i]);
	page_list_close(&w, &(struct page_list_end){ page, l.n, l.total });
	return jout_done(rq->cx, &w);
}

struct key_body {
	struct sv name, expires_at;
};
static const struct nfield key_fields[] = {
	NSV(struct key_body, name, NREQ, 1, 1024),
	NSV(struct key_body, expires_at, NOPT, 0, 64),
};

struct err h_key_create(struct request *rq)
{
	CLEANUP(secret_drop) struct secret *key = NULL;
	struct key_body in = { .name = SV_NONE };
	struct actor by = caller_actor(rq);
	struct key_new want = { .project_id = caller_project(rq), .by = &by };
	struct api_key k;
	struct jout w = JOUT(rq->out);

	TRY(INPUT(rq, key_fields, &in));
	want.name = in.name;
	if (in.expires_at.p != NULL && !time_parse(in.expires_at, &want.expires_at))
		return bad_field(rq->cx, "expires_at", "time", "must be a time like 2027-01-31T00:00:00Z");
	TRY(key_create(rq->cx, rq->en, &want, &k, &key));
	rq->status = 201;
	jout_open(&w, NULL);
	jout_strz(&w, "id", k.id);
	jout_strz(&w, "name", k.name);
	jout_str(&w, "key", secret_view(key));
	jout_time(&w, "created_at", k.created_at);
	if (k.expires_at != 0)
		jout_time(&w, "expires_at", k.expires_at);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

struct err h_key_revoke(struct request *rq)
{
	struct actor by = caller_actor(rq);

	TRY(key_revoke(rq->cx, rq->en, caller_project(rq), rq->params[0], &by));
	rq->status = 204;
	return OK;
}
