/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/hub.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/logf.h"
#include "domain/refresh_inner.h"
#include "domain/tokens.h"
#include "domain/watch.h"
#include "store/store_event.h"
#include <time.h>

/* A refresh that was answered with a new pair. */
enum {
	LAST_TRIES = 20 /* half a second each, when the engine is to end */,
	TRY_ARENA = 2 << 20,
	STORED_BYTES = 64 << 10,
	TOLD_MOST_S = 3600
};

struct wire_client refresh_client(const struct refresh_job *j)
{
	return (struct wire_client){
		.net = j->en->net,
		.def = j->p->def,
		.client_id = sv_of(j->p->client_id),
		.client_secret = j->client_secret,
		.redirect_uri = sv_of(j->p->redirect_uri),
		.stored = j->c.stored,
	};
}

struct err refresh_settle(struct ctx *cx, struct refresh_job *j, enum settle how, const struct refresh_line *line)
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
	TRY(store_connection_settle(cx, j->en->store, &in, &changed));
	watch_refresh(j->p, l.outcome, l.reason);
	return OK;
}
int64_t refresh_next_try(const struct refresh_job *j)
{
	int64_t wait = refresh_backoff(j->p->def, j->how.fate, j->claim.tries);
	int64_t told = j->how.retry_after_s < TOLD_MOST_S ? SEC(j->how.retry_after_s) : SEC(TOLD_MOST_S);

	return clock_now() + (told > wait ? told : wait);
}
static void pause_a_little(void)
{
	const struct timespec half = { 0, 500 * 1000 * 1000 };

	(void)nanosleep(&half, NULL);
}
/* Each try has memory of its own, since there may be any number. */
static struct err store_once(struct ctx *cx, struct refresh_job *j, const struct connection_renew *in,
			     struct connection_renewed *out)
{
	CLEANUP(arena_drop) struct arena *arena = arena_new(TRY_ARENA);
	struct ctx once = { .request_id = cx->request_id, .now = clock_now(), .arena = arena };

	(void)forgive(cx);
	if (arena == NULL)
		return fail(cx, E_BUSY, "out of memory", "refresh");
	struct err e = store_connection_renew(&once, j->en->store, in, out);
	cx->cause = once.cause;
	return e;
}
/* The pair in hand exists nowhere else: it is kept, and tried again, until it is stored.  No more than what was under
 * way when the disk filled up is kept so, since a claim is a write too: without it nothing is sent. */
static struct err store_pair(struct ctx *cx, struct refresh_job *j, const struct connection_renew *in,
			     struct connection_renewed *out)
{
	struct err e = store_once(cx, j, in, out);

	if (!IS_ERR(e) || e.code == E_NOT_FOUND)
		return e;
	log_cause(cx, LOG_ERROR, "refresh.not_stored");
	for (int hurried = 0; IS_ERR(e) && e.code != E_NOT_FOUND && hurried < LAST_TRIES;) {
		pause_a_little();
		hurried += refresh_hurried(j->en);
		e = store_once(cx, j, in, out);
	}
	if (!IS_ERR(e))
		log_event(cx, LOG_WARN, "refresh.stored", LOG_STR("say", "the pair that was held is stored now"));
	return e;
}
static struct err merged(struct ctx *cx, const struct refresh_job *j, struct sv *out)
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
struct packed {
	struct secret *access, *refresh;
	struct sv stored;
	struct event ev;
};
static void packed_clear(struct packed *p)
{
	secret_drop(&p->access);
	secret_drop(&p->refresh);
}
static struct err pack(struct ctx *cx, struct refresh_job *j, struct packed *p)
{
	packed_clear(p);
	TRY(tokens_pack(cx, &j->set, &p->access, &p->refresh));
	TRY(merged(cx, j, &p->stored));
	return refresh_event(
	    cx,
	    &(struct refresh_line){
		.c = &j->c, .step = "refresh", .outcome = "ok", .how = &j->how, .tries = j->claim.tries },
	    &p->ev);
}
static struct err renew(struct ctx *cx, struct refresh_job *j, bool half, struct connection_renewed *out)
{
	CLEANUP(packed_clear) struct packed p = { .access = NULL };
	const struct pdef *def = j->p->def;
	struct err e = pack(cx, j, &p);

	for (int i = 0; IS_ERR(e) && i < LAST_TRIES; i++) { /* for want of memory */
		(void)forgive(cx);
		pause_a_little();
		e = pack(cx, j, &p);
	}
	TRY(e);
	const struct connection_renew in = {
		.id = j->c.id,
		.owner = j->owner,
		.generation = j->c.generation,
		.access = p.access,
		.refresh_json = p.refresh,
		.stored = p.stored,
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
		.event = &p.ev,
	};
	return store_pair(cx, j, &in, out);
}
/* The refresh token has been used: what came must be safe before the next call is made. */
static struct err exchange(struct ctx *cx, struct refresh_job *j, bool *stop, enum refreshed *out)
{
	const struct wire_client client = refresh_client(j);
	struct connection_renewed done;

	*stop = false;
	if (!j->p->def->exchange_on_refresh)
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
						   .next_try_at = refresh_next_try(j) };
		(void)forgive(cx);
		return refresh_settle(cx, j, SETTLE_FREE, &line);
	}
	*stop = false;
	return OK;
}
static void tell(struct ctx *cx, struct refresh_job *j, const char *step)
{
	struct event ev;
	const struct refresh_line line = {
		.c = &j->c, .step = step, .outcome = "failed", .reason = reason_code(j->how.reason), .how = &j->how
	};
	struct err e = refresh_event(cx, &line, &ev);

	if (!IS_ERR(e))
		e = store_event_log(cx, j->en->store, &ev);
	if (!IS_ERR(e))
		return;
	log_cause(cx, LOG_WARN, "event.not_written");
	(void)forgive(cx);
}
/* Nice to have: what goes wrong here leaves the fresh pair as it is. */
static struct err amend(struct ctx *cx, struct refresh_job *j, int64_t generation)
{
	const struct pdef *def = j->p->def;
	const struct wire_client client = refresh_client(j);
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
struct err refresh_pair(struct ctx *cx, struct refresh_job *j, enum refreshed *out)
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
	if (done.fate != RENEW_STORED && done.fate != RENEW_REVIVED)
		return OK;
	watch_refresh(j->p, "ok", NULL);
	hub_publish(j->en->hub, refresh_topic(j->c.id));
	if (!IS_ERR(amend(cx, j, done.generation)))
		return OK;
	log_cause(cx, LOG_WARN, "refresh.details");
	return forgive(cx);
}
