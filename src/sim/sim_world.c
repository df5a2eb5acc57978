/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim_world.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/rnd.h"
#include "core/text.h"
#include "model/pdef.h"
#include <stdlib.h>

enum { WORLD_BYTES = 512 * 1024 * 1024 };

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "simulator"); }

void sim_world_free(struct sim_world *w)
{
	if (w == NULL)
		return;
	(void)pthread_mutex_destroy(&w->lock);
	arena_free(w->arena);
	free(w);
}
static void world_drop(struct sim_world **w)
{
	sim_world_free(*w);
	*w = NULL;
}
void sim_world_lock(struct sim_world *w) { (void)pthread_mutex_lock(&w->lock); }
void sim_world_unlock(struct sim_world *w) { (void)pthread_mutex_unlock(&w->lock); }
int64_t sim_world_now(const struct sim_world *w) { return clock_now() + w->clock_ahead; }

static struct err load_users(struct ctx *cx, struct sim_world *w, const struct sim_def *d)
{
	for (const struct node *u = d->users == NULL ? NULL : d->users->first; u != NULL; u = u->next)
		TRY(sim_world_add_user(cx, w, d, u));
	return OK;
}

static struct err load_defs(struct ctx *cx, struct sim_world *w, const char *const *providers, size_t n)
{
	CLEANUP(pdef_library_drop) struct pdef_library *lib = NULL;

	TRY(pdef_library_load(cx, NULL, false, &lib));
	w->defs = arena_array(w->arena, n, sizeof *w->defs);
	if (w->defs == NULL)
		return no_memory(cx);
	for (size_t i = 0; i < n; i++) {
		const struct node *tree = pdef_library_find(lib, sv_of(providers[i]));

		if (tree == NULL)
			return refuse(cx, E_CONFIG, "there is no provider %s to simulate", providers[i]);
		const struct node *mine = node_copy(w->arena, tree);
		if (mine == NULL)
			return no_memory(cx);
		TRY(sim_def_read(cx, mine, &w->defs[i]));
		w->n_defs = i + 1;
		TRY(load_users(cx, w, &w->defs[i]));
	}
	return OK;
}

struct err sim_world_new(struct ctx *cx, const char *const *providers, size_t n, struct sim_world **out)
{
	CLEANUP(world_drop) struct sim_world *w = calloc(1, sizeof *w);
	struct arena *own = cx->arena;

	*out = NULL;
	if (w == NULL || (w->arena = arena_new(WORLD_BYTES)) == NULL)
		return no_memory(cx);
	(void)pthread_mutex_init(&w->lock, NULL);
	w->calls_end = &w->calls;
	w->lifetime_override_s = w->rate_limit_override = -1;
	cx->arena = w->arena; /* lists decoded from the definitions live as long as the world */
	struct err e = load_defs(cx, w, providers, n);
	cx->arena = own;
	TRY(e);
	*out = TAKE(w);
	return OK;
}

const struct sim_def *sim_world_def(const struct sim_world *w, struct sv host)
{
	struct sv name = sv_cut(&host, ':');

	for (size_t i = 0; i < w->n_defs; i++)
		if (sim_def_has(w->defs[i].hosts, name))
			return &w->defs[i];
	return &w->defs[0];
}

const struct sim_def *sim_world_provider(const struct sim_world *w, struct sv id)
{
	for (size_t i = 0; i < w->n_defs; i++)
		if (id.p == NULL || sv_eq(w->defs[i].id, id))
			return &w->defs[i];
	return NULL;
}

struct sim_client *sim_world_client(const struct sim_world *w, const struct sim_def *d, struct sv id)
{
	for (struct sim_client *c = w->clients; c != NULL; c = c->next)
		if (c->def == d && sv_eq(c->id, id))
			return c;
	return NULL;
}

struct sim_user *sim_world_user(const struct sim_world *w, const struct sim_def *d, struct sv name)
{
	for (struct sim_user *u = w->users; u != NULL; u = u->next)
		if (u->def == d && sv_eq(u->name, name))
			return u;
	return NULL;
}

struct sv_list sim_world_list(struct sim_world *w, struct sv_list in)
{
	struct sv_list out = { arena_array(w->arena, in.n + 1, sizeof *out.v), 0 };

	for (size_t i = 0; out.v != NULL && i < in.n; i++) {
		out.v[out.n] = arena_sv(w->arena, in.v[i]);
		if (out.v[out.n].p != NULL)
			out.n++;
	}
	return out;
}

