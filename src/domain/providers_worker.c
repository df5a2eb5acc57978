/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "domain/provider_mint.h"
#include "domain/registry.h"
#include "model/reason.h"
#include "store/store_connection.h"
#include "store/store_event.h"
#include "store/store_revocation.h"
#include <string.h>

/* The authorization servers of mcp workers are providers like all others, so that links, callbacks, verification,
 * refreshes and revocations are the same code.  Only they are not made by a person. */
struct put {
	struct provider_row row;
	const struct provider_row *was; /* NULL: new */
	const struct actor *by;
	const struct worker_as *as;
	bool ends; /* another issuer or client: the tokens there were are nobody's any more */
};

/* ---- acts ---- */
static struct err note(struct ctx *cx, struct tx *tx, const struct put *p)
{
	const struct event ev = {
		.project_id = p->row.project_id,
		.kind = p->was == NULL ? "provider.created" : "provider.updated",
		.by = *p->by,
		.resource_type = "provider",
		.resource_id = p->row.unique_id,
		.outcome = "ok",
	};

	return store_event_add(cx, tx, &ev);
}
static struct err act_put(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct put *p = in;
	struct provider_row row = p->row;
	const struct provider_revision rev = { row.revision_id, row.id, row.definition, row.client_id };
	int64_t ended = 0;

	(void)out;
	TRY(store_worker_still(cx, tx, p->as));
	if (p->was == NULL) {
		row.created_at = row.updated_at = tx_now(tx);
		TRY(store_provider_insert(cx, tx, &row));
		TRY(store_provider_revise(cx, tx, &rev));
		return note(cx, tx, p);
	}
	row.updated_at = tx_now(tx) > p->was->updated_at ? tx_now(tx) : p->was->updated_at + 1;
	TRY(store_provider_revise(cx, tx, &rev));
	TRY(store_provider_update(cx, tx, &row, p->was->updated_at));
	if (p->ends) {
		TRY(store_connection_end_all(cx, tx, row.id, reason_code(REASON_CLIENT_CHANGED), &ended));
		TRY(store_revocation_give_up(cx, tx, row.id));
	}
	return note(cx, tx, p);
}

/* ---- the row ---- */
static struct err row_now(struct ctx *cx, struct engine *en, const struct provider *p, struct provider_row *out)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };

	TRY(store_read(cx, en->store, &rd));
	return store_provider_get(cx, rd.db, sv_of(p->row_id), out);
}
static struct err new_row(struct ctx *cx, const struct provider_worker *in, struct provider_row *row)
{
	*row = (struct provider_row){ .project_id = in->project_id,
				      .unique_id = in->worker,
				      .external_id = in->external_id,
				      .binding = SV("worker"),
				      .type_id = SV(""),
				      .description = SV(""),
				      .status = SV("active"),
				      .config = SV("{}") };
	return provider_mint_id(cx, "pv_", &row->id);
}
static struct err fill(struct ctx *cx, struct engine *en, const struct provider_worker *in, struct provider_row *row)
{
	const struct provider_seal at = { row->project_id, row->id };

	row->client_id = in->client_id;
	row->secret_box = SV_NONE;
	if (in->client_secret != NULL)
		TRY(store_provider_seal(cx, en->store, &at, in->client_secret, &row->secret_box));
	return provider_mint_id(cx, "pr_", &row->revision_id);
}
static bool same(const char *a, const char *b) { return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0; }

struct err providers_put_worker(struct ctx *cx, struct engine *en, const struct provider_worker *in,
				const struct provider **out)
{
	CLEANUP(registry_leave) struct registry_guard guard = { en->registry };
	CLEANUP(pdef_drop) struct pdef *def = NULL;
	struct pdef_how how = { "mcp", en->config->development };
	struct provider_row was;
	struct put p = { .by = in->by, .as = &in->as };
	struct registry_make make = { en, en->registry, &p.row, NULL, false };
	CLEANUP(registry_unmake) struct registry_entry *e = NULL;

	registry_lock(en->registry);
	*out = NULL;
	TRY(pdef_load(cx, in->definition, &how, &def));
	const struct provider *there = providers_of_worker(en, in->project_id, in->worker);
	if (there != NULL) {
		TRY(row_now(cx, en, there, &was));
		p.was = &was;
		p.row = was;
		p.ends = !sv_eqz(in->client_id, there->client_id) || !same(def->issuer, there->def->issuer);
	} else {
		TRY(new_row(cx, in, &p.row));
	}
	TRY(pdef_text(cx, in->definition, &p.row.definition));
	if (there != NULL && !in->fresh && sv_eqz(in->client_id, there->client_id) &&
	    sv_eq(p.row.definition, was.definition)) {
		*out = there;
		return OK;
	}
	TRY(fill(cx, en, in, &p.row));
	TRY(registry_make(cx, &make, &e));
	TRY(store_act(cx, en->store, act_put, &p, NULL));
	const struct provider *now = &e->p;
	TRY(registry_show(cx, en->registry, &e));
	*out = now;
	return OK;
}
