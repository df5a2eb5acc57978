/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/connections.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/hub.h"
#include "core/text.h"
#include "domain/flows.h"
#include "domain/job_time.h"
#include "domain/refresh.h"
#include "domain/revoke.h"
#include "domain/scopes.h"
#include "domain/upkeep.h"
#include "model/reason.h"
#include "store/grant_cache.h"
#include "store/store_connection.h"
#include "store/store_event.h"

const char *revocation_word(enum revocation r)
{
	static const char *const words[] = {
		[REVOCATION_DONE] = "done",
		[REVOCATION_QUEUED] = "queued",
		[REVOCATION_KEPT] = "kept",
		[REVOCATION_UNSUPPORTED] = "unsupported",
	};
	return words[r];
}

/* ---- the list ---- */
static struct err user_info(struct ctx *cx, struct engine *en, const struct connection *c, struct sv *out)
{
	const struct connection_unseal at = { BOX_USER_INFO, c->project_id, c->id, c->user_info_box };
	CLEANUP(secret_drop) struct secret *json = NULL;

	*out = SV_NONE;
	TRY(store_connection_unseal(cx, en->store, &at, &json));
	if (json == NULL)
		return OK;
	*out = arena_sv(cx->arena, secret_view(json));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "connection");
}
/* Shown active while it has a valid or renewable token (design 8), whatever a job has written by now. */
static bool active(const struct connection *c, int64_t now, const char **reason)
{
	bool over = store_connection_over(c, now);

	*reason = over ? reason_code(REASON_NO_REFRESH) : NULL;
	return sv_eqz(c->status, "live") && !over;
}
static struct err view(struct ctx *cx, struct engine *en, const struct connection *c, struct connection_view *out)
{
	const struct provider *p = providers_even_deleted(en, c->provider_id);
	const char *over = NULL;
	bool is_active = active(c, cx->now, &over);

	*out = (struct connection_view){
		.id = c->id,
		.status = is_active ? SV("active") : SV("expired"),
		.reason = sv_eqz(c->status, "live") && over != NULL ? sv_of(over) : c->reason,
		.provider_id = p == NULL ? SV("") : sv_of(p->unique_id),
		.provider_type = SV("oauth2"),
		.provider_description = p == NULL ? SV("") : sv_of(p->description),
		.user_id = c->user_id,
		.expires_at = c->token_expires_at,
		.last_used_at = c->last_used_at,
		.created_at = c->created_at,
		.updated_at = c->updated_at,
	};
	TRY(scopes_from_json(cx, c->granted_scopes, &out->scopes));
	return user_info(cx, en, c, &out->user_info);
}
struct err connections_list(struct ctx *cx, struct engine *en, const struct connection_filter *f,
			    struct connection_views *out)
{
	const struct connection_query q = { f->project_id, f->provider_id, f->user_id, f->id,  f->limit,
					    f->offset,     f->q,           f->status,  cx->now };
	struct connection_rows rows;

	*out = (struct connection_views){ .v = NULL };
	TRY(store_connection_list(cx, en->store, &q, &rows));
	out->v = arena_array(cx->arena, rows.n + 1, sizeof *out->v);
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "connections");
	for (size_t i = 0; i < rows.n; i++)
		TRY(view(cx, en, &rows.v[i], &out->v[i]));
	out->n = rows.n;
	out->total = rows.total;
	return OK;
}

/* ---- the disconnect ---- */
static struct err not_found(struct ctx *cx, struct sv id)
{
	return refuse(cx, E_NOT_FOUND, "user connection %.*s not found", (int)(id.n < 60 ? id.n : 60), id.p);
}
/* What the definition says about revoking; a client that is gone cannot revoke. */
static struct err rule(struct ctx *cx, struct engine *en, const struct connection *c, struct connection_close *in)
{
	const struct provider *p = providers_by_row(en, c->provider_id);
	const struct pdef *def = p == NULL ? NULL : p->def;

