/* SPDX-License-Identifier: Apache-2.0 */
#include "core/trace.h"
#include "tt.h"

#define ID   "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

TEST(traceparent_follows_the_recommendation)
{
	static const struct {
		struct sv header;
		bool taken;
	} t[] = {
		{ SV_INIT("00-" ID "-" SPAN "-01"), true },
		{ SV_INIT("00-" ID "-" SPAN "-00"), true },
		{ SV_INIT("cc-" ID "-" SPAN "-01"), true },
		{ SV_INIT("cc-" ID "-" SPAN "-01-what-the-future-brings"), true },
		{ SV_INIT(""), false },
		{ SV_INIT("00-" ID "-" SPAN "-0"), false },
		{ SV_INIT("00-" ID "-" SPAN "-01-more"), false },
		{ SV_INIT("00-" ID "-" SPAN "-01 "), false },
		{ SV_INIT("cc-" ID "-" SPAN "-01.more"), false },
		{ SV_INIT("ff-" ID "-" SPAN "-01"), false },
		{ SV_INIT("0-" ID "-" SPAN "-001"), false },
		{ SV_INIT("00-00000000000000000000000000000000-" SPAN "-01"), false },
		{ SV_INIT("00-" ID "-0000000000000000-01"), false },
		{ SV_INIT("00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01"), false },
		{ SV_INIT("00-" ID "-" SPAN "-zz"), false },
		{ SV_INIT("00_" ID "_" SPAN "_01"), false },
		{ SV_INIT("00-" ID "-" SPAN "-\0001"), false },
	};
	struct trace out;

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_ROW(t[i].header.p, trace_parse(t[i].header, &out) == t[i].taken);
}

TEST(unknown_flags_are_not_passed_on)
{
	struct trace t, child;
	char text[TRACE_TEXT];

	CHECK(trace_parse(SV("00-" ID "-" SPAN "-ff"), &t));
	trace_child(&t, &child);
	trace_text(&child, text);
	CHECK(memcmp(text, "00-" ID "-", 36) == 0 && strcmp(text + 52, "-01") == 0);
	CHECK(memcmp(text + 36, SPAN, 16) != 0);
}

TEST(new_traces_are_all_different)
{
	enum { N = 1000 };
	static struct trace t[N];
	struct trace_source s, other;
	struct trace x, y;

	trace_source(&s);
	for (int i = 0; i < N; i++) {
		char text[TRACE_TEXT];

		trace_next(&s, &t[i]);
		trace_text(&t[i], text);
		CHECK(trace_parse((struct sv){ text, TRACE_TEXT - 1 }, &x));
		for (int k = 0; k < i; k++)
			CHECK(memcmp(t[i].id, t[k].id, sizeof t[i].id) != 0);
	}
	trace_source(&other);
	trace_next(&s, &x);
	trace_next(&other, &y);
	CHECK(memcmp(x.id, y.id, sizeof x.id) != 0);
}
