/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/hub.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "core/url.h"
#include "domain/mcp_auth_def.h"
#include "domain/mcp_auth_inner.h"
#include "domain/provider_mint.h"
#include "domain/scopes.h"
#include "domain/worker_vault.h"
#include "wire/wire_challenge.h"
#include "wire/wire_discover.h"
#include <pthread.h>
#include <stdio.h>

#define FIND_TIME SEC(30)

struct err mcp_auth_name(struct ctx *cx, const struct worker_row *w, struct sv *out)
{
	*out = sv_of(arena_printf(cx->arena, "mcp:%.*s", SV_FMT(w->unique_id)));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a worker") : OK;
}
struct sv mcp_auth_redirect(struct ctx *cx, const struct engine *en, struct sv external_id)
{
	return sv_of(
	    arena_printf(cx->arena, "%s/api/v1/oauth/%.*s/callback", en->config->public_url, SV_FMT(external_id)));
}

/* ---- a client there ---- */
struct finding {
	struct engine *en;
	const struct mcp_auth_find *in;
	struct mcp_auth was, is;
	struct wire_discovered found;
	struct mcp_auth_client client;
	bool fresh; /* it was registered just now */
	char *why;
};
static void finding_clear(struct finding *f) { secret_drop(&f->client.secret); }

static struct sv issuer_of(const struct finding *f) { return f->found.issuer.p == NULL ? SV("") : f->found.issuer; }

static bool public_https(struct ctx *cx, const struct engine *en)
{
	struct url u;
	bool https = !IS_ERR(url_parse(cx, sv_of(en->config->public_url), "url", &u)) && u.https;

	(void)forgive(cx);
	return https;
}
static struct err configured(struct ctx *cx, struct finding *f)
{
	struct worker_vault v;

	if (f->was.there && sv_eqz(f->was.client, "configured") && !sv_eq(f->was.issuer, f->found.issuer)) {
		(void)snprintf(f->why, 240,
			       "the server names another authorization server than the one the client is for; "
			       "set mcp.oauth2 again");
		return OK;
	}
	TRY(worker_vault_open(cx, f->en, f->in->w, &v));
	f->is.client = SV("configured");
	f->client.id = f->in->w->client_id;
	if (v.client_secret.n == 0)
		return OK;
	f->client.secret = secret_copy(v.client_secret);
	return f->client.secret == NULL ? fail(cx, E_INTERNAL, "out of memory", "a client secret") : OK;
}
/* Its secret is over (RFC 7591 client_secret_expires_at), or its issuer said invalid_client. */
static bool is_over(const struct mcp_auth *a, const struct provider *p)
{
	return (a->expires_s > 0 && a->expires_s <= clock_now() / SEC(1)) || sv_eqz(a->refused, p->client_id);
}
/* The one we have there already: a client and its tokens last as long as the issuer is the same. */
static struct err known(struct ctx *cx, struct finding *f, bool *out)
{
	const struct provider *p;
	struct sv name;

	TRY(mcp_auth_name(cx, f->in->w, &name));
	p = providers_of_worker(f->en, f->in->w->project_id, name);
	*out = p != NULL && f->was.there && sv_eqz(f->was.client, "registered") && sv_eq(f->was.issuer, issuer_of(f)) &&
	       sv_eq(f->was.resource, f->found.resource) && !is_over(&f->was, p);
	if (!*out)
		return OK;
	f->is.client = f->was.client;
	f->is.expires_s = f->was.expires_s;
	f->client.id = sv_of(p->client_id);
	f->client.auth_method = f->was.method.n > 0 ? f->was.method : SV_NONE;
	return providers_secret(cx, f->en, p, &f->client.secret);
}
static struct err registered(struct ctx *cx, struct finding *f)
{
	struct wire_registered r;
	bool have = false;
	struct url u;
	bool loopback = !IS_ERR(url_parse(cx, sv_of(f->en->config->public_url), "url", &u)) && u.loopback;
	const struct wire_register_ask ask = { f->en->net, &f->found,
					       mcp_auth_redirect(cx, f->en, f->in->w->external_id), loopback };

