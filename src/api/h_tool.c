/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_inside.h"
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/page_list.h"
#include "api/prepared.h"
#include "api/view_tool.h"
#include "core/text.h"
#include "domain/secret_names.h"
#include "domain/tool_filter.h"
#include "http/route.h"

/* PAGE_BYTES: a page ends before the next tool when it has these, so that one more of the largest fits into the answer.
 */
enum { QUERY_MOST = 4096, KEY_MOST = 32768, PAGE_BYTES = 6 << 20 };

/* ---- what is asked ---- */
struct look {
	struct page page;
	struct sv toolkit, user_id;
	struct tool_filter filter;
	struct tool_needs_user *seen; /* of the user, over all tools of a list */
	bool every_version;
	unsigned formats;
	enum tool_format format; /* of formatted_tools */
};
static struct err text_query(struct request *rq, const char *name, struct sv *out)
{
	TRY(http_query(rq, name, out));
	if (out->n > QUERY_MOST)
		return bad_query(rq->cx, name, "max", "must be at most %d bytes", QUERY_MOST);
	*out = sv_trim(*out);
	return OK;
}
static struct err flag_query(struct request *rq, const char *name, bool *out)
{
	struct sv s;

	TRY(http_query(rq, name, &s));
	*out = sv_ieq(s, SV("true")) || sv_eqz(s, "1");
	if (s.n > 0 && !*out && !sv_ieq(s, SV("false")) && !sv_eqz(s, "0"))
		return bad_query(rq->cx, name, "bool", "must be true or false");
	return OK;
}
static struct err formats_query(struct request *rq, unsigned *out)
{
	struct sv rest;

	TRY(http_query(rq, "include_format", &rest));
	*out = 0;
	while (rest.p != NULL) {
		struct sv one = sv_trim(sv_cut(&rest, ','));
		enum tool_format f = view_tool_format(one);

		if (one.n > 0 && f == 0)
			return bad_query(rq->cx, "include_format", "enum", "must name arcade, openai or anthropic");
		*out |= (unsigned)f;
	}
	return OK;
}
static struct err format_query(struct request *rq, enum tool_format *out)
{
	struct sv s;

	TRY(http_query(rq, "format", &s));
	*out = s.n == 0 ? FORMAT_OPENAI : view_tool_format(s);
	return *out != 0 ? OK : bad_query(rq->cx, "format", "enum", "must be arcade, openai or anthropic");
}
static struct err look_of(struct request *rq, struct look *k) { return text_query(rq, "user_id", &k->user_id); }
static struct err list_of(struct request *rq, struct look *k)
{
	struct sv filter;

	TRY(page_list_ask(rq, &k->page));
	TRY(text_query(rq, "toolkit", &k->toolkit));
	TRY(flag_query(rq, "include_all_versions", &k->every_version));
	TRY(text_query(rq, "filter", &filter));
	TRY(tool_filter_read(rq->cx, filter, &k->filter));
	return look_of(rq, k);
}

/* ---- one tool ---- */
static struct err show(struct request *rq, struct jout *w, const struct look *k, const struct tool *t)
{
	const struct tool_needs_ask ask = { caller_project(rq), k->user_id, k->seen };
	struct tool_needs needs;

	TRY(tool_needs_of(rq->cx, rq->en, &ask, t, &needs));
	const struct view_tool v = { t, &needs, k->user_id.n > 0, k->formats };
	return k->format == 0 ? view_tool(rq->cx, w, &v) : view_tool_as(rq->cx, w, NULL, &v, k->format);
}
static struct err one(struct request *rq, const struct look *k)
{
	if (k->user_id.n > 0 && rq->lane == LANE_INLINE)
		return (struct err){ E_TAKE_POOL };

	CLEANUP(toolbox_let_go) const struct tool_set *set = toolbox_hold(rq->en);
	struct jout w = JOUT(rq->out);
	struct toolname name;

	TRY(toolname_parse(rq->cx, rq->params[0], SV_NONE, &name));
	const struct tool *t = toolbox_find(set, caller_project(rq), &name);
	if (t == NULL)
		return refuse(rq->cx, E_NOT_FOUND, "tool %.*s not found", SV_FMT(sv_upto(rq->params[0], 100)));
	TRY(show(rq, &w, k, t));
	return jout_done(rq->cx, &w);
}

