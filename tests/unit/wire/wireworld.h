/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIREWORLD_H
#define WIREWORLD_H
/* wireworld.h: net as the tests of wire see it: what was sent is kept, what comes back is scripted.  Takes net/'s place
 * at link time. */
#include "net/net.h"
#include "wire/wire.h"
#include "wire/wire_mcp.h"
struct world_reply {
	enum net_fate fate;
	bool sent;
	int status;
	const char *type, *body;
	size_t body_n; /* 0: the text's length */
	int64_t retry_after_s;
};
struct world_sent {
	char method[8], url[2048], headers[4096], body[4096], agent[200];
	enum net_once once;
	bool redirects;
	int64_t timeout;
};
/* The next call gets this; several wait in order (at most 8). */
void world_answer(struct world_reply r);
static inline void world_json(int status, const char *body)
{
	world_answer((struct world_reply){ NET_DONE, true, status, "application/json", body, 0, 0 });
}
const struct world_sent *world_sent(size_t i); /* 0: the first since world_start */
size_t world_calls(void);
void world_start(void);
/* A client of a definition of the library (id) with patch (YAML, may be NULL) merged over it; lives until the test
 * ends. */
struct wire_client *world_client(struct ctx *cx, const char *id, const char *patch);
/* The reply of "token endpoint" to a redeem of code "C0DE" with verifier of 43 x. */
struct err world_redeem(struct ctx *cx, const struct wire_client *c, struct token_set *out, struct wire_outcome *how);
struct err world_refresh(struct ctx *cx, const struct wire_client *c, struct token_set *out, struct wire_outcome *how);
/* An MCP server whose revision is known ("": it is not). */
struct wire_mcp world_mcp(const char *version);
#define RPC(members) "{\"jsonrpc\":\"2.0\"," members "}"
bool world_has(const char *text, const char *part);
#endif
