/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_oidc.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/jdoc.h"
#include "core/logf.h"
#include "core/text.h"
#include "core/url.h"
#include "net/net.h"
#include <stdio.h>

enum { DOC_MOST = 256 << 10, ANSWER_MOST = 64 << 10, URL_MOST = 2048, WHY = 240, FORM_MOST = 16384 };
#define PATIENCE SEC(10)

static void say(char why[static WHY], const char *words) { (void)snprintf(why, WHY, "%s", words); }

/* Hosts and addresses are for the operator, not for whoever stands at the door. */
static void no_answer(struct ctx *cx, const struct net_call *c, const struct net_reply *r, char why[static WHY])
{
	log_event(cx, LOG_WARN, "sign_in.no_answer", LOG_STR("purpose", c->purpose), LOG_STR("detail", &r->detail[0]));
	say(why, "it does not answer");
}

/* ---- documents ---- */
static const struct net_header json_only[] = { { SV_INIT("Accept"), SV_INIT("application/json") } };

/* *doc NULL: no JSON object. */
static struct err object(struct ctx *cx, struct sv text, const struct node **doc)
{
	struct err e = jdoc_parse(cx, text, "answer", doc);

	if (!IS_ERR(e) && (*doc)->kind == NODE_MAP)
		return OK;
	*doc = NULL;
	return e.code == E_BAD_INPUT ? forgive(cx) : e;
}
static struct err fetch(struct ctx *cx, struct net *net, const struct net_call *c, struct sv *text,
			char why[static WHY])
{
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };

	*text = SV_NONE;
	TRY(net_call(cx, net, c, &reply));
	if (reply.fate != NET_DONE) {
		no_answer(cx, c, &reply, why);
		return OK;
	}
	if (reply.status != 200) {
		(void)snprintf(why, WHY, "it answered with status %d", reply.status);
		return OK;
	}
	*text = arena_sv(cx->arena, buf_view(&reply.body));
	return text->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "OpenID Connect");
}
static struct err document(struct ctx *cx, struct net *net, struct sv url, struct sv *text, char why[static WHY])
{
	const struct net_call c = { .purpose = "oidc.document",
				    .method = SV("GET"),
				    .url = url,
				    .headers = json_only,
				    .n_headers = ARRAY_LEN(json_only),
				    .timeout = PATIENCE,
				    .max_reply = DOC_MOST };
	const struct node *doc = NULL;

	TRY(fetch(cx, net, &c, text, why));
	if (text->p == NULL)
		return OK;
	TRY(object(cx, *text, &doc));
	if (doc == NULL) {
		*text = SV_NONE;
		say(why, "it answered with something that is no JSON object");
	}
	return OK;
}
struct err wire_oidc_where(struct ctx *cx, struct sv issuer, struct sv *url)
{
	struct sv base = issuer;

	while (base.n > 0 && base.p[base.n - 1] == '/') /* section 4.1 */
		base.n--;
	char *at = arena_printf(cx->arena, "%.*s/.well-known/openid-configuration", SV_FMT(base));
	if (at == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "discovery");
	*url = sv_of(at);
	return OK;
}
struct err wire_oidc_discover(struct ctx *cx, struct net *net, struct sv issuer, struct sv *text, char why[static WHY])
{
	struct sv url;

	TRY(wire_oidc_where(cx, issuer, &url));
	return document(cx, net, url, text, why);
}
struct err wire_oidc_keys(struct ctx *cx, struct net *net, struct sv keys_url, struct sv *text, char why[static WHY])
{
	return document(cx, net, keys_url, text, why);
}

/* ---- metadata ---- */
static struct err usable(struct ctx *cx, struct sv address, bool *yes)
{
	struct url u;

	*yes = false;
	if (address.n == 0 || address.n > URL_MOST)
		return OK;
	TRY(url_look(cx, address, &u, yes));
	*yes = *yes && u.fragment.n == 0 && (u.https || u.loopback);
	return OK;
}
static bool lists(const struct node *doc, const char *name, const char *word)
{
	const struct node *list = node_get(doc, name);

	for (const struct node *n = list == NULL || list->kind != NODE_LIST ? NULL : list->first; n != NULL;
	     n = n->next)
		if (sv_eqz(node_text(n), word))
			return true;
	return false;
}
static struct err unusable(struct ctx *cx, const char *why) { return fail(cx, E_UPSTREAM, why, "OpenID Connect"); }

struct err wire_oidc_meta(struct ctx *cx, struct sv issuer, struct sv text, struct wire_oidc_meta *out)
{
	static const char methods[] = "token_endpoint_auth_methods_supported";
	const struct node *doc = NULL, *iss;
	bool fine;

	*out = (struct wire_oidc_meta){ .authorize_url = SV_NONE };
	TRY(object(cx, text, &doc));
	if (doc == NULL || !sv_eq(node_text_at(doc, "issuer"), issuer))
		return unusable(cx, "its metadata names another issuer");
	*out = (struct wire_oidc_meta){
		.authorize_url = node_text_at(doc, "authorization_endpoint"),
		.token_url = node_text_at(doc, "token_endpoint"),
		.keys_url = node_text_at(doc, "jwks_uri"),
		.user_url = node_text_at(doc, "userinfo_endpoint"),
		.post_only = lists(doc, methods, "client_secret_post") && !lists(doc, methods, "client_secret_basic"),
	};
	iss = node_get(doc, "authorization_response_iss_parameter_supported");
	out->sends_iss = iss != NULL && iss->kind == NODE_BOOL && iss->b;
	const struct sv must[] = { out->authorize_url, out->token_url, out->keys_url };
	for (size_t i = 0; i < ARRAY_LEN(must); i++) {
		TRY(usable(cx, must[i], &fine));
		if (!fine)
			return unusable(cx, "its metadata names no usable addresses");
	}
	TRY(usable(cx, out->user_url, &fine));
	if (!fine)
		out->user_url = SV_NONE;
	return OK;
}

