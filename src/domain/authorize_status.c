/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/text.h"
#include "domain/authorize.h"
#include "domain/journal.h"
#include "domain/scopes.h"
#include "domain/state.h"
#include "model/reason.h"
#include "store/store_authorization.h"
#include "store/store_connection.h"

/* What a stored authorization is now: from the clock and from its connection's row, whatever jobs have done (design 4).
 */
struct standing {
	enum auth_status status;
	enum reason reason;
};

static enum reason known(struct sv code, enum reason else_this)
{
	enum reason r = reason_of(code);

	return r == REASON_NONE ? else_this : r;
}

static struct err standing_of(struct ctx *cx, struct engine *en, const struct authorization *a, struct standing *out)
{
	enum state s = state_of_authorization(a->status);
	struct sv row = SV(""), why = SV("");

	*out = (struct standing){ AUTH_FAILED, known(a->reason, REASON_EXPIRED) };
	if (s == AUTHORIZATION_PENDING)
		*out = a->expires_at > cx->now ? (struct standing){ AUTH_PENDING, REASON_NONE }
					       : (struct standing){ AUTH_FAILED, REASON_EXPIRED };
	if (s != AUTHORIZATION_SUCCEEDED)
		return OK;
	TRY(store_connection_status(cx, en->store, a->connection_id, &row, &why));
	*out = sv_eqz(row, "live") ? (struct standing){ AUTH_COMPLETED, REASON_NONE }
				   : (struct standing){ AUTH_FAILED, known(why, REASON_DISCONNECTED) };
	return OK;
}

/* One that was woken by its authorization's end reads the row on the event thread: it was committed a moment ago, so
 * its pages are in memory, and ten thousand that wake at once need not queue for a lane.  Everybody else might wait for
 * the disk. */
static bool may_read_here(const struct auth_status_ask *ask) { return ask->was_parked && !ask->park_over; }

static struct err find(struct ctx *cx, struct engine *en, const struct auth_status_ask *ask, struct authorization *out)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };

	TRY(ask->lane == ACCESS_INLINE ? store_read_now(cx, en->store, &rd) : store_read(cx, en->store, &rd));
	struct err e = store_authorization_get(cx, rd.db, ask->id, out);
	if (e.code == E_NOT_FOUND || (!IS_ERR(e) && !sv_eq(out->project_id, ask->project_id)))
		return refuse(cx, E_NOT_FOUND, "authorization %.*s not found", (int)(ask->id.n < 60 ? ask->id.n : 60),
			      ask->id.p);
	return e;
}

static struct err link_of(struct ctx *cx, struct engine *en, const struct authorization *a, struct sv *url)
{
	CLEANUP(secret_drop) struct secret *token = NULL;

	TRY(store_authorization_token(cx, en->store, a, &token));
	*url = sv_of(arena_printf(cx->arena, "%s/connect/%.*s", en->config->public_url, SV_FMT(secret_view(token))));
	return url->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "link");
}

static struct err head(struct ctx *cx, const struct authorization *a, struct auth_view *out)
{
	out->provider_id = a->asked_as;
	out->user_id = a->user_id;
	out->created_at = a->created_at;
	out->expires_at = a->expires_at;
	if (!sv_copy(a->id, out->id, sizeof out->id))
		return fail(cx, E_INTERNAL, "storage error", "id of %zu bytes", a->id.n);
	return scopes_from_json(cx, a->scopes, &out->scopes);
}

/* Why the token is over though its row lives; p NULL: deleted, and that is the reason. */
static enum reason not_renewed(const struct provider *p)
{
	return p != NULL && p->def->refresh == REFRESH_NONE ? REASON_NO_REFRESH_REQUEST : REASON_NO_REFRESH;
}

/* The token of exactly this connection.  It may die in the very moment (refresh refused): then the row tells why. */
static struct err token(struct ctx *cx, struct engine *en, const struct auth_status_ask *ask,
			const struct authorization *a, struct auth_view *out)
{
	const struct provider *p = providers_by_row(en, a->provider_id);
	struct access_ask look = { .project_id = a->project_id,
				   .user_id = a->user_id,
				   .provider = p,
				   .scopes = { NULL, 0 },
				   .connection_id = a->connection_id,
				   .lane = ask->lane,
				   .park_over = ask->park_over };
	struct standing now = { AUTH_FAILED, REASON_PROVIDER_DELETED };

	if (p != NULL) {
		TRY(providers_usable(cx, p));
		TRY(access_get(cx, en, &look, &out->access));
		if (out->access.state == ACCESS_OK) {
			if (p->binding == BIND_WORKER) /* for the MCP server and nobody else */
				secret_drop(&out->access.token);
			out->status = AUTH_COMPLETED;
			return OK;
		}
		TRY(standing_of(cx, en, a, &now));
	}
	out->status = AUTH_FAILED;
	out->reason = (int)(now.reason == REASON_NONE ? not_renewed(p) : now.reason);
	return OK;
}

