/* SPDX-License-Identifier: Apache-2.0 */
/* t_providers.c: which provider is meant, and what may be changed about one. */
#include "core/jdoc.h"
#include "core/text.h"
#include "tt_flow.h"
#include <malloc.h>

#define ALICE "alice@example.com"
static struct tt_scopes identify = { { SV_INIT("identify") }, 1 };

static const struct node *json(struct ctx *cx, const char *text)
{
	const struct node *n = NULL;

	CHECK(!IS_ERR(jdoc_parse(cx, sv_of(text), "test", &n)));
	return n;
}
static const struct provider *made(struct ctx *cx, struct engine *en, const char *id, const char *type)
{
	CLEANUP(secret_drop) struct secret *s = secret_copy(SV("top"));
	struct provider_write in = { .id = sv_of(id),
				     .provider_id = sv_of(type),
				     .client_id = SV("client-x"),
				     .client_secret = s,
				     .by = &tt_by };
	const struct provider *p = NULL;

	CHECK_ROW(id, !IS_ERR(providers_create(cx, en, tt_project(en), &in, &p)) && p != NULL);
	return p;
}
static bool has_secret(struct ctx *cx, struct engine *en, const struct provider *p, const char *want)
{
	CLEANUP(secret_drop) struct secret *s = NULL;

	CHECK(!IS_ERR(providers_secret(cx, en, p, &s)));
	return s != NULL && secret_equal(s, sv_of(want));
}

TEST(which_one_is_meant)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	const struct {
		struct sv id, provider_id;
		enum err_code want;
		const char *unique, *asked;
	} t[] = {
		{ SV_INIT("gh-one"), SV_INIT(""), E_OK, "gh-one", "gh-one" },
		{ SV_INIT("gh-one"), SV_INIT("github"), E_OK, "gh-one", "gh-one" },
		{ SV_INIT("gh-one"), SV_INIT("gh-one"), E_OK, "gh-one", "gh-one" },
		{ SV_INIT("gh-one"), SV_INIT("discord"), E_PROVIDER_UNKNOWN, NULL, NULL },
		{ SV_INIT(""), SV_INIT("gh-two"), E_OK, "gh-two", "gh-two" },
		{ SV_INIT(""), SV_INIT("github"), E_PROVIDER_AMBIGUOUS, NULL, NULL },
		{ SV_INIT(""), SV_INIT("discord"), E_OK, "discord", "discord" },
		{ SV_INIT(""), SV_INIT("google"), E_OK, "work", "google" },
		{ SV_INIT(""), SV_INIT("slack"), E_PROVIDER_UNKNOWN, NULL, NULL }, /* inactive */
		{ SV_INIT("sl"), SV_INIT(""), E_PROVIDER_UNKNOWN, NULL, NULL },
		{ SV_INIT(""), SV_INIT("GitHub"), E_PROVIDER_UNKNOWN, NULL, NULL },
		{ SV_INIT("nope"), SV_INIT("google"), E_PROVIDER_UNKNOWN, NULL, NULL },
	};

	(void)made(cx, en, "gh-one", "github");
	(void)made(cx, en, "gh-two", "github");
	(void)made(cx, en, "work", "google");
	const struct provider *sl = made(cx, en, "sl", "slack");
	CHECK(!IS_ERR(
	    providers_patch(cx, en, sl, &(struct provider_write){ .status = SV("inactive"), .by = &tt_by }, &sl)));
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct provider_ask ask = { tt_project(en), t[i].id, t[i].provider_id, SV_NONE, SV_NONE };
		const struct provider *p = NULL;
		struct sv asked = SV_NONE;
		const char *row = arena_printf(cx->arena, "%s/%s", t[i].id.p, t[i].provider_id.p);

		CHECK_ROW(row, providers_resolve(cx, en, &ask, &p, &asked).code == t[i].want);
		CHECK_ROW(row, t[i].want != E_PROVIDER_AMBIGUOUS || (strstr(cx->cause.say, "gh-one, gh-two") != NULL));
		CHECK_ROW(row, t[i].unique == NULL
				   ? p == NULL
				   : strcmp(p->unique_id, t[i].unique) == 0 && sv_eqz(asked, t[i].asked));
		(void)forgive(cx);
	}
	struct provider_ask other = { SV("another project"), SV("gh-one"), SV_NONE, SV_NONE, SV_NONE };
	const struct provider *p = NULL;
	struct sv asked;
	CHECK(providers_resolve(cx, en, &other, &p, &asked).code == E_PROVIDER_UNKNOWN);
}

