/* SPDX-License-Identifier: Apache-2.0 */
/* Cookie headers, a line each: against the plain reading of RFC 6265 section 5.4 (pairs between semicolons; the name
 * ends at the first equals sign), with the rule that a name sent twice is nobody's (cookie tossing).  How the pairs are
 * spread over several headers changes nothing. */
#include "core/text.h"
#include "fuzz.h"
#include "http/request.h"
#include <string.h>

enum { MOST = 8 };
static const char *const names[] = { "tb", "tb_session", "__Host-tb", "tb_9099" };

static bool blank(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* One pair at s[0..n): its value when it is called `name`. */
static bool named(const uint8_t *s, size_t n, const char *name, struct sv *value)
{
	const uint8_t *eq = memchr(s, '=', n);
	size_t a = 0, b = eq == NULL ? 0 : (size_t)(eq - s);

	if (eq == NULL)
		return false;
	while (a < b && blank(s[a]))
		a++;
	while (b > a && blank(s[b - 1]))
		b--;
	if (b - a != strlen(name) || memcmp(s + a, name, b - a) != 0)
		return false;
	for (a = (size_t)(eq - s) + 1, b = n; a < b && blank(s[a]);)
		a++;
	while (b > a && blank(s[b - 1]))
		b--;
	*value = (struct sv){ (const char *)s + a, b - a };
	return true;
}

static size_t plainly(const uint8_t *s, size_t n, const char *name, struct sv *value)
{
	size_t found = 0;

	for (size_t from = 0, i = 0; i <= n; i++) {
		if (i < n && s[i] != ';' && s[i] != '\n')
			continue;
		found += named(s + from, i - from, name, value) ? 1 : 0;
		from = i + 1;
	}
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header lines[MOST + 1] = { { SV("X-Cookie"), SV("tb=none; tb_session=none") } };
	struct sv rest = fuzz_sv(data, size);
	struct request rq = { .cx = fuzz_ctx(), .headers = lines, .n_headers = 1 };

	while (rest.p != NULL && rq.n_headers <= MOST)
		lines[rq.n_headers++] = (struct header){ SV("cOOkie"), sv_cut(&rest, '\n') };
	size_t used = rest.p == NULL ? size : (size_t)((const uint8_t *)rest.p - data) - 1;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct sv want = SV_NONE, got = http_cookie_in(&rq, names[i]);
		size_t times = plainly(data, used, names[i], &want);

		MUST((got.p != NULL) == (times == 1));
		MUST(got.p == NULL || sv_eq(got, want));
	}
	return 0;
}
