/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/providers.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/text.h"
#include "domain/registry.h"

/* ---- look-ups ---- */
static const struct registry_entry *entry_by_row(struct engine *en, struct sv row_id)
{
	const struct registry_view *v = registry_view(en->registry);

	for (size_t i = 0; i < v->n; i++)
		if (sv_eqz(row_id, v->v[i]->p.row_id))
			return v->v[i];
	return NULL;
}

const struct provider *providers_by_row(struct engine *en, struct sv row_id)
{
	const struct registry_entry *e = entry_by_row(en, row_id);

	return e == NULL || e->deleted ? NULL : &e->p;
}

const struct provider *providers_even_deleted(struct engine *en, struct sv row_id)
{
	const struct registry_entry *e = entry_by_row(en, row_id);

	return e == NULL ? NULL : &e->p;
}

const struct provider *providers_by_external(struct engine *en, struct sv external_id)
{
	const struct registry_view *v = registry_view(en->registry);

	for (size_t i = 0; i < v->n; i++)
		if (!v->v[i]->deleted && sv_eqz(external_id, v->v[i]->p.external_id))
			return &v->v[i]->p;
	return NULL;
}

static bool sees(const struct registry_entry *e, struct sv project, enum binding b)
{
	return !e->deleted && e->p.binding == b && (b == BIND_STATIC || sv_eqz(project, e->p.project_id));
}

/* Of one project (or of engine.yaml), by unique id. */
static const struct provider *by_id(struct engine *en, struct sv project, struct sv id, enum binding b)
{
	const struct registry_view *v = registry_view(en->registry);

	for (size_t i = 0; i < v->n; i++)
		if (sees(v->v[i], project, b) && sv_eqz(id, v->v[i]->p.unique_id))
			return &v->v[i]->p;
	return NULL;
}

const struct provider *providers_by_id(struct engine *en, struct sv project_id, struct sv unique_id)
{
	const struct provider *p = by_id(en, project_id, unique_id, BIND_PROJECT);

	return p != NULL ? p : by_id(en, project_id, unique_id, BIND_STATIC);
}

const struct provider *providers_of_worker(struct engine *en, struct sv project_id, struct sv worker)
{
	return by_id(en, project_id, worker, BIND_WORKER);
}

struct err providers_list(struct ctx *cx, struct engine *en, struct sv project_id, struct provider_list *out)
{
	const struct registry_view *v = registry_view(en->registry);

	*out = (struct provider_list){ .v = arena_array(cx->arena, v->n + 1, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu providers", v->n);
	for (size_t i = 0; i < v->n; i++)
		if (sees(v->v[i], project_id, BIND_PROJECT) || sees(v->v[i], project_id, BIND_STATIC))
			out->v[out->n++] = &v->v[i]->p;
	return OK;
}

struct err providers_secret(struct ctx *cx, struct engine *en, const struct provider *p, struct secret **out)
{
	const struct provider_row row = { .id = sv_of(p->row_id),
					  .project_id = sv_of(p->project_id),
					  .secret_box = p->client_secret_box };

	return store_provider_unseal(cx, en->store, &row, out);
}

struct err providers_stored(struct ctx *cx, struct engine *en, struct sv row_id, struct provider_row *out)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };

	TRY(store_read(cx, en->store, &rd));
	struct err e = store_provider_get(cx, rd.db, row_id, out);
	if (e.code == E_NOT_FOUND || (!IS_ERR(e) && out->deleted_at > 0))
		return refuse(cx, E_NOT_FOUND, "auth provider not found");
	return e;
}

struct err providers_may_write(struct ctx *cx, const struct provider *p)
{
	if (p->binding == BIND_STATIC)
		return refuse(cx, E_FORBIDDEN, "auth provider %s is declared in engine.yaml; change it there",
			      p->unique_id);
	return OK;
}

struct err providers_revision_full(struct ctx *cx, struct engine *en, struct sv revision_id, struct revision *out)
{
	return registry_revision(cx, en, revision_id, out);
}

struct err providers_revision(struct ctx *cx, struct engine *en, struct sv revision_id, const struct pdef **out)
{
	struct revision rev;

	TRY(providers_revision_full(cx, en, revision_id, &rev));
	*out = rev.def;
	return OK;
}

/* ---- resolution (contract 2.8); inactive ones do not take part ---- */
static const struct provider *active(const struct provider *p) { return p != NULL && p->active ? p : NULL; }

static bool is_type(const struct engine *en, const struct provider *p, struct sv type)
{
	if (p->type_id[0] == '\0' || sv_eqz(type, "oauth2"))
		return false;
	return sv_eqz(type, p->type_id) ||
	       sv_eqz(node_text_at(pdef_library_find(registry_library(en->registry), type), "id"), p->type_id);
}

struct of_type {
	const struct provider *one;
	size_t n;
	struct buf names;
};
static void of_type_clear(struct of_type *t) { buf_free(&t->names); }

static void find_type(struct engine *en, const struct provider_ask *ask, enum binding b, struct of_type *out)
{
	const struct registry_view *v = registry_view(en->registry);

	for (size_t i = 0; i < v->n; i++) {
		const struct provider *p = &v->v[i]->p;

		if (!sees(v->v[i], ask->project_id, b) || !p->active || !is_type(en, p, ask->provider_id))
			continue;
		out->one = p;
		out->n++;
		if (out->n > 1)
			buf_str(&out->names, ", ");
		buf_str(&out->names, p->unique_id);
	}
}

