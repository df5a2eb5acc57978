/* SPDX-License-Identifier: Apache-2.0 */
/* t_pdef_scopes.c: one scope under two names, a scope that holds others, a scope that no answer names. */
#include "core/buf.h"
#include "core/text.h"
#include "core/ydoc.h"
#include "model/pdef.h"
#include "model/pdef_scopes.h"
#include "tt_words.h"

static const char good[] = "authorize: {url: 'https://a.test/a'}\ntoken: {url: 'https://a.test/t'}\n";
static struct err load(struct ctx *cx, const char *scopes, struct pdef **out)
{
	struct node *tree = NULL;
	const char *yaml = arena_printf(cx->arena, "%sscopes:\n%s", good, scopes);

	CHECK_ROW(scopes, yaml != NULL && !IS_ERR(ydoc_parse(cx, sv_of(yaml), "t.yaml", &tree)));
	return pdef_load(cx, tree, &(struct pdef_how){ "x", false }, out);
}

#define G "https://idp.test/auth/"
static const char rules[] =
    "  aliases: {email: '" G "userinfo.email', mail: email_address, 'https://graph.test/*': '*'}\n"
    "  implies: {admin: [write], write: [read, mail], user: ['user:email', email], twice: [read, write]}\n"
    "  not_returned: [offline_access, 'https://graph.test/quiet']\n";

TEST(a_granted_scope_gives_its_names_and_what_it_holds)
{
	static const struct {
		const char *name, *set, *wanted;
		bool want;
	} t[] = {
		{ "the same", "a", "a", true },
		{ "another", "a", "b", false },
		{ "nothing granted", "", "a", false },
		{ "renamed in the answer", "openid " G "userinfo.email", "email", true },
		{ "asked by its own name, answered by the other", "email", G "userinfo.email", true },
		{ "not part of a name", G "userinfo.emails", "email", false },
		{ "an alias has its own case", G "userinfo.email", "Email", false },
		{ "a prefix left out in the answer", "User.Read", "https://graph.test/User.Read", true },
		{ "a prefix put on in the answer", "https://graph.test/User.Read", "User.Read", true },
		{ "a prefix and an alias", "https://graph.test/email", G "userinfo.email", true },
		{ "another prefix", "https://other.test/User.Read", "User.Read", false },
		{ "a prefix alone is no scope", "https://graph.test/", "User.Read", false },
		{ "held", "write", "read", true },
		{ "held by what it holds", "admin", "read", true },
		{ "held under another name", "admin", "email_address", true },
		{ "held, holder and held under other names", "https://graph.test/user", "email", true },
		{ "the smaller does not give the larger", "read", "write", false },
		{ "what two hold does not give the holder", "read write", "admin", false },
		{ "one of several", "openid user repo", "user:email", true },
		{ "beside it", "user", "user:follow", false },
		{ "silent is not granted", "a", "offline_access", false },
	};
	struct ctx *cx = tt_ctx();
	CLEANUP(pdef_drop) struct pdef *d = NULL;

	CHECK(!IS_ERR(load(cx, rules, &d)) && d->scopes != NULL);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_ROW(t[i].name,
			  pdef_scopes_have(d->scopes, tt_words(cx, t[i].set), sv_of(t[i].wanted)) == t[i].want);
	CHECK(pdef_scopes_silent(d->scopes, SV("offline_access")) && pdef_scopes_silent(d->scopes, SV("quiet")));
	CHECK(!pdef_scopes_silent(d->scopes, SV("email")) && !pdef_scopes_silent(NULL, SV("offline_access")));
}

TEST(without_rules_names_compare_exactly)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(pdef_drop) struct pdef *d = NULL;

	CHECK(!IS_ERR(load(cx, "  default: [a]\n  aliases: null\n", &d)) && d->scopes == NULL);
	CHECK(pdef_scopes_have(NULL, tt_words(cx, "a b"), SV("b")) &&
	      !pdef_scopes_have(NULL, tt_words(cx, "a b"), SV("c")));
}

