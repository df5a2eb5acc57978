/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/authorize.h"
#include "core/arena.h"
#include "core/hub.h"
#include "core/rnd.h"
#include "core/text.h"
#include "core/url.h"
#include "domain/flows.h"
#include "domain/scopes.h"
#include "domain/state.h"
#include "domain/timeline.h"
#include "model/pdef_apart.h"
#include "store/store_connection.h"

enum { USER_MOST = 256, URI_MOST = 2048, SCOPE_MOST = 512, SCOPES_MOST = 100, LOOKS_MOST = 3, SHOWN = 35 };
static const int64_t life = HOUR(24), extend_below = HOUR(1); /* design 8 */

uint64_t authorize_topic(struct sv authorization_id) { return hub_topic("authorization", authorization_id); }

void auth_view_clear(struct auth_view *v)
{
	access_clear(&v->access);
	*v = (struct auth_view){ .reason = REASON_NONE };
}

/* ---- what was asked ---- */
static struct err check_scopes(struct ctx *cx, struct sv_list scopes)
{
	static const char *const field = "auth_requirement.oauth2.scopes";

	if (scopes.n > SCOPES_MOST)
		return bad_field(cx, field, "max", "must have at most %d scopes", SCOPES_MOST);
	for (size_t i = 0; i < scopes.n; i++) {
		struct sv s = scopes.v[i];

		if (s.n > SCOPE_MOST)
			return bad_field(cx, field, "max", "must have entries of at most %d bytes", SCOPE_MOST);
		for (size_t k = 0; k < s.n; k++)
			if ((unsigned char)s.p[k] < ' ' || s.p[k] == 0x7F) /* RFC 6749 section 3.3 */
				return bad_field(cx, field, "scope", "must hold no control characters");
	}
	return OK;
}

/* Trims the user id and cleans the scopes; every bad field is told. */
static struct err check(struct ctx *cx, const struct auth_ask *ask, struct sv *user, struct sv_list *scopes)
{
	struct sv_list each;
	struct err e = OK;
	struct url u;

	TRY(scopes_split(cx, ask->scopes, &each));
	*user = sv_trim(ask->user_id);
	if (user->n == 0)
		e = bad_field(cx, "user_id", "required", "is required");
	else if (user->n > USER_MOST || !text_is_utf8(*user) || text_has_control(*user))
		e = bad_field(cx, "user_id", "max", "must have at most %d bytes of UTF-8 and no control characters",
			      USER_MOST);
	if (ask->next_uri.n > URI_MOST)
		e = bad_field(cx, "next_uri", "max", "must have at most %d bytes", URI_MOST);
	else if (ask->next_uri.n > 0 && IS_ERR(url_parse(cx, ask->next_uri, "next_uri", &u)))
		e = (struct err){ cx->cause.code };
	if (IS_ERR(check_scopes(cx, each)))
		e = (struct err){ E_BAD_INPUT };
	TRY(e);
	return scopes_clean(cx, each, scopes);
}

/* A consent to scopes of two tokens would be asked for again and again: one of the tokens is kept.  had: what a live
 * connection holds and the consent would ask for along with the new ones. */
static struct err one_token(struct ctx *cx, const struct pdef *d, struct sv_list asked, struct sv_list had)
{
	static const char *const field = "auth_requirement.oauth2.scopes";
	struct pdef_apart two;

	if (pdef_apart(d, asked, asked, &two))
		return bad_field(cx, field, "one_token",
				 "has %.*s and %.*s, which are of two tokens: make two providers",
				 SV_FMT(sv_upto(two.one, SHOWN)), SV_FMT(sv_upto(two.other, SHOWN)));
	if (pdef_apart(d, asked, had, &two))
		return bad_field(cx, field, "one_token",
				 "has %.*s, and the connection's token %.*s: make a second provider",
				 SV_FMT(sv_upto(two.one, SHOWN)), SV_FMT(sv_upto(two.other, SHOWN)));
	return OK;
}

