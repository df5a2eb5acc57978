/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/tool_needs.h"
#include "core/arena.h"
#include "core/text.h"
#include "domain/scopes.h"
#include "domain/secret_names.h"
#include "model/pdef_apart.h"
#include "store/grant_cache.h"
#include <assert.h>
#include <stdio.h>

struct err tool_needs_provider(struct ctx *cx, struct engine *en, const struct tool *t, const struct provider **out,
			       struct sv *asked_as)
{
	const struct provider_ask ask = { .project_id = t->project_id,
					  .id = t->auth.id,
					  .provider_id = t->auth.provider_id,
					  .provider_type = t->auth.provider_type,
					  .worker = t->auth.worker };

	return providers_resolve(cx, en, &ask, out, asked_as);
}

/* ---- consent ---- */
struct tool_needs_at {
	struct tool_needs_at *next;
	const struct provider *provider;
	struct scope_state have; /* of his live grant */
	bool live, asked;
	enum tool_consent word; /* of his newest authorization, when asked */
};
static struct err newest_word(struct ctx *cx, struct engine *en, const struct tool_needs_ask *ask,
			      const struct provider *p, enum tool_consent *out)
{
	static const enum tool_consent of[] = { [AUTH_PENDING] = CONSENT_PENDING,
						[AUTH_COMPLETED] = CONSENT_NOT_STARTED, /* other scopes */
						[AUTH_FAILED] = CONSENT_FAILED };
	struct auth_filter f = {
		.project_id = ask->project_id, .user_id = ask->user_id, .provider_id = sv_of(p->unique_id), .limit = 1
	};
	struct auth_rows rows;

	TRY(authorize_list(cx, en, &f, &rows));
	*out = rows.n == 0 ? CONSENT_NOT_STARTED : of[rows.v[0].status];
	return OK;
}
static struct err standing_at(struct ctx *cx, struct engine *en, const struct tool_needs_ask *ask,
			      const struct provider *p, struct tool_needs_at **out)
{
	const struct grant_key key = { ask->project_id, ask->user_id, sv_of(p->row_id) };
	struct tool_needs_at *at = ask->seen == NULL ? NULL : ask->seen->first;
	enum grant_found found = GRANT_NONE;
	struct grant g;

	while (at != NULL && at->provider != p)
		at = at->next;
	*out = at;
	if (at != NULL)
		return OK;
	TRY(grant_cache_load(cx, en->grants, &key, &g, &found));
	at = arena_array(cx->arena, 1, sizeof *at);
	if (at == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "requirements");
	*at = (struct tool_needs_at){ .provider = p, .live = found == GRANT_LIVE };
	if (at->live)
		at->have = (struct scope_state){ g.requested, g.granted, g.scope_known };
	if (ask->seen != NULL) {
		at->next = ask->seen->first;
		ask->seen->first = at;
	}
	*out = at;
	return OK;
}
static struct err consent(struct ctx *cx, struct engine *en, const struct tool_needs_ask *ask, const struct tool *t,
			  struct tool_needs *out)
{
	struct tool_needs_at *at;

	TRY(standing_at(cx, en, ask, out->provider, &at));
	assert(at != NULL); /* or it has failed */
	out->consent = CONSENT_COMPLETED;
	if (at->live && scopes_cover(out->provider->def, &at->have, t->auth.scopes))
		return OK;
	if (!at->asked)
		TRY(newest_word(cx, en, ask, out->provider, &at->word));
	at->asked = true;
	out->consent = at->word;
	return OK;
}
static struct err authorization(struct ctx *cx, struct engine *en, const struct tool_needs_ask *ask,
				const struct tool *t, struct tool_needs *out)
{
	struct sv asked_as;
	struct err e = tool_needs_provider(cx, en, t, &out->provider, &asked_as);

	if (e.code == E_PROVIDER_UNKNOWN || e.code == E_PROVIDER_AMBIGUOUS) {
		(void)snprintf(out->provider_reason, sizeof out->provider_reason, "%.150s", cx->cause.say);
		return forgive(cx);
	}
	TRY(e);
	struct pdef_apart two;
	bool apart = pdef_apart(out->provider->def, t->auth.scopes, t->auth.scopes, &two);
	out->provider_active = out->provider->active && !apart;
	if (!out->provider->active)
		(void)snprintf(out->provider_reason, sizeof out->provider_reason, "the provider is inactive");
	else if (apart)
		(void)snprintf(out->provider_reason, sizeof out->provider_reason,
			       "one token cannot have both %.*s and %.*s: make two providers, one for each",
			       SV_FMT(sv_upto(two.one, 40)), SV_FMT(sv_upto(two.other, 40)));
	return ask->user_id.n == 0 ? OK : consent(cx, en, ask, t, out);
}

/* ---- all of it ---- */
struct err tool_needs_of(struct ctx *cx, struct engine *en, const struct tool_needs_ask *ask, const struct tool *t,
			 struct tool_needs *out)
{
	bool *met = arena_array(cx->arena, t->secrets.n + 1, sizeof *met);

	*out = (struct tool_needs){ .met = true, .secrets_met = met };
	if (met == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "requirements");
	for (size_t i = 0; i < t->secrets.n; i++) {
		met[i] = secret_names_has(en, ask->project_id, t->secrets.v[i]);
		out->met = out->met && met[i];
	}
	if (!t->auth.there)
		return OK;
	TRY(authorization(cx, en, ask, t, out));
	out->met = out->met && out->provider_active && (ask->user_id.n == 0 || out->consent == CONSENT_COMPLETED);
	return OK;
}