TEST(the_shipped_providers_know_what_is_renamed_and_what_is_folded)
{
	static const struct {
		const char *provider, *set, *wanted;
		bool want;
	} t[] = {
		{ "google", "https://www.googleapis.com/auth/userinfo.email", "email", true },
		{ "google", "https://www.googleapis.com/auth/userinfo.profile", "profile", true },
		{ "google", "https://www.googleapis.com/auth/userinfo.profile", "email", false },
		{ "github", "user", "user:email", true },
		{ "github", "user", "read:user", true },
		{ "github", "user:email", "user", false },
		{ "github", "repo", "public_repo", true },
		{ "github", "public_repo", "repo", false },
		{ "github", "repo", "workflow", false },
		{ "github", "admin:org", "read:org", true },
		{ "github", "write:org", "admin:org", false },
		{ "github", "admin:repo_hook", "read:repo_hook", true },
		{ "discord", "bot", "applications.commands", true },
		{ "discord", "identify", "email", false },
	};
	struct ctx *cx = tt_ctx();
	struct pdef_library *l = NULL;

	CHECK(!IS_ERR(pdef_library_load(cx, NULL, false, &l)));
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(pdef_drop) struct pdef *d = NULL;
		const struct pdef_how how = { t[i].provider, false };

		CHECK(!IS_ERR(pdef_load(cx, pdef_library_find(l, sv_of(t[i].provider)), &how, &d)));
		CHECK_ROW(t[i].wanted,
			  pdef_scopes_have(d->scopes, tt_words(cx, t[i].set), sv_of(t[i].wanted)) == t[i].want);
	}
	pdef_library_free(l);
}

