/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_SSE_H
#define WIRE_SSE_H
/* wire_sse.h: server-sent events, as MCP servers answer with them (WHATWG HTML 9.2.6).
 *
 * Promises: lines end in LF, CR or CRLF, wherever the pieces are cut; several data lines are joined by LF; comments,
 *           events without data and events of another type than "message" are passed over.  Memory is bounded by
 *           `max`; more than that in one line or event breaks the reader for good.  An id counts once its event has
 *           ended, whatever else the event holds; one that no header could carry back counts as none.
 */
#include "core/buf.h"
enum { WIRE_SSE_ID = 256 };
struct wire_sse {
	struct buf line, data; /* make with WIRE_SSE */
	char id[WIRE_SSE_ID];  /* of the last event; "" without one */
	char next_id[WIRE_SSE_ID];
	int64_t retry; /* microseconds before the stream is asked for again; -1: not told */
	bool after_cr, begun, ready, has_data, other_type;
};
#define WIRE_SSE(max_bytes) ((struct wire_sse){ .line = BUF(max_bytes), .data = BUF(max_bytes), .retry = -1 })
void wire_sse_clear(struct wire_sse *s) NONNULL(1);
/* Reads on until an event is whole: true, its data is in *event until the next call, and *rest is what was not read.
 * false: *rest is used up, or the reader is broken. */
bool wire_sse_next(struct wire_sse *s, struct sv *rest, struct sv *event) MUST_USE NONNULL(1, 2, 3);
/* The next bytes are of another stream, which goes on where the last event ended. */
void wire_sse_again(struct wire_sse *s) NONNULL(1);
static inline bool wire_sse_broken(const struct wire_sse *s) { return !buf_ok(&s->line) || !buf_ok(&s->data); }
#endif
