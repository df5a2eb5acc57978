/* SPDX-License-Identifier: Apache-2.0 */
/* sim_token: the token endpoint: authorization_code and refresh_token (RFC 6749 4.1.3, 6; RFC 7636 4.6). */
#include "core/arena.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "sim/sim_serve.h"

struct credentials {
	struct sv id, secret;
	const char *how;
}; /* how: basic post none */

static struct err refused(struct ctx *cx, struct sim_call *call, const char *which, int status)
{
	return sim_answer_fixed(cx, call, node_get(call->def->token.errors, which), status);
}

/* RFC 6749 2.3.1: id and secret are form-encoded before base64. */
static bool basic(struct ctx *cx, struct sv value, struct credentials *out)
{
	CLEANUP(buf_free) struct buf plain = BUF(4096), id = BUF(2048), secret = BUF(2048);

	if (!dec_b64(&plain, value))
		return false;
	struct sv rest = buf_view(&plain), head = sv_cut(&rest, ':');
	if (rest.p == NULL || !dec_form(&id, head) || !dec_form(&secret, rest))
		return false;
	*out =
	    (struct credentials){ arena_sv(cx->arena, buf_view(&id)), arena_sv(cx->arena, buf_view(&secret)), "basic" };
	return true;
}

static bool credentials_of(struct ctx *cx, const struct request *rq, const struct node *f, struct credentials *out)
{
	struct sv v = http_header_in(rq, "Authorization"), scheme = sv_cut(&v, ' ');

	if (sv_ieq(scheme, SV("Basic")) && v.p != NULL)
		return basic(cx, sv_trim(v), out);
	*out = (struct credentials){ node_text_at(f, "client_id"), node_text_at(f, "client_secret"), "post" };
	if (out->secret.p == NULL)
		out->how = "none";
	return out->id.p != NULL;
}

/* NULL: refused as the definition says. */
static const struct sim_client *client_of(struct ctx *cx, struct sim_call *call, const struct node *f)
{
	struct credentials c = { .how = "" };

	if (!credentials_of(cx, call->rq, f, &c))
		return NULL;
	call->client_id = c.id;
	const struct sim_client *k = sim_world_client(call->w, call->def, c.id);
	if (k == NULL || !sim_def_has(call->def->token.client_auth, sv_of(c.how)))
		return NULL;
	if (c.secret.p == NULL)
		return k;
	return same_bytes(k->secret, c.secret) ? k : NULL;
}

static bool verifier_fits(struct sv challenge, struct sv verifier)
{
	CLEANUP(buf_free) struct buf b = BUF(64);
	struct sha256 h = sha256_of(verifier);

	if (challenge.p == NULL)
		return true;
	if (verifier.n < 43 || verifier.n > 128)
		return false;
	enc_b64url(&b, sha256_view(&h));
	return sv_eq(buf_view(&b), challenge);
}

static struct err scope_value(struct ctx *cx, const struct sim_token_rules *d, struct sv_list scopes, struct node **out)
{
	CLEANUP(buf_free) struct buf b = BUF(65536);

	*out = NULL;
	if (d->scope_form == SIM_SCOPE_ABSENT)
		return OK;
	if (d->scope_form == SIM_SCOPE_LIST) {
		*out = node_new(cx->arena, NODE_LIST);
		for (size_t i = 0; i < scopes.n; i++)
			if (!node_add(*out, node_new_text(cx->arena, scopes.v[i])))
				return fail(cx, E_INTERNAL, "out of memory", "scopes");
		return OK;
	}
	for (size_t i = 0; i < scopes.n; i++) {
		if (i > 0)
			buf_char(&b, d->scope_form == SIM_SCOPE_COMMA ? ',' : ' ');
		buf_sv(&b, scopes.v[i]);
	}
	TRY(buf_done(cx, &b, "scopes"));
	*out = node_new_text(cx->arena, buf_view(&b));
	return *out == NULL ? fail(cx, E_INTERNAL, "out of memory", "scopes") : OK;
}

