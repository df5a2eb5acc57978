/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TT_FLOW_H
#define TT_FLOW_H
/* tt_flow.h: an engine with providers, for tests of authorizations and flows: real store, real wire, answers from
 *tt_net. CLEANUP(tt_flow_end) struct tt_flow w = { 0 }; struct engine *en = tt_flow_begin(cx, &w);
 */
#include "core/clock.h"
#include "core/hub.h"
#include "core/ydoc.h"
#include "db/db.h"
#include "domain/connect.h"
#include "domain/job_time.h"
#include "domain/providers.h"
#include "domain/refresh.h"
#include "model/reason.h"
#include "store/grant_cache.h"
#include "tt_engine.h"
#include "tt_net.h"
struct tt_flow {
	struct tt_engine e;
	struct provider_conf conf;
	struct secret *secret;
	struct engine *en;
	const char *definitions; /* set before tt_flow_begin: YAML of provider_definitions; NULL: none */
};
static const struct actor tt_by = { "api_key", "key_t", "SDK", { "127.0.0.1", 9 } };
#define TT_VERIFIER "https://app.example/verify?x=1"
#define TT_TOKENS(token, scope)                                                                    \
	"{\"access_token\":\"" token "\",\"refresh_token\":\"r-" token "\",\"expires_in\":604800," \
	"\"token_type\":\"Bearer\",\"scope\":\"" scope "\"}"

static inline void tt_definitions(struct ctx *cx, struct tt_flow *w)
{
	struct node *tree = NULL;

	if (w->definitions == NULL)
		return;
	CHECK(!IS_ERR(ydoc_parse(cx, sv_of(w->definitions), "definitions.yaml", &tree)));
	w->e.config.definitions = tree;
}
static inline struct engine *tt_flow_begin(struct ctx *cx, struct tt_flow *w)
{
	tt_net_reset();
	w->e = tt_engine_begin(cx);
	w->secret = secret_copy(SV("s3cret"));
	w->conf = (struct provider_conf){ .id = "discord",
					  .type_id = "discord",
					  .client_id = "client-1",
					  .client_secret = w->secret,
					  .enabled = true,
					  .where = "engine.yaml:3" };
	w->e.config.providers = &w->conf;
	w->e.config.n_providers = 1;
	w->e.config.verifier_url = TT_VERIFIER;
	tt_definitions(cx, w);
	w->en = tt_engine_of(&w->e);
	w->en->net = (struct net *)(void *)w; /* never looked into: calls go to tt_net */
	w->en->hub = hub_new();
	CHECK(w->en->hub != NULL && w->secret != NULL);
	(void)snprintf(w->en->owner, sizeof w->en->owner, "test");
	CHECK(!IS_ERR(grant_cache_new(cx, w->en->store, 1 << 20, &w->en->grants)));
	CHECK(!IS_ERR(registry_open(cx, w->en, &w->en->registry)));
	CHECK(!IS_ERR(refresher_start(cx, w->en, &w->en->refresher)));
	return w->en;
}
/* As a restart does with providers: read again from file and store. */
static inline void tt_flow_again(struct ctx *cx, struct tt_flow *w)
{
	refresher_drop(&w->en->refresher);
	registry_free(w->en->registry);
	w->en->registry = NULL;
	CHECK(!IS_ERR(registry_open(cx, w->en, &w->en->registry)));
	CHECK(!IS_ERR(refresher_start(cx, w->en, &w->en->refresher)));
}
static inline void tt_flow_end(struct tt_flow *w)
{
	if (w->en != NULL) {
		refresher_free(w->en->refresher);
		grant_cache_free(w->en->grants);
		registry_free(w->en->registry);
		hub_free(w->en->hub);
	}
	secret_free(w->secret);
	tt_engine_end(&w->e);
}
static inline struct sv tt_project(const struct engine *en) { return sv_of(store_default_project(en->store)); }

