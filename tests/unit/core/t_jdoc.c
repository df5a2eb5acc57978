/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "tt.h"

static struct err parse(struct ctx *cx, struct sv text, const struct node **out)
{
	return jdoc_parse(cx, text, "request body", out);
}

TEST(json_is_read_and_written_back)
{
	static const char *const same[] = {
		"{}",
		"[]",
		"null",
		"true",
		"false",
		"0",
		"-1",
		"\"\"",
		"\"x\"",
		"1.5",
		"-0.25",
		"1.0",
		"9223372036854775807",
		"-9223372036854775808",
		"[[],{},[{}]]",
		"{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"e\"}}",
		"\"quote \\\" backslash \\\\ line \\n tab \\u0009 del \\u007f \xC3\xA9 \xF0\x9F\x98\x80\"",
		"[0.1,1e+300,4.94065645841247e-324,123456789012345.7]",
		"{\"\":1}",
	};
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		struct ctx *cx = tt_ctx();
		const struct node *n;
		CLEANUP(buf_free) struct buf b = BUF(1000);
		struct jout w = JOUT(&b);

		CHECK_ROW(same[i], !IS_ERR(parse(cx, sv_of(same[i]), &n)));
		jout_node(&w, NULL, n);
		CHECK_ROW(b.p, !IS_ERR(jout_done(cx, &w)) && sv_eqz(buf_view(&b), same[i]));
	}
}

TEST(json_escapes_are_read)
{
	struct ctx *cx = tt_ctx();
	const struct node *n;

	CHECK(!IS_ERR(parse(cx, SV(" \t\r\n\"\\u0041\\/\\b\\f\\n\\r\\t\\ud83d\\ude00\" "), &n)));
	CHECK(sv_eqz(n->text, "A/\b\f\n\r\t\xF0\x9F\x98\x80"));
	CHECK(n->text.p[n->text.n] == '\0');
	CHECK(!IS_ERR(parse(cx, SV("\"0123456789abcde\\u00E9\\u20ac0123456\\\"\""), &n)));
	CHECK(sv_eqz(n->text, "0123456789abcde\xC3\xA9\xE2\x82\xAC"
			      "0123456\""));
	CHECK(!IS_ERR(parse(cx, SV("-0"), &n)) && (n->kind == NODE_INT || n->kind == NODE_REAL));
	CHECK(!IS_ERR(parse(cx, SV("1e2"), &n)) && n->kind == NODE_REAL);
}

