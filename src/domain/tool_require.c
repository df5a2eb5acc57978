/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/tool_require.h"
#include "core/arena.h"
#include "core/text.h"
#include "domain/secret_names.h"

enum { SCOPES_MOST = 200 };

struct work {
	struct engine *en;
	const struct require_ask *ask;
	struct require_done *out;
};

/* ---- lists without twins ---- */
static bool holds(const struct sv_list *l, struct sv s)
{
	for (size_t i = 0; i < l->n; i++)
		if (sv_eq(l->v[i], s))
			return true;
	return false;
}
static struct err room_for(struct ctx *cx, struct sv_list *l, size_t n)
{
	*l = (struct sv_list){ .v = arena_array(cx->arena, n, sizeof *l->v) };
	return l->v == NULL ? fail(cx, E_INTERNAL, "out of memory", "requirements") : OK;
}

/* ---- consents ---- */
static struct sv called(const struct tool_auth *a)
{
	return a->id.n > 0 ? a->id : a->provider_id.n > 0 ? a->provider_id : a->provider_type;
}
static struct err entry_of(struct ctx *cx, const struct work *w, const struct tool *t, struct require_auth **out)
{
	const struct provider *p = NULL;
	struct sv as, key = called(&t->auth);
	struct err e = tool_needs_provider(cx, w->en, t, &p, &as);

	if (!IS_ERR(e))
		key = sv_of(p->unique_id);
	(void)forgive(cx); /* an unknown provider is told by the entry */
	for (size_t i = 0; i < w->out->n_auths; i++)
		if (sv_eq(w->out->auths[i].key, key)) {
			*out = &w->out->auths[i];
			return OK;
		}
	*out = &w->out->auths[w->out->n_auths++];
	**out = (struct require_auth){ .key = key, .tool = t };
	TRY(room_for(cx, &(*out)->scopes, SCOPES_MOST));
	return room_for(cx, &(*out)->tools, w->ask->n);
}
static struct err add_auth(struct ctx *cx, const struct work *w, const struct tool *t)
{
	struct require_auth *a;

	if (!t->auth.there)
		return OK;
	TRY(entry_of(cx, w, t, &a));
	if (!holds(&a->tools, t->qualified))
		a->tools.v[a->tools.n++] = t->qualified;
	for (size_t i = 0; i < t->auth.scopes.n; i++) {
		if (holds(&a->scopes, t->auth.scopes.v[i]))
			continue;
		if (a->scopes.n == SCOPES_MOST)
			return refuse(cx, E_BAD_INPUT, "the tools need more than %d scopes together", SCOPES_MOST);
		a->scopes.v[a->scopes.n++] = t->auth.scopes.v[i];
	}
	return OK;
}
static struct err ask_for(struct ctx *cx, const struct work *w, struct require_auth *a)
{
	const struct tool_auth *auth = &a->tool->auth;
	const struct auth_ask ask = { .project_id = w->ask->project_id,
				      .user_id = w->ask->user_id,
				      .provider = { .project_id = w->ask->project_id,
						    .id = auth->id,
						    .provider_id = auth->provider_id,
						    .provider_type = auth->provider_type,
						    .worker = auth->worker },
				      .scopes = a->scopes,
				      .lane = w->ask->lane,
				      .park_over = w->ask->park_over,
				      .by = w->ask->by };

	CLEANUP(auth_view_clear) struct auth_view v = { .id = "" };
	struct err e = authorize_start(cx, w->en, &ask, &v);

	w->out->peer_key = v.access.peer_key;
	w->out->topic = v.access.topic;
	w->out->park_until = v.access.park_until;
	TRY(e);
	a->needs.consent = v.status == AUTH_COMPLETED ? CONSENT_COMPLETED : CONSENT_PENDING;
	a->url = v.url;
	return sv_copy(sv_of(v.id), a->asked_id, sizeof a->asked_id)
		   ? OK
		   : fail(cx, E_INTERNAL, "a text does not fit", "id");
}
static struct err settle(struct ctx *cx, const struct work *w, struct require_auth *a)
{
	struct tool together = *a->tool;

	together.auth.scopes = a->scopes;
	together.secrets = (struct sv_list){ .n = 0 };
	TRY(tool_needs_of(cx, w->en, &(struct tool_needs_ask){ w->ask->project_id, w->ask->user_id, NULL }, &together,
			  &a->needs));
	w->out->auths_met = w->out->auths_met && a->needs.met;
	bool may = w->ask->authorize && w->ask->user_id.n > 0 && a->needs.provider_active;
	return may && !a->needs.met ? ask_for(cx, w, a) : OK;
}

/* ---- secrets ---- */
static struct err add_secret(struct ctx *cx, const struct work *w, const struct tool *t, struct sv key)
{
	struct require_secret *s = NULL;

	for (size_t i = 0; i < w->out->n_secrets && s == NULL; i++)
		if (sv_ieq(w->out->secrets[i].key, key))
			s = &w->out->secrets[i];
	if (s == NULL) {
		s = &w->out->secrets[w->out->n_secrets++];
		*s = (struct require_secret){ .key = key, .met = secret_names_has(w->en, w->ask->project_id, key) };
		TRY(room_for(cx, &s->tools, w->ask->n));
		w->out->secrets_met = w->out->secrets_met && s->met;
	}
	if (!holds(&s->tools, t->qualified))
		s->tools.v[s->tools.n++] = t->qualified;
	return OK;
}

/* ---- all of it ---- */
static struct err found(struct ctx *cx, const struct work *w, const struct tool_set *set, const struct tool **tools)
{
	size_t secrets = 1;

	for (size_t i = 0; i < w->ask->n; i++) {
		tools[i] = toolbox_find(set, w->ask->project_id, &w->ask->names[i]);
		if (tools[i] == NULL)
			return refuse(cx, E_NOT_FOUND, "tool %.*s not found",
				      SV_FMT(sv_upto(w->ask->names[i].text, 200)));
		secrets += tools[i]->secrets.n;
	}
	w->out->auths = arena_array(cx->arena, w->ask->n + 1, sizeof *w->out->auths);
	w->out->secrets = arena_array(cx->arena, secrets, sizeof *w->out->secrets);
	return w->out->auths == NULL || w->out->secrets == NULL ? fail(cx, E_INTERNAL, "out of memory", "requirements")
								: OK;
}
struct err tool_require_of(struct ctx *cx, struct engine *en, const struct tool_set *set, const struct require_ask *ask,
			   struct require_done *out)
{
	const struct work w = { en, ask, out };
	const struct tool **tools = arena_array(cx->arena, ask->n + 1, sizeof *tools);

	*out = (struct require_done){ .auths_met = true, .secrets_met = true };
	if (tools == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "requirements");
	TRY(found(cx, &w, set, tools));
	for (size_t i = 0; i < ask->n; i++) {
		TRY(add_auth(cx, &w, tools[i]));
		for (size_t k = 0; k < tools[i]->secrets.n; k++)
			TRY(add_secret(cx, &w, tools[i], tools[i]->secrets.v[k]));
	}
	for (size_t i = 0; i < out->n_auths; i++)
		TRY(settle(cx, &w, &out->auths[i]));
	out->met = out->auths_met && out->secrets_met;
	return OK;
}