static bool wants_form(const struct sim_call *call)
{
	size_t at;
	struct sv accept = http_header_in(call->rq, "Accept");

	if (call->def->token.answer == SIM_FORM)
		return true;
	return call->def->token.answer == SIM_FORM_UNLESS_JSON_ASKED && !sv_find(accept, SV("application/json"), &at);
}

static void as_form(struct sim_call *call, const struct node *n)
{
	call->rq->content_type = "application/x-www-form-urlencoded; charset=utf-8";
	buf_clear(call->rq->out);
	for (const struct node *c = n->first; c != NULL; c = c->next) {
		char number[24];
		int k = snprintf(number, sizeof number, "%lld", (long long)c->i);

		form_add(call->rq->out, c->key, c->kind == NODE_TEXT ? c->text : (struct sv){ number, (size_t)k });
	}
}

static struct err set(struct ctx *cx, struct node *map, const char *key, struct node *value)
{
	if (value == NULL || !node_set(cx->arena, map, sv_of(key), value))
		return fail(cx, E_INTERNAL, "out of memory", "token answer");
	return OK;
}

static struct node *number(struct ctx *cx, int64_t v)
{
	struct node *n = node_new(cx->arena, NODE_INT);

	if (n != NULL)
		n->i = v;
	return n;
}

struct pair_of {
	struct sim_token *access, *refresh;
	struct sv_list scopes;
};
static struct err answer(struct ctx *cx, struct sim_call *call, const struct pair_of *p, int64_t lifetime)
{
	struct node *more = node_new(cx->arena, NODE_MAP), *scope = NULL, *out = NULL;
	const struct sim_token_rules *d = &call->def->token;

	if (more == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "token answer");
	TRY(set(cx, more, "access", node_new_text(cx->arena, p->access->text)));
	if (p->refresh != NULL)
		TRY(set(cx, more, "refresh", node_new_text(cx->arena, p->refresh->text)));
	if (lifetime > 0)
		TRY(set(cx, more, "expires_in", number(cx, lifetime)));
	if (lifetime > 0)
		TRY(set(cx, more, "expires_at", number(cx, sim_world_now(call->w) / SEC(1) + lifetime)));
	TRY(scope_value(cx, d, p->scopes, &scope));
	if (scope != NULL)
		TRY(set(cx, more, "scope", scope));
	struct sim_values v = { .user = call->user, .scopes = p->scopes, .more = more };
	TRY(sim_fill(cx, sv_eqz(call->kind, "refresh") && d->refresh_fields != NULL ? d->refresh_fields : d->fields, &v,
		     &out));
	if (out == NULL)
		return fail(cx, E_INTERNAL, "the definition has no token answer", "fields");
	call->rq->status = 200;
	http_header(call->rq, "Cache-Control", SV("no-store"));
	if (wants_form(call)) {
		as_form(call, out);
		return buf_done(cx, call->rq->out, "answer");
	}
	return sim_answer_node(cx, call, out);
}

/* What the provider remembers of a consent each time it gives a pair. */
static void remember(struct sim_call *call, const struct sim_token *from, const struct pair_of *p)
{
	struct sim_token *root = from->root;
	int64_t now = sim_world_now(call->w), left = root->newest_ends - now;

	if (root->pairs++ == 0) {
		root->next_consent = root->grant->consents;
		root->grant->consents = root;
	} else if (root->newest_ends != 0 && left < root->least_left) {
		root->least_left = left;
	}
	root->newest_ends = p->access->expires_at;
	p->access->nth = root->pairs;
	if (p->refresh != NULL)
		p->refresh->nth = root->pairs;
}

/* New tokens for a grant; old: the refresh token that was used, NULL for a code. */
static struct err give(struct ctx *cx, struct sim_call *call, const struct sim_token *from, struct sim_token *old)
{
	struct sim_world *w = call->w;
	const struct sim_token_rules *d = &call->def->token;
	int64_t life = w->lifetime_override_s >= 0 ? w->lifetime_override_s : d->lifetime_s;
	struct pair_of p = { .scopes = from->scopes, .refresh = NULL };

