/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/etag.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/page_list.h"
#include "api/view.h"
#include "core/text.h"

enum { ID_BYTES = 100, EXTERNAL_BYTES = 50, TEXT_BYTES = 1000 };

/* The same for create and patch (contract 3.1); what is required is checked for each. */
struct provider_body {
	struct sv id, description, external_id, provider_id, status, type;
	const struct node *oauth2;
};
static const struct nfield provider_fields[] = {
	NSV(struct provider_body, id, NOPT, 0, ID_BYTES),
	NSV(struct provider_body, description, NOPT, 0, TEXT_BYTES),
	NSV(struct provider_body, external_id, NOPT, 0, EXTERNAL_BYTES),
	NSV(struct provider_body, provider_id, NOPT, 0, ID_BYTES),
	NSV(struct provider_body, status, NOPT, 0, ID_BYTES),
	NSV(struct provider_body, type, NOPT, 0, ID_BYTES),
	NNODE(struct provider_body, oauth2, NOPT),
};
struct client_body {
	struct sv client_id, client_secret;
};
static const struct nfield client_fields[] = {
	NSV(struct client_body, client_id, NOPT, 0, TEXT_BYTES),
	NSV(struct client_body, client_secret, NOPT, 0, TEXT_BYTES),
};

static struct err answer(struct request *rq, const struct provider *p, int status)
{
	struct jout w = JOUT(rq->out);

	TRY(view_provider(rq->cx, &w, p));
	etag_write(rq, p->updated_at);
	rq->status = status;
	return jout_done(rq->cx, &w);
}

static struct err find(struct request *rq, const struct provider **out)
{
	*out = providers_by_id(rq->en, caller_project(rq), rq->params[0]);
	if (*out == NULL)
		return refuse(rq->cx, E_NOT_FOUND, "auth provider %.*s not found",
			      SV_FMT(sv_upto(rq->params[0], ID_BYTES)));
	return OK;
}

/* Everything of the section but the secret: that one travels as a secret from here on. */
static struct err without_secret(struct request *rq, const struct node *oauth2, const struct node **out)
{
	struct node *n = node_new(rq->cx->arena, NODE_MAP);

	for (const struct node *c = oauth2->first; n != NULL && c != NULL; c = c->next) {
		struct node *copy = sv_eqz(c->key, "client_secret") ? NULL : node_copy(rq->cx->arena, c);
		if (!sv_eqz(c->key, "client_secret") && (copy == NULL || !node_set(rq->cx->arena, n, c->key, copy)))
			return fail(rq->cx, E_INTERNAL, "out of memory", "oauth2 section");
	}
	*out = n;
	return n == NULL ? fail(rq->cx, E_INTERNAL, "out of memory", "oauth2 section") : OK;
}

static struct err oauth2_of(struct request *rq, const struct node *oauth2, struct provider_write *w,
			    struct secret **secret)
{
	struct client_body c = { .client_id = SV_NONE };

	if (oauth2 == NULL)
		return OK;
	TRY(node_decode(rq->cx, oauth2,
			&(struct node_decode){ client_fields, ARRAY_LEN(client_fields), "oauth2", NODE_IGNORE_UNKNOWN },
			&c));
	TRY(without_secret(rq, oauth2, &w->oauth2));
	w->oauth2_present = true;
	w->client_id = c.client_id;
	if (c.client_secret.n == 0)
		return OK;
	*secret = secret_copy(c.client_secret);
	w->client_secret = *secret;
	return *secret == NULL ? fail(rq->cx, E_INTERNAL, "out of memory", "client secret") : OK;
}

static struct err body_of(struct request *rq, struct provider_write *w, struct secret **secret)
{
	struct provider_body in = { .id = SV_NONE };
	struct err bad = OK;

