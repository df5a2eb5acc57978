/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/hub.h"
#include "core/rnd.h"
#include "core/text.h"
#include "core/url.h"
#include "domain/connect_inner.h"
#include "domain/provider_move.h"
#include "domain/refresh.h"
#include "domain/scopes.h"
#include "domain/state.h"
#include "store/store_provider.h"

/* Who came is told by the custom verifier (confirm_user) or by the built-in one; either way everything that follows is
 * one act: the grant is live, waits wake, then the answer is sent (contract 2.4). */
enum { USER_MOST = 256, URL_MOST = 2048, FLOW_ID_MOST = 100 };

/* ---- inside the act ---- */
struct proving {
	const struct connect_proof *in;
	struct flow f;
	struct authorization a;
	struct connection before; /* id empty: none */
	struct sv_list asked, existing, granted;
};

static struct err end_attempt(struct ctx *cx, struct tx *tx, const struct proving *p, enum reason why, enum discard how)
{
	return flows_end_one(cx, tx, &(struct flows_fail){ &p->f, why, how, p->in->by });
}

static struct err verdict(struct connect_outcome *out, enum connect_verdict v, enum reason r)
{
	out->verdict = v;
	out->reason = r;
	return OK;
}

/* A status that cannot be confirmed; *open: it can. */
static void look_at_status(struct tx *tx, const struct proving *p, struct connect_outcome *out, bool *open)
{
	enum reason was = reason_of(p->f.reason);

	*open = false;
	switch (state_of_flow(p->f.status)) {
	case FLOW_UNVERIFIED:
		*open = p->f.expires_at > tx_now(tx);
		(void)verdict(out, VERDICT_NO_FLOW, REASON_UNVERIFIED);
		return;
	case FLOW_DONE: (void)verdict(out, VERDICT_AGAIN, REASON_NONE); return;
	case FLOW_FAILED:
		(void)verdict(out, was == REASON_UNVERIFIED || was == REASON_EXPIRED ? VERDICT_NO_FLOW : VERDICT_ENDED,
			      was);
		return;
	case STATE_NONE:
	case AUTHORIZATION_PENDING:
	case AUTHORIZATION_SUCCEEDED:
	case AUTHORIZATION_FAILED:
	case FLOW_STARTED:
	case FLOW_REDEEMING:
	case STATE__COUNT:
	default: (void)verdict(out, VERDICT_ENDED, REASON_NONE); return;
	}
}

static struct err done(struct ctx *cx, struct tx *tx, const struct proving *p)
{
	struct flow_end end = { p->f.id, state_word(FLOW_UNVERIFIED), state_word(FLOW_DONE), "" };

	TRY(state_move(cx, FLOW_UNVERIFIED, FLOW_DONE));
	return store_flow_end(cx, tx, &end);
}

static bool same_user(const struct proving *p)
{
	return p->in->is_the_user || sv_eq(sv_trim(p->in->user), p->f.user_id);
}

/* Contract 2.5: no provider, no tokens. */
static struct err prove_test(struct ctx *cx, struct tx *tx, const struct proving *p, struct connect_outcome *out)
{
	if (!same_user(p)) {
		TRY(end_attempt(cx, tx, p, REASON_USER_MISMATCH, DISCARD_MISMATCH));
		return verdict(out, VERDICT_MISMATCH, REASON_USER_MISMATCH);
	}
	out->authorization_id = p->f.id;
	TRY(done(cx, tx, p));
	return verdict(out, VERDICT_YES, REASON_NONE);
}

static struct err mismatch(struct ctx *cx, struct tx *tx, const struct proving *p, struct connect_outcome *out)
{
	struct flows_end end = { .a = &p->a,
				 .reason = REASON_USER_MISMATCH,
				 .but_flow = p->f.id,
				 .why = DISCARD_MISMATCH,
				 .by = p->in->by };

	TRY(end_attempt(cx, tx, p, REASON_USER_MISMATCH, DISCARD_MISMATCH));
	TRY(flows_end_authorization(cx, tx, &end, &out->ended));
	return verdict(out, VERDICT_MISMATCH, REASON_USER_MISMATCH);
}

/* The client may have been changed, its endpoints moved, or the provider deleted, since the callback. */
static struct err client_holds(struct ctx *cx, struct tx *tx, const struct flow *f, bool *holds)
{
	struct provider_row row;
	bool moved = false;
	struct err e = store_provider_get(cx, tx_db(tx), f->provider_id, &row);