static const struct {
	struct sv s;
	const char *why;
} not_json[] = {
	{ SV_INIT(""), "it is empty" },
	{ SV_INIT(" "), "line 1 column 1" },
	{ SV_INIT("{"), "the text ends too early" },
	{ SV_INIT("[1,2"), "the text ends too early" },
	{ SV_INIT("{\"a\":1,}"), "line 1 column 8" },
	{ SV_INIT("[1,]"), "line 1 column 4" },
	{ SV_INIT("{\"a\":1}\n x"), "line 2 column 2: nothing may follow the value" },
	{ SV_INIT("{\"a\":1} {}"), "nothing may follow the value" },
	{ SV_INIT("{\"a\":1,\n\"a\":2}"), "line 2 column 3: a key stands twice in one object" },
	{ SV_INIT("{\"a\":{\"b\":1,\"b\":1}}"), "a key stands twice in one object" },
	{ SV_INIT("{\"a\":1,\"\\u0061\":2}"), "a key stands twice in one object" },
	{ SV_INIT("{\"a\":0,\"b\":0,\"c\":0,\"d\":0,\"e\":0,\"f\":0,\"g\":0,\"h\":0,\"i\":0,\"j\":0,\"k\":0,\"l\":0,"
		  "\"m\":0,\"n\":0,\"o\":0,\"p\":0,\"q\":0,\"qq\":0,\"\":0,\"b\":0}"),
	  "line 1 column 121: a key stands twice in one object" },
	{ SV_INIT("\"\xC3\xA9\" x"), "line 1 column 5: nothing may follow the value" },
	{ SV_INIT("\"\\u0000\""), "a string holds the character U+0000" },
	{ SV_INIT("{\"a\\u0000\":1}"), "a string holds the character U+0000" },
	{ SV_INIT("\"a\0b\""), "zero byte" },
	{ SV_INIT("1\0"), "zero byte" },
	{ SV_INIT("{}\0x"), "zero byte" },
	{ SV_INIT("\"\xFF\""), "not UTF-8" },
	{ SV_INIT("\"\xED\xA0\x80\""), "not UTF-8" },
	{ SV_INIT("\"\xC0\xAF\""), "not UTF-8" },
	{ SV_INIT("\"\\ud800\""), "this is not allowed here" },
	{ SV_INIT("\"\\udc00\""), "this is not allowed here" },
	{ SV_INIT("\"\\ud800\\u0041\""), "this is not allowed here" },
	{ SV_INIT("\"\\ud800\\n\""), "this is not allowed here" },
	{ SV_INIT("\"\\u12g4\""), "this is not allowed here" },
	{ SV_INIT("\"\\u123"), "the text ends too early" },
	{ SV_INIT("\"\\"), "the text ends too early" },
	{ SV_INIT("\"\\\""), "the text ends too early" },
	{ SV_INIT("\"a\nb\""), "line 1" },
	{ SV_INIT("\"\t\""), "line 1" },
	{ SV_INIT("\"\\x\""), "line 1" },
	{ SV_INIT("'a'"), "line 1" },
	{ SV_INIT("{a:1}"), "line 1" },
	{ SV_INIT("{1:1}"), "line 1" },
	{ SV_INIT("01"), "line 1" },
	{ SV_INIT("-"), "line 1" },
	{ SV_INIT("+1"), "line 1" },
	{ SV_INIT(".5"), "line 1" },
	{ SV_INIT("1."), "line 1" },
	{ SV_INIT("1e"), "line 1" },
	{ SV_INIT("0x10"), "line 1" },
	{ SV_INIT("NaN"), "line 1" },
	{ SV_INIT("Infinity"), "line 1" },
	{ SV_INIT("True"), "line 1" },
	{ SV_INIT("nul"), "line 1" },
	{ SV_INIT("[1 2]"), "line 1" },
	{ SV_INIT("/* c */ 1"), "line 1" },
	{ SV_INIT("\xEF\xBB\xBF{}"), "line 1" },
	{ SV_INIT("9223372036854775808"), "a number is too large" },
	{ SV_INIT("-9223372036854775809"), "a number is too large" },
	{ SV_INIT("1e400"), "a number is too large" },
};

TEST(what_is_not_json_is_refused_with_its_place)
{
	for (size_t i = 0; i < ARRAY_LEN(not_json); i++) {
		struct ctx *cx = tt_ctx();
		const struct node *n;

		CHECK_ROW(not_json[i].s.p, parse(cx, not_json[i].s, &n).code == E_BAD_INPUT && n == NULL);
		CHECK_ROW(cx->cause.say, strncmp(cx->cause.say, "request body is not valid JSON: ", 32) == 0);
		CHECK_ROW(cx->cause.say, strstr(cx->cause.say, not_json[i].why) != NULL);
	}
}

TEST(json_messages_never_quote_the_text)
{
	static const char *const t[] = {
		"{\"s3cr3t\":\"s3cr3t\" x}",
		"{\"s3cr3t\":s3cr3t}",
		"{\"s3cr3t\":1,\"s3cr3t\":2}",
		"\"s3cr3t",
		"[\"s3cr3t\",]",
		"{\"a\":\"s3cr3t\\u0000\"}",
		"{\"s3cr3t\xFF\":1}",
		"\"s3cr3t\" \"s3cr3t\"",
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		const struct node *n;

		CHECK_ROW(t[i], parse(cx, sv_of(t[i]), &n).code == E_BAD_INPUT);
		CHECK_ROW(t[i], strstr(cx->cause.say, "s3cr3t") == NULL && strstr(cx->cause.detail, "s3cr3t") == NULL);
	}
}

static void nest(struct buf *b, size_t levels, const char *open, const char *shut)
{
	for (size_t i = 0; i < levels; i++)
		buf_str(b, open);
	buf_str(b, "1");
	for (size_t i = 0; i < levels; i++)
		buf_str(b, shut);
}

