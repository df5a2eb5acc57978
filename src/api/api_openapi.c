/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_inside.h"
#include "api/routes.h"
#include "api/schemas.h"
#include "core/arena.h"
#include "core/text.h"
#include <stdio.h>

/* OpenAPI 3.0.3, printed from the route table and from schemas.c; a validator of other people reads it in the tests. */
static void put_type(struct jout *w, struct sv text, int depth);

/* null is one of the words where it may stand (OpenAPI 3.0.3, clarification of nullable). */
static void words(struct jout *w, struct sv list, bool nullable)
{
	jout_strz(w, "type", "string");
	jout_list(w, "enum");
	while (list.p != NULL)
		jout_str(w, NULL, sv_cut(&list, '|'));
	if (nullable)
		jout_null(w, NULL);
	jout_list_end(w);
	if (nullable)
		jout_bool(w, "nullable", true);
}

static void reference(struct jout *w, struct sv name)
{
	CLEANUP(buf_free) struct buf b = BUF(256);

	buf_str(&b, "#/components/schemas/");
	buf_sv(&b, name);
	jout_str(w, "$ref", buf_view(&b));
}

static void inner(struct jout *w, const char *key, struct sv type, int depth)
{
	jout_open(w, key);
	put_type(w, type, depth);
	jout_close(w);
}

static void put_type(struct jout *w, struct sv text, int depth)
{
	struct schema_type t;

	if (depth > 4 || !schemas_type(text, &t)) {
		w->broken = true;
		return;
	}
	switch (t.kind) {
	case SCHEMA_STR:
		jout_strz(w, "type", "string");
		if (t.least > 0)
			jout_i64(w, "minLength", t.least);
		if (t.most > 0)
			jout_i64(w, "maxLength", t.most);
		break;
	case SCHEMA_INT: jout_strz(w, "type", "integer"); break;
	case SCHEMA_NUM: jout_strz(w, "type", "number"); break;
	case SCHEMA_BOOL: jout_strz(w, "type", "boolean"); break;
	case SCHEMA_ANY: jout_bool(w, "nullable", true); break;
	case SCHEMA_TIME:
		jout_strz(w, "type", "string");
		jout_strz(w, "format", "date-time");
		break;
	case SCHEMA_MAP:
		jout_strz(w, "type", "object");
		inner(w, "additionalProperties", t.of, depth + 1);
		break;
	case SCHEMA_LIST:
		jout_strz(w, "type", "array");
		inner(w, "items", t.of, depth + 1);
		break;
	case SCHEMA_WORDS: words(w, t.of, false); break;
	case SCHEMA_REF:
	default: reference(w, t.of); break;
	}
}

/* An absent value is left out or null: both are said (contract 3). */
static void property(struct jout *w, const struct schema_field *f)
{
	struct schema_type t = { .kind = SCHEMA_ANY };
	bool nullable = !f->required && schemas_type(f->type, &t) && t.kind != SCHEMA_ANY;

	jout_key(w, f->name);
	jout_open(w, NULL);
	if (nullable && t.kind == SCHEMA_REF) {
		jout_list(w, "allOf");
		inner(w, NULL, f->type, 0);
		jout_list_end(w);
		jout_bool(w, "nullable", true);
	} else if (nullable && t.kind == SCHEMA_WORDS) {
		words(w, t.of, true);
	} else {
		put_type(w, f->type, 0);
		if (nullable)
			jout_bool(w, "nullable", true);
	}
	jout_close(w);
}

static void schema(struct jout *w, const struct schema *s)
{
	struct sv rest = sv_of(s->fields);
	struct schema_field f;
	bool bad, any = false;

	jout_open(w, s->name);
	jout_strz(w, "type", "object");
	if (rest.n > 0)
		jout_open(w, "properties");
	while (schemas_next(&rest, &f, &bad)) {
		property(w, &f);
		any = any || f.required;
	}
	w->broken = w->broken || bad;
	if (s->fields[0] != '\0')
		jout_close(w);
	if (any) {
		rest = sv_of(s->fields);
		jout_list(w, "required");
		while (schemas_next(&rest, &f, &bad))
			if (f.required)
				jout_str(w, NULL, f.name);
		jout_list_end(w);
	}
	jout_close(w);
}

