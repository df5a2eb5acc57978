/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/worker_vault.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "store/store_secret.h"
#include "wire/wire_mcp.h"
#include <assert.h>

enum { NAME_MOST = 100, VALUE_MOST = 8 << 10, COUNT_MOST = 32, VAULT_MOST = 1 << 20 };
const char *const worker_vault_mask = "********";

/* ---- the sealed text ---- */
static const struct node *map_or_empty(struct ctx *cx, const struct node *n)
{
	return n != NULL && n->kind == NODE_MAP ? n : node_new(cx->arena, NODE_MAP);
}
static struct err filled(struct ctx *cx, const struct worker_vault *v)
{
	return v->headers == NULL || v->secrets == NULL ? fail(cx, E_INTERNAL, "out of memory", "a worker's headers")
							: OK;
}
struct err worker_vault_open(struct ctx *cx, struct engine *en, const struct worker_row *w, struct worker_vault *out)
{
	CLEANUP(secret_drop) struct secret *text = NULL;
	const struct node *tree = NULL;

	*out = (struct worker_vault){ .client_secret = SV("") };
	TRY(store_worker_secret(cx, en->store, w, &text));
	if (text == NULL)
		return fail(cx, E_INTERNAL, "storage error", "worker %.*s has no headers", SV_FMT(w->unique_id));
	TRY(jdoc_parse(cx, secret_view(text), "a worker's headers", &tree));
	out->headers = map_or_empty(cx, node_get(tree, "headers"));
	out->secrets = map_or_empty(cx, node_get(tree, "secrets"));
	struct sv secret = node_text_at(tree, "client_secret");
	out->client_secret = secret.p == NULL ? SV("") : secret;
	return filled(cx, out);
}
struct err worker_vault_pack(struct ctx *cx, const struct worker_vault *v, struct secret **out)
{
	CLEANUP(buf_free) struct buf b = BUF(VAULT_MOST);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	jout_node(&w, "headers", v->headers);
	jout_node(&w, "secrets", v->secrets);
	jout_str(&w, "client_secret", v->client_secret);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	*out = secret_copy(buf_view(&b));
	return *out == NULL ? fail(cx, E_INTERNAL, "out of memory", "a worker's headers") : OK;
}

/* ---- changes ---- */
/* These say what the message is or whom it is for: they are ours. */
static bool is_reserved(struct sv name)
{
	static const char *const ours[] = { "host",
					    "content-length",
					    "content-type",
					    "transfer-encoding",
					    "connection",
					    "accept",
					    "expect",
					    "te",
					    "trailer",
					    "upgrade",
					    "mcp-protocol-version",
					    "mcp-session-id",
					    "last-event-id" };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (sv_ieq(name, sv_of(ours[i])))
			return true;
	return name.n >= 4 && sv_ieq(sv_upto(name, 4), SV("mcp-"));
}
static bool is_value(const struct node *n)
{
	struct sv s = node_text(n);

	return s.p != NULL && s.n <= VALUE_MOST && !text_has_control(s);
}
static struct err check_headers(struct ctx *cx, const struct node *map)
{
	if (map->kind != NODE_MAP || map->n > COUNT_MOST)
		return bad_field(cx, "mcp.headers", "object", "must be an object of at most %d headers", COUNT_MOST);
	for (const struct node *h = map->first; h != NULL; h = h->next) {
		if (!text_is_id(h->key, NAME_MOST, "-_"))
			return bad_field(cx, "mcp.headers", "name",
					 "must have names of 1 to %d letters, digits, - and _", NAME_MOST);
		if (is_reserved(h->key))
			return bad_field(cx, "mcp.headers", "reserved", "must leave %.*s to the engine",
					 SV_FMT(sv_upto(h->key, NAME_MOST)));
		if (!is_value(h))
			return bad_field(cx, "mcp.headers", "value",
					 "must have texts of at most %d bytes without control characters", VALUE_MOST);
	}
	return OK;
}
static struct err check_secrets(struct ctx *cx, const struct node *map)
{
	if (map->kind != NODE_MAP || map->n > COUNT_MOST)
		return bad_field(cx, "mcp.secrets", "object", "must be an object of at most %d secrets", COUNT_MOST);
	for (const struct node *s = map->first; s != NULL; s = s->next) {
		if (!text_is_id(s->key, NAME_MOST, "-_"))
			return bad_field(cx, "mcp.secrets", "name",
					 "must have names of 1 to %d letters, digits, - and _", NAME_MOST);
		if (s->kind != NODE_NULL && !is_value(s))
			return bad_field(cx, "mcp.secrets", "value",
					 "must have texts of at most %d bytes without control characters", VALUE_MOST);
	}
	return OK;
}
/* Headers as sent; the mask stands for what was there. */
static struct err new_headers(struct ctx *cx, const struct node *sent, struct worker_vault *io)
{
	struct node *out = node_copy(cx->arena, sent);

