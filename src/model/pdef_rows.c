/* SPDX-License-Identifier: Apache-2.0 */
#include "model/pdef_rows.h"
#include "core/arena.h"
#include "core/text.h"
#include "model/pdef_decode.h"
#include <stdio.h>
#include <string.h>

static const char *const methods[] = { "POST", "GET", "DELETE", "PUT", "PATCH", NULL };
static const char *const bodies[] = { "form", "json", "query", "none", NULL };
static const char *const auths[] = { "basic", "post", "none", "bearer", "private_key_jwt", "secret_jwt", NULL };
static const char *const withs[] = { "none", "refresh_token", "access_token", NULL };
static const char *const rotations[] = { "no", "yes", "maybe", NULL };
static const char *const ends_words[] = { "token", "grant", NULL };
static const char *const which_words[] = { "refresh_token", "access_token", NULL };
static const char *const froms[] = { "answer", "id_token", "user_info", "callback", "call", NULL };
static const char *const picks[] = { "only", "first", NULL };

/* A section: a call, and whatever else that kind of section knows. */
struct section {
	struct pdef_call call;
	int with, rotates, token, ends, from, pick;
	int64_t reuse_grace_s, lead_s, expires_s, hard_end_s;
	struct sv_list on, scopes;
	const struct node *answer, *map, *store;
	struct sv id, name, email, rows, where;
};
#define CALL_ROWS                                                                                                      \
	{ .name = "url", .kind = NF_SV, .at = offsetof(struct section, call.url), .lo = 1, .hi = 1000 },               \
	    { .name = "method", .kind = NF_ENUM, .at = offsetof(struct section, call.method), .words = methods },      \
	    { .name = "content_type",                                                                                  \
	      .kind = NF_ENUM,                                                                                         \
	      .at = offsetof(struct section, call.content_type),                                                       \
	      .words = bodies },                                                                                       \
	    { .name = "auth", .kind = NF_LIST_SV, .at = offsetof(struct section, call.auth_words), .lo = 1, .hi = 6 }, \
	    { .name = "auth_header",                                                                                   \
	      .kind = NF_SV,                                                                                           \
	      .at = offsetof(struct section, call.auth_header),                                                        \
	      .lo = 1,                                                                                                 \
	      .hi = 300 },                                                                                             \
	    { .name = "headers", .kind = NF_NODE, .at = offsetof(struct section, call.headers) },                      \
	    { .name = "params", .kind = NF_NODE, .at = offsetof(struct section, call.params) },                        \
	    { .name = "rename", .kind = NF_NODE, .at = offsetof(struct section, call.rename) },                        \
	    { .name = "omit", .kind = NF_LIST_SV, .at = offsetof(struct section, call.omit), .hi = 16 },               \
	    { .name = "body", .kind = NF_SV, .at = offsetof(struct section, call.body), .lo = 1, .hi = 4096 },         \
	    { .name = "basic_form_encode", .kind = NF_BOOL, .at = offsetof(struct section, call.basic_form_encode) },  \
	    { .name = "ok_when", .kind = NF_SV, .at = offsetof(struct section, call.ok_when), .lo = 1, .hi = 1000 },   \
	{                                                                                                              \
		.name = "code_decode", .kind = NF_BOOL, .at = offsetof(struct section, call.code_decode)               \
	}
static const struct nfield call_rows[] = { CALL_ROWS };
static const struct nfield refresh_rows[] = { CALL_ROWS,
					      NENUM(struct section, with, NOPT, withs),
					      NENUM(struct section, rotates, NOPT, rotations),
					      NI64(struct section, reuse_grace_s, NOPT, 0, 86400),
					      NI64(struct section, lead_s, NOPT, 0, 86400),
					      NI64(struct section, expires_s, NOPT, 0, 315360000),
					      NI64(struct section, hard_end_s, NOPT, 0, 315360000),
					      NNODE(struct section, answer, NOPT) };
static const struct nfield exchange_rows[] = { CALL_ROWS, NLIST(struct section, on, NOPT, 2),
					       NNODE(struct section, answer, NOPT) };
