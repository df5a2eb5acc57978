/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARSE_H
#define PARSE_H
/* parse.h: a head that passed scan.h becomes the fields of struct request.  The only file that knows llhttp.
 *
 * Promises: a head that llhttp reads is refused when it and the scan do not read the same message out of the same
 * bytes; header values are trimmed. Fills method, target, path, query, host, headers; text points into `head` and
 * (host, when it must be lower-cased) into rq->cx->arena. Needs:    scan.h.
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
/* The same by llhttp alone.  parse_head asks it for whatever is not the plain HTTP/1.1 request with a length or without
 * a body that nearly every client sends; tests and fuzzing hold the two against each other on the others as well. */
bool parse_head_long(struct request *rq, struct sv head, const struct scan *s, struct parse *p,
		     struct refusal *why) MUST_USE NONNULL(1, 3, 4, 5);
#endif
