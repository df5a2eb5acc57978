/* SPDX-License-Identifier: Apache-2.0 */
#include "model/pdef_decode.h"
#include "core/arena.h"
#include "core/text.h"
#include "model/pdef_rows.h"
#include "model/pdef_scopes.h"

/* The sections as they stand, before they are decoded one by one. */
struct top {
	struct sv id, alias_of, name, docs, console, origin, environment, checked;
	const struct node *variables, *values, *environments, *authorize, *callback, *token, *answer, *refresh,
	    *exchange, *lookup, *identity, *user_info, *revoke, *introspect, *api, *scopes, *jwt, *errors, *simulate,
	    *registration, *notices;
	struct sv_list hosts, sources, unsure, notes;
	bool legacy_callback;
};
static const struct nfield top_rows[] = {
	NSV(struct top, id, NOPT, 1, 100),
	NSV(struct top, alias_of, NOPT, 1, 100),
	NSV(struct top, name, NOPT, 1, 100),
	NSV(struct top, docs, NOPT, 1, 500),
	NSV(struct top, console, NOPT, 1, 500),
	NSV(struct top, origin, NOPT, 1, 500),
	NSV(struct top, environment, NOPT, 0, 100),
	NSV(struct top, checked, NOPT, 1, 100),
	NNODE(struct top, variables, NOPT),
	NNODE(struct top, values, NOPT),
	NNODE(struct top, environments, NOPT),
	NNODE(struct top, authorize, NOPT),
	NNODE(struct top, callback, NOPT),
	NNODE(struct top, token, NOPT),
	NNODE(struct top, answer, NOPT),
	NNODE(struct top, refresh, NOPT),
	NNODE(struct top, exchange, NOPT),
	NNODE(struct top, lookup, NOPT),
	NNODE(struct top, identity, NOPT),
	NNODE(struct top, user_info, NOPT),
	NNODE(struct top, revoke, NOPT),
	NNODE(struct top, introspect, NOPT),
	NNODE(struct top, api, NOPT),
	NNODE(struct top, scopes, NOPT),
	NNODE(struct top, jwt, NOPT),
	NNODE(struct top, errors, NOPT),
	NNODE(struct top, simulate, NOPT),
	NNODE(struct top, registration, NOPT),
	NNODE(struct top, notices, NOPT),
	NLIST(struct top, hosts, NOPT, 32),
	NLIST(struct top, sources, NOPT, 64),
	NLIST(struct top, unsure, NOPT, 64),
	NLIST(struct top, notes, NOPT, 64),
	NBOOL(struct top, legacy_callback, NOPT),
};

struct err pdef_decode_wrong(struct ctx *cx, const struct node *n, const char *field, const char *what)
{
	if (n != NULL && n->file != NULL)
		return refuse(cx, E_CONFIG, "%s:%d: %s %s", n->file, n->line, field, what);
	return bad_field(cx, field, "invalid", "%s", what);
}

void pdef_decode_field(const char *a, struct sv b, char out[static PDEF_FIELD])
{
	size_t n = 0;

	for (; *a != '\0' && n < PDEF_FIELD / 2; a++)
		out[n++] = *a;
	out[n++] = '.';
	for (size_t i = 0; i < b.n && n < PDEF_FIELD - 1; i++)
		out[n++] = b.p[i];
	out[n] = '\0';
}

static struct err rows(struct ctx *cx, const struct node *n, const struct node_decode *how, void *out)
{
	if (n == NULL || n->kind == NODE_NULL)
		return OK;
	return node_decode(cx, n, how, out);
}
#define ROWS(cx, n, table, where, out) \
	rows((cx), (n), &(struct node_decode){ (table), ARRAY_LEN(table), (where), NODE_REFUSE_UNKNOWN }, (out))

static const char *text_or_null(struct sv s) { return s.p == NULL || s.n == 0 ? NULL : s.p; }

