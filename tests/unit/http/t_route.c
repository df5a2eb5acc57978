/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "http/route.h"
#include "tt.h"

static struct err h(struct request *rq)
{
	(void)rq;
	return OK;
}

static const struct route rows[] = {
	{ .method = M_GET, .path = "/", .handle = h },
	{ .method = M_GET, .path = "/v1/health", .handle = h },
	{ .method = M_GET, .path = "/v1/admin/auth_providers", .handle = h, .scoped = true },
	{ .method = M_GET, .path = "/v1/admin/auth_providers/{id}", .handle = h, .scoped = true },
	{ .method = M_PATCH, .path = "/v1/admin/auth_providers/{id}", .handle = h, .scoped = true },
	{ .method = M_GET, .path = "/tb/v1/authorizations/{id}", .handle = h, .scoped = true },
	{ .method = M_GET, .path = "/v1/orgs/{o}/projects", .handle = h },
};
static const struct route more_rows[] = {
	{ .method = M_POST, .path = "/a/{one}/{two}/x/{three}", .handle = h },
};
static const struct route_table tables[] = { { rows, ARRAY_LEN(rows) }, { more_rows, ARRAY_LEN(more_rows) } };

static const struct {
	enum method method;
	const char *path, *want; /* pattern; NULL: none */
	const char *params;      /* joined by | */
	const char *scope;       /* org|project */
	const char *route_path;
	enum err_code code;
} t[] = {
	{ M_GET, "/", "/", "", NULL, "/", E_OK },
	{ M_GET, "/v1/health", "/v1/health", "", NULL, "/v1/health", E_OK },
	{ M_HEAD, "/v1/health", "/v1/health", "", NULL, "/v1/health", E_OK },
	{ M_GET, "/v1/admin/auth_providers/d-1", "/v1/admin/auth_providers/{id}", "d-1", NULL, NULL, E_OK },
	{ M_PATCH, "/v1/admin/auth_providers/d%2F1%20x", "/v1/admin/auth_providers/{id}", "d/1 x", NULL, NULL, E_OK },
	{ M_GET, "/v1/%61dmin/auth_providers", "/v1/admin/auth_providers", "", NULL, NULL, E_OK },
	{ M_GET, "/v1/orgs/O/projects/P/admin/auth_providers", "/v1/admin/auth_providers", "", "O|P",
	  "/v1/admin/auth_providers", E_OK },
	{ M_GET, "/v1/orgs/O%2F1/projects/default/admin/auth_providers/x", "/v1/admin/auth_providers/{id}", "x",
	  "O/1|default", "/v1/admin/auth_providers/x", E_OK },
	{ M_GET, "/tb/v1/orgs/O/projects/P/authorizations/ar_1", "/tb/v1/authorizations/{id}", "ar_1", "O|P",
	  "/tb/v1/authorizations/ar_1", E_OK },
	{ M_GET, "/v1/orgs/O/projects", "/v1/orgs/{o}/projects", "O", NULL, NULL, E_OK },
	{ M_POST, "/a/1/2/x/3", "/a/{one}/{two}/x/{three}", "1|2|3", NULL, NULL, E_OK },
	{ M_GET, "/v1/orgs/O/projects/P/health", NULL, NULL, NULL, NULL, E_NO_ROUTE }, /* not scoped */
	{ M_GET, "/v1/orgs//projects/P/admin/auth_providers", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "/v1/orgs/O/projects//admin/auth_providers", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "/v1/orgs/O/projects/P", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "/v1/orgs/O/projects/P/orgs/O/projects/P/admin/auth_providers", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_POST, "/v1/health", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_OTHER, "/v1/health", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "/v1/health/", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "//v1/health", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "/v1/HEALTH", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "/v1/admin/../health", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "/v1/admin/auth_providers/", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "/v1/admin/auth_providers/a/b", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "/v1/admin%2Fauth_providers", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "v1/health", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_OPTIONS, "*", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "", NULL, NULL, NULL, NULL, E_NO_ROUTE },
	{ M_GET, "/v1/admin/auth_providers/%", NULL, NULL, NULL, NULL, E_BAD_INPUT },
	{ M_GET, "/v1/admin/auth_providers/%4", NULL, NULL, NULL, NULL, E_BAD_INPUT },
	{ M_GET, "/v1/admin/auth_providers/%zz", NULL, NULL, NULL, NULL, E_BAD_INPUT },
	{ M_GET, "/v1/admin/auth_providers/a%00b", NULL, NULL, NULL, NULL, E_BAD_INPUT },
	{ M_GET, "/v1/admin/auth_providers/a%0ab", NULL, NULL, NULL, NULL, E_BAD_INPUT },
	{ M_GET, "/v1/admin/auth_providers/%ff", NULL, NULL, NULL, NULL, E_BAD_INPUT },
};

