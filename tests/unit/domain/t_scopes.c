/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "core/ydoc.h"
#include "domain/scopes.h"
#include "model/pdef.h"
#include "model/pdef_scopes.h"
#include "tt_words.h"

TEST(scopes_cover_what_is_asked)
{
	static const struct {
		const char *name, *requested, *granted;
		bool known;
		const char *wanted;
		bool want;
	} t[] = {
		{ "nothing asked", "a", "a", true, "", true },
		{ "nothing asked, nothing had", "", "", true, "", true },
		{ "the same", "a b", "a b", true, "b a", true },
		{ "fewer", "a b", "a b", true, "b", true },
		{ "more", "a", "a", true, "a b", false },
		{ "another case is another scope", "a", "a", true, "A", false },
		{ "a part of a name is not the name", "read:user", "read:user", true, "read", false },
		{ "one was declined", "a b", "a", true, "a b", false },
		{ "declined, asked for the other", "a b", "a", true, "a", true },
		{ "renamed by the provider", "email profile", "https://x/email https://x/profile", true, "email",
		  true },
		{ "renamed, never asked for", "email", "https://x/email", true, "files", false },
		{ "partly renamed counts as spelled like us", "openid email", "openid https://x/email", true, "email",
		  false },
		{ "granted on top", "a", "a b", true, "b", true },
		{ "provider said nothing", "a b", "a b", false, "a b", true },
		{ "provider said nothing, more wanted", "a b", "a b", false, "c", false },
		{ "nothing requested, defaults granted", "", "a b", true, "a", true },
		{ "nothing requested, not among the defaults", "", "a b", true, "c", false },
	};
	struct ctx *cx = tt_ctx();

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct scope_state have = { tt_words(cx, t[i].requested), tt_words(cx, t[i].granted),
						  t[i].known };

		CHECK_ROW(t[i].name, scopes_cover(NULL, &have, tt_words(cx, t[i].wanted)) == t[i].want);
	}
}

/* "email" comes back under a long name, user holds user:email, offline_access is never told. */
static struct pdef rules_of(struct ctx *cx)
{
	static const char yaml[] = "aliases: {email: 'https://x/email'}\n"
				   "implies: {user: ['user:email'], admin: [user]}\n"
				   "not_returned: [offline_access]\n";
	struct pdef d = { .id = "x" };
	struct node *n = NULL;

	CHECK(!IS_ERR(ydoc_parse(cx, sv_of(yaml), "rules.yaml", &n)));
	const struct pdef_scopes_in in = { node_get(n, "aliases"), node_get(n, "implies"),
					   node_get(n, "not_returned") };
	CHECK(!IS_ERR(pdef_scopes_read(cx, &in, &d.scopes)) && d.scopes != NULL);
	return d;
}

TEST(scopes_cover_what_is_asked_by_the_providers_rules)
{
	static const struct {
		const char *name, *requested, *granted;
		bool known;
		const char *wanted;
		bool want;
	} t[] = {
		{ "one renamed among verbatim ones", "openid email send", "openid https://x/email send", true,
		  "openid email send", true },
		{ "renamed, the rest declined", "email send", "https://x/email", true, "email send", false },
		{ "renamed, asked for the renamed one", "email send", "https://x/email", true, "email", true },
		{ "folded into another", "user user:email repo", "user repo", true, "user user:email repo", true },
		{ "folded later", "user:email user", "user", true, "user:email", true },
		{ "folded twice over", "user:email admin", "admin", true, "user:email", true },
		{ "only the smaller was granted", "user", "user:email", true, "user", false },
		{ "never named in the answer", "mail offline_access", "mail", true, "mail offline_access", true },
		{ "never named, and never asked", "mail", "mail", true, "offline_access", false },
		{ "never named, others declined", "mail files offline_access", "mail", true, "files offline_access",
		  false },
		{ "said nothing", "user", "user", false, "user:email", true },
	};
	struct ctx *cx = tt_ctx();
	const struct pdef d = rules_of(cx);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct scope_state have = { tt_words(cx, t[i].requested), tt_words(cx, t[i].granted),
						  t[i].known };

		CHECK_ROW(t[i].name, scopes_cover(&d, &have, tt_words(cx, t[i].wanted)) == t[i].want);
	}
	CHECK(scopes_contain(&d, tt_words(cx, "admin"), tt_words(cx, "user:email user")));
	CHECK(!scopes_contain(&d, tt_words(cx, "user"), tt_words(cx, "user:email admin")));
}

