/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_answer.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "model/jpath.h"
#include "wire/wire_fate.h"
#include "wire/wire_identity.h"
#include "wire/wire_told.h"
#include <stdio.h>

enum { MOST_FIELDS = 200, MOST_SCOPE = 1024, MOST_JSON = 2 << 20 };

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "reading an answer"); }

/* ---- the body as a tree ---- */
static struct err form_tree(struct ctx *cx, struct sv body, const struct node **out)
{
	struct node *map = node_new(cx->arena, NODE_MAP);
	struct pair p;
	bool bad = false;
	size_t n = 0;

	*out = NULL;
	if (map == NULL)
		return no_memory(cx);
	while (form_next(cx->arena, &body, &p, &bad)) {
		if (p.name.n == 0 || node_get_sv(map, p.name) != NULL || ++n > MOST_FIELDS || !text_is_utf8(p.name) ||
		    !text_is_utf8(p.value))
			return OK;
		if (!node_set(cx->arena, map, p.name, node_new_text(cx->arena, p.value)))
			return no_memory(cx);
	}
	if (bad && arena_starved(cx->arena)) /* an answer that cannot be read now is not one without a token */
		return no_memory(cx);
	if (!bad && n > 0)
		*out = map;
	return OK;
}

static bool holds(struct sv s, const char *what)
{
	size_t at;

	return sv_find(s, sv_of(what), &at);
}

static bool is_json(struct sv body, struct sv content_type, int type)
{
	if (sv_starts(body, SV("{")) || sv_starts(body, SV("[")))
		return true; /* no form begins so */
	return type == PANSWER_AUTO ? holds(content_type, "json") : type == PANSWER_JSON;
}

/* A form has pairs and no markup: an HTML page with a "=" in it is none. */
static bool may_be_form(struct sv body)
{
	return holds(body, "=") && !holds(body, "<") && !text_has_control(body) && !holds(body, " ");
}

struct err wire_answer_tree(struct ctx *cx, struct sv body, struct sv content_type, int type, const struct node **out)
{
	body = sv_trim(body);
	*out = NULL;
	if (!is_json(body, content_type, type))
		return may_be_form(body) ? form_tree(cx, body, out) : OK;
	struct err e = jdoc_parse_lenient(cx, body, "the provider's answer", out);
	return e.code == E_BAD_INPUT || e.code == E_TOO_LARGE ? forgive(cx) : e;
}

/* ---- scopes ---- */
static void add_scope(struct sv s, struct sv_list *out)
{
	for (size_t i = 0; i < out->n; i++)
		if (sv_eq(out->v[i], s))
			return;
	if (s.n > 0 && s.n <= MOST_SCOPE && out->n < WIRE_MOST_SCOPES && !text_has_control(s))
		out->v[out->n++] = s;
}

struct err wire_answer_scopes(struct ctx *cx, const struct node *n, int format, struct sv_list *out, bool *known)
{
	struct sv rest = node_text(n);
	size_t at;

	*known = false;
	*out = (struct sv_list){ arena_array(cx->arena, WIRE_MOST_SCOPES, sizeof(struct sv)), 0 };
	if (out->v == NULL)
		return no_memory(cx);
	if (n != NULL && n->kind == NODE_LIST) {
		for (const struct node *c = n->first; c != NULL; c = c->next)
			add_scope(node_text(c), out);
		*known = true;
		return OK;
	}
	bool comma = format == PSCOPE_COMMA || (format == PSCOPE_AUTO && !sv_find(rest, SV(" "), &at));
	while (rest.p != NULL)
		add_scope(sv_trim(sv_cut(&rest, comma ? ',' : ' ')), out);
	*known = out->n > 0; /* "" comes from providers that do not say (GitHub Apps) */
	return OK;
}

/* ---- the token set ---- */
struct reading {
	struct ctx *cx;
	struct wire_env *e;
	const struct wire_answer_in *in;
	const struct node *tree;
	struct pdef_paths paths;
	struct sv scope_prefix;
	struct token_set *out;
	struct wire_outcome *how;
};

static struct err text_at(const struct reading *r, struct sv path, struct sv *out)
{
	const struct node *n = NULL;

	*out = SV_NONE;
	if (path.p == NULL)
		return OK;
	TRY(jpath_get(r->cx, path, r->tree, &n));
	if (n != NULL && n->kind == NODE_TEXT && n->text.n > 0)
		*out = n->text;
	return OK;
}

/* Several tokens in one answer: the first whose access token is there. */
static struct err choose_token(struct reading *r)
{
	const struct node *rows = r->in->answer->tokens;

