/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_MCP_PARAM_H
#define WIRE_MCP_PARAM_H
/* wire_mcp_param.h: arguments of a call that go into headers too (x-mcp-header, 2026-07-28), and how a header carries
 * text.
 *
 * Promises: a tool whose annotations break a rule is told apart, with the reason: it must not be offered.
 */
#include "wire/wire_mcp.h"
enum { WIRE_MCP_PARAMS_MOST = 32 };
/* Of an inputSchema: a list of {"header":"Region","path":["where","region"],"type":"string"} into w.  *why: NULL, or
 * what is wrong with it: a constant sentence. */
struct jout;
struct err wire_mcp_param_find(struct ctx *cx, const struct node *schema, struct jout *w, const char **why) MUST_USE
    NONNULL(1, 3, 4);
/* The headers of one call: names and values in cx->arena.  *why as above: a value that does not fit its type. */
struct err wire_mcp_param_headers(struct ctx *cx, const struct node *mirror, const struct node *arguments,
				  struct wire_mcp_header out[static WIRE_MCP_PARAMS_MOST], size_t *n) MUST_USE
    NONNULL(1, 4, 5);
/* As it is, or "=?base64?…?=" when a header cannot carry it (or it looks like that itself); in cx->arena. */
struct err wire_mcp_param_text(struct ctx *cx, struct sv text, struct sv *out) MUST_USE NONNULL(1, 3);
#endif
