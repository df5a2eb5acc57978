/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/hub.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/mcp_auth.h"
#include "domain/refresh_inner.h"
#include "domain/scopes.h"
#include "domain/tokens.h"
#include <stdio.h>

static void job_clear(struct refresh_job *j)
{
	secret_drop(&j->access);
	secret_drop(&j->refresh);
	secret_drop(&j->client_secret);
	token_set_clear(&j->set);
}

/* ---- before the call ---- */
static struct err open_pair(struct ctx *cx, struct refresh_job *j)
{
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;
	char type[sizeof j->set.token_type];

	TRY(providers_secret(cx, j->en, j->p, &j->client_secret));
	TRY(store_connection_open(cx, j->en->store, &j->c, &access, &refresh));
	if (access != NULL)
		TRY(tokens_access(cx, access, &j->access, type));
	return refresh == NULL ? OK : tokens_refresh(cx, refresh, &j->refresh);
}
static bool may_send(void *arg)
{
	struct refresh_job *j = arg;

	j->refused = clock_now() > j->may_until || clock_mono() > j->mono_until;
	return !j->refused;
}
static struct err claim(struct ctx *cx, struct refresh_job *j)
{
	char nonce[TOKEN_TEXT];
	int64_t mono = clock_mono();

	id_token(nonce);
	if (snprintf(j->owner, sizeof j->owner, "%s/%s", j->en->owner, nonce) < 0)
		return fail(cx, E_INTERNAL, "no name for a lease", "snprintf");
	const struct connection_claim in = { j->c.id, j->c.generation, REFRESH_LEASE, j->owner };
	TRY(store_connection_claim(cx, j->en->store, &in, &j->claim));
	j->may_until = j->claim.until - REFRESH_CALL;
	j->mono_until = mono + REFRESH_LEASE - REFRESH_CALL;
	return OK;
}
/* ---- after it, without a new pair ---- */
static struct err no_pair(struct ctx *cx, struct refresh_job *j, enum refreshed *out)
{
	struct refresh_line line = { .outcome = "failed", .next_try_at = refresh_next_try(j) };
	bool lost = j->claim.uncertain;

	*out = REFRESHED_LATER;
	switch (j->how.fate) {
	case WIRE_DEAD:
		*out = REFRESHED_DEAD;
		line.outcome = "refused";
		line.next_try_at = 0;
		line.reason = reason_code(lost                           ? REASON_ANSWER_LOST
					  : j->how.reason == REASON_NONE ? REASON_REVOKED
									 : j->how.reason);
		return refresh_settle(cx, j, SETTLE_DEAD, &line);
	case WIRE_UNCERTAIN:
		line.outcome = "unknown";
		line.reason = reason_code(j->how.reason == REASON_NONE ? REASON_PROVIDER_DOWN : j->how.reason);
		return refresh_settle(cx, j, SETTLE_UNCERTAIN, &line);
	case WIRE_CONFIG:
		line.outcome = "refused";
		line.reason = reason_code(REASON_MISCONFIGURED);
		TRY(refresh_settle(cx, j, SETTLE_FREE, &line));
		return strcmp(j->how.error, "invalid_client") == 0
			   ? mcp_auth_refused(cx, j->en, j->p, refresh_client(j).client_id)
			   : OK;
	case WIRE_RETRY:
		line.outcome = "refused";
		line.reason = reason_code(j->how.reason == REASON_NONE ? REASON_RATE_LIMITED : j->how.reason);
		return refresh_settle(cx, j, SETTLE_FREE, &line);
	case WIRE_NOT_SENT:
		line.reason = reason_code(REASON_PROVIDER_DOWN);
		line.next_try_at = j->refused ? 0 : line.next_try_at;
		line.note = j->refused ? "the lease was over before anything was sent" : NULL;
		return refresh_settle(cx, j, SETTLE_FREE, &line);
	case WIRE_OK:
	default: return OK;
	}
}

/* ---- the call ---- */
static enum circuit_result reached(const struct refresh_job *j)
{
	switch (j->how.fate) {
	case WIRE_OK:
	case WIRE_DEAD: return CIRCUIT_REACHED;
	case WIRE_RETRY: return CIRCUIT_LIMITED;
	case WIRE_NOT_SENT: return j->refused ? CIRCUIT_NOTHING : CIRCUIT_UNREACHED;
	case WIRE_UNCERTAIN:
	case WIRE_CONFIG:
	default: return CIRCUIT_UNREACHED;
	}
}
static struct err call(struct ctx *cx, struct refresh_job *j, enum refreshed *out)
{
	const struct wire_client client = refresh_client(j);
	struct sv_list granted;