TEST(a_provider_of_the_project_comes_before_the_file)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct provider_ask ask = { tt_project(en), SV_NONE, SV("discord"), SV_NONE, SV_NONE };
	const struct provider *p = NULL;
	struct sv asked;

	CHECK(!IS_ERR(providers_resolve(cx, en, &ask, &p, &asked)) && p->binding == BIND_STATIC);
	CHECK(strcmp(p->redirect_uri, "http://localhost:9099/api/v1/oauth/discord/callback") == 0);
	const struct provider *mine = made(cx, en, "my-discord", "discord");
	CHECK(!IS_ERR(providers_resolve(cx, en, &ask, &p, &asked)) && p == mine && sv_eqz(asked, "discord"));
	CHECK(strncmp(mine->external_id, "ap_", 3) == 0 && strlen(mine->external_id) == 15);
	CHECK(providers_by_external(en, sv_of(mine->external_id)) == mine);
	CHECK(!IS_ERR(providers_delete(cx, en, mine, &tt_by)));
	CHECK(!IS_ERR(providers_resolve(cx, en, &ask, &p, &asked)) && p->binding == BIND_STATIC);
}

TEST(what_may_not_be_made)
{
	static char long_id[102];
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct provider_write good = { .id = SV("x"), .provider_id = SV("github"), .client_id = SV("c"), .by = &tt_by };
	struct provider_write in[12];
	static const struct {
		enum err_code want;
		const char *field;
	} want[] = {
		{ E_BAD_INPUT, "id" },   { E_BAD_INPUT, "id" },          { E_BAD_INPUT, "id" },
		{ E_BAD_INPUT, "id" },   { E_BAD_INPUT, "external_id" }, { E_BAD_INPUT, "status" },
		{ E_BAD_INPUT, "type" }, { E_BAD_INPUT, "provider_id" }, { E_BAD_INPUT, "oauth2.client_id" },
		{ E_CONFLICT, NULL },    { E_CONFLICT, NULL },           { E_BAD_INPUT, "oauth2" },
	};

	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		in[i] = good;
	memset(long_id, 'i', 101);
	in[0].id = SV("");
	in[1].id = SV("a b");
	in[2].id = sv_of(long_id);
	in[3].id = SV("Arcade-github");
	in[4].external_id = SV("a.b");
	in[5].status = SV("on");
	in[6].type = SV("saml");
	in[7].provider_id = SV("hooli");
	in[8].client_id = SV_NONE;
	in[9].id = SV("taken");
	in[10].external_id = SV("discord");
	in[11].oauth2_present = true;
	(void)made(cx, en, "taken", "github");
	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		const struct provider *p = NULL;
		const char *row = arena_printf(cx->arena, "%zu", i);

		CHECK_ROW(row, providers_create(cx, en, tt_project(en), &in[i], &p).code == want[i].want && p == NULL);
		CHECK_ROW(row, want[i].field == NULL || strcmp(cx->cause.fields[0].field, want[i].field) == 0);
		(void)forgive(cx);
	}
	const struct provider *p = NULL;
	good.provider_id = SV_NONE;
	CHECK(providers_create(cx, en, tt_project(en), &good, &p).code == E_BAD_INPUT); /* custom without endpoints */
	CHECK(strncmp(cx->cause.fields[0].field, "oauth2.", 7) == 0);
	(void)forgive(cx);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM providers") == 2);
}

