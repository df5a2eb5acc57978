/* SPDX-License-Identifier: Apache-2.0 */
/* sim_api: the provider's own API as far as a newcomer and our tests need it: rows of the definition's simulate.api:
 *   {method, path, scope, answer}                      one object made from a template
 *   {method, path, scope, find: {in, where}, answer}   the one of a list of the user's that was asked for, as $found
 *   {method, path, scope, list, key, limit, counts}    a list of the user's, paged by before/after/limit
 *   {method, path, scope, join: guilds}                adds the user to one (needs the app's bot there) */
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "sim/sim_serve.h"
#include <stdio.h>

struct hit {
	const struct node *row;
	struct sv params[2];
};

static bool find(const struct sim_call *call, struct hit *h)
{
	struct sv method = sv_of(method_name(call->rq->method));

	for (size_t i = 0; i < call->def->prefixes.n; i++) {
		struct sv prefix = call->def->prefixes.v[i];

		if (!sv_starts(call->path, prefix))
			continue;
		for (h->row = call->def->api == NULL ? NULL : call->def->api->first; h->row != NULL;
		     h->row = h->row->next)
			if (sv_eq(node_text_at(h->row, "method"), method) &&
			    sim_def_fits(node_text_at(h->row, "path"), sv_from(call->path, prefix.n), h->params))
				return true;
	}
	return false;
}

static int64_t number_of(struct ctx *cx, struct sim_call *call, const char *name, int64_t otherwise, int64_t most)
{
	struct sv text = SV_NONE;
	int64_t v;

	if (IS_ERR(http_query(call->rq, name, &text))) {
		(void)forgive(cx);
		return otherwise;
	}
	if (text.p == NULL || !sv_i64(text, 1, most, &v))
		return text.p == NULL ? otherwise : most;
	return v;
}

/* Ids are decimal numbers of any length: longer is larger. */
static int compare_ids(struct sv a, struct sv b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n == 0 ? 0 : memcmp(a.p, b.p, a.n);
}

static struct node *without(struct ctx *cx, const struct node *item, const struct node *names)
{
	struct node *out = node_new(cx->arena, NODE_MAP);

	for (const struct node *f = item->first; out != NULL && f != NULL; f = f->next) {
		bool hidden = false;

		for (const struct node *h = names == NULL ? NULL : names->first; h != NULL; h = h->next)
			hidden = hidden || sv_eq(h->text, f->key);
		if (!hidden && !node_set(cx->arena, out, f->key, node_copy(cx->arena, f)))
			return NULL;
	}
	return out;
}

static struct err list(struct ctx *cx, struct sim_call *call, const struct node *row)
{
	const struct node *all = node_path(call->user->data, node_text_at(row, "list")), *most = node_get(row, "limit");
	struct sv key = node_text_at(row, "key"), before = SV_NONE, after = SV_NONE, counts = SV_NONE;
	struct node *out = node_new(cx->arena, NODE_LIST);
	int64_t limit = number_of(cx, call, "limit", most == NULL ? 100 : most->i, most == NULL ? 100 : most->i);

	TRY(http_query(call->rq, "before", &before));
	TRY(http_query(call->rq, "after", &after));
	TRY(http_query(call->rq, "with_counts", &counts));
	for (const struct node *i = all == NULL ? NULL : all->first; out != NULL && i != NULL; i = i->next) {
		struct sv id = node_text(node_get_sv(i, key));

		if ((before.p != NULL && compare_ids(id, before) >= 0) ||
		    (after.p != NULL && compare_ids(id, after) <= 0))
			continue;
		if ((int64_t)out->n == limit)
			break;
		if (!node_add(out, without(cx, i, sv_eqz(counts, "true") ? NULL : node_get(row, "counts"))))
			return fail(cx, E_INTERNAL, "out of memory", "list");
	}
	if (out == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "list");
	return out == NULL ? sim_answer_fixed(cx, call, call->def->not_found, 404) : sim_answer_node(cx, call, out);
}

static struct sv path_value(const struct hit *h, struct sv name)
{
	struct sv pattern = node_text_at(h->row, "path");
	size_t n = 0;