	*holds = false;
	if (e.code == E_NOT_FOUND)
		return OK;
	TRY(e);
	TRY(provider_move_since(cx, tx_db(tx), &(struct provider_revisions){ f->revision_id, row.revision_id },
				&moved));
	*holds = row.deleted_at == 0 && !moved && sv_eq(row.client_id, f->client_id);
	return OK;
}

static struct err read_scopes(struct ctx *cx, struct tx *tx, struct proving *p)
{
	struct connection_key key = { p->f.project_id, p->f.user_id, p->f.provider_id };
	struct err e = store_connection_live(cx, tx, &key, &p->before);

	if (e.code == E_NOT_FOUND) {
		(void)forgive(cx);
		p->before = (struct connection){ .generation = 0 };
	} else {
		TRY(e);
	}
	TRY(scopes_from_json(cx, p->f.asked_scopes, &p->asked));
	TRY(scopes_from_json(cx, p->f.existing_scopes, &p->existing));
	return scopes_from_json(cx, p->f.granted_scopes, &p->granted);
}

/* Was more granted meanwhile than this flow knew of or asked for?  Then its tokens would lose it (design 8). */
static struct err outdated(struct ctx *cx, const struct proving *p, bool *yes)
{
	struct sv_list now, knew;

	*yes = false;
	if (p->before.id.n == 0)
		return OK;
	TRY(connect_scopes_of(cx, p->in->def, &p->before, &now));
	TRY(scopes_union(cx, p->existing, p->asked, &knew));
	*yes = !scopes_contain(p->in->def, knew, now);
	return OK;
}

static struct err adopt(struct ctx *cx, struct tx *tx, const struct proving *p, struct connection_adopted *out)
{
	const struct flow *f = &p->f;
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;
	CLEANUP(secret_drop) struct secret *user_info = NULL;
	struct connection_adopt in = { .project_id = f->project_id,
				       .user_id = f->user_id,
				       .provider_id = f->provider_id,
				       .client_id = f->client_id,
				       .revision_id = f->revision_id,
				       .authorization_id = f->authorization_id,
				       .stored = f->stored,
				       .requested = p->asked,
				       .granted = p->granted,
				       .scope_known = f->scope_known,
				       .keep_scopes = scopes_contain(p->in->def, p->asked, p->existing),
				       .account_hash = f->account_hash,
				       .token_expires_at = f->token_expires_at,
				       .refresh_expires_at = f->refresh_expires_at,
				       .ends_grant = f->ends_grant,
				       .can_revoke = f->can_revoke };

	if (p->in->def != NULL) {
		in.lead_s = p->in->def->lead_s;
		in.by_access = p->in->def->refresh == REFRESH_BY_ACCESS;
	}

	TRY(store_flow_unseal(cx, tx_store(tx), f, FLOW_ACCESS, &access));
	TRY(store_flow_unseal(cx, tx_store(tx), f, FLOW_REFRESH, &refresh));
	TRY(store_flow_unseal(cx, tx_store(tx), f, FLOW_USER_INFO, &user_info));
	in.access = access;
	in.refresh_json = refresh;
	in.user_info = user_info;
	return store_connection_adopt(cx, tx, &in, out);
}

/* Every pending authorization of this user and provider that the connection covers now is completed too. */
static struct err complete_others(struct ctx *cx, struct tx *tx, const struct proving *p, struct connect_outcome *out)
{
	struct connection_key key = { p->f.project_id, p->f.user_id, p->f.provider_id };
	struct scope_state have;
	struct connection c;
	struct authorizations list;

	TRY(store_connection_live(cx, tx, &key, &c));
	have.known = c.scope_known;
	TRY(scopes_from_json(cx, c.requested_scopes, &have.requested));
	TRY(scopes_from_json(cx, c.granted_scopes, &have.granted));
	TRY(store_authorization_pending(cx, tx_db(tx), &p->a, &list));
	for (size_t i = 0; i < list.n; i++) {
		struct flows_end end = { .a = &list.v[i], .connection_id = c.id, .why = DISCARD_LATE, .by = p->in->by };
		struct sv_list wanted;

		TRY(scopes_from_json(cx, list.v[i].scopes, &wanted));
		if (list.v[i].expires_at > tx_now(tx) && scopes_cover(p->in->def, &have, wanted))
			TRY(flows_end_authorization(cx, tx, &end, &out->ended));
	}
	return OK;
}

