/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHUNK_H
#define CHUNK_H
/* chunk.h: takes a chunked body (RFC 9112 section 7.1) apart in place, byte by byte and strictly.
 *
 * Promises: sizes are hexadecimal digits that fit; CR and LF only as pairs; trailers are read with the same care as
 *           headers and then forgotten; the overhead (extensions, trailers) is bounded.
 */
#include "http/scan.h"
enum chunk_at {
	CHUNK_SIZE,
	CHUNK_EXT,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER,
	CHUNK_TRAILER_LF,
	CHUNK_LAST_LF,
	CHUNK_DONE
};
struct chunk {
	enum chunk_at at;
	uint64_t left;      /* of the chunk being read */
	int digits;         /* of its size */
	bool name;          /* in a trailer's name */
	size_t line, extra; /* bytes of the trailer line so far; bytes of extensions and trailers so far */
};
/* Reads base[*raw..n) and moves what belongs to the body to base[*body..), *body never beyond *raw.  Stops at the end
 * of the message (at == CHUNK_DONE) or when everything is read.  false: refused. */
struct chunk_place {
	size_t body, raw, n;
};
bool chunk_feed(struct chunk *c, char *base, struct chunk_place *at, const struct scan_limits *limits,
		struct refusal *why) MUST_USE NONNULL(1, 2, 3, 4, 5);
#endif
