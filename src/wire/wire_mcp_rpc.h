/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_MCP_RPC_H
#define WIRE_MCP_RPC_H
/* wire_mcp_rpc.h: one JSON-RPC message to an MCP server, by POST, and the answer, as JSON or as a stream of events.
 * For wire_mcp*.c only. */
#include "wire/wire_mcp.h"
struct wire_mcp_ask {
	const char *method;
	struct sv params, meta; /* JSON members, without braces; may be empty */
	struct sv name;         /* Mcp-Name; n 0: none */
	const struct wire_mcp_header *headers;
	size_t n_headers; /* Mcp-Param-… */
	size_t most;      /* bytes of the answer */
	bool notice;      /* a notification: no answer but a status */
	bool once;        /* may run once only */
};
struct err wire_mcp_rpc(struct ctx *cx, struct wire_mcp *p, const struct wire_mcp_ask *ask,
			struct wire_mcp_answer *out) MUST_USE NONNULL(1, 2, 3, 4);
#endif
