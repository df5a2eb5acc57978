/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "net/net.h"
#include "wire/wire_discover.h"
#include "wire/wire_redact.h"
#include <stdio.h>

enum { ANSWER_MOST = 64 << 10, ID_MOST = 1000 };
#define TIMEOUT SEC(15)

void wire_register_client(struct jout *w, struct sv redirect_uri)
{
	jout_strz(w, "client_name", "Tokenbooth");
	jout_list(w, "redirect_uris");
	jout_str(w, NULL, redirect_uri);
	jout_list_end(w);
	jout_list(w, "grant_types");
	jout_strz(w, NULL, "authorization_code");
	jout_strz(w, NULL, "refresh_token");
	jout_list_end(w);
	jout_list(w, "response_types");
	jout_strz(w, NULL, "code");
	jout_list_end(w);
}

/* What we can do, in the order of our liking; a server that says nothing takes basic (RFC 8414 section 2). */
static const char *method_of(struct sv_list told)
{
	static const char *const order[] = { "client_secret_basic", "client_secret_post", "none" };

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (size_t k = 0; k < told.n; k++)
			if (sv_eqz(told.v[k], order[i]))
				return order[i];
	return order[0];
}
static struct err request(struct ctx *cx, const struct wire_register_ask *ask, bool native, struct buf *out)
{
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	wire_register_client(&w, ask->redirect_uri);
	jout_strz(&w, "token_endpoint_auth_method", method_of(ask->at->auth_methods));
	jout_strz(&w, "application_type", native ? "native" : "web");
	jout_close(&w);
	return jout_done(cx, &w);
}
static struct err answer(struct ctx *cx, const struct net_reply *reply, struct wire_registered *out)
{
	const struct node *doc = NULL;
	struct sv text = arena_sv(cx->arena, buf_view(&reply->body));

	if (text.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a registration");
	struct err e = jdoc_parse(cx, text, "the registration", &doc);
	if (IS_ERR(e) && e.code != E_BAD_INPUT)
		return e;
	(void)forgive(cx);
	struct sv id = node_text_at(doc, "client_id"), secret = node_text_at(doc, "client_secret");
	if (reply->status / 100 != 2) {
		struct sv error = node_text_at(doc, "error");

		(void)snprintf(out->why, sizeof out->why,
			       "the authorization server refuses to register us: status %d%s%.*s", reply->status,
			       error.n > 0 ? ", " : "", SV_FMT(text_is_id(error, 60, "_-") ? error : SV("")));
		return OK;
	}
	if (id.n == 0 || id.n > ID_MOST || text_has_control(id)) {
		(void)snprintf(out->why, sizeof out->why, "the authorization server's registration has no client_id");
		return OK;
	}
	const struct node *ends = node_get(doc, "client_secret_expires_at");
	out->expires_s = ends != NULL && ends->kind == NODE_INT && ends->i > 0 ? ends->i : 0;
	out->client_id = id;
	out->auth_method = node_text_at(doc, "token_endpoint_auth_method");
	out->secret = secret.n == 0 ? NULL : secret_copy(secret);
	return secret.n > 0 && out->secret == NULL ? fail(cx, E_INTERNAL, "out of memory", "a registration") : OK;
}
static struct err once(struct ctx *cx, const struct wire_register_ask *ask, bool native, struct wire_registered *out)
{
	static const struct net_header headers[] = { { SV_INIT("Accept"), SV_INIT("application/json") },
						     { SV_INIT("Content-Type"), SV_INIT("application/json") } };
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	CLEANUP(buf_free) struct buf body = BUF(16 << 10);

	out->why[0] = '\0';
	TRY(request(cx, ask, native, &body));
	const struct net_call c = { .purpose = "mcp.register",
				    .method = SV("POST"),
				    .url = ask->at->register_url,
				    .headers = headers,
				    .n_headers = ARRAY_LEN(headers),
				    .body = buf_view(&body),
				    .timeout = TIMEOUT,
				    .max_reply = ANSWER_MOST,
				    .once = NET_ONCE };
	TRY(net_call(cx, ask->net, &c, &reply));
	if (reply.fate == NET_DONE)
		return answer(cx, &reply, out);
	(void)snprintf(out->why, sizeof out->why, "registration: %.180s", reply.detail);
	return OK;
}
struct err wire_register(struct ctx *cx, const struct wire_register_ask *ask, struct wire_registered *out)
{
	*out = (struct wire_registered){ .why = "" };
	TRY(once(cx, ask, ask->loopback, out));
	if (out->why[0] == '\0' || sv_starts(sv_of(out->why), SV("registration: ")))
		return OK;
	return once(cx, ask, !ask->loopback, out); /* some take only the other kind of application */
}
