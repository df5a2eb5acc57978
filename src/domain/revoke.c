/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/revoke.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/job_time.h"
#include "domain/provider_move.h"
#include "domain/refresh_inner.h"
#include "domain/tokens.h"
#include "store/store_revocation.h"
#include <stdio.h>

enum { OWNER_BYTES = 96, DUE = 500, TIMEOUT_S = 20, TOLD_MOST_S = 3600 };
#define CALL        SEC(TIMEOUT_S)
#define LEASE       SEC(90) /* three calls, one after another, and the writes between */
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

/* ---- a try ---- */
struct attempt {
	struct engine *en;
	const struct provider *p;
	struct revocation_row *r;
	struct wire_client client;
	struct secret *access, *refresh, *client_secret; /* the tokens themselves; NULL: none */
	struct wire_outcome how;
	bool uncertain;   /* the refresh token was sent, and no answer was stored */
	const char *lost; /* reason why nothing more can be done; NULL: something can */
	const char *note;
};
static void attempt_clear(struct attempt *a)
{
	secret_drop(&a->access);
	secret_drop(&a->refresh);
	secret_drop(&a->client_secret);
}

/* ---- how it ends ---- */
static struct err event_of(struct ctx *cx, const struct revocation_row *r, struct refresh_line *line, struct event *ev)
{
	const struct connection c = { .project_id = r->project_id,
				      .id = r->connection_id,
				      .authorization_id = r->authorization_id };

	line->c = &c;
	line->tries = r->tries;
	TRY(refresh_event(cx, line, ev));
	if (r->connection_id.n == 0) {
		ev->resource_type = "authorization";
		ev->resource_id = r->authorization_id;
	}
	return OK;
}
static struct err end(struct ctx *cx, struct engine *en, const struct revocation_row *r, struct refresh_line *line)
{
	struct event ev;

	line->step = "revoke";
	TRY(event_of(cx, r, line, &ev));
	const struct revocation_end in = { .id = r->id,
					   .done = line->next_try_at == 0,
					   .uncertain = r->uncertain,
					   .next_try_at = line->next_try_at,
					   .event = &ev };
	return store_revocation_end(cx, en->store, &in);
}
static struct err give_up(struct ctx *cx, struct engine *en, const struct revocation_row *r, const char *note,
			  const char *reason)
{
	return end(cx, en, r, &(struct refresh_line){ .outcome = "failed", .reason = reason, .note = note });
}
static struct err after(struct ctx *cx, struct attempt *a, enum revoke_result *out)
{
	struct refresh_line line = { .outcome = "ok", .how = &a->how, .note = a->note };

	*out = REVOKE_DONE;
	a->r->uncertain = a->uncertain;
	if (a->how.fate == WIRE_OK)
		return end(cx, a->en, a->r, &line);
	line.outcome = "failed";
	if (a->lost != NULL) {
		*out = REVOKE_GAVE_UP;
		line.reason = a->lost;
		return end(cx, a->en, a->r, &line);
	}
	*out = REVOKE_LATER;
	line.reason = reason_code(a->how.reason);
	line.next_try_at = next_try(&a->how, a->r->tries);
	return end(cx, a->en, a->r, &line);
}

/* ---- a new access token, to revoke with ---- */
/* The pair in hand exists nowhere else.  What cannot be stored is used all the same. */
static struct err keep_pair(struct ctx *cx, struct attempt *a, const struct token_set *set)
{
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;
	struct refresh_line line = { .step = "refresh",
				     .outcome = "ok",
				     .how = &a->how,
				     .note = "the access token was over, and only one that is good can revoke" };
	struct event ev;

	TRY(tokens_pack(cx, set, &access, &refresh));
	TRY(event_of(cx, a->r, &line, &ev));
	TRY(store_revocation_renew(cx, a->en->store,
				   &(struct revocation_pair){ .id = a->r->id,
							      .project_id = a->r->project_id,
							      .access = access,
							      .refresh_json = refresh,
							      .event = &ev }));
	a->uncertain = false;
	return OK;
}
static struct err with_new(struct ctx *cx, struct attempt *a, struct token_set *set)
{
	if (set->refresh == NULL) /* none came back: the old one stays good (RFC 6749 6) */
		set->refresh = TAKE(a->refresh);
	if (IS_ERR(keep_pair(cx, a, set))) {
		log_cause(cx, LOG_ERROR, "revoke.not_stored");
		(void)forgive(cx);
	}
	cx->now = clock_now();
	TRY(wire_revoke(cx, &a->client, &(struct wire_revoke){ set->access, set->refresh }, &a->how));
	if (a->how.fate == WIRE_DEAD)
		a->note = "an access token that was just given out is not taken";
	return OK;
}
/* The provider does not take the refresh token either.  Then both are over; unless it was sent before and the answer
 * lost: the pair that was in it may live on, and nobody has it. */
