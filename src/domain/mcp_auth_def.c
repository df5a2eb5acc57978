/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mcp_auth_def.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "wire/wire_discover.h"

enum { DEF_MOST = 32 << 10 };

static struct err plain(struct ctx *cx, struct sv s)
{
	size_t at;

	if (s.p == NULL || (!sv_find(s, SV("{{"), &at) && s.n <= 1000))
		return OK;
	return bad_field(cx, "metadata", "url", "must have addresses of at most 1000 bytes and no {{");
}
static bool has(struct sv_list l, const char *word)
{
	for (size_t i = 0; i < l.n; i++)
		if (sv_eqz(l.v[i], word))
			return true;
	return false;
}
/* RFC 8414 section 2: a server that says nothing takes basic. */
static const char *method(const struct mcp_auth_def *in)
{
	struct sv stated = in->client->auth_method;

	if (in->client->secret == NULL || sv_eqz(stated, "none"))
		return "none";
	if (sv_eqz(stated, "client_secret_post"))
		return "post";
	if (sv_eqz(stated, "client_secret_basic"))
		return "basic";
	return has(in->found->auth_methods, "client_secret_post") &&
		       !has(in->found->auth_methods, "client_secret_basic")
		   ? "post"
		   : "basic";
}
static void resource(struct jout *w, const struct mcp_auth_def *in, bool asks_consent)
{
	jout_open(w, "params");
	jout_str(w, "resource", in->found->resource);
	if (asks_consent)
		jout_strz(w, "prompt", "consent"); /* without it no refresh token comes (OpenID Connect Core 11) */
	jout_close(w);
}
static void parts(struct jout *w, const struct mcp_auth_def *in)
{
	const struct wire_discovered *f = in->found;

	jout_open(w, "authorize");
	jout_str(w, "url", f->authorize_url);
	jout_strz(w, "pkce", "required");
	resource(w, in, has(in->scopes, "offline_access"));
	jout_close(w);
	jout_open(w, "token");
	jout_str(w, "url", f->token_url);
	jout_list(w, "auth");
	jout_strz(w, NULL, method(in));
	jout_list_end(w);
	resource(w, in, false);
	jout_close(w);
	jout_open(w, "refresh");
	resource(w, in, false);
	jout_close(w);
	jout_open(w,
		  "scopes"); /* what the server wants it says at each call; a grant of less is no reason to ask again */
	jout_strz(w, "granted_from", "asked");
	jout_close(w);
	if (f->issuer.n > 0) {
		jout_open(w, "callback");
		jout_str(w, "issuer", f->issuer);
		if (f->sends_iss)
			jout_strz(w, "iss", "required");
		jout_close(w);
	}
	if (f->revoke_url.n > 0) {
		jout_open(w, "revoke");
		jout_str(w, "url", f->revoke_url);
		jout_strz(w, "ends", "grant"); /* not known, so the careful one */
		jout_close(w);
	}
}
struct err mcp_auth_def(struct ctx *cx, const struct mcp_auth_def *in, const struct node **out)
{
	const struct sv urls[] = { in->found->authorize_url, in->found->token_url, in->found->revoke_url,
				   in->found->resource, in->found->issuer };
	CLEANUP(buf_free) struct buf b = BUF(DEF_MOST);
	struct jout w = JOUT(&b);

	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		TRY(plain(cx, urls[i]));
	jout_open(&w, NULL);
	jout_str(&w, "name", in->worker);
	parts(&w, in);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	struct sv text = arena_sv(cx->arena, buf_view(&b));
	if (text.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a definition");
	return jdoc_parse(cx, text, "a definition", out);
}