/* A wait on what had failed before it began ends the client's loop (contract 2.3). */
static struct err gone(struct ctx *cx, struct engine *en, const struct auth_status_ask *ask, enum reason r)
{
	struct journal_list story;

	TRY(journal_timeline(cx, en, ask->project_id, ask->id, &story));
	struct reason_words w = journal_words(&story, r);
	return refuse(cx, E_GONE, "%.*s %.*s", SV_FMT(w.cause), SV_FMT(w.fix));
}

struct err authorize_status(struct ctx *cx, struct engine *en, const struct auth_status_ask *ask, struct auth_view *out)
{
	struct authorization a;
	struct standing s;

	*out = (struct auth_view){ .reason = REASON_NONE };
	if (ask->id.n == 0)
		return bad_field(cx, "id", "required", "is required");
	if (ask->lane == ACCESS_INLINE && !may_read_here(ask))
		return (struct err){ E_TAKE_POOL };
	TRY(find(cx, en, ask, &a));
	if (ask->lane == ACCESS_INLINE && state_of_authorization(a.status) == AUTHORIZATION_SUCCEEDED)
		return (struct err){ E_TAKE_POOL }; /* its connection's row is read as well */
	TRY(standing_of(cx, en, &a, &s));
	TRY(head(cx, &a, out));
	out->status = s.status;
	out->reason = (int)s.reason;
	if (s.status == AUTH_PENDING)
		return link_of(cx, en, &a, &out->url);
	if (s.status == AUTH_COMPLETED)
		TRY(token(cx, en, ask, &a, out));
	if (out->status == AUTH_FAILED && ask->waits && !ask->was_parked)
		return gone(cx, en, ask, (enum reason)out->reason);
	return OK;
}

/* ---- lists ---- */
static struct err row_of(struct ctx *cx, struct engine *en, const struct authorization *a, struct auth_row *out)
{
	const struct provider *p = providers_even_deleted(en, a->provider_id);
	struct standing s;

	TRY(standing_of(cx, en, a, &s));
	*out = (struct auth_row){ .status = s.status,
				  .reason = (int)s.reason,
				  .user_id = a->user_id,
				  .provider_id = p != NULL ? sv_of(p->unique_id) : a->asked_as,
				  .created_at = a->created_at,
				  .expires_at = a->expires_at,
				  .ended_at = a->ended_at };
	if (!sv_copy(a->id, out->id, sizeof out->id))
		return fail(cx, E_INTERNAL, "storage error", "id of %zu bytes", a->id.n);
	return scopes_from_json(cx, a->scopes, &out->scopes);
}

static struct err read_list(struct ctx *cx, struct engine *en, const struct authorization_filter *f,
			    struct authorizations *list, int64_t *total)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };

	TRY(store_read(cx, en->store, &rd));
	return store_authorization_list(cx, rd.db, f, list, total);
}

struct err authorize_list(struct ctx *cx, struct engine *en, const struct auth_filter *f, struct auth_rows *out)
{
	struct authorization_filter by = { .project_id = f->project_id,
					   .user_id = f->user_id,
					   .id = f->id,
					   .limit = f->limit,
					   .offset = f->offset,
					   .q = f->q,
					   .status = f->status,
					   .now = cx->now };
	struct authorizations list;

	*out = (struct auth_rows){ .n = 0 };
	if (f->provider_id.n > 0) {
		const struct provider *p = providers_by_id(en, f->project_id, f->provider_id);

		p = p != NULL ? p : providers_of_worker(en, f->project_id, f->provider_id);
		if (p == NULL)
			return OK;
		by.provider_id = sv_of(p->row_id);
	}
	TRY(read_list(cx, en, &by, &list, &out->total));
	out->v = arena_array(cx->arena, list.n + 1, sizeof *out->v);
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu authorizations", list.n);
	for (; out->n < list.n; out->n++)
		TRY(row_of(cx, en, &list.v[out->n], &out->v[out->n]));
	return OK;
}
