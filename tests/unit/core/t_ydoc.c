/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "core/ydoc.h"
#include "tt.h"

static bool same_as(struct ctx *cx, const struct node *n, const char *json)
{
	CLEANUP(buf_free) struct buf b = BUF(10000);
	struct jout w = JOUT(&b);

	jout_node(&w, NULL, n);
	if (IS_ERR(jout_done(cx, &w)))
		return false;
	if (!sv_eqz(buf_view(&b), json))
		fprintf(stderr, "got:  %.*s\n", SV_FMT(buf_view(&b)));
	return sv_eqz(buf_view(&b), json);
}

TEST(yaml_is_read_as_the_same_json)
{
	static const struct {
		const char *yaml, *json;
	} t[] = {
		{ "", "null" },
		{ "# only a comment\n", "null" },
		{ "---\n", "null" },
		{ "a: 1\n", "{\"a\":1}" },
		{ "\xEF\xBB\xBF"
		  "a: 1\n",
		  "{\"a\":1}" },
		{ "a: x y\nb: 'it''s'\nc: \"q\\n\\u00e9\"\n", "{\"a\":\"x y\",\"b\":\"it's\",\"c\":\"q\\n\xC3\xA9\"}" },
		{ "- 1\n- -2\n- 0\n- 1.5\n- -1e3\n- 9223372036854775807\n", "[1,-2,0,1.5,-1e3,9223372036854775807]" },
		{ "- ~\n- null\n- Null\n- NULL\n-\n", "[null,null,null,null,null]" },
		{ "- true\n- True\n- TRUE\n- false\n- False\n- FALSE\n", "[true,true,true,false,false,false]" },
		{ "- yes\n- no\n- on\n- off\n- y\n- tRUE\n- nULL\n",
		  "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"tRUE\",\"nULL\"]" },
		{ "- 0123\n- 0x1F\n- 0o17\n- +1\n- 1_000\n- 1.\n- .5\n- 1e\n- -\n",
		  "[\"0123\",\"0x1F\",\"0o17\",\"+1\",\"1_000\",\"1.\",\".5\",\"1e\",[null]]" },
		{ "- 12345678901234567890\n- 1e999\n- .inf\n- .nan\n- 1.2.3\n- 12:30:00\n- 2026-09-02\n",
		  "[\"12345678901234567890\",\"1e999\",\".inf\",\".nan\",\"1.2.3\",\"12:30:00\",\"2026-09-02\"]" },
		{ "- '1'\n- \"true\"\n- 'null'\n- ''\n", "[\"1\",\"true\",\"null\",\"\"]" },
		{ "a: |\n  two\n  lines\nb: >\n  one\n  line\n", "{\"a\":\"two\\nlines\\n\",\"b\":\"one line\\n\"}" },
		{ "{a: [1, {b: c}], 'd': }\n", "{\"a\":[1,{\"b\":\"c\"}],\"d\":null}" },
		{ "a:\n  b:\n    - c: 1\n      d: 2\n    - e\n", "{\"a\":{\"b\":[{\"c\":1,\"d\":2},\"e\"]}}" },
		{ "'404': x\n\"true\": y\n", "{\"404\":\"x\",\"true\":\"y\"}" },
		{ "%YAML 1.1\n---\na: 1\n...\n", "{\"a\":1}" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct node *n;

		CHECK_ROW(t[i].yaml, !IS_ERR(ydoc_parse(cx, sv_of(t[i].yaml), "f.yaml", &n)));
		CHECK_ROW(t[i].yaml, same_as(cx, n, t[i].json));
	}
}

/* What counts as text when YAML is read must do so when it is read again from where it was stored, and be the same. */
struct words {
	struct sv a, b, c, d, e;
};
static const struct nfield word_fields[] = {
	NSV(struct words, a, NREQ, 0, 99), NSV(struct words, b, NREQ, 0, 99), NSV(struct words, c, NREQ, 0, 99),
	NSV(struct words, d, NREQ, 0, 99), NSV(struct words, e, NREQ, 0, 99),
};
static const struct node_decode as_words = { word_fields, ARRAY_LEN(word_fields), "", NODE_REFUSE_UNKNOWN };
TEST(scalars_of_yaml_are_the_same_text_when_read_from_where_they_were_stored)
{
	CLEANUP(buf_free) struct buf b = BUF(10000);
	struct jout w = JOUT(&b);
	struct ctx *cx = tt_ctx();
	const struct node *again = NULL, *strict = NULL;
	struct words was, now;
	struct node *n;

	CHECK(!IS_ERR(ydoc_parse(cx, SV("a: 2.10\nb: true\nc: 365\nd: -0\ne: 1e3\n"), "f.yaml", &n)));
	CHECK(!IS_ERR(node_decode(cx, n, &as_words, &was)));
	jout_node(&w, NULL, n);
	CHECK(!IS_ERR(jout_done(cx, &w)) && !IS_ERR(jdoc_parse_written(cx, buf_view(&b), "stored", &again)));
	CHECK(!IS_ERR(node_decode(cx, again, &as_words, &now)));
	CHECK(sv_eqz(was.a, "2.10") && sv_eqz(was.b, "true") && sv_eqz(was.c, "365") && sv_eqz(was.e, "1e3"));
	CHECK(sv_eq(was.a, now.a) && sv_eq(was.b, now.b) && sv_eq(was.c, now.c) && sv_eq(was.d, now.d) &&
	      sv_eq(was.e, now.e));
	/* What a client sends stays what it is. */
	CHECK(!IS_ERR(jdoc_parse(cx, buf_view(&b), "body", &strict)));
	CHECK(node_decode(cx, strict, &as_words, &now).code == E_BAD_INPUT);
}

TEST(what_we_do_not_support_is_refused_with_its_line)
{
	static const struct {
		struct sv yaml;
		const char *say;
	} t[] = {
		{ SV_INIT("a: 1\na: 2\n"), "f.yaml:2: a key stands twice in one map" },
		{ SV_INIT("a: 1\n'a': 2\n"), "f.yaml:2: a key stands twice in one map" },
		{ SV_INIT("a: &x 1\n"), "f.yaml:1: anchors (&name) are not supported; write the value out" },
		{ SV_INIT("a: 1\nb: &x [1]\n"), "f.yaml:2: anchors (&name) are not supported; write the value out" },
		{ SV_INIT("a: 1\nb: &x {c: 1}\n"), "f.yaml:2: anchors (&name) are not supported; write the value out" },
		{ SV_INIT("&k a: 1\n"), "f.yaml:1: anchors (&name) are not supported; write the value out" },
		{ SV_INIT("\na: *x\n"), "f.yaml:2: aliases (*name) are not supported; write the value out" },
		{ SV_INIT("a: !!str 1\n"), "f.yaml:1: tags (!name) are not supported" },
		{ SV_INIT("a: !secret x\n"), "f.yaml:1: tags (!name) are not supported" },
		{ SV_INIT("a: !!set {x}\n"), "f.yaml:1: tags (!name) are not supported" },
		{ SV_INIT("a: ! x\n"), "f.yaml:1: tags (!name) are not supported" },
		{ SV_INIT("%TAG !e! tag:e,2000:\n---\na: 1\n"), "f.yaml:1: tags (!name) are not supported" },
		{ SV_INIT("1: a\n"), "f.yaml:1: a key must be text; put it into quotes" },
		{ SV_INIT("true: a\n"), "f.yaml:1: a key must be text; put it into quotes" },
		{ SV_INIT("~: a\n"), "f.yaml:1: a key must be text; put it into quotes" },
		{ SV_INIT("? [a]\n: b\n"), "f.yaml:1: a key must be plain text" },
		{ SV_INIT("a: 1\n---\nb: 2\n"), "f.yaml:2: only one document is allowed in a file" },
		{ SV_INIT("a: \"x\\0y\"\n"), "f.yaml:1: a text holds the character U+0000" },
		{ SV_INIT("a: \xFF\n"), "f.yaml:1: not UTF-8" },
		{ SV_INIT("a: [1\nb: 2\n"), "f.yaml:" },
		{ SV_INIT("a: 'open\n"), "f.yaml:" },
		{ SV_INIT("a:\n\t- 1\n"), "f.yaml:2: " },
		{ SV_INIT("a: b: c\n"), "f.yaml:1: " },
		{ SV_INIT("a: 1\n b: 2\n"), "f.yaml:2: " },
		{ SV_INIT("a: @x\n"), "f.yaml:1: " },
		{ SV_INIT("\0"), "f.yaml:1: " },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct node *n;

		CHECK_ROW(t[i].yaml.p, ydoc_parse(cx, t[i].yaml, "f.yaml", &n).code == E_BAD_INPUT && n == NULL);
		CHECK_ROW(cx->cause.say, strncmp(cx->cause.say, t[i].say, strlen(t[i].say)) == 0);
	}
}

TEST(yaml_sizes_are_bounded)
{
	struct ctx *cx = tt_ctx();
	struct node *n;
	CLEANUP(buf_free) struct buf b = BUF(4 << 20);

	for (int i = 0; i < 32; i++)
		buf_str(&b, "[");
	for (int i = 0; i < 32; i++)
		buf_str(&b, "]");
	CHECK(!IS_ERR(ydoc_parse(cx, buf_view(&b), "f", &n)));
	buf_clear(&b);
	for (int i = 0; i < 100; i++)
		buf_str(&b, "[");
	CHECK(ydoc_parse(cx, buf_view(&b), "f", &n).code == E_BAD_INPUT && strstr(cx->cause.say, "32 levels") != NULL);
	buf_clear(&b);
	(void)forgive(cx);
	for (int i = 0; i < 4097; i++)
		buf_printf(&b, "k%d: 1\n", i);
	CHECK(ydoc_parse(cx, buf_view(&b), "f", &n).code == E_BAD_INPUT && strstr(cx->cause.say, "f:4097: ") != NULL);
	buf_clear(&b);
	(void)forgive(cx);
	while (b.n <= 1 << 20)
		buf_str(&b, "# a comment that fills the file\n");
	CHECK(ydoc_parse(cx, buf_view(&b), "f", &n).code == E_BAD_INPUT && strstr(cx->cause.say, "1 MB") != NULL);
}

struct conf {
	struct sv id;
	int64_t port;
	bool on;
	struct sv_list scopes;
};
static const struct nfield conf_fields[] = {
	NSV(struct conf, id, NREQ, 1, 20),
	NI64(struct conf, port, NOPT, 1, 65535),
	NBOOL(struct conf, on, NOPT),
	NLIST(struct conf, scopes, NOPT, 5),
};

TEST(decoding_a_file_names_file_and_line)
{
	static const struct {
		const char *yaml, *say;
	} t[] = {
		{ "id: 0123\nport: x\n", "engine.yaml:2: port must be an integer" },
		{ "port: 1\n", "engine.yaml:1: id is required" },
		{ "a: 1\nid: true\nport: 70000\nnew: 1\n",
		  "engine.yaml:3: port must be at most 65535; engine.yaml:1: a is not a known field; "
		  "engine.yaml:4: new is not a known field" },
		{ "id: x\non: yes\n", "engine.yaml:2: on must be true or false" },
		{ "id: x\nscopes:\n  - a\n  - [b]\n", "engine.yaml:4: scopes[1] must be a string" },
		{ "id:\n", "engine.yaml:1: id must not be null" },
		{ "- 1\n", "engine.yaml:1: must be a map of names to values" },
		{ "", "engine.yaml:1: must be a map of names to values" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct conf c = { .port = 0 };
		struct node *n;

		CHECK_ROW(t[i].yaml, !IS_ERR(ydoc_parse(cx, sv_of(t[i].yaml), "engine.yaml", &n)));
		CHECK_ROW(t[i].yaml,
			  node_decode(
			      cx, n,
			      &(struct node_decode){ conf_fields, ARRAY_LEN(conf_fields), "", NODE_REFUSE_UNKNOWN }, &c)
				  .code == E_BAD_INPUT);
		CHECK_ROW(cx->cause.say, strcmp(cx->cause.say, t[i].say) == 0);
	}
}

TEST(plain_scalars_stay_as_written_where_text_is_due)
{
	struct ctx *cx = tt_ctx();
	struct conf c = { .port = 0 };
	struct node *n;

	CHECK(!IS_ERR(ydoc_parse(cx, SV("id: 1.50\nport: 80\nscopes: [1, true, a]\n"), "engine.yaml", &n)));
	CHECK(!IS_ERR(node_decode(
	    cx, n, &(struct node_decode){ conf_fields, ARRAY_LEN(conf_fields), "", NODE_REFUSE_UNKNOWN }, &c)));
	CHECK(sv_eqz(c.id, "1.50") && c.port == 80 && c.scopes.n == 3);
	CHECK(sv_eqz(c.scopes.v[0], "1") && sv_eqz(c.scopes.v[1], "true") && sv_eqz(c.scopes.v[2], "a"));
	CHECK(node_get(n, "port")->line == 2 && strcmp(node_get(n, "port")->file, "engine.yaml") == 0);
}

TEST(yaml_survives_every_failed_allocation)
{
	CLEANUP(buf_free) struct buf b = BUF(40000);

	for (int i = 0; i < 300; i++)
		buf_printf(&b, "key%d: {a: [1, two], b: ~}\n", i);
	for (long k = 1;; k++) {
		struct ctx *cx = tt_ctx();
		struct node *n;

		tt_fail_alloc(k);
		struct err e = ydoc_parse(cx, buf_view(&b), "f", &n);
		tt_fail_alloc(0);
		if (!IS_ERR(e)) {
			CHECK(k > 3 && n->n == 300);
			break;
		}
		CHECK(e.code == E_INTERNAL && n == NULL);
	}
}
