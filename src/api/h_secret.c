/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/etag.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/page_list.h"
#include "core/text.h"
#include "domain/secrets.h"
#include <stdio.h>

/* Every key is sent, null when unknown: the command line of Arcade reads them unasked (contract 3.2). */
static void view(struct request *rq, struct jout *w, const struct secret_row *s)
{
	char hint[SECRET_HINT + 3];

	jout_open(w, NULL);
	jout_strz(w, "id", s->id);
	jout_str(w, "key", s->key);
	jout_str(w, "description", s->description);
	jout_strz(w, "hint", s->hint[0] != '\0' && snprintf(hint, sizeof hint, "...%s", s->hint) > 0 ? hint : NULL);
	jout_open(w, "binding");
	jout_strz(w, "type", "project");
	jout_str(w, "id", caller_project(rq));
	jout_close(w);
	jout_time(w, "created_at", s->created_at);
	jout_time(w, "updated_at", s->updated_at);
	jout_time(w, "last_accessed_at", s->last_accessed_at);
	etag_field(w, s->updated_at);
	jout_close(w);
}

/* Not a paged list for the SDKs: everything, unless a page is asked for (contract 1.6). */
static struct err page_of(struct request *rq, struct page *page)
{
	struct sv limit, offset;

	TRY(page_list_ask(rq, page));
	TRY(http_query(rq, "limit", &limit));
	TRY(http_query(rq, "offset", &offset));
	if (limit.p == NULL && offset.p == NULL)
		page->limit = INT32_MAX;
	return OK;
}

struct err h_secret_list(struct request *rq)
{
	struct jout w = JOUT(rq->out);
	struct secret_page l;
	struct page page;

	TRY(page_of(rq, &page));
	TRY(secrets_list(rq->cx, rq->en, caller_project(rq), &page, &l));
	if (page.limit == INT32_MAX)
		page.limit = l.total;
	page_list_open(&w);
	for (size_t i = 0; i < l.n; i++)
		view(rq, &w, &l.v[i]);
	page_list_close(&w, &(struct page_list_end){ page, l.n, l.total });
	return jout_done(rq->cx, &w);
}

struct secret_body {
	struct secret *value;
	struct sv description;
};
static const struct nfield secret_fields[] = {
	NSECRET(struct secret_body, value, NOPT, 1, (int64_t)SECRET_VALUE_MOST * 4),
	NSV(struct secret_body, description, NOPT, 0, SECRET_TEXT_MOST),
};
static void body_clear(struct secret_body *b) { secret_drop(&b->value); }

struct err h_secret_put(struct request *rq)
{
	CLEANUP(body_clear) struct secret_body in = { .description = SV_NONE };
	struct actor by = caller_actor(rq);
	struct jout w = JOUT(rq->out);
	struct secret_row s;

	TRY(INPUT(rq, secret_fields, &in));
	TRY(secrets_set(rq->cx, rq->en,
			&(struct secret_set){ caller_project(rq), rq->params[0], in.description, in.value, &by }, &s));
	view(rq, &w, &s);
	etag_write(rq, s.updated_at);
	return jout_done(rq->cx, &w);
}

struct err h_secret_remove(struct request *rq)
{
	struct actor by = caller_actor(rq);

	TRY(secrets_remove(rq->cx, rq->en, caller_project(rq), rq->params[0], &by));
	rq->status = 204;
	return OK;
}