	if (out == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a worker's headers");
	for (struct node *h = out->first; h != NULL; h = h->next) {
		if (!sv_eqz(h->text, worker_vault_mask))
			continue;
		struct sv was = node_text(node_get_sv(io->headers, h->key));
		if (was.p == NULL)
			return bad_field(cx, "mcp.headers", "value",
					 "must give the value of %.*s: there was none before",
					 SV_FMT(sv_upto(h->key, NAME_MOST)));
		h->text = was;
	}
	io->headers = out;
	return OK;
}
static struct err new_secrets(struct ctx *cx, const struct node *sent, struct worker_vault *io)
{
	struct node *patch = node_copy(cx->arena, sent);

	for (struct node *s = patch == NULL ? NULL : patch->first; s != NULL; s = s->next)
		s->kind = s->kind == NODE_TEXT && s->text.n > 0 ? NODE_TEXT : NODE_NULL;
	io->secrets = patch == NULL ? NULL : node_merge(cx->arena, io->secrets, patch);
	return filled(cx, io);
}
struct err worker_vault_merge(struct ctx *cx, const struct worker_vault_change *in, struct worker_vault *io)
{
	TRY(in->headers == NULL ? OK : check_headers(cx, in->headers));
	TRY(in->secrets == NULL ? OK : check_secrets(cx, in->secrets));
	TRY(in->headers == NULL ? OK : new_headers(cx, in->headers, io));
	TRY(in->secrets == NULL ? OK : new_secrets(cx, in->secrets, io));
	if (in->client_secret.p != NULL)
		io->client_secret = in->client_secret;
	return OK;
}

/* ---- as they are sent ---- */
struct expand {
	struct engine *en;
	const struct worker_row *w;
	const struct worker_vault *v;
};
static struct err secret_of(struct ctx *cx, const struct expand *x, struct sv name, struct buf *out)
{
	CLEANUP(secret_drop) struct secret *value = NULL;

	for (const struct node *s = x->v->secrets->first; s != NULL; s = s->next)
		if (sv_ieq(s->key, name)) {
			buf_sv(out, node_text(s));
			return OK;
		}
	struct err e = store_secret_open(cx, x->en->store, x->w->project_id, name, &value);
	if (e.code == E_NOT_FOUND)
		return refuse(cx, E_TOOL_NEEDS, "secret not found: %.*s", SV_FMT(sv_upto(name, NAME_MOST)));
	TRY(e);
	buf_sv(out, secret_view(value));
	return OK;
}
static struct err expand(struct ctx *cx, const struct expand *x, struct sv text, struct sv *out)
{
	static const struct sv open = SV_INIT("${secret:");
	CLEANUP(buf_free) struct buf b = BUF(64 << 10);
	size_t at;

	while (sv_find(text, open, &at)) {
		struct sv rest = sv_from(text, at + open.n), name = sv_cut(&rest, '}');

		if (rest.p == NULL) /* never closed: plain text */
			break;
		buf_sv(&b, sv_upto(text, at));
		TRY(secret_of(cx, x, sv_trim(name), &b));
		text = rest;
	}
	buf_sv(&b, text);
	TRY(buf_done(cx, &b, "a header"));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a header") : OK;
}
/* RFC 9110 section 5.5 */
static bool is_sendable(struct sv s)
{
	return memchr(s.p, '\0', s.n) == NULL && memchr(s.p, '\r', s.n) == NULL && memchr(s.p, '\n', s.n) == NULL;
}
struct err worker_vault_headers(struct ctx *cx, struct engine *en, const struct worker_row *w,
				struct worker_vault_headers *out)
{
	struct worker_vault v;
	const struct expand x = { en, w, &v };

	TRY(worker_vault_open(cx, en, w, &v));
	assert(v.headers != NULL);
	struct wire_mcp_header *all = arena_array(cx->arena, v.headers->n + 1, sizeof *all);
	*out = (struct worker_vault_headers){ .v = all };
	if (all == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a worker's headers");
	for (const struct node *h = v.headers->first; h != NULL; h = h->next) {
		struct sv value = node_text(h);

		TRY(expand(cx, &x, value, &all[out->n].value));
		if (!is_sendable(all[out->n].value))
			return refuse(
			    cx, E_TOOL_NEEDS,
			    "the header %.*s cannot be sent: a secret in it holds a line break; set that secret "
			    "again without it",
			    SV_FMT(sv_upto(h->key, NAME_MOST)));
		all[out->n++].name = h->key;
	}
	return OK;
}

/* ---- as they are shown ---- */
static bool has_word(struct sv name, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= name.n; i++)
		if (sv_ieq((struct sv){ name.p + i, n }, sv_of(word)))
			return true;
	return false;
}
struct sv worker_vault_shown(const struct node *header)
{
	static const char *const words[] = { "auth", "cookie", "key", "token", "secret", "password", "credential" };
	struct sv value = node_text(header);
	size_t at;

	if (sv_find(value, SV("${secret:"), &at))
		return value;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (has_word(header->key, words[i]))
			return sv_of(worker_vault_mask);
	return value;
}