/* ---- lists ---- */
static struct err belongs(struct request *rq, const struct look *k, const struct tool *t, bool *out)
{
	*out = false;
	if (k->page.q.n > 0 && !text_finds(t->name, k->page.q) && !text_finds(t->toolkit, k->page.q) &&
	    !text_finds(t->description, k->page.q))
		return OK;
	if ((k->toolkit.n > 0 && !sv_ieq(k->toolkit, t->toolkit)) || (!k->every_version && !t->newest))
		return OK;
	return tool_filter_passes(rq->cx, &k->filter, t, out);
}
static struct err many(struct request *rq, const struct look *k, const struct tool_set *set)
{
	struct tool_set of = toolbox_of(set, caller_project(rq));
	struct jout w = JOUT(rq->out);
	int64_t seen = 0;
	size_t n = 0;

	page_list_open(&w);
	for (size_t i = 0; i < of.n; i++) {
		bool in;

		TRY(belongs(rq, k, &of.v[i], &in));
		bool full = n == (size_t)k->page.limit || rq->out->n > PAGE_BYTES;
		if (in && seen >= k->page.offset && !full) {
			TRY(show(rq, &w, k, &of.v[i]));
			n++;
		}
		seen += in;
	}
	page_list_close(&w, &(struct page_list_end){ k->page, n, seen });
	return jout_done(rq->cx, &w);
}

/* ---- prepared ---- */
/* What a list without a user is made of: the query, the catalogue, the providers, the names of the secrets. */
static struct err key_of(struct request *rq, uint64_t tools, struct buf *key)
{
	buf_sv(key, rq->route_path);
	buf_char(key, '?');
	buf_sv(key, rq->query);
	buf_printf(key, " %s %llu %llu %llu", rq->by.project_id, (unsigned long long)tools,
		   (unsigned long long)providers_version(rq->en), (unsigned long long)secret_names_version(rq->en));
	return buf_done(rq->cx, key, "the query");
}
/* A list that was asked for before is answered where it is read; else it is made on lane POOL and kept. */
static struct err prepared(struct request *rq, const struct look *k)
{
	CLEANUP(toolbox_let_go) const struct tool_set *set = toolbox_hold(rq->en);
	CLEANUP(buf_free) struct buf key = BUF(KEY_MOST);

	if (k->user_id.n > 0) {
		struct tool_needs_user seen = { .first = NULL };
		struct look of_user = *k;

		of_user.seen = &seen;
		return rq->lane == LANE_INLINE ? (struct err){ E_TAKE_POOL } : many(rq, &of_user, set);
	}
	TRY(key_of(rq, set->version, &key));
	if (prepared_give(api_prepared(rq->app), buf_view(&key), rq->out))
		return buf_done(rq->cx, rq->out, "the answer");
	if (rq->lane == LANE_INLINE)
		return (struct err){ E_TAKE_POOL };
	TRY(many(rq, k, set));
	prepared_keep(api_prepared(rq->app), buf_view(&key), buf_view(rq->out));
	return OK;
}
struct err h_tool_list(struct request *rq)
{
	struct look k = { .format = 0 };

	TRY(list_of(rq, &k));
	TRY(formats_query(rq, &k.formats));
	return prepared(rq, &k);
}
struct err h_tool_show(struct request *rq)
{
	struct look k = { .format = 0 };

	TRY(look_of(rq, &k));
	TRY(formats_query(rq, &k.formats));
	return one(rq, &k);
}
struct err h_tool_formatted_list(struct request *rq)
{
	struct look k = { .formats = 0 };

	TRY(list_of(rq, &k));
	TRY(format_query(rq, &k.format));
	return prepared(rq, &k);
}
struct err h_tool_formatted_show(struct request *rq)
{
	struct look k = { .formats = 0 };

	TRY(look_of(rq, &k));
	TRY(format_query(rq, &k.format));
	return one(rq, &k);
}
