/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mcp_token.h"
#include "core/text.h"
#include "domain/mcp_worker.h"
#include "domain/scopes.h"
#include "domain/workers_mcp.h"
#include "model/reason.h"
#include "store/grant_cache.h"
#include "store/store_connection.h"
#include <stdio.h>

#define ASK_TIMEOUT SEC(10)

static struct err provider_of(struct ctx *cx, struct engine *en, const struct worker_row *w,
			      const struct provider **out, struct sv *name)
{
	TRY(mcp_auth_name(cx, w, name));
	*out = providers_of_worker(en, w->project_id, *name);
	return OK;
}

/* ---- a token ---- */
/* It was given for the worker as it is now, which may have moved since `w` was read. */
static struct err at_home(struct ctx *cx, struct engine *en, const struct worker_row *w, struct access *out)
{
	const struct worker_as as = store_worker_as(w);
	bool same = false;

	if (out->state != ACCESS_OK)
		return OK;
	TRY(store_worker_is(cx, en->store, &as, &same));
	if (same)
		return OK;
	access_clear(out);
	out->state = ACCESS_NONE;
	return OK;
}
struct err mcp_token_get(struct ctx *cx, struct engine *en, const struct worker_row *w, struct sv user,
			 struct access *out)
{
	struct access_ask ask = {
		.project_id = w->project_id, .user_id = user, .lane = ACCESS_CALL, .park_over = true
	};
	struct sv name;

	*out = (struct access){ .state = ACCESS_NONE };
	TRY(provider_of(cx, en, w, &ask.provider, &name));
	if (ask.provider == NULL)
		return OK;
	struct err e = access_get(cx, en, &ask, out);
	if (!IS_ERR(e))
		return at_home(cx, en, w, out);
	if (e.code != E_PROVIDER_DOWN && e.code != E_PARK)
		return e;
	access_clear(out);
	out->state = ACCESS_NONE;
	return forgive(cx);
}
struct err mcp_token_refused(struct ctx *cx, struct engine *en, const struct access *a, struct sv project_id)
{
	return store_connection_refused(cx, en->store, project_id, sv_of(a->connection_id), a->generation);
}

/* ---- a link ---- */
/* Asks the server as nobody: the challenge tells what it wants now, and who gives out tokens now.  One that cannot be
 * reached, or that wants none after all, leaves what is known. */
static struct err look(struct ctx *cx, struct engine *en, struct worker_row *w, const struct actor *by,
		       struct mcp_token_link *out)
{
	const struct mcp_worker_ask ask = { w, NULL, ASK_TIMEOUT };
	struct mcp_worker_told told;

	TRY(mcp_worker_greet(cx, en, &ask, &told));
	if (told.answer.fate != MCP_NO_TOKEN) {
		if (!out->needed)
			(void)snprintf(out->why, sizeof out->why, "%s", told.answer.say);
		return OK;
	}
	out->needed = true;
	const struct mcp_auth_find in = { w, told.answer.challenge, by };
	return mcp_auth_find(cx, en, &in, out->why);
}
static struct err has_token(struct ctx *cx, struct engine *en, const struct worker_row *w, struct sv user, bool *out)
{
	CLEANUP(access_clear) struct access access = { .state = ACCESS_NONE };

	TRY(mcp_token_get(cx, en, w, user, &access));
	*out = access.state == ACCESS_OK;
	return OK;
}
struct asking {
	const struct mcp_token_ask *ask;
	const struct mcp_auth *a;
	const struct worker_row *w;
};
static struct err start(struct ctx *cx, struct engine *en, const struct asking *k, struct mcp_token_link *out)
{
	const struct mcp_token_ask *ask = k->ask;
	struct auth_ask q = { .project_id = ask->project_id,
			      .user_id = ask->user_id,
			      .next_uri = ask->next_uri,
			      .scopes = ask->scopes.n > 0 ? ask->scopes : k->a->scopes,
			      .lane = ACCESS_CALL,
			      .park_over = true,
			      .by = ask->by };

	out->scopes = q.scopes;
	TRY(mcp_auth_name(cx, k->w, &q.provider.worker));
	TRY(authorize_start(cx, en, &q, &out->view));
	secret_drop(&out->view.access.token); /* it is the server's and nobody else's */
	return OK;
}
/* What the server shows to this user, at once when it showed nothing yet or another was asked before. */
static struct err read_for(struct ctx *cx, struct engine *en, struct worker_row *w, const struct mcp_auth *a,
			   struct sv user)
{
	if (sv_eq(a->user, user) && w->told_at > 0)
		return OK;
	TRY(mcp_auth_user(cx, en, w, user));
	return workers_reload(cx, en, w);
}
struct err mcp_token_link(struct ctx *cx, struct engine *en, const struct mcp_token_ask *ask,
			  struct mcp_token_link *out)
{
	struct worker_row w;
	struct mcp_auth a;
	bool has = false;

	*out = (struct mcp_token_link){ .needed = false };
	TRY(workers_get(cx, en, ask->project_id, ask->worker, &w));
	if (!workers_mcp_is(&w))
		return OK;
	out->needed = w.auth.n > 0;
	TRY(has_token(cx, en, &w, sv_trim(ask->user_id), &has));
	if (!has)
		TRY(look(cx, en, &w, ask->by, out));
	if (!out->needed || out->why[0] != '\0')
		return OK;
	TRY(mcp_auth_read(cx, &w, &a));
	TRY(start(cx, en, &(struct asking){ ask, &a, &w }, out));
	if (out->view.status == AUTH_COMPLETED)
		return read_for(cx, en, &w, &a, sv_trim(ask->user_id));
	return a.user.n == 0 ? mcp_auth_user(cx, en, &w, sv_trim(ask->user_id)) : OK;
}
struct err mcp_token_met(struct ctx *cx, struct engine *en, const struct worker_row *w, bool *needed, bool *met)
{
	const struct provider *p;
	enum grant_found found = GRANT_NONE;
	struct mcp_auth a;
	struct grant g;
	struct sv name;

	TRY(mcp_auth_read(cx, w, &a));
	*needed = a.there;
	*met = !a.there;
	if (!a.there || a.user.n == 0)
		return OK;
	TRY(provider_of(cx, en, w, &p, &name));
	if (p == NULL)
		return OK;
	const struct grant_key key = { w->project_id, a.user, sv_of(p->row_id) };
	TRY(grant_cache_load(cx, en->grants, &key, &g, &found));
	*met = found == GRANT_LIVE;
	return OK;
}
