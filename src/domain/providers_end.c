/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/text.h"
#include "domain/flows.h"
#include "domain/registry.h"
#include "store/store_connection.h"
#include "store/store_event.h"
#include "store/store_version.h"

/* A provider's end, by itself or with the worker whose authorization server it is. */
struct ending {
	struct engine *en;
	struct provider_row row; /* id p NULL: there is none */
	const struct actor *by;
	const struct provider_leave *leave; /* its worker's change, of which this is a part; NULL: none */
};
static struct err note(struct ctx *cx, struct tx *tx, const struct ending *c)
{
	const struct event ev = { .project_id = c->row.project_id,
				  .kind = "provider.deleted",
				  .by = *c->by,
				  .resource_type = "provider",
				  .resource_id = c->row.unique_id,
				  .outcome = "ok" };

	return store_event_add(cx, tx, &ev);
}
static struct err act_delete(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct ending *c = in;
	struct flows_ended *ended = out;
	struct authorization like = { .provider_id = c->row.id, .user_id = SV_NONE };
	struct authorizations list;
	struct provider_row now;
	int64_t n = 0;

	*ended = (struct flows_ended){ .n = 0 };
	TRY(store_provider_get(cx, tx_db(tx), c->row.id, &now));
	if (c->leave == NULL)
		TRY(store_version_check(cx, tx,
					&(struct store_version){ "auth provider", c->row.unique_id, "provider",
								 c->row.project_id, c->row.unique_id,
								 now.updated_at }));
	TRY(store_authorization_pending(cx, tx_db(tx), &like, &list));
	for (size_t i = 0; i < list.n; i++)
		TRY(flows_end_authorization(cx, tx,
					    &(struct flows_end){ .a = &list.v[i],
								 .reason = REASON_PROVIDER_DELETED,
								 .why = DISCARD_PROVIDER_DELETED,
								 .by = c->by },
					    ended));
	TRY(store_connection_end_all(cx, tx, c->row.id, reason_code(REASON_PROVIDER_DELETED), &n));
	TRY(store_provider_delete(cx, tx, c->row.id));
	return note(cx, tx, c);
}

static struct err act_leave(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct ending *c = in;
	struct flows_ended *ended = out;

	*ended = (struct flows_ended){ .n = 0 };
	TRY(c->leave->with(cx, tx, c->leave->in, c->leave->out));
	return c->row.id.n == 0 ? OK : act_delete(cx, tx, in, out);
}
/* The registry is locked. */
static struct err end(struct ctx *cx, struct ending *c, const struct provider *p, act_fn *act)
{
	struct engine *en = c->en;
	struct registry_make how = { en, en->registry, &c->row, NULL, true };
	struct flows_ended ended = { .n = 0 };
	CLEANUP(registry_unmake) struct registry_entry *e = NULL;

	if (p != NULL) {
		TRY(providers_stored(cx, en, sv_of(p->row_id), &c->row));
		c->row.deleted_at = clock_now(); /* of the object only; the act has its own */
		TRY(registry_make(cx, &how, &e));
	}
	TRY(store_act(cx, en->store, act, c, &ended));
	flows_publish(en, &ended);
	return e == NULL ? OK : registry_show(cx, en->registry, &e);
}
struct err providers_delete(struct ctx *cx, struct engine *en, const struct provider *p, const struct actor *by)
{
	CLEANUP(registry_leave) struct registry_guard guard = { en->registry };
	struct ending c = { .en = en, .by = by };

	registry_lock(en->registry);
	TRY(providers_may_write(cx, p));
	return end(cx, &c, p, act_delete);
}
struct err providers_leave_worker(struct ctx *cx, struct engine *en, const struct provider_leave *in)
{
	CLEANUP(registry_leave) struct registry_guard guard = { en->registry };
	struct ending c = { .en = en, .by = in->by, .leave = in };

	registry_lock(en->registry);
	return end(cx, &c, providers_of_worker(en, in->project_id, in->worker), act_leave);
}
