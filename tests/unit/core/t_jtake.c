/* SPDX-License-Identifier: Apache-2.0 */
/* The short way from JSON to a struct says what the long way says, or nothing. */
#include "core/jdoc.h"
#include "core/jtake.h"
#include "core/text.h"
#include "tt.h"
#include <stdlib.h>

struct inner {
	struct sv name;
	struct sv_list scopes;
};
struct outer {
	struct sv user_id, note;
	struct inner inner;
	bool on;
	int64_t count;
};
static const struct nfield inner_fields[] = { NSV(struct inner, name, NOPT, 0, 8),
					      NLIST(struct inner, scopes, NOPT, 3) };
static const struct nfield fields[] = {
	NSV(struct outer, user_id, NREQ, 1, 20),       NSV(struct outer, note, NOPT, 0, 40),
	NSUB(struct outer, inner, NOPT, inner_fields), NBOOL(struct outer, on, NOPT),
	NI64(struct outer, count, NOPT, 0, 9),
};

static bool short_way(struct ctx *cx, struct sv text, struct outer *out)
{
	*out = (struct outer){ .count = 1 };
	return jtake_fields(cx->arena, text, fields, ARRAY_LEN(fields), out);
}
static bool long_way(struct ctx *cx, struct sv text, struct outer *out)
{
	static const struct node_decode how = { fields, ARRAY_LEN(fields), "", NODE_IGNORE_UNKNOWN };
	const struct node *tree;

	*out = (struct outer){ .count = 1 };
	bool ok = !IS_ERR(jdoc_parse(cx, text, "text", &tree)) && !IS_ERR(node_decode(cx, tree, &how, out));
	(void)forgive(cx);
	return ok;
}
static bool same_text(struct sv a, struct sv b)
{
	return sv_eq(a, b) && (a.p == NULL) == (b.p == NULL) && (a.p == NULL || a.p[a.n] == '\0');
}
static bool same(const struct outer *a, const struct outer *b)
{
	const struct sv_list *s = &a->inner.scopes, *t = &b->inner.scopes;
	bool eq = s->n == t->n && (s->v == NULL) == (t->v == NULL) && a->on == b->on && a->count == b->count;

	for (size_t i = 0; eq && i < s->n; i++)
		eq = same_text(s->v[i], t->v[i]);
	return eq && same_text(a->user_id, b->user_id) && same_text(a->note, b->note) &&
	       same_text(a->inner.name, b->inner.name);
}
/* What the short way makes of a text it takes; the long way must make the same. */
static bool agree(struct sv text, bool *taken)
{
	struct ctx *cx = tt_ctx();
	struct outer a, b;

	*taken = short_way(cx, text, &a);
	return !*taken || (long_way(cx, text, &b) && same(&a, &b));
}

TEST(the_short_way_takes_what_clients_send)
{
	static const char *const t[] = {
		"{\"user_id\":\"ada@example.com\"}",
		"{\"user_id\":\"a\x7F\"}",
		" {\n\t\"user_id\" : \"ada\" ,\r\n \"note\":\"\" } \n",
		"{\"inner\":{\"name\":\"x\",\"scopes\":[\"a\", \"b\",\"c\"]},\"user_id\":\"ada\",\"on\":true}",
		"{\"user_id\":\"ada\",\"inner\":{},\"on\":false}",
		"{\"user_id\":\"ada\",\"inner\":{\"scopes\":[]}}",
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		bool taken;

		CHECK_ROW(t[i], agree(sv_of(t[i]), &taken));
		CHECK_ROW(t[i], taken);
	}
}

TEST(the_short_way_leaves_everything_else)
{
	static const char *const t[] = {
		"",
		" ",
		"{",
		"{}",
		"[]",
		"\"user_id\"",
		"{\"note\":\"a\"}",
		"{\"user_id\":\"\"}",
		"{\"user_id\":\"123456789012345678901\"}",
		"{\"user_id\":\"ada\"",
		"{\"user_id\":\"ada}",
		"{\"user_id\":\"ada\"}}",
		"{\"user_id\":\"ada\"} x",
		"{\"user_id\":\"ada\",}",
		"{,\"user_id\":\"ada\"}",
		"{\"user_id\" \"ada\"}",
		"{\"user_id\":ada}",
		"{\"user_id\":null}",
		"{\"user_id\":1}",
		"{\"user_id\":\"a\\u0064a\"}",
		"{\"user\\u005fid\":\"ada\"}",
		"{\"user_id\":\"\xC3\xA4\"}",
		"{\"user_id\":\"\xFF\"}",
		"{\"user_id\":\"a\tb\"}",
		"{\"user_id\":\"ada\",\"user_id\":\"bob\"}",
		"{\"user_id\":\"ada\",\"other\":\"x\"}",
		"{\"user_id\":\"ada\",\"user_i\":\"x\"}",
		"{\"user_id\":\"ada\",\"on\":tru}",
		"{\"user_id\":\"ada\",\"on\":truex}",
		"{\"user_id\":\"ada\",\"on\":null}",
		"{\"user_id\":\"ada\",\"count\":1}",
		"{\"user_id\":\"ada\",\"inner\":[]}",
		"{\"user_id\":\"ada\",\"inner\":{\"name\":\"123456789\"}}",
		"{\"user_id\":\"ada\",\"inner\":{\"scopes\":[\"a\",\"b\",\"c\",\"d\"]}}",
		"{\"user_id\":\"ada\",\"inner\":{\"scopes\":[1]}}",
		"{\"user_id\":\"ada\",\"inner\":{\"scopes\":[\"a\",]}}",
		"{\"user_id\":\"ada\",\"inner\":{\"scopes\":[\"a\" \"b\"]}}",
		"{\"user_id\":\"ada\",\"inner\":{\"scopes\":[\"a\"}}",
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		bool taken;

		CHECK_ROW(t[i], agree(sv_of(t[i]), &taken));
		CHECK_ROW(t[i], !taken);
	}
	struct outer out;
	char big[JTAKE_MOST + 64];
	memset(big, ' ', sizeof big);
	memcpy(big, "{\"user_id\":\"ada\"}", 17);
	CHECK(short_way(tt_ctx(), (struct sv){ big, JTAKE_MOST }, &out));
	CHECK(!short_way(tt_ctx(), (struct sv){ big, JTAKE_MOST + 1 }, &out));
	CHECK(!short_way(tt_ctx(), SV("{\"user_id\":\"ada\"}\0"), &out));
}

/* Every text one byte away from a good one: changed, left out, or put in twice. */
TEST(no_byte_makes_the_two_ways_differ)
{
	static const char whole[] =
	    "{\"user_id\":\"ada\", \"inner\":{\"name\":\"x\",\"scopes\":[\"a\",\"b\"]},\"on\":true,\"note\":\"\"}";
	char z[sizeof whole + 1];
	size_t n = sizeof whole - 1, took = 0;
	bool taken;

	for (size_t i = 0; i < n; i++) {
		for (int c = 0; c < 256; c++) {
			memcpy(z, whole, n);
			z[i] = (char)c;
			CHECK_ROW(z, agree((struct sv){ z, n }, &taken));
			took += taken;
		}
		memcpy(z, whole, i);
		memcpy(z + i, whole + i + 1, n - i - 1);
		CHECK(agree((struct sv){ z, n - 1 }, &taken));
		memcpy(z + i, whole + i, n - i);
		memmove(z + i + 1, z + i, n - i);
		CHECK(agree((struct sv){ z, n + 1 }, &taken));
		CHECK(agree((struct sv){ whole, i }, &taken));
	}
	CHECK(took > 500); /* letters of the values */
}
