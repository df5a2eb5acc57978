/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/page_list.h"
#include "api/view.h"
#include "core/text.h"
#include "domain/people.h"
#include "domain/projects.h"

/* A key sees its own project, an account those it is a member of, the operator all. */
static struct err sees(struct request *rq, const struct project *p, bool *yes)
{
	enum role r;

	*yes = rq->by.is == WHO_OPERATOR || (rq->by.is == WHO_API_KEY && sv_eqz(sv_of(p->id), rq->by.project_id));
	if (rq->by.is != WHO_SESSION)
		return OK;
	TRY(people_role(rq->cx, rq->en, sv_of(p->id), sv_of(rq->by.id), &r));
	*yes = r != ROLE_NONE;
	return OK;
}

struct err h_project_list(struct request *rq)
{
	struct project *v;
	struct page page;
	struct jout w = JOUT(rq->out);
	size_t n, seen = 0, shown = 0;

	TRY(page_list_ask(rq, &page));
	TRY(project_list(rq->cx, rq->en, &v, &n));
	page_list_open(&w);
	for (size_t i = 0; i < n; i++) {
		bool yes;
		TRY(sees(rq, &v[i], &yes));
		if (!yes)
			continue;
		if ((int64_t)seen++ < page.offset || (int64_t)shown >= page.limit)
			continue;
		view_project(&w, rq->en, &v[i]);
		shown++;
	}
	page_list_close(&w, &(struct page_list_end){ page, shown, (int64_t)seen });
	return jout_done(rq->cx, &w);
}
