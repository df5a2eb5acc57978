/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/view.h"
#include "core/text.h"
#include "domain/connect.h"

enum { WAIT_MOST_S = 59, USER_ID_BYTES = 1024, URL_BYTES = 2048, SCOPES_MOST = 500, ID_BYTES = 200 };

/* What the domain asks for is passed on: the lane, the peer to wait for, the topic to sleep on. */
static struct err pass_on(struct request *rq, const struct auth_view *v, struct err e)
{
	rq->peer_key = v->access.peer_key;
	if (e.code == E_PARK) {
		rq->park.topic = v->access.topic;
		rq->park.until = v->access.park_until;
	}
	return e;
}

static struct err answer(struct request *rq, const struct auth_view *v)
{
	struct jout w = JOUT(rq->out);

	view_authorization(&w, v);
	return jout_done(rq->cx, &w);
}

/* ---- POST /v1/auth/authorize: the hot path ---- */
struct wanted_oauth2 {
	struct sv_list scopes;
};
struct requirement {
	struct sv id, provider_id, provider_type;
	struct wanted_oauth2 oauth2;
};
struct authorize_in {
	struct requirement auth_requirement;
	struct sv user_id, next_uri;
};
static const struct nfield oauth2_fields[] = { NLIST(struct wanted_oauth2, scopes, NOPT, SCOPES_MOST) };
static const struct nfield requirement_fields[] = {
	NSV(struct requirement, id, NOPT, 0, ID_BYTES),
	NSV(struct requirement, provider_id, NOPT, 0, ID_BYTES),
	NSV(struct requirement, provider_type, NOPT, 0, ID_BYTES),
	NSUB(struct requirement, oauth2, NOPT, oauth2_fields),
};
static const struct nfield authorize_fields[] = {
	NSUB(struct authorize_in, auth_requirement, NREQ, requirement_fields),
	NSV(struct authorize_in, user_id, NOPT, 0, USER_ID_BYTES),
	NSV(struct authorize_in, next_uri, NOPT, 0, URL_BYTES),
};

/* Somebody signed in asks for himself when he names nobody (contract 1.1). */
static struct err who_for(struct request *rq, struct sv given, struct sv *out)
{
	*out = given;
	if (sv_trim(given).n == 0 && rq->by.is == WHO_SESSION)
		*out = sv_of(rq->by.email);
	if (sv_trim(*out).n == 0)
		return given.p == NULL ? bad_field(rq->cx, "user_id", "required", "is required")
				       : bad_field(rq->cx, "user_id", "min", "must not be empty");
	return OK;
}

static struct err which_one(struct request *rq, const struct requirement *r)
{
	if (r->id.n == 0 && r->provider_id.n == 0)
		return bad_field(rq->cx, "auth_requirement", "required", "must have id or provider_id");
	if (r->provider_type.n > 0 && !sv_ieq(r->provider_type, SV("oauth2")))
		return bad_field(rq->cx, "auth_requirement.provider_type", "enum", "must be oauth2");
	return OK;
}

struct err h_auth_authorize(struct request *rq)
{
	struct authorize_in in = { .user_id = SV_NONE };
	struct actor by = caller_actor(rq);

	TRY(INPUT(rq, authorize_fields, &in));
	TRY(which_one(rq, &in.auth_requirement));
	TRY(who_for(rq, in.user_id, &in.user_id));
	struct auth_ask ask = {
		.project_id = caller_project(rq),
		.user_id = in.user_id,
		.next_uri = input_or_none(in.next_uri),
		.provider = { .project_id = caller_project(rq),
			      .id = input_or_none(in.auth_requirement.id),
			      .provider_id = input_or_none(in.auth_requirement.provider_id),
			      .provider_type = input_or_none(in.auth_requirement.provider_type) },
		.scopes = in.auth_requirement.oauth2.scopes,
		.lane = caller_lane(rq),
		.park_over = rq->park_over,
		.by = &by,
	};
	CLEANUP(auth_view_clear) struct auth_view v = { .id = "" };
	struct err e = authorize_start(rq->cx, rq->en, &ask, &v);
	return IS_ERR(e) ? pass_on(rq, &v, e) : answer(rq, &v);
}

