/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ETAG_H
#define ETAG_H
/* etag.h: the version of a single thing, as the header ETag and as the field "etag" of its JSON, and what a caller says
 * of it (RFC 9110 sections 8.8.3, 13.1).
 *
 * Promises: one strong tag, the same text in header and field.  A tag that is not ours is of no version, so it never
 *           matches.  Without a condition everything is as it was before there were tags.
 */
#include "http/request.h"
enum { ETAG_TEXT = 24 };
void etag_write(struct request *rq, int64_t version) NONNULL(1); /* the header */
void etag_field(struct jout *w, int64_t version) NONNULL(1);     /* the member */
/* If-Match and If-None-Match, "*" or lists of tags, into cx->want; for routes that say `tagged`.  A weak tag never
 * matches for If-Match, since it does not say that nothing has changed.  E_BAD_INPUT: more than WANT_VERSIONS. */
struct err etag_ask(struct request *rq) MUST_USE NONNULL(1);
#endif
