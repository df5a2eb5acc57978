/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/hub.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/refresh_inner.h"
#include "domain/scopes.h"
#include "domain/tokens.h"
#include "store/store_event.h"
#include <stdio.h>
#include <time.h>

enum { OWNER_BYTES = 96, STORE_TRIES = 120, STORED_BYTES = 64 << 10 };

/* One claim and what is known while it lasts. */
struct job {
	struct engine *en;
	const struct provider *p;
	struct connection c;
	struct connection_claimed claim;
	char owner[OWNER_BYTES];
	int64_t may_until, mono_until;   /* a call that starts later could outlive the lease */
	bool refused;                    /* by ourselves, in the moment of sending */
	struct secret *access, *refresh; /* the token itself */
	struct token_set set;
	struct wire_outcome how;
};
static void job_clear(struct job *j)
{
	secret_drop(&j->access);
	secret_drop(&j->refresh);
	token_set_clear(&j->set);
}

/* ---- before the call ---- */
static struct err open_pair(struct ctx *cx, struct job *j)
{
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;
	char type[sizeof j->set.token_type];

	TRY(store_connection_open(cx, j->en->store, &j->c, &access, &refresh));
	if (access != NULL)
		TRY(tokens_access(cx, access, &j->access, type));
	return refresh == NULL ? OK : tokens_refresh(cx, refresh, &j->refresh);
}
static bool may_send(void *arg)
{
	struct job *j = arg;

	j->refused = clock_now() > j->may_until || clock_mono() > j->mono_until;
	return !j->refused;
}
static struct err claim(struct ctx *cx, struct job *j)
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
static struct wire_client client_of(const struct job *j)
{
	return (struct wire_client){
		.net = j->en->net,
		.def = j->p->def,
		.client_id = sv_of(j->p->client_id),
		.client_secret = j->p->client_secret,
		.redirect_uri = sv_of(j->p->redirect_uri),
		.stored = j->c.stored,
	};
}

/* ---- after it, without a new pair ---- */
static struct err settle(struct ctx *cx, struct job *j, enum settle how, const struct refresh_line *line)
{
	struct event ev;
	bool changed = false;
	struct refresh_line l = *line;

	l.c = &j->c;
	l.step = line->step == NULL ? "refresh" : line->step;
	l.how = &j->how;
	l.tries = j->claim.tries;
	TRY(refresh_event(cx, &l, &ev));
	const struct connection_settle in = { .id = j->c.id,
					      .owner = j->owner,
					      .generation = j->c.generation,
					      .how = how,
					      .next_try_at = l.next_try_at,
					      .reason = l.reason,
					      .event = &ev };
	return store_connection_settle(cx, j->en->store, &in, &changed);
}
static int64_t next_try(const struct job *j)
{
	int64_t wait = refresh_backoff(j->p->def, j->how.fate, j->claim.tries);
	int64_t told = SEC(j->how.retry_after_s);

	return clock_now() + (told > wait ? told : wait);
}
static struct err no_pair(struct ctx *cx, struct job *j, enum refreshed *out)
{
	struct refresh_line line = { .outcome = "failed", .next_try_at = next_try(j) };
	bool lost = j->claim.uncertain;

	*out = REFRESHED_LATER;
	switch (j->how.fate) {
	case WIRE_DEAD:
		*out = REFRESHED_DEAD;
		line.outcome = "refused";
		line.next_try_at = 0;
		line.reason = reason_code(lost ? REASON_ANSWER_LOST : REASON_REVOKED);
		return settle(cx, j, SETTLE_DEAD, &line);
	case WIRE_UNCERTAIN:
		line.outcome = "unknown";
		line.reason = reason_code(REASON_PROVIDER_DOWN);
		return settle(cx, j, SETTLE_UNCERTAIN, &line);
	case WIRE_CONFIG:
		line.outcome = "refused";
		line.reason = reason_code(REASON_MISCONFIGURED);
		return settle(cx, j, SETTLE_FREE, &line);
	case WIRE_RETRY:
		line.outcome = "refused";
		line.reason = reason_code(REASON_RATE_LIMITED);
		return settle(cx, j, SETTLE_FREE, &line);
	case WIRE_NOT_SENT:
		line.reason = reason_code(REASON_PROVIDER_DOWN);
		line.next_try_at = j->refused ? 0 : line.next_try_at;
		line.note = j->refused ? "the lease was over before anything was sent" : NULL;
		return settle(cx, j, SETTLE_FREE, &line);
	case WIRE_OK:
	default: return OK;
	}
}

