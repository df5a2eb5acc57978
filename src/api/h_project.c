/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/etag.h"
#include "api/handlers.h"
#include "api/input.h"
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
		if (!yes || (page.q.n > 0 && !text_finds(sv_of(v[i].name), page.q)))
			continue;
		if ((int64_t)seen++ < page.offset || (int64_t)shown >= page.limit)
			continue;
		view_project(&w, rq->en, &v[i]);
		shown++;
	}
	page_list_close(&w, &(struct page_list_end){ page, shown, (int64_t)seen });
	return jout_done(rq->cx, &w);
}

static struct err answer(struct request *rq, const struct project *p, int status)
{
	struct jout w = JOUT(rq->out);

	view_project(&w, rq->en, p);
	etag_write(rq, p->version);
	rq->status = status;
	return jout_done(rq->cx, &w);
}

struct err h_project_show(struct request *rq)
{
	struct project p;

	TRY(project_find(rq->cx, rq->en, SV_NONE, caller_project(rq), &p));
	return answer(rq, &p, 200);
}

struct project_body {
	struct sv name;
};
static const struct nfield project_fields[] = { NSV(struct project_body, name, NOPT, 0, 1024) };
/* null takes it away, which is not the same as not speaking of it. */
static struct err text_or_null(struct request *rq, const struct node *n, const char *field, struct sv *out)
{
	*out = n == NULL ? SV_NONE : n->kind == NODE_NULL ? SV("") : n->text;
	if (n != NULL && n->kind != NODE_NULL && n->kind != NODE_TEXT)
		return bad_field(rq->cx, field, "type", "must be a string or null");
	return OK;
}
static struct err body_of(struct request *rq, struct project_write *w)
{
	struct project_body in = { .name = SV_NONE };
	const struct node_decode how = { project_fields, ARRAY_LEN(project_fields), "", NODE_IGNORE_UNKNOWN };
	const struct node *tree;

	TRY(input_tree(rq, &tree));
	TRY(node_decode(rq->cx, tree, &how, &in));
	w->name = in.name;
	TRY(text_or_null(rq, node_get(tree, "color"), "color", &w->color));
	return text_or_null(rq, node_get(tree, "logo"), "logo", &w->logo);
}

struct err h_project_create(struct request *rq)
{
	struct actor by = caller_actor(rq);
	struct project_write w = { .by = &by };
	struct project p;

	TRY(body_of(rq, &w));
	if (rq->by.is == WHO_SESSION)
		w.owner = sv_of(rq->by.id);
	TRY(project_create(rq->cx, rq->en, &w, &p));
	return answer(rq, &p, 201);
}

struct err h_project_patch(struct request *rq)
{
	struct actor by = caller_actor(rq);
	struct project_write w = { .by = &by };
	struct project p;

	TRY(body_of(rq, &w));
	w.id = caller_project(rq);
	TRY(project_change(rq->cx, rq->en, &w, &p));
	return answer(rq, &p, 200);
}
