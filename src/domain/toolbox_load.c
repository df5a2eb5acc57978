/* SPDX-License-Identifier: Apache-2.0 */
/* toolbox_load.c: a snapshot of the catalogue from the store: one worker after the other, each in memory of its own, so
 * that what is wrong with one of them costs its own tools and nobody else's. */
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/logf.h"
#include "core/text.h"
#include "domain/mcp_auth.h"
#include "domain/toolbox_inner.h"
#include "domain/toolbox_read.h"
#include "store/store_worker.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS_BYTES = 256 << 20, PARSE_BYTES = 256 << 20, TOOLS_MOST = 50000 };

/* What a project's workers have told of so far. */
struct share {
	struct sv project_id; /* of the rows */
	size_t tools, bytes;
};
struct loading {
	struct engine *en;
	struct arena *arena; /* of what lasts */
	struct ctx into;     /* with that arena */
	struct toolbox_ranked *v;
	size_t n, room;
	struct toolbox_note *notes;
	size_t n_notes;
	struct share *shares;
	size_t n_shares;
};
/* The worker whose tools are read now. */
struct teller {
	const struct worker_row *w; /* as it is kept */
	struct toolbox_note *note;
	struct share *share; /* its project's */
	struct mcp_auth auth;
	struct sv provider; /* mcp_auth_name; p NULL: its server wants no token */
	struct ctx parse;   /* with memory of its own */
};

/* ---- order ---- */
/* Letter case counts nowhere, nor does which of the two separators it is. */
static int fold_order(struct sv a, struct sv b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		int x = (unsigned char)a.p[i], y = (unsigned char)b.p[i];

		x += x >= 'A' && x <= 'Z' ? 'a' - 'A' : 0;
		y += y >= 'A' && y <= 'Z' ? 'a' - 'A' : 0;
		x = x == '.' ? '_' : x; /* so models spell it (contract 3.10) */
		y = y == '.' ? '_' : y;
		if (x != y)
			return x - y;
	}
	return (a.n > b.n) - (a.n < b.n);
}
int toolbox_order(const struct tool *a, const struct tool *b)
{
	int d = fold_order(a->project_id, b->project_id);

	d = d != 0 ? d : fold_order(a->toolkit, b->toolkit);
	return d != 0 ? d : fold_order(a->name, b->name);
}
static int by_place(const void *a_, const void *b_)
{
	const struct toolbox_ranked *a = a_, *b = b_;
	int d = toolbox_order(&a->t, &b->t);

	d = d != 0 ? d : toolname_version_order(b->t.version, a->t.version);
	return d != 0 ? d : (a->note > b->note) - (a->note < b->note);
}

/* ---- what is left out ---- */
void toolbox_leave_out(struct arena *arena, struct toolbox_note *note, const char *fmt, ...)
{
	char why[480];
	va_list ap;

	if (note->left_out++ > 0)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	note->why = arena_sv(arena, sv_of(why));
	if (note->why.p == NULL)
		note->why = SV("there is no room for more tools");
}
/* An error that comes of what the worker told, and not of the engine's own trouble. */
static bool is_its_own(struct err e, const struct arena *arena)
{
	return e.code == E_BAD_INPUT || e.code == E_TOO_LARGE || (e.code == E_INTERNAL && arena_at_cap(arena));
}
static const char *words_of(const struct ctx *cx)
{
	return cx->cause.code == E_INTERNAL ? "there is no room for more tools" : cx->cause.say;
}
static struct err no_memory(struct ctx *cx, const struct worker_row *w)
{
	return fail(cx, E_INTERNAL, "out of memory", "the tools of worker %.*s", SV_FMT(w->unique_id));
}

/* ---- one tool ---- */
static bool more_room(struct loading *l)
{
	size_t room = l->room * 2 + 64;
	struct toolbox_ranked *v = l->n < l->room ? l->v : realloc(l->v, room * sizeof *v);

	if (v == NULL)
		return false;
	l->room = l->n < l->room ? l->room : room;
	l->v = v;
	return true;
}
/* The server itself wants a user's token: for the scopes it is known to want for this tool. */
static struct err server_auth(struct loading *l, struct teller *of, struct tool *t)
{
	struct ctx *cx = &l->into;
	struct sv_list all;