	TRY(scopes_from_json(cx, j->c.granted_scopes, &granted));
	const struct wire_refresh in = {
		.refresh = j->refresh,
		.access = j->access,
		.granted = granted,
		.gate = { .may_send = may_send, .arg = j, .timeout = REFRESH_CALL },
	};
	cx->now = clock_now();
	j->refused = false;
	struct err e = wire_refresh(cx, &client, &in, &j->set, &j->how);
	if (IS_ERR(e)) { /* our own trouble; what was sent by then is not known */
		log_cause(cx, LOG_ERROR, "refresh.broken");
		(void)forgive(cx);
		j->how.fate = WIRE_UNCERTAIN;
	}
	if (j->how.fate != WIRE_OK)
		return no_pair(cx, j, out);
	e = refresh_pair(cx, j, out);
	if (!IS_ERR(e))
		return OK;
	log_cause(cx, LOG_ERROR, "refresh.lost");
	(void)forgive(cx);
	j->how.fate = WIRE_UNCERTAIN;
	return no_pair(cx, j, out);
}
/* A claim that cannot be used is given back, so that nobody waits for it. */
static struct err claimed(struct ctx *cx, struct refresh_job *j, enum refreshed *out)
{
	struct err e = open_pair(cx, j);

	if (!IS_ERR(e))
		return call(cx, j, out);
	log_cause(cx, LOG_ERROR, "refresh.pair");
	(void)forgive(cx);
	const struct refresh_line line = { .outcome = "failed",
					   .next_try_at = clock_now() + MIN(5),
					   .note = "the sealed pair does not open" };
	j->how.fate = WIRE_NOT_SENT;
	j->refused = true;
	*out = REFRESHED_LATER;
	return refresh_settle(cx, j, SETTLE_FREE, &line);
}

/* ---- what is to be done at all ---- */
static bool renewable(const struct refresh_job *j)
{
	return j->p->def->refresh == REFRESH_BY_ACCESS || (j->p->def->refresh == REFRESH_TOKEN && j->c.has_refresh);
}
static bool due(const struct refresh_job *j, const struct refresh_one *in, int64_t now)
{
	return j->c.force_refresh || j->c.generation == in->early ||
	       (j->c.due_at > 0 && (j->c.due_at <= now || store_connection_misdated(j->c.token_issued_at, now)));
}
static struct err claim_and_call(struct ctx *cx, struct refresh_job *j, enum refreshed *out)
{
	static const enum refreshed without[] = {
		[CLAIM_LEASED] = REFRESHED_OTHER,
		[CLAIM_WAITS] = REFRESHED_LATER,
		[CLAIM_MOVED] = REFRESHED_YES,
		[CLAIM_GONE] = REFRESHED_DEAD,
	};

	TRY(claim(cx, j));
	if (j->claim.fate != CLAIM_OURS) {
		*out = without[j->claim.fate];
		return OK;
	}
	struct err e = claimed(cx, j, out);
	hub_publish(j->en->hub, refresh_topic(j->c.id));
	return e;
}
static struct err with_claim(struct ctx *cx, struct refresh_job *j, enum refreshed *out)
{
	struct refresher *r = j->en->refresher;

	if (r == NULL)
		return claim_and_call(cx, j, out);
	bool alone = refresh_begin(r, j);
	struct err e = OK;
	*out = REFRESHED_OTHER;
	/* A lease that is over by the wall clock, which jumps when a machine wakes up, and whose call still runs here:
	 * a second one beside it would use the refresh token twice. */
	if (alone || j->c.lease_until == 0)
		e = claim_and_call(cx, j, out);
	refresh_end(r, j);
	return e;
}
/* The row; *p NULL when nothing is to be done. */
static struct err look(struct ctx *cx, struct refresh_job *j, const struct refresh_one *in, struct refresh_done *out)
{
	struct err e = store_connection_get(cx, j->en->store, in->id, &j->c);

	if (e.code == E_NOT_FOUND)
		return forgive(cx);
	TRY(e);
	j->p = providers_by_row(j->en, j->c.provider_id);
	if (j->p == NULL || !sv_eqz(j->c.status, "live") || !sv_eq(j->c.project_id, in->project_id) || !renewable(j))
		return OK;
	out->how = REFRESHED_LATER;
	if (j->p->refused != NULL) /* once its definition is in order again */
		return OK;
	out->how = REFRESHED_YES;
	if (due(j, in, clock_now()))
		out->p = j->p;
	return OK;
}
static struct err placed(struct ctx *cx, struct refresh_job *j, const struct refresh_one *in, struct refresh_done *out)
{
	struct circuits *circuits = j->en->refresher == NULL ? NULL : refresh_circuits(j->en->refresher);

	out->how = REFRESHED_LATER;
	if (in->place == NULL && circuits != NULL)
		out->pass = refresh_circuit_enter(circuits, j->p, in->background);
	if (out->pass != PASS_GO)
		return OK;
	struct err e = with_claim(cx, j, &out->how);
	if (circuits != NULL)
		refresh_circuit_leave(circuits, in->place == NULL ? j->p : in->place, reached(j));
	return e;
}
struct err refresh_run(struct ctx *cx, struct engine *en, const struct refresh_one *in, struct refresh_done *out)
{
	CLEANUP(job_clear) struct refresh_job j = { .en = en, .how = { .fate = WIRE_NOT_SENT }, .refused = true };

	*out = (struct refresh_done){ .how = REFRESHED_DEAD, .pass = PASS_GO };
	struct err e = look(cx, &j, in, out);
	if (!IS_ERR(e) && out->p != NULL)
		return placed(cx, &j, in, out);
	if (in->place != NULL) {
		refresh_circuit_leave(refresh_circuits(en->refresher), in->place, CIRCUIT_NOTHING);
		out->p = in->place;
	}
	return e;
}
