/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/journal.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/text.h"
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

/* Words that came with the step (of a known error) before those of the reason.  Data that does not parse has none. */
static void words(struct ctx *cx, struct journal_entry *e)
{
	enum reason r = e->reason.p == NULL ? REASON_NONE : reason_of(e->reason);
	const struct node *data = NULL;

	if (r == REASON_NONE)
		return;
	if (IS_ERR(jdoc_parse(cx, e->data, "event", &data)))
		(void)forgive(cx);
	e->cause = node_text_at(data, "cause");
	e->fix = node_text_at(data, "fix");
	if (e->cause.p == NULL)
		e->cause = sv_of(reason_cause(r));
	if (e->fix.p == NULL)
		e->fix = sv_of(sv_eqz(e->step, "refresh") ? reason_fix_refresh(r) : reason_fix(r));
}

struct reason_words journal_words(const struct journal_list *timeline, enum reason r)
{
	struct reason_words out = { sv_of(reason_cause(r)), sv_of(reason_fix(r)) };

	for (size_t i = 0; i < timeline->n; i++) {
		const struct journal_entry *e = &timeline->v[i];

		if (e->reason.p == NULL || reason_of(e->reason) != r || sv_eqz(e->cause, reason_cause(r)))
			continue;
		out = (struct reason_words){ e->cause, e->fix };
	}
	return out;
}

static struct err take(struct ctx *cx, const struct event_list *l, struct journal_list *out)
{
	*out = (struct journal_list){ .v = arena_array(cx->arena, l->n + 1, sizeof *out->v),
				      .n = l->n,
				      .total = l->total };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu events", l->n);
	for (size_t i = 0; i < l->n; i++) {
		out->v[i] = entry(&l->v[i]);
		words(cx, &out->v[i]);
	}
	return OK;
}

struct err journal_timeline(struct ctx *cx, struct engine *en, struct sv project_id, struct sv authorization_id,
			    struct journal_list *out)
{
	struct event_list l;

	TRY(store_event_timeline(cx, en->store, project_id, authorization_id, &l));
	return take(cx, &l, out);
}

struct err journal_connection(struct ctx *cx, struct engine *en, struct sv project_id, struct sv connection_id,
			      struct journal_list *out)
{
	struct event_list l;

	TRY(store_event_connection(cx, en->store, project_id, connection_id, &l));
	return take(cx, &l, out);
}

/* Few people and keys fill a page: each is looked up once. */
static struct err names(struct ctx *cx, struct engine *en, struct journal_list *l)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	TRY(store_read(cx, en->store, &r));
	for (size_t i = 0; i < l->n; i++) {
		struct journal_entry *e = &l->v[i];
		size_t k = 0;

		while (k < i && !sv_eq(l->v[k].principal_id, e->principal_id))
			k++;
		if (k < i)
			e->principal_name = l->v[k].principal_name;
		else
			TRY(store_event_who(cx, r.db, e->principal_type, e->principal_id, &e->principal_name));
	}
	return OK;
}
struct err journal_list(struct ctx *cx, struct engine *en, const struct event_filter *f, struct journal_list *out)
{
	struct event_list l;

	store_act_settle(en->store); /* the record of a run comes after its answer */
	TRY(store_event_list(cx, en->store, f, &l));
	TRY(take(cx, &l, out));
	return names(cx, en, out);
}
struct err journal_words_there_are(struct ctx *cx, struct engine *en, struct sv project_id, struct event_words *out)
{
	return store_event_words(cx, en->store, project_id, out);
}
