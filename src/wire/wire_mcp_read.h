/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_MCP_READ_H
#define WIRE_MCP_READ_H
/* wire_mcp_read.h: what an MCP server says to one message, as JSON or as a stream of events, read until the answer is
 * found in it.  For wire_mcp*.c only. */
#include "net/net.h"
#include "wire/wire_mcp_rpc.h"
#include "wire/wire_sse.h"
struct wire_mcp_reading {
	struct ctx *cx;
	struct wire_mcp *p;
	const struct wire_mcp_ask *ask;
	struct wire_mcp_answer *out;
	struct sv url;
	struct wire_sse sse;
	struct buf whole; /* an answer that is no stream */
	size_t seen;      /* bytes, of all streams of this answer */
	int asked;        /* requests of the server */
	bool streams, found;
	bool stuck;   /* nothing more is to be had */
	struct err e; /* trouble of our own */
};
void wire_mcp_read_clear(struct wire_mcp_reading *r) NONNULL(1);
/* For net_call's `more`; arg: the reading. */
bool wire_mcp_read_piece(void *arg, const struct net_reply *so_far, struct sv piece);
/* The POST is over: what came of it. */
struct err wire_mcp_read_settle(struct wire_mcp_reading *r, const struct net_reply *reply) MUST_USE NONNULL(1, 2);
/* A GET for the rest of its stream is over.  Nothing is the answer of that GET itself: the call was made. */
struct err wire_mcp_read_rest(struct wire_mcp_reading *r, const struct net_reply *reply) MUST_USE NONNULL(1, 2);
void wire_mcp_read_late(struct wire_mcp_answer *out) NONNULL(1); /* the rest did not come before the deadline */
void wire_mcp_read_say(struct wire_mcp_answer *out, enum wire_mcp_fate fate, const char *what) NONNULL(1, 3);
#endif
