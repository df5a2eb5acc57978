/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/overview.h"
#include "domain/providers.h"
#include "domain/toolbox.h"

static int64_t tools_of(struct engine *en, struct sv project_id)
{
	CLEANUP(toolbox_let_go) const struct tool_set *set = toolbox_hold(en);
	struct tool_set of = toolbox_of(set, project_id);
	int64_t n = 0;

	for (size_t i = 0; i < of.n; i++)
		n += of.v[i].newest;
	return n;
}
struct err overview_of(struct ctx *cx, struct engine *en, struct sv project_id, struct overview *out)
{
	struct provider_list l;

	*out = (struct overview){ .providers = 0 };
	store_act_settle(en->store); /* the record of a run comes after its answer */
	TRY(store_overview(cx, en->store, &(struct overview_ask){ project_id, cx->now - DAY(1) }, out->count));
	TRY(providers_list(cx, en, project_id, &l));
	out->providers = (int64_t)l.n;
	out->tools = tools_of(en, project_id);
	return settings_verification(cx, en, project_id, &out->verification);
}
