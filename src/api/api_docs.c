/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_inside.h"
#include "api/routes.h"
#include "api/schemas.h"
#include "core/text.h"

/* docs/API.md: what a person reads; the same tables as OpenAPI. */
static const char head[] =
    "# API\n"
    "\n"
    "Printed by `tokenbooth` from its route table; do not edit. The same as OpenAPI: `GET /v1/swagger`.\n"
    "\n"
    "- **Who asks**: `Authorization: <API key>` or `Authorization: Bearer <API key>`; the dashboard's people by "
    "session cookie;\n"
    "  the operator through the control socket of the data folder.\n"
    "- **Where**: routes marked *twin* exist a second time as `/v1/orgs/{org_id}/projects/{project_id}/...` (ours:\n"
    "  `/tb/v1/orgs/{org_id}/projects/{project_id}/...`); `default` stands for the first organisation and project.\n"
    "- **Errors** are `{\"name\", \"message\"}`, with `field_errors: [{field, rule, message}]` when a field is at "
    "fault. What a\n"
    "  repetition cannot mend says `x-should-retry: false`; 429 and 503 say `Retry-After`.\n"
    "- **Lists** take `limit` (25, at most 100) and `offset`, and answer\n"
    "  `{\"items\", \"limit\", \"offset\", \"page_count\", \"total_count\"}`. The next page begins at `offset` +\n"
    "  `page_count`: a page of tools ends early when it has 6 MB.\n"
    "- **Times** are RFC 3339 in UTC. `*` marks what is required or always there;\n"
    "  `text` is a `str` that is not empty.\n";

static void who(struct buf *b, unsigned bits)
{
	static const struct {
		enum who w;
		const char *words;
	} names[] = { { WHO_ANYONE, "anyone" },
		      { WHO_API_KEY, "API key" },
		      { WHO_SESSION, "session" },
		      { WHO_OPERATOR, "operator" },
		      { WHO_SCRAPER, "`metrics.token`" } };
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if ((bits & WHO(names[i].w)) == 0)
			continue;
		buf_str(b, any ? ", " : "");
		buf_str(b, names[i].words);
		any = true;
	}
}

/* `{field: type, ...}` of a schema, one level deep. */
static void shape(struct buf *b, const char *name)
{
	const struct schema *s = schemas_find(sv_of(name));
	struct sv rest = s == NULL ? SV_NONE : sv_of(s->fields);
	struct schema_field f;
	bool bad, any = false;

	buf_char(b, '`');
	buf_str(b, name);
	buf_str(b, " {");
	while (schemas_next(&rest, &f, &bad)) {
		buf_str(b, any ? ", " : "");
		buf_sv(b, f.name);
		buf_str(b, f.required ? "*: " : ": ");
		buf_sv(b, f.type);
		any = true;
	}
	buf_str(b, "}`");
}

static void route(struct buf *b, const struct route *r)
{
	buf_printf(b, "\n### %s %s\n\n%s\n\n", method_name(r->method), r->path, r->doc);
	buf_str(b, "- Who: ");
	who(b, r->who);
	if (r->needs != NULL)
		buf_printf(b, " (`%s`)", r->needs);
	buf_str(b, r->scoped ? "; twin\n" : "\n");
	if (r->query != NULL)
		buf_printf(b, "- Query: `%s`\n", r->query);
	if (r->in != NULL) {
		buf_str(b, "- Body: ");
		shape(b, r->in);
		buf_char(b, '\n');
	}
	buf_printf(b, "- Answer: %d", r->ok == 0 ? 200 : r->ok);
	if (r->out != NULL) {
		buf_char(b, ' ');
		shape(b, r->out);
	}
	if (r->text != NULL)
		buf_printf(b, " `%s`", r->text);
	buf_char(b, '\n');
}

static bool used_inside(const struct schema *s)
{
	return !sv_starts(sv_of(s->name), SV("OffsetPage-")) && s->fields[0] != '\0';
}

struct err api_docs(struct ctx *cx, struct buf *out)
{
	struct route_table t = routes_table();
	struct schema_list l = schemas_all();

	buf_str(out, head);
	buf_str(out, "\n## Routes\n");
	for (size_t i = 0; i < t.n; i++)
		route(out, &t.rows[i]);
	buf_str(out, "\n## Shapes\n\n");
	for (size_t i = 0; i < l.n; i++) {
		if (!used_inside(&l.v[i]))
			continue;
		buf_str(out, "- ");
		shape(out, l.v[i].name);
		buf_char(out, '\n');
	}
	return buf_done(cx, out, "docs/API.md");
}
