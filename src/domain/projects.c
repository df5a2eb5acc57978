/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/projects.h"
#include "core/arena.h"
#include "core/text.h"
#include "store/store_project.h"
#include <string.h>

static struct sv alias(struct sv given, const char *real) { return sv_eqz(given, "default") ? sv_of(real) : given; }
struct err project_find(struct ctx *cx, const struct engine *en, struct sv org, struct sv project, struct project *out)
{
	struct sv id = alias(project, store_default_project(en->store));

	if (store_project_find(en->store, id, out) &&
	    (org.p == NULL || sv_eqz(alias(org, store_default_org(en->store)), out->org_id)))
		return OK;
	*out = (struct project){ .id = "" };
	return refuse(cx, E_NOT_FOUND, "project %.*s not found", SV_FMT(sv_upto(project, 100)));
}
bool project_is_default(const struct engine *en, const struct project *p)
{
	return strcmp(p->id, store_default_project(en->store)) == 0;
}
struct err project_list(struct ctx *cx, const struct engine *en, struct project **v, size_t *n)
{
	*n = store_project_count(en->store);
	*v = arena_array(cx->arena, *n, sizeof **v);
	if (*v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu projects", *n);
	for (size_t i = 0; i < *n; i++)
		store_project_at(en->store, i, &(*v)[i]);
	return OK;
}
