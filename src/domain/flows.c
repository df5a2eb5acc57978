/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/flows.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/hub.h"
#include "core/text.h"
#include "domain/job_time.h"
#include "domain/state.h"
#include "domain/timeline.h"
#include "domain/upkeep.h"
#include "store/store_provider.h"

enum { BATCH = 50 };
static const int64_t flow_kept = DAY(7);

/* ---- endings, inside an act ---- */
static struct err add_topic(struct ctx *cx, struct flows_ended *ended, uint64_t topic)
{
	if (ended->n == ended->room) {
		uint64_t *more = arena_array(cx->arena, ended->room * 2 + 8, sizeof *more);

		if (more == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "topics");
		for (size_t i = 0; i < ended->n; i++)
			more[i] = ended->topic[i];
		ended->topic = more;
		ended->room = ended->room * 2 + 8;
	}
	ended->topic[ended->n++] = topic;
	return OK;
}

void flows_publish(struct engine *en, const struct flows_ended *ended)
{
	for (size_t i = 0; i < ended->n; i++)
		hub_publish(en->hub, ended->topic[i]);
}

static const char *fate_word(enum discarded d)
{
	switch (d) {
	case DISCARDED_QUEUED: return "token set given up, to be revoked";
	case DISCARDED_KEPT: return "token set wiped here, not revoked: the provider would end the whole grant";
	case DISCARDED_HELD: return "token set wiped here, not revoked: a live connection holds the same token";
	case DISCARDED_UNSUPPORTED: return "token set wiped here, the provider has no revocation";
	case DISCARDED_NOTHING:
	default: return "";
	}
}

/* The flow's tokens, if it holds any, under the revoke rule.  The flow has ended before, so that it does not count as
 * another holder. */
static struct err discard(struct ctx *cx, struct tx *tx, const struct flows_fail *in, const char **fate)
{
	const struct flow *f = in->flow;
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;
	struct discard_out out = { .fate = DISCARDED_NOTHING };

	*fate = "";
	if (f->access_box.p == NULL)
		return OK;
	TRY(store_flow_unseal(cx, tx_store(tx), f, FLOW_ACCESS, &access));
	TRY(store_flow_unseal(cx, tx_store(tx), f, FLOW_REFRESH, &refresh));
	struct discard_in d = {
		.why = in->why,
		.project_id = f->project_id,
		.provider_id = f->provider_id,
		.revision_id = f->revision_id,
		.client_id = f->client_id,
		.connection_id = SV(""),
		.flow_id = f->id,
		.authorization_id = f->authorization_id,
		.stored = f->stored,
		.access = access,
		.refresh_json = refresh,
		.account_hash = f->account_hash,
		.ends_grant = f->ends_grant,
		.can_revoke = f->can_revoke,
	};
	TRY(store_revocation_discard(cx, tx, &d, &out));
	*fate = fate_word(out.fate);
	return OK;
}

struct err flows_end_one(struct ctx *cx, struct tx *tx, const struct flows_fail *in)
{
	const struct flow *f = in->flow;
	enum state from = state_of_flow(f->status);
	struct flow_end end = { f->id, state_word(from), state_word(FLOW_FAILED), reason_code(in->reason) };
	const char *fate = "";

	TRY(state_move(cx, from, FLOW_FAILED));
	TRY(store_flow_end(cx, tx, &end));
	TRY(discard(cx, tx, in, &fate));
	struct timeline line = {
		.project_id = f->project_id,
		.authorization_id = f->authorization_id,
		.flow_id = f->id,
		.by = in->by,
		.step = "attempt_ended",
		.outcome = "failed",
		.reason = in->reason,
		.note = sv_of(fate),
	};
	return timeline_add(cx, tx, &line);
}

static enum reason flow_reason(enum reason r)
{
	return r == REASON_PROVIDER_DELETED || r == REASON_EXPIRED ? r : REASON_SUPERSEDED;
}

