/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buf.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "core/ydoc.h"
#include "model/pdef_parts.h"
#include "tt.h"
#include <dirent.h>
#include <stdlib.h>

/* A definition file of tests/providers as provider_definitions would hold it: id -> tree. */
static const struct node *read_file(struct ctx *cx, const char *name, char **text)
{
	char path[400], id[40];
	struct node *tree = NULL, *map = node_new(cx->arena, NODE_MAP);
	CLEANUP(buf_free) struct buf b = BUF(100000);
	char piece[1000];

	(void)snprintf(path, sizeof path, "%s/%s", PROVIDER_TESTS, name);
	FILE *f = fopen(path, "r");
	CHECK(f != NULL);
	for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
		buf_add(&b, piece, n);
	(void)fclose(f);
	*text = arena_text(cx->arena, buf_view(&b));
	struct err e = ydoc_parse(cx, buf_view(&b), arena_text(cx->arena, sv_of(name)), &tree);
	CHECK_ROW(name, !IS_ERR(e) && sv_copy(node_text_at(tree, "id"), id, sizeof id));
	CHECK(node_set(cx->arena, map, sv_of(id), tree));
	return map;
}

/* Loaded, written as text, loaded again: the same definition. */
static void round_trip(struct ctx *cx, const char *row, const struct node *tree)
{
	CLEANUP(pdef_drop) struct pdef *d = NULL, *again = NULL;
	const struct node *copy;
	struct sv json, json2;

	struct err e = pdef_load(cx, tree, &(struct pdef_how){ "x", false }, &d);
	if (IS_ERR(e))
		fprintf(stderr, "%s\n", cx->cause.say);
	CHECK_ROW(row, !IS_ERR(e));
	CHECK_ROW(row, !IS_ERR(pdef_text(cx, tree, &json)) && !IS_ERR(jdoc_parse(cx, json, "definition", &copy)));
	CHECK_ROW(row, !IS_ERR(pdef_load(cx, copy, &(struct pdef_how){ "x", false }, &again)));
	CHECK_ROW(row, !IS_ERR(pdef_text(cx, copy, &json2)) && sv_eq(json, json2));
	CHECK_ROW(row, again->pkce == d->pkce && again->refresh == d->refresh && again->can_revoke == d->can_revoke &&
			   again->parts->token.n_auth == d->parts->token.n_auth);
}

TEST(every_requirement_can_be_said_and_what_cannot_is_refused_by_name)
{
	DIR *dir = opendir(PROVIDER_TESTS);
	size_t loaded = 0, refused = 0;

	CHECK(dir != NULL);
	for (struct dirent *de; (de = readdir(dir)) != NULL;) {
		CLEANUP(pdef_library_drop) struct pdef_library *l = NULL;
		struct ctx *cx = tt_ctx();
		char *text;
		size_t at;

		if (de->d_name[0] == '.')
			continue;
		const struct node *map = read_file(cx, de->d_name, &text);
		struct err e = pdef_library_load(cx, map, false, &l);
		if (sv_find(sv_of(de->d_name), SV(".refused"), &at)) {
			struct sv rest = sv_from(sv_of(text), 2), field = sv_cut(&rest, '\n'); /* "# field" */

			CHECK_ROW(de->d_name, e.code == E_CONFIG && l == NULL);
			CHECK_ROW(de->d_name, sv_find(sv_of(cx->cause.say), field, &at) &&
						  sv_find(sv_of(cx->cause.say), SV("supported yet"), &at));
			CHECK_ROW(de->d_name, sv_starts(sv_of(cx->cause.say), sv_of(de->d_name))); /* file:line */
			refused++;
			continue;
		}
		if (IS_ERR(e))
			fprintf(stderr, "%s\n", cx->cause.say);
		CHECK_ROW(de->d_name, !IS_ERR(e));
		round_trip(cx, de->d_name, pdef_library_find(l, map->first->key));
		loaded++;
	}
	(void)closedir(dir);
	CHECK(loaded == 20 && refused == 4);
}