static void check_row(const struct request *rq, size_t i)
{
	struct sv want = sv_of(t[i].params);

	CHECK_ROW(t[i].path, strcmp(rq->route->path, t[i].want) == 0 && strcmp(rq->log_name, t[i].want) == 0);
	for (size_t k = 0; k < rq->n_params; k++)
		CHECK_ROW(t[i].path, sv_eq(rq->params[k], sv_cut(&want, '|')));
	CHECK_ROW(t[i].path, want.n == 0);
	if (t[i].scope != NULL) {
		struct sv project = sv_of(t[i].scope), org = sv_cut(&project, '|');
		CHECK_ROW(t[i].path, sv_eq(rq->scope_org, org) && sv_eq(rq->scope_project, project));
	} else {
		CHECK_ROW(t[i].path, rq->scope_org.p == NULL && rq->scope_project.p == NULL);
	}
	if (t[i].route_path != NULL)
		CHECK_ROW(t[i].path, sv_eqz(rq->route_path, t[i].route_path));
}

TEST(routes_match)
{
	struct route_map *m = NULL;

	CHECK(!IS_ERR(route_map_new(tt_ctx(), tables, ARRAY_LEN(tables), &m)));
	for (size_t i = 0; i < ARRAY_LEN(t) * 2; i++) { /* by map and by table: the same */
		size_t k = i / 2;
		struct request rq = { .cx = tt_ctx(), .method = t[k].method, .path = sv_of(t[k].path) };
		struct err e = i % 2 == 0 ? route_find(&rq, m) : route_match(&rq, tables, ARRAY_LEN(tables));
		CHECK_ROW(t[k].path, e.code == t[k].code);
		if (!IS_ERR(e))
			check_row(&rq, k);
	}
	route_map_drop(&m);
}

TEST(tables_with_mistakes_are_refused)
{
	static const struct {
		struct route rows[2];
		const char *say;
	} bad[] = {
		{ { { .method = M_GET, .path = "/a/{x}", .handle = h },
		    { .method = M_GET, .path = "/a/b", .handle = h } },
		  "routes GET /a/{x} and /a/b" },
		{ { { .method = M_GET, .path = "/a/{x}", .handle = h },
		    { .method = M_GET, .path = "/a/{y}", .handle = h } },
		  "match the same" },
		{ { { .method = M_GET, .path = "/{x}/b", .handle = h },
		    { .method = M_GET, .path = "/a/{y}", .handle = h } },
		  "match the same" },
		{ { { .method = M_GET, .path = "/a", .handle = h }, { .method = M_GET, .path = "b", .handle = h } },
		  "begin with" },
		{ { { .method = M_GET, .path = "/a", .handle = h }, { .method = M_GET, .path = "/b" } }, "no handler" },
		{ { { .method = M_GET, .path = "/a", .handle = h }, { .method = M_HEAD, .path = "/b", .handle = h } },
		  "no method" },
		{ { { .method = M_GET, .path = "/a", .handle = h },
		    { .method = M_GET, .path = "/b/x{y}", .handle = h } },
		  "whole segment" },
		{ { { .method = M_GET, .path = "/a", .handle = h },
		    { .method = M_GET, .path = "/{a}/{b}/{c}/{d}/{e}", .handle = h } },
		  "more than 4" },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct ctx *cx = tt_ctx();
		struct err e = route_check(cx, &(struct route_table){ bad[i].rows, 2 }, 1);
		CHECK_ROW(bad[i].say, e.code == E_CONFIG && strstr(cx->cause.say, bad[i].say) != NULL);
	}
	CHECK(!IS_ERR(route_check(tt_ctx(), tables, ARRAY_LEN(tables))));
}