TEST(json_depth_ends_at_64)
{
	static const struct {
		const char *open, *shut;
		size_t levels;
		bool ok;
	} t[] = {
		{ "[", "]", 64, true },         { "[", "]", 65, false },    { "{\"a\":", "}", 64, true },
		{ "{\"a\":", "}", 65, false },  { "[", "", 100000, false }, { "[", "]", 100000, false },
		{ "{\"a\":", "", 9999, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		const struct node *n;
		CLEANUP(buf_free) struct buf b = BUF(1 << 20);

		nest(&b, t[i].levels, t[i].open, t[i].shut);
		CHECK_ROW(t[i].open, IS_ERR(parse(cx, buf_view(&b), &n)) == !t[i].ok);
		CHECK_ROW(cx->cause.say, t[i].ok || strstr(cx->cause.say, "nested more than 64 levels deep") != NULL);
	}
	/* Brackets in strings are no levels. */
	struct ctx *cx = tt_ctx();
	const struct node *n;
	CLEANUP(buf_free) struct buf b = BUF(1 << 20);
	buf_str(&b, "[\"\\\"");
	for (int i = 0; i < 1000; i++)
		buf_str(&b, "[{");
	buf_str(&b, "\"]");
	CHECK(!IS_ERR(parse(cx, buf_view(&b), &n)));
}

TEST(json_over_the_arena_is_too_large)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(arena_drop) struct arena *small = arena_new(1000);
	struct arena *before = cx->arena;
	const struct node *n;

	cx->arena = small;
	struct err e = parse(cx, SV("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]"), &n);
	cx->arena = before;
	CHECK(e.code == E_TOO_LARGE && strcmp(cx->cause.say, "request body is too large") == 0);
}