	r->paths = r->in->answer->paths;
	for (const struct node *c = rows == NULL ? NULL : rows->first; c != NULL; c = c->next) {
		struct sv found;

		TRY(text_at(r, node_text_at(c, "access_token"), &found));
		if (found.p == NULL && c->next != NULL)
			continue;
		r->paths.access_token = node_text_at(c, "access_token");
		r->paths.refresh_token = node_text_at(c, "refresh_token");
		r->paths.expires_in = node_text_at(c, "expires_in");
		r->paths.scope = node_text_at(c, "scope");
		r->scope_prefix = node_text_at(c, "scope_prefix");
		return OK;
	}
	return OK;
}

/* RFC 6749 appendix A.12: visible ASCII; anything else could not be sent in a header. */
static bool is_token(struct sv s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return s.n > 0 && s.n <= WIRE_MOST_TOKEN;
}

static struct err secret_of(struct ctx *cx, struct sv s, struct secret **out)
{
	*out = s.p == NULL ? NULL : secret_copy(s);
	return s.p != NULL && *out == NULL ? no_memory(cx) : OK;
}

static struct err tokens(const struct reading *r, bool *usable)
{
	struct sv access, refresh;

	TRY(text_at(r, r->paths.access_token, &access));
	TRY(text_at(r, r->paths.refresh_token, &refresh));
	*usable = is_token(access) && (refresh.p == NULL || is_token(refresh));
	if (!*usable) {
		wire_fate_bad(r->how, access.p == NULL ? "the answer has no access token"
						       : "a token in the answer is not one that can be sent");
		return OK;
	}
	wire_env_secret(r->e, "access_token", access);
	if (refresh.p != NULL)
		wire_env_secret(r->e, "refresh_token", refresh);
	TRY(secret_of(r->cx, access, &r->out->access));
	return secret_of(r->cx, refresh, &r->out->refresh);
}

/* RFC 6749 section 7.1: a client must not use a token whose type it does not understand. */
static struct err token_type(const struct reading *r, bool *usable)
{
	const struct node *type = NULL;

	if (r->paths.token_type.p != NULL)
		TRY(jpath_get(r->cx, r->paths.token_type, r->tree, &type));
	bool bearer = type == NULL || type->kind == NODE_NULL || (type->kind == NODE_TEXT && type->text.n == 0) ||
		      sv_ieq(node_text(type), SV("bearer")) || r->in->answer->ignore_token_type;
	if (!bearer)
		wire_fate_bad(r->how, "the answer's token_type is not bearer");
	*usable = bearer;
	(void)snprintf(r->out->token_type, sizeof r->out->token_type, "Bearer");
	return OK;
}

static struct err expiry(const struct reading *r)
{
	const struct pdef_parts *p = r->e->client->def->parts;
	struct pdef_answer plain = *r->in->answer;
	struct wire_expiry x = { r->in->answer, r->tree, r->paths.expires_in, r->paths.expires_at,
				 secret_view(r->out->access) };
	bool odd = false, ignored = false;

	TRY(wire_answer_expiry(r->cx, &x, &r->out->expires_at, &odd));
	if (odd)
		(void)snprintf(r->how->detail, sizeof r->how->detail,
			       "the answer's expiry makes no sense and counts as not said");
	plain.expires = (struct pdef_expires){
		.zero = PEXP_NEVER, .minus_one = PEXP_NEVER, .none = PEXP_NEVER, .lifetime_s = p->refresh_expires_s
	};
	x = (struct wire_expiry){ &plain, r->tree, r->paths.refresh_expires_in, r->paths.refresh_expires_at, SV_NONE };
	if (r->out->refresh == NULL && !r->in->refreshing)
		return OK;
	if (r->out->refresh == NULL) /* the old one stays: only what is said of it counts */
		plain.expires.lifetime_s = 0;
	TRY(wire_answer_expiry(r->cx, &x, &r->out->refresh_expires_at, &ignored));
	int64_t end = r->in->refreshing || p->refresh_hard_end_s == 0 ? 0 : r->cx->now + SEC(p->refresh_hard_end_s);
	if (end != 0 && (r->out->refresh_expires_at == 0 || r->out->refresh_expires_at > end))
		r->out->refresh_expires_at = end;
	return OK;
}

/* One of several tokens whose scopes are told apart by a prefix ("bot:"): only its own count, since it alone is kept.
 */
static struct err prefixed(const struct reading *r)
{
	struct sv_list *have = &r->out->scopes;

	for (size_t i = 0; r->scope_prefix.n > 0 && i < have->n; i++) {
		char *z = arena_printf(r->cx->arena, "%.*s%.*s", SV_FMT(r->scope_prefix), SV_FMT(have->v[i]));

		if (z == NULL)
			return no_memory(r->cx);
		have->v[i] = sv_of(z);
	}
	return OK;
}

