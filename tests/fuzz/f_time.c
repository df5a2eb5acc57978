/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 times and numbers: what is written reads back. */
#include "core/text.h"
#include "fuzz.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv s = fuzz_sv(data, size);
	char text[TIME_TEXT];
	int64_t t, u, v;

	if (time_parse(s, &t)) {
		time_text(t, text);
		MUST(time_parse(sv_of(text), &u));
		/* years 0 and 10000 can be named by an offset only, and are shown as the nearest that fits */
		MUST(t < -SEC(62135596800) || t >= SEC(253402300800) || (t - u >= 0 && t - u < SEC(1)));
	}
	if (sv_i64(s, INT64_MIN, INT64_MAX, &v)) {
		char z[32];
		int n = snprintf(z, sizeof z, "%lld", (long long)v);

		MUST(n > 0 && sv_i64(sv_of(z), v, v, &u) && u == v);
	}
	MUST(!sv_i64(s, 0, 99, &v) || (v >= 0 && v <= 99));
	return 0;
}