	p.access = sim_world_mint(w, SIM_ACCESS, d->access_prefix, life);
	if (p.access == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "token");
	p.access->grant = from->grant;
	p.access->root = from->root;
	p.access->scopes = from->scopes;
	bool renews = call->twist != SIM_TWIST_NO_REFRESH;
	if (renews && (d->renews == SIM_ROTATES || (d->renews == SIM_KEEPS && old == NULL))) {
		if (old != NULL || from->offline)
			p.refresh = sim_world_mint(w, SIM_REFRESH, SV("sim_rt_"), 0);
		if (p.refresh != NULL) {
			p.refresh->grant = from->grant;
			p.refresh->root = from->root;
			p.refresh->scopes = from->scopes;
			p.refresh->client = from->client;
		}
	}
	if (old != NULL && d->renews == SIM_ROTATES)
		old->dead = true;
	remember(call, from, &p);
	return answer(cx, call, &p, life);
}

static void add(const struct node *names, struct sv_list from, struct sv_list *to)
{
	for (size_t i = 0; i < from.n; i++) {
		struct sv told = names == NULL ? SV_NONE : node_text(node_get_sv(names, from.v[i]));
		struct sv one = told.p == NULL ? from.v[i] : told;

		if (!sim_def_has(*to, one))
			to->v[to->n++] = one;
	}
}
/* What the grant covers now, under the provider's own names: with a definition that remembers, earlier consents as
 * well; with one that folds, not what another scope holds. */
static struct sv_list widen(struct sim_call *call, struct sim_token *code)
{
	struct sim_world *w = call->w;
	struct sim_grant *g = code->grant;
	const struct sim_authorize *d = &call->def->authorize;
	struct sv_list all = { arena_array(w->arena, g->scopes.n + code->scopes.n + 1, sizeof *all.v), 0 };
	struct sv_list kept = { arena_array(w->arena, g->scopes.n + code->scopes.n + 1, sizeof *kept.v), 0 };

	if (all.v == NULL || kept.v == NULL)
		return g->scopes = code->scopes;
	add(d->scope_names, code->scopes, &all);
	if (d->remembers_scopes)
		add(NULL, g->scopes, &all);
	for (size_t i = 0; i < all.n; i++)
		if (!sim_def_held(call->def, all, all.v[i]))
			kept.v[kept.n++] = all.v[i];
	return g->scopes = kept;
}

static struct err from_code(struct ctx *cx, struct sim_call *call, const struct sim_client *c, const struct node *f)
{
	struct sim_token *code = sim_world_token(call->w, SIM_CODE, node_text_at(f, "code"));
	struct sv redirect = node_text_at(f, "redirect_uri");

	if (code == NULL || code->client != c)
		return refused(cx, call, "code", 400);
	call->user = code->grant->user;
	if (code->dead) { /* RFC 6749 4.1.2: a code used twice ends what came of it */
		sim_world_end_family(call->w, code);
		return refused(cx, call, "code", 400);
	}
	code->dead = true;
	if (code->expires_at <= sim_world_now(call->w) || code->grant->ended)
		return refused(cx, call, "code", 400);
	if (call->def->token.redirect_uri_required ? !sv_eq(redirect, code->redirect_uri)
						   : redirect.p != NULL && !sv_eq(redirect, code->redirect_uri))
		return refused(cx, call, "code", 400);
	if (!verifier_fits(code->challenge, node_text_at(f, "code_verifier")))
		return refused(cx, call, node_get(call->def->token.errors, "pkce") != NULL ? "pkce" : "code", 400);
	code->scopes = widen(call, code);
	return give(cx, call, code, NULL);
}

static struct err from_refresh(struct ctx *cx, struct sim_call *call, const struct sim_client *c, const struct node *f)
{
	struct sim_token *t = sim_world_token(call->w, SIM_REFRESH, node_text_at(f, "refresh_token"));

	call->kind = SV("refresh");
	if (t == NULL || t->client != c)
		return refused(cx, call, "refresh", 400);
	call->user = t->grant->user;
	if (!sim_world_token_good(call->w, t)) {
		t->root->reused++;
		if (call->w->reuse_ends_family)
			sim_world_end_family(call->w, t->root);
		return refused(cx, call, "refresh", 400);
	}
	return give(cx, call, t, t);
}