static struct err succeed(struct ctx *cx, struct tx *tx, const struct proving *p, struct connect_outcome *out)
{
	struct connection_adopted got;
	struct timeline line = { .project_id = p->f.project_id,
				 .authorization_id = p->f.authorization_id,
				 .flow_id = p->f.id,
				 .by = p->in->by,
				 .step = "verified",
				 .outcome = "ok" };

	TRY(adopt(cx, tx, p, &got));
	TRY(done(cx, tx, p));
	TRY(timeline_add(cx, tx, &line));
	if (p->before.account_hash.n > 0 && p->f.account_hash.n > 0 &&
	    !sv_eq(p->before.account_hash, p->f.account_hash)) {
		line.step = "notice";
		line.reason = REASON_ACCOUNT_CHANGED;
		TRY(timeline_add(cx, tx, &line));
	}
	out->connection_id = arena_sv(cx->arena, sv_of(got.id));
	if (out->connection_id.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "connection id");
	struct flows_end end = { .a = &p->a,
				 .connection_id = out->connection_id,
				 .but_flow = p->f.id,
				 .why = DISCARD_LATE,
				 .by = p->in->by };
	TRY(flows_end_authorization(cx, tx, &end, &out->ended));
	TRY(complete_others(cx, tx, p, out));
	return verdict(out, VERDICT_YES, REASON_NONE);
}

static struct err prove_real(struct ctx *cx, struct tx *tx, struct proving *p, struct connect_outcome *out)
{
	bool holds = false, late = false;

	TRY(store_authorization_get(cx, tx_db(tx), p->f.authorization_id, &p->a));
	out->authorization_id = p->a.id;
	out->next_uri = p->a.next_uri;
	if (state_of_authorization(p->a.status) != AUTHORIZATION_PENDING)
		return verdict(out, VERDICT_ENDED, REASON_SUPERSEDED);
	if (p->a.expires_at <= tx_now(tx))
		return verdict(out, VERDICT_NO_FLOW, REASON_EXPIRED);
	if (!same_user(p))
		return mismatch(cx, tx, p, out);
	TRY(client_holds(cx, tx, &p->f, &holds));
	if (!holds) {
		TRY(end_attempt(cx, tx, p, REASON_PROVIDER_CHANGED, DISCARD_LATE));
		return verdict(out, VERDICT_ENDED, REASON_PROVIDER_CHANGED);
	}
	TRY(read_scopes(cx, tx, p));
	TRY(outdated(cx, p, &late));
	if (!late)
		return succeed(cx, tx, p, out);
	TRY(end_attempt(cx, tx, p, REASON_CONNECTION_CHANGED, DISCARD_REPLACED));
	return verdict(out, VERDICT_ENDED, REASON_CONNECTION_CHANGED);
}

static struct err act_prove(struct ctx *cx, struct tx *tx, const void *arg, void *result)
{
	struct connect_outcome *out = result;
	struct proving p = { .in = arg };
	bool open = false;

	*out = (struct connect_outcome){ .verdict = VERDICT_NO_FLOW };
	TRY(store_flow_get(cx, tx_db(tx), p.in->flow_id, &p.f));
	look_at_status(tx, &p, out, &open);
	if (!open)
		return OK;
	return p.f.authorization_id.n == 0 ? prove_test(cx, tx, &p, out) : prove_real(cx, tx, &p, out);
}

struct err connect_prove(struct ctx *cx, struct engine *en, const struct connect_proof *in, struct connect_outcome *out)
{
	TRY(store_act(cx, en->store, act_prove, in, out));
	flows_publish(en, &out->ended);
	if (out->connection_id.n > 0)
		hub_publish(en->hub, refresh_topic(out->connection_id)); /* its generation is new */
	return OK;
}

/* ---- confirm_user ---- */
static struct err no_flow(struct ctx *cx, enum reason r)
{
	return refuse(cx, E_NOT_FOUND, r == REASON_NONE ? "flow not found" : "flow not found: %s", reason_cause(r));
}