	if (of->provider.p == NULL)
		return OK;
	TRY(mcp_auth_scopes(cx, &of->auth, t->name, &all));
	t->auth = (struct tool_auth){ .there = true, .provider_type = SV("oauth2") };
	t->auth.worker = t->auth.provider_id = t->auth.id = of->provider;
	t->auth.scopes.v = arena_array(cx->arena, all.n + 1, sizeof *all.v);
	if (t->auth.scopes.v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "tools");
	for (size_t i = 0; i < all.n; i++) {
		t->auth.scopes.v[i] = arena_sv(cx->arena, all.v[i]);
		if (t->auth.scopes.v[i].p == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "tools");
		t->auth.scopes.n++;
	}
	return OK;
}
static struct err read_tool(struct loading *l, struct teller *of, const struct node *entry, struct tool *out)
{
	TRY(toolbox_read(&l->into, entry, out));
	out->worker = of->w;
	out->project_id = of->w->project_id;
	out->worker_row = of->w->id;
	out->worker_id = of->w->unique_id;
	return server_auth(l, of, out);
}
static struct err add(struct ctx *cx, struct loading *l, struct teller *of, const struct node *entry)
{
	struct tool t;
	struct err e = read_tool(l, of, entry, &t);

	if (IS_ERR(e) && is_its_own(e, l->arena)) {
		struct sv name = sv_upto(node_text_at(entry, "name"), 64);

		name = text_is_id(name, 64, "._-") ? name : SV("a tool");
		toolbox_leave_out(l->arena, of->note, "%.*s: %s", SV_FMT(name), words_of(&l->into));
		return forgive(&l->into);
	}
	if (IS_ERR(e) || !more_room(l))
		return no_memory(cx, of->w);
	l->v[l->n++] = (struct toolbox_ranked){ t, of->note };
	return OK;
}

/* ---- one worker ---- */
/* What a call needs of its worker, in the snapshot's arena. */
static const struct worker_row *keep_worker(struct loading *l, const struct worker_row *w)
{
	struct worker_row *row = arena_array(l->arena, 1, sizeof *row);
	struct sv *const texts[] = { &row->id,
				     &row->project_id,
				     &row->unique_id,
				     &row->type,
				     &row->uri,
				     &row->hint,
				     &row->secret_box,
				     &row->era,
				     &row->binding,
				     &row->external_id,
				     &row->client_id,
				     &row->auth,
				     &row->authorization_url };

	if (row == NULL)
		return NULL;
	*row = *w;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if ((*texts[i] = arena_sv(l->arena, *texts[i])).p == NULL)
			return NULL;
	return row;
}
static struct err who_tells(struct loading *l, struct teller *of)
{
	struct ctx *cx = &of->parse;

	of->provider = SV_NONE;
	TRY(mcp_auth_read(cx, of->w, &of->auth));
	if (!of->auth.there)
		return OK;
	TRY(mcp_auth_name(cx, of->w, &of->provider));
	of->provider = arena_sv(l->arena, of->provider);
	return of->provider.p == NULL ? fail(cx, E_INTERNAL, "out of memory", "tools") : OK;
}
/* *list NULL: it has told of nothing yet. */
static struct err what_it_told(struct loading *l, struct teller *of, const struct node **list)
{
	struct ctx *cx = &of->parse;
	struct sv text;

	*list = NULL;
	TRY(who_tells(l, of));
	TRY(store_worker_catalogue(cx, l->en->store, of->w->id, &text));
	if (text.n == 0)
		return OK;
	if (text.n > TOOLBOX_BYTES_MOST)
		return refuse(cx, E_TOO_LARGE, "its catalogue has %zu bytes; %d are the most", text.n,
			      TOOLBOX_BYTES_MOST);
	if (text.n > TOOLBOX_PROJECT_BYTES_MOST - of->share->bytes)
		return refuse(cx, E_TOO_LARGE, "its project's servers tell of more than %d bytes together",
			      TOOLBOX_PROJECT_BYTES_MOST);
	of->share->bytes += text.n;
	return jdoc_parse_lenient(cx, text, "its catalogue", list);
}
/* NULL: there is room for one more, the worker's nth. */
static const char *no_room(const struct loading *l, const struct teller *of, size_t n)
{
	if (n >= TOOLBOX_TOOLS_MOST)
		return "it has more tools than a server may have";
	if (of->share->tools >= TOOLBOX_PROJECT_TOOLS_MOST)
		return "its project has more tools than a project may have";
	return l->n < TOOLS_MOST ? NULL : "there are more tools than the engine holds";
}
static struct err add_all(struct ctx *cx, struct loading *l, struct teller *of, const struct node *list)
{
	size_t n = 0;

