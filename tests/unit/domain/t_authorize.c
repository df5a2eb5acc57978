/* SPDX-License-Identifier: Apache-2.0 */
/* t_authorize.c: what may be asked, and that one question has one answer. */
#include "core/text.h"
#include "tt_flow.h"
#include <pthread.h>

static struct tt_scopes identify = { { SV_INIT("identify") }, 1 };
#define ALICE "alice@example.com"

TEST(what_may_not_be_asked)
{
	static char long_user[258], long_scope[600];
	static struct tt_scopes ctl = { { SV_INIT("a\nb") }, 1 };
	static struct tt_scopes longish = { { { long_scope, 513 } }, 1 };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	const struct {
		struct sv user, next_uri, provider, type;
		struct tt_scopes *scopes;
		enum err_code want;
		const char *field;
	} t[] = {
		{ SV_INIT(""), SV_INIT(""), SV_INIT("discord"), SV_INIT(""), &identify, E_BAD_INPUT, "user_id" },
		{ SV_INIT(" \t "), SV_INIT(""), SV_INIT("discord"), SV_INIT(""), &identify, E_BAD_INPUT, "user_id" },
		{ SV_INIT("a\x01z"), SV_INIT(""), SV_INIT("discord"), SV_INIT(""), &identify, E_BAD_INPUT, "user_id" },
		{ SV_INIT("\xff"), SV_INIT(""), SV_INIT("discord"), SV_INIT(""), &identify, E_BAD_INPUT, "user_id" },
		{ { long_user, 257 }, SV_INIT(""), SV_INIT("discord"), SV_INIT(""), &identify, E_BAD_INPUT, "user_id" },
		{ SV_INIT("a"), SV_INIT("/here"), SV_INIT("discord"), SV_INIT(""), &identify, E_BAD_INPUT, "next_uri" },
		{ SV_INIT("a"), SV_INIT("javascript:alert(1)"), SV_INIT("discord"), SV_INIT(""), &identify, E_BAD_INPUT,
		  "next_uri" },
		{ SV_INIT("a"), SV_INIT("ftp://x/y"), SV_INIT("discord"), SV_INIT(""), &identify, E_BAD_INPUT,
		  "next_uri" },
		{ SV_INIT("a"), SV_INIT("https://u:p@x/"), SV_INIT("discord"), SV_INIT(""), &identify, E_BAD_INPUT,
		  "next_uri" },
		{ SV_INIT("a"), SV_INIT(""), SV_INIT("discord"), SV_INIT(""), &ctl, E_BAD_INPUT,
		  "auth_requirement.oauth2.scopes" },
		{ SV_INIT("a"), SV_INIT(""), SV_INIT("discord"), SV_INIT(""), &longish, E_BAD_INPUT,
		  "auth_requirement.oauth2.scopes" },
		{ SV_INIT("a"), SV_INIT(""), SV_INIT(""), SV_INIT(""), &identify, E_BAD_INPUT,
		  "auth_requirement.provider_id" },
		{ SV_INIT("a"), SV_INIT(""), SV_INIT("discord"), SV_INIT("saml"), &identify, E_BAD_INPUT,
		  "auth_requirement.provider_type" },
		{ SV_INIT("a"), SV_INIT(""), SV_INIT("hooli"), SV_INIT(""), &identify, E_PROVIDER_UNKNOWN, NULL },
		{ SV_INIT("a"), SV_INIT(""), SV_INIT("oauth2"), SV_INIT(""), &identify, E_PROVIDER_UNKNOWN, NULL },
		{ SV_INIT("a"), SV_INIT(""), SV_INIT("github"), SV_INIT("OAuth2"), &identify, E_PROVIDER_UNKNOWN,
		  NULL },
	};

	memset(long_user, 'u', sizeof long_user);
	memset(long_scope, 's', sizeof long_scope);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(auth_view_clear) struct auth_view v = { .reason = 0 };
		struct auth_ask ask = tt_ask(en, "a", t[i].scopes);

		ask.user_id = t[i].user;
		ask.next_uri = t[i].next_uri;
		ask.provider.provider_id = t[i].provider;
		ask.provider.provider_type = t[i].type;
		CHECK_ROW(t[i].field == NULL ? t[i].provider.p : t[i].field,
			  tt_authorize(cx, en, ask, &v).code == t[i].want);
		CHECK_ROW(t[i].field, (t[i].field == NULL) == (cx->cause.n_fields == 0));
		CHECK_ROW(t[i].field, t[i].field == NULL || strcmp(cx->cause.fields[0].field, t[i].field) == 0);
		(void)forgive(cx);
	}
	CHECK(tt_count(cx, en, "SELECT count(*) FROM authorizations") == 0);
}

