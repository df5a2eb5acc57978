/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_discover.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "core/url.h"
#include "net/net.h"
#include <stdio.h>

enum { DOC_MOST = 256 << 10, SCOPES_MOST = 50, SERVERS_MOST = 4, URL_MOST = 2048 };
#define DOC_TIMEOUT SEC(10)

/* ---- documents ---- */
static struct sv kept(struct ctx *cx, struct sv s) { return s.p == NULL ? SV_NONE : arena_sv(cx->arena, s); }

/* *doc NULL: there is none; the reason goes to why when somebody answered with something else than "not found". */
static struct err fetch(struct ctx *cx, const struct wire_discover_ask *ask, struct sv url, const struct node **doc,
			char why[static 240])
{
	static const struct net_header headers[] = { { SV_INIT("Accept"), SV_INIT("application/json") },
						     { SV_INIT("MCP-Protocol-Version"), SV_INIT("2026-07-28") } };
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	int64_t left = ask->until - clock_mono();
	struct url u;
	bool good;

	*doc = NULL;
	if (left <= 0) {
		(void)snprintf(why, 240, "it took too long to find out who gives out tokens for the server");
		return OK;
	}
	if (url.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "metadata");
	TRY(url_look(cx, url, &u, &good));
	if (url.n > URL_MOST || !good) {
		(void)snprintf(why, 240, "an address in the server's metadata cannot be used");
		return OK;
	}
	const struct net_call c = { .purpose = "mcp.discover",
				    .method = SV("GET"),
				    .url = url,
				    .headers = headers,
				    .n_headers = ARRAY_LEN(headers),
				    .timeout = left < DOC_TIMEOUT ? left : DOC_TIMEOUT,
				    .max_reply = DOC_MOST,
				    .redirects = true };
	TRY(net_call(cx, ask->net, &c, &reply));
	if (reply.fate != NET_DONE) {
		(void)snprintf(why, 240, "%.180s", reply.detail);
		return OK;
	}
	if (reply.status != 200)
		return OK;
	struct sv text = arena_sv(cx->arena, buf_view(&reply.body));
	if (text.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "metadata");
	struct err e = jdoc_parse(cx, text, "metadata", doc);
	if (!IS_ERR(e) && (*doc)->kind == NODE_MAP)
		return OK;
	*doc = NULL;
	(void)snprintf(why, 240, "the metadata at %.*s is no JSON object", SV_FMT(sv_upto(u.host, 100)));
	return IS_ERR(e) && e.code != E_BAD_INPUT ? e : forgive(cx);
}
static struct sv origin_of(struct ctx *cx, const struct url *u)
{
	bool v6 = memchr(u->host.p, ':', u->host.n) != NULL;
	bool usual = sv_eqz(u->port, u->https ? "443" : "80");

	return sv_of(arena_printf(cx->arena, "%.*s://%s%.*s%s%s%.*s", SV_FMT(u->scheme), v6 ? "[" : "", SV_FMT(u->host),
				  v6 ? "]" : "", usual ? "" : ":", SV_FMT(usual ? SV("") : u->port)));
}
/* Origin + well-known name + path, or origin + path + well-known name. */
static struct sv well_known(struct ctx *cx, struct sv base, const char *name, bool behind)
{
	struct url u;