static const char custom[] =
    "{\"client_id\":\"c1\",\"scope_delimiter\":\" \",\"pkce\":{\"enabled\":true},"
    "\"authorize_request\":{\"endpoint\":\"https://hooli.example/auth\",\"params\":{\"response_type\":\"code\","
    "\"client_id\":\"{{client_id}}\",\"redirect_uri\":\"{{redirect_uri}}\",\"scope\":\"{{scopes}} "
    "{{existing_scopes}}\"}},"
    "\"token_request\":{\"endpoint\":\"https://hooli.example/"
    "token\",\"auth_method\":\"client_secret_basic\",\"params\":{"
    "\"grant_type\":\"authorization_code\",\"redirect_uri\":\"{{redirect_uri}}\"}},"
    "\"user_info_request\":{\"endpoint\":\"https://hooli.example/me\",\"triggers\":{\"on_token_grant\":true}}}";

TEST(a_custom_one_is_made_patched_and_survives_a_restart)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(secret_drop) struct secret *s = secret_copy(SV("top"));
	struct provider_write in = { .id = SV("hooli"),
				     .client_id = SV("c1"),
				     .client_secret = s,
				     .description = SV("Hooli\nInc"),
				     .oauth2 = json(cx, custom),
				     .oauth2_present = true,
				     .by = &tt_by };
	const struct provider *p = NULL, *q = NULL;

	CHECK(!IS_ERR(providers_create(cx, en, tt_project(en), &in, &p)));
	CHECK(p->def->has_user_info && p->def->pkce && p->type_id[0] == '\0' && p->config != NULL);
	CHECK(node_get(p->config, "client_id") == NULL && has_secret(cx, en, p, "top"));
	struct provider_write patch = {
		.oauth2 = json(cx, "{\"user_info_request\":null,\"token_request\":{\"params\":{\"a\":\"b\"}}}"),
		.oauth2_present = true,
		.by = &tt_by
	};
	CHECK(!IS_ERR(providers_patch(cx, en, p, &patch, &q)) && q != p && !q->def->has_user_info);
	CHECK(node_path(q->config, SV("token_request.params.a")) != NULL);
	CHECK(node_path(q->config, SV("token_request.params.grant_type")) == NULL); /* params are replaced whole */
	CHECK(node_path(q->config, SV("token_request.endpoint")) != NULL);
	CHECK(strcmp(q->revision_id, p->revision_id) != 0 && has_secret(cx, en, q, "top"));
	CHECK(p->def->has_user_info); /* who holds the old one still may */
	tt_flow_again(cx, &w);
	q = providers_by_id(en, tt_project(en), SV("hooli"));
	CHECK(q != NULL && has_secret(cx, en, q, "top") && strcmp(q->description, "Hooli\nInc") == 0);
	CHECK(!q->def->has_user_info);
	const struct provider *r = NULL;
	CHECK(!IS_ERR(providers_patch(cx, en, q, &(struct provider_write){ .description = SV(""), .by = &tt_by }, &r)));
	CHECK(strcmp(r->revision_id, q->revision_id) == 0 && r->updated_at > q->updated_at &&
	      r->created_at == q->created_at);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM events WHERE kind LIKE 'provider.%' AND resource_id = 'hooli'") ==
	      3);
}

TEST(patches_that_are_refused)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	const struct provider *gh = made(cx, en, "gh", "github"), *out = NULL;
	const struct provider *fixed = providers_by_id(en, tt_project(en), SV("discord"));
	const struct {
		const struct provider *p;
		struct provider_write in;
		enum err_code want;
	} t[] = {
		{ fixed, { .status = SV("inactive"), .by = &tt_by }, E_FORBIDDEN },
		{ gh, { .id = SV("gh2"), .by = &tt_by }, E_BAD_INPUT },
		{ gh, { .external_id = SV("mine"), .by = &tt_by }, E_BAD_INPUT },
		{ gh, { .client_id = SV(""), .by = &tt_by }, E_BAD_INPUT },
		{ gh,
		  { .oauth2 = json(cx, "{\"authorize_request\":{\"endpoint\":\"http://x\"}}"),
		    .oauth2_present = true,
		    .by = &tt_by },
		  E_BAD_INPUT },
		{ gh, { .oauth2 = json(cx, "[]"), .oauth2_present = true, .by = &tt_by }, E_BAD_INPUT },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CHECK_ROW(arena_printf(cx->arena, "%zu", i),
			  providers_patch(cx, en, t[i].p, &t[i].in, &out).code == t[i].want);
		(void)forgive(cx);
	}
	CHECK(providers_delete(cx, en, fixed, &tt_by).code == E_FORBIDDEN);
	(void)forgive(cx);
	CHECK(providers_by_id(en, tt_project(en), SV("gh")) == gh);
}

