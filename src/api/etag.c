/* SPDX-License-Identifier: Apache-2.0 */
#include "api/etag.h"
#include "core/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 16 };

static void text_of(int64_t version, char out[static ETAG_TEXT])
{
	(void)snprintf(out, ETAG_TEXT, "\"%016" PRIx64 "\"", (uint64_t)version);
}
static int64_t version_of(struct sv tag)
{
	static const char hex[] = "0123456789abcdef";
	uint64_t v = 0;

	if (tag.n != DIGITS + 2 || tag.p[0] != '"' || tag.p[DIGITS + 1] != '"')
		return -1;
	for (size_t i = 1; i <= DIGITS; i++) {
		const char *at = memchr(hex, tag.p[i], DIGITS);

		if (at == NULL)
			return -1;
		v = v << 4 | (uint64_t)(at - hex);
	}
	return v <= INT64_MAX ? (int64_t)v : -1;
}

void etag_write(struct request *rq, int64_t version)
{
	char z[ETAG_TEXT];

	text_of(version, z);
	http_header(rq, "ETag", sv_of(z));
}

void etag_field(struct jout *w, int64_t version)
{
	char z[ETAG_TEXT];

	text_of(version, z);
	jout_strz(w, "etag", z);
}

void etag_ask(struct request *rq)
{
	struct sv match = http_header_in(rq, "If-Match"), none = http_header_in(rq, "If-None-Match");

	rq->cx->want = (struct precondition){ WANT_ANY, 0 };
	if (match.p != NULL)
		rq->cx->want = sv_eqz(sv_trim(match), "*")
				   ? (struct precondition){ WANT_THERE, 0 }
				   : (struct precondition){ WANT_VERSION, version_of(sv_trim(match)) };
	else if (none.p != NULL && sv_eqz(sv_trim(none), "*"))
		rq->cx->want = (struct precondition){ WANT_ABSENT, 0 };
}