static struct err scopes(const struct reading *r)
{
	const struct pdef_parts *p = r->e->client->def->parts;
	const struct node *n = NULL, *stored = NULL;

	if (p->granted_from == PGRANTED_CALLBACK) {
		TRY(wire_env_stored(r->cx, r->e->client->stored, &stored));
		n = node_get_sv(stored, p->granted_at);
	} else if (p->granted_from == PGRANTED_HEADER) {
		n = r->in->reply->header[0] == '\0' ? NULL : node_new_text(r->cx->arena, sv_of(r->in->reply->header));
	} else if (p->granted_from == PGRANTED_ANSWER && r->paths.scope.p != NULL) {
		TRY(jpath_get(r->cx, r->paths.scope, r->tree, &n));
	}
	TRY(wire_answer_scopes(r->cx, n, r->in->answer->scope_format, &r->out->scopes, &r->out->scope_known));
	return prefixed(r);
}

/* Kept values: those from before, then the answer's own.  Only scalars: whole objects stay in `rest`. */
static struct err stored(const struct reading *r)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_JSON);
	struct jout w = JOUT(&b);
	const struct node *before = NULL, *map = r->in->answer->store;
	struct node *all;

	TRY(wire_env_stored(r->cx, r->e->client->stored, &before));
	all = before->kind == NODE_MAP ? node_copy(r->cx->arena, before) : node_new(r->cx->arena, NODE_MAP);
	if (all == NULL)
		return no_memory(r->cx);
	for (const struct node *c = map == NULL ? NULL : map->first; c != NULL; c = c->next) {
		const struct node *n = NULL;
		struct sv text;

		TRY(jpath_get(r->cx, c->text, r->tree, &n));
		TRY(jpath_text(r->cx, n, &text));
		if (text.p != NULL && !node_set(r->cx->arena, all, c->key, node_new_text(r->cx->arena, text)))
			return no_memory(r->cx);
	}
	jout_node(&w, NULL, all);
	TRY(jout_done(r->cx, &w));
	r->out->stored = arena_sv(r->cx->arena, buf_view(&b));
	return r->out->stored.p == NULL ? no_memory(r->cx) : OK;
}

static struct err rest(const struct reading *r)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_JSON);
	struct jout w = JOUT(&b);

	jout_node(&w, NULL, r->tree);
	TRY(jout_done(r->cx, &w));
	return secret_of(r->cx, buf_view(&b), &r->out->rest);
}

static struct err fill(struct reading *r)
{
	bool usable;

	TRY(choose_token(r));
	TRY(tokens(r, &usable));
	if (usable)
		TRY(token_type(r, &usable));
	if (!usable)
		return OK;
	TRY(expiry(r));
	TRY(scopes(r));
	TRY(stored(r));
	TRY(rest(r));
	return wire_identity_of_answer(r->cx, r->e, r->tree, &r->out->account);
}

/* Status, success rule, and a plain `error` where the tokens should be: all three must agree before anything is
 * believed. */
static struct err is_success(struct reading *r, bool *out)
{
	const struct pdef_answer *a = r->in->answer;
	struct sv error, access;

	*out = r->how->status >= 200 && r->how->status < 300;
	if (!*out || r->tree == NULL)
		return OK;
	if (a->ok_when.p != NULL)
		TRY(jpath_test(r->cx, a->ok_when, r->tree, out));
	TRY(choose_token(r));
	TRY(text_at(r, a->error, &error));
	TRY(text_at(r, r->paths.access_token, &access));
	*out = *out && (error.p == NULL || access.p != NULL);
	return OK;
}

static void undo(struct token_set **t)
{
	if (*t != NULL)
		token_set_clear(*t);
}

struct err wire_answer_read(struct ctx *cx, struct wire_env *e, const struct wire_answer_in *in, struct token_set *out,
			    struct wire_outcome *how)
{
	const struct net_reply *reply = in->reply;
	struct reading r = { .cx = cx, .e = e, .in = in, .out = out, .how = how };
	CLEANUP(undo) struct token_set *empty_again = out;
	bool good;

	TRY(wire_answer_tree(cx, buf_view(&reply->body), reply->content_type, in->answer->type, &r.tree));
	if (r.tree != NULL && r.tree->kind != NODE_MAP)
		r.tree = NULL;
	wire_told_members(e, r.tree, how);
	TRY(is_success(&r, &good));
	if (!good)
		return wire_fate_read(cx, e, &(struct wire_fate_in){ in->at, in->answer, r.tree }, how);
	if (r.tree == NULL) {
		wire_fate_bad(how, "the answer is neither JSON nor a form, or is not well formed");
		return OK;
	}
	TRY(fill(&r));
	if (how->fate == WIRE_OK)
		empty_again = NULL;
	return OK;
}
