/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/journal.h"
#include "core/arena.h"
#include "store/store_event.h"

/* An empty column is an absent value. */
static struct sv text(const char *z)
{
	struct sv s = sv_of(z);

	return s.n == 0 ? SV_NONE : s;
}

static struct journal_entry entry(const struct event_row *r)
{
	return (struct journal_entry){
		.id = r->id,
		.at = r->at,
		.kind = text(r->kind),
		.principal_type = text(r->principal_type),
		.principal_id = text(r->principal_id),
		.source = text(r->source),
		.client_ip = text(r->client_ip),
		.resource_type = text(r->resource_type),
		.resource_id = text(r->resource_id),
		.authorization_id = text(r->authorization_id),
		.step = text(r->step),
		.outcome = text(r->outcome),
		.reason = text(r->reason),
		.data = r->data.n == 0 ? SV("{}") : r->data,
	};
}

static struct err take(struct ctx *cx, const struct event_list *l, struct journal_list *out)
{
	*out = (struct journal_list){ .v = arena_array(cx->arena, l->n + 1, sizeof *out->v),
				      .n = l->n,
				      .total = l->total };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu events", l->n);
	for (size_t i = 0; i < l->n; i++)
		out->v[i] = entry(&l->v[i]);
	return OK;
}

struct err journal_timeline(struct ctx *cx, struct engine *en, struct sv project_id, struct sv authorization_id,
			    struct journal_list *out)
{
	struct event_list l;

	TRY(store_event_timeline(cx, en->store, project_id, authorization_id, &l));
	return take(cx, &l, out);
}

struct err journal_list(struct ctx *cx, struct engine *en, const struct journal_filter *f, struct journal_list *out)
{
	struct event_filter ef = { .project_id = f->project_id,
				   .kind = f->kind,
				   .resource_type = f->resource_type,
				   .limit = f->limit,
				   .offset = f->offset };
	struct event_list l;

	TRY(store_event_list(cx, en->store, &ef, &l));
	return take(cx, &l, out);
}
