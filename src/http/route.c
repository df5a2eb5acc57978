/* SPDX-License-Identifier: Apache-2.0 */
#include "http/route.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/text.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_SEGMENTS = 16, BUCKETS = 8, METHODS = M_OPTIONS + 1, SCOPE_SEGMENTS = 4 };

/* A path cut at its slashes, every segment percent-decoded after the cutting (contract 1.2). */
struct path {
	struct sv seg[MOST_SEGMENTS];
	size_t n;
};
struct row {
	const struct route *route;
	struct path pattern;
	size_t length;                 /* of the path as it stands in the table */
	struct row *next, *next_plain; /* in its buckets */
};
struct route_map {
	struct row *bucket[METHODS][BUCKETS];
	struct row *plain[METHODS][BUCKETS]; /* without parameters, by length */
	size_t n;
	struct row rows[];
};

static bool is_param(struct sv seg) { return seg.n > 2 && seg.p[0] == '{' && seg.p[seg.n - 1] == '}'; }

/* ---- paths ---- */
static bool cut(struct sv text, struct path *p)
{
	struct sv rest = text;

	p->n = 0;
	if (text.n == 0 || sv_cut(&rest, '/').n != 0)
		return false;
	while (rest.p != NULL && p->n < MOST_SEGMENTS)
		p->seg[p->n++] = sv_cut(&rest, '/');
	return rest.p == NULL && p->n > 0;
}

static struct err decode(struct ctx *cx, struct sv *seg)
{
	CLEANUP(buf_free) struct buf b = BUF(seg->n);

	if (memchr(seg->p, '%', seg->n) == NULL)
		return OK;
	if (!dec_pct(&b, *seg) || !text_is_utf8(buf_view(&b)) || text_has_control(buf_view(&b)))
		return refuse(cx, E_BAD_INPUT, "the path of the address is malformed");
	*seg = arena_sv(cx->arena, buf_view(&b));
	return seg->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "path segment of %zu bytes", b.n) : OK;
}

/* Where "orgs/{o}/projects/{p}" begins: behind /v1 or /tb/v1. 0: not there. */
static size_t scope_at(const struct path *p)
{
	size_t at = sv_eqz(p->seg[0], "v1")                                          ? 1
		    : p->n > 1 && sv_eqz(p->seg[0], "tb") && sv_eqz(p->seg[1], "v1") ? 2
										     : 0;

	if (at == 0 || p->n <= at + SCOPE_SEGMENTS || !sv_eqz(p->seg[at], "orgs") ||
	    !sv_eqz(p->seg[at + 2], "projects"))
		return 0;
	return p->seg[at + 1].n > 0 && p->seg[at + 3].n > 0 ? at : 0;
}

static struct path without_scope(const struct path *p, size_t at)
{
	struct path s = { .n = p->n - SCOPE_SEGMENTS };

	memcpy(s.seg, p->seg, at * sizeof s.seg[0]);
	memcpy(s.seg + at, p->seg + at + SCOPE_SEGMENTS, (s.n - at) * sizeof s.seg[0]);
	return s;
}

/* ---- matching ---- */
static bool fits(const struct path *pattern, const struct path *p)
{
	if (pattern->n != p->n)
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (is_param(pattern->seg[i]) ? p->seg[i].n == 0 : !sv_eq(pattern->seg[i], p->seg[i]))
			return false;
	return true;
}

/* Rows come from a map or, one by one, from tables. */
struct rows {
	const struct route_map *map;
	const struct route_table *tables;
	size_t n_tables;
};

static const struct route *in_map(const struct route_map *m, enum method method, const struct path *p, bool scoped,
				  struct path *pattern)
{
	for (const struct row *r = m->bucket[method][p->n % BUCKETS]; r != NULL; r = r->next) {
		if ((r->route->scoped || !scoped) && fits(&r->pattern, p)) {
			*pattern = r->pattern;
			return r->route;
		}
	}
	return NULL;
}

static const struct route *look(const struct rows *in, enum method method, const struct path *p, bool scoped,
				struct path *pattern)
{
	if (in->map != NULL)
		return in_map(in->map, method, p, scoped, pattern);
	for (size_t t = 0; t < in->n_tables; t++) {
		for (size_t i = 0; i < in->tables[t].n; i++) {
			const struct route *r = &in->tables[t].rows[i];
			if (r->method == method && (r->scoped || !scoped) && cut(sv_of(r->path), pattern) &&
			    fits(pattern, p))
				return r;
		}
	}
	return NULL;
}

static void take(struct request *rq, const struct route *r, const struct path *pattern, const struct path *p)
{
	rq->route = r;
	rq->log_name = r->path;
	rq->n_params = 0;
	for (size_t i = 0; i < p->n && rq->n_params < MAX_PARAMS; i++)
		if (is_param(pattern->seg[i]))
			rq->params[rq->n_params++] = p->seg[i];
}

static struct err route_path(struct request *rq, const struct path *p)
{
	CLEANUP(buf_free) struct buf b = BUF(rq->path.n + 1);

	for (size_t i = 0; i < p->n; i++) {
		buf_char(&b, '/');
		buf_sv(&b, p->seg[i]);
	}
	rq->route_path = arena_sv(rq->cx->arena, buf_view(&b));
	return buf_ok(&b) && rq->route_path.p != NULL
		   ? OK
		   : fail(rq->cx, E_INTERNAL, "out of memory", "path of %zu bytes", rq->path.n);
}