	if (def == NULL)
		TRY(providers_revision(cx, en, c->revision_id, &def));
	in->ends_grant = def->revoke_ends == ENDS_GRANT;
	in->can_revoke = def->can_revoke;
	return OK;
}
static struct err try_now(struct ctx *cx, struct engine *en, const struct connection_closed *closed,
			  enum revocation *out)
{
	enum revoke_result how = REVOKE_LATER;

	switch (closed->discarded.fate) {
	case DISCARDED_NOTHING: *out = REVOCATION_DONE; return OK;
	case DISCARDED_KEPT:
	case DISCARDED_HELD: *out = REVOCATION_KEPT; return OK;
	case DISCARDED_UNSUPPORTED: *out = REVOCATION_UNSUPPORTED; return OK;
	case DISCARDED_QUEUED:
	default: break;
	}
	*out = REVOCATION_QUEUED;
	if (closed->refreshing) /* its answer is still to come, and goes the same way */
		return OK;
	struct err e = revoke_now(cx, en, sv_of(closed->discarded.revocation_id), &how);
	if (IS_ERR(e))
		return forgive(cx); /* it stays queued */
	if (how == REVOKE_DONE)
		*out = REVOCATION_DONE;
	if (how == REVOKE_KEPT || how == REVOKE_GAVE_UP)
		*out = REVOCATION_KEPT;
	return OK;
}
struct err connections_delete(struct ctx *cx, struct engine *en, const struct disconnect_in *in, enum revocation *out)
{
	struct connection c;
	struct connection_closed closed;
	struct event ev = { .project_id = in->project_id,
			    .kind = "connection.deleted",
			    .by = *in->by,
			    .resource_type = "connection",
			    .resource_id = in->id,
			    .step = "disconnect",
			    .outcome = "ok",
			    .reason = reason_code(REASON_DISCONNECTED) };
	struct connection_close how = {
		.project_id = in->project_id, .id = in->id, .reason = reason_code(REASON_DISCONNECTED), .event = &ev
	};

	*out = REVOCATION_DONE;
	struct err e = store_connection_get(cx, en->store, in->id, &c);
	if (e.code == E_NOT_FOUND || (!IS_ERR(e) && !sv_eq(c.project_id, in->project_id)))
		return not_found(cx, in->id);
	TRY(e);
	ev.authorization_id = c.authorization_id; /* its story ends with this */
	TRY(rule(cx, en, &c, &how));
	e = store_connection_close(cx, en->store, &how, &closed);
	if (e.code == E_NOT_FOUND)
		return not_found(cx, in->id);
	TRY(e);
	hub_publish(en->hub, refresh_topic(in->id));
	return try_now(cx, en, &closed, out);
}

/* ---- jobs ---- */
enum { USES = 500 };
struct err connections_used_flush(struct ctx *cx, struct engine *en)
{
	struct use_marks in = { .n = USES };
	struct use_mark *v = arena_array(cx->arena, USES, sizeof *v);

	if (v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "marks of use");
	in.v = v;
	while (in.n == USES) {
		in.n = grant_cache_take_used(en->grants, v, USES);
		TRY(store_connection_used(cx, en->store, &in));
	}
	return OK;
}
struct err connections_expire(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	int64_t n = 1;

	while (n > 0 && job_goes_on(until)) {
		TRY(store_connection_expire(cx, en->store, &n));
		arena_reset(cx->arena);
	}
	return OK;
}
/* A closed row is there for its timeline and its authorizations, and goes when neither can be there any more. */
struct err connections_prune(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	int64_t events = DAY(en->config->kept.events);

	TRY(upkeep_prune(cx, en, until, events, store_event_prune));
	return upkeep_prune(cx, en, until, events > AUTHORIZATION_KEPT ? events : AUTHORIZATION_KEPT,
			    store_connection_prune);
}