/* ---- with one ---- */
/* The pair in hand exists nowhere else: a full disk gets a minute to be mended before it is given up. */
static struct err store_pair(struct ctx *cx, struct job *j, const struct connection_renew *in,
			     struct connection_renewed *out)
{
	const struct timespec pause = { 0, 500 * 1000 * 1000 };
	struct err e = store_connection_renew(cx, j->en->store, in, out);

	for (int i = 0; i < STORE_TRIES && IS_ERR(e) && e.code != E_NOT_FOUND; i++) {
		if (i == 0)
			log_cause(cx, LOG_ERROR, "refresh.not_stored");
		(void)forgive(cx);
		(void)nanosleep(&pause, NULL);
		e = store_connection_renew(cx, j->en->store, in, out);
	}
	return e;
}
static struct err merged(struct ctx *cx, const struct job *j, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(STORED_BYTES);
	struct jout w = JOUT(&b);
	const struct node *was = NULL, *is = NULL;

	*out = SV_NONE;
	if (j->set.stored.n == 0)
		return OK;
	TRY(jdoc_parse(cx, j->set.stored, "kept values", &is));
	if (j->c.stored.n > 0)
		TRY(jdoc_parse(cx, j->c.stored, "kept values", &was));
	const struct node *all = was == NULL ? is : node_merge(cx->arena, was, is);
	if (all == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "kept values");
	jout_node(&w, NULL, all);
	TRY(jout_done(cx, &w));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "kept values");
}
static struct err renew(struct ctx *cx, struct job *j, bool half, struct connection_renewed *out)
{
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;
	const struct pdef *def = j->p->def;
	struct sv stored;
	struct event ev;

	TRY(tokens_pack(cx, &j->set, &access, &refresh));
	TRY(merged(cx, j, &stored));
	TRY(refresh_event(cx,
			  &(struct refresh_line){
			      .c = &j->c, .step = "refresh", .outcome = "ok", .how = &j->how, .tries = j->claim.tries },
			  &ev));
	const struct connection_renew in = {
		.id = j->c.id,
		.owner = j->owner,
		.generation = j->c.generation,
		.access = access,
		.refresh_json = refresh,
		.stored = stored,
		.granted = j->set.scopes,
		.scope_known = j->set.scope_known,
		.token_expires_at = j->set.expires_at,
		.refresh_expires_at = j->set.refresh_expires_at,
		.lead_s = def->lead_s,
		.authorization_id = j->c.authorization_id,
		.by_access = def->refresh == REFRESH_BY_ACCESS,
		.ends_grant = def->revoke_ends == ENDS_GRANT,
		.can_revoke = def->can_revoke,
		.half = half,
		.event = &ev,
	};
	return store_pair(cx, j, &in, out);
}
/* The refresh token has been used: what came must be safe before the next call is made. */
static struct err exchange(struct ctx *cx, struct job *j, bool *stop, enum refreshed *out)
{
	const struct wire_client client = client_of(j);
	struct connection_renewed done;

	*stop = false;
	if (!j->p->def->has_exchange)
		return OK;
	TRY(renew(cx, j, true, &done));
	*stop = true;
	*out = REFRESHED_LATER;
	if (done.fate != RENEW_STORED && done.fate != RENEW_REVIVED)
		return OK;
	j->c.generation = done.generation;
	struct err e = wire_exchange(cx, &client, &j->set, &j->how);
	if (IS_ERR(e) || j->how.fate != WIRE_OK) {
		const struct refresh_line line = { .step = "exchange",
						   .outcome = "failed",
						   .reason = reason_code(REASON_EXCHANGE_REFUSED),
						   .next_try_at = next_try(j) };
		(void)forgive(cx);
		return settle(cx, j, SETTLE_FREE, &line);
	}
	*stop = false;
	return OK;
}
static void tell(struct ctx *cx, struct job *j, const char *step)
{
	struct event ev;
	const struct refresh_line line = { .c = &j->c, .step = step, .outcome = "failed", .how = &j->how };
	struct err e = refresh_event(cx, &line, &ev);

	if (!IS_ERR(e))
		e = store_event_log(cx, j->en->store, &ev);
	if (!IS_ERR(e))
		return;
	log_cause(cx, LOG_WARN, "event.not_written");
	(void)forgive(cx);
}
/* Nice to have: what goes wrong here leaves the fresh pair as it is. */
static struct err amend(struct ctx *cx, struct job *j, int64_t generation)
{
	const struct pdef *def = j->p->def;
	const struct wire_client client = client_of(j);
	CLEANUP(wire_user_clear) struct wire_user user = { .json = NULL };
	int64_t was = j->set.expires_at;

