/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/jout.h"
#include "core/text.h"
#include "net/net.h"
#include "wire/wire_mcp_head.h"
#include "wire/wire_mcp_read.h"
#include "wire/wire_mcp_rpc.h"
#include <stdio.h>

/* Which revision a server speaks (the table of the specification's "backward compatibility"), and the handshake of the
 * older ones. */
#define MODERN "2026-07-28"
#define OFFER  "2025-11-25"
enum { MOST = 1 << 20, UNSUPPORTED_VERSION = -32022, HEADER_MISMATCH = -32020, MISSING_CAPABILITY = -32021 };

static void speak(struct wire_mcp *p, const char *version)
{
	(void)snprintf(p->version, sizeof p->version, "%s", version);
}
static bool legacy(struct sv version)
{
	static const char *const known[] = { OFFER, "2025-06-18", "2025-03-26", "2024-11-05" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (sv_eqz(version, known[i]))
			return true;
	return false;
}
struct offer {
	bool modern, older, told;
	char list[120];
};
static void append(char *to, size_t cap, struct sv s)
{
	size_t at = strlen(to), n = s.n < cap - 1 - at ? s.n : cap - 1 - at;

	memcpy(to + at, s.p, n);
	to[at + n] = '\0';
}
static void offer_of(const struct node *versions, struct offer *o)
{
	*o = (struct offer){ .told = versions != NULL && versions->kind == NODE_LIST };
	for (const struct node *v = o->told ? versions->first : NULL; v != NULL; v = v->next) {
		struct sv word = node_text(v);

		o->modern = o->modern || sv_eqz(word, MODERN);
		o->older = o->older || legacy(word);
		if (!text_is_id(word, 20, "-."))
			continue;
		append(o->list, sizeof o->list, o->list[0] == '\0' ? SV("") : SV(", "));
		append(o->list, sizeof o->list, word);
	}
}
static void identify(const struct node *info, const struct node *result, struct wire_mcp_server *server)
{
	server->name = node_text_at(info, "name");
	server->version = node_text_at(info, "version");
	server->instructions = node_text_at(result, "instructions");
}
/* What this answer to the probe says of the server. */
enum verdict { V_MODERN, V_LEGACY, V_LEGACY_UNSETTLED, V_STOP };

static enum verdict of_error(const struct wire_mcp_answer *a)
{
	struct offer o;

	if (a->code == HEADER_MISMATCH || a->code == MISSING_CAPABILITY)
		return V_STOP; /* a modern server; the mistake is ours */
	if (a->code != UNSUPPORTED_VERSION)
		return V_LEGACY;
	offer_of(node_get(a->data, "supported"), &o);
	return o.older || !o.told ? V_LEGACY : V_STOP;
}
static enum verdict verdict_of(const struct wire_mcp_answer *a)
{
	struct offer o;

	switch (a->fate) {
	case MCP_ANSWERED:
		offer_of(node_get(a->result, "supportedVersions"), &o);
		return o.modern ? V_MODERN : V_LEGACY;
	case MCP_ERROR: return of_error(a);
	case MCP_REFUSED:
		return a->status == 500 || a->status == 501  ? V_LEGACY_UNSETTLED
		       : a->status >= 400 && a->status < 500 ? V_LEGACY
							     : V_STOP;
	case MCP_UNREADABLE: return V_LEGACY;
	case MCP_UNREACHABLE:
	case MCP_TIMEOUT:
	case MCP_CUT:
	case MCP_BUSY:
	case MCP_NO_TOKEN:
	case MCP_NO_SCOPE:
	default: return V_STOP;
	}
}
static void of_offer(struct wire_mcp_answer *out)
{
	char text[230];
	struct offer o;

	if (out->fate != MCP_ERROR || out->code != UNSUPPORTED_VERSION)
		return;
	offer_of(node_get(out->data, "supported"), &o);
	(void)snprintf(text, sizeof text, "the server speaks other revisions of MCP than this engine: %s",
		       o.list[0] == '\0' ? "it names none" : o.list);
	wire_mcp_read_say(out, MCP_REFUSED, text);
}

/* ---- 2026-07-28 ---- */
static struct err discover(struct ctx *cx, struct wire_mcp *p, struct wire_mcp_server *server,
			   struct wire_mcp_answer *out)
{
	speak(p, MODERN);
	TRY(wire_mcp_rpc(cx, p, &(struct wire_mcp_ask){ .method = "server/discover", .most = MOST }, out));
	if (out->fate != MCP_ANSWERED)
		return OK;
	const struct node *meta = node_get(out->result, "_meta");
	identify(node_get(meta, "io.modelcontextprotocol/serverInfo"), out->result, server);
	return OK;
}

/* ---- before it ---- */
static struct err initialized(struct ctx *cx, struct wire_mcp *p)
{
	struct wire_mcp_answer a;

	/* A server that does not care for it goes on all the same; one that does says so at the next request. */
	return wire_mcp_rpc(
	    cx, p, &(struct wire_mcp_ask){ .method = "notifications/initialized", .most = MOST, .notice = true }, &a);
}
static struct err initialize(struct ctx *cx, struct wire_mcp *p, struct wire_mcp_server *server,
			     struct wire_mcp_answer *out)
{
	static const struct sv params = SV_INIT("\"protocolVersion\":\"" OFFER "\",\"capabilities\":{},\"clientInfo\":"
						"{\"name\":\"tokenbooth\",\"version\":\"" TOKENBOOTH_VERSION "\"}");

	p->version[0] = p->session[0] = '\0';
	TRY(wire_mcp_rpc(cx, p, &(struct wire_mcp_ask){ .method = "initialize", .params = params, .most = MOST }, out));
	if (out->fate == MCP_REFUSED && (out->status == 400 || out->status == 404 || out->status == 405))
		wire_mcp_read_say(
		    out, MCP_REFUSED,
		    "the server takes no Streamable HTTP at this address; the older HTTP+SSE transport is not "
		    "supported");
	if (out->fate != MCP_ANSWERED)
		return OK;
	struct sv version = node_text_at(out->result, "protocolVersion");
	if (!legacy(version)) {
		wire_mcp_read_say(out, MCP_REFUSED,
				  "the server answers with a revision of MCP that this engine does not speak");
		return OK;
	}
	if (!sv_copy(version, p->version, sizeof p->version))
		return fail(cx, E_INTERNAL, "internal error", "revision");
	identify(node_get(out->result, "serverInfo"), out->result, server);
	return initialized(cx, p);
}

/* ---- all of it ---- */
struct err wire_mcp_greet(struct ctx *cx, struct wire_mcp *p, struct wire_mcp_server *server, bool *settled,
			  struct wire_mcp_answer *out)
{
	bool known = p->version[0] != '\0';
	enum verdict v = known && !wire_mcp_modern(p) ? V_LEGACY : V_MODERN;

	*server = (struct wire_mcp_server){ .name = SV_NONE };
	*out = (struct wire_mcp_answer){ .fate = MCP_ANSWERED };
	*settled = true;
	if (v == V_MODERN) {
		TRY(discover(cx, p, server, out));
		v = verdict_of(out);
	}
	if (v == V_MODERN)
		return OK;
	if (v == V_STOP) {
		*settled = false;
		of_offer(out);
		return OK;
	}
	*settled = v == V_LEGACY;
	TRY(initialize(cx, p, server, out));
	if (out->fate == MCP_ERROR && out->code == UNSUPPORTED_VERSION) { /* it is a modern one after all */
		TRY(discover(cx, p, server, out));
		of_offer(out);
	}
	*settled = *settled && out->fate == MCP_ANSWERED;
	return OK;
}
void wire_mcp_leave(struct ctx *cx, struct wire_mcp *p, int64_t most)
{
	CLEANUP(net_reply_clear) struct net_reply got = { .sent = false };
	CLEANUP(wire_mcp_head_clear) struct wire_mcp_heads h = { .n = 0 };

	int64_t left = p->deadline - clock_mono();

	if (p->session[0] == '\0' || left <= 0) {
		p->session[0] = '\0';
		return;
	}
	struct err e = wire_mcp_head_session(cx, p, SV(""), &h);
	const struct net_call c = { .purpose = "mcp.leave",
				    .method = SV("DELETE"),
				    .url = p->uri,
				    .headers = h.v,
				    .n_headers = h.n,
				    .timeout = most < left ? most : left,
				    .max_reply = MOST };
	if (IS_ERR(e) || IS_ERR(net_call(cx, p->net, &c, &got)))
		(void)forgive(cx);
	p->session[0] = '\0';
}