/* ---- GET /v1/auth/status ---- */
static struct err wait_of(struct request *rq, int64_t *seconds)
{
	struct sv s;

	*seconds = 0;
	TRY(http_query(rq, "wait", &s));
	if (s.p == NULL || s.n == 0)
		return OK;
	if (!input_integer(s, seconds))
		return bad_query(rq->cx, "wait", "integer", "must be an integer");
	*seconds = *seconds < 0 ? 0 : *seconds > WAIT_MOST_S ? WAIT_MOST_S : *seconds;
	return OK;
}

/* Sleeps on the authorization until the wait is over or it expires; E_OK when there is nothing left to wait for. */
static struct err sleep_on(struct request *rq, const struct auth_view *v)
{
	int64_t until = rq->park.limit < v->expires_at ? rq->park.limit : v->expires_at;

	if (rq->park_over || until <= rq->cx->now)
		return OK;
	rq->park.topic = authorize_topic(sv_of(v->id));
	rq->park.until = until;
	rq->park.slept = true;
	return (struct err){ E_PARK };
}

struct err h_auth_status(struct request *rq)
{
	int64_t wait_s;
	struct sv id;

	TRY(http_query(rq, "id", &id));
	if (id.n == 0)
		return bad_query(rq->cx, "id", "required", "is required");
	TRY(wait_of(rq, &wait_s));
	if (rq->park.limit == 0)
		rq->park.limit = rq->cx->now + SEC(wait_s);
	struct auth_status_ask ask = { .project_id = caller_project(rq),
				       .id = id,
				       .lane = caller_lane(rq),
				       .park_over = rq->park_over,
				       .waits = wait_s > 0,
				       .was_parked = rq->park.slept };
	CLEANUP(auth_view_clear) struct auth_view v = { .id = "" };
	struct err e = authorize_status(rq->cx, rq->en, &ask, &v);
	if (IS_ERR(e))
		return pass_on(rq, &v, e);
	if (v.status == AUTH_PENDING && wait_s > 0)
		TRY(sleep_on(rq, &v));
	return answer(rq, &v);
}

/* ---- POST /v1/auth/confirm_user, /api/v1/oauth/confirm_user ---- */
struct confirm_body {
	struct sv flow_id, user_id;
};
static const struct nfield confirm_fields[] = {
	NSV(struct confirm_body, flow_id, NREQ, 1, ID_BYTES),
	NSV(struct confirm_body, user_id, NREQ, 1, USER_ID_BYTES),
};

struct err h_auth_confirm(struct request *rq)
{
	struct confirm_body in = { .flow_id = SV_NONE };
	struct actor by = caller_actor(rq);
	struct confirmed done = { .authorization_id = "" };
	struct jout w = JOUT(rq->out);

	TRY(INPUT(rq, confirm_fields, &in));
	TRY(connect_confirm(rq->cx, rq->en, &(struct confirm_in){ caller_project(rq), in.flow_id, in.user_id, &by },
			    &done));
	jout_open(&w, NULL);
	jout_strz(&w, "auth_id", done.authorization_id);
	jout_str(&w, "next_uri", done.next_uri);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

/* ---- POST /v1/auth/validate_custom_verifier ---- */
struct verifier_body {
	struct sv user_id, verifier_url;
};
static const struct nfield verifier_fields[] = {
	NSV(struct verifier_body, user_id, NREQ, 1, USER_ID_BYTES),
	NSV(struct verifier_body, verifier_url, NREQ, 1, URL_BYTES),
};

struct err h_auth_test_verifier(struct request *rq)
{
	struct verifier_body in = { .user_id = SV_NONE };
	struct actor by = caller_actor(rq);
	struct verifier_test t = { .flow_id = "" };
	struct jout w = JOUT(rq->out);

	TRY(INPUT(rq, verifier_fields, &in));
	TRY(connect_test_verifier(
	    rq->cx, rq->en, &(struct verifier_test_in){ caller_project(rq), in.user_id, in.verifier_url, &by }, &t));
	jout_open(&w, NULL);
	jout_strz(&w, "flow_id", t.flow_id);
	jout_str(&w, "next_uri", t.next_uri);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