/* ---- authorize ---- */
struct authorize {
	struct sv url, scope_delimiter;
	const struct node *params, *rename, *scopes;
	struct sv_list omit;
	int pkce;
	int64_t state_max;
};
enum { PKCE_SUPPORTED, PKCE_REQUIRED, PKCE_UNSUPPORTED };
static const char *const pkce_words[] = { "supported", "required", "unsupported", NULL };
static const char *const encode_words[] = { "percent", "plus", "literal", NULL };
static const struct nfield authorize_rows[] = {
	NSV(struct authorize, url, NOPT, 1, 1000),       NSV(struct authorize, scope_delimiter, NOPT, 1, 8),
	NNODE(struct authorize, params, NOPT),           NNODE(struct authorize, rename, NOPT),
	NNODE(struct authorize, scopes, NOPT),           NLIST(struct authorize, omit, NOPT, 16),
	NENUM(struct authorize, pkce, NOPT, pkce_words), NI64(struct authorize, state_max, NOPT, 43, 4096),
};
static const struct nfield scope_list_rows[] = {
	NSV(struct pdef_scope_list, param, NREQ, 1, 64),           NSV(struct pdef_scope_list, delimiter, NOPT, 1, 8),
	NSV(struct pdef_scope_list, value, NOPT, 1, 1000),         NSV(struct pdef_scope_list, prefix, NOPT, 1, 64),
	NENUM(struct pdef_scope_list, encode, NOPT, encode_words),
};

static struct err scope_lists(struct ctx *cx, const struct node *list, struct pdef_parts *p)
{
	static const struct sv both = SV_INIT("{{scopes}} {{existing_scopes}}");
	size_t n = list == NULL ? 1 : list->n;

	if (list != NULL && (list->kind != NODE_LIST || n > 4))
		return pdef_decode_wrong(cx, list, "authorize.scopes", "must be a list of at most 4 lists of scopes");
	p->scope_lists = arena_array(cx->arena, n + 1, sizeof *p->scope_lists);
	if (p->scope_lists == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "reading a definition");
	p->n_scope_lists = n;
	if (list == NULL)
		p->scope_lists[0].param = SV("scope");
	const struct node *c = list == NULL ? NULL : list->first;
	for (size_t i = 0; i < n; i++, c = c == NULL ? NULL : c->next) {
		struct pdef_scope_list *l = &p->scope_lists[i];

		TRY(ROWS(cx, c, scope_list_rows, "authorize.scopes", l));
		if (l->value.p == NULL)
			l->value = both;
		if (l->delimiter.p == NULL)
			l->delimiter = p->scope_delimiter;
	}
	return OK;
}

static struct err decode_authorize(struct ctx *cx, const struct node *n, struct pdef *d, struct pdef_parts *p)
{
	struct authorize a = { .scope_delimiter = SV(" "), .state_max = 4096 };

	TRY(ROWS(cx, n, authorize_rows, "authorize", &a));
	d->pkce = a.pkce != PKCE_UNSUPPORTED;
	p->authorize_url = a.url;
	p->authorize_params = a.params;
	p->authorize_rename = a.rename;
	p->authorize_omit = a.omit;
	p->scope_delimiter = a.scope_delimiter;
	p->state_max = a.state_max;
	return scope_lists(cx, a.scopes, p);
}

/* ---- callback ---- */
struct callback {
	int method, iss, vendor_start;
	struct sv code, issuer;
	struct sv_list store;
	const struct node *errors;
};
enum { ISS_OPTIONAL, ISS_REQUIRED };
static const char *const callback_methods[] = { "get", "post", NULL };
static const char *const iss_words[] = { "optional", "required", NULL };
static const char *const start_words[] = { "refuse", NULL };
static const struct nfield callback_rows[] = {
	NENUM(struct callback, method, NOPT, callback_methods),
	NENUM(struct callback, iss, NOPT, iss_words),
	NENUM(struct callback, vendor_start, NOPT, start_words),
	NSV(struct callback, code, NOPT, 1, 64),
	NSV(struct callback, issuer, NOPT, 1, 500),
	NLIST(struct callback, store, NOPT, 32),
	NNODE(struct callback, errors, NOPT),
};

static struct err decode_callback(struct ctx *cx, const struct node *n, struct pdef *d, struct pdef_parts *p)
{
	struct callback c = { .code = SV("code") };

	TRY(ROWS(cx, n, callback_rows, "callback", &c));
	d->form_post = c.method == 1;
	d->issuer = text_or_null(c.issuer);
	d->iss_required = c.iss == ISS_REQUIRED;
	p->callback_code = c.code;
	p->callback_store = c.store;
	p->callback_errors = c.errors;
	return OK;
}

/* ---- scopes ---- */
struct scopes {
	struct sv_list ask, always;
	const struct node *known, *aliases, *implies, *not_returned;
	int granted_from;
	struct sv granted_at;
};
static const char *const granted_words[] = { "answer", "asked", "callback", "introspection", "header", NULL };
static const struct nfield scopes_rows[] = {
	{ .name = "default", .kind = NF_LIST_SV, .at = offsetof(struct scopes, ask), .hi = 100 },
	NLIST(struct scopes, always, NOPT, 32),
	NNODE(struct scopes, known, NOPT),
	NNODE(struct scopes, aliases, NOPT),
	NNODE(struct scopes, implies, NOPT),
	NNODE(struct scopes, not_returned, NOPT),
	NENUM(struct scopes, granted_from, NOPT, granted_words),
	NSV(struct scopes, granted_at, NOPT, 1, 64),
};