	TRY(known(cx, f, &have));
	if (have)
		return OK;
	if (f->found.register_url.n == 0) {
		(void)snprintf(f->why, 240,
			       "the authorization server registers no clients by itself; register one there and "
			       "set mcp.oauth2.client_id");
		return OK;
	}
	TRY(wire_register(cx, &ask, &r));
	(void)snprintf(f->why, 240, "%s", r.why);
	f->is.client = SV("registered");
	f->is.expires_s = r.expires_s;
	f->client = (struct mcp_auth_client){ r.client_id, r.secret, r.auth_method };
	f->fresh = true;
	return OK;
}
/* In the order of the specification: the operator's, a document of ours, registration. */
static struct err client(struct ctx *cx, struct finding *f)
{
	if (f->in->w->client_id.n > 0)
		return configured(cx, f);
	if (!f->found.takes_documents || !public_https(cx, f->en))
		return registered(cx, f);
	f->is.client = SV("document");
	f->client.id = sv_of(arena_printf(cx->arena, "%s/api/v1/oauth/%.*s/client", f->en->config->public_url,
					  SV_FMT(f->in->w->external_id)));
	f->client.auth_method = SV("none");
	return f->client.id.p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a client") : OK;
}

/* ---- scopes ---- */
/* The challenge's; else all of the resource's; a refresh token is asked for where that is a scope. */
static struct err scopes(struct ctx *cx, struct finding *f, const struct wire_challenge *c)
{
	static struct sv offline[] = { SV_INIT("offline_access") };
	const struct sv_list more = { offline, mcp_auth_listed(f->found.as_scopes, offline[0]) };
	struct sv_list base = f->found.scopes;

	if (c->scope.n > 0)
		TRY(wire_challenge_scopes(cx, c->scope, MCP_AUTH_SCOPES, &base));
	return scopes_union(cx, base, more, &f->is.scopes);
}

/* ---- all of it ---- */
static struct err put_provider(struct ctx *cx, struct finding *f)
{
	struct worker_row *w = f->in->w;
	struct provider_worker put = { .project_id = w->project_id,
				       .external_id = w->external_id,
				       .client_id = f->client.id,
				       .client_secret = f->client.secret,
				       .as = store_worker_as(w),
				       .fresh = f->fresh,
				       .by = f->in->by };
	const struct mcp_auth_def def = { w->unique_id, &f->found, &f->client, f->is.scopes };
	const struct provider *p;

	TRY(mcp_auth_name(cx, w, &put.worker));
	TRY(mcp_auth_def(cx, &def, &put.definition));
	return providers_put_worker(cx, f->en, &put, &p);
}
/* What is wrong with the metadata is the server's to mend, and no mistake of who asks. */
static struct err provider(struct ctx *cx, struct finding *f)
{
	struct err e = put_provider(cx, f);

	if (e.code != E_BAD_INPUT && e.code != E_CONFIG)
		return e;
	(void)snprintf(f->why, 240, "the authorization server's metadata cannot be used: %.180s", cx->cause.say);
	return forgive(cx);
}
/* Somebody else may have found out meanwhile. */
static struct err as_now(struct ctx *cx, struct finding *f)
{
	struct worker_row now;

	struct err e = store_worker_get(cx, f->en->store, f->in->w->project_id, f->in->w->unique_id, &now);
	if (e.code == E_NOT_FOUND || (!IS_ERR(e) && now.updated_at != f->in->w->updated_at))
		return (struct err){ E_STALE };
	TRY(e);
	f->in->w->auth = now.auth;
	return mcp_auth_read(cx, &now, &f->was);
}
/* What others have learnt while this was found out stays. */
static struct err merge(struct ctx *cx, struct mcp_auth *a, void *arg, bool *changed)
{
	const struct finding *f = arg;
	const struct mcp_auth was = *a;

