/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/text.h"
#include "wire/wire_env.h"

enum { MOST_URL = 32768 };

/* One authorization request being written (RFC 6749 section 4.1.1, RFC 7636 section 4.3). */
struct writing {
	struct ctx *cx;
	struct wire_env *e;
	const struct pdef_parts *p;
	struct buf *out;
	struct sv_list all, existing;
};

static bool omitted(const struct pdef_parts *p, const char *name)
{
	for (size_t i = 0; i < p->authorize_omit.n; i++)
		if (sv_eqz(p->authorize_omit.v[i], name))
			return true;
	return false;
}

static void put_name(struct writing *w, struct sv name)
{
	buf_char(w->out, '&');
	enc_pct(w->out, name);
	buf_char(w->out, '=');
}

static void put(struct writing *w, struct sv name, struct sv value)
{
	put_name(w, name);
	enc_pct(w->out, value);
}

/* A parameter of the standard: under the definition's name for it, unless the definition leaves it out or sets it
 * itself. */
static void standard(struct writing *w, const char *name, struct sv value)
{
	struct sv other = node_text_at(w->p->authorize_rename, name), as = other.n > 0 ? other : sv_of(name);

	if (value.n > 0 && !omitted(w->p, name) && node_get_sv(w->p->authorize_params, as) == NULL)
		put(w, as, value);
}

static struct err own_params(struct writing *w)
{
	for (const struct node *c = w->p->authorize_params == NULL ? NULL : w->p->authorize_params->first; c != NULL;
	     c = c->next) {
		struct sv value = c->text;
		char number[24];

		if (c->kind == NODE_TEXT)
			TRY(tmpl_text(w->cx, c->text, &w->e->env, &value));
		else if (value.p == NULL && c->kind == NODE_BOOL)
			value = c->b ? SV("true") : SV("false");
		else if (value.p == NULL && c->kind == NODE_INT) {
			CLEANUP(buf_free) struct buf b = BUF(sizeof number);

			buf_i64(&b, c->i);
			TRY(buf_done(w->cx, &b, "a number"));
			value = arena_sv(w->cx->arena, buf_view(&b));
		}
		if (value.n > 0)
			put(w, c->key, value);
	}
	return OK;
}

/* ---- scopes ---- */
static bool claimed(const struct pdef_parts *p, struct sv scope)
{
	for (size_t i = 0; i < p->n_scope_lists; i++)
		if (p->scope_lists[i].prefix.n > 0 && sv_starts(scope, p->scope_lists[i].prefix))
			return true;
	return false;
}

/* What of `in` belongs into this list. */
static struct err part(struct writing *w, const struct pdef_scope_list *l, struct sv_list in, struct sv_list *out)
{
	struct sv *v = arena_array(w->cx->arena, in.n + 1, sizeof *v);
	size_t n = 0;

	if (v == NULL)
		return fail(w->cx, E_INTERNAL, "out of memory", "scopes");
	for (size_t i = 0; i < in.n; i++) {
		bool mine = l->prefix.n > 0 ? sv_starts(in.v[i], l->prefix) : !claimed(w->p, in.v[i]);

		if (mine)
			v[n++] = sv_from(in.v[i], l->prefix.n);
	}
	*out = (struct sv_list){ v, n };
	return OK;
}

static void put_scopes(struct writing *w, const struct pdef_scope_list *l, struct sv value)
{
	put_name(w, l->param);
	if (l->encode == PENC_PLUS) {
		enc_form(w->out, value);
		return;
	}
	while (value.p != NULL &&
	       l->encode == PENC_LITERAL) { /* read+write: the plus is the provider's own delimiter */
		enc_pct(w->out, sv_cut(&value, '+'));
		if (value.p != NULL)
			buf_char(w->out, '+');
	}
	if (l->encode == PENC_PERCENT)
		enc_pct(w->out, value);
}

static struct err scope_list(struct writing *w, const struct pdef_scope_list *l)
{
	struct sv_list asked, existing;
	struct sv value;

	TRY(part(w, l, w->all, &asked));
	TRY(part(w, l, w->existing, &existing));
	wire_env_list(w->e, "scopes", asked);
	wire_env_list(w->e, "existing_scopes", existing);
	w->e->env.delimiter = l->delimiter;
	TRY(tmpl_text(w->cx, l->value, &w->e->env, &value));
	if (value.n > 0 && node_get_sv(w->p->authorize_params, l->param) == NULL)
		put_scopes(w, l, value);
	return OK;
}