	if (IS_ERR(url_parse(cx, base, "url", &u))) {
		(void)forgive(cx);
		return SV_NONE;
	}
	struct sv origin = origin_of(cx, &u), path = u.path;
	while (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	if (origin.p == NULL)
		return SV_NONE;
	return sv_of(behind ? arena_printf(cx->arena, "%.*s%.*s/.well-known/%s", SV_FMT(origin), SV_FMT(path), name)
			    : arena_printf(cx->arena, "%.*s/.well-known/%s%.*s", SV_FMT(origin), name, SV_FMT(path)));
}
static void texts(struct ctx *cx, const struct node *list, struct sv_list *out)
{
	*out = (struct sv_list){ .v = arena_array(cx->arena, SCOPES_MOST, sizeof *out->v) };
	for (const struct node *n = list == NULL || out->v == NULL ? NULL : list->first; n != NULL; n = n->next)
		if (node_text(n).n > 0 && node_text(n).n <= 512 && out->n < SCOPES_MOST)
			out->v[out->n++] = node_text(n);
}
static bool has(struct sv_list l, const char *word)
{
	for (size_t i = 0; i < l.n; i++)
		if (sv_eqz(l.v[i], word))
			return true;
	return false;
}
static bool is_true(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	return n != NULL && n->kind == NODE_BOOL && n->b;
}

/* ---- the resource (RFC 9728) ---- */
bool wire_discover_covers(struct ctx *cx, struct sv resource, struct sv endpoint)
{
	struct url r, e;
	bool fine = !IS_ERR(url_parse(cx, resource, "resource", &r)) && !IS_ERR(url_parse(cx, endpoint, "uri", &e));

	(void)forgive(cx);
	if (!fine || !sv_eq(r.scheme, e.scheme) || !sv_eq(r.host, e.host) || !sv_eq(r.port, e.port) || r.fragment.n > 0)
		return false;
	while (r.path.n > 0 && r.path.p[r.path.n - 1] == '/')
		r.path.n--;
	return sv_starts(e.path, r.path) && (e.path.n == r.path.n || e.path.p[r.path.n] == '/');
}
/* *doc NULL and why "": the server has none. */
static struct err resource(struct ctx *cx, const struct wire_discover_ask *ask, const struct node **doc,
			   struct wire_discovered *out)
{
	static const char name[] = "oauth-protected-resource";
	struct url u;

	if (ask->resource_metadata.n > 0)
		return fetch(cx, ask, ask->resource_metadata, doc, out->why);
	TRY(url_parse(cx, ask->endpoint, "uri", &u));
	TRY(fetch(cx, ask, well_known(cx, ask->endpoint, name, false), doc, out->why));
	if (*doc != NULL || u.path.n <= 1)
		return OK;
	out->why[0] = '\0';
	return fetch(cx, ask, well_known(cx, origin_of(cx, &u), name, false), doc, out->why);
}

/* ---- the authorization server (RFC 8414) ---- */
static void take_server(struct ctx *cx, const struct node *doc, struct wire_discovered *out)
{
	out->issuer = kept(cx, node_text_at(doc, "issuer"));
	out->authorize_url = node_text_at(doc, "authorization_endpoint");
	out->token_url = node_text_at(doc, "token_endpoint");
	out->register_url = node_text_at(doc, "registration_endpoint");
	out->revoke_url = node_text_at(doc, "revocation_endpoint");
	out->takes_documents = is_true(doc, "client_id_metadata_document_supported");
	out->sends_iss = is_true(doc, "authorization_response_iss_parameter_supported");
	texts(cx, node_get(doc, "scopes_supported"), &out->as_scopes);
	texts(cx, node_get(doc, "token_endpoint_auth_methods_supported"), &out->auth_methods);
}
static void check_server(struct ctx *cx, const struct node *doc, struct wire_discovered *out)
{
	struct sv_list methods;

	texts(cx, node_get(doc, "code_challenge_methods_supported"), &methods);
	if (out->authorize_url.n == 0 || out->token_url.n == 0)
		(void)snprintf(out->why, sizeof out->why, "the authorization server names no endpoints");
	else if (!has(methods, "S256"))
		(void)snprintf(out->why, sizeof out->why,
			       "the authorization server does not say that it supports PKCE with S256");
}
/* Is this document the issuer's own?  of_root: nobody named the issuer, it was made up from the server's address, so
 * that the document of that origin says which of its own paths it is (MCP 2025-03-26 knows the origin only). */
static bool is_issuer(struct ctx *cx, const struct node *doc, struct sv issuer, bool of_root)
{
	struct sv told = node_text_at(doc, "issuer");
	size_t at;

	if (told.p == NULL || !of_root)
		return told.p != NULL && sv_eq(told, issuer);
	return !sv_find(told, SV("?"), &at) && !sv_find(told, SV("#"), &at) && wire_discover_covers(cx, issuer, told);
}
static struct err server(struct ctx *cx, const struct wire_discover_ask *ask, struct sv issuer, bool of_root,
			 struct wire_discovered *out)
{
	static const struct {
		const char *name;
		bool behind;
	} forms[] = { { "oauth-authorization-server", false },
		      { "openid-configuration", false },
		      { "openid-configuration", true } };
	const struct node *doc = NULL;
	bool foreign = false;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		TRY(fetch(cx, ask, well_known(cx, issuer, forms[i].name, forms[i].behind), &doc, out->why));
		if (doc != NULL && is_issuer(cx, doc, issuer, of_root)) {
			out->why[0] = '\0';
			take_server(cx, doc, out);
			check_server(cx, doc, out);
			return OK;
		}
		foreign = foreign || doc != NULL;
	}
	if (foreign)
		(void)snprintf(out->why, sizeof out->why, "the authorization server's metadata names another issuer");
	else if (out->why[0] == '\0')
		(void)snprintf(out->why, sizeof out->why, "the authorization server has no metadata");
	return OK;
}

