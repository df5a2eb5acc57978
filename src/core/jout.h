/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOUT_H
#define JOUT_H
/* jout.h: write JSON into a buf; the error is sticky and checked once, at jout_done.  key is NULL inside a list. */
#include "core/buf.h"
#include "core/node.h"
struct jout {
	struct buf *b;
	int depth;
	bool comma;
	bool broken;
};
#define JOUT(bufp) ((struct jout){ .b = (bufp) })
void jout_open(struct jout *w, const char *key) NONNULL(1); /* { */
void jout_close(struct jout *w) NONNULL(1);
void jout_list(struct jout *w, const char *key) NONNULL(1); /* [ */
void jout_list_end(struct jout *w) NONNULL(1);
void jout_str(struct jout *w, const char *key, struct sv v) NONNULL(1);    /* p NULL writes null */
void jout_strz(struct jout *w, const char *key, const char *z) NONNULL(1); /* NULL writes null */
void jout_i64(struct jout *w, const char *key, int64_t v) NONNULL(1);
void jout_bool(struct jout *w, const char *key, bool v) NONNULL(1);
void jout_null(struct jout *w, const char *key) NONNULL(1);
void jout_time(struct jout *w, const char *key, int64_t usec) NONNULL(1);         /* RFC 3339; 0 writes null */
void jout_node(struct jout *w, const char *key, const struct node *n) NONNULL(1); /* NULL writes null */
void jout_raw(struct jout *w, const char *key, struct sv json) NONNULL(1);        /* trusted JSON text of our own */
/* A key that is not a C literal (maps with outside names). */
void jout_key(struct jout *w, struct sv key) NONNULL(1); /* then the value with key NULL */
struct err jout_done(struct ctx *cx, const struct jout *w) MUST_USE NONNULL(1, 2);
#endif
