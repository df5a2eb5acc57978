/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/page_list.h"
#include "api/view.h"
#include "core/text.h"
#include "domain/factor.h"
#include "domain/people.h"
#include "domain/projects.h"
#include "pages/visitor.h"

enum { TEXT_BYTES = 1024 };

struct err h_account_list(struct request *rq)
{
	struct account_list l;
	struct page page;
	struct jout w = JOUT(rq->out);

	TRY(page_list_ask(rq, &page));
	TRY(people_account_list(rq->cx, rq->en, &page, &l));
	page_list_open(&w);
	for (size_t i = 0; i < l.n; i++)
		view_account(&w, &l.v[i]);
	page_list_close(&w, &(struct page_list_end){ page, l.n, l.total });
	return jout_done(rq->cx, &w);
}

static struct err answer(struct request *rq, const struct account *a)
{
	struct jout w = JOUT(rq->out);

	view_account(&w, a);
	return jout_done(rq->cx, &w);
}

struct err h_account_show(struct request *rq)
{
	struct account a;

	TRY(people_account_get(rq->cx, rq->en, rq->params[0], &a));
	return answer(rq, &a);
}

struct account_body {
	struct sv email, password, role;
};
static const struct nfield account_fields[] = {
	NSV(struct account_body, email, NREQ, 1, TEXT_BYTES),
	NSV(struct account_body, password, NREQ, 1, TEXT_BYTES),
	NSV(struct account_body, role, NOPT, 0, TEXT_BYTES),
};

/* Without a role the account may only confirm that it is itself. */
struct err h_account_create(struct request *rq)
{
	struct account_body in = { .email = SV_NONE };
	struct actor by = caller_actor(rq);
	struct account a;

	TRY(INPUT(rq, account_fields, &in));
	enum role role = in.role.n == 0 ? ROLE_VERIFY : role_of(in.role);
	if (role == ROLE_NONE)
		return bad_field(rq->cx, "role", "enum", "must be one of verify, viewer, member, admin, owner");
	TRY(people_account_add(rq->cx, rq->en,
			       &(struct account_new){ .email = in.email,
						      .password = in.password,
						      .project_id = caller_project(rq),
						      .role = role,
						      .by = &by,
						      .by_role = caller_role(rq) },
			       &a));
	rq->status = 201;
	return answer(rq, &a);
}

struct password_body {
	struct sv password, current_password;
};
static const struct nfield password_fields[] = {
	NSV(struct password_body, password, NREQ, 1, TEXT_BYTES),
	NSV(struct password_body, current_password, NOPT, 0, TEXT_BYTES),
};

static struct err own_password(struct request *rq, const struct password_body *in)
{
	struct actor by = caller_actor(rq);
	struct account a;

	TRY(people_account_get(rq->cx, rq->en, sv_of(rq->by.id), &a));
	TRY(people_password_own(rq->cx, rq->en,
				&(struct password_own){ .account = &a,
							.session = visitor_cookie(rq, VISITOR_SESSION),
							.current = in->current_password,
							.password = in->password,
							.client_ip = rq->client_ip,
							.by = &by }));
	rq->status = 204;
	return OK;
}

struct err h_account_own_password(struct request *rq)
{
	struct password_body in = { .password = SV_NONE };

	TRY(INPUT(rq, password_fields, &in));
	return own_password(rq, &in);
}

/* Whoever sets a password owns the account: nobody takes over somebody above himself, in any project. */
static struct err not_above(struct request *rq, struct sv account_id)
{
	struct project *v;
	size_t n;

	if (rq->by.is == WHO_OPERATOR || sv_eqz(account_id, rq->by.id))
		return OK;
	TRY(project_list(rq->cx, rq->en, &v, &n));
	for (size_t i = 0; i < n; i++) {
		enum role his, mine;
		TRY(people_role(rq->cx, rq->en, sv_of(v[i].id), account_id, &his));
		TRY(people_role(rq->cx, rq->en, sv_of(v[i].id), sv_of(rq->by.id), &mine));
		if (his > mine)
			return refuse(rq->cx, E_FORBIDDEN, "the account has a higher role than yours in project %s",
				      v[i].name);
	}
	return OK;
}

struct err h_account_password(struct request *rq)
{
	struct password_body in = { .password = SV_NONE };
	struct actor by = caller_actor(rq);

	TRY(INPUT(rq, password_fields, &in));
	if (rq->by.is == WHO_SESSION && sv_eqz(rq->params[0], rq->by.id))
		return own_password(rq, &in);
	TRY(not_above(rq, rq->params[0]));
	TRY(people_password_set(rq->cx, rq->en, rq->params[0], in.password, &by));
	rq->status = 204;
	return OK;
}

/* For somebody else who lost his device.  Of one's own a code is asked: a session left open must not do without. */
struct err h_account_totp(struct request *rq)
{
	struct actor by = caller_actor(rq);

	if (rq->by.is == WHO_SESSION && sv_eqz(rq->params[0], rq->by.id))
		return refuse(rq->cx, E_FORBIDDEN,
			      "your own second factor is switched off with a code or a recovery code: DELETE "
			      "/tb/v1/totp; without either, ask another administrator or the operator");
	TRY(not_above(rq, rq->params[0]));
	TRY(factor_reset(rq->cx, rq->en, rq->params[0], &by));
	rq->status = 204;
	return OK;
}
