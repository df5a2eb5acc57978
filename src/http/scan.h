/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCAN_H
#define SCAN_H
/* scan.h: looks at the raw bytes of a request's head before any parser does.
 *
 * Owns:     the strict reading of line ends, of the request line's shape and of the headers that decide where the
 *           message ends (RFC 9112 sections 2.2, 3, 5 and 6).  A parser behind it sees only what passed here.
 * Promises: CR and LF only as pairs; no NUL or other control character but TAB in a value; no line that begins with
 * white space; a colon right behind every name; exactly one Host on HTTP/1.1; Content-Length (digits only, once) or
 *           Transfer-Encoding ("chunked", once, HTTP/1.1 only), never both; at most one Authorization, so that a proxy
 *           that checks one of two and we that read the other cannot disagree on who asks; sizes within the limits.
 * Needs:    core only.  Bytes may come in pieces: nothing is looked at twice but an unfinished line.
 */
#include "core/base.h"
enum { MAX_TARGET = 8192, MAX_METHOD = 16 };

struct refusal {
	int status;
	const char *say;
}; /* status 0: none; say is a plain sentence */
struct scan_limits {
	size_t header_bytes, body_bytes;
};

/* What is known of a head so far; all zero at its beginning.  Offsets count from the request's first byte. */
struct scan {
	size_t line;   /* where the line being read begins */
	size_t start;  /* where the request line begins: empty lines before it are passed over */
	size_t head_n; /* bytes of the head with its empty line; 0: not all there yet */
	size_t lines;  /* whole lines seen, the request line included */
	uint64_t content_length;
	int minor; /* HTTP/1.minor: 0 or 1 */
	int hosts;
	bool has_length, has_coding, expects,
	    authorized; /* expects: "Expect: 100-continue"; authorized: Authorization */
};
/* Reads on in p[0..n), the request's bytes from the first.  false: refused, *why says how to answer. */
bool scan_head(struct scan *s, struct sv bytes, const struct scan_limits *limits, struct refusal *why) MUST_USE
    NONNULL(1, 3, 4);
/* Characters a header's name or a method may have (RFC 9110 section 5.6.2). */
bool scan_is_token(struct sv s);
/* How many bytes from the front hold no control character other than TAB. */
size_t scan_plain(const char *p, size_t n) NONNULL(1);
#endif