	for (const struct node *e = list == NULL ? NULL : list->first; e != NULL; e = e->next) {
		const char *full = no_room(l, of, n++);

		if (full != NULL) {
			toolbox_leave_out(l->arena, of->note, "%s", full);
			continue;
		}
		TRY(add(cx, l, of, e));
		of->share->tools++;
	}
	return OK;
}
static struct share *share_of(struct loading *l, struct sv project_id)
{
	for (size_t i = 0; i < l->n_shares; i++)
		if (sv_eq(l->shares[i].project_id, project_id))
			return &l->shares[i];
	l->shares[l->n_shares] = (struct share){ .project_id = project_id };
	return &l->shares[l->n_shares++];
}
static struct err add_worker(struct ctx *cx, struct loading *l, const struct worker_row *w)
{
	CLEANUP(arena_drop) struct arena *a = arena_new(PARSE_BYTES);
	struct teller of = { .w = keep_worker(l, w),
			     .note = &l->notes[l->n_notes],
			     .share = share_of(l, w->project_id),
			     .parse = { .request_id = cx->request_id, .arena = a, .now = cx->now } };
	const struct node *list = NULL;
	struct err e = OK;

	if (a == NULL || (of.w == NULL && !arena_at_cap(l->arena)))
		return no_memory(cx, w);
	*of.note = (struct toolbox_note){ .worker_row = w->id, .why = SV_NONE };
	if (of.w == NULL) {
		toolbox_leave_out(l->arena, of.note, "there is no room for more tools");
		return OK;
	}
	of.note->worker_row = of.w->id;
	l->n_notes++;
	e = what_it_told(l, &of, &list);
	if (!IS_ERR(e))
		return add_all(cx, l, &of, list);
	if (is_its_own(e, a) || is_its_own(e, l->arena)) {
		toolbox_leave_out(l->arena, of.note, "%s", words_of(&of.parse));
		return OK;
	}
	cx->cause = of.parse.cause;
	return e;
}

/* ---- all of them ---- */
/* The same toolkit, tool and version twice: the first one counts. */
static void without_twins(struct loading *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct toolbox_ranked *last = kept == 0 ? NULL : &l->v[kept - 1];
		bool same = last != NULL && toolbox_order(&last->t, &l->v[i].t) == 0;

		if (same && toolname_version_order(last->t.version, l->v[i].t.version) == 0) {
			toolbox_leave_out(l->arena, l->v[i].note, "%.*s is told of twice; that of worker %.*s is used",
					  SV_FMT(l->v[i].t.full), SV_FMT(last->t.worker_id));
			continue;
		}
		l->v[kept] = l->v[i];
		l->v[kept++].t.newest = !same;
	}
	l->n = kept;
}
static void tell(struct ctx *cx, const struct loading *l, const struct worker_rows *rows)
{
	for (size_t i = 0; i < l->n_notes; i++)
		for (size_t k = 0; k < rows->n && l->notes[i].left_out > 0; k++)
			if (sv_eq(rows->v[k].id, l->notes[i].worker_row))
				log_event(cx, LOG_WARN, "tool.left_out", LOG_SV("worker", rows->v[k].unique_id),
					  LOG_INT("tools", (int64_t)l->notes[i].left_out),
					  LOG_SV("why", l->notes[i].why));
}
static struct err keep_all(struct ctx *cx, struct loading *l, struct tool_set *out)
{
	struct tool *v = calloc(l->n + 1, sizeof *v);

	if (v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu tools", l->n);
	for (size_t i = 0; i < l->n; i++)
		v[i] = l->v[i].t;
	*out = (struct tool_set){ .v = v, .n = l->n, .notes = l->notes, .n_notes = l->n_notes };
	return OK;
}
static struct err fill(struct ctx *cx, struct loading *l, struct tool_set *out)
{
	CLEANUP(arena_drop) struct arena *a = arena_new(ROWS_BYTES);
	struct ctx own = { .request_id = cx->request_id, .arena = a, .now = cx->now };
	struct worker_rows rows;

	if (a == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "tools");
	struct err e = store_worker_all(&own, l->en->store, SV_NONE, &rows);
	cx->cause = own.cause;
	TRY(e);
	l->notes = arena_array(l->arena, rows.n + 1, sizeof *l->notes);
	l->shares = arena_array(a, rows.n + 1, sizeof *l->shares);
	if (l->notes == NULL || l->shares == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "tools");
	for (size_t i = 0; i < rows.n; i++)
		if (rows.v[i].enabled)
			TRY(add_worker(cx, l, &rows.v[i]));
	if (l->n > 1)
		qsort(l->v, l->n, sizeof *l->v, by_place);
	struct toolbox_owned owned = { l->en, l->arena, &rows, l->v, l->n };
	e = toolbox_own(&own, &owned);
	cx->cause = own.cause;
	TRY(e);
	l->n = owned.n;
	without_twins(l);
	tell(cx, l, &rows);
	return keep_all(cx, l, out);
}
struct err toolbox_fill(struct ctx *cx, struct engine *en, struct arena *arena, struct tool_set *out)
{
	struct loading l = { .en = en,
			     .arena = arena,
			     .into = { .request_id = cx->request_id, .arena = arena, .now = cx->now } };
	struct err e = fill(cx, &l, out);

	free(l.v);
	return e;
}
