/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/workers_put.h"
#include "domain/mcp_auth.h"
#include "domain/providers.h"
#include "domain/workers_mcp.h"

static struct err act_change(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	return store_worker_change(cx, tx, in, out);
}
static struct err act_remove(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return store_worker_remove(cx, tx, in);
}
static struct err leave(struct ctx *cx, struct engine *en, const struct worker_row *w, struct provider_leave *how)
{
	how->project_id = w->project_id;
	TRY(mcp_auth_name(cx, w, &how->worker));
	return providers_leave_worker(cx, en, how);
}
struct err workers_put_change(struct ctx *cx, struct engine *en, const struct worker_put *in, struct worker_row *out)
{
	struct provider_leave how = { .by = &in->event->by, .with = act_change, .in = in, .out = out };

	return in->forgets ? leave(cx, en, &in->row, &how) : store_act(cx, en->store, act_change, in, out);
}
struct err workers_put_remove(struct ctx *cx, struct engine *en, const struct worker_row *w, const struct event *ev)
{
	const struct worker_end end = { w->id, ev };
	struct provider_leave how = { .by = &ev->by, .with = act_remove, .in = &end };

	return workers_mcp_is(w) ? leave(cx, en, w, &how) : store_act(cx, en->store, act_remove, &end, NULL);
}
