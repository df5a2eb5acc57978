/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/page_list.h"
#include "api/view.h"
#include "core/jout.h"
#include "core/text.h"
#include "domain/journal.h"
#include <inttypes.h>
#include <stdio.h>

static void event(struct jout *w, const struct journal_entry *e)
{
	jout_open(w, NULL);
	jout_i64(w, "id", e->id);
	jout_time(w, "at", e->at);
	jout_str(w, "kind", e->kind);
	jout_str(w, "principal_type", e->principal_type);
	jout_str(w, "principal_id", e->principal_id);
	jout_str(w, "principal_name", e->principal_name);
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

static struct err time_of(struct request *rq, const char *name, int64_t *out)
{
	struct sv s;

	TRY(http_query(rq, name, &s));
	if (s.n > 0 && !time_parse(s, out))
		return bad_query(rq->cx, name, "time", "must be a time such as 2026-01-31T12:00:00Z");
	return OK;
}

/* cursor: the id the last page ended with; given empty it begins a list that is not counted. */
static struct err filter_of(struct request *rq, struct event_filter *f)
{
	const struct {
		const char *name;
		struct sv *to;
	} text[] = { { "kind", &f->kind },
		     { "resource_type", &f->resource_type },
		     { "resource_id", &f->resource_id },
		     { "source", &f->source },
		     { "principal_type", &f->principal_type },
		     { "principal_id", &f->principal_id },
		     { "outcome", &f->outcome },
		     { "authorization_id", &f->authorization_id } };
	struct sv cursor;

	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		TRY(http_query(rq, text[i].name, text[i].to));
	TRY(time_of(rq, "since", &f->since));
	TRY(time_of(rq, "until", &f->until));
	TRY(http_query(rq, "cursor", &cursor));
	f->uncounted = cursor.p != NULL;
	if (cursor.n > 0 && (!input_integer(cursor, &f->before) || f->before < 1))
		return bad_query(rq->cx, "cursor", "cursor", "must be the next_cursor of an earlier answer");
	return OK;
}

struct err h_event_list(struct request *rq)
{
	struct event_filter f = { .project_id = caller_project(rq) };
	struct journal_list l;
	struct page page;
	struct jout w = JOUT(rq->out);
	char next[24] = "";

	TRY(page_list_ask(rq, &page));
	TRY(filter_of(rq, &f));
	f.q = page.q;
	f.limit = page.limit;
	f.offset = f.uncounted ? 0 : page.offset;
	TRY(journal_list(rq->cx, rq->en, &f, &l));
	if (l.n == (size_t)page.limit)
		(void)snprintf(next, sizeof next, "%" PRId64, l.v[l.n - 1].id);
	page_list_open(&w);
	for (size_t i = 0; i < l.n; i++)
		event(&w, &l.v[i]);
	jout_list_end(&w);
	jout_i64(&w, "limit", page.limit);
	jout_i64(&w, "offset", f.offset);
	jout_i64(&w, "page_count", (int64_t)l.n);
	if (f.uncounted)
		jout_null(&w, "total_count");
	else
		jout_i64(&w, "total_count", l.total);
	jout_strz(&w, "next_cursor", next[0] == '\0' ? NULL : next);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

struct err h_event_words(struct request *rq)
{
	struct event_words l;
	struct jout w = JOUT(rq->out);

	TRY(journal_words_there_are(rq->cx, rq->en, caller_project(rq), &l));
	jout_open(&w, NULL);
	view_list(&w, "kinds", l.kinds);
	view_list(&w, "resource_types", l.resource_types);
	view_list(&w, "sources", l.sources);
	view_list(&w, "outcomes", l.outcomes);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