/* Of this process; the memory of each request is given back. */
static size_t held(void) { return mallinfo2().uordblks; }
TEST(a_write_that_is_refused_or_changes_nothing_leaves_nothing_behind)
{
	enum { TIMES = 60 };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	const struct provider *p = made(cx, en, "gh", "github"), *q = NULL;
	const struct provider_write again = {
		.id = SV("gh"), .provider_id = SV("github"), .client_id = SV("client-x"), .by = &tt_by
	};
	int64_t events = tt_count(cx, en, "SELECT count(*) FROM events");
	size_t before = held();

	for (int i = 0; i < TIMES; i++) {
		CLEANUP(arena_drop) struct arena *a = arena_new(8 << 20);
		struct ctx one = { .request_id = "t", .arena = a, .now = clock_now() };

		CHECK(a != NULL);
		CHECK(providers_create(&one, en, tt_project(en), &again, &q).code == E_CONFLICT);
		(void)forgive(&one);
		CHECK(!IS_ERR(providers_patch(&one, en, p, &(struct provider_write){ .by = &tt_by }, &q)) && q == p);
		CHECK(!IS_ERR(providers_patch(
			  &one, en, p, &(struct provider_write){ .client_id = SV("client-x"), .by = &tt_by }, &q)) &&
		      q == p);
	}
	CHECK(held() < before + TIMES * 1000);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM events") == events);
	CHECK(!IS_ERR(
	    providers_patch(cx, en, p, &(struct provider_write){ .description = SV("mine"), .by = &tt_by }, &q)));
	CHECK(q != p && q->def == p->def && strcmp(q->description, "mine") == 0); /* one definition of a revision */
}

TEST(a_new_client_id_ends_connections_and_open_flows)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	const struct provider *p = made(cx, en, "mine", "discord"), *q = NULL;
	struct auth_ask ask = tt_ask(en, ALICE, &identify);
	CLEANUP(auth_view_clear) struct auth_view now = { .reason = 0 };
	struct auth_view v;
	struct tt_browser b = { "" };
	struct next n;

	ask.provider.provider_id = SV("mine");
	tt_sql(cx, en, "UPDATE providers SET external_id = 'discord2' WHERE unique_id = 'discord'");
	tt_sql(cx, en, "UPDATE providers SET external_id = 'discord' WHERE unique_id = 'mine'");
	w.conf.external_id = "discord2";
	tt_flow_again(cx, &w);
	p = providers_by_id(en, tt_project(en), SV("mine"));
	struct auth_view old = tt_consent(cx, en, ask, TT_TOKENS("tok", "identify"));
	ask.user_id = SV("bob@example.com");
	CHECK(!IS_ERR(tt_authorize(cx, en, ask, &v)));
	const char *query = tt_query(cx, "c", tt_click(cx, en, v.url, &b));
	CHECK(!IS_ERR(
	    providers_patch(cx, en, p, &(struct provider_write){ .client_id = SV("client-y"), .by = &tt_by }, &q)));
	CHECK(!IS_ERR(tt_status(cx, en, old.id, &now)) && now.status == AUTH_FAILED &&
	      now.reason == REASON_CLIENT_CHANGED);
	int calls = tt_net_calls("token");
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)) && n.kind == NEXT_FAILED &&
	      n.reason == REASON_PROVIDER_CHANGED);
	CHECK(sv_eq(n.url, v.url) && tt_net_calls("token") == calls);
	CHECK(!IS_ERR(tt_callback(cx, en, tt_query(cx, "c", tt_click(cx, en, v.url, &b)), &b, &n)) &&
	      n.kind == NEXT_REDIRECT);
}