static const struct nfield revoke_rows[] = { CALL_ROWS, NENUM(struct section, token, NOPT, which_words),
					     NENUM(struct section, ends, NREQ, ends_words) };
static const struct nfield user_rows[] = { CALL_ROWS, NNODE(struct section, map, NOPT),
					   NLIST(struct section, on, NOPT, 2),
					   NLIST(struct section, scopes, NOPT, 16) };
static const struct nfield identity_rows[] = { CALL_ROWS, NENUM(struct section, from, NREQ, froms),
					       NSV(struct section, id, NOPT, 1, 1000),
					       NSV(struct section, name, NOPT, 1, 1000),
					       NSV(struct section, email, NOPT, 1, 1000) };
static const struct nfield lookup_rows[] = { CALL_ROWS, NSV(struct section, rows, NOPT, 1, 1000),
					     NSV(struct section, where, NOPT, 1, 1000),
					     NNODE(struct section, store, NREQ),
					     NENUM(struct section, pick, NOPT, picks) };

struct want {
	const struct nfield *rows;
	size_t n;
	const char *where;
	const struct node *base;
};
#define WANT(table, where_) (&(struct want){ (table), ARRAY_LEN(table), (where_), NULL })

static struct err take_auth(struct ctx *cx, const struct node *n, const char *where, struct pdef_call *c)
{
	for (size_t i = 0; i < c->auth_words.n; i++) {
		size_t k = 0;

		while (auths[k] != NULL && !sv_eqz(c->auth_words.v[i], auths[k]))
			k++;
		if (auths[k] == NULL) {
			char field[96];

			(void)snprintf(field, sizeof field, "%s.auth", where);
			return pdef_decode_wrong(
			    cx, node_get(n, "auth"), field,
			    "must be a list of basic, post, none, bearer, private_key_jwt, secret_jwt");
		}
		static const enum pdef_auth meaning[] = { PAUTH_BASIC,  PAUTH_POST,    PAUTH_NONE,
							  PAUTH_HEADER, PAUTH_KEY_JWT, PAUTH_SECRET_JWT };
		c->auth[i] = meaning[k];
	}
	c->n_auth = c->auth_words.n;
	return OK;
}

/* out: defaults filled in by the caller. */
static struct err take(struct ctx *cx, const struct node *n, const struct want *w, struct section *out)
{
	out->call.basic_form_encode = true;
	out->call.auth_header = SV("Bearer {{access_token}}");
	if (n == NULL || n->kind == NODE_NULL)
		return OK;
	TRY(node_decode(cx, n, &(struct node_decode){ w->rows, w->n, w->where, NODE_REFUSE_UNKNOWN }, out));
	out->call.at = n;
	return take_auth(cx, n, w->where, &out->call);
}

static void auth_default(struct pdef_call *c, enum pdef_auth a)
{
	if (c->n_auth == 0) {
		c->auth[0] = a;
		c->n_auth = 1;
	}
}

/* on: [grant, refresh] */
static struct err take_on(struct ctx *cx, const struct section *s, const char *where, bool *grant, bool *refresh)
{
	*grant = node_get(s->call.at, "on") == NULL;
	*refresh = false;
	for (size_t i = 0; i < s->on.n; i++) {
		bool g = sv_eqz(s->on.v[i], "grant");

		if (!g && !sv_eqz(s->on.v[i], "refresh"))
			return pdef_decode_wrong(cx, node_get(s->call.at, "on"), where,
						 "must be a list of grant, refresh");
		*grant = *grant || g;
		*refresh = *refresh || !g;
	}
	return OK;
}

/* ---- sections ---- */
static struct err take_refresh(struct ctx *cx, const struct node *tree, struct pdef *d, struct pdef_parts *p)
{
	const struct node *n = node_get(tree, "refresh"), *base = node_get(tree, "answer");
	struct section s = { .with = REFRESH_TOKEN, .rotates = ROTATES_MAYBE };

