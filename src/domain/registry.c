/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/registry.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/metric.h"
#include "core/text.h"
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY_ARENA = 8 << 20, CONFIG_BYTES = 1 << 20 };
enum { END = 4, END_FROM = 12 }; /* shown: the last four of a secret that has at least twelve */
struct held_revision {
	struct revision rev;
	struct arena *arena; /* NULL: lives in an entry */
	struct pdef *own;
	struct held_revision *next;
};
struct registry {
	struct pdef_library *library;
	pthread_mutex_t lock, revisions_lock;
	_Atomic(struct registry_view *) now;
	struct registry_entry *entries;
	struct held_revision *revisions;
};

static void revision_free(struct held_revision *h)
{
	if (h == NULL)
		return;
	pdef_free(h->own);
	arena_free(h->arena);
	free(h);
}

static void revision_drop(struct held_revision **h) { revision_free(*h); }

void registry_unmake(struct registry_entry **e)
{
	if (*e == NULL)
		return;
	revision_free((*e)->revision);
	pdef_free((*e)->def);
	arena_free((*e)->arena);
	free(*e);
}

void registry_free(struct registry *r)
{
	if (r == NULL)
		return;
	for (struct registry_view *v = atomic_load(&r->now); v != NULL;) {
		struct registry_view *older = v->older;

		free(v);
		v = older;
	}
	while (r->revisions != NULL) {
		struct held_revision *h = r->revisions;

		r->revisions = h->next;
		revision_free(h);
	}
	while (r->entries != NULL) {
		struct registry_entry *e = r->entries;

		r->entries = e->next;
		registry_unmake(&e);
	}
	pdef_library_free(r->library);
	(void)pthread_mutex_destroy(&r->lock);
	(void)pthread_mutex_destroy(&r->revisions_lock);
	free(r);
}

static void registry_drop(struct registry **r) { registry_free(*r); }

const struct registry_view *registry_view(const struct registry *r)
{
	return atomic_load_explicit(&r->now, memory_order_acquire);
}

void registry_lock(struct registry *r) { (void)pthread_mutex_lock(&r->lock); }
void registry_unlock(struct registry *r) { (void)pthread_mutex_unlock(&r->lock); }
const struct pdef_library *registry_library(const struct registry *r) { return r->library; }

struct err registry_json(struct ctx *cx, const struct node *n, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(CONFIG_BYTES);
	struct jout w = JOUT(&b);

	if (n == NULL) {
		*out = SV("{}");
		return OK;
	}
	jout_node(&w, NULL, n);
	TRY(jout_done(cx, &w));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "JSON text");
}

struct err registry_config(struct ctx *cx, const struct node *oauth2, const struct node **out)
{
	static const char *const elsewhere[] = { "client_id", "client_secret", "redirect_uri" };
	struct node *patch = node_new(cx->arena, NODE_MAP), *clean = NULL;

	*out = NULL;
	if (oauth2 == NULL || oauth2->kind != NODE_MAP)
		return OK;
	for (size_t i = 0; patch != NULL && i < ARRAY_LEN(elsewhere); i++)
		if (!node_set(cx->arena, patch, sv_of(elsewhere[i]), node_new(cx->arena, NODE_NULL)))
			patch = NULL;
	if (patch != NULL)
		clean = node_merge(cx->arena, oauth2, patch); /* null removes (RFC 7396) */
	if (clean == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "oauth2 section");
	*out = clean->n == 0 ? NULL : clean;
	return OK;
}

struct err registry_merge(struct ctx *cx, const struct registry *r, const struct registry_want *in, struct sv *json)
{
	const struct node *base = in->type_id.n == 0 ? NULL : pdef_library_find(r->library, in->type_id);
	struct pdef_how how = { .id = arena_text(cx->arena, in->type_id.n == 0 ? in->unique_id : in->type_id),
				.development = in->development };
	CLEANUP(pdef_drop) struct pdef *def = NULL;
	struct node *merged = NULL;

	if (in->type_id.n > 0 && base == NULL)
		return bad_field(cx, "provider_id", "known",
				 "names no built-in provider; leave it out and give oauth2.authorize_request and "
				 "oauth2.token_request");
	if (in->oauth2 == NULL && base != NULL)
		merged = node_copy(cx->arena, base);
	else
		TRY(pdef_from_oauth2(cx, base, in->oauth2 != NULL ? in->oauth2 : node_new(cx->arena, NODE_MAP),
				     &merged));
	if (merged == NULL || how.id == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "definition");
	struct err e = pdef_load(cx, merged, &how, &def);
	if (e.code == E_CONFIG) /* the definition was looked at when it was loaded: what is wrong is the instance's */
		cx->cause.code = e.code = E_BAD_INPUT;
	TRY(e);
	return pdef_text(cx, merged, json);
}

