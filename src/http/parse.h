/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARSE_H
#define PARSE_H
/* parse.h: a head that passed scan.h becomes the fields of struct request.  The only file that knows llhttp.
 *
 * Promises: refuses when llhttp and the scan do not read the same message out of the same bytes; header values are
 * trimmed. Fills method, target, path, query, host, headers; text points into `head` and (host, when it must be
 *           lower-cased) into rq->cx->arena.
 * Needs:    scan.h.
 */
#include "http/request.h"
#include "http/scan.h"
struct parse {
	struct header *headers;
	size_t most;
	bool keep_alive;
};
bool parse_head(struct request *rq, struct sv head, const struct scan *s, struct parse *p, struct refusal *why) MUST_USE
    NONNULL(1, 3, 4, 5);
#endif