TEST(rules_that_cannot_be_are_refused_by_name)
{
	static const struct {
		const char *scopes, *says;
	} t[] = {
		{ "  aliases: [a]\n", "scopes.aliases must be a map of at most 64 scopes" },
		{ "  aliases: {a: 1}\n", "scopes.aliases.a must be a scope, without spaces, and its other name" },
		{ "  aliases: {a: [b]}\n", "scopes.aliases.a must be a scope" },
		{ "  aliases: {a: ''}\n", "scopes.aliases.a must be a scope" },
		{ "  aliases: {a: b c}\n", "scopes.aliases.a must be a scope" },
		{ "  aliases: {a b: c}\n", "scopes.aliases.a b must be a scope" },
		{ "  aliases: {a: \"b\\n\"}\n", "scopes.aliases.a must be a scope" },
		{ "  aliases: {a: a}\n", "scopes.aliases.a is an alias of itself" },
		{ "  aliases: {a: b, b: c}\n", "scopes.aliases.a is an alias of another alias" },
		{ "  aliases: {a: b, b: a}\n", "scopes.aliases.a is an alias of another alias" },
		{ "  aliases: {'p:*': '*', 'p:a': a}\n", "scopes.aliases.p:a is an alias of itself" },
		{ "  aliases: {'p:*': '*', 'p:a': b, a: c}\n", "scopes.aliases.a is there twice" },
		{ "  aliases: {a: '*'}\n", "scopes.aliases.a must be '*' for" },
		{ "  aliases: {'a*': b}\n", "scopes.aliases.a* must be '*' for" },
		{ "  aliases: {'*': '*'}\n", "scopes.aliases.* must be '*' for" },
		{ "  implies: [a]\n", "scopes.implies must be a map of at most 64 scopes" },
		{ "  implies: {a: b}\n", "scopes.implies.a must be a scope with a list of at most 32 scopes" },
		{ "  implies: {a b: [c]}\n", "scopes.implies.a b must be a scope with a list" },
		{ "  implies: {a: [[b]]}\n", "scopes.implies.a must hold scopes" },
		{ "  implies: {a: [b c]}\n", "scopes.implies.a must hold scopes" },
		{ "  implies: {a: [a]}\n", "scopes.implies.a holds itself" },
		{ "  implies: {a: [b], b: [c], c: [a]}\n",
		  "scopes.implies.a holds itself, directly or through another" },
		{ "  implies: {x: [b], b: [c], c: [b]}\n", "scopes.implies.b holds itself" },
		{ "  aliases: {a: b}\n  implies: {a: [b]}\n", "scopes.implies.a holds itself" },
		{ "  aliases: {a: b}\n  implies: {a: [c], b: [d]}\n", "scopes.implies.b is there twice" },
		{ "  not_returned: offline_access\n", "scopes.not_returned must be a list of at most 32 scopes" },
		{ "  not_returned: [a b]\n", "scopes.not_returned must hold scopes" },
		{ "  not_returned: [1]\n", "scopes.not_returned must hold scopes" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(pdef_drop) struct pdef *d = NULL;
		size_t at;

		CHECK_ROW(t[i].scopes, load(cx, t[i].scopes, &d).code == E_CONFIG && d == NULL);
		if (!sv_find(sv_of(cx->cause.say), sv_of(t[i].says), &at))
			fprintf(stderr, "said: %s\n", cx->cause.say);
		CHECK_ROW(t[i].scopes, sv_find(sv_of(cx->cause.say), sv_of(t[i].says), &at));
		CHECK_ROW(t[i].scopes, sv_starts(sv_of(cx->cause.say), SV("t.yaml:")));
	}
}

/* n rows "aN: [bN_0, …]" with `each` scopes, or aliases "aN: bN" when each is 0. */
static const char *many(struct ctx *cx, const char *section, int n, int each)
{
	struct buf b = BUF(1 << 20);

	buf_printf(&b, "  %s:\n", section);
	for (int i = 0; i < n; i++) {
		if (each == 0)
			buf_printf(&b, "    a%d: b%d", i, i);
		else
			buf_printf(&b, "    a%d: [", i);
		for (int k = 0; k < each; k++)
			buf_printf(&b, "%sb%d_%d", k == 0 ? "" : ", ", i, k);
		buf_str(&b, each == 0 ? "\n" : "]\n");
	}
	const char *text = arena_text(cx->arena, buf_view(&b));
	buf_free(&b);
	return text;
}

TEST(rules_have_bounds)
{
	static const struct {
		const char *name, *section;
		int n, each;
		const char *says;
	} t[] = {
		{ "64 aliases", "aliases", 64, 0, NULL },
		{ "65 aliases", "aliases", 65, 0, "scopes.aliases must be a map of at most 64" },
		{ "64 holders of 4", "implies", 64, 4, NULL },
		{ "65 holders", "implies", 65, 1, "scopes.implies must be a map of at most 64" },
		{ "8 holders of 32", "implies", 8, 32, NULL },
		{ "33 scopes in one", "implies", 1, 33, "scopes.implies.a0 must be a scope with a list of at most 32" },
		{ "257 scopes in all", "implies", 9, 29, "scopes.implies.a8 is too much: at most 256" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(pdef_drop) struct pdef *d = NULL;
		size_t at;
		struct err e = load(cx, many(cx, t[i].section, t[i].n, t[i].each), &d);

		if (t[i].says == NULL)
			CHECK_ROW(t[i].name, !IS_ERR(e) && d->scopes != NULL);
		else
			CHECK_ROW(t[i].name,
				  e.code == E_CONFIG && sv_find(sv_of(cx->cause.say), sv_of(t[i].says), &at));
	}
}

/* A chain as long as can be: the first holds all of it. */
TEST(a_long_chain_is_followed_to_its_end)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(pdef_drop) struct pdef *d = NULL;
	struct buf b = BUF(1 << 16);

	buf_str(&b, "  implies:\n");
	for (int i = 0; i < 64; i++)
		buf_printf(&b, "    s%d: [s%d]\n", i, i + 1);
	const char *text = arena_text(cx->arena, buf_view(&b));
	buf_free(&b);
	CHECK(!IS_ERR(load(cx, text, &d)));
	CHECK(pdef_scopes_have(d->scopes, tt_words(cx, "s0"), SV("s64")) &&
	      pdef_scopes_have(d->scopes, tt_words(cx, "s63"), SV("s64")));
	CHECK(!pdef_scopes_have(d->scopes, tt_words(cx, "s64"), SV("s63")));
}
