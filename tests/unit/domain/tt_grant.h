/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TT_GRANT_H
#define TT_GRANT_H
/* tt_grant.h: live connections without a consent before them, and moving their times.  On top of tt_flow.h. */
#include "core/text.h"
#include "domain/access.h"
#include "domain/connections.h"
#include "domain/revoke.h"
#include "domain/scopes.h"
#include "store/store_connection.h"
#include "store/store_event.h"
#include "tt_flow.h"
struct tt_grant {
	const char *user, *token, *refresh, *account; /* refresh, account NULL: none */
	int64_t life;                                 /* 0: does not expire */
	const char *authorization;
};
struct tt_adopting {
	struct engine *en;
	const struct tt_grant *g;
	const struct provider *p;
};
static inline const struct provider *tt_provider(struct ctx *cx, struct engine *en)
{
	const struct provider_ask ask = { .project_id = tt_project(en), .provider_id = SV("discord") };
	const struct provider *p = NULL;
	struct sv as;

	CHECK(!IS_ERR(providers_resolve(cx, en, &ask, &p, &as)));
	return p;
}
static inline struct err tt_adopt_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct tt_adopting *a = in_;
	const struct tt_grant *g = a->g;
	struct sv scope = SV_INIT("identify");
	CLEANUP(secret_drop)
	struct secret *access =
	    secret_copy(sv_of(arena_printf(cx->arena, "{\"token\":\"%s\",\"type\":\"Bearer\"}", g->token)));
	CLEANUP(secret_drop)
	struct secret *refresh = secret_copy(
	    sv_of(g->refresh == NULL ? "{}" : arena_printf(cx->arena, "{\"refresh_token\":\"%s\"}", g->refresh)));
	const struct connection_adopt in = {
		.project_id = tt_project(a->en),
		.user_id = sv_of(g->user),
		.provider_id = sv_of(a->p->row_id),
		.client_id = sv_of(a->p->client_id),
		.revision_id = sv_of(a->p->revision_id),
		.authorization_id = sv_of(g->authorization == NULL ? "ar_1" : g->authorization),
		.requested = { &scope, 1 },
		.granted = { &scope, 1 },
		.scope_known = true,
		.access = access,
		.refresh_json = refresh,
		.account_hash = g->account == NULL ? SV_NONE : sv_of(g->account),
		.token_expires_at = g->life == 0 ? 0 : tx_now(tx) + g->life,
		.by_access = a->p->def->refresh == REFRESH_BY_ACCESS,
		.ends_grant = a->p->def->revoke_ends == ENDS_GRANT,
		.can_revoke = a->p->def->can_revoke,
	};

	return store_connection_adopt(cx, tx, &in, out);
}
/* Its id, in the test's arena. */
static inline struct sv tt_adopt(struct ctx *cx, struct engine *en, const struct tt_grant *g)
{
	const struct tt_adopting a = { en, g, tt_provider(cx, en) };
	struct connection_adopted out;

	CHECK(!IS_ERR(store_act(cx, en->store, tt_adopt_act, &a, &out)));
	return arena_sv(cx->arena, sv_of(out.id));
}
/* Rows are moved in the table; what memory held of them is forgotten. */
static inline void tt_move(struct ctx *cx, struct engine *en, const char *sql)
{
	tt_sql(cx, en, sql);
	grant_cache_forget_provider(en->grants, sv_of(tt_provider(cx, en)->row_id));
}
/* All tokens now have `left` of `life` left. */
static inline void tt_age(struct ctx *cx, struct engine *en, int64_t left, int64_t life)
{
	int64_t now = clock_now(), issued = now + left - life;
	int64_t due = store_connection_due_at(issued, now + left, 0);

	tt_move(
	    cx, en,
	    arena_printf(cx->arena,
			 "UPDATE connections SET token_issued_at = %lld, token_expires_at = %lld, refreshed_at = %lld,"
			 " due_at = CASE WHEN has_refresh = 1 THEN %lld ELSE 0 END",
			 (long long)issued, (long long)(now + left), (long long)issued, (long long)due));
}
static inline struct connection tt_row(struct ctx *cx, struct engine *en, struct sv id)
{
	struct connection c;

	CHECK(!IS_ERR(store_connection_get(cx, en->store, id, &c)));
	return c;
}
/* One reader on the lanes he is sent to; E_PARK is given back. */
static inline struct err tt_read(struct ctx *cx, struct engine *en, const char *user, struct access *out)
{
	struct access_ask ask = { .project_id = tt_project(en),
				  .user_id = sv_of(user),
				  .provider = tt_provider(cx, en) };
	struct err e;

	do {
		(void)forgive(cx);
		e = access_get(cx, en, &ask, out);
	} while ((e.code == E_TAKE_POOL || e.code == E_TAKE_CALL) && ++ask.lane <= ACCESS_CALL);
	return e;
}
static inline enum refreshed tt_refresh(struct ctx *cx, struct engine *en, struct sv id)
{
	enum refreshed how;

	CHECK(!IS_ERR(refresh_now(cx, en, tt_project(en), id, &how)) && cx->cause.code == E_OK);
	return how;
}
/* The newest event of a step; CHECKs that there is one. */
static inline struct event_row tt_event(struct ctx *cx, struct engine *en, const char *kind)
{
	struct event_list list;
	const struct event_filter f = { .project_id = tt_project(en), .kind = sv_of(kind), .limit = 1 };

	CHECK(!IS_ERR(store_event_list(cx, en->store, &f, &list)) && list.n == 1);
	return list.v[0];
}
static inline enum revocation tt_disconnect(struct ctx *cx, struct engine *en, struct sv id)
{
	const struct disconnect_in in = { tt_project(en), id, &tt_by };
	enum revocation how;

	CHECK(!IS_ERR(connections_delete(cx, en, &in, &how)));
	return how;
}
#define TT_NEW_PAIR                                                                                                \
	"{\"access_token\":\"tok-2\",\"refresh_token\":\"ref-2\",\"expires_in\":604800,\"token_type\":\"Bearer\"," \
	"\"scope\":\"identify\"}"
#define TT_DEAD "{\"error\":\"invalid_grant\"}"
#endif
