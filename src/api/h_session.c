/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/view.h"
#include "core/arena.h"
#include "core/text.h"
#include "domain/people.h"
#include "domain/policy.h"
#include "domain/projects.h"
#include "pages/visitor.h"

struct session_body {
	struct sv email, password, code;
};
static const struct nfield session_fields[] = {
	NSV(struct session_body, email, NREQ, 1, 1024),
	NSV(struct session_body, password, NREQ, 1, 1024),
	NSV(struct session_body, code, NOPT, 0, 64),
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
	TRY(people_sign_in(rq->cx, rq->en,
			   &(struct people_try){ .email = in.email,
						 .password = in.password,
						 .client_ip = rq->client_ip,
						 .code = in.code,
						 .device = visitor_cookie(rq, VISITOR_DEVICE) },
			   &s));
	visitor_set(rq, VISITOR_SESSION, secret_view(s.token));
	visitor_set(rq, VISITOR_DEVICE, sv_of(s.device));
	rq->status = 201;
	view_account(&w, &s.account);
	return jout_done(rq->cx, &w);
}

/* ---- who is signed in ---- */
struct mine {
	const struct project *v;
	enum role *role;
	size_t n, at; /* at: the project the answer speaks of; n: of none */
};
/* Without a project in the path: of those where this person may do more than confirm who he is the default one, else
 * the first; of those that are left the same. */
static void choose(const struct request *rq, struct mine *m)
{
	static const enum role above[] = { ROLE_VERIFY, ROLE_NONE };

	for (size_t a = 0; a < ARRAY_LEN(above) && m->at == m->n; a++)
		for (size_t i = 0; i < m->n; i++)
			if (m->role[i] > above[a] && (m->at == m->n || sv_eqz(sv_of(m->v[i].id), rq->by.project_id)))
				m->at = i;
}

static struct err mine_of(struct request *rq, struct mine *m)
{
	bool named = rq->scope_project.p != NULL;
	struct project *v;

	TRY(project_list(rq->cx, rq->en, &v, &m->n));
	m->v = v;
	m->at = m->n;
	m->role = arena_array(rq->cx->arena, m->n + 1, sizeof *m->role);
	if (m->role == NULL)
		return fail(rq->cx, E_INTERNAL, "out of memory", "session");
	for (size_t i = 0; i < m->n; i++) {
		TRY(people_role(rq->cx, rq->en, sv_of(v[i].id), sv_of(rq->by.id), &m->role[i]));
		if (named && sv_eqz(sv_of(v[i].id), rq->by.project_id))
			m->at = i;
	}
	if (named && m->at < m->n && m->role[m->at] == ROLE_NONE)
		return refuse(rq->cx, E_FORBIDDEN, "you are no member of this project");
	if (!named)
		choose(rq, m);
	return OK;
}

static void projects(struct request *rq, struct jout *w, const struct mine *m)
{
	jout_list(w, "projects");
	for (size_t i = 0; i < m->n; i++) {
		if (m->role[i] == ROLE_NONE)
			continue;
		jout_open(w, NULL);
		view_project_fields(w, rq->en, &m->v[i]);
		jout_strz(w, "role", role_name(m->role[i]));
		jout_close(w);
	}
	jout_list_end(w);
}

static void may(struct jout *w, enum role role)
{
	const char *action;

	jout_list(w, "may");
	for (size_t i = 0; (action = policy_action(i)) != NULL; i++)
		if (policy_allows(POLICY_MEMBER, role, action))
			jout_strz(w, NULL, action);
	jout_list_end(w);
}

static bool creates_projects(const struct request *rq, const struct mine *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (project_is_default(rq->en, &m->v[i]))
			return policy_allows(POLICY_MEMBER, m->role[i], "projects:create");
	return false;
}

struct err h_session_show(struct request *rq)
{
	struct sv token = visitor_cookie(rq, VISITOR_SESSION);
	struct jout w = JOUT(rq->out);
	struct account a;
	struct mine m;
	char csrf[CSRF_TEXT];
	struct session_times times;

	TRY(people_account_get(rq->cx, rq->en, sv_of(rq->by.id), &a));
	TRY(people_session_times(rq->cx, rq->en, token, &times));
	TRY(mine_of(rq, &m));
	enum role role = m.at < m.n ? m.role[m.at] : ROLE_NONE;
	people_csrf(rq->en, token, csrf);
	jout_open(&w, NULL);
	jout_strz(&w, "account_id", a.id);
	jout_strz(&w, "email", a.email);
	jout_strz(&w, "project_id", m.at < m.n ? m.v[m.at].id : "");
	jout_strz(&w, "role", role_name(role));
	jout_strz(&w, "csrf", csrf);
	jout_time(&w, "expires_at", times.ends);
	jout_key(&w, SV("account"));
	view_account(&w, &a);
	projects(rq, &w, &m);
	may(&w, role);
	jout_bool(&w, "may_create_projects", creates_projects(rq, &m));
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
