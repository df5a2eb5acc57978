/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_inside.h"
#include "api/pipeline.h"
#include "api/routes.h"
#include "api/schemas.h"
#include "core/jdoc.h"
#include "pages/pages.h"
#include "tt_api.h"

static struct err nothing(struct request *rq)
{
	(void)rq;
	return OK;
}

TEST(the_tables_hold)
{
	struct route_table tables[API_TABLES];

	api_tables(tables);
	CHECK(tables[0].n > 30 && tables[1].n > 10);
	CHECK(!IS_ERR(route_check(tt_ctx(), tables, API_TABLES)));
	CHECK(!IS_ERR(pipeline_check(tt_ctx(), tables, API_TABLES)));
}

TEST(a_row_that_forgets_a_column_closes_the_door)
{
	static const struct {
		const char *name;
		struct route row;
		bool good;
	} t[] = {
		{ "nobody", { .method = M_GET, .path = "/x", .handle = nothing }, false },
		{ "no action", { .method = M_GET, .path = "/x", .handle = nothing, .who = WHO(WHO_API_KEY) }, false },
		{ "unknown action",
		  { .method = M_GET, .path = "/x", .handle = nothing, .who = WHO(WHO_API_KEY), .needs = "keys:eat" },
		  false },
		{ "operator without action",
		  { .method = M_GET, .path = "/x", .handle = nothing, .who = WHO(WHO_OPERATOR) },
		  false },
		{ "anyone", { .method = M_GET, .path = "/x", .handle = nothing, .who = WHO(WHO_ANYONE) }, true },
		{ "action",
		  { .method = M_GET, .path = "/x", .handle = nothing, .who = WHO(WHO_API_KEY), .needs = "keys:read" },
		  true },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_ROW(t[i].name,
			  IS_ERR(pipeline_check(tt_ctx(), &(struct route_table){ &t[i].row, 1 }, 1)) != t[i].good);
}

TEST(every_row_is_documented)
{
	struct route_table r = routes_table();

	for (size_t i = 0; i < r.n; i++) {
		CHECK_ROW(r.rows[i].path, r.rows[i].id != NULL && r.rows[i].doc != NULL);
		CHECK_ROW(r.rows[i].path, r.rows[i].in == NULL || schemas_find(sv_of(r.rows[i].in)) != NULL);
		CHECK_ROW(r.rows[i].path, r.rows[i].out == NULL || schemas_find(sv_of(r.rows[i].out)) != NULL);
		CHECK_ROW(r.rows[i].path, (r.rows[i].body == BODY_JSON) == (r.rows[i].in != NULL));
		CHECK_ROW(r.rows[i].path, (r.rows[i].ok == 204 || r.rows[i].text != NULL) == (r.rows[i].out == NULL));
		for (size_t k = 0; k < i; k++)
			CHECK_ROW(r.rows[i].id, strcmp(r.rows[i].id, r.rows[k].id) != 0);
	}
}

static bool type_ok(struct sv text, int depth)
{
	struct schema_type t;

	if (depth > 4 || !schemas_type(text, &t))
		return false;
	return (t.kind != SCHEMA_MAP && t.kind != SCHEMA_LIST) || type_ok(t.of, depth + 1);
}

TEST(every_schema_reads_and_names_only_what_there_is)
{
	struct schema_list l = schemas_all();
	size_t fields = 0;

	for (size_t i = 0; i < l.n; i++) {
		struct sv rest = sv_of(l.v[i].fields);
		struct schema_field f;
		bool bad;
		while (schemas_next(&rest, &f, &bad)) {
			CHECK_ROW(l.v[i].name, type_ok(f.type, 0));
			fields++;
		}
		CHECK_ROW(l.v[i].name, !bad && schemas_find(sv_of(l.v[i].name)) == &l.v[i]);
	}
	CHECK(fields > 200);
}

TEST(a_schema_that_does_not_fit_the_grammar_is_refused)
{
	static const char *const bad[] = { "name",    "name:",    ":str",       "a:nobody",
					   "a:str<=", "a:str<=x", "a:[nobody]", "a:map<nobody>" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sv rest = sv_of(bad[i]);
		struct schema_field f;
		bool wrong;
		bool got = schemas_next(&rest, &f, &wrong);
		CHECK_ROW(bad[i], got ? !type_ok(f.type, 0) : wrong);
	}
}

static bool described(struct ctx *cx, const struct node *paths, const struct route *r, bool twin)
{
	const char *tail = r->path + (strncmp(r->path, "/tb/v1", 6) == 0 ? 6 : 3);
	char verb[16];
	const char *path = twin ? arena_printf(cx->arena, "%.*s/orgs/{org_id}/projects/{project_id}%s",
					       (int)(tail - r->path), r->path, tail)
				: r->path;
	size_t i = 0;

	for (const char *m = method_name(r->method); *m != '\0'; m++)
		verb[i++] = (char)(*m | 0x20);
	verb[i] = '\0';
	return node_get(node_get(paths, path), verb) != NULL;
}

TEST(openapi_has_every_route_and_its_twin)
{
	CLEANUP(buf_free) struct buf b = BUF(1 << 20);
	struct route_table r = routes_table();
	struct ctx *cx = tt_ctx();
	const struct node *n;

	CHECK(!IS_ERR(api_openapi(cx, "http://localhost:9099", "1.2.3", &b)));
	CHECK(!IS_ERR(jdoc_parse(cx, buf_view(&b), "openapi", &n)));
	for (size_t i = 0; i < r.n; i++) {
		CHECK_ROW(r.rows[i].path, described(cx, node_get(n, "paths"), &r.rows[i], false));
		CHECK_ROW(r.rows[i].path, !r.rows[i].scoped || described(cx, node_get(n, "paths"), &r.rows[i], true));
	}
	CHECK(sv_eqz(node_text_at(n, "openapi"), "3.0.3"));
}

TEST(the_document_has_every_route)
{
	CLEANUP(buf_free) struct buf b = BUF(1 << 20);
	struct route_table r = routes_table();

	CHECK(!IS_ERR(api_docs(tt_ctx(), &b)));
	buf_char(&b, '\0');
	for (size_t i = 0; i < r.n; i++)
		CHECK_ROW(r.rows[i].path, tt_has(b.p, arena_printf(tt_ctx()->arena, "### %s %s\n",
								   method_name(r.rows[i].method), r.rows[i].path)));
}

TEST(every_page_admits_anyone_and_no_api_row_is_a_page)
{
	struct route_table p = pages_routes(), r = routes_table();

	for (size_t i = 0; i < p.n; i++)
		CHECK_ROW(p.rows[i].path, pages_has(&p.rows[i]) && p.rows[i].who == WHO(WHO_ANYONE));
	for (size_t i = 0; i < r.n; i++)
		CHECK_ROW(r.rows[i].path, !pages_has(&r.rows[i]));
	CHECK(!pages_has(NULL));
}
