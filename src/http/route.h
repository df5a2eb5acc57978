/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROUTE_H
#define ROUTE_H
/* route.h: a row of the route table: method, path, lane, who, scope, body limit, handler, documentation.
 *
 * The loop in api/pipeline.c enforces the columns; a handler never checks them.  A row that forgets `who` admits
 * nobody, and a row without `needs` is refused at start unless it says WHO_ANYONE.
 */
#include "http/request.h"
typedef struct err handler_fn(struct request *rq) MUST_USE;

/* Where `handle` runs (design 4).  A handler on a fast lane may return E_TAKE_POOL or E_TAKE_CALL before it had any
 * effect; a handler may return E_PARK on any lane when its row says `parks`. */
enum lane { LANE_INLINE, LANE_POOL, LANE_CALL };

enum body_rule { BODY_NONE, BODY_JSON, BODY_FORM }; /* JSON: 415 unless application/json; FORM: x-www-form-urlencoded */

struct route {
	enum method method;
	const char *path; /* "/v1/admin/auth_providers/{id}": a segment {name} matches one non-empty segment */
	enum lane lane;
	unsigned who; /* bits 1u << enum who */
	const char
	    *needs; /* the action checked against the role table, e.g. "providers:write"; NULL only with WHO_ANYONE */
	enum body_rule body;
	size_t max_body; /* 0 = limits.body_bytes */
	bool parks;
	bool tagged; /* a single thing with an ETag; its changes keep If-Match */
	bool scoped; /* also served under /orgs/{o}/projects/{p} */
	bool whole;  /* of the whole engine, so that the default project's role or key counts and no other project's */
	handler_fn *handle;
	/* documentation: printed into OpenAPI and docs/API.md */
	const char *id;       /* operationId */
	const char *doc;      /* one sentence */
	const char *in, *out; /* names of schemas in api/schemas.c; NULL: none */
	const char *text;     /* media type of an answer that is plain text; NULL: JSON */
	int ok;               /* success status shown in the documentation; 0 = 200 */
	const char *query;    /* "limit:integer offset:integer"; NULL: none */
};
#define WHO(w) (1u << (w))
struct route_table {
	const struct route *rows;
	size_t n;
};
/* Finds the row for method and path in the tables, fills rq->route, params, scope_*; E_NO_ROUTE otherwise (also for a
 * wrong method: contract 1.5).  HEAD is answered by the GET row. */
struct err route_match(struct request *rq, const struct route_table *tables, size_t n_tables) MUST_USE NONNULL(1, 2);
/* The same, with the rows sorted once by method and number of segments: what a server uses for every request. */
struct route_map;
void route_map_free(struct route_map *m);
struct err route_map_new(struct ctx *cx, const struct route_table *tables, size_t n_tables,
			 struct route_map **out) MUST_USE
    NONNULL(1, 2, 4); /* checks as route_check does; the tables must outlive it */
struct err route_find(struct request *rq, const struct route_map *m) MUST_USE NONNULL(1, 2);
static inline void route_map_drop(struct route_map **m)
{
	route_map_free(*m);
	*m = NULL;
}
/* Two rows that would match the same request are a mistake: E_CONFIG naming both.  Called at start and in a test. */
struct err route_check(struct ctx *cx, const struct route_table *tables, size_t n_tables) MUST_USE NONNULL(1, 2);
#endif
