/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jdoc.h"
#include "core/text.h"
#include "model/tmpl.h"
#include "tt.h"

static struct err signed_text(struct ctx *cx, void *arg, struct buf *out)
{
	(void)cx;
	(void)arg;
	buf_str(out, "h.p.s");
	return OK;
}

/* What every row below may name. */
struct fixture {
	struct tmpl_env env;
	struct tmpl_var vars[8];
	struct tmpl_root roots[2];
	struct sv asked[3], had[3];
};

static void fixture(struct ctx *cx, struct fixture *f)
{
	const struct node *answer = NULL, *stored = NULL;

	*f = (struct fixture){ .asked = { SV("a"), SV("b"), SV("a") }, .had = { SV("b"), SV("c"), SV("") } };
	CHECK(!IS_ERR(jdoc_parse(cx,
				 SV("{\"id\":7,\"team\":{\"id\":\"T1\"},\"list\":[\"x\",2,true,null],\"null\":null,"
				    "\"https://a.example/team\":\"T2\"}"),
				 "t", &answer)));
	CHECK(!IS_ERR(jdoc_parse(cx, SV("{\"guild.id\":\"99\"}"), "t", &stored)));
	f->vars[0] = (struct tmpl_var){ "client_id", { .text = SV("id 1") } };
	f->vars[1] = (struct tmpl_var){ "client_secret", { .text = SV("s:e%c") } };
	f->vars[2] = (struct tmpl_var){ "scopes", { .list = { f->asked, 3 }, .is_list = true } };
	f->vars[3] = (struct tmpl_var){ "existing_scopes", { .list = { f->had, 3 }, .is_list = true } };
	f->vars[4] = (struct tmpl_var){ "code", { .text = SV("a%2Fb") } };
	f->vars[5] = (struct tmpl_var){ "refresh_token", { .text = SV_NONE } };
	f->vars[6] = (struct tmpl_var){ "access_token", { .text = SV("e30.eyJhIjp7ImIiOiJjIn0sImwiOlsxLDJdfQ.x") } };
	f->roots[0] = (struct tmpl_root){ "answer", answer };
	f->roots[1] = (struct tmpl_root){ "stored", stored };
	f->env = (struct tmpl_env){
		.vars = f->vars, .n_vars = 7, .roots = f->roots, .n_roots = 2, .delimiter = SV(" "), .sign = signed_text
	};
}