/* ---- paths ---- */
static void content(struct jout *w, const char *name)
{
	jout_open(w, "content");
	jout_open(w, "application/json");
	jout_open(w, "schema");
	reference(w, sv_of(name));
	jout_close(w);
	jout_close(w);
	jout_close(w);
}

static void text(struct jout *w, const char *type)
{
	jout_open(w, "content");
	jout_open(w, type);
	jout_open(w, "schema");
	jout_strz(w, "type", "string");
	jout_close(w);
	jout_close(w);
	jout_close(w);
}

static void parameter(struct jout *w, struct sv name, const char *in, struct sv type, bool required)
{
	jout_open(w, NULL);
	jout_str(w, "name", name);
	jout_strz(w, "in", in);
	jout_bool(w, "required", required);
	jout_open(w, "schema");
	jout_str(w, "type", type);
	if (required) /* an empty one counts as absent */
		jout_i64(w, "minLength", 1);
	if (in[0] == 'p') /* ids in paths (design 5) */
		jout_strz(w, "pattern", "^[A-Za-z0-9._-]{1,100}$");
	jout_close(w);
	jout_close(w);
}

static void path_parameters(struct jout *w, struct sv path)
{
	while (path.p != NULL) {
		struct sv seg = sv_cut(&path, '/');
		if (seg.n > 2 && seg.p[0] == '{')
			parameter(w, (struct sv){ seg.p + 1, seg.n - 2 }, "path", SV("string"), true);
	}
}

static void if_match(struct jout *w)
{
	jout_open(w, NULL);
	jout_strz(w, "name", "If-Match");
	jout_strz(w, "in", "header");
	jout_bool(w, "required", false);
	jout_strz(w, "description", "The etag of what you have read; an older one is 412.");
	jout_open(w, "schema");
	jout_strz(w, "type", "string");
	jout_close(w);
	jout_close(w);
}

static void parameters(struct jout *w, struct sv path, const struct route *r)
{
	struct sv rest = r->query == NULL ? SV_NONE : sv_of(r->query);

	jout_list(w, "parameters");
	path_parameters(w, path);
	if (r->tagged && r->method != M_GET)
		if_match(w);
	while (rest.p != NULL) {
		struct sv type = sv_cut(&rest, ' '), name = sv_cut(&type, ':');
		bool required = sv_ends(name, SV("*"));
		if (name.n > 0)
			parameter(w, sv_upto(name, name.n - required), "query", type, required);
	}
	jout_list_end(w);
}

static void error(struct jout *w, const char *status, const char *what)
{
	jout_open(w, status);
	jout_strz(w, "description", what);
	content(w, "Error");
	jout_close(w);
}

/* Which refusals a route may answer with.  Those of HTTP itself (408, 414, 431, 501, 505) come before there is a route.
 */
static const struct {
	const char *status, *what;
	bool body, parks, writes, closed,
	    tagged; /* only of routes with a body, a wait, an effect, a caller who must show himself, an ETag */
} refusals[] = {
	{ "400", "Bad Request", .body = false },
	{ "401", "Unauthorized", .closed = true },
	{ "403", "Forbidden", .closed = true },
	{ "404", "Not Found", .body = false },
	{ "409", "Conflict", .writes = true },
	{ "410", "Gone", .parks = true },
	{ "412", "Precondition Failed", .writes = true, .tagged = true },
	{ "413", "Content Too Large", .body = true },
	{ "415", "Unsupported Media Type", .body = true },
	{ "429", "Too Many Requests", .body = false },
	{ "500", "Internal Server Error", .body = false },
	{ "502", "Bad Gateway", .parks = true },
	{ "503", "Service Unavailable", .body = false },
};

