/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buf.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "model/jpath.h"
#include "tt.h"

static const char doc[] =
    "{\"a\":{\"b\":\"c\",\"d.e\":5},\"l\":[{\"k\":1,\"p\":false},{\"k\":2,\"p\":true,\"v\":\"second\"}],\"s\":[\"x\","
    "\"y\",3],"
    "\"t\":\"e30.eyJzY3AiOlsicSIsInIiXSwidCI6eyJpZCI6IlQ5In19.z\",\"ok\":true,\"n\":null,\"e\":\"\",\"i\":7,\"r\":1.5}";

static const struct node *root(struct ctx *cx)
{
	const struct node *n = NULL;

	CHECK(!IS_ERR(jdoc_parse(cx, sv_of(doc), "t", &n)));
	return n;
}

TEST(paths_find_what_they_name)
{
	static const struct {
		const char *expr, *want; /* NULL: absent */
	} t[] = {
		{ "$.a.b", "c" },
		{ " $.a.b ", "c" },
		{ "$['a'][\"b\"]", "c" },
		{ "$.a['d.e']", "5" },
		{ "$.l[1].v", "second" },
		{ "$.l[?k==2].v", "second" },
		{ "$.l[?p==true].k", "2" },
		{ "$.l[?v=='second'].k", "2" },
		{ "$.s[2]", "3" },
		{ "$.r", "1.5" },
		{ "$.ok", "true" },
		{ "join($.s,',')", "x,y,3" },
		{ "join('$.s',' ')", "x y 3" },
		{ "join($.a.b,',')", "c" },
		{ "jwt_decode($.t,'$.t.id')", "T9" },
		{ "join(jwt_decode('$.t','$.scp'),' ')", "q r" },
		{ "$", NULL },
		{ "$.a", NULL },
		{ "$.zz", NULL },
		{ "$.a.b.c", NULL },
		{ "$.l[9].v", NULL },
		{ "$.l[?k==3].v", NULL },
		{ "$.l[?k=='2'].v", NULL },
		{ "$.n", NULL },
		{ "$.s.x", NULL },
		{ "join($.zz,',')", NULL },
		{ "jwt_decode($.a.b,'$.x')", NULL },
		{ "jwt_decode($.zz,'$.x')", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		const struct node *n;
		struct sv s;

		CHECK_ROW(t[i].expr, !IS_ERR(jpath_check(cx, sv_of(t[i].expr))));
		CHECK_ROW(t[i].expr, !IS_ERR(jpath_get(cx, sv_of(t[i].expr), root(cx), &n)));
		CHECK_ROW(t[i].expr, !IS_ERR(jpath_text(cx, n, &s)));
		CHECK_ROW(t[i].expr, t[i].want == NULL ? s.p == NULL : s.p != NULL && sv_eqz(s, t[i].want));
	}
}

TEST(paths_that_are_none_are_refused)
{
	static const char *const t[] = { "",
					 "a.b",
					 "$a",
					 "$.",
					 "$..a",
					 "$.a.",
					 "$[",
					 "$[]",
					 "$[a]",
					 "$[-1]",
					 "$[10000]",
					 "$['a'",
					 "$['']",
					 "$['a]",
					 "$.a b",
					 "$.a[?]",
					 "$.a[?k]",
					 "$.a[?k=2]",
					 "$.a[?k==]",
					 "$.a[?k==x]",
					 "$.a[?k==1",
					 "join()",
					 "join($.a)",
					 "join($.a,)",
					 "join($.a,b)",
					 "join($.a,'b'",
					 "join('a','b')",
					 "jwt_decode($.a)",
					 "jwt_decode($.a,b)",
					 "jwt_decode($.a,'$.b'",
					 "join(join(join(join(join($.a,'b'),'b'),'b'),'b'),'b')",
					 "split($.a,',')",
					 "$.a$",
					 "$.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a" };
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();

		CHECK_ROW(t[i], jpath_check(cx, sv_of(t[i])).code == E_BAD_INPUT);
		CHECK_ROW(t[i], cx->cause.say[0] != '\0');
	}
}

TEST(conditions_hold_or_not)
{
	static const struct {
		const char *cond;
		int want; /* -1: refused */
	} t[] = {
		{ "$.ok", 1 },
		{ "$.ok == true", 1 },
		{ "$.ok==true", 1 },
		{ "$.ok != true", 0 },
		{ "$.ok == 'true'", 0 },
		{ "$.n == null", 1 },
		{ "$.zz == null", 1 },
		{ "$.i == null", 0 },
		{ "$.i == 7", 1 },
		{ "$.i != 8", 1 },
		{ "$.a.b == \"c\"", 1 },
		{ "$.e", 0 },
		{ "$.zz", 0 },
		{ "$.n", 0 },
		{ "$.i", 1 },
		{ "$.i = 7", -1 },
		{ "$.i == ", -1 },
		{ "$.i == seven", -1 },
		{ "$.i == 7 and", -1 },
		{ "i == 7", -1 },
		{ "", -1 },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		bool got;

		CHECK_ROW(t[i].cond, IS_ERR(jpath_check_cond(cx, sv_of(t[i].cond))) == (t[i].want < 0));
		(void)forgive(cx);
		if (t[i].want < 0)
			continue;
		CHECK_ROW(t[i].cond, !IS_ERR(jpath_test(cx, sv_of(t[i].cond), root(cx), &got)));
		CHECK_ROW(t[i].cond, got == (t[i].want == 1));
	}
}

TEST(a_list_that_is_too_long_when_joined_is_absent)
{
	CLEANUP(buf_free) struct buf b = BUF(100000);
	struct ctx *cx = tt_ctx();
	const struct node *all, *n;
	bool is = true;

	buf_str(&b, "{\"s\":[\"0\"");
	for (int i = 0; i < 66; i++)
		buf_printf(&b, ",\"%01000d\"", i);
	buf_str(&b, "]}");
	CHECK(!IS_ERR(jdoc_parse(cx, buf_view(&b), "t", &all)));
	CHECK(!IS_ERR(jpath_get(cx, SV("join($.s,' ')"), all, &n)) && n == NULL && cx->cause.code == E_OK);
	CHECK(!IS_ERR(jpath_test(cx, SV("join($.s,' ')"), all, &is)) && !is);
	CHECK(!IS_ERR(jpath_get(cx, SV("$.s[66]"), all, &n)) && n->text.n == 1000);
}

TEST(what_is_no_jwt_has_no_claims)
{
	static const char *const t[] = {
		"",          "a",          "a.b",           "a.b.c", ".e30.", "e30..x", "e30.bm90anNvbg.x",
		"e30.W10.x", "e30.e30=.x", "e30.eyJhIjoxfQ"
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		const struct node *n;

		CHECK_ROW(t[i], !IS_ERR(jpath_jwt(cx, sv_of(t[i]), &n)));
		CHECK_ROW(t[i], n == NULL);
	}
}
