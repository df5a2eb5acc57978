/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_SSE_H
#define WIRE_SSE_H
/* wire_sse.h: server-sent events, as MCP servers answer with them (WHATWG HTML 9.2.6).
 *
 * Promises: lines end in LF, CR or CRLF, wherever the pieces are cut; several data lines are joined by LF; comments,
 *           events without data and events of another type than "message" are passed over.  Memory is bounded by
 *           `max`; more than that in one line or event breaks the reader for good.
 */
#include "core/buf.h"
struct wire_sse {
	struct buf line, data; /* make with WIRE_SSE */
	bool after_cr, begun, ready, has_data, other_type;
};
#define WIRE_SSE(max_bytes) ((struct wire_sse){ .line = BUF(max_bytes), .data = BUF(max_bytes) })
void wire_sse_clear(struct wire_sse *s) NONNULL(1);
/* Reads on until an event is whole: true, its data is in *event until the next call, and *rest is what was not read.
 * false: *rest is used up, or the reader is broken. */
bool wire_sse_next(struct wire_sse *s, struct sv *rest, struct sv *event) MUST_USE NONNULL(1, 2, 3);
static inline bool wire_sse_broken(const struct wire_sse *s) { return !buf_ok(&s->line) || !buf_ok(&s->data); }
#endif
