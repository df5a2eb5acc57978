/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/registry.h"
#include "model/reason.h"
#include "store/store_connection.h"
#include "store/store_event.h"
#include <assert.h>
#include <string.h>

/* A provider of engine.yaml has no row of the API: its row in the store is kept in step here, so that connections and
 * flows can refer to it.  One that was taken out of the file is marked deleted, keeps its connections, and comes back
 * with them. */
struct wanted {
	struct provider_row row; /* row.definition: as it shall be */
	const char *where;
};

/* ---- one row of engine.yaml ---- */
static struct err note(struct ctx *cx, struct tx *tx, const struct provider_row *row, const char *kind)
{
	struct event ev = {
		.project_id = row->project_id,
		.kind = kind,
		.by = { .type = "system", .id = "engine", .source = "SYSTEM", .client_ip = SV("") },
		.resource_type = "provider",
		.resource_id = row->unique_id,
		.outcome = "ok",
	};

	return store_event_add(cx, tx, &ev);
}

static struct err revise(struct ctx *cx, struct tx *tx, const struct provider_row *row)
{
	struct provider_revision rev = { row->revision_id, row->id, row->definition, row->client_id };

	return store_provider_revise(cx, tx, &rev);
}

static struct err new_id(struct ctx *cx, const char *prefix, int64_t now, struct sv *out)
{
	char id[ID_TEXT];

	id_ksuid(prefix, now, id);
	*out = arena_sv(cx->arena, sv_of(id));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "id");
}

static struct err act_add(struct ctx *cx, struct tx *tx, struct provider_row *row)
{
	TRY(new_id(cx, "pv_", tx_now(tx), &row->id));
	TRY(new_id(cx, "pr_", tx_now(tx), &row->revision_id));
	row->created_at = row->updated_at = tx_now(tx);
	TRY(store_provider_insert(cx, tx, row));
	TRY(revise(cx, tx, row));
	return note(cx, tx, row, "provider.created");
}

static bool same_row(const struct provider_row *a, const struct provider_row *b)
{
	return sv_eq(a->external_id, b->external_id) && sv_eq(a->type_id, b->type_id) &&
	       sv_eq(a->description, b->description) && sv_eq(a->status, b->status) &&
	       sv_eq(a->client_id, b->client_id) && sv_eq(a->config, b->config) &&
	       sv_eq(a->definition, b->definition) && b->deleted_at == 0;
}

static struct err act_change(struct ctx *cx, struct tx *tx, struct provider_row *row, const struct provider_row *was)
{
	int64_t ended = 0;

	row->id = was->id;
	row->revision_id = was->revision_id;
	row->updated_at = tx_now(tx) > was->updated_at ? tx_now(tx) : was->updated_at + 1;
	if (!sv_eq(row->definition, was->definition) || !sv_eq(row->client_id, was->client_id)) {
		TRY(new_id(cx, "pr_", tx_now(tx), &row->revision_id));
		TRY(revise(cx, tx, row));
	}
	TRY(store_provider_update(cx, tx, row, was->updated_at));
	if (!sv_eq(row->client_id, was->client_id))
		TRY(store_connection_end_all(cx, tx, row->id, reason_code(REASON_CLIENT_CHANGED), &ended));
	return note(cx, tx, row, "provider.updated");
}

static struct err act_static(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct wanted *w = in;
	struct provider_row row = w->row, was = { .created_at = 0 };
	struct err e = store_provider_static(cx, tx_db(tx), row.unique_id, &was);
	struct provider_taken ask = { row.project_id, row.unique_id, row.external_id,
				      e.code == E_OK ? was.id : SV("") };
	bool id = false, external = false;

	(void)out;
	if (e.code != E_NOT_FOUND)
		TRY(e);
	TRY(store_provider_taken(cx, tx_db(tx), &ask, &id, &external));
	if (external)
		return refuse(
		    cx, E_CONFIG,
		    "%s: external_id %.*s is used by another auth provider; give this one an external_id of its own",
		    w->where, SV_FMT(row.external_id));
	if (e.code == E_NOT_FOUND)
		return act_add(cx, tx, &row);
	return same_row(&row, &was) ? OK : act_change(cx, tx, &row, &was);
}

/* The cause of a bad definition, with the place in the file. */
static struct err misconfigured(struct ctx *cx, const struct provider_conf *c)
{
	char say[sizeof cx->cause.say];

	memcpy(say, cx->cause.say, sizeof say);
	(void)forgive(cx);
	return refuse(cx, E_CONFIG, "%s: auth provider %s: %s", c->where, c->id, say);
}