static void refused(struct attempt *a, bool sent_before)
{
	if (a->how.reason == REASON_NO_REFRESH) {
		a->lost = "not_revoked";
		a->note = "the access token is over, and this definition has no way to renew it";
	} else if (a->how.reason == REASON_REVOKED && sent_before) {
		a->lost = reason_code(REASON_ANSWER_LOST);
		a->note = "the provider takes neither token; what it gave out in an answer that was lost may live on";
	} else if (a->how.reason == REASON_REVOKED) {
		a->how.fate = WIRE_OK;
		a->note = "the provider takes neither the access token nor the refresh token any more";
	}
}
static struct err by_refresh(struct ctx *cx, struct attempt *a)
{
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	const struct wire_refresh in = { .refresh = a->refresh, .access = a->access, .gate = { .timeout = CALL } };
	bool sent_before = a->uncertain;

	TRY(store_revocation_sent(cx, a->en->store, a->r->id));
	a->uncertain = true;
	a->note = "the access token is over; a new one, to revoke with, was not to be had";
	cx->now = clock_now();
	TRY(wire_refresh(cx, &a->client, &in, &set, &a->how));
	if (a->how.fate == WIRE_OK) {
		a->note = NULL;
		return with_new(cx, a, &set);
	}
	if (a->how.fate != WIRE_UNCERTAIN) /* nothing was spent */
		a->uncertain = sent_before;
	if (a->how.fate == WIRE_DEAD)
		refused(a, sent_before);
	return OK;
}

/* ---- all of it ---- */
static struct err open_tokens(struct ctx *cx, struct attempt *a)
{
	char type[32];

	if (a->r->access != NULL)
		TRY(tokens_access(cx, a->r->access, &a->access, type));
	return a->r->refresh_json == NULL ? OK : tokens_refresh(cx, a->r->refresh_json, &a->refresh);
}
static struct err call(struct ctx *cx, struct attempt *a)
{
	TRY(providers_secret(cx, a->en, a->p, &a->client_secret));
	a->client = (struct wire_client){ .net = a->en->net,
					  .def = a->p->def,
					  .client_id = a->r->client_id,
					  .client_secret = a->client_secret,
					  .redirect_uri = sv_of(a->p->redirect_uri),
					  .stored = a->r->stored };
	TRY(open_tokens(cx, a));
	if (a->access == NULL && a->refresh == NULL) {
		a->how.fate = WIRE_OK;
		return OK;
	}
	cx->now = clock_now();
	TRY(wire_revoke(cx, &a->client, &(struct wire_revoke){ a->access, a->refresh }, &a->how));
	bool over = a->how.fate == WIRE_DEAD && a->how.reason == REASON_REVOKED;
	return over && a->refresh != NULL ? by_refresh(cx, a) : OK;
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
static struct err ours(struct ctx *cx, struct engine *en, struct revocation_row *r, enum revoke_result *out)
{
	const struct provider *p = providers_even_deleted(en, r->provider_id);
	CLEANUP(attempt_clear)
	struct attempt a = { .en = en, .p = p, .r = r, .how = { .fate = WIRE_NOT_SENT }, .uncertain = r->uncertain };
	bool moved = false;

	*out = REVOKE_GAVE_UP;
	if (p == NULL || !sv_eqz(r->client_id, p->client_id))
		return give_up(cx, en, r, "the client that could revoke it is gone", "not_revoked");
	if (p->refused == NULL)
		TRY(has_moved(cx, en, r, p, &moved));
	if (moved)
		return give_up(cx, en, r, "its address moved to another host", "not_revoked");
	if (p->refused == NULL && !p->def->can_revoke)
		return give_up(cx, en, r, "the provider has no way to revoke", "not_revoked_unsupported");
	if (p->refused == NULL && IS_ERR(call(cx, &a))) { /* out of use: tried again for a day */
		log_cause(cx, LOG_ERROR, "revoke.broken");
		(void)forgive(cx);
		a.how.fate = WIRE_UNCERTAIN;
	}
	return after(cx, &a, out);
}
static struct err kept(struct ctx *cx, struct engine *en, const struct revocation_row *r, const char *reason)
{
	return end(cx, en, r, &(struct refresh_line){ .outcome = "ignored", .reason = reason });
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
	case REVOCATION_SHARED: *out = REVOKE_KEPT; return kept(cx, en, &r, "not_revoked_shared_grant");
	case REVOCATION_HELD: *out = REVOKE_KEPT; return kept(cx, en, &r, "not_revoked_token_in_use");
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
struct err revoke_due(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	struct revocation_ids ids;
	bool failed[DUE] = { false };

	cx->now = clock_now();
	TRY(store_revocation_due(cx, en->store, DUE, &ids));
	for (size_t i = 0; i < ids.n && job_has_time(until, SEC(TIMEOUT_S)); i++) {
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