TEST(an_edit_that_keeps_the_client_leaves_open_flows_their_revision)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	struct tt_browser b = { "" };
	struct next n;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	const char *query = tt_query(cx, "c", tt_click(cx, en, v.url, &b));
	tt_sql(cx, en, "UPDATE provider_revisions SET definition = replace(definition, 'Discord', 'Renamed')");
	tt_flow_again(cx, &w); /* the built-in definition differs from the stored one: a new revision */
	CHECK(tt_count(cx, en, "SELECT count(*) FROM provider_revisions") == 2);
	tt_net_answer("token", 200, TT_TOKENS("tok", "identify"));
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)) && n.kind == NEXT_REDIRECT &&
	      sv_eqz(n.provider_name, "Renamed"));
}

TEST(a_deleted_provider_takes_its_questions_with_it)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	const struct provider *p = made(cx, en, "gh", "github");
	struct auth_ask ask = tt_ask(en, ALICE, &identify);
	CLEANUP(auth_view_clear) struct auth_view now = { .reason = 0 };
	struct auth_view v;
	struct next n;
	struct tt_browser b = { "" };

	ask.provider.provider_id = SV("gh");
	CHECK(!IS_ERR(tt_authorize(cx, en, ask, &v)));
	(void)tt_click(cx, en, v.url, &b);
	CHECK(!IS_ERR(providers_delete(cx, en, p, &tt_by)));
	CHECK(providers_by_row(en, sv_of(p->row_id)) == NULL && providers_even_deleted(en, sv_of(p->row_id)) != NULL);
	CHECK(providers_by_external(en, sv_of(p->external_id)) == NULL);
	CHECK(!IS_ERR(tt_status(cx, en, v.id, &now)) && now.status == AUTH_FAILED &&
	      now.reason == REASON_PROVIDER_DELETED);
	struct browser br = tt_br(&b);
	const char *token = strstr(arena_text(cx->arena, v.url), "/connect/") + 9;
	CHECK(!IS_ERR(connect_click(cx, en, sv_of(token), &br, &n)) && n.kind == NEXT_FAILED &&
	      n.reason == REASON_PROVIDER_DELETED);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM flows WHERE reason = 'provider_deleted'") == 1);
	CHECK(providers_delete(cx, en, p, &tt_by).code == E_NOT_FOUND);
	(void)forgive(cx);
	CHECK(made(cx, en, "gh", "github") != p); /* the id is free again */
	tt_flow_again(cx, &w);
	CHECK(providers_by_id(en, tt_project(en), SV("gh")) != NULL);
}

TEST(the_file_is_the_truth_about_its_providers)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view old = tt_consent(cx, en, tt_ask(en, ALICE, &identify), TT_TOKENS("tok", "identify"));
	CLEANUP(auth_view_clear) struct auth_view now = { .reason = 0 };
	struct provider_list list;

	w.e.config.n_providers = 0;
	tt_flow_again(cx, &w);
	CHECK(!IS_ERR(providers_list(cx, en, tt_project(en), &list)) && list.n == 0);
	w.e.config.n_providers = 1;
	tt_flow_again(cx, &w); /* it comes back with its connections */
	CHECK(!IS_ERR(providers_list(cx, en, tt_project(en), &list)) && list.n == 1);
	CHECK(!IS_ERR(tt_status(cx, en, old.id, &now)) && now.status == AUTH_COMPLETED);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM provider_revisions") == 1 &&
	      tt_count(cx, en, "SELECT count(*) FROM providers") == 1);
	auth_view_clear(&now);
	w.conf.client_id = "client-2";
	tt_flow_again(cx, &w);
	CHECK(!IS_ERR(tt_status(cx, en, old.id, &now)) && now.status == AUTH_FAILED &&
	      now.reason == REASON_CLIENT_CHANGED);
	struct registry *r = NULL;
	w.conf.external_id = "a.b";
	CHECK(registry_open(cx, en, &r).code == E_CONFIG && strstr(cx->cause.say, "engine.yaml:3") != NULL);
	(void)forgive(cx);
	w.conf.external_id = NULL;
	w.conf.type_id = "hooli";
	CHECK(registry_open(cx, en, &r).code == E_CONFIG && strstr(cx->cause.say, "engine.yaml:3") != NULL &&
	      r == NULL);
	(void)forgive(cx);
}
