/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/revoke.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/provider_move.h"
#include "domain/refresh_inner.h"
#include "domain/tokens.h"
#include "store/store_revocation.h"
#include <stdio.h>

enum { OWNER_BYTES = 96, DUE = 500, TIMEOUT_S = 20, TOLD_MOST_S = 3600 };
#define LEASE       SEC(45)
#define WAIT_LEAST  SEC(10)
#define WAIT_MOST   MIN(15)
#define WAIT_DOUBLE 7

static int64_t next_try(const struct wire_outcome *how, int64_t tries)
{
	int64_t wait = WAIT_LEAST << (tries < 1 ? 0 : tries > WAIT_DOUBLE ? WAIT_DOUBLE : tries - 1);
	int64_t told = how->retry_after_s < TOLD_MOST_S ? SEC(how->retry_after_s) : SEC(TOLD_MOST_S);

	if (wait > WAIT_MOST)
		wait = WAIT_MOST;
	wait = wait * 3 / 4 + (int64_t)rnd_below((uint64_t)wait / 2);
	return clock_now() + (told > wait ? told : wait);
}

/* ---- how a try ends ---- */
struct ending {
	bool done;
	const char *outcome, *reason, *note;
	const struct wire_outcome *how;
	int64_t next_try_at;
};
static struct err end(struct ctx *cx, struct engine *en, const struct revocation_row *r, const struct ending *e)
{
	const struct connection c = { .project_id = r->project_id,
				      .id = r->connection_id,
				      .authorization_id = r->authorization_id };
	const struct refresh_line line = { .c = &c,
					   .step = "revoke",
					   .outcome = e->outcome,
					   .reason = e->reason,
					   .how = e->how,
					   .tries = r->tries,
					   .next_try_at = e->next_try_at,
					   .note = e->note };
	struct event ev;

	TRY(refresh_event(cx, &line, &ev));
	if (r->connection_id.n == 0) {
		ev.resource_type = "authorization";
		ev.resource_id = r->authorization_id;
	}
	const struct revocation_end in = { .id = r->id, .done = e->done, .next_try_at = e->next_try_at, .event = &ev };
	return store_revocation_end(cx, en->store, &in);
}
static struct err give_up(struct ctx *cx, struct engine *en, const struct revocation_row *r, const char *note,
			  const char *reason)
{
	return end(cx, en, r, &(struct ending){ .done = true, .outcome = "failed", .reason = reason, .note = note });
}
static struct err after(struct ctx *cx, struct engine *en, const struct revocation_row *r,
			const struct wire_outcome *how, enum revoke_result *out)
{
	struct ending e = { .done = true, .outcome = "ok", .how = how };

	bool gone = how->fate == WIRE_DEAD && how->reason == REASON_REVOKED; /* what is not good any more is revoked */

	if (how->fate == WIRE_OK || gone) {
		*out = REVOKE_DONE;
		return end(cx, en, r, &e);
	}
	*out = REVOKE_LATER;
	e = (struct ending){ .outcome = "failed",
			     .reason = reason_code(how->reason),
			     .how = how,
			     .next_try_at = next_try(how, r->tries) };
	return end(cx, en, r, &e);
}

/* ---- a try ---- */
static struct err open_tokens(struct ctx *cx, const struct revocation_row *r, struct secret **access,
			      struct secret **refresh)
{
	char type[32];

	if (r->access != NULL)
		TRY(tokens_access(cx, r->access, access, type));
	return r->refresh_json == NULL ? OK : tokens_refresh(cx, r->refresh_json, refresh);
}
static struct err call(struct ctx *cx, struct engine *en, const struct provider *p, const struct revocation_row *r,
		       struct wire_outcome *how)
{
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;
	CLEANUP(secret_drop) struct secret *secret = NULL;
	TRY(providers_secret(cx, en, p, &secret));
	const struct wire_client client = { .net = en->net,
					    .def = p->def,
					    .client_id = r->client_id,
					    .client_secret = secret,
					    .redirect_uri = sv_of(p->redirect_uri),
					    .stored = r->stored };