	s.call.content_type = p->token.content_type;
	s.call.method = p->token.method;
	TRY(take(cx, n, WANT(refresh_rows, "refresh"), &s));
	if (s.call.url.p == NULL)
		s.call.url = p->token.url;
	if (s.call.headers == NULL)
		s.call.headers = p->token.headers;
	if (s.call.n_auth == 0) { /* as for the code */
		memcpy(s.call.auth, p->token.auth, sizeof s.call.auth);
		s.call.n_auth = p->token.n_auth;
		s.call.basic_form_encode = p->token.basic_form_encode;
	}
	p->refresh = s.call;
	p->refresh.at = n == NULL ? tree : n; /* refreshing is the rule, not the exception */
	d->refresh = (enum pdef_refresh)s.with;
	d->rotates = (enum pdef_rotates)s.rotates;
	d->reuse_grace_s = s.reuse_grace_s;
	d->lead_s = s.lead_s;
	p->refresh_expires_s = s.expires_s;
	p->refresh_hard_end_s = s.hard_end_s;
	return pdef_rows_answer_over(cx, base, s.answer, "refresh.answer", &p->refresh_answer);
}

static struct err take_exchange(struct ctx *cx, const struct node *tree, struct pdef *d, struct pdef_parts *p)
{
	struct section s = { .with = 0 };

	TRY(take(cx, node_get(tree, "exchange"), WANT(exchange_rows, "exchange"), &s));
	auth_default(&s.call, PAUTH_NONE);
	p->exchange = s.call;
	d->has_exchange = s.call.at != NULL;
	TRY(take_on(cx, &s, "exchange.on", &d->exchange_on_grant, &d->exchange_on_refresh));
	d->exchange_on_grant = d->exchange_on_grant && d->has_exchange;
	return pdef_rows_answer_over(cx, node_get(tree, "answer"), s.answer, "exchange.answer", &p->exchange_answer);
}

static struct err take_revoke(struct ctx *cx, const struct node *tree, struct pdef *d, struct pdef_parts *p)
{
	struct section s = { .with = 0 };

	TRY(take(cx, node_get(tree, "revoke"), WANT(revoke_rows, "revoke"), &s));
	if (s.call.n_auth == 0) {
		memcpy(s.call.auth, p->token.auth, sizeof s.call.auth);
		s.call.n_auth = p->token.n_auth;
		s.call.basic_form_encode = p->token.basic_form_encode;
	}
	p->revoke = s.call;
	p->revoke_access = s.token == 1;
	d->can_revoke = s.call.at != NULL;
	d->revoke_ends = (enum pdef_revoke_ends)s.ends;
	return OK;
}

static struct err take_user_info(struct ctx *cx, const struct node *tree, struct pdef *d, struct pdef_parts *p)
{
	struct section s = { .call = { .method = PMETHOD_GET, .content_type = PBODY_QUERY } };

	TRY(take(cx, node_get(tree, "user_info"), WANT(user_rows, "user_info"), &s));
	auth_default(&s.call, PAUTH_HEADER);
	p->user_info = s.call;
	p->user_info_map = s.map;
	p->user_info_scopes = s.scopes;
	d->has_user_info = s.call.at != NULL;
	TRY(take_on(cx, &s, "user_info.on", &d->user_info_on_grant, &d->user_info_on_refresh));
	d->user_info_on_grant = d->user_info_on_grant && d->has_user_info;
	return OK;
}

static struct err take_introspect(struct ctx *cx, const struct node *tree, struct pdef *d, struct pdef_parts *p)
{
	static const struct nfield table[] = { CALL_ROWS, NLIST(struct section, on, NOPT, 2),
					       NNODE(struct section, answer, NOPT) };
	struct section s = { .with = 0 };

	TRY(take(cx, node_get(tree, "introspect"), WANT(table, "introspect"), &s));
	auth_default(&s.call, PAUTH_BASIC);
	p->introspect = s.call;
	d->has_introspection = s.call.at != NULL;
	TRY(take_on(cx, &s, "introspect.on", &d->introspect_on_grant, &d->introspect_on_refresh));
	d->introspect_on_grant = d->introspect_on_grant && d->has_introspection;
	return pdef_rows_answer(cx, s.answer, "introspect.answer", &p->introspect_answer);
}