static struct err decode_scopes(struct ctx *cx, const struct node *n, struct pdef *d, struct pdef_parts *p)
{
	struct scopes s = { .known = NULL };

	TRY(ROWS(cx, n, scopes_rows, "scopes", &s));
	d->default_scopes = s.ask;
	d->always_scopes = s.always;
	p->scopes_known = s.known;
	p->granted_from = s.granted_from;
	p->granted_at = s.granted_at;
	return pdef_scopes_read(cx, &(struct pdef_scopes_in){ s.aliases, s.implies, s.not_returned }, &d->scopes);
}

/* ---- jwt, api ---- */
static const char *const alg_words[] = { "ES256", "RS256", "HS256", NULL };
static const struct nfield jwt_rows[] = {
	NENUM(struct pdef_jwt, alg, NREQ, alg_words),
	NSV(struct pdef_jwt, kid, NOPT, 1, 200),
	NSV(struct pdef_jwt, key, NOPT, 1, 200),
	NNODE(struct pdef_jwt, claims, NREQ),
	NI64(struct pdef_jwt, lifetime_s, NOPT, 10, 15777000),
};
struct api {
	struct sv base_url, user_agent, auth_header, auth_query;
	const struct node *headers, *retry, *whoami;
};
static const struct nfield api_rows[] = {
	NSV(struct api, base_url, NOPT, 1, 1000),
	NSV(struct api, user_agent, NOPT, 1, 300),
	NSV(struct api, auth_header, NOPT, 1, 300),
	NSV(struct api, auth_query, NOPT, 1, 64),
	NNODE(struct api, headers, NOPT),
	NNODE(struct api, retry, NOPT),
	NNODE(struct api, whoami, NOPT),
};

static struct err decode_jwt(struct ctx *cx, const struct node *n, struct pdef_parts *p)
{
	p->jwt = (struct pdef_jwt){ .there = n != NULL, .key = SV("{{client_secret}}"), .lifetime_s = 300 };
	return ROWS(cx, n, jwt_rows, "jwt", &p->jwt);
}

static struct err decode_api(struct ctx *cx, const struct node *n, struct pdef_parts *p)
{
	struct api a = { .auth_header = SV("Bearer {{access_token}}") };

	TRY(ROWS(cx, n, api_rows, "api", &a));
	p->api = (struct pdef_api){ .base_url = a.base_url,
				    .user_agent = a.user_agent,
				    .auth_header = a.auth_header,
				    .auth_query = a.auth_query,
				    .headers = a.headers,
				    .retry = a.retry };
	return pdef_rows_whoami(cx, a.whoami, &p->api.whoami);
}

/* Said by name, so that nobody believes that it works: they need more than data (docs/PROVIDERS.md, "Not yet"). */
static struct err not_yet(struct ctx *cx, const struct top *t)
{
	if (t->registration != NULL)
		return pdef_decode_wrong(
		    cx, t->registration, "registration",
		    "is not supported yet: register the client by hand and give its id and secret");
	if (t->notices != NULL)
		return pdef_decode_wrong(cx, t->notices, "notices",
					 "is not supported yet: the provider's notices are not received");
	return OK;
}

struct err pdef_decode(struct ctx *cx, const struct node *tree, struct pdef *d, struct pdef_parts *p)
{
	struct top t = { .legacy_callback = false };

	TRY(ROWS(cx, tree, top_rows, "", &t));
	TRY(not_yet(cx, &t));
	p->tree = tree;
	p->hosts = t.hosts;
	d->name = t.name.p != NULL ? t.name.p : d->id;
	d->docs = text_or_null(t.docs);
	d->console = text_or_null(t.console);
	d->origin = text_or_null(t.origin);
	d->unsure = t.unsure;
	d->legacy_callback = t.legacy_callback;
	d->parts = p;
	TRY(decode_authorize(cx, t.authorize, d, p));
	TRY(decode_callback(cx, t.callback, d, p));
	TRY(decode_scopes(cx, t.scopes, d, p));
	TRY(decode_jwt(cx, t.jwt, p));
	TRY(decode_api(cx, t.api, p));
	return pdef_rows(cx, tree, d, p);
}