/* The same client again: one more redirect address, and the secret is the new one. */
struct err sim_world_add_app(struct ctx *cx, struct sim_world *w, const struct sim_def *d,
			     const struct sv app[static 3])
{
	struct sim_client *c = sim_world_client(w, d, app[0]);

	if (c == NULL) {
		c = arena_alloc(w->arena, sizeof *c);
		if (c == NULL)
			return no_memory(cx);
		*c = (struct sim_client){ .def = d, .id = arena_sv(w->arena, app[0]), .next = w->clients };
		w->clients = c;
	}
	struct sv_list more = { arena_array(w->arena, c->redirects.n + 1, sizeof *more.v), 0 };
	c->secret = arena_sv(w->arena, app[1]);
	if (more.v == NULL || c->id.p == NULL || c->secret.p == NULL)
		return no_memory(cx);
	for (size_t i = 0; i < c->redirects.n; i++)
		more.v[more.n++] = c->redirects.v[i];
	if (!sim_def_has(c->redirects, app[2]))
		more.v[more.n++] = arena_sv(w->arena, app[2]);
	c->redirects = more;
	return OK;
}

struct err sim_world_add_user(struct ctx *cx, struct sim_world *w, const struct sim_def *d, const struct node *data)
{
	struct sv name = node_text_at(data, "name");

	if (name.n == 0)
		return bad_field(cx, "name", "required", "is required: a user of the simulator needs a name");
	struct sim_user *u = sim_world_user(w, d, name);
	if (u == NULL) {
		u = arena_alloc(w->arena, sizeof *u);
		if (u == NULL)
			return no_memory(cx);
		*u = (struct sim_user){ .def = d, .next = w->users };
		w->users = u;
	}
	u->data = node_copy(w->arena, data);
	if (u->data == NULL)
		return no_memory(cx);
	u->name = node_text_at(u->data, "name");
	return OK;
}

struct sim_grant *sim_world_grant(struct sim_world *w, const struct sim_client *c, const struct sim_user *u)
{
	for (struct sim_grant *g = w->grants; g != NULL; g = g->next)
		if (g->client == c && g->user == u && !g->ended)
			return g;
	struct sim_grant *g = arena_alloc(w->arena, sizeof *g);
	if (g == NULL)
		return NULL;
	*g = (struct sim_grant){ .client = c, .user = u, .next = w->grants };
	w->grants = g;
	return g;
}

static size_t bucket(struct sv text)
{
	size_t h = 1469598103U;

	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)text.p[i]) * 16777619U;
	return h % SIM_BUCKETS;
}

struct sim_token *sim_world_mint(struct sim_world *w, enum sim_token_kind kind, struct sv prefix, int64_t lifetime_s)
{
	char random[TOKEN_TEXT];

	id_token(random);
	const char *text = arena_printf(w->arena, "%.*s%s", SV_FMT(prefix), random);
	return text == NULL ? NULL : sim_world_put(w, kind, sv_of(text), lifetime_s);
}

struct sim_token *sim_world_put(struct sim_world *w, enum sim_token_kind kind, struct sv text, int64_t lifetime_s)
{
	struct sim_token *t = arena_alloc(w->arena, sizeof *t);

	if (t == NULL)
		return NULL;
	*t = (struct sim_token){ .kind = kind, .text = arena_sv(w->arena, text), .least_left = INT64_MAX };
	if (t->text.p == NULL)
		return NULL;
	t->expires_at = lifetime_s == 0 ? 0 : sim_world_now(w) + SEC(lifetime_s);
	size_t at = bucket(t->text);
	t->next = w->tokens[at];
	w->tokens[at] = t;
	return t;
}

struct sim_token *sim_world_token(const struct sim_world *w, enum sim_token_kind kind, struct sv text)
{
	if (text.n == 0)
		return NULL;
	for (struct sim_token *t = w->tokens[bucket(text)]; t != NULL; t = t->next)
		if (t->kind == kind && sv_eq(t->text, text))
			return t;
	return NULL;
}

bool sim_world_token_good(const struct sim_world *w, const struct sim_token *t)
{
	return !t->dead && (t->expires_at == 0 || t->expires_at > sim_world_now(w)) &&
	       (t->grant == NULL || !t->grant->ended);
}

void sim_world_end_family(struct sim_world *w, const struct sim_token *root)
{
	for (size_t i = 0; i < SIM_BUCKETS; i++)
		for (struct sim_token *t = w->tokens[i]; t != NULL; t = t->next)
			if (t->root == root)
				t->dead = true;
}

void sim_world_end_grant(struct sim_world *w, struct sim_grant *g)
{
	(void)w;
	g->ended = true;
}

void sim_world_note(struct sim_world *w, const struct sim_noted *call)
{
	struct sim_noted *n = arena_alloc(w->arena, sizeof *n);

	if (n == NULL)
		return; /* the call itself was served; only its note is lost */
	*n = *call;
	n->at = sim_world_now(w);
	n->next = NULL;
	n->path = arena_sv(w->arena, call->path);
	n->host = arena_sv(w->arena, call->host);
	n->client_id = arena_sv(w->arena, call->client_id);
	n->grant_type = arena_sv(w->arena, call->grant_type);
	*w->calls_end = n;
	w->calls_end = &n->next;
	w->n_calls++;
}
