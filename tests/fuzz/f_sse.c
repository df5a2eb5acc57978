/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events: a byte for the length of the pieces, the rest is the stream.  Read whole and read in pieces, it
 * holds the same events. */
#include "core/text.h"
#include "fuzz.h"
#include "wire/wire_sse.h"

enum { MOST = 4096 };

/* Every event, each behind its length. */
static bool events(struct sv text, size_t step, struct buf *out)
{
	struct wire_sse s = WIRE_SSE(MOST);

	for (size_t at = 0; at < text.n && !wire_sse_broken(&s); at += step) {
		struct sv rest = sv_upto(sv_from(text, at), step), event;

		while (wire_sse_next(&s, &rest, &event)) {
			MUST(event.p != NULL && event.n > 0 && event.n <= MOST && !wire_sse_broken(&s));
			MUST(memchr(event.p, '\r', event.n) == NULL);
			buf_i64(out, (int64_t)event.n);
			buf_char(out, ':');
			buf_sv(out, event);
		}
		MUST(rest.n == 0 || wire_sse_broken(&s));
	}
	for (const char *c = s.id; *c != '\0'; c++)
		MUST(*c > ' ' && *c <= '~' && strlen(s.id) < WIRE_SSE_ID);
	MUST(s.retry >= -1);
	buf_str(out, s.id);
	buf_i64(out, s.retry);
	bool whole = !wire_sse_broken(&s);
	wire_sse_clear(&s);
	return whole;
}
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_free) struct buf a = BUF(4 << 20);
	CLEANUP(buf_free) struct buf b = BUF(4 << 20);

	if (size < 2)
		return 0;
	struct sv text = fuzz_sv(data + 1, size - 1);
	bool whole = events(text, text.n, &a), in_pieces = events(text, 1u + data[0] % 7u, &b);
	MUST(whole == in_pieces && buf_ok(&a) && buf_ok(&b) && sv_eq(buf_view(&a), buf_view(&b)));
	return 0;
}