static struct err answer(struct ctx *cx, const struct connect_outcome *o)
{
	switch (o->verdict) {
	case VERDICT_YES: return OK;
	case VERDICT_MISMATCH:
		return fail(cx, E_USER_MISMATCH, "An error occurred during verification", "another user confirmed %.*s",
			    SV_FMT(o->authorization_id));
	case VERDICT_AGAIN: return refuse(cx, E_BAD_INPUT, "this flow is confirmed already");
	case VERDICT_ENDED:
		return refuse(cx, E_BAD_INPUT, "this flow cannot be confirmed any more: %s %s", reason_cause(o->reason),
			      reason_fix(o->reason));
	case VERDICT_NO_FLOW:
	default: return no_flow(cx, o->reason);
	}
}

static struct err check(struct ctx *cx, const struct confirm_in *in)
{
	struct err e = OK;

	if (in->flow_id.n == 0)
		e = bad_field(cx, "flow_id", "required", "is required");
	if (sv_trim(in->user_id).n == 0)
		e = bad_field(cx, "user_id", "required", "is required");
	return e;
}

struct err connect_confirm(struct ctx *cx, struct engine *en, const struct confirm_in *in, struct confirmed *out)
{
	struct connect_outcome got = { .verdict = VERDICT_NO_FLOW };
	struct connect_proof proof = { .user = in->user_id, .by = in->by };
	struct visit v;

	*out = (struct confirmed){ .next_uri = SV_NONE };
	TRY(check(cx, in));
	if (in->flow_id.n > FLOW_ID_MOST)
		return no_flow(cx, REASON_NONE);
	struct err e = connect_visit(cx, en, &(struct connect_find){ FLOW_BY_FLOW_ID, in->flow_id }, &v);
	if (e.code == E_NOT_FOUND || (!IS_ERR(e) && !sv_eq(v.f.project_id, in->project_id)))
		return no_flow(cx, REASON_NONE);
	TRY(e);
	proof.flow_id = v.f.id;
	proof.def = v.rev.def;
	TRY(connect_prove(cx, en, &proof, &got));
	TRY(answer(cx, &got));
	out->next_uri = got.next_uri;
	if (got.next_uri.n == 0)
		out->next_uri = sv_of(arena_printf(cx->arena, "%s/api/v1/oauth/callback_success%s",
						   en->config->public_url, v.a.id.n == 0 ? "?test=true" : ""));
	if (out->next_uri.p == NULL ||
	    !sv_copy(got.authorization_id, out->authorization_id, sizeof out->authorization_id))
		return fail(cx, E_INTERNAL, "out of memory", "next_uri");
	return OK;
}

/* ---- validate_custom_verifier ---- */
struct try_out {
	struct flow f;
	struct sv flow_id;
};
static struct err act_test(struct ctx *cx, struct tx *tx, const void *arg, void *out)
{
	const struct try_out *t = arg;
	struct flow f = t->f;

	(void)out;
	f.expires_at = tx_now(tx) + connect_unverified_life;
	TRY(state_move(cx, STATE_NONE, FLOW_UNVERIFIED));
	return store_flow_test(cx, tx, &f, t->flow_id);
}

struct err connect_test_verifier(struct ctx *cx, struct engine *en, const struct verifier_test_in *in,
				 struct verifier_test *out)
{
	struct sv user = sv_trim(in->user_id);
	struct url u;
	struct err e = OK;
	char id[ID_TEXT], flow_id[ID_TEXT];

	*out = (struct verifier_test){ .next_uri = SV_NONE };
	if (user.n == 0 || user.n > USER_MOST || !text_is_utf8(user) || text_has_control(user))
		e = bad_field(cx, "user_id", "required", "must have 1 to %d bytes of UTF-8 and no control characters",
			      USER_MOST);
	if (in->verifier_url.n > URL_MOST)
		e = bad_field(cx, "verifier_url", "max", "must have at most %d bytes", URL_MOST);
	else if (IS_ERR(url_parse(cx, in->verifier_url, "verifier_url", &u)))
		e = (struct err){ cx->cause.code };
	TRY(e);
	id_ksuid("fl_", cx->now, id);
	id_uuid(flow_id);
	struct try_out t = { { .id = sv_of(id), .project_id = in->project_id, .user_id = user }, sv_of(flow_id) };
	TRY(store_act(cx, en->store, act_test, &t, NULL));
	out->next_uri = url_with_param(cx, in->verifier_url, "flow_id", sv_of(flow_id));
	if (out->next_uri.p == NULL || !sv_copy(sv_of(flow_id), out->flow_id, sizeof out->flow_id))
		return fail(cx, E_INTERNAL, "out of memory", "address");
	return OK;
}