/* The common case, a path that is letter for letter a row's: nothing to cut and decode. */
static bool match_plain(struct request *rq, const struct route_map *m, enum method method)
{
	const struct row *r = m == NULL ? NULL : m->plain[method][rq->path.n % BUCKETS];

	while (r != NULL && (r->length != rq->path.n || memcmp(r->route->path, rq->path.p, r->length) != 0))
		r = r->next_plain;
	if (r == NULL)
		return false;
	rq->route = r->route;
	rq->log_name = r->route->path;
	rq->n_params = 0;
	return true;
}

static struct err match(struct request *rq, const struct rows *in)
{
	enum method method = rq->method == M_HEAD ? M_GET : rq->method;
	struct path p, pattern;

	rq->route_path = rq->path;
	rq->scope_org = rq->scope_project = SV_NONE;
	if (match_plain(rq, in->map, method))
		return OK;
	if (!cut(rq->path, &p))
		return refuse(rq->cx, E_NO_ROUTE, "requested route is not found or method is not allowed");
	for (size_t i = 0; i < p.n; i++)
		TRY(decode(rq->cx, &p.seg[i]));
	size_t at = scope_at(&p);
	if (at > 0) {
		struct path s = without_scope(&p, at);
		const struct route *r = look(in, method, &s, true, &pattern);
		if (r != NULL) {
			take(rq, r, &pattern, &s);
			rq->scope_org = p.seg[at + 1];
			rq->scope_project = p.seg[at + 3];
			return route_path(rq, &s);
		}
	}
	const struct route *r = look(in, method, &p, false, &pattern);
	if (r == NULL)
		return refuse(rq->cx, E_NO_ROUTE, "requested route is not found or method is not allowed");
	take(rq, r, &pattern, &p);
	return OK;
}

struct err route_match(struct request *rq, const struct route_table *tables, size_t n_tables)
{
	return match(rq, &(struct rows){ .tables = tables, .n_tables = n_tables });
}

struct err route_find(struct request *rq, const struct route_map *m) { return match(rq, &(struct rows){ .map = m }); }

/* ---- checking and sorting ---- */
static bool overlap(const struct path *a, const struct path *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!is_param(a->seg[i]) && !is_param(b->seg[i]) && !sv_eq(a->seg[i], b->seg[i]))
			return false;
	return true;
}

static struct err row_ok(struct ctx *cx, const struct route *r, const struct path *pattern)
{
	size_t params = 0;

	for (size_t i = 0; i < pattern->n; i++) {
		params += is_param(pattern->seg[i]);
		if (!is_param(pattern->seg[i]) && pattern->seg[i].n > 0 &&
		    memchr(pattern->seg[i].p, '{', pattern->seg[i].n))
			return refuse(cx, E_CONFIG, "route %s: a parameter must be a whole segment", r->path);
	}
	if (params > MAX_PARAMS)
		return refuse(cx, E_CONFIG, "route %s has more than %d parameters", r->path, MAX_PARAMS);
	if (r->method == M_OTHER || r->method == M_HEAD || r->handle == NULL)
		return refuse(cx, E_CONFIG, "route %s has no method or no handler", r->path);
	return OK;
}

static struct err add(struct ctx *cx, struct route_map *m, const struct route *r)
{
	struct row *row = &m->rows[m->n];

	if (!cut(sv_of(r->path), &row->pattern))
		return refuse(cx, E_CONFIG, "route %s: the path must begin with / and have at most %d segments",
			      r->path, MOST_SEGMENTS);
	TRY(row_ok(cx, r, &row->pattern));
	for (size_t i = 0; i < m->n; i++)
		if (m->rows[i].route->method == r->method && overlap(&m->rows[i].pattern, &row->pattern))
			return refuse(cx, E_CONFIG, "routes %s %s and %s match the same request",
				      method_name(r->method), m->rows[i].route->path, r->path);
	struct row **to = &m->bucket[r->method][row->pattern.n % BUCKETS];
	row->route = r;
	row->length = strlen(r->path);
	row->next = *to;
	*to = row;
	if (strchr(r->path, '{') == NULL) {
		to = &m->plain[r->method][row->length % BUCKETS];
		row->next_plain = *to;
		*to = row;
	}
	m->n++;
	return OK;
}

void route_map_free(struct route_map *m) { free(m); }

struct err route_map_new(struct ctx *cx, const struct route_table *tables, size_t n_tables, struct route_map **out)
{
	size_t n = 0;

	*out = NULL;
	for (size_t t = 0; t < n_tables; t++)
		n += tables[t].n;
	CLEANUP(route_map_drop) struct route_map *m = calloc(1, sizeof *m + n * sizeof m->rows[0]);
	if (m == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu routes", n);
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; i < tables[t].n; i++)
			TRY(add(cx, m, &tables[t].rows[i]));
	*out = TAKE(m);
	return OK;
}

struct err route_check(struct ctx *cx, const struct route_table *tables, size_t n_tables)
{
	CLEANUP(route_map_drop) struct route_map *m = NULL;

	return route_map_new(cx, tables, n_tables, &m);
}
