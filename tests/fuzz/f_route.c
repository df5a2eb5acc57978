/* SPDX-License-Identifier: Apache-2.0 */
/* Paths against a table of routes: the sorted map and the plain table find the same row. */
#include "core/text.h"
#include "fuzz.h"
#include "http/route.h"
#include <string.h>

static struct err nothing(struct request *rq)
{
	rq->status = 204;
	return OK;
}

#define ROW(m, p, s)                                                                                             \
	{                                                                                                        \
		.method = (m), .path = (p), .who = WHO(WHO_ANYONE), .scoped = (s), .handle = nothing, .id = "x", \
		.doc = "x"                                                                                       \
	}
static const struct route rows[] = {
	ROW(M_GET, "/v1/health", false),
	ROW(M_POST, "/v1/auth/authorize", true),
	ROW(M_GET, "/v1/auth/status", true),
	ROW(M_GET, "/v1/admin/auth_providers", true),
	ROW(M_GET, "/v1/admin/auth_providers/{id}", true),
	ROW(M_DELETE, "/v1/admin/auth_providers/{id}", true),
	ROW(M_GET, "/tb/v1/authorizations/{id}/{part}", true),
	ROW(M_GET, "/", false),
	ROW(M_GET, "/oauth/{provider}/callback", false),
};

static void same(const struct request *a, const struct request *b)
{
	MUST(a->route == b->route && a->n_params == b->n_params && sv_eq(a->route_path, b->route_path));
	MUST(sv_eq(a->scope_org, b->scope_org) && sv_eq(a->scope_project, b->scope_project));
	for (size_t i = 0; i < a->n_params; i++) {
		MUST(sv_eq(a->params[i], b->params[i]) && a->params[i].n > 0);
		MUST(text_is_utf8(a->params[i]) && !text_has_control(a->params[i]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum method methods[] = { M_GET, M_HEAD, M_POST, M_DELETE, M_OPTIONS, M_OTHER };
	const struct route_table table = { rows, ARRAY_LEN(rows) };
	CLEANUP(route_map_drop) struct route_map *map = NULL;
	struct ctx *cx = fuzz_ctx();

	if (size < 1)
		return 0;
	struct sv path = fuzz_sv(data + 1, size - 1);
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] <= ' ' || path.p[i] >= 0x7F || path.p[i] == '?' || path.p[i] == '#')
			return 0; /* http/scan.c and parse.c let no such path through */
	MUST(!IS_ERR(route_map_new(cx, &table, 1, &map)));
	struct request a = { .cx = cx, .method = methods[data[0] % ARRAY_LEN(methods)], .path = path }, b = a;
	struct err e = route_match(&a, &table, 1);
	fuzz_outcome(cx, e);
	(void)forgive(cx);
	struct err f = route_find(&b, map);
	MUST(e.code == f.code);
	if (!IS_ERR(e))
		same(&a, &b);
	return 0;
}