TEST(the_library_is_whole)
{
	static const char *const ids[] = { "clickup", "discord", "dropbox", "github", "google", "oauth2", "slack" };
	struct ctx *cx = tt_ctx();
	CLEANUP(pdef_library_drop) struct pdef_library *l = NULL;

	CHECK(!IS_ERR(pdef_library_load(cx, NULL, false, &l)));
	CHECK(pdef_library_count(l) == ARRAY_LEN(ids));
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		CHECK_ROW(ids[i], pdef_library_find(l, sv_of(ids[i])) == pdef_library_at(l, i));
		if (strcmp(ids[i], "oauth2") != 0)
			round_trip(cx, ids[i], pdef_library_find(l, sv_of(ids[i])));
	}
	CHECK(pdef_library_find(l, SV("nobody")) == NULL && pdef_library_at(l, 99) == NULL);
	CLEANUP(pdef_drop) struct pdef *d = NULL;
	CHECK(!IS_ERR(pdef_load(cx, pdef_library_find(l, SV("discord")), &(struct pdef_how){ "discord", false }, &d)));
	CHECK(strcmp(d->name, "Discord") == 0 && strcmp(d->issuer, "https://discord.com") == 0 && !d->iss_required &&
	      d->pkce);
	CHECK(d->refresh == REFRESH_TOKEN && d->rotates == ROTATES_YES && d->can_revoke &&
	      d->revoke_ends == ENDS_GRANT);
	CHECK(d->has_user_info && d->user_info_on_grant && !d->user_info_on_refresh && !d->has_introspection &&
	      !d->has_exchange);
}

static const char good[] = "authorize: {url: 'https://a.test/a'}\ntoken: {url: 'https://a.test/t'}\n";