struct err flows_end_authorization(struct ctx *cx, struct tx *tx, const struct flows_end *in, struct flows_ended *ended)
{
	const struct authorization *a = in->a;
	bool won = in->reason == REASON_NONE;
	enum state to = won ? AUTHORIZATION_SUCCEEDED : AUTHORIZATION_FAILED;
	struct authorization_move move = { a->id, state_word(AUTHORIZATION_PENDING), state_word(to),
					   reason_code(in->reason), in->connection_id };
	struct timeline line = { .project_id = a->project_id,
				 .authorization_id = a->id,
				 .flow_id = in->but_flow,
				 .by = in->by,
				 .step = won ? "completed" : "failed",
				 .outcome = won ? "ok" : "failed",
				 .reason = in->reason };
	struct flows open;

	TRY(state_move(cx, state_of_authorization(a->status), to));
	TRY(store_authorization_move(cx, tx, &move));
	TRY(store_flow_open(cx, tx_db(tx), a->id, &open));
	for (size_t i = 0; i < open.n; i++) {
		struct flows_fail f = { &open.v[i], flow_reason(in->reason), in->why, in->by };

		if (sv_eq(in->but_flow, open.v[i].id))
			continue;
		TRY(flows_end_one(cx, tx, &f));
	}
	TRY(timeline_add(cx, tx, &line));
	return add_topic(cx, ended, authorize_topic(a->id));
}

/* ---- the job ---- */
struct expired {
	struct flows_ended ended;
	size_t n;
};

static enum reason time_reason(const struct flow *f)
{
	switch (state_of_flow(f->status)) {
	case FLOW_REDEEMING: return REASON_INTERRUPTED;
	case FLOW_UNVERIFIED: return REASON_UNVERIFIED;
	case STATE_NONE:
	case AUTHORIZATION_PENDING:
	case AUTHORIZATION_SUCCEEDED:
	case AUTHORIZATION_FAILED:
	case FLOW_STARTED:
	case FLOW_DONE:
	case FLOW_FAILED:
	case STATE__COUNT:
	default: return REASON_EXPIRED;
	}
}

static struct err act_expire(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	struct expired *done = out;
	struct authorizations list;
	struct flows over;

	(void)in;
	*done = (struct expired){ .n = 0 };
	TRY(store_authorization_over(cx, tx_db(tx), tx_now(tx), BATCH, &list));
	for (size_t i = 0; i < list.n; i++)
		TRY(flows_end_authorization(
		    cx, tx,
		    &(struct flows_end){
			.a = &list.v[i], .reason = REASON_EXPIRED, .why = DISCARD_EXPIRED, .by = &timeline_system },
		    &done->ended));
	TRY(store_flow_over(cx, tx_db(tx), tx_now(tx), BATCH, &over));
	for (size_t i = 0; i < over.n; i++)
		TRY(flows_end_one(
		    cx, tx,
		    &(struct flows_fail){ &over.v[i], time_reason(&over.v[i]), DISCARD_EXPIRED, &timeline_system }));
	done->n = list.n + over.n;
	return OK;
}

static struct err act_forget(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)in;
	(void)out;
	return store_provider_forget(cx, tx);
}

struct err flows_expire(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	struct expired done = { .n = 1 };

	while (done.n > 0 && job_goes_on(until)) {
		TRY(store_act(cx, en->store, act_expire, NULL, &done));
		flows_publish(en, &done.ended);
	}
	return store_act(cx, en->store, act_forget, NULL, NULL);
}

/* ---- what ended long ago ---- */
struct err flows_prune(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	struct authorization_prune old = { .before = clock_now() - AUTHORIZATION_KEPT, .more = true };

	TRY(upkeep_prune(cx, en, until, flow_kept, store_flow_prune));
	while (old.more && job_goes_on(until)) {
		TRY(store_authorization_prune(cx, en->store, &old));
		arena_reset(cx->arena);
	}
	return OK;
}