/* ---- accessors ---- */
TEST(headers_and_cookies)
{
	static const struct header headers[] = {
		{ SV_INIT("Accept"), SV_INIT("a") },
		{ SV_INIT("accept"), SV_INIT("b") },
		{ SV_INIT("Cookie"), SV_INIT("a=1; b = 2 ;c; d=x=y; =z; e=") },
		{ SV_INIT("COOKIE"), SV_INIT("f=6; a2=7; g=1; g=2") },
	};
	const struct request rq = { .headers = headers, .n_headers = ARRAY_LEN(headers) };
	static const struct {
		const char *name, *want;
	} cookies[] = { { "a", "1" }, { "b", "2" },  { "c", NULL }, { "d", "x=y" }, { "e", "" },
			{ "f", "6" }, { "g", NULL }, { "A", NULL }, { "h", NULL },  { "a2", "7" } };

	CHECK(sv_eqz(http_header_in(&rq, "ACCEPT"), "a") && http_header_in(&rq, "Accep").p == NULL);
	for (size_t i = 0; i < ARRAY_LEN(cookies); i++) {
		struct sv got = http_cookie_in(&rq, cookies[i].name);
		CHECK_ROW(cookies[i].name,
			  cookies[i].want == NULL ? got.p == NULL : sv_eqz(got, cookies[i].want) && got.p != NULL);
	}
}

TEST(query_parameters)
{
	static const struct {
		const char *query, *want;
		enum err_code code;
	} q[] = {
		{ "id=1", "1", E_OK },
		{ "a=b&id=x%2By+z", "x+y z", E_OK },
		{ "id=", "", E_OK },
		{ "id", "", E_OK },
		{ "", NULL, E_OK },
		{ "ID=1", NULL, E_OK },
		{ "i%64=1", "1", E_OK },
		{ "id=1&id=1", NULL, E_BAD_INPUT },
		{ "id=1&i%64=2", NULL, E_BAD_INPUT },
		{ "id=%", NULL, E_BAD_INPUT },
		{ "id=%00", NULL, E_BAD_INPUT },
		{ "id=1&x=%g0", NULL, E_BAD_INPUT },
	};
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		struct request rq = { .cx = tt_ctx(), .query = sv_of(q[i].query) };
		struct sv got;
		CHECK_ROW(q[i].query, http_query(&rq, "id", &got).code == q[i].code);
		CHECK_ROW(q[i].query, q[i].want == NULL ? got.p == NULL : got.p != NULL && sv_eqz(got, q[i].want));
	}
}

TEST(header_lines_cannot_be_split)
{
	CLEANUP(buf_free) struct buf head = BUF(1000), out = BUF(1000);
	struct request rq = { .cx = tt_ctx(), .head = &head, .out = &out };

	http_header(&rq, "X-A", SV("1"));
	http_header(&rq, "X-B", SV("1\r\nSet-Cookie: x=y"));
	http_header(&rq, "X-C", SV("1\n2"));
	http_header(&rq, "X-D",
		    SV("1\0"
		       "2"));
	CHECK(sv_eqz(buf_view(&head), "X-A: 1\r\n"));
	buf_str(&out, "gone");
	http_redirect(&rq, SV("/next"));
	CHECK(rq.status == 303 && out.n == 0);
	CHECK(sv_eqz(buf_view(&head), "X-A: 1\r\nLocation: /next\r\nCache-Control: no-store\r\n"));
}