/* ---- servers of 2025-03-26: they give out the tokens themselves ---- */
static struct err of_before(struct ctx *cx, const struct wire_discover_ask *ask, struct wire_discovered *out)
{
	struct url u;

	TRY(url_parse(cx, ask->endpoint, "uri", &u));
	struct sv root = origin_of(cx, &u);
	out->resource = kept(cx, ask->endpoint);
	TRY(server(cx, ask, root, true, out));
	if (out->issuer.p != NULL || ask->no_guess ||
	    sv_eqz(sv_of(out->why), "the authorization server's metadata names another issuer"))
		return OK;
	out->why[0] = '\0';
	out->issuer = root;
	out->authorize_url = sv_of(arena_printf(cx->arena, "%.*s/authorize", SV_FMT(root)));
	out->token_url = sv_of(arena_printf(cx->arena, "%.*s/token", SV_FMT(root)));
	out->register_url = sv_of(arena_printf(cx->arena, "%.*s/register", SV_FMT(root)));
	return out->token_url.p == NULL ? fail(cx, E_INTERNAL, "out of memory", "metadata") : OK;
}

/* ---- all of it ---- */
static struct err of_resource(struct ctx *cx, const struct wire_discover_ask *ask, const struct node *doc,
			      struct wire_discovered *out)
{
	const struct node *list = node_get(doc, "authorization_servers");
	int tried = 0;

	out->resource = node_text_at(doc, "resource");
	texts(cx, node_get(doc, "scopes_supported"), &out->scopes);
	if (!wire_discover_covers(cx, out->resource, ask->endpoint)) {
		(void)snprintf(out->why, sizeof out->why, "the server's metadata is that of another resource");
		return OK;
	}
	(void)snprintf(out->why, sizeof out->why, "the server's metadata names no authorization server");
	for (const struct node *n = list == NULL ? NULL : list->first; n != NULL && tried < SERVERS_MOST; n = n->next) {
		struct url u;

		if (node_text(n).n == 0 || IS_ERR(url_parse(cx, node_text(n), "issuer", &u))) {
			(void)forgive(cx);
			continue;
		}
		tried++;
		out->why[0] = '\0';
		TRY(server(cx, ask, node_text(n), false, out));
		if (out->why[0] == '\0')
			return OK;
	}
	return OK;
}
struct err wire_discover(struct ctx *cx, const struct wire_discover_ask *ask, struct wire_discovered *out)
{
	const struct node *doc = NULL;

	*out = (struct wire_discovered){ .why = "" };
	TRY(resource(cx, ask, &doc, out));
	if (doc != NULL)
		TRY(of_resource(cx, ask, doc, out));
	else if (out->why[0] == '\0' && ask->resource_metadata.n > 0)
		(void)snprintf(out->why, sizeof out->why, "the metadata that the server names is not there");
	else if (out->why[0] == '\0' && ask->old_server)
		TRY(of_before(cx, ask, out));
	else if (out->why[0] == '\0')
		(void)snprintf(out->why, sizeof out->why, "the server wants a token and does not say who gives it out");
	if (out->why[0] == '\0' && ask->authorize_url.n > 0)
		out->authorize_url = ask->authorize_url;
	/* What is kept along the way may have found no place: half of what was told is not what was told. */
	return arena_starved(cx->arena) ? fail(cx, E_INTERNAL, "out of memory", "metadata") : OK;
}
