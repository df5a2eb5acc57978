/* SPDX-License-Identifier: Apache-2.0 */
/* The header traceparent: what is taken reads as it was written, and a rule of our own, written otherwise, agrees. */
#include "core/text.h"
#include "core/trace.h"
#include "fuzz.h"
#include <string.h>

/* The grammar of section 3.2 as a pattern: x a hex digit, - itself. */
static bool by_pattern(struct sv h)
{
	static const char pattern[] = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
	static const char digits[] = "0123456789abcdef";
	const size_t n = sizeof pattern - 1;
	size_t zeros_id = 0, zeros_span = 0;

	if (h.n < n || memcmp(h.p, "ff", 2) == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (pattern[i] == 'x' ? memchr(digits, h.p[i], 16) == NULL : h.p[i] != '-')
			return false;
		zeros_id += i > 2 && i < 35 && h.p[i] == '0';
		zeros_span += i > 35 && i < 52 && h.p[i] == '0';
	}
	if (zeros_id == 32 || zeros_span == 16)
		return false;
	return h.n == n || (memcmp(h.p, "00", 2) != 0 && h.p[n] == '-');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv h = fuzz_sv(data, size);
	struct trace t, again;
	char text[TRACE_TEXT], id[TRACE_ID_TEXT];
	bool taken = trace_parse(h, &t);

	MUST(taken == by_pattern(h));
	if (!taken)
		return 0;
	trace_text(&t, text);
	trace_id_text(&t, id);
	MUST(strlen(text) == TRACE_TEXT - 1 && memcmp(text, "00-", 3) == 0 && text[53] == '0');
	MUST(memcmp(text + 3, h.p + 3, 49) == 0 && memcmp(id, h.p + 3, 32) == 0);
	MUST(trace_parse(sv_of(text), &again) && memcmp(&t, &again, sizeof t) == 0);
	struct trace child;
	trace_child(&t, &child);
	MUST(memcmp(child.id, t.id, sizeof t.id) == 0 && memcmp(child.span, t.span, sizeof t.span) != 0);
	return 0;
}