/* ---- a code for an ID token ---- */
static struct err form_of(struct ctx *cx, const struct wire_oidc_ask *a, bool in_body, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(FORM_MOST);

	form_add(&b, SV("grant_type"), SV("authorization_code"));
	form_add(&b, SV("code"), a->code);
	form_add(&b, SV("redirect_uri"), a->redirect_uri);
	form_add(&b, SV("code_verifier"), a->verifier);
	if (in_body || a->client_secret == NULL)
		form_add(&b, SV("client_id"), a->client_id);
	if (in_body)
		form_add(&b, SV("client_secret"), secret_view(a->client_secret));
	TRY(buf_done(cx, &b, "token request"));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "token request");
}
/* RFC 6749 section 2.3.1: both are form-encoded first. */
static struct err basic_of(struct ctx *cx, const struct wire_oidc_ask *a, struct sv *out)
{
	CLEANUP(buf_free) struct buf pair = BUF(FORM_MOST);
	CLEANUP(buf_free) struct buf b = BUF(FORM_MOST);

	enc_form(&pair, a->client_id);
	buf_char(&pair, ':');
	enc_form(&pair, secret_view(a->client_secret));
	TRY(buf_done(cx, &pair, "client"));
	buf_str(&b, "Basic ");
	enc_b64(&b, buf_view(&pair));
	TRY(buf_done(cx, &b, "client"));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "client");
}
static struct err read_answer(struct ctx *cx, const struct net_reply *reply, struct wire_oidc_answer *out)
{
	const struct node *doc = NULL;
	struct sv text;

	text = arena_sv(cx->arena, buf_view(&reply->body));
	if (text.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "token answer");
	TRY(object(cx, text, &doc));
	if (reply->status != 200) {
		struct sv error = node_text_at(doc, "error");
		bool plain = error.n > 0 && error.n <= 63 && text_is_id(error, 63, "_-");

		(void)snprintf(out->why, WHY, "it refused the code with status %d%s%.*s", reply->status,
			       plain ? ", " : "", SV_FMT(plain ? error : SV("")));
		return OK;
	}
	out->id_token = node_text_at(doc, "id_token");
	out->access_token = node_text_at(doc, "access_token");
	if (out->id_token.n == 0)
		say(out->why, "its answer holds no ID token");
	return OK;
}
struct err wire_oidc_redeem(struct ctx *cx, const struct wire_oidc_ask *ask, struct wire_oidc_answer *out)
{
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	bool secret = ask->client_secret != NULL, in_body = secret && ask->meta->post_only;
	struct net_header headers[3] = { json_only[0],
					 { SV("Content-Type"), SV("application/x-www-form-urlencoded") } };
	struct net_call c = { .purpose = "oidc.token",
			      .method = SV("POST"),
			      .url = ask->meta->token_url,
			      .headers = headers,
			      .n_headers = 2,
			      .timeout = PATIENCE,
			      .max_reply = ANSWER_MOST,
			      .once = NET_ONCE };

	*out = (struct wire_oidc_answer){ .why = "" };
	TRY(form_of(cx, ask, in_body, &c.body));
	if (secret && !in_body) {
		headers[2].name = SV("Authorization");
		TRY(basic_of(cx, ask, &headers[2].value));
		c.n_headers = 3;
	}
	TRY(net_call(cx, ask->net, &c, &reply));
	if (reply.fate != NET_DONE) {
		no_answer(cx, &c, &reply, out->why);
		return OK;
	}
	return read_answer(cx, &reply, out);
}
struct err wire_oidc_user(struct ctx *cx, const struct wire_oidc_ask *ask, struct sv access_token,
			  struct wire_idtoken *who)
{
	char *bearer = arena_printf(cx->arena, "Bearer %.*s", SV_FMT(access_token)), why[WHY];
	const struct net_header headers[] = { json_only[0], { SV("Authorization"), sv_of(bearer) } };
	const struct net_call c = { .purpose = "oidc.userinfo",
				    .method = SV("GET"),
				    .url = ask->meta->user_url,
				    .headers = headers,
				    .n_headers = ARRAY_LEN(headers),
				    .timeout = PATIENCE,
				    .max_reply = ANSWER_MOST };
	const struct node *doc = NULL;
	struct sv text;

	if (bearer == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "user info");
	if (access_token.n > ANSWER_MOST / 8 || text_has_control(access_token))
		return OK;
	TRY(fetch(cx, ask->net, &c, &text, why));
	if (text.p == NULL)
		return OK;
	TRY(object(cx, text, &doc));
	if (doc != NULL && sv_eq(node_text_at(doc, "sub"), who->subject))
		wire_idtoken_email(doc, who);
	return OK;
}
