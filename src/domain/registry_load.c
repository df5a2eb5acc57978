/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/logf.h"
#include "core/text.h"
#include "domain/registry.h"

/* A stored definition was checked when it was stored, under the settings and by the version of that day.  Today's may
 * refuse it; then this one provider is out of use, and says why, and everybody else's tokens are handed out. */
#define AGAIN                                                                                                    \
	"Send its oauth2 section again (PATCH, or the dashboard), or remove it: tokenbooth provider remove %s. " \
	"Its connections are kept until then."
#define DEVELOPED                                                                                                \
	"Set api.development: true in engine.yaml again, give it https addresses (PATCH, or the dashboard), or " \
	"remove it: tokenbooth provider remove %s"

struct err registry_load(struct ctx *cx, struct sv json, struct pdef_how how, struct pdef **out)
{
	const struct node *tree = NULL;
	struct sv id;

	TRY(jdoc_parse_written(cx, json, "provider definition", &tree));
	id = node_text_at(tree, "id");
	if (id.n > 0)
		how.id = id.p;
	return pdef_load(cx, tree, &how, out);
}

/* Something to show in its place, and nothing that could be called: names under .invalid do not exist (RFC 2606). */
static struct err nothing(struct ctx *cx, struct pdef_how how, struct pdef **out)
{
	static const struct sv json = SV_INIT("{\"authorize\":{\"url\":\"https://out-of-use.invalid/\"},"
					      "\"token\":{\"url\":\"https://out-of-use.invalid/\"}}");

	return registry_load(cx, json, how, out);
}

struct err registry_load_shown(struct ctx *cx, struct sv json, struct pdef_how how, struct pdef **out)
{
	struct err e = registry_load(cx, json, how, out);

	if (!IS_ERR(e) || how.development)
		return e;
	(void)forgive(cx);
	how.development = true; /* read only: the egress guard and the templates go by the setting of now */
	return registry_load(cx, json, how, out);
}

/* The sentence without what belongs to an answer to a request. */
static struct sv plainly(const struct ctx *cx)
{
	static const struct sv head = SV_INIT("failed to validate request body: ");
	struct sv say = sv_of(cx->cause.say);

	return sv_starts(say, head) ? sv_from(say, head.n) : say;
}

static struct err say_so(struct ctx *cx, struct registry_entry *e, bool developed)
{
	e->p.refused_fix = arena_printf(e->arena, developed ? DEVELOPED : AGAIN, e->p.unique_id);
	if (e->p.refused_fix == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "provider");
	if (!e->deleted)
		log_event(cx, LOG_ERROR, "provider.out_of_use", LOG_STR("provider", e->p.unique_id),
			  LOG_STR("project", e->p.project_id), LOG_STR("cause", e->p.refused),
			  LOG_STR("fix", e->p.refused_fix));
	return OK;
}

/* cx holds why it was refused: its definition, or another part of its row. */
struct err registry_load_anyway(struct ctx *cx, struct sv json, struct pdef_how how, struct registry_entry *e)
{
	bool developed = false;

	e->p.active = false;
	e->p.refused = arena_text(e->arena, plainly(cx));
	if (e->p.refused == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "provider");
	(void)forgive(cx);
	if (IS_ERR(registry_load(cx, json, how, &e->def))) {
		(void)forgive(cx);
		developed = !how.development;
		how.development = true;
		if (IS_ERR(registry_load(cx, json, how, &e->def))) {
			(void)forgive(cx);
			developed = false;
			TRY(nothing(cx, how, &e->def));
		}
	}
	return say_so(cx, e, developed);
}