	(void)cx;
	*a = f->is;
	a->there = *changed = true;
	a->issuer = issuer_of(f);
	a->method = f->client.auth_method.p == NULL ? SV("") : f->client.auth_method;
	a->resource = f->found.resource;
	a->supported = f->found.scopes;
	a->refused = was.there && !f->fresh ? was.refused : SV("");
	a->user = was.there && sv_eq(was.issuer, a->issuer) ? was.user : SV("");
	a->tools = was.tools;
	return OK;
}
static struct wire_discover_ask ask_of(const struct engine *en, const struct worker_row *w,
				       const struct wire_challenge *c)
{
	return (struct wire_discover_ask){ .net = en->net,
					   .endpoint = w->uri,
					   .resource_metadata = c->resource_metadata,
					   .authorize_url = w->authorization_url,
					   .until = clock_mono() + FIND_TIME,
					   .old_server = !sv_eqz(w->era, "2026-07-28") };
}
static struct err find(struct ctx *cx, struct finding *f)
{
	struct wire_challenge c;

	TRY(as_now(cx, f));
	TRY(wire_challenge_read(cx, f->in->challenge, &c));
	const struct wire_discover_ask ask = ask_of(f->en, f->in->w, &c);
	TRY(wire_discover(cx, &ask, &f->found));
	(void)snprintf(f->why, 240, "%s", f->found.why);
	if (f->why[0] != '\0')
		return OK;
	TRY(scopes(cx, f, &c));
	TRY(client(cx, f));
	if (f->why[0] == '\0')
		TRY(provider(cx, f));
	if (f->why[0] != '\0')
		return OK;
	return mcp_auth_change(cx, f->en, f->in->w, &(struct mcp_auth_edit){ merge, f });
}
/* One at a time for a worker: two that find at once would register two clients, and the later one ends the earlier
 * one's tokens. */
enum { LOCKS = 8 };
static pthread_mutex_t locks[LOCKS] = {
	PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
	PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
};

struct err mcp_auth_find(struct ctx *cx, struct engine *en, const struct mcp_auth_find *in, char why[static 240])
{
	CLEANUP(finding_clear) struct finding f = { .en = en, .in = in, .why = why };
	pthread_mutex_t *lock = &locks[hub_topic("worker", in->w->id) % LOCKS];

	why[0] = '\0';
	(void)pthread_mutex_lock(lock);
	struct err e = find(cx, &f);
	(void)pthread_mutex_unlock(lock);
	if (e.code != E_STALE)
		return e;
	(void)snprintf(why, 240, "the worker was changed while its server was asked; ask again");
	return OK;
}
struct err mcp_auth_offered(struct ctx *cx, const struct engine *en, const struct worker_row *w, struct sv challenge,
			    char why[static 240])
{
	struct wire_discovered found;
	struct wire_challenge c;

	TRY(wire_challenge_read(cx, challenge, &c));
	struct wire_discover_ask ask = ask_of(en, w, &c);
	ask.no_guess = true; /* whether somebody is there, only a registration would tell */
	TRY(wire_discover(cx, &ask, &found));
	(void)snprintf(why, 240, "%s", found.why);
	return OK;
}
/* ---- the document (CIMD) ---- */
struct err mcp_auth_document(struct ctx *cx, struct engine *en, struct sv external_id, struct buf *out)
{
	const struct provider *p = providers_by_external(en, external_id);
	const char *id = arena_printf(cx->arena, "%s/api/v1/oauth/%.*s/client", en->config->public_url,
				      SV_FMT(sv_upto(external_id, 100)));
	struct jout w = JOUT(out);

	if (id == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a client");
	if (p == NULL || p->binding != BIND_WORKER || strcmp(p->client_id, id) != 0)
		return refuse(cx, E_NOT_FOUND, "no client has this address");
	jout_open(&w, NULL);
	jout_strz(&w, "client_id", id);
	jout_strz(&w, "client_uri", en->config->public_url);
	wire_register_client(&w, sv_of(p->redirect_uri));
	jout_strz(&w, "token_endpoint_auth_method", "none");
	jout_close(&w);
	return jout_done(cx, &w);
}