TEST(what_is_asked_for_again_keeps_all_that_was_granted)
{
	static const struct {
		const char *name, *requested, *granted;
		bool known;
		const char *want;
	} t[] = {
		{ "as granted", "a b", "a", true, "[\"a\"]" },
		{ "renamed by a known rule", "email", "https://x/email", true, "[\"https://x/email\"]" },
		{ "renamed by an unknown one", "a", "https://x/a", true, "[\"a\"]" },
		{ "with what no answer names", "mail offline_access", "mail", true, "[\"mail\",\"offline_access\"]" },
		{ "nothing granted", "a b", "", true, "[\"a\",\"b\"]" },
		{ "said nothing", "a b", "a b", false, "[\"a\",\"b\"]" },
	};
	struct ctx *cx = tt_ctx();
	const struct pdef d = rules_of(cx);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct scope_state have = { tt_words(cx, t[i].requested), tt_words(cx, t[i].granted),
						  t[i].known };
		struct sv_list kept;
		struct sv text;

		CHECK(!IS_ERR(scopes_kept(cx, &d, &have, &kept)) && !IS_ERR(scopes_json(cx, kept, &text)));
		CHECK_ROW(t[i].name, sv_eqz(text, t[i].want));
	}
}

TEST(scopes_are_cleaned_in_order)
{
	struct ctx *cx = tt_ctx();
	struct sv in[] = { SV_INIT("b"), SV_INIT(""), SV_INIT("a"), SV_INIT("b"), SV_INIT("a") };
	struct sv_list out;
	struct sv text;

	CHECK(!IS_ERR(scopes_clean(cx, (struct sv_list){ in, ARRAY_LEN(in) }, &out)));
	CHECK(out.n == 2 && sv_eqz(out.v[0], "b") && sv_eqz(out.v[1], "a"));
	CHECK(!IS_ERR(scopes_json(cx, out, &text)) && sv_eqz(text, "[\"b\",\"a\"]"));
	CHECK(!IS_ERR(scopes_from_json(cx, text, &out)) && out.n == 2 && sv_eqz(out.v[1], "a"));
	CHECK(!IS_ERR(scopes_from_json(cx, SV("[]"), &out)) && out.n == 0);
}

TEST(one_entry_may_hold_several_scopes)
{
	struct ctx *cx = tt_ctx();
	struct sv in[] = { SV_INIT("identify guilds"), SV_INIT(""), SV_INIT(" email  "), SV_INIT("guilds") };
	struct sv_list each, same = { in, 1 };
	struct sv text;

	CHECK(!IS_ERR(scopes_split(cx, (struct sv_list){ in, ARRAY_LEN(in) }, &each)));
	CHECK(!IS_ERR(scopes_json(cx, each, &text)) && sv_eqz(text, "[\"identify\",\"guilds\",\"email\",\"guilds\"]"));
	char *long_one = arena_alloc(cx->arena, 5000);
	memset(long_one, ' ', 5000);
	for (size_t i = 0; i < 5000; i += 2)
		long_one[i] = 'a';
	in[0] = (struct sv){ long_one, 5000 };
	CHECK(!IS_ERR(scopes_split(cx, same, &each)) &&
	      each.n == 1001); /* more than anybody takes, and no more memory */
	in[0] = SV("email");
	CHECK(!IS_ERR(scopes_split(cx, same, &each)) && each.v == same.v && each.n == 1);
}

TEST(the_key_of_a_scope_set_knows_no_order_and_no_separator)
{
	static const struct {
		const char *name, *a, *b;
		bool same;
	} t[] = {
		{ "order", "a b c", "c a b", true },
		{ "duplicates", "a a b", "b a", true },
		{ "another set", "a b", "a c", false },
		{ "a prefix", "a", "a b", false },
		{ "names that look joined", "a,b", "a b", false },
		{ "empty", "", "a", false },
	};
	struct ctx *cx = tt_ctx();

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct sv a, b;

		CHECK(!IS_ERR(scopes_key(cx, tt_words(cx, t[i].a), &a)) &&
		      !IS_ERR(scopes_key(cx, tt_words(cx, t[i].b), &b)));
		CHECK_ROW(t[i].name, sv_eq(a, b) == t[i].same);
	}
}

TEST(a_damaged_list_is_an_error)
{
	static const char *const bad[] = { "{}", "[", "\"a\"", "[\"a\",]", "nothing" };
	struct sv_list out;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(bad[i], scopes_from_json(tt_ctx(), sv_of(bad[i]), &out).code == E_INTERNAL && out.n == 0);
}