struct err providers_usable(struct ctx *cx, const struct provider *p)
{
	if (p->refused == NULL)
		return OK;
	return refuse(cx, E_PROVIDER_UNKNOWN, "auth provider %s is out of use: %.120s. %s", p->unique_id, p->refused,
		      p->refused_fix);
}

size_t providers_out_of_use(const struct engine *en)
{
	const struct registry_view *v = registry_view(en->registry);
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += !v->v[i]->deleted && v->v[i]->p.refused != NULL ? 1 : 0;
	return n;
}

/* One that would have been meant is there, out of use: that is what to say. */
static struct err unknown(struct ctx *cx, struct engine *en, const struct provider_ask *ask, struct sv id)
{
	const struct registry_view *v = registry_view(en->registry);

	for (size_t i = 0; i < v->n; i++) {
		const struct provider *p = &v->v[i]->p;
		bool ours = sees(v->v[i], ask->project_id, BIND_PROJECT) || sees(v->v[i], ask->project_id, BIND_STATIC);

		if (ours && (sv_eqz(id, p->unique_id) || (ask->id.n == 0 && is_type(en, p, id))))
			TRY(providers_usable(cx, p));
	}
	return refuse(cx, E_PROVIDER_UNKNOWN, "auth provider %.*s not found", (int)(id.n < 100 ? id.n : 100), id.p);
}

static struct err by_unique_id(struct ctx *cx, struct engine *en, const struct provider_ask *ask,
			       const struct provider **out)
{
	const struct provider *p = active(by_id(en, ask->project_id, ask->id, BIND_PROJECT));

	if (p == NULL)
		p = active(by_id(en, ask->project_id, ask->id, BIND_STATIC));
	if (p == NULL)
		return unknown(cx, en, ask, ask->id);
	if (ask->provider_id.n > 0 && !is_type(en, p, ask->provider_id) && !sv_eqz(ask->provider_id, p->unique_id))
		return refuse(cx, E_PROVIDER_UNKNOWN, "auth provider %s is not of type %.*s", p->unique_id,
			      (int)(ask->provider_id.n < 100 ? ask->provider_id.n : 100), ask->provider_id.p);
	*out = p;
	return OK;
}

/* The only one of the type; *out stays NULL when there is none. */
static struct err by_type(struct ctx *cx, struct engine *en, const struct provider_ask *ask, enum binding b,
			  const struct provider **out)
{
	CLEANUP(of_type_clear) struct of_type t = { .names = BUF(240) };

	find_type(en, ask, b, &t);
	if (t.n < 2) {
		*out = t.one;
		return OK;
	}
	return refuse(cx, E_PROVIDER_AMBIGUOUS,
		      "several auth providers are of type %.*s: %.*s%s; set auth_requirement.id to one of them",
		      (int)(ask->provider_id.n < 40 ? ask->provider_id.n : 40), ask->provider_id.p,
		      SV_FMT(buf_view(&t.names)), buf_ok(&t.names) ? "" : ", and more");
}

static struct err by_provider_id(struct ctx *cx, struct engine *en, const struct provider_ask *ask,
				 const struct provider **out, bool *as_type)
{
	static const enum binding order[] = { BIND_PROJECT, BIND_STATIC };

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		*as_type = false;
		*out = active(by_id(en, ask->project_id, ask->provider_id, order[i]));
		if (*out != NULL)
			return OK;
		*as_type = true;
		TRY(by_type(cx, en, ask, order[i], out));
		if (*out != NULL)
			return OK;
	}
	return unknown(cx, en, ask, ask->provider_id);
}

struct err providers_resolve(struct ctx *cx, struct engine *en, const struct provider_ask *ask,
			     const struct provider **out, struct sv *asked_as)
{
	bool as_type = false;

	*out = NULL;
	*asked_as = SV_NONE;
	if (ask->worker.n > 0) {
		*out = providers_of_worker(en, ask->project_id, ask->worker);
		*asked_as = ask->worker;
		return *out == NULL ? unknown(cx, en, ask, ask->worker) : providers_usable(cx, *out);
	}
	if (ask->provider_type.n > 0 && !sv_ieq(ask->provider_type, SV("oauth2")))
		return bad_field(cx, "auth_requirement.provider_type", "oneof", "must be oauth2");
	if (ask->id.n == 0 && ask->provider_id.n == 0)
		return bad_field(cx, "auth_requirement.provider_id", "required",
				 "is required (or auth_requirement.id)");
	if (ask->id.n > 0)
		TRY(by_unique_id(cx, en, ask, out));
	else
		TRY(by_provider_id(cx, en, ask, out, &as_type));
	*asked_as = as_type ? ask->provider_id : sv_of((*out)->unique_id);
	return OK;
}
/* Snapshots are not freed before the registry is, so each has an address of its own. */
uint64_t providers_version(const struct engine *en)
{
	const struct registry_view *now = registry_view(en->registry);

	return (uint64_t)(uintptr_t)now;
}
