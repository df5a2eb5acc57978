/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/page_list.h"
#include "core/jout.h"
#include "domain/journal.h"

static void event(struct jout *w, const struct journal_entry *e)
{
	jout_open(w, NULL);
	jout_i64(w, "id", e->id);
	jout_time(w, "at", e->at);
	jout_str(w, "kind", e->kind);
	jout_str(w, "principal_type", e->principal_type);
	jout_str(w, "principal_id", e->principal_id);
	jout_str(w, "source", e->source);
	jout_str(w, "client_ip", e->client_ip);
	jout_str(w, "resource_type", e->resource_type);
	jout_str(w, "resource_id", e->resource_id);
	jout_str(w, "authorization_id", e->authorization_id);
	jout_str(w, "step", e->step);
	jout_str(w, "outcome", e->outcome);
	jout_str(w, "reason", e->reason);
	jout_raw(w, "data", e->data);
	jout_close(w);
}

struct err h_event_list(struct request *rq)
{
	struct journal_filter f = { .project_id = caller_project(rq) };
	struct journal_list l;
	struct page page;
	struct jout w = JOUT(rq->out);

	TRY(page_list_ask(rq, &page));
	TRY(http_query(rq, "kind", &f.kind));
	TRY(http_query(rq, "resource_type", &f.resource_type));
	f.limit = page.limit;
	f.offset = page.offset;
	TRY(journal_list(rq->cx, rq->en, &f, &l));
	page_list_open(&w);
	for (size_t i = 0; i < l.n; i++)
		event(&w, &l.v[i]);
	page_list_close(&w, &(struct page_list_end){ page, l.n, l.total });
	return jout_done(rq->cx, &w);
}