static struct err read_body(struct ctx *cx, const struct sim_call *call, struct sv_list bodies, const struct node **f,
			    bool *fits)
{
	struct sv type = http_header_in(call->rq, "Content-Type"), bare = sv_cut(&type, ';');
	struct node *form = NULL;

	*fits = false;
	*f = NULL;
	bare = sv_trim(bare);
	if (sv_ieq(bare, SV("application/x-www-form-urlencoded")) && sim_def_has(bodies, SV("form"))) {
		TRY(sim_form(cx, call->rq->body, &form));
		*f = form;
	} else if (sv_ieq(bare, SV("application/json")) && sim_def_has(bodies, SV("json"))) {
		TRY(jdoc_parse(cx, call->rq->body, "body", f));
	}
	*fits = *f != NULL && (*f)->kind == NODE_MAP;
	return OK;
}

struct err sim_token_serve(struct ctx *cx, struct sim_call *call)
{
	const struct node *f = NULL;
	bool fits = false;

	if (IS_ERR(read_body(cx, call, call->def->token.bodies, &f, &fits)) || !fits) {
		(void)forgive(cx);
		return refused(cx, call, "content", 400);
	}
	call->grant_type = node_text_at(f, "grant_type");
	const struct sim_client *c = client_of(cx, call, f);
	if (c == NULL)
		return refused(cx, call, "client", 401);
	if (sv_eqz(call->grant_type, "refresh_token"))
		return from_refresh(cx, call, c, f);
	if (sv_eqz(call->grant_type, "authorization_code") ||
	    (call->grant_type.p == NULL && !call->def->token.grant_type_required))
		return from_code(cx, call, c, f);
	return refused(cx, call, "grant_type", 400);
}

static struct err revoked_text(struct ctx *cx, struct sim_call *call, struct sv *text, bool *ok)
{
	const struct sim_revoke_rules *d = &call->def->revoke;
	const struct node *f = NULL;
	bool fits = false;

	*ok = false;
	if (d->auth == SIM_REVOKE_BEARER) {
		*text = sim_bearer(call->rq);
		*ok = true;
		return OK;
	}
	TRY(read_body(cx, call, d->bodies, &f, &fits));
	if (!fits)
		return refused(cx, call, "content", 400);
	if (d->auth == SIM_REVOKE_CLIENT && client_of(cx, call, f) == NULL)
		return refused(cx, call, "client", 401);
	*text = node_text(node_get_sv(f, d->token_param));
	*ok = true;
	return OK;
}

static void end_token(struct sim_call *call, struct sim_token *t)
{
	call->user = t->grant->user;
	t->dead = true;
	if (call->def->revoke.ends == SIM_ENDS_FAMILY)
		sim_world_end_family(call->w, t->root);
	else if (call->def->revoke.ends == SIM_ENDS_GRANT)
		sim_world_end_grant(call->w, t->grant);
}

/* RFC 7009: an unknown token is as good as revoked, unless the definition says what is answered then. */
struct err sim_token_revoke(struct ctx *cx, struct sim_call *call)
{
	const struct sim_revoke_rules *d = &call->def->revoke;
	struct sv text = SV_NONE;
	bool ok = false;

	TRY(revoked_text(cx, call, &text, &ok));
	if (!ok)
		return OK;
	struct sim_token *t = sim_world_token(call->w, SIM_ACCESS, text);
	if (t == NULL)
		t = sim_world_token(call->w, SIM_REFRESH, text);
	bool known = t != NULL && sim_world_token_good(call->w, t);
	if (!known && d->auth == SIM_REVOKE_BEARER)
		return sim_answer_fixed(cx, call, call->def->unauthorized, 401);
	if (!known && d->unknown != NULL)
		return sim_answer_fixed(cx, call, d->unknown, 400);
	if (known)
		end_token(call, t);
	call->rq->status = (int)d->status;
	buf_clear(call->rq->out);
	if (d->body != NULL)
		return sim_answer_node(cx, call, d->body);
	if (d->status != 204)
		buf_str(call->rq->out, "{}");
	return OK;
}