TEST(templates_put_values_where_they_are_named)
{
	static const struct {
		const char *text, *want; /* NULL: wanting */
	} t[] = {
		{ "plain", "plain" },
		{ "{not} }} one", "{not} }} one" },
		{ "{{client_id}}", "id 1" },
		{ "{{ client_id }}", "id 1" },
		{ "a{{client_id}}b{{client_id}}", "aid 1bid 1" },
		{ "{{answer.id}}/{{answer.team.id}}", "7/T1" },
		{ "{{stored.guild.id}}", "99" },
		{ "{{answer.nothing}}", NULL },
		{ "x{{answer.null}}", NULL },
		{ "{{answer.team}}", NULL },
		{ "{{refresh_token}}", NULL },
		{ "{{default(refresh_token, answer.nothing, 'z')}}", "z" },
		{ "{{default(client_id,'z')}}", "id 1" },
		{ "{{answer.https://a.example/team}}", "T2" },
		{ "{{answer.https://a.example/no}}", NULL },
		{ "{{answer.list}}", "x 2 true" },
		{ "{{join(answer.list, ',')}}", "x,2,true" },
		{ "{{join(scopes,'+')}}", "a+b+a" },
		{ "{{join(client_id, ',')}}", "id 1" },
		{ "{{first(scopes)}}", "a" },
		{ "{{first(split('p,q,r', ','))}}", "p" },
		{ "{{join(split('p,q', ','), '|')}}", "p|q" },
		{ "{{lower('AbC')}}", "abc" },
		{ "{{urlencode(client_id)}}", "id%201" },
		{ "{{urldecode(code)}}", "a/b" },
		{ "{{urldecode('100%')}}", "100%" },
		{ "{{base64('hi')}}", "aGk=" },
		{ "{{basic(client_id, client_secret)}}", "Basic aWQrMTpzJTNBZSUyNWM=" },
		{ "{{jwt_decode(access_token, '$.a.b')}}", "c" },
		{ "{{jwt_decode(access_token, '$.l')}}", "1 2" },
		{ "{{jwt_decode(client_id, '$.a')}}", NULL },
		{ "{{jwt_decode(access_token, '$.zz')}}", NULL },
		{ "{{sign_jwt()}}", "h.p.s" },
		{ "{{lower(refresh_token)}}", NULL },
		{ "  ", NULL },
		{ "", NULL },
		/* contract 2.7: one ordered union in place of both */
		{ "{{scopes}} {{existing_scopes}}", "a b c" },
		{ "{{existing_scopes}} {{scopes}}", "a b c" },
		{ "offline {{scopes}},,{{existing_scopes}} end", "offline a b c end" },
		{ "{{scopes}}", "a b a" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct fixture f;
		struct sv got;

		fixture(cx, &f);
		CHECK_ROW(t[i].text, !IS_ERR(tmpl_text(cx, sv_of(t[i].text), &f.env, &got)));
		if (t[i].want == NULL)
			CHECK_ROW(t[i].text, got.p == NULL);
		else
			CHECK_ROW(t[i].text, got.p != NULL && sv_eqz(got, t[i].want));
	}
}

TEST(union_of_nothing_is_left_out_and_uses_the_delimiter)
{
	struct ctx *cx = tt_ctx();
	struct fixture f;
	struct sv got;

	fixture(cx, &f);
	f.env.delimiter = SV(",");
	CHECK(!IS_ERR(tmpl_text(cx, SV("{{scopes}} {{existing_scopes}}"), &f.env, &got)));
	CHECK(sv_eqz(got, "a,b,c"));
	f.vars[2].value.list.n = 0;
	f.vars[3].value.list.n = 0;
	CHECK(!IS_ERR(tmpl_text(cx, SV("{{scopes}} {{existing_scopes}}"), &f.env, &got)));
	CHECK(got.p == NULL);
	CHECK(!IS_ERR(tmpl_text(cx, SV("{{scopes}} offline_access"), &f.env, &got)));
	CHECK(sv_eqz(got, "offline_access"));
}

TEST(templates_that_cannot_mean_anything_are_refused)
{
	static const struct {
		const char *text;
		unsigned place;
		const char *says;
	} t[] = {
		{ "{{", TMPL_TOKEN, "expected between" },
		{ "{{}}", TMPL_TOKEN, "expected between" },
		{ "{{client_id}", TMPL_TOKEN, "not closed" },
		{ "{{client_id", TMPL_TOKEN, "not closed" },
		{ "{{client_id client_id}}", TMPL_TOKEN, "not closed" },
		{ "{{https://a.example}}", TMPL_TOKEN, "not closed" },
		{ "{{cleint_id}}", TMPL_TOKEN, "not a known placeholder" },
		{ "{{client_id.}}", TMPL_TOKEN, "" },
		{ "{{.client_id}}", TMPL_TOKEN, "" },
		{ "{{client_secret}}", TMPL_AUTHORIZE, "has no value here" },
		{ "{{refresh_token}}", TMPL_TOKEN, "has no value here" },
		{ "{{code}}", TMPL_REFRESH, "has no value here" },
		{ "{{scopes}}", TMPL_REVOKE, "has no value here" },
		{ "{{user.id}}", TMPL_TOKEN, "has no value here" },
		{ "{{sign_jwt()}}", TMPL_AUTHORIZE, "has no value here" },
		{ "{{upper(client_id)}}", TMPL_TOKEN, "there is no function upper()" },
		{ "{{lower()}}", TMPL_TOKEN, "takes 1 arguments" },
		{ "{{lower(client_id,client_id)}}", TMPL_TOKEN, "takes 1 arguments" },
		{ "{{join(scopes)}}", TMPL_TOKEN, "takes 2 arguments" },
		{ "{{join(scopes ',')}}", TMPL_TOKEN, "separated by commas" },
		{ "{{join(scopes,')}}", TMPL_TOKEN, "quote is not closed" },
		{ "{{sign_jwt(code)}}", TMPL_TOKEN, "takes 0 arguments" },
		{ "{{default(code)}}", TMPL_TOKEN, "takes 2 arguments" },
		{ "{{jwt_decode(code,'a.b')}}", TMPL_TOKEN, "must begin with $" },
		{ "{{jwt_decode(code,'$..b')}}", TMPL_TOKEN, "must follow the dot" },
		{ "{{lower(lower(lower(lower(lower(lower(lower(lower(code))))))))}}", TMPL_TOKEN, "nested too deep" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		size_t at;

		CHECK_ROW(t[i].text, tmpl_check(cx, sv_of(t[i].text), t[i].place).code == E_BAD_INPUT);
		CHECK_ROW(t[i].text, sv_find(sv_of(cx->cause.say), sv_of(t[i].says), &at));
	}
}

TEST(template_text_is_bounded)
{
	char big[5000];
	struct ctx *cx = tt_ctx();

	memset(big, 'x', sizeof big);
	CHECK(tmpl_check(cx, (struct sv){ big, 4096 }, TMPL_TOKEN).code == E_OK);
	CHECK(tmpl_check(cx, (struct sv){ big, 4097 }, TMPL_TOKEN).code == E_BAD_INPUT);
}

TEST(values_are_escaped_for_the_place_they_stand_in)
{
	struct ctx *cx = tt_ctx();
	struct fixture f;
	struct sv got;

	fixture(cx, &f);
	f.vars[0].value.text = SV("../a?b\"\\c\n");
	f.env.in_url = true;
	CHECK(!IS_ERR(tmpl_text(cx, SV("https://h/x/{{client_id}}/y"), &f.env, &got)));
	CHECK(sv_eqz(got, "https://h/x/..%2Fa%3Fb%22%5Cc%0A/y"));
	f.env.in_url = false;
	f.env.in_json = true;
	CHECK(!IS_ERR(tmpl_text(cx, SV("{\"q\":\"{{client_id}}\"}"), &f.env, &got)));
	CHECK(sv_eqz(got, "{\"q\":\"../a?b\\\"\\\\c\\n\"}"));
}

TEST(templates_survive_every_refused_allocation)
{
	for (long k = 1;; k++) {
		struct ctx *cx = tt_ctx();
		struct fixture f;
		struct sv got;

		fixture(cx, &f);
		tt_fail_alloc(k);
		struct err e = tmpl_text(
		    cx,
		    SV("{{basic(client_id, client_secret)}} {{scopes}} {{existing_scopes}} {{join(answer.list,',')}}"),
		    &f.env, &got);
		tt_fail_alloc(0);
		if (!IS_ERR(e)) {
			CHECK(got.p != NULL);
			break;
		}
		CHECK(got.p == NULL && cx->cause.code == e.code);
	}
}