/* ---- lists ---- */
struct err pdef_rows_list(struct ctx *cx, const struct node *n, const char *where, size_t size, void *out)
{
	if (n != NULL && (n->kind != NODE_LIST || n->n > 32))
		return pdef_decode_wrong(cx, n, where, "must be a list of at most 32 rows");
	void *v = arena_array(cx->arena, n == NULL ? 1 : n->n + 1, size);
	if (v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "reading a definition");
	memcpy(out, &v, sizeof v);
	return OK;
}

static struct err take_identity(struct ctx *cx, const struct node *tree, struct pdef_parts *p)
{
	const struct node *list = node_get(tree, "identity");

	TRY(pdef_rows_list(cx, list, "identity", sizeof *p->identity, &p->identity));
	for (const struct node *c = list == NULL ? NULL : list->first; c != NULL; c = c->next) {
		struct section s = { .call = { .method = PMETHOD_GET, .content_type = PBODY_QUERY } };

		TRY(take(cx, c, WANT(identity_rows, "identity"), &s));
		auth_default(&s.call, PAUTH_HEADER);
		p->identity[p->n_identity++] = (struct pdef_identity){ s.from, s.call, s.id, s.name, s.email };
	}
	return OK;
}

static struct err take_lookups(struct ctx *cx, const struct node *tree, struct pdef *d, struct pdef_parts *p)
{
	const struct node *list = node_get(tree, "lookup");

	TRY(pdef_rows_list(cx, list, "lookup", sizeof *p->lookups, &p->lookups));
	for (const struct node *c = list == NULL ? NULL : list->first; c != NULL; c = c->next) {
		struct section s = { .call = { .method = PMETHOD_GET, .content_type = PBODY_QUERY } };

		if (node_get(c, "before") != NULL)
			return pdef_decode_wrong(cx, c, "lookup.before",
						 "is not supported yet: a lookup runs after the grant only");
		if (sv_eqz(node_text_at(c, "pick"), "ask"))
			return pdef_decode_wrong(
			    cx, c, "lookup.pick",
			    "ask is not supported yet: only and first are; nobody is asked which row is meant");
		TRY(take(cx, c, WANT(lookup_rows, "lookup"), &s));
		auth_default(&s.call, PAUTH_HEADER);
		p->lookups[p->n_lookups++] = (struct pdef_lookup){ s.call, s.rows, s.where, s.store, s.pick };
	}
	d->has_lookup = p->n_lookups > 0;
	return OK;
}

struct err pdef_rows_whoami(struct ctx *cx, const struct node *n, struct pdef_call *out)
{
	struct section s = { .call = { .method = PMETHOD_GET, .content_type = PBODY_QUERY } };

	TRY(take(cx, n, WANT(call_rows, "api.whoami"), &s));
	auth_default(&s.call, PAUTH_HEADER);
	*out = s.call;
	return OK;
}

struct err pdef_rows(struct ctx *cx, const struct node *tree, struct pdef *d, struct pdef_parts *p)
{
	struct section token = { .with = 0 };

	TRY(take(cx, node_get(tree, "token"), WANT(call_rows, "token"), &token));
	auth_default(&token.call, PAUTH_BASIC);
	p->token = token.call;
	TRY(pdef_rows_answer(cx, node_get(tree, "answer"), "answer", &p->token_answer));
	d->default_lifetime_s = p->token_answer.expires.lifetime_s;
	TRY(take_refresh(cx, tree, d, p));
	TRY(take_exchange(cx, tree, d, p));
	TRY(take_revoke(cx, tree, d, p));
	TRY(take_user_info(cx, tree, d, p));
	TRY(take_introspect(cx, tree, d, p));
	TRY(take_identity(cx, tree, p));
	TRY(take_lookups(cx, tree, d, p));
	return pdef_rows_errors(cx, tree, p);
}
