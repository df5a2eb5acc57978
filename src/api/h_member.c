/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/etag.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/page_list.h"
#include "api/view.h"
#include "domain/people.h"

struct err h_member_list(struct request *rq)
{
	struct member_list l;
	struct page page;
	struct jout w = JOUT(rq->out);

	TRY(page_list_ask(rq, &page));
	TRY(people_member_list(rq->cx, rq->en, caller_project(rq), &page, &l));
	page_list_open(&w);
	for (size_t i = 0; i < l.n; i++)
		view_member(&w, &l.v[i]);
	page_list_close(&w, &(struct page_list_end){ page, l.n, l.total });
	return jout_done(rq->cx, &w);
}

struct member_body {
	struct sv role;
};
static const struct nfield member_fields[] = { NSV(struct member_body, role, NREQ, 1, 64) };

struct err h_member_put(struct request *rq)
{
	struct member_body in = { .role = SV_NONE };
	struct actor by = caller_actor(rq);
	struct jout w = JOUT(rq->out);
	struct member m;

	TRY(INPUT(rq, member_fields, &in));
	enum role role = role_of(in.role);
	if (role == ROLE_NONE)
		return bad_field(rq->cx, "role", "enum", "must be one of verify, viewer, member, admin, owner");
	TRY(people_member_put(rq->cx, rq->en,
			      &(struct member_change){ caller_project(rq), rq->params[0], role, &by, caller_role(rq) },
			      &m));
	view_member(&w, &m);
	etag_write(rq, m.version);
	return jout_done(rq->cx, &w);
}

struct err h_member_remove(struct request *rq)
{
	struct actor by = caller_actor(rq);

	TRY(people_member_remove(rq->cx, rq->en,
				 &(struct member_change){ .project_id = caller_project(rq),
							  .account_id = rq->params[0],
							  .by = &by,
							  .by_role = caller_role(rq) }));
	rq->status = 204;
	return OK;
}

/* Whoever is in may go, but for the last owner. */
struct err h_member_leave(struct request *rq)
{
	struct actor by = caller_actor(rq);

	TRY(people_member_remove(rq->cx, rq->en,
				 &(struct member_change){ .project_id = caller_project(rq),
							  .account_id = sv_of(rq->by.id),
							  .by = &by,
							  .by_role = caller_role(rq) }));
	rq->status = 204;
	return OK;
}