/* Does the request carry what was granted before? */
static bool keeps_existing(const struct pdef_parts *p)
{
	for (size_t i = 0; i < p->n_scope_lists; i++)
		if (tmpl_names(p->scope_lists[i].value, "existing_scopes"))
			return true;
	for (const struct node *c = p->authorize_params == NULL ? NULL : p->authorize_params->first; c != NULL;
	     c = c->next)
		if (tmpl_names(node_text(c), "existing_scopes"))
			return true;
	return false;
}

/* RFC 7636 section 4.2: S256 only. */
static struct err challenge(struct ctx *cx, struct sv verifier, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(64);
	struct sha256 h = sha256_of(verifier);

	if (verifier.n < 43 || verifier.n > 128)
		return fail(cx, E_INTERNAL, "internal error", "a PKCE verifier of %zu characters", verifier.n);
	enc_b64url(&b, sha256_view(&h));
	TRY(buf_done(cx, &b, "PKCE"));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "PKCE") : OK;
}

static struct err params(struct writing *w, const struct wire_client *c, const struct wire_authorize *in)
{
	struct sv hash = SV_NONE;

	if (c->def->pkce && in->verifier.p != NULL)
		TRY(challenge(w->cx, in->verifier, &hash));
	wire_env_text(w->e, "state", in->state);
	wire_env_text(w->e, "code_challenge", hash);
	standard(w, "response_type", SV("code"));
	standard(w, "client_id", c->client_id);
	standard(w, "redirect_uri", c->redirect_uri);
	for (size_t i = 0; i < w->p->n_scope_lists; i++)
		TRY(scope_list(w, &w->p->scope_lists[i]));
	wire_env_list(w->e, "scopes", w->all);
	wire_env_list(w->e, "existing_scopes", w->existing);
	w->e->env.delimiter = w->p->scope_delimiter;
	TRY(own_params(w));
	standard(w, "state", in->state);
	standard(w, "code_challenge", hash);
	standard(w, "code_challenge_method", hash.p == NULL ? SV_NONE : SV("S256"));
	standard(w, "response_mode", c->def->form_post ? SV("form_post") : SV_NONE);
	return OK;
}

/* "https://host/path?a=b#f" + "&x=y": the query that is there stays, a fragment has no place in it (RFC 6749
 * section 3.1). */
static struct err join(struct ctx *cx, struct sv base, const struct buf *query, struct sv *url)
{
	CLEANUP(buf_free) struct buf b = BUF(2 * MOST_URL);
	struct sv head = sv_cut(&base, '#'), more = sv_from(buf_view(query), 1);
	size_t at;

	buf_sv(&b, head);
	if (more.n > 0 && !sv_ends(head, SV("?")))
		buf_char(&b, sv_find(head, SV("?"), &at) ? '&' : '?');
	buf_sv(&b, more);
	TRY(buf_done(cx, &b, "the authorization address"));
	*url = arena_sv(cx->arena, buf_view(&b));
	return url->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "authorization address") : OK;
}

struct err wire_authorize_url(struct ctx *cx, const struct wire_client *c, const struct wire_authorize *in,
			      struct sv *url, struct sv_list *sent)
{
	struct wire_env e;
	struct sv base;
	CLEANUP(buf_free) struct buf query = BUF(MOST_URL);
	struct writing w = { .cx = cx, .e = &e, .p = c->def->parts, .out = &query };

	TRY(wire_env_start(cx, c, &e));
	TRY(tmpl_union(cx, in->scopes, c->def->always_scopes, &w.all));
	if (in->scopes.n == 0 && in->existing.n == 0)
		TRY(tmpl_union(cx, c->def->default_scopes, w.all, &w.all));
	TRY(tmpl_union(cx, in->existing, (struct sv_list){ NULL, 0 }, &w.existing));
	TRY(pdef_url(cx, c->def, w.p->authorize_url, &e.env, &base));
	TRY(params(&w, c, in));
	TRY(buf_done(cx, &query, "the authorization address"));
	*sent = w.all;
	if (keeps_existing(w.p))
		TRY(tmpl_union(cx, w.all, w.existing, sent));
	return join(cx, base, &query, url);
}