	if (def->has_introspection && def->introspect_on_refresh) {
		TRY(wire_introspect(cx, &client, &j->set, &j->how));
		if (j->how.fate != WIRE_OK)
			tell(cx, j, "introspection");
	}
	if (def->has_user_info && def->user_info_on_refresh) {
		TRY(wire_user_info(cx, &client, &j->set, &user, &j->how));
		if (j->how.fate != WIRE_OK)
			tell(cx, j, "user_info");
	}
	const struct connection_amend in = { .id = j->c.id,
					     .generation = generation,
					     .token_expires_at = j->set.expires_at == was ? 0 : j->set.expires_at,
					     .lead_s = def->lead_s,
					     .by_access = def->refresh == REFRESH_BY_ACCESS,
					     .user_info = user.json };
	if (in.token_expires_at == 0 && in.user_info == NULL)
		return OK;
	struct err e = store_connection_amend(cx, j->en->store, &in);
	return e.code == E_STALE ? forgive(cx) : e;
}
static struct err pair(struct ctx *cx, struct job *j, enum refreshed *out)
{
	struct connection_renewed done;
	bool stop = false;

	if (j->set.refresh == NULL && j->refresh != NULL) { /* none came back: the old one stays good (RFC 6749 6) */
		j->set.refresh = secret_copy(secret_view(j->refresh));
		if (j->set.refresh == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "refresh token");
	}
	TRY(exchange(cx, j, &stop, out));
	if (stop)
		return OK;
	TRY(renew(cx, j, false, &done));
	*out = REFRESHED_YES;
	if (done.fate == RENEW_STORED || done.fate == RENEW_REVIVED)
		hub_publish(j->en->hub, refresh_topic(j->c.id));
	else
		return OK;
	if (!IS_ERR(amend(cx, j, done.generation)))
		return OK;
	log_cause(cx, LOG_WARN, "refresh.details");
	return forgive(cx);
}

/* ---- the call ---- */
static enum circuit_result reached(const struct job *j)
{
	switch (j->how.fate) {
	case WIRE_OK:
	case WIRE_DEAD:
	case WIRE_RETRY: return CIRCUIT_REACHED;
	case WIRE_NOT_SENT: return j->refused ? CIRCUIT_NOTHING : CIRCUIT_UNREACHED;
	case WIRE_UNCERTAIN:
	case WIRE_CONFIG:
	default: return CIRCUIT_UNREACHED;
	}
}
static struct err call(struct ctx *cx, struct job *j, enum refreshed *out)
{
	const struct wire_client client = client_of(j);
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
	if (j->how.fate == WIRE_OK)
		return pair(cx, j, out);
	return no_pair(cx, j, out);
}
/* A claim that cannot be used is given back, so that nobody waits for it. */
static struct err claimed(struct ctx *cx, struct job *j, enum refreshed *out)
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
	return settle(cx, j, SETTLE_FREE, &line);
}

/* ---- what is to be done at all ---- */
static bool renewable(const struct job *j)
{
	return j->p->def->refresh == REFRESH_BY_ACCESS || (j->p->def->refresh == REFRESH_TOKEN && j->c.has_refresh);
}
static bool due(const struct job *j, const struct refresh_one *in, int64_t now)
{
	return j->c.force_refresh || j->c.generation == in->early || (j->c.due_at > 0 && j->c.due_at <= now);
}
static struct err with_claim(struct ctx *cx, struct job *j, enum refreshed *out)
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
struct err refresh_run(struct ctx *cx, struct engine *en, const struct refresh_one *in, struct refresh_done *out)
{
	CLEANUP(job_clear) struct job j = { .en = en, .how = { .fate = WIRE_NOT_SENT }, .refused = true };
	struct circuits *circuits = en->refresher == NULL ? NULL : refresh_circuits(en->refresher);

	*out = (struct refresh_done){ .how = REFRESHED_DEAD };
	struct err e = store_connection_get(cx, en->store, in->id, &j.c);
	if (e.code == E_NOT_FOUND)
		return forgive(cx);
	TRY(e);
	j.p = providers_by_row(en, j.c.provider_id);
	if (j.p == NULL || !sv_eqz(j.c.status, "live") || !sv_eq(j.c.project_id, in->project_id) || !renewable(&j))
		return OK;
	out->how = REFRESHED_YES;
	if (!due(&j, in, clock_now()))
		return OK;
	out->how = REFRESHED_LATER;
	enum circuit_pass pass = circuits == NULL ? PASS_GO : refresh_circuit_enter(circuits, j.p, in->background);
	if (pass == PASS_FULL)
		out->full = j.p;
	if (pass != PASS_GO)
		return OK;
	e = with_claim(cx, &j, &out->how);
	out->ran = j.p;
	if (circuits != NULL)
		refresh_circuit_leave(circuits, j.p, in->background, reached(&j));
	return e;
}