	while (pattern.p != NULL && n < ARRAY_LEN(h->params)) {
		struct sv part = sv_cut(&pattern, '/');

		if (!sv_starts(part, SV("{")))
			continue;
		if (part.n == name.n + 2 && sv_eq((struct sv){ part.p + 1, name.n }, name))
			return h->params[n];
		n++;
	}
	return SV_NONE;
}

/* The first of the list `find.in` that has what was asked for: `where` says of its fields whether they are to be as
 * "path.NAME", a {NAME} of the row's path, or "body.a.b" of the JSON sent.  NULL in *out: none has. */
static struct err find_item(struct ctx *cx, const struct sim_call *call, const struct hit *h, const struct node **out)
{
	const struct node *how = node_get(h->row, "find"), *where = node_get(how, "where"), *body = NULL;
	const struct node *all = node_path(call->user->data, node_text_at(how, "in"));

	*out = NULL;
	if (call->rq->body.n > 0)
		TRY(jdoc_parse(cx, call->rq->body, "body", &body));
	for (const struct node *i = all == NULL ? NULL : all->first; *out == NULL && i != NULL; i = i->next) {
		*out = i;
		for (const struct node *w = where == NULL ? NULL : where->first; w != NULL; w = w->next) {
			struct sv name = w->text, from = sv_cut(&name, '.');
			struct sv asked = sv_eqz(from, "path") ? path_value(h, name) : node_text(node_path(body, name));

			if (asked.p == NULL || !sv_eq(node_text(node_path(i, w->key)), asked))
				*out = NULL;
		}
	}
	return OK;
}

static struct err answer(struct ctx *cx, struct sim_call *call, const struct hit *h, struct sv_list scopes)
{
	struct sim_values v = { .user = call->user, .scopes = scopes };
	const struct node *item = NULL;
	struct node *more = node_new(cx->arena, NODE_MAP), *out = NULL;

	if (node_get(h->row, "find") != NULL) {
		TRY(find_item(cx, call, h, &item));
		if (item == NULL)
			return sim_answer_fixed(cx, call, node_get(h->row, "missing"), 404);
		if (more == NULL || !node_set(cx->arena, more, SV("found"), node_copy(cx->arena, item)))
			return fail(cx, E_INTERNAL, "out of memory", "found");
		v.more = more;
	}
	TRY(sim_fill(cx, node_get(h->row, "answer"), &v, &out));
	return out == NULL ? sim_answer_fixed(cx, call, call->def->not_found, 404) : sim_answer_node(cx, call, out);
}

/* PUT guilds/{guild}/members/{user}: the app's bot must be in the guild, the token must be that user's and carry the
 * scope. */
static struct err join(struct ctx *cx, struct sim_call *call, const struct hit *h)
{
	struct sv v = http_header_in(call->rq, "Authorization"), scheme = sv_cut(&v, ' ');
	const struct node *bot = NULL, *body = NULL, *guild = NULL;

	for (bot = call->def->bots == NULL ? NULL : call->def->bots->first; bot != NULL; bot = bot->next)
		if (sv_ieq(scheme, SV("Bot")) && sv_eq(node_text_at(bot, "token"), sv_trim(v)))
			break;
	if (bot == NULL)
		return sim_answer_fixed(cx, call, call->def->unauthorized, 401);
	TRY(jdoc_parse(cx, call->rq->body, "body", &body));
	struct sim_token *t = sim_world_token(call->w, SIM_ACCESS, node_text_at(body, "access_token"));
	if (t == NULL || !sim_world_token_good(call->w, t) || !sim_def_has(t->scopes, node_text_at(h->row, "scope")) ||
	    !sv_eq(node_text_at(t->grant->user->data, "id"), h->params[1]))
		return sim_answer_fixed(cx, call, node_get(h->row, "bad_token"), 403);
	for (guild = node_get(bot, "guilds"), guild = guild == NULL ? NULL : guild->first; guild != NULL;
	     guild = guild->next)
		if (sv_eq(node_text_at(guild, "id"), h->params[0]))
			break;
	if (guild == NULL)
		return sim_answer_fixed(cx, call, node_get(h->row, "no_bot"), 403);
	call->user = t->grant->user;
	const struct node *mine = node_path(call->user->data, node_text_at(h->row, "join"));
	for (const struct node *g = mine == NULL ? NULL : mine->first; g != NULL; g = g->next)
		if (sv_eq(node_text_at(g, "id"), h->params[0])) {
			call->rq->status = 204;
			buf_clear(call->rq->out);
			return OK;
		}
	struct node *copy = node_copy(call->w->arena, call->user->data), *joined = NULL;
	joined =
	    copy == NULL ? NULL : node_copy(call->w->arena, mine == NULL ? node_new(call->w->arena, NODE_LIST) : mine);
	if (joined == NULL || !node_add(joined, node_copy(call->w->arena, guild)) ||
	    !node_set(call->w->arena, copy, node_text_at(h->row, "join"), joined))
		return fail(cx, E_INTERNAL, "out of memory", "join");
	((struct sim_user *)(uintptr_t)call->user)->data = copy;
	call->rq->status = 201;
	struct node *out = NULL;
	TRY(sim_fill(cx, node_get(h->row, "answer"), &(struct sim_values){ .user = call->user, .scopes = t->scopes },
		     &out));
	return out == NULL ? sim_answer_fixed(cx, call, call->def->not_found, 404) : sim_answer_node(cx, call, out);
}

