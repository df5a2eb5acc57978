/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/view.h"
#include "domain/people.h"
#include "pages/visitor.h"

struct session_body {
	struct sv email, password;
};
static const struct nfield session_fields[] = {
	NSV(struct session_body, email, NREQ, 1, 1024),
	NSV(struct session_body, password, NREQ, 1, 1024),
};

/* Signs in: the session is the cookie, never in the body.  A foreign page must not sign its visitor in (login CSRF). */
struct err h_session_create(struct request *rq)
{
	CLEANUP(signed_in_clear) struct signed_in s = { .token = NULL };
	struct session_body in = { .email = SV_NONE };
	struct jout w = JOUT(rq->out);

	if (!visitor_own_origin(rq, false))
		return refuse(rq->cx, E_FORBIDDEN, "signing in must come from this engine's own pages");
	TRY(INPUT(rq, session_fields, &in));
	TRY(people_sign_in(
	    rq->cx, rq->en,
	    &(struct people_try){ .email = in.email, .password = in.password, .client_ip = rq->client_ip }, &s));
	visitor_set(rq, VISITOR_SESSION, secret_view(s.token));
	rq->status = 201;
	view_account(&w, &s.account);
	return jout_done(rq->cx, &w);
}

struct err h_session_show(struct request *rq)
{
	struct jout w = JOUT(rq->out);
	struct account a;

	TRY(people_account_get(rq->cx, rq->en, sv_of(rq->by.id), &a));
	jout_open(&w, NULL);
	jout_strz(&w, "account_id", a.id);
	jout_strz(&w, "email", a.email);
	jout_strz(&w, "project_id", rq->by.project_id);
	jout_strz(&w, "role", role_name(caller_role(rq)));
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

struct err h_session_end(struct request *rq)
{
	TRY(people_sign_out(rq->cx, rq->en, visitor_cookie(rq, VISITOR_SESSION)));
	visitor_drop(rq, VISITOR_SESSION);
	rq->status = 204;
	return OK;
}

struct err h_session_end_all(struct request *rq)
{
	TRY(people_sign_out_everywhere(rq->cx, rq->en, sv_of(rq->by.id)));
	visitor_drop(rq, VISITOR_SESSION);
	rq->status = 204;
	return OK;
}