	TRY(INPUT(rq, provider_fields, &in));
	w->id = in.id;
	w->description = in.description;
	w->external_id = input_or_none(in.external_id);
	w->provider_id = input_or_none(in.provider_id);
	w->status = input_or_none(in.status);
	w->type = input_or_none(in.type);
	if (w->status.p != NULL && !sv_eqz(w->status, "active") && !sv_eqz(w->status, "inactive"))
		bad = bad_field(rq->cx, "status", "enum", "must be active or inactive");
	if (w->type.p != NULL && !sv_ieq(w->type, SV("oauth2")))
		bad = bad_field(rq->cx, "type", "enum", "must be oauth2");
	TRY(bad);
	return oauth2_of(rq, in.oauth2, w, secret);
}

static bool found(const struct provider *p, struct sv q)
{
	return q.n == 0 || text_finds(sv_of(p->unique_id), q) || text_finds(sv_of(p->description), q) ||
	       text_finds(sv_of(p->type_id), q);
}

struct err h_provider_list(struct request *rq)
{
	struct provider_list l;
	struct page page;
	struct jout w = JOUT(rq->out);
	struct sv asked_limit, asked_offset;
	int64_t seen = 0;
	size_t n = 0;

	TRY(page_list_ask(rq, &page));
	TRY(http_query(rq, "limit", &asked_limit));
	TRY(http_query(rq, "offset", &asked_offset));
	TRY(providers_list(rq->cx, rq->en, caller_project(rq), &l));
	if (asked_limit.p == NULL &&
	    asked_offset.p == NULL) /* not a paged list for the SDKs: everything (contract 1.6) */
		page = (struct page){ .limit = (int64_t)l.n, .q = page.q };
	page_list_open(&w);
	for (size_t i = 0; i < l.n; i++) {
		if (!found(l.v[i], page.q))
			continue;
		if (seen++ < page.offset || (int64_t)n >= page.limit)
			continue;
		TRY(view_provider(rq->cx, &w, l.v[i]));
		n++;
	}
	page_list_close(&w, &(struct page_list_end){ page, n, seen });
	return jout_done(rq->cx, &w);
}

struct err h_provider_show(struct request *rq)
{
	const struct provider *p;

	TRY(find(rq, &p));
	return answer(rq, p, 200);
}

struct err h_provider_create(struct request *rq)
{
	CLEANUP(secret_drop) struct secret *secret = NULL;
	struct actor by = caller_actor(rq);
	struct provider_write w = { .by = &by };
	const struct provider *p;
	struct err bad = OK;

	TRY(body_of(rq, &w, &secret));
	if (w.id.n == 0)
		bad = bad_field(rq->cx, "id", "required", "is required");
	if (w.client_id.n == 0)
		bad = bad_field(rq->cx, "oauth2.client_id", "required", "is required");
	TRY(bad);
	TRY(providers_create(rq->cx, rq->en, caller_project(rq), &w, &p));
	return answer(rq, p, 201);
}

static struct err editable(struct request *rq, const struct provider *p)
{
	if (p->binding != BIND_STATIC)
		return OK;
	return refuse(rq->cx, E_FORBIDDEN,
		      "auth provider %s comes from the engine's configuration file; change it there", p->unique_id);
}

struct err h_provider_patch(struct request *rq)
{
	CLEANUP(secret_drop) struct secret *secret = NULL;
	struct actor by = caller_actor(rq);
	struct provider_write w = { .by = &by };
	const struct provider *was, *p;

	TRY(find(rq, &was));
	TRY(editable(rq, was));
	TRY(body_of(rq, &w, &secret));
	if (w.id.n > 0 && !sv_eqz(w.id, was->unique_id))
		return bad_field(rq->cx, "id", "immutable", "must be the id of the path: a provider keeps its id");
	if (w.external_id.p != NULL && !sv_eqz(w.external_id, was->external_id))
		return bad_field(rq->cx, "external_id", "immutable",
				 "cannot be changed: the redirect address hangs on it");
	TRY(providers_patch(rq->cx, rq->en, was, &w, &p));
	return answer(rq, p, 200);
}

struct err h_provider_delete(struct request *rq)
{
	struct actor by = caller_actor(rq);
	const struct provider *p;

	TRY(find(rq, &p));
	TRY(editable(rq, p));
	TRY(providers_delete(rq->cx, rq->en, p, &by));
	return answer(rq, p, 200);
}