/* Fixed windows, as {limit, window_ms, status, body}: over it, 429 with the headers API clients read. */
static bool over_limit(struct ctx *cx, struct sim_call *call)
{
	struct sim_world *w = call->w;
	const struct node *r = call->def->rate_limit, *limit = node_get(r, "limit"), *ms = node_get(r, "window_ms");
	int64_t now = sim_world_now(w);

	if (limit == NULL || ms == NULL || w->rate_limit_override == 0)
		return false;
	if (now - w->window_started >= MSEC(ms->i)) {
		w->window_started = now;
		w->window_used = 0;
	}
	w->window_used++;
	int64_t most = w->rate_limit_override > 0 ? w->rate_limit_override : limit->i;
	int64_t left = most - w->window_used, reset = w->window_started + MSEC(ms->i) - now;
	const char *text = arena_printf(cx->arena, "%lld", (long long)most);
	http_header(call->rq, "X-RateLimit-Limit", sv_of(text == NULL ? "0" : text));
	text = arena_printf(cx->arena, "%lld", (long long)(left < 0 ? 0 : left));
	http_header(call->rq, "X-RateLimit-Remaining", sv_of(text == NULL ? "0" : text));
	text = arena_printf(cx->arena, "%.3f", (double)(now + reset) / 1e6);
	http_header(call->rq, "X-RateLimit-Reset", sv_of(text == NULL ? "0" : text));
	text = arena_printf(cx->arena, "%.3f", (double)reset / 1e6);
	http_header(call->rq, "X-RateLimit-Reset-After", sv_of(text == NULL ? "0" : text));
	http_header(call->rq, "X-RateLimit-Bucket", SV("simulated"));
	if (left >= 0)
		return false;
	text = arena_printf(cx->arena, "%lld", (long long)(reset / SEC(1) + 1));
	http_header(call->rq, "Retry-After", sv_of(text == NULL ? "1" : text));
	http_header(call->rq, "X-RateLimit-Scope", SV("user"));
	return true;
}

struct err sim_api_serve(struct ctx *cx, struct sim_call *call)
{
	struct hit h = { .row = NULL };

	if (!find(call, &h)) {
		call->kind = SV("unknown");
		return sim_answer_fixed(cx, call, call->def->not_found, 404);
	}
	call->rq->status = 200;
	if (over_limit(cx, call))
		return sim_answer_fixed(cx, call, call->def->rate_limit, 429);
	if (node_get(h.row, "join") != NULL)
		return join(cx, call, &h);
	struct sim_token *t = sim_world_token(call->w, SIM_ACCESS, sim_bearer(call->rq));
	if (t == NULL || !sim_world_token_good(call->w, t))
		return sim_answer_fixed(cx, call, call->def->unauthorized, 401);
	call->user = t->grant->user;
	call->client_id = t->grant->client->id;
	struct sv scope = node_text_at(h.row, "scope");
	if (scope.p != NULL && !sim_def_has(t->scopes, scope) && !sim_def_held(call->def, t->scopes, scope))
		return sim_answer_fixed(
		    cx, call, call->def->no_scope != NULL ? call->def->no_scope : call->def->unauthorized, 401);
	if (node_get(h.row, "list") != NULL)
		return list(cx, call, h.row);
	return answer(cx, call, &h, t->scopes);
}
