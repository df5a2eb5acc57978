/* SPDX-License-Identifier: Apache-2.0 */
#include "api/authn.h"
#include "core/text.h"
#include "domain/keys.h"
#include "domain/people.h"
#include "domain/policy.h"
#include "domain/projects.h"
#include "pages/visitor.h"

struct sv authn_credential(struct sv header)
{
	struct sv s = sv_trim(header);

	if (s.n > 7 && sv_ieq(sv_upto(s, 7), SV("bearer ")))
		s = sv_trim(sv_from(s, 7));
	return s;
}

static bool admits(const struct request *rq, enum who w) { return (rq->route->who & WHO(w)) != 0; }

/* The three fit by construction; one that does not is our own mistake. */
static struct err keep(struct request *rq, const char *what, char *dst, size_t cap)
{
	return sv_copy(sv_of(what), dst, cap)
		   ? OK
		   : fail(rq->cx, E_INTERNAL, "internal error", "an id of more than %zu bytes", cap);
}

static struct err by_key(struct request *rq, struct sv header)
{
	struct api_key k;

	TRY(key_check(rq->cx, rq->en, authn_credential(header), rq->client_ip, &k));
	if (!admits(rq, WHO_API_KEY))
		return refuse(rq->cx, E_FORBIDDEN, "an API key may not do this");
	rq->by.is = WHO_API_KEY;
	rq->by.role = ROLE_ADMIN;
	TRY(keep(rq, k.id, rq->by.id, sizeof rq->by.id));
	return keep(rq, k.project_id, rq->by.project_id, sizeof rq->by.project_id);
}

static struct err by_session(struct request *rq, struct sv token)
{
	bool reads = rq->method == M_GET || rq->method == M_HEAD;
	struct account a;

	if (rq->lane == LANE_INLINE)
		return (struct err){ E_TAKE_POOL };
	rq->by.session = people_session_mac(rq->en, token);
	if (!reads && !visitor_own_origin(rq, true))
		return refuse(rq->cx, E_FORBIDDEN,
			      "a request with a session cookie must come from this engine's own pages");
	TRY(people_session_of(rq->cx, rq->en, &rq->by.session, &a));
	/* Bound to the session: a page that shows one person does not write as another who signed in meanwhile. */
	if (!reads && !people_csrf_ok(rq->en, token, http_header_in(rq, "Tokenbooth-CSRF")))
		return refuse(rq->cx, E_CSRF,
			      "the header Tokenbooth-CSRF is missing or belongs to another session; it is the field "
			      "csrf of GET /tb/v1/sessions/current");
	rq->by.is = WHO_SESSION;
	TRY(keep(rq, a.id, rq->by.id, sizeof rq->by.id));
	return keep(rq, a.email, rq->by.email, sizeof rq->by.email);
}

/* Prometheus, with a token that is good for nothing else, or anybody where the operator says so. */
static bool is_scraper(const struct request *rq, struct sv header)
{
	const struct config *c = rq->en->config;

	if (!admits(rq, WHO_SCRAPER))
		return false;
	return c->metrics_public || (c->metrics_token != NULL && header.p != NULL &&
				     secret_equal(c->metrics_token, authn_credential(header)));
}

struct err authn_who(struct request *rq)
{
	struct sv header = http_header_in(rq, "Authorization"), token;

	if (admits(rq, WHO_ANYONE)) {
		rq->by.is = WHO_ANYONE;
		return OK;
	}
	if (rq->control && admits(rq, WHO_OPERATOR)) {
		rq->by.is = WHO_OPERATOR;
		rq->by.role = ROLE_OWNER;
		return keep(rq, "operator", rq->by.id, sizeof rq->by.id);
	}
	if (is_scraper(rq, header)) {
		rq->by.is = WHO_SCRAPER;
		return OK;
	}
	if (header.p != NULL && sv_trim(header).n > 0)
		return by_key(rq, header);
	token = visitor_cookie(rq, VISITOR_SESSION);
	if (token.n > 0 && admits(rq, WHO_SESSION))
		return by_session(rq, token);
	return refuse(rq->cx, E_UNAUTHENTICATED, "Missing Authorization header");
}

struct err authn_again(struct request *rq)
{
	struct account a;

	if (rq->by.is == WHO_API_KEY)
		return key_still(rq->cx, rq->en, sv_of(rq->by.id), rq->client_ip);
	if (rq->by.is != WHO_SESSION)
		return OK;
	if (rq->lane == LANE_INLINE)
		return (struct err){ E_TAKE_POOL };
	return people_session_of(rq->cx, rq->en, &rq->by.session, &a);
}

/* ---- which project, which role ---- */
static struct err project_of(struct request *rq)
{
	struct project p;
	bool short_form = rq->scope_project.p == NULL;

	if (rq->by.is == WHO_API_KEY && short_form && !rq->route->whole)
		return OK;
	struct err e = project_find(rq->cx, rq->en, rq->scope_org, short_form ? SV("default") : rq->scope_project, &p);
	if (rq->by.is == WHO_API_KEY) {
		if (e.code == E_NOT_FOUND)
			(void)forgive(rq->cx);
		else
			TRY(e);
		if (e.code == E_NOT_FOUND || !sv_eqz(sv_of(p.id), rq->by.project_id))
			return refuse(rq->cx, E_FORBIDDEN, "%s",
				      rq->route->whole ? "this is the whole engine's and needs an API key of the "
							 "default project; this key belongs to another"
						       : "the API key belongs to another project");
		return OK;
	}
	TRY(e);
	return keep(rq, p.id, rq->by.project_id, sizeof rq->by.project_id);
}

static enum policy_who as_policy(enum who w)
{
	switch (w) {
	case WHO_API_KEY: return POLICY_KEY;
	case WHO_SESSION: return POLICY_MEMBER;
	case WHO_OPERATOR: return POLICY_OPERATOR;
	case WHO_SCRAPER: return POLICY_SCRAPER;
	case WHO_NOBODY:
	case WHO_ANYONE:
	default: return POLICY_NOBODY;
	}
}

struct err authn_may(struct request *rq)
{
	if (rq->by.is == WHO_ANYONE)
		return OK;
	if (rq->by.is != WHO_SCRAPER) /* the numbers are the engine's, not a project's */
		TRY(project_of(rq));
	if (rq->by.is == WHO_SESSION) {
		enum role r;
		TRY(people_role(rq->cx, rq->en, sv_of(rq->by.project_id), sv_of(rq->by.id), &r));
		rq->by.role = r;
	}
	if (rq->route->needs == NULL || !policy_allows(as_policy(rq->by.is), (enum role)rq->by.role, rq->route->needs))
		return refuse(rq->cx, E_FORBIDDEN, "not allowed: this needs %s",
			      rq->route->needs == NULL ? "a row with an action" : rq->route->needs);
	return OK;
}