/* extra: YAML merged over a good definition; says: part of the message; NULL: it loads. */
static const struct bad {
	const char *extra, *says;
} bads[] = {
	{ "name: Fine\n", NULL },
	{ "simulate: {anything: {at: [all]}}\n", NULL },
	{ "nmae: x\n", "t.yaml:1: nmae is not a known field" },
	{ "token: {urll: 'https://x.test'}\n", "token.urll is not a known field" },
	{ "authorize: {params: {a: [1]}}\n", "authorize.params.a must be a text" },
	{ "authorize: {params: {a: '{{refresh_token}}'}}\n", "authorize.params.a {{refresh_token}} has no value here" },
	{ "authorize: {params: {a: '{{nope}}'}}\n", "{{nope}} is not a known placeholder" },
	{ "authorize: {params: {a: '{{client_id'}}\n", "not closed" },
	{ "authorize: {omit: [state]}\n", "must not name state" },
	{ "authorize: {pkce: plain}\n", "must be one of supported, required, unsupported" },
	{ "authorize: {url: 'http://a.test/a'}\n", "must be an https address" },
	{ "authorize: {url: 'ftp://a.test/a'}\n", "authorize.url" },
	{ "authorize: {url: '/a'}\n", "authorize.url" },
	{ "authorize: {url: null}\n", "authorize.url is required" },
	{ "token: {url: null}\n", "token.url is required" },
	{ "token: {url: 'http://localhost:1/t'}\n", "must be an https address" },
	{ "token: {url: 'https://u:p@a.test/t'}\n", "token.url" },
	{ "token: {url: 'https://{{stored.host}}/t'}\n", "list the hosts" },
	{ "token: {url: 'https://{{var.x}}.a.test/t'}\n", "token.url" },
	{ "token: {auth: [magic]}\n", "must be a list of basic" },
	{ "token: {auth: []}\n", "token.auth" },
	{ "token: {auth: [private_key_jwt]}\n", "say what it holds under jwt" },
	{ "token: {content_type: xml}\n", "must be one of form, json, query, none" },
	{ "token: {body: '{}'}\n", "needs content_type: json" },
	{ "token: {headers: {\"X Y\": z}}\n", "header names" },
	{ "token: {headers: {X-A: \"a\\nb\"}}\n", "without control characters" },
	{ "answer: {access_token: access_token}\n", "not a valid path" },
	{ "answer: {ok_when: $.a = 1}\n", "answer.ok_when" },
	{ "answer: {tokens: []}\n", "answer.tokens" },
	{ "answer: {tokens: [{scope: $.a}]}\n", "needs access_token" },
	{ "answer: {tokens: [{access_token: $.a, skope: $.b}]}\n", "answer.tokens.skope is not a known field" },
	{ "scopes: {known: {a: {menaing: x}}}\n", "scopes.known.menaing is not a known field" },
	{ "scopes: {known: [a]}\n", "scopes.known must be a map" },
	{ "api: {retry: {format: stardate}}\n", "api.retry.format must be one of" },
	{ "api: {retry: {body: x}}\n", "api.retry.body is not a valid path" },
	{ "api: {retry: {haeder: x}}\n", "api.retry.haeder is not a known field" },
	{ "answer: {store: {a: b}}\n", "answer.store.a" },
	{ "answer: {expires: {zero: maybe}}\n", "answer.expires.zero must be one of" },
	{ "answer: {expires: {lifetime_s: -1}}\n", "answer.expires.lifetime_s must be at least 0" },
	{ "errors: [{is: reauth}]\n", "needs a status" },
	{ "errors: [{value: x}]\n", "errors.is is required" },
	{ "errors: [{value: x, is: fatal}]\n", "must be one of reauth" },
	{ "errors: [{value: x, is: reauth, at: [everywhere]}]\n", "errors.at" },
	{ "errors: {value: x}\n", "must be a list" },
	{ "refresh: {rotates: always}\n", "must be one of no, yes, maybe" },
	{ "refresh: {params: {code: '{{code}}'}}\n", "{{code}} has no value here" },
	{ "refresh: {lead_s: 1000000}\n", "at most 86400" },
	{ "revoke: {url: 'https://a.test/r'}\n", "revoke.ends is required" },
	{ "revoke: {ends: token}\n", "revoke.url is required" },
	{ "callback: {iss: required}\n", "callback.issuer is required" },
	{ "callback: {vendor_start: fresh_login}\n", "must be one of refuse" },
	{ "callback: {errors: {a: b}}\n", "must be denied, config_error or retry" },
	{ "identity: [{from: stars}]\n", "identity.from must be one of" },
	{ "identity: [{from: answer, id: '{{user}}'}]\n", "identity.id" },
	{ "identity: [{from: call, email: $.x}]\n", "identity.url is required" },
	{ "lookup: [{url: 'https://a.test/l'}]\n", "lookup.store is required" },
	{ "introspect: {url: 'https://a.test/i', on: [never]}\n", "grant, refresh" },
	{ "scopes: {granted_from: header}\n", "scopes.granted_at" },
	{ "jwt: {alg: none, claims: {}}\n", "jwt.alg must be one of" },
	{ "variables: {x: {default: a}}\n", "needs a pattern, an enum or a fixed value" },
	{ "variables: {x: {pattern: '('}}\nvalues: {x: a}\n", "not an extended regular expression" },
	{ "variables: {x: {pattern: '[a-z]+'}}\nvalues: {x: 'a1'}\n", "does not fit its pattern" },
	{ "variables: {x: {pattern: '[a-z]+'}}\nvalues: {x: \"a\\nb\"}\n", "control characters" },
	{ "variables: {x: {enum: [a, b]}}\nvalues: {x: c}\n", "not one of the words" },
	{ "variables: {x: {fixed: a}}\nvalues: {x: b}\n", "is fixed" },
	{ "values: {y: b}\n", "variables does not declare" },
	{ "environment: mars\n", "not one of the definition's environments" },
	{ "origin: 'http://localhost:1/x'\n", "scheme, host and port only" },
	{ "origin: 'http://example.com'\n", "must be https" },
	{ "origin: 'http://localhost:1'\n", "in development only" },
	{ "registration: {}\n", "registration is not supported yet" },
	{ "notices: {}\n", "notices is not supported yet" },
};

TEST(definitions_that_cannot_work_are_refused_with_file_line_and_reason)
{
	for (size_t i = 0; i < ARRAY_LEN(bads); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(pdef_drop) struct pdef *d = NULL;
		struct node *base, *extra, *tree;
		size_t at;

		CHECK(!IS_ERR(ydoc_parse(cx, sv_of(good), "base.yaml", &base)));
		CHECK_ROW(bads[i].extra, !IS_ERR(ydoc_parse(cx, sv_of(bads[i].extra), "t.yaml", &extra)));
		tree = node_merge(cx->arena, base, extra);
		CHECK(tree != NULL);
		struct err e = pdef_load(cx, tree, &(struct pdef_how){ "x", false }, &d);
		if (bads[i].says == NULL) {
			CHECK_ROW(bads[i].extra, !IS_ERR(e) && d != NULL);
			continue;
		}
		if (!sv_find(sv_of(cx->cause.say), sv_of(bads[i].says), &at))
			fprintf(stderr, "said: %s\n", cx->cause.say);
		CHECK_ROW(bads[i].extra, e.code == E_CONFIG && cx->cause.code == E_CONFIG && d == NULL);
		CHECK_ROW(bads[i].extra, sv_find(sv_of(cx->cause.say), sv_of(bads[i].says), &at));
		CHECK_ROW(bads[i].extra, sv_find(sv_of(cx->cause.say), SV(".yaml:"), &at));
	}
}