	TRY(open_tokens(cx, r, &access, &refresh));
	if (access == NULL && refresh == NULL) {
		how->fate = WIRE_OK;
		return OK;
	}
	cx->now = clock_now();
	return wire_revoke(cx, &client, &(struct wire_revoke){ access, refresh }, how);
}
/* The tokens of an attempt are for the host that gave them; those of connections end with the move itself. */
static struct err has_moved(struct ctx *cx, struct engine *en, const struct revocation_row *r, const struct provider *p,
			    bool *moved)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };

	*moved = false;
	if (r->connection_id.n > 0)
		return OK;
	TRY(store_read(cx, en->store, &rd));
	return provider_move_since(cx, rd.db, &(struct provider_revisions){ r->revision_id, sv_of(p->revision_id) },
				   moved);
}
static struct err ours(struct ctx *cx, struct engine *en, const struct revocation_row *r, enum revoke_result *out)
{
	const struct provider *p = providers_even_deleted(en, r->provider_id);
	struct wire_outcome how = { .fate = WIRE_NOT_SENT };
	bool moved = false;

	*out = REVOKE_GAVE_UP;
	if (p == NULL || !sv_eqz(r->client_id, p->client_id))
		return give_up(cx, en, r, "the client that could revoke it is gone", "not_revoked");
	TRY(has_moved(cx, en, r, p, &moved));
	if (moved)
		return give_up(cx, en, r, "its address moved to another host", "not_revoked");
	if (!p->def->can_revoke)
		return give_up(cx, en, r, "the provider has no way to revoke", "not_revoked_unsupported");
	struct err e = call(cx, en, p, r, &how);
	if (IS_ERR(e)) {
		log_cause(cx, LOG_ERROR, "revoke.broken");
		(void)forgive(cx);
		how.fate = WIRE_UNCERTAIN;
	}
	return after(cx, en, r, &how, out);
}
struct err revoke_now(struct ctx *cx, struct engine *en, struct sv revocation_id, enum revoke_result *out)
{
	CLEANUP(store_revocation_clear) struct revocation_row r = { .tries = 0 };
	enum revocation_claim how = REVOCATION_GONE;
	char owner[OWNER_BYTES], nonce[TOKEN_TEXT];

	*out = REVOKE_LATER;
	id_token(nonce);
	if (snprintf(owner, sizeof owner, "%s/%s", en->owner, nonce) < 0)
		return fail(cx, E_INTERNAL, "no name for a lease", "snprintf");
	TRY(store_revocation_take(cx, en->store, &(struct revocation_ask){ revocation_id, owner, LEASE }, &how, &r));
	switch (how) {
	case REVOCATION_GONE: *out = REVOKE_DONE; return OK;
	case REVOCATION_OVER:
		*out = REVOKE_GAVE_UP;
		return give_up(cx, en, &r, "not reached for 24 hours, or its address moved to another host",
			       "not_revoked");
	case REVOCATION_SHARED:
		*out = REVOKE_KEPT;
		return end(
		    cx, en, &r,
		    &(struct ending){ .done = true, .outcome = "ignored", .reason = "not_revoked_shared_grant" });
	case REVOCATION_BUSY: return OK;
	case REVOCATION_OURS:
	default: return ours(cx, en, &r, out);
	}
}

/* ---- the job ---- */
static bool seen(const struct revocation_ids *ids, const bool *failed, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (failed[k] && sv_eq(ids->provider_id[k], ids->provider_id[i]))
			return true;
	return false;
}
struct err revoke_due(struct ctx *cx, struct engine *en, int64_t until)
{
	struct revocation_ids ids;
	bool failed[DUE] = { false };

	cx->now = clock_now();
	TRY(store_revocation_due(cx, en->store, DUE, &ids));
	for (size_t i = 0; i < ids.n && clock_now() + SEC(TIMEOUT_S) < until; i++) {
		enum revoke_result how = REVOKE_LATER;

		if (seen(&ids, failed, i))
			continue;
		if (IS_ERR(revoke_now(cx, en, ids.v[i], &how))) {
			log_cause(cx, LOG_ERROR, "revoke.failed");
			(void)forgive(cx);
		}
		failed[i] = how == REVOKE_LATER;
	}
	return OK;
}