static void responses(struct jout *w, const struct route *r)
{
	bool closed = (r->who & WHO(WHO_ANYONE)) == 0 || r->body == BODY_JSON; /* signing in: a wrong password */
	char ok[16];

	(void)snprintf(ok, sizeof ok, "%d", r->ok == 0 ? 200 : r->ok);
	jout_open(w, "responses");
	jout_open(w, ok);
	jout_strz(w, "description", r->ok == 201 ? "Created" : r->ok == 204 ? "No Content" : "OK");
	if (r->out != NULL)
		content(w, r->out);
	if (r->text != NULL)
		text(w, r->text);
	jout_close(w);
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if ((!refusals[i].body || r->body == BODY_JSON) && (!refusals[i].parks || r->parks) &&
		    (!refusals[i].writes || r->method != M_GET) && (!refusals[i].tagged || r->tagged) &&
		    (!refusals[i].closed || closed))
			error(w, refusals[i].status, refusals[i].what);
	jout_close(w);
}

static void security(struct jout *w, const struct route *r)
{
	jout_list(w, "security");
	if ((r->who & WHO(WHO_API_KEY)) != 0) {
		jout_open(w, NULL);
		jout_list(w, "Bearer");
		jout_list_end(w);
		jout_close(w);
	}
	if ((r->who & WHO(WHO_SESSION)) != 0) {
		jout_open(w, NULL);
		jout_list(w, "Session");
		jout_list_end(w);
		jout_close(w);
	}
	jout_list_end(w);
}

static const char *verb(enum method m)
{
	switch (m) {
	case M_GET: return "get";
	case M_POST: return "post";
	case M_PUT: return "put";
	case M_PATCH: return "patch";
	case M_DELETE: return "delete";
	case M_OTHER:
	case M_HEAD:
	case M_OPTIONS:
	default: return "options";
	}
}

static void operation(struct jout *w, const struct route *r, struct sv path, bool twin)
{
	char id[96];

	(void)snprintf(id, sizeof id, "%s%s", twin ? "project-" : "", r->id);
	jout_open(w, verb(r->method));
	jout_strz(w, "operationId", id);
	jout_strz(w, "summary", r->doc);
	security(w, r);
	if (r->needs != NULL)
		jout_strz(w, "x-tokenbooth-needs", r->needs);
	parameters(w, path, r);
	if (r->in != NULL) {
		jout_open(w, "requestBody");
		jout_bool(w, "required", true);
		content(w, r->in);
		jout_close(w);
	}
	responses(w, r);
	jout_close(w);
}

/* All methods of a path stand together, wherever their rows are. */
static bool first_of_path(const struct route_table *t, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (sv_eqz(sv_of(t->rows[k].path), t->rows[i].path))
			return false;
	return true;
}

static void path_item(struct jout *w, const struct route_table *t, size_t i, struct sv path, bool twin)
{
	jout_key(w, path);
	jout_open(w, NULL);
	for (size_t k = i; k < t->n; k++)
		if (sv_eqz(sv_of(t->rows[k].path), t->rows[i].path) && (t->rows[k].scoped || !twin))
			operation(w, &t->rows[k], path, twin);
	jout_close(w);
}

static struct err paths(struct ctx *cx, struct jout *w)
{
	struct route_table t = routes_table();

	jout_open(w, "paths");
	for (size_t i = 0; i < t.n; i++) {
		if (!first_of_path(&t, i))
			continue;
		struct sv path = sv_of(t.rows[i].path), head = sv_starts(path, SV("/tb/v1")) ? SV("/tb/v1") : SV("/v1");
		path_item(w, &t, i, path, false);
		if (!t.rows[i].scoped)
			continue;
		const char *twin = arena_printf(cx->arena, "%.*s/orgs/{org_id}/projects/{project_id}%.*s", SV_FMT(head),
						SV_FMT(sv_from(path, head.n)));
		if (twin == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "openapi");
		path_item(w, &t, i, sv_of(twin), true);
	}
	jout_close(w);
	return OK;
}

struct err api_openapi(struct ctx *cx, const char *public_url, const char *version, struct buf *out)
{
	struct schema_list l = schemas_all();
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	api_openapi_head(&w, public_url, version);
	TRY(paths(cx, &w));
	jout_open(&w, "components");
	jout_open(&w, "schemas");
	for (size_t i = 0; i < l.n; i++)
		schema(&w, &l.v[i]);
	jout_close(&w);
	api_openapi_head_security(&w);
	jout_close(&w);
	jout_close(&w);
	return jout_done(cx, &w);
}
