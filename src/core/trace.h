/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRACE_H
#define TRACE_H
/* trace.h: W3C Trace Context (Recommendation, version 00): the header traceparent read, made and passed on.
 *
 * Promises: what does not follow the rules to the letter is refused, and its reader begins a new trace
 * (section 3.2.2.5). Of the flags only "sampled" is kept.  Ids of ours are never zero and tell nothing of the process.
 *           tracestate is not read: it holds other vendors' words, and we have none to add.
 */
#include "core/base.h"
struct trace {
	uint8_t id[16], span[8]; /* span: of the caller, when it came from outside */
	uint8_t flags;
};
enum { TRACE_TEXT = 56, TRACE_ID_TEXT = 33 };
bool trace_parse(struct sv header, struct trace *out) MUST_USE NONNULL(2);
void trace_text(const struct trace *t, char out[static TRACE_TEXT]) NONNULL(1);       /* "00-…-…-01" */
void trace_id_text(const struct trace *t, char out[static TRACE_ID_TEXT]) NONNULL(1); /* 32 hex digits */
void trace_new(struct trace *out) NONNULL(1);                                         /* random */
void trace_child(const struct trace *t, struct trace *out) NONNULL(1, 2); /* the same trace, a span of its own */
/* New traces by the thousand: random once, then mixed from a count.  One thread. */
struct trace_source {
	uint64_t seed[3], n;
};
void trace_source(struct trace_source *s) NONNULL(1);
void trace_next(struct trace_source *s, struct trace *out) NONNULL(1, 2);
#endif
