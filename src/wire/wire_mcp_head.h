/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_MCP_HEAD_H
#define WIRE_MCP_HEAD_H
/* wire_mcp_head.h: the headers that an MCP server is sent.  For wire_mcp*.c only. */
#include "net/net.h"
#include "wire/wire_mcp_rpc.h"
enum { WIRE_MCP_HEADS = 128 };
struct wire_mcp_heads { /* names and values live as long as what they were made of */
	struct net_header v[WIRE_MCP_HEADS];
	size_t n;
	struct buf token;
};
void wire_mcp_head_clear(struct wire_mcp_heads *h) NONNULL(1);
/* Of a message by POST. */
struct err wire_mcp_head_post(struct ctx *cx, const struct wire_mcp *p, const struct wire_mcp_ask *ask,
			      struct wire_mcp_heads *h) MUST_USE NONNULL(1, 2, 3, 4);
/* Of a GET for what follows that event, or n 0 of a DELETE of the session (before 2026-07-28). */
struct err wire_mcp_head_session(struct ctx *cx, const struct wire_mcp *p, struct sv event_id,
				 struct wire_mcp_heads *h) MUST_USE NONNULL(1, 2, 4);
#endif