/* One request on the lanes it asks for. */
static inline struct err tt_authorize(struct ctx *cx, struct engine *en, struct auth_ask ask, struct auth_view *out)
{
	struct err e;

	ask.lane = ACCESS_INLINE;
	ask.by = &tt_by;
	do {
		(void)forgive(cx);
		e = authorize_start(cx, en, &ask, out);
	} while ((e.code == E_TAKE_POOL || e.code == E_TAKE_CALL) && ++ask.lane <= ACCESS_CALL);
	return e;
}
struct tt_scopes {
	struct sv v[8];
	size_t n;
};
static inline struct auth_ask tt_ask(struct engine *en, const char *user, struct tt_scopes *scopes)
{
	return (struct auth_ask){ .project_id = tt_project(en),
				  .user_id = sv_of(user),
				  .provider = { .provider_id = SV("discord") },
				  .scopes = { scopes->v, scopes->n } };
}
static inline struct err tt_status(struct ctx *cx, struct engine *en, const char *id, struct auth_view *out)
{
	struct auth_status_ask ask = { .project_id = tt_project(en), .id = sv_of(id), .lane = ACCESS_POOL };

	return authorize_status(cx, en, &ask, out);
}
/* The value of a parameter of a URL, as written; "" when absent.  In the test's arena. */
static inline const char *tt_param(struct ctx *cx, struct sv url, const char *name)
{
	char head[40];
	const char *z = arena_text(cx->arena, url), *at;

	(void)snprintf(head, sizeof head, "%s=", name);
	for (at = strpbrk(z, "?&"); at != NULL; at = strpbrk(at + 1, "&")) {
		if (strncmp(at + 1, head, strlen(head)) != 0)
			continue;
		at += 1 + strlen(head);
		return arena_text(cx->arena, (struct sv){ at, strcspn(at, "&#") });
	}
	return "";
}
/* Time has no hook: rows are moved instead. */
static inline struct err tt_sql_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return db_exec(cx, tx_db(tx), in);
}
static inline void tt_sql(struct ctx *cx, struct engine *en, const char *sql)
{
	CHECK(!IS_ERR(store_act(cx, en->store, tt_sql_act, sql, NULL)));
	cx->now = clock_now();
}
static inline int64_t tt_count(struct ctx *cx, struct engine *en, const char *sql)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };
	int64_t n = 0;

	CHECK(!IS_ERR(store_read(cx, en->store, &rd)) && !IS_ERR(db_get_i64(cx, rd.db, sql, &n)));
	return n;
}
/* A browser: its cookie is kept between the steps. */
struct tt_browser {
	char cookie[44];
};
static inline struct browser tt_br(const struct tt_browser *b)
{
	return (struct browser){ b->cookie[0] == '\0' ? SV_NONE : sv_of(b->cookie), SV("10.0.0.9") };
}
/* Opens the link; returns the state the provider would be given. */
static inline const char *tt_click(struct ctx *cx, struct engine *en, struct sv link, struct tt_browser *b)
{
	struct next n;
	const char *token = strstr(arena_text(cx->arena, link), "/connect/");
	struct browser br = tt_br(b);

	CHECK(token != NULL && !IS_ERR(connect_click(cx, en, sv_of(token + 9), &br, &n)));
	CHECK(n.kind == NEXT_REDIRECT && n.http_hint == 303 && cx->cause.code == E_OK);
	if (n.set_cookie)
		memcpy(b->cookie, n.cookie, sizeof b->cookie);
	return tt_param(cx, n.url, "state");
}
static inline struct err tt_callback(struct ctx *cx, struct engine *en, const char *query, const struct tt_browser *b,
				     struct next *out)
{
	struct callback_in in = { SV("discord"), sv_of(query), tt_br(b), ACCESS_POOL };
	struct err e = connect_callback(cx, en, &in, out);

	if (e.code != E_TAKE_CALL)
		return e;
	(void)forgive(cx);
	in.lane = ACCESS_CALL;
	return connect_callback(cx, en, &in, out);
}
static inline const char *tt_query(struct ctx *cx, const char *code, const char *state)
{
	return arena_printf(cx->arena, "code=%s&state=%s&iss=https%%3A%%2F%%2Fdiscord.com", code, state);
}
static inline struct err tt_confirm(struct ctx *cx, struct engine *en, const char *flow_id, const char *user,
				    struct confirmed *out)
{
	struct confirm_in in = { tt_project(en), sv_of(flow_id), sv_of(user), &tt_by };

	return connect_confirm(cx, en, &in, out);
}
/* A whole consent: authorize, click, callback with these tokens, confirm. */
static inline struct auth_view tt_consent(struct ctx *cx, struct engine *en, struct auth_ask ask, const char *tokens)
{
	struct auth_view v;
	struct next n;
	struct confirmed done;
	struct tt_browser b = { "" };

	CHECK(!IS_ERR(tt_authorize(cx, en, ask, &v)) && v.status == AUTH_PENDING);
	const char *state = tt_click(cx, en, v.url, &b);
	tt_net_answer("token", 200, tokens);
	CHECK(!IS_ERR(tt_callback(cx, en, tt_query(cx, "c0de", state), &b, &n)) && n.kind == NEXT_REDIRECT);
	CHECK(!IS_ERR(tt_confirm(cx, en, tt_param(cx, n.url, "flow_id"), arena_text(cx->arena, ask.user_id), &done)));
	return v;
}
#endif