TEST(overrides_aliases_and_their_mistakes)
{
	static const struct {
		const char *yaml, *says;
	} t[] = {
		{ "discord: {origin: 'http://localhost:9199'}\n", NULL },
		{ "mine: {alias_of: discord, name: Mine}\n", NULL },
		{ "a: {alias_of: b}\nb: {alias_of: github}\n", NULL },
		{ "a: {alias_of: nobody}\n", "alias_of names a definition that does not exist" },
		{ "a: {alias_of: a}\n", "alias_of leads back to itself" },
		{ "a: {alias_of: b}\nb: {alias_of: a}\n", "alias_of leads back to itself" },
		{ "'a b': {alias_of: discord}\n", "has an id" },
		{ "discord: 5\n", "must hold maps" },
		{ "- discord\n", "must be a map" },
		{ "discord: {token: {aut: [basic]}}\n", "token.aut is not a known field" },
		{ "github: {environments: {ghes: {token: {url: nonsense}}}}\n", "token.url" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(pdef_library_drop) struct pdef_library *l = NULL;
		struct node *n;
		size_t at;

		CHECK(!IS_ERR(ydoc_parse(cx, sv_of(t[i].yaml), "engine.yaml", &n)));
		struct err e = pdef_library_load(cx, n, true, &l);
		if (IS_ERR(e) && (t[i].says == NULL || !sv_find(sv_of(cx->cause.say), sv_of(t[i].says), &at)))
			fprintf(stderr, "said: %s\n", cx->cause.say);
		CHECK_ROW(t[i].yaml, IS_ERR(e) == (t[i].says != NULL));
		CHECK_ROW(t[i].yaml, t[i].says == NULL || (e.code == E_CONFIG && l == NULL &&
							   sv_find(sv_of(cx->cause.say), sv_of(t[i].says), &at)));
	}
}

TEST(a_tenant_name_cannot_change_the_host)
{
	static const char *const values[] = { "evil.test/",   "evil.test#",  "evil.test?",
					      "a@evil.test",  "evil.test\\", "a b",
					      "evil.test:1/", "%2f",         "" };

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(pdef_drop) struct pdef *d = NULL;
		struct node *tree;
		char yaml[400];

		/* even with a pattern that forgot everything */
		(void)snprintf(yaml, sizeof yaml,
			       "variables: {t: {pattern: '.*'}}\nvalues: {t: '%s'}\nauthorize: {url: "
			       "'https://{{var.t}}.idp.test/a'}\n"
			       "token: {url: 'https://idp.test/t'}\n",
			       values[i]);
		CHECK(!IS_ERR(ydoc_parse(cx, sv_of(yaml), "t.yaml", &tree)));
		CHECK_ROW(values[i],
			  pdef_load(cx, tree, &(struct pdef_how){ "x", false }, &d).code == E_CONFIG && d == NULL);
	}
}

TEST(loading_survives_every_refused_allocation)
{
	static const char *const ids[] = { "slack", "google", "github" };
	struct ctx *first = tt_ctx();
	struct pdef_library *l = NULL;
	size_t done = 0;

	CHECK(!IS_ERR(pdef_library_load(first, NULL, false, &l)));
	for (long k = 1; done < ARRAY_LEN(ids); k++) {
		CLEANUP(pdef_drop) struct pdef *d = NULL;
		struct ctx cx = { .request_id = "t", .now = first->now, .arena = first->arena };
		const struct node *tree = pdef_library_find(l, sv_of(ids[done]));

		tt_fail_alloc(k);
		struct err e = pdef_load(&cx, tree, &(struct pdef_how){ ids[done], false }, &d);
		tt_fail_alloc(0);
		CHECK(IS_ERR(e) == (d == NULL) && cx.cause.code == e.code);
		if (!IS_ERR(e)) {
			done++;
			k = 0;
		}
	}
	pdef_library_free(l);
}