/* ---- a pending one, found or made ---- */
struct start {
	struct authorization like; /* as it would be made */
	struct sv token;
	struct sv_list scopes;
	const struct pdef *def;    /* the provider's, of now */
	struct sv seen_connection; /* what access_get had seen */
	int64_t seen_generation;
	const struct actor *by;
};
struct started {
	struct authorization a;
	struct flows_ended ended;
	bool made, moved; /* moved: a connection that covers came meanwhile */
};

static struct err covered_meanwhile(struct ctx *cx, struct tx *tx, const struct start *in, bool *moved)
{
	struct connection_key key = { in->like.project_id, in->like.user_id, in->like.provider_id };
	struct scope_state have = { .known = false };
	struct connection c;
	struct err e = store_connection_live(cx, tx, &key, &c);

	*moved = false;
	if (e.code == E_NOT_FOUND)
		return forgive(cx);
	TRY(e);
	TRY(scopes_from_json(cx, c.requested_scopes, &have.requested));
	TRY(scopes_from_json(cx, c.granted_scopes, &have.granted));
	have.known = c.scope_known;
	*moved = (!sv_eq(c.id, in->seen_connection) || c.generation != in->seen_generation) &&
		 scopes_cover(in->def, &have, in->scopes);
	return OK;
}

static struct err renew(struct ctx *cx, struct tx *tx, const struct start *in, struct authorization *a)
{
	bool extend = a->expires_at - tx_now(tx) < extend_below;
	bool other_uri = in->like.next_uri.n > 0 && !sv_eq(in->like.next_uri, a->next_uri);
	bool other_name = !sv_eq(in->like.asked_as, a->asked_as);

	if (!extend && !other_uri && !other_name)
		return OK;
	if (other_uri)
		a->next_uri = in->like.next_uri;
	if (extend)
		a->expires_at = tx_now(tx) + life;
	a->asked_as = in->like.asked_as;
	return store_authorization_renew(cx, tx, a);
}

static struct err add(struct ctx *cx, struct tx *tx, const struct start *in, struct started *out)
{
	struct timeline line = { .project_id = in->like.project_id,
				 .authorization_id = in->like.id,
				 .by = in->by,
				 .step = "created",
				 .outcome = "ok",
				 .scopes = in->like.scopes };

	TRY(state_move(cx, STATE_NONE, AUTHORIZATION_PENDING));
	out->a = in->like;
	out->a.status = sv_of(state_word(AUTHORIZATION_PENDING));
	out->a.created_at = tx_now(tx);
	out->a.expires_at = tx_now(tx) + life;
	out->made = true;
	TRY(store_authorization_add(cx, tx, &out->a, in->token));
	return timeline_add(cx, tx, &line);
}

static struct err act_start(struct ctx *cx, struct tx *tx, const void *arg, void *result)
{
	const struct start *in = arg;
	struct started *out = result;

	*out = (struct started){ .made = false };
	TRY(covered_meanwhile(cx, tx, in, &out->moved));
	if (out->moved)
		return OK;
	struct err e = store_authorization_same(cx, tx_db(tx), &in->like, &out->a);
	if (e.code == E_NOT_FOUND)
		return add(cx, tx, in, out);
	TRY(e);
	if (out->a.expires_at > tx_now(tx))
		return renew(cx, tx, in, &out->a);
	TRY(flows_end_authorization(
	    cx, tx,
	    &(struct flows_end){
		.a = &out->a, .reason = REASON_EXPIRED, .why = DISCARD_EXPIRED, .by = &timeline_system },
	    &out->ended));
	return add(cx, tx, in, out);
}

static struct err link_of(struct ctx *cx, struct engine *en, const struct start *in, const struct started *done,
			  struct sv *url)
{
	CLEANUP(secret_drop) struct secret *token = NULL;
	struct sv t = in->token;

	if (!done->made) {
		TRY(store_authorization_token(cx, en->store, &done->a, &token));
		t = secret_view(token);
	}
	*url = sv_of(arena_printf(cx->arena, "%s/connect/%.*s", en->config->public_url, SV_FMT(t)));
	return url->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "link");
}