TEST(the_same_question_shares_its_link)
{
	struct tt_scopes ab = { { SV_INIT("identify"), SV_INIT("guilds"), SV_INIT("identify"), SV_INIT("") }, 4 };
	struct tt_scopes ba = { { SV_INIT("guilds"), SV_INIT("identify") }, 2 }, none = { { SV_INIT("") }, 0 };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view a, b, other, empty;
	struct auth_ask ask = tt_ask(en, ALICE, &ab);

	ask.next_uri = SV("https://app.example/1");
	CHECK(!IS_ERR(tt_authorize(cx, en, ask, &a)) && a.scopes.n == 2 && sv_eqz(a.scopes.v[0], "identify"));
	ask = tt_ask(en, ALICE, &ba);
	ask.next_uri = SV("https://app.example/2");
	CHECK(!IS_ERR(tt_authorize(cx, en, ask, &b)) && strcmp(a.id, b.id) == 0 && sv_eq(a.url, b.url));
	CHECK(sv_eqz(b.scopes.v[0], "guilds")); /* as asked now */
	CHECK(tt_count(cx, en, "SELECT count(*) FROM authorizations WHERE next_uri = 'https://app.example/2'") == 1);
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, "Alice@example.com", &ba), &other)) &&
	      strcmp(a.id, other.id) != 0);
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &none), &empty)) && strcmp(a.id, empty.id) != 0 &&
	      empty.scopes.n == 0);
}

TEST(a_day_and_its_last_hour)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view a, b;
	struct tt_browser br = { "" };

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &a)));
	CHECK(a.expires_at - a.created_at == HOUR(24));
	(void)tt_click(cx, en, a.url, &br);
	tt_sql(cx, en, "UPDATE authorizations SET expires_at = expires_at - 22 * 3600000000");
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &b)) &&
	      b.expires_at == a.expires_at - HOUR(22));
	tt_sql(cx, en, "UPDATE authorizations SET expires_at = expires_at - 3700000000");
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &b)) && strcmp(a.id, b.id) == 0 &&
	      sv_eq(a.url, b.url));
	CHECK(b.expires_at > clock_now() + HOUR(23)); /* less than an hour was left: extended */
	tt_sql(cx, en, "UPDATE authorizations SET expires_at = 1");
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &b)) && strcmp(a.id, b.id) != 0 &&
	      !sv_eq(a.url, b.url));
	CHECK(tt_count(cx, en, "SELECT count(*) FROM authorizations WHERE status = 'failed' AND reason = 'expired'") ==
	      1);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM flows WHERE status = 'failed' AND reason = 'expired'") == 1);
	struct browser who = tt_br(&br);
	struct next n;
	const char *old = strstr(arena_text(cx->arena, a.url), "/connect/") + 9;
	CHECK(!IS_ERR(connect_click(cx, en, sv_of(old), &who, &n)) && n.kind == NEXT_FAILED &&
	      n.reason == REASON_EXPIRED);
	CHECK(n.url.p == NULL && n.http_hint == 410);
}

struct asker {
	struct engine *en;
	char id[40];
	bool good;
};
static void *ask_once(void *arg)
{
	struct asker *a = arg;
	struct ctx cx = { .request_id = "a", .arena = arena_new(1 << 20), .now = clock_now() };
	struct auth_view v;

	a->good = !IS_ERR(tt_authorize(&cx, a->en, tt_ask(a->en, ALICE, &identify), &v)) && v.status == AUTH_PENDING;
	memcpy(a->id, v.id, sizeof a->id);
	arena_free(cx.arena);
	return NULL;
}

TEST(all_at_once_share_one_authorization)
{
	enum { ASKERS = 12 };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	pthread_t t[ASKERS];
	struct asker a[ASKERS];

	for (size_t i = 0; i < ASKERS; i++) {
		a[i] = (struct asker){ .en = en };
		CHECK(pthread_create(&t[i], NULL, ask_once, &a[i]) == 0);
	}
	for (size_t i = 0; i < ASKERS; i++) {
		CHECK(pthread_join(t[i], NULL) == 0);
		CHECK(a[i].good && strcmp(a[i].id, a[0].id) == 0);
	}
	CHECK(tt_count(cx, en, "SELECT count(*) FROM authorizations") == 1);
}

TEST(lists_tell_what_is_so_now)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view a, b;
	struct auth_rows rows;

	a = tt_consent(cx, en, tt_ask(en, ALICE, &identify), TT_TOKENS("tok", "identify"));
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, "bob@example.com", &identify), &b)));
	struct auth_filter f = { .project_id = tt_project(en), .limit = 10 };
	CHECK(!IS_ERR(authorize_list(cx, en, &f, &rows)) && rows.n == 2 && rows.total == 2);
	CHECK(strcmp(rows.v[0].id, b.id) == 0 && rows.v[0].status == AUTH_PENDING &&
	      rows.v[1].status == AUTH_COMPLETED);
	CHECK(sv_eqz(rows.v[1].provider_id, "discord") && rows.v[1].scopes.n == 1);
	tt_sql(cx, en, "UPDATE connections SET status = 'closed', reason = 'disconnected'");
	f.id = sv_of(a.id);
	CHECK(!IS_ERR(authorize_list(cx, en, &f, &rows)) && rows.n == 1 && rows.v[0].status == AUTH_FAILED);
	CHECK(rows.v[0].reason == REASON_DISCONNECTED);
	f = (struct auth_filter){ .project_id = tt_project(en), .provider_id = SV("nope"), .limit = 10 };
	CHECK(!IS_ERR(authorize_list(cx, en, &f, &rows)) && rows.n == 0);
	f.provider_id = SV("discord");
	f.user_id = SV("bob@example.com");
	CHECK(!IS_ERR(authorize_list(cx, en, &f, &rows)) && rows.n == 1);
	f.project_id = SV("other");
	CHECK(!IS_ERR(authorize_list(cx, en, &f, &rows)) && rows.n == 0);
}
