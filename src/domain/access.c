/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/access.h"
#include "core/clock.h"
#include "core/hub.h"
#include "core/text.h"
#include "domain/refresh.h"
#include "domain/scopes.h"
#include "domain/tokens.h"
#include "store/grant_cache.h"
#include "store/store_connection.h"

enum { LOOKS_MOST = 4, RETRY_LEAST_S = 1, RETRY_ELSE_S = 5, RETRY_MOST_S = 60 };
#define WAITS_BELOW SEC(60) /* design 8: only a reader whose token has less left waits */
#define PARK_MOST   SEC(25) /* longer than a call may take */

void access_clear(struct access *a)
{
	secret_drop(&a->token);
	secret_drop(&a->user_info);
}
uint64_t access_peer(const struct provider *p) { return hub_topic("peer", sv_of(p->row_id)); }

/* ---- opening ---- */
/* {"token":"…", as tokens_pack writes it; anything else is left to the parser. */
static struct sv quick_token(struct sv json)
{
	static const struct sv head = SV_INIT("{\"token\":\"");
	size_t n = head.n;

	if (!sv_starts(json, head))
		return SV_NONE;
	while (n < json.n && json.p[n] != '"' && json.p[n] != '\\')
		n++;
	return n < json.n && json.p[n] == '"' ? (struct sv){ json.p + head.n, n - head.n } : SV_NONE;
}
static struct err token_of(struct ctx *cx, struct secret **json, struct secret **token)
{
	char type[32];
	struct sv quick = quick_token(secret_view(*json));

	if (quick.p == NULL)
		return tokens_access(cx, *json, token, type);
	*token = TAKE(*json);
	secret_keep(*token, quick);
	return OK;
}
static struct err open_grant(struct ctx *cx, struct engine *en, const struct access_ask *ask, const struct grant *g,
			     struct access *out)
{
	const struct connection_unseal token = { BOX_ACCESS, ask->project_id, g->id, g->access_box };
	const struct connection_unseal info = { BOX_USER_INFO, ask->project_id, g->id, g->user_info_box };
	CLEANUP(secret_drop) struct secret *json = NULL;

	TRY(store_connection_unseal(cx, en->store, &token, &json));
	if (json == NULL)
		return fail(cx, E_INTERNAL, "storage error", "live connection %.*s without a token", SV_FMT(g->id));
	TRY(token_of(cx, &json, &out->token));
	struct err e = store_connection_unseal(cx, en->store, &info, &out->user_info);
	if (IS_ERR(e)) {
		access_clear(out);
		return e;
	}
	const struct grant_key key = { ask->project_id, ask->user_id, sv_of(ask->provider->row_id) };
	grant_cache_used(en->grants, &key, g->id, cx->now);
	out->state = ACCESS_OK;
	return OK;
}

/* ---- the row ---- */
static struct err look(struct ctx *cx, struct engine *en, const struct access_ask *ask, struct grant *g, bool *none)
{
	const struct grant_key key = { ask->project_id, ask->user_id, sv_of(ask->provider->row_id) };
	enum grant_found found = GRANT_MISS;

	if (ask->lane == ACCESS_INLINE)
		TRY(grant_cache_find(cx, en->grants, &key, g, &found));
	else
		TRY(grant_cache_load(cx, en->grants, &key, g, &found));
	if (found == GRANT_MISS)
		return (struct err){ E_TAKE_POOL };
	*none = found == GRANT_NONE || (ask->connection_id.n > 0 && !sv_eq(ask->connection_id, g->id));
	return OK;
}
static struct err show(struct ctx *cx, const struct grant *g, struct access *out)
{
	if (!sv_copy(g->id, out->connection_id, sizeof out->connection_id) ||
	    !sv_copy(g->authorization_id, out->authorization_id, sizeof out->authorization_id))
		return fail(cx, E_INTERNAL, "storage error", "id of %zu bytes", g->id.n);
	out->generation = g->generation;
	out->expires_at = g->token_expires_at;
	out->granted = g->granted;
	return OK;
}

/* ---- may this token be handed out now? ---- */
enum step { STEP_TOKEN, STEP_NONE, STEP_DOWN, STEP_PARK, STEP_CALL };
struct view {
	int64_t left; /* of the token's life; only when it ends */
	bool over, renewable, must;
};
static struct view view_of(const struct grant *g, const struct provider *p, int64_t now)
{
	bool ends = g->token_expires_at > 0;
	int64_t life = g->token_expires_at - g->token_issued_at;
	int64_t waits_below = life > 0 && life / 2 < WAITS_BELOW ? life / 2 : WAITS_BELOW;
	struct view v = { .left = ends ? g->token_expires_at - now : 0 };

