/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_mcp_head.h"
#include "core/text.h"

enum { TOKEN_MOST = 20 << 10 };

void wire_mcp_head_clear(struct wire_mcp_heads *h) { buf_free(&h->token); }

static void head(struct wire_mcp_heads *h, struct sv name, struct sv value)
{
	if (h->n < WIRE_MCP_HEADS)
		h->v[h->n++] = (struct net_header){ name, value };
}
/* Who asks: what the operator had put in, and the user's token in place of his. */
static struct err put_who(struct ctx *cx, const struct wire_mcp *p, struct wire_mcp_heads *h)
{
	for (size_t i = 0; i < p->n_headers; i++)
		if (p->token == NULL || !sv_ieq(p->headers[i].name, SV("Authorization")))
			head(h, p->headers[i].name, p->headers[i].value);
	if (p->token == NULL)
		return OK;
	h->token = BUF(TOKEN_MOST);
	buf_str(&h->token, "Bearer ");
	buf_sv(&h->token, secret_view(p->token));
	head(h, SV("Authorization"), buf_view(&h->token));
	return buf_done(cx, &h->token, "the user's token");
}
struct err wire_mcp_head_post(struct ctx *cx, const struct wire_mcp *p, const struct wire_mcp_ask *ask,
			      struct wire_mcp_heads *h)
{
	head(h, SV("Content-Type"), SV("application/json"));
	head(h, SV("Accept"), SV("application/json, text/event-stream"));
	if (p->version[0] != '\0' && strcmp(ask->method, "initialize") != 0)
		head(h, SV("MCP-Protocol-Version"), sv_of(p->version));
	if (wire_mcp_modern(p)) {
		head(h, SV("Mcp-Method"), sv_of(ask->method));
		if (ask->name.n > 0)
			head(h, SV("Mcp-Name"), ask->name);
	} else if (p->session[0] != '\0') {
		head(h, SV("Mcp-Session-Id"), sv_of(p->session));
	}
	for (size_t i = 0; i < ask->n_headers; i++)
		head(h, ask->headers[i].name, ask->headers[i].value);
	return put_who(cx, p, h);
}
struct err wire_mcp_head_session(struct ctx *cx, const struct wire_mcp *p, struct sv event_id, struct wire_mcp_heads *h)
{
	head(h, SV("MCP-Protocol-Version"), sv_of(p->version));
	if (p->session[0] != '\0')
		head(h, SV("Mcp-Session-Id"), sv_of(p->session));
	if (event_id.n > 0) {
		head(h, SV("Accept"), SV("text/event-stream"));
		head(h, SV("Last-Event-ID"), event_id);
	}
	return put_who(cx, p, h);
}
