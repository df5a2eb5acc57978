/* SPDX-License-Identifier: Apache-2.0 */
#include "wireworld.h"
#include "core/text.h"
#include "core/ydoc.h"
#include "tt.h"
#include <stdlib.h>

enum { MOST = 8 };
static struct world_reply replies[MOST];
static struct world_sent sent[MOST];
static size_t n_replies, n_sent;
/* What tests made and nobody else frees. */
static struct pdef_library *library;
static struct pdef *def;
static struct secret *client_secret;

void world_start(void)
{
	n_replies = n_sent = 0;
	memset(sent, 0, sizeof sent);
	pdef_drop(&def);
	pdef_library_drop(&library);
	secret_drop(&client_secret);
}

void world_answer(struct world_reply r)
{
	CHECK(n_replies < MOST);
	replies[n_replies++] = r;
}

const struct world_sent *world_sent(size_t i)
{
	CHECK(i < n_sent);
	return &sent[i];
}

size_t world_calls(void) { return n_sent; }
bool world_has(const char *text, const char *part) { return strstr(text, part) != NULL; }

static void keep(const struct net_call *call, struct world_sent *s)
{
	size_t n = 0;

	CHECK(sv_copy(call->method, s->method, sizeof s->method));
	CHECK(sv_copy(call->url, s->url, sizeof s->url));
	CHECK(sv_copy(call->body, s->body, sizeof s->body));
	if (call->user_agent.p != NULL)
		CHECK(sv_copy(call->user_agent, s->agent, sizeof s->agent));
	for (size_t i = 0; i < call->n_headers; i++) {
		int k = snprintf(s->headers + n, sizeof s->headers - n, "%.*s: %.*s\n", SV_FMT(call->headers[i].name),
				 SV_FMT(call->headers[i].value));
		n += k > 0 ? (size_t)k : 0;
	}
	s->once = call->once;
	s->redirects = call->redirects;
	s->timeout = call->timeout;
}

struct err net_call(struct ctx *cx, struct net *n, const struct net_call *call, struct net_reply *out)
{
	static size_t next;

	(void)n;
	if (n_sent == 0)
		next = 0;
	CHECK(n_sent < MOST && call->timeout > 0 && call->max_reply > 0);
	keep(call, &sent[n_sent++]);
	*out = (struct net_reply){ .body = BUF(call->max_reply) };
	if (call->may_send != NULL && !call->may_send(call->may_send_arg)) {
		out->fate = NET_NOT_SENT;
		return OK;
	}
	CHECK(next < n_replies);
	const struct world_reply *r = &replies[next++];
	out->fate = r->fate;
	out->sent = r->sent;
	out->status = r->status;
	out->retry_after_s = r->retry_after_s;
	out->took = 1;
	if (call->want_header != NULL && strcmp(call->want_header, "X-Granted") == 0)
		(void)snprintf(out->header, sizeof out->header, "h1, h2");
	(void)snprintf(out->ct_, sizeof out->ct_, "%s", r->type == NULL ? "" : r->type);
	out->content_type = sv_of(out->ct_);
	if (r->body != NULL)
		buf_add(&out->body, r->body, r->body_n > 0 ? r->body_n : strlen(r->body));
	if (call->more != NULL &&
	    out->body.n > 0) { /* who reads along is handed it in two pieces, and it is not kept */
		struct sv all = buf_view(&out->body);

		if (call->more(call->more_arg, out, sv_upto(all, all.n / 2)))
			(void)call->more(call->more_arg, out, sv_from(all, all.n / 2));
		buf_clear(&out->body);
	}
	return buf_done(cx, &out->body, "reply");
}

void net_reply_clear(struct net_reply *r)
{
	buf_free(&r->body);
	buf_free(&r->headers);
}

/* Never looked into: net.h is linked in its place. */
static struct net *no_net(void)
{
	static int nothing;

	return (struct net *)(void *)&nothing;
}
struct wire_mcp world_mcp(const char *version)
{
	struct wire_mcp p = { .net = no_net(),
			      .uri = SV("http://127.0.0.1:1/mcp"),
			      .deadline = clock_mono() + SEC(60) };

	CHECK(sv_copy(sv_of(version), p.version, sizeof p.version));
	return p;
}

struct wire_client *world_client(struct ctx *cx, const char *id, const char *patch)
{
	struct wire_client *c = arena_alloc(cx->arena, sizeof *c);
	struct node *more = NULL;
	const struct node *tree;

	world_start();
	CHECK(!IS_ERR(pdef_library_load(cx, NULL, true, &library)));
	tree = pdef_library_find(library, sv_of(id));
	CHECK(tree != NULL && c != NULL);
	if (patch != NULL) {
		CHECK(!IS_ERR(ydoc_parse(cx, sv_of(patch), "patch.yaml", &more)));
		tree = node_merge(cx->arena, tree, more);
	}
	struct err e = pdef_load(cx, tree, &(struct pdef_how){ .id = id, .development = true }, &def);
	if (IS_ERR(e))
		fprintf(stderr, "%s\n", cx->cause.say);
	CHECK(!IS_ERR(e));
	client_secret = secret_copy(SV("s3cr&t value"));
	*c = (struct wire_client){ .net = no_net(),
				   .def = def,
				   .client_id = SV("client:1"),
				   .client_secret = client_secret,
				   .redirect_uri = SV("http://localhost:9099/api/v1/oauth/ap_x/callback") };
	return c;
}

struct err world_redeem(struct ctx *cx, const struct wire_client *c, struct token_set *out, struct wire_outcome *how)
{
	return wire_redeem(cx, c,
			   &(struct wire_redeem){ .code = SV("C0DE"),
						  .verifier = SV("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
						  .gate = { .timeout = SEC(5) } },
			   out, how);
}

struct err world_refresh(struct ctx *cx, const struct wire_client *c, struct token_set *out, struct wire_outcome *how)
{
	struct secret *refresh = secret_copy(SV("old-refresh")), *access = secret_copy(SV("old-access"));
	struct err e = wire_refresh(
	    cx, c, &(struct wire_refresh){ .refresh = refresh, .access = access, .gate = { .timeout = SEC(5) } }, out,
	    how);

	secret_free(refresh);
	secret_free(access);
	return e;
}