TEST(what_a_tool_says_is_taken_where_json_allows_it)
{
	static char huge[401]; /* an integer past a double */
	memset(huge, '9', 400);
	static const struct {
		struct sv text;
		const char *again; /* NULL: refused as by jdoc_parse */
	} t[] = {
		{ SV_INIT("[1,2.5,\"x\"]"), "[1,2.5,\"x\"]" },
		{ SV_INIT("[9223372036854775807,-9223372036854775808]"), "[9223372036854775807,-9223372036854775808]" },
		{ SV_INIT("[9223372036854775808]"), "[9223372036854775808]" },
		{ SV_INIT("{\"max\":-123456789012345678901234567890}"), "{\"max\":-123456789012345678901234567890}" },
		{ SV_INIT("\"a\\u0000b\""), "\"a\xEF\xBF\xBD"
					    "b\"" },
		{ SV_INIT("\"\\ud83d\""), "\"\xEF\xBF\xBD\"" },
		{ SV_INIT("\"\\ude00\\ud83d\\u0041\\ud83d\\ude00\""), "\"\xEF\xBF\xBD\xEF\xBF\xBD"
								      "A\xF0\x9F\x98\x80\"" },
		{ SV_INIT("\"\\ud8\""), NULL },
		{ SV_INIT("\"\\ud8zz\""), NULL },
		{ SV_INIT("\"\\x0000\""), NULL },
		{ SV_INIT("1e400"), NULL },
		{ { huge, 400 }, huge },
		{ SV_INIT("012345678901234567890123"), NULL },
		{ SV_INIT("{\"a\":1,\"a\":2}"), NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(buf_free) struct buf b = BUF(1000);
		struct jout w = JOUT(&b);
		struct ctx *cx = tt_ctx();
		const struct node *n;
		struct err e = jdoc_parse_lenient(cx, t[i].text, "an answer", &n);

		CHECK_ROW(t[i].text.p, IS_ERR(e) == (t[i].again == NULL));
		if (IS_ERR(e))
			continue;
		jout_node(&w, NULL, n);
		CHECK_ROW(t[i].text.p, !IS_ERR(jout_done(cx, &w)) && sv_eqz(buf_view(&b), t[i].again));
		CHECK_ROW(t[i].text.p, !IS_ERR(jdoc_parse_lenient(cx, buf_view(&b), "again", &n)));
	}
}

TEST(a_number_past_64_bits_is_no_integer)
{
	static const struct nfield field[] = { NI64(struct node, i, NREQ, INT64_MIN, INT64_MAX) };
	struct ctx *cx = tt_ctx();
	struct node into = { .i = 7 };
	const struct node *n;

	CHECK(!IS_ERR(jdoc_parse_lenient(cx, SV("{\"i\":18446744073709551616}"), "an answer", &n)));
	CHECK(node_get(n, "i")->kind == NODE_REAL && node_get(n, "i")->r > 1.8e19);
	CHECK(node_decode(cx, n, &(struct node_decode){ field, 1, "", NODE_IGNORE_UNKNOWN }, &into).code ==
	      E_BAD_INPUT);
	CHECK(into.i == 7);
}

TEST(json_survives_every_failed_allocation)
{
	for (long k = 1;; k++) {
		struct ctx *cx = tt_ctx();
		const struct node *n;

		tt_fail_alloc(k);
		struct err e = jdoc_parse(cx, SV("{\"a\":[1,2.5,\"x\",{\"b\":null}],\"c\":\"\\u00e9\"}"), "t", &n);
		tt_fail_alloc(0);
		if (!IS_ERR(e)) {
			CHECK(k > 1);
			break;
		}
		CHECK(e.code == E_INTERNAL && n == NULL);
	}
}

TEST(jout_writes_what_it_is_told)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(buf_free) struct buf b = BUF(1000);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	jout_str(&w, "s", SV("a\"b"));
	jout_str(&w, "none", SV_NONE);
	jout_strz(&w, "z", NULL);
	jout_i64(&w, "i", -5);
	jout_bool(&w, "t", true);
	jout_time(&w, "at", SEC(1788379814));
	jout_time(&w, "never", 0);
	jout_list(&w, "l");
	jout_i64(&w, NULL, 1);
	jout_open(&w, NULL);
	jout_close(&w);
	jout_list(&w, NULL);
	jout_list_end(&w);
	jout_list_end(&w);
	jout_node(&w, "n", NULL);
	jout_raw(&w, "r", SV("[0]"));
	jout_key(&w, SV("k\n"));
	jout_null(&w, NULL);
	jout_key(&w, SV("m"));
	jout_open(&w, NULL);
	jout_close(&w);
	jout_close(&w);
	CHECK(!IS_ERR(jout_done(cx, &w)));
	CHECK_ROW(b.p, sv_eqz(buf_view(&b),
			      "{\"s\":\"a\\\"b\",\"none\":null,\"z\":null,\"i\":-5,\"t\":true,"
			      "\"at\":\"2026-09-02T20:10:14Z\",\"never\":null,\"l\":[1,{},[]],\"n\":null,\"r\":[0],"
			      "\"k\\n\":null,\"m\":{}}"));
}

TEST(jout_keeps_the_answer_valid_utf8)
{
	static const struct {
		struct sv in;
		const char *out;
	} t[] = {
		{ SV_INIT("a\xFFz"), "\"a\xEF\xBF\xBDz\"" },
		{ SV_INIT("\xC3"), "\"\xEF\xBF\xBD\"" },
		{ SV_INIT("\xE2\x82x"), "\"\xEF\xBF\xBD\xEF\xBF\xBDx\"" },
		{ SV_INIT("\0\x1F"), "\"\\u0000\\u001f\"" },
		{ SV_INIT("</script>"), "\"</script>\"" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(buf_free) struct buf b = BUF(1000);
		struct jout w = JOUT(&b);

		jout_str(&w, NULL, t[i].in);
		CHECK_ROW(t[i].out, sv_eqz(buf_view(&b), t[i].out));
	}
}

TEST(jout_done_reports_what_went_wrong)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(buf_free) struct buf b = BUF(10);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	CHECK(jout_done(cx, &w).code == E_INTERNAL);
	(void)forgive(cx);
	jout_close(&w);
	CHECK(!IS_ERR(jout_done(cx, &w)));
	jout_close(&w);
	jout_open(&w, NULL);
	CHECK(jout_done(cx, &w).code == E_INTERNAL);
	(void)forgive(cx);
	jout_str(&w, "k", SV("much too long for ten bytes"));
	CHECK(jout_done(cx, &w).code == E_TOO_LARGE);
}