/* ---- revisions ---- */
static const struct revision *revision_find(struct registry *r, struct sv id)
{
	const struct revision *found = NULL;

	(void)pthread_mutex_lock(&r->revisions_lock);
	for (const struct held_revision *h = r->revisions; h != NULL && found == NULL; h = h->next)
		if (sv_eqz(id, h->rev.id))
			found = &h->rev;
	(void)pthread_mutex_unlock(&r->revisions_lock);
	return found;
}

/* Twice the same revision does no harm: the first one found serves. */
static void revision_keep(struct registry *r, struct held_revision *h)
{
	(void)pthread_mutex_lock(&r->revisions_lock);
	h->next = r->revisions;
	r->revisions = h;
	(void)pthread_mutex_unlock(&r->revisions_lock);
}

static struct err revision_of_entry(struct ctx *cx, struct registry *r, struct registry_entry *e)
{
	if (revision_find(r, sv_of(e->p.revision_id)) != NULL)
		return OK;
	struct held_revision *h = calloc(1, sizeof *h);
	if (h == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "revision");
	h->rev = (struct revision){ e->p.revision_id, e->p.row_id, e->p.client_id, e->p.def };
	e->revision = h;
	return OK;
}

static struct err revision_load(struct ctx *cx, struct engine *en, struct sv id, struct revision *out)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };
	CLEANUP(revision_drop) struct held_revision *h = calloc(1, sizeof *h);
	struct provider_revision row;

	if (h == NULL || (h->arena = arena_new(ENTRY_ARENA)) == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "revision");
	TRY(store_read(cx, en->store, &rd));
	TRY(store_provider_revision(cx, rd.db, id, &row));
	h->rev.id = arena_text(h->arena, row.id);
	h->rev.provider_id = arena_text(h->arena, row.provider_id);
	h->rev.client_id = arena_text(h->arena, row.client_id);
	if (h->rev.id == NULL || h->rev.provider_id == NULL || h->rev.client_id == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "revision");
	TRY(registry_load_shown(cx, row.definition, (struct pdef_how){ h->rev.provider_id, en->config->development },
				&h->own));
	h->rev.def = h->own;
	*out = h->rev;
	revision_keep(en->registry, TAKE(h));
	return OK;
}

struct err registry_revision(struct ctx *cx, struct engine *en, struct sv revision_id, struct revision *out)
{
	const struct revision *found = revision_find(en->registry, revision_id);

	if (found == NULL)
		return revision_load(cx, en, revision_id, out);
	*out = *found;
	return OK;
}

/* ---- entries ---- */
static struct err entry_texts(struct ctx *cx, const struct registry_make *how, struct registry_entry *e)
{
	const struct provider_row *row = how->row;
	const struct {
		const char **to;
		struct sv from;
	} t[] = {
		{ &e->p.row_id, row->id },           { &e->p.project_id, row->project_id },
		{ &e->p.unique_id, row->unique_id }, { &e->p.external_id, row->external_id },
		{ &e->p.type_id, row->type_id },     { &e->p.description, row->description },
		{ &e->p.client_id, row->client_id }, { &e->p.revision_id, row->revision_id },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if ((*t[i].to = arena_text(e->arena, t[i].from)) == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "provider");
	e->p.redirect_uri =
	    arena_printf(e->arena, "%s/api/v1/oauth/%s/callback", how->en->config->public_url, e->p.external_id);
	return e->p.redirect_uri != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "provider");
}

/* Kept sealed, engine.yaml's as well: it is opened for a call and wiped after it. */
static struct err entry_secret(struct ctx *cx, const struct registry_make *how, struct registry_entry *e)
{
	const struct provider_seal at = { how->row->project_id, how->row->id };
	struct store *st = how->en->store;
	CLEANUP(secret_drop) struct secret *opened = NULL;
	struct sv box = how->row->secret_box;

	if (how->engine_secret != NULL)
		TRY(store_provider_seal(cx, st, &at, how->engine_secret, &box));
	else
		TRY(store_provider_unseal(cx, st, how->row, &opened));
	const struct secret *s = how->engine_secret != NULL ? how->engine_secret : opened;
	size_t n = s == NULL ? 0 : secret_view(s).n;
	if (n == 0)
		return OK;
	if (n >= END_FROM && !sv_copy(sv_from(secret_view(s), n - END), e->p.client_secret_end, END + 1))
		return fail(cx, E_INTERNAL, "internal error", "client secret");
	e->p.client_secret_box = arena_sv(e->arena, box);
	return e->p.client_secret_box.p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "client secret");
}

static struct err entry_config(struct ctx *cx, const struct registry_make *how, struct registry_entry *e)
{
	const struct node *config = NULL;

	TRY(jdoc_parse(cx, how->row->config, "provider configuration", &config));
	if (config->n == 0)
		return OK;
	e->p.config = node_copy(e->arena, config);
	return e->p.config != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "provider configuration");
}

