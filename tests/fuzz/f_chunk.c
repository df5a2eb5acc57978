/* SPDX-License-Identifier: Apache-2.0 */
/* A chunked body: taken apart in any pieces, it is the same body, the same end, the same refusal. */
#include "core/text.h"
#include "fuzz.h"
#include "http/chunk.h"
#include <string.h>

static const struct scan_limits limits = { .header_bytes = 4096, .body_bytes = 1024 };

struct got {
	char *base;
	struct chunk c;
	struct chunk_place at;
	struct refusal why;
	bool ok;
};

static void feed(struct got *g, struct sv in, size_t step)
{
	g->base = arena_text(fuzz_ctx()->arena, in);
	MUST(g->base != NULL);
	g->ok = true;
	while (g->ok && g->at.n < in.n && g->c.at != CHUNK_DONE) {
		g->at.n = in.n - g->at.n < step ? in.n : g->at.n + step;
		g->ok = chunk_feed(&g->c, g->base, &g->at, &limits, &g->why);
		MUST(g->at.body <= g->at.raw && g->at.raw <= g->at.n);
		MUST(!g->ok || g->at.body <= limits.body_bytes);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char whole[1 << 16];
	struct got one = { .base = NULL }, many = { .base = NULL };

	if (size < 2 || size > sizeof whole)
		return 0;
	feed(&one, fuzz_sv(data + 1, size - 1), size);
	memcpy(whole, one.base, one.at.body);
	feed(&many, fuzz_sv(data + 1, size - 1), (size_t)(data[0] & 15) + 1);
	MUST(one.ok == many.ok && one.why.status == many.why.status && (one.ok || one.why.say != NULL));
	MUST(one.at.raw == many.at.raw && one.at.body == many.at.body && one.c.at == many.c.at);
	MUST(memcmp(whole, many.base, one.at.body) == 0);
	return 0;
}
