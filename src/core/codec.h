/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_H
#define CODEC_H
/* codec.h: base64, base64url, hex, percent, form.  Appends to a buf; decoding refuses anything not canonical. */
#include "core/buf.h"
void enc_b64(struct buf *b, struct sv in) NONNULL(1);
void enc_b64url(struct buf *b, struct sv in) NONNULL(1); /* no padding */
void enc_hex(struct buf *b, struct sv in) NONNULL(1);
/* Into a place that is large enough, ended by a NUL: nothing is allocated, so these cannot fail. */
void enc_b64url_text(struct sv in, char *out, size_t cap) NONNULL(2);
void enc_hex_text(struct sv in, char *out, size_t cap) NONNULL(2);
void enc_pct(struct buf *b, struct sv in) NONNULL(1);             /* RFC 3986 unreserved stay; space is %20 */
void enc_form(struct buf *b, struct sv in) NONNULL(1);            /* x-www-form-urlencoded; space is + */
void enc_html(struct buf *b, struct sv in) NONNULL(1);            /* & < > " ' */
bool dec_b64(struct buf *b, struct sv in) MUST_USE NONNULL(1);    /* padding required */
bool dec_b64url(struct buf *b, struct sv in) MUST_USE NONNULL(1); /* no padding allowed */
bool dec_hex(struct buf *b, struct sv in) MUST_USE NONNULL(1);
bool dec_pct(struct buf *b, struct sv in) MUST_USE NONNULL(1);  /* + stays +; bad %XX or NUL refused */
bool dec_form(struct buf *b, struct sv in) MUST_USE NONNULL(1); /* + is space */
/* One pair of a query or form body at a time; name and value decoded into the arena. false: end or malformed (*bad;
 * or there was no memory: arena_starved). */
struct pair {
	struct sv name, value;
};
bool form_next(struct arena *a, struct sv *rest, struct pair *out, bool *bad) MUST_USE NONNULL(1, 2, 3, 4);
/* Adds name=value with & between; for building queries and forms. */
void form_add(struct buf *b, struct sv name, struct sv value) NONNULL(1);
#endif