/* A definition takes much room, and most edits leave it as it is. */
static const struct pdef *same_definition(const struct registry *r, const struct provider_row *row)
{
	const struct registry_view *v = registry_view(r);

	for (size_t i = 0; i < v->n; i++)
		if (sv_eqz(row->id, v->v[i]->p.row_id) && sv_eqz(row->revision_id, v->v[i]->p.revision_id) &&
		    v->v[i]->p.refused == NULL)
			return v->v[i]->p.def;
	return NULL;
}

static struct err entry_meaning(struct ctx *cx, const struct registry_make *how, struct registry_entry *e)
{
	assert(e->p.type_id != NULL && e->p.unique_id != NULL); /* entry_texts */
	const struct pdef_how meant = { e->p.type_id[0] != '\0' ? e->p.type_id : e->p.unique_id,
					how->en->config->development };
	struct err bad = entry_secret(cx, how, e);

	bad = IS_ERR(bad) ? bad : entry_config(cx, how, e);
	e->p.def = same_definition(how->r, how->row);
	if (!IS_ERR(bad) && e->p.def == NULL)
		bad = registry_load(cx, how->row->definition, meant, &e->def);
	if (IS_ERR(bad) && how->anyway && bad.code != E_CONFIG /* a root key that is missing is all rows' */)
		bad = registry_load_anyway(cx, how->row->definition, meant, e);
	e->p.def = e->def != NULL ? e->def : e->p.def;
	return bad;
}

struct err registry_make(struct ctx *cx, const struct registry_make *how, struct registry_entry **out)
{
	const struct provider_row *row = how->row;
	CLEANUP(registry_unmake) struct registry_entry *e = calloc(1, sizeof *e);

	*out = NULL;
	if (e == NULL || (e->arena = arena_new(ENTRY_ARENA)) == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "provider");
	TRY(entry_texts(cx, how, e));
	e->p.binding = sv_eqz(row->binding, "static")   ? BIND_STATIC
		       : sv_eqz(row->binding, "worker") ? BIND_WORKER
							: BIND_PROJECT;
	e->p.active = sv_eqz(row->status, "active");
	e->p.created_at = row->created_at;
	e->p.updated_at = row->updated_at;
	e->deleted = row->deleted_at > 0;
	TRY(entry_meaning(cx, how, e));
	TRY(revision_of_entry(cx, how->r, e));
	*out = TAKE(e);
	return OK;
}

struct err registry_show(struct ctx *cx, struct registry *r, struct registry_entry **made)
{
	struct registry_entry *e = *made;
	struct registry_view *was = atomic_load(&r->now);
	struct registry_view *now = calloc(1, sizeof *now + (was->n + 1) * sizeof *now->v);
	bool put = false;

	if (now == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "registry");
	for (size_t i = 0; i < was->n; i++) {
		bool same = strcmp(was->v[i]->p.row_id, e->p.row_id) == 0;

		now->v[now->n++] = same ? e : was->v[i];
		put = put || same;
	}
	if (!put)
		now->v[now->n++] = e;
	(void)metric_label(ML_PROVIDER, sv_of(e->p.def->id)); /* its counts are shown from zero on */
	now->older = was;
	if (e->revision != NULL)
		revision_keep(r, TAKE(e->revision));
	e->next = r->entries;
	r->entries = TAKE(*made);
	atomic_store_explicit(&r->now, now, memory_order_release);
	return OK;
}

/* ---- start ---- */
static const struct provider_conf *conf_of(const struct config *c, const struct provider_row *row)
{
	for (size_t i = 0; i < c->n_providers; i++)
		if (sv_eqz(row->binding, "static") && sv_eqz(row->unique_id, c->providers[i].id))
			return &c->providers[i];
	return NULL;
}

static struct err show_all(struct ctx *cx, struct engine *en, struct registry *r)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };
	struct provider_rows rows;

	TRY(store_read(cx, en->store, &rd));
	TRY(store_provider_all(cx, rd.db, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct provider_conf *conf = conf_of(en->config, &rows.v[i]);
		struct registry_make how = { en, r, &rows.v[i], conf == NULL ? NULL : conf->client_secret, true };
		CLEANUP(registry_unmake) struct registry_entry *e = NULL;

		TRY(registry_make(cx, &how, &e));
		assert(e != NULL);
		TRY(registry_show(cx, r, &e));
	}
	return OK;
}

struct err registry_open(struct ctx *cx, struct engine *en, struct registry **out)
{
	CLEANUP(registry_drop) struct registry *r = calloc(1, sizeof *r);

	*out = NULL;
	if (r == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "registry");
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_mutex_init(&r->revisions_lock, NULL);
	atomic_init(&r->now, calloc(1, sizeof(struct registry_view)));
	if (atomic_load(&r->now) == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "registry");
	TRY(pdef_library_load(cx, en->config->definitions, en->config->development, &r->library));
	TRY(registry_sync(cx, en, r));
	TRY(show_all(cx, en, r));
	*out = TAKE(r);
	return OK;
}