	v.over = ends && v.left <= 0;
	v.renewable =
	    p->def->refresh == REFRESH_BY_ACCESS ? !v.over : p->def->refresh == REFRESH_TOKEN && g->has_refresh;
	v.must = g->force_refresh || (ends && v.left < waits_below);
	return v;
}
static bool leased(const struct grant *g, int64_t now)
{
	return store_connection_ahead(g->lease_until, now, CONNECTION_LEASE_MOST);
}
static bool waits(const struct grant *g, int64_t now)
{
	return store_connection_ahead(g->next_try_at, now, CONNECTION_RETRY_MOST);
}
/* Who is due but need not wait has the refresh done behind his back. */
static void enqueue_due(struct engine *en, const struct access_ask *ask, const struct grant *g, int64_t now)
{
	bool due = g->due_at > 0 && (now >= g->due_at || store_connection_misdated(g->token_issued_at, now));

	if (due && !leased(g, now) && !waits(g, now))
		refresh_enqueue(en, ask->project_id, g->id);
}
/* last: a call was tried, and the row still asks for one. */
static enum step step_of(struct engine *en, const struct access_ask *ask, const struct grant *g, int64_t now, bool last)
{
	struct view v = view_of(g, ask->provider, now);
	enum step else_this = v.over ? STEP_DOWN : STEP_TOKEN;

	if (!v.renewable)
		return v.over ? STEP_NONE : STEP_TOKEN;
	if (!v.must) {
		enqueue_due(en, ask, g, now);
		return STEP_TOKEN;
	}
	if (leased(g, now))
		return ask->park_over ? else_this : STEP_PARK;
	if (last || waits(g, now) || refresh_closed_until(en, ask->provider) > now)
		return else_this;
	return STEP_CALL;
}
static struct err down(struct ctx *cx, struct engine *en, const struct access_ask *ask, const struct grant *g)
{
	int64_t now = clock_now(), at = refresh_closed_until(en, ask->provider);

	at = waits(g, now) && g->next_try_at > at ? g->next_try_at : at;
	int64_t s = at > now ? (at - now + SEC(1) - 1) / SEC(1) : RETRY_ELSE_S;
	struct err e =
	    refuse(cx, E_PROVIDER_DOWN, "%s cannot be reached to renew the token; the connection is kept, try again",
		   ask->provider->def->name);
	cx->cause.retry_after_s = (int)(s < RETRY_LEAST_S ? RETRY_LEAST_S : s > RETRY_MOST_S ? RETRY_MOST_S : s);
	return e;
}
static struct err park(const struct grant *g, int64_t now, struct access *out)
{
	out->topic = refresh_topic(g->id);
	out->park_until = g->lease_until < now + PARK_MOST ? g->lease_until : now + PARK_MOST;
	return (struct err){ E_PARK };
}
/* Lane CALL: refresh, then look again.  *g is what is live afterwards. */
static struct err call(struct ctx *cx, struct engine *en, const struct access_ask *ask, const struct grant *g)
{
	enum refreshed how = REFRESHED_LATER;

	(void)ask;
	TRY(refresh_now(cx, en, ask->project_id, g->id, &how));
	cx->now = clock_now();
	return OK;
}

/* *again: there is to be another look, in and out. */
static struct err decide(struct ctx *cx, struct engine *en, const struct access_ask *ask, struct access *out,
			 bool *again)
{
	struct grant g;
	bool none = false, last = !*again;

	*again = false;
	TRY(look(cx, en, ask, &g, &none));
	out->state = ACCESS_NONE;
	if (none)
		return OK;
	TRY(show(cx, &g, out));
	const struct scope_state have = { g.requested, g.granted, g.scope_known };
	out->state = ACCESS_NARROW;
	if (!scopes_cover(ask->provider->def, &have, ask->scopes))
		return OK;
	switch (step_of(en, ask, &g, cx->now, last)) {
	case STEP_TOKEN: return open_grant(cx, en, ask, &g, out);
	case STEP_NONE: out->state = ACCESS_NONE; return OK;
	case STEP_DOWN: return down(cx, en, ask, &g);
	case STEP_PARK: return park(&g, cx->now, out);
	case STEP_CALL:
	default: break;
	}
	out->peer_key = access_peer(ask->provider);
	if (ask->lane != ACCESS_CALL)
		return (struct err){ E_TAKE_CALL };
	*again = true;
	return call(cx, en, ask, &g);
}

struct err access_get(struct ctx *cx, struct engine *en, const struct access_ask *ask, struct access *out)
{
	bool again = true;

	*out = (struct access){ .state = ACCESS_NONE };
	cx->now = clock_now();
	for (int i = 1; i <= LOOKS_MOST && again; i++) {
		again = i < LOOKS_MOST;
		TRY(decide(cx, en, ask, out, &again));
	}
	return OK;
}