static struct err sync_static(struct ctx *cx, struct engine *en, struct registry *r, const struct provider_conf *c)
{
	struct wanted w = { .where = c->where };
	const struct node *config = NULL,
			  *base = c->type_id == NULL ? NULL : pdef_library_find(registry_library(r), sv_of(c->type_id));
	struct sv canonical = node_text_at(base, "id");
	struct registry_want want = { .unique_id = sv_of(c->id), .development = en->config->development };

	w.row = (struct provider_row){
		.project_id = SV(""),
		.unique_id = sv_of(c->id),
		.external_id = sv_of(c->external_id != NULL ? c->external_id : c->id),
		.binding = SV("static"),
		.type_id = canonical.n > 0 ? canonical : sv_of(c->type_id != NULL ? c->type_id : ""),
		.description = sv_of(c->description != NULL ? c->description : ""),
		.status = c->enabled ? SV("active") : SV("inactive"),
		.client_id = sv_of(c->client_id),
	};
	if (!text_is_id(w.row.external_id, 50, "_-"))
		return refuse(cx, E_CONFIG,
			      "%s: auth provider %s: its id is no callback segment; give it an external_id of 1 to 50 "
			      "letters, digits, _ and -",
			      c->where, c->id);
	TRY(registry_config(cx, c->oauth2, &config));
	TRY(registry_json(cx, config, &w.row.config));
	want.type_id = w.row.type_id;
	want.oauth2 = config;
	struct err e = registry_merge(cx, r, &want, &w.row.definition);
	if (e.code == E_BAD_INPUT)
		return misconfigured(cx, c);
	TRY(e);
	return store_act(cx, en->store, act_static, &w, NULL);
}

/* ---- rows that engine.yaml has no more ---- */
static bool configured(const struct config *c, struct sv id)
{
	for (size_t i = 0; i < c->n_providers; i++)
		if (sv_eqz(id, c->providers[i].id))
			return true;
	return false;
}

static struct err act_absent(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	struct provider_rows rows;

	(void)out;
	TRY(store_provider_all(cx, tx_db(tx), &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct provider_row *row = &rows.v[i];

		if (!sv_eqz(row->binding, "static") || row->deleted_at > 0 || configured(in, row->unique_id))
			continue;
		TRY(store_provider_delete(cx, tx, row->id));
		TRY(note(cx, tx, row, "provider.removed_from_file"));
	}
	return OK;
}

/* ---- rows of the API, after the built-in definitions or the file's overrides have changed ---- */
static struct err act_redefine(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct provider_row *want = in;
	struct provider_row was, row = *want;

	(void)out;
	TRY(store_provider_get(cx, tx_db(tx), want->id, &was));
	return act_change(cx, tx, &row, &was);
}

static struct err redefine(struct ctx *cx, struct engine *en, struct registry *r, struct provider_row *row)
{
	const struct node *config = NULL;
	struct registry_want want = { row->type_id, row->unique_id, NULL, en->config->development };
	struct sv json;
	struct err e = jdoc_parse(cx, row->config, "provider configuration", &config);

	if (!IS_ERR(e)) {
		assert(config != NULL);
		want.oauth2 = config->n == 0 ? NULL : config;
		e = registry_merge(cx, r, &want, &json);
	}
	if (IS_ERR(e)) { /* what is stored may still work: keep it, and say so */
		log_event(cx, LOG_WARN, "provider.not_redefined", LOG_SV("provider", row->unique_id),
			  LOG_SV("project", row->project_id), LOG_STR("cause", &cx->cause.say[0]));
		return forgive(cx);
	}
	if (sv_eq(json, row->definition))
		return OK;
	row->definition = json;
	return store_act(cx, en->store, act_redefine, row, NULL);
}

static struct err api_rows(struct ctx *cx, struct engine *en, struct provider_rows *rows)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };

	TRY(store_read(cx, en->store, &rd));
	return store_provider_all(cx, rd.db, rows);
}

struct err registry_sync(struct ctx *cx, struct engine *en, struct registry *r)
{
	struct provider_rows rows;

	TRY(store_act(cx, en->store, act_absent, en->config, NULL)); /* first: it frees callback segments */
	for (size_t i = 0; i < en->config->n_providers; i++)
		TRY(sync_static(cx, en, r, &en->config->providers[i]));
	TRY(api_rows(cx, en, &rows));
	for (size_t i = 0; i < rows.n; i++)
		if (sv_eqz(rows.v[i].binding, "project") && rows.v[i].deleted_at == 0)
			TRY(redefine(cx, en, r, &rows.v[i]));
	return OK;
}