/* ---- the call ---- */
struct asked {
	struct sv user, asked_as;
	struct sv_list scopes;
	const struct provider *provider;
};

static bool put_view(struct auth_view *out, struct sv id, const struct asked *q)
{
	out->scopes = q->scopes;
	out->provider_id = q->asked_as;
	out->user_id = q->user;
	return sv_copy(id, out->id, sizeof out->id);
}

static struct err completed(struct ctx *cx, const struct asked *q, struct auth_view *out)
{
	struct sv id = sv_of(out->access.authorization_id);

	out->status = AUTH_COMPLETED;
	if (id.n == 0) /* a connection that no authorization made */
		id = sv_of(out->access.connection_id);
	return put_view(out, id, q) ? OK : fail(cx, E_INTERNAL, "storage error", "id of %zu bytes", id.n);
}

static struct err pending(struct ctx *cx, struct engine *en, const struct auth_ask *ask, const struct asked *q,
			  struct auth_view *out)
{
	char id[ID_TEXT], token[TOKEN_TEXT];
	struct start in = { .token = { token, TOKEN_TEXT - 1 },
			    .scopes = q->scopes,
			    .def = q->provider->def,
			    .by = ask->by,
			    .seen_connection = sv_of(out->access.connection_id),
			    .seen_generation = out->access.generation };
	struct started done = { .made = false };

	id_ksuid("ar_", cx->now, id);
	id_token(token);
	in.like = (struct authorization){ .id = sv_of(id),
					  .project_id = ask->project_id,
					  .user_id = q->user,
					  .provider_id = sv_of(q->provider->row_id),
					  .asked_as = q->asked_as,
					  .next_uri = ask->next_uri.p == NULL ? SV("") : ask->next_uri,
					  .connection_id = SV("") };
	struct err e = scopes_json(cx, q->scopes, &in.like.scopes);
	if (!IS_ERR(e))
		e = scopes_key(cx, q->scopes, &in.like.scope_key);
	if (!IS_ERR(e))
		e = store_act(cx, en->store, act_start, &in, &done);
	if (!IS_ERR(e) && !done.moved) {
		flows_publish(en, &done.ended);
		e = link_of(cx, en, &in, &done, &out->url);
		out->status = AUTH_PENDING;
		out->created_at = done.a.created_at;
		out->expires_at = done.a.expires_at;
		if (!put_view(out, done.a.id, q) && !IS_ERR(e))
			e = fail(cx, E_INTERNAL, "storage error", "id of %zu bytes", done.a.id.n);
	}
	wipe(token, sizeof token);
	return IS_ERR(e) || !done.moved ? e : (struct err){ E_STALE };
}

struct err authorize_start(struct ctx *cx, struct engine *en, const struct auth_ask *ask, struct auth_view *out)
{
	struct asked q = { .user = SV_NONE };
	struct err e = OK;

	*out = (struct auth_view){ .reason = REASON_NONE };
	TRY(check(cx, ask, &q.user, &q.scopes));
	struct provider_ask who = ask->provider;
	who.project_id = ask->project_id;
	TRY(providers_resolve(cx, en, &who, &q.provider, &q.asked_as));
	struct access_ask look = { .project_id = ask->project_id,
				   .user_id = q.user,
				   .provider = q.provider,
				   .scopes = q.scopes,
				   .connection_id = SV_NONE,
				   .lane = ask->lane,
				   .park_over = ask->park_over };
	for (int i = 0; i < LOOKS_MOST; i++) {
		TRY(access_get(cx, en, &look, &out->access));
		if (out->access.state == ACCESS_OK)
			return completed(cx, &q, out);
		if (ask->lane == ACCESS_INLINE)
			return (struct err){ E_TAKE_POOL };
		TRY(one_token(cx, q.provider->def, q.scopes, out->access.granted));
		e = pending(cx, en, ask, &q, out);
		access_clear(&out->access);
		if (e.code != E_STALE)
			return e;
		(void)forgive(cx);
	}
	return fail(cx, E_BUSY, "the connection is changing; try again", "covered by another generation %d times",
		    LOOKS_MOST);
}
