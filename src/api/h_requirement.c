/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/view_tool.h"
#include "core/arena.h"
#include "core/text.h"
#include "domain/tool_require.h"

enum { TOOLS_MOST = 1000, NAME_BYTES = 1024, USER_ID_BYTES = 1024 };

struct body {
	struct sv_list tool_names;
	const struct node *tools;
	struct sv user_id;
	bool authorize;
};
static const struct nfield fields[] = {
	NLIST(struct body, tool_names, NOPT, TOOLS_MOST),
	NNODE(struct body, tools, NOPT),
	NSV(struct body, user_id, NOPT, 0, USER_ID_BYTES),
	NBOOL(struct body, authorize, NOPT),
};
struct tool_ref {
	struct sv tool_name, tool_version;
};
static const struct nfield ref_fields[] = {
	NSV(struct tool_ref, tool_name, NREQ, 1, NAME_BYTES),
	NSV(struct tool_ref, tool_version, NOPT, 0, NAME_BYTES),
};

/* ---- which tools ---- */
static struct err names_of(struct request *rq, const struct body *b, struct toolname **out, size_t *n)
{
	size_t most = b->tool_names.n + (b->tools == NULL ? 0 : b->tools->n);

	*n = 0;
	if (b->tools != NULL && b->tools->kind != NODE_LIST)
		return bad_field(rq->cx, "tools", "list", "must be a list");
	if (most == 0)
		return bad_field(rq->cx, "tool_names", "required", "or tools must name a tool");
	if (most > TOOLS_MOST)
		return bad_field(rq->cx, "tools", "max", "must be at most %d with tool_names", TOOLS_MOST);
	*out = arena_array(rq->cx->arena, most, sizeof **out);
	if (*out == NULL)
		return fail(rq->cx, E_INTERNAL, "out of memory", "names of tools");
	for (size_t i = 0; i < b->tool_names.n; i++)
		TRY(toolname_parse(rq->cx, b->tool_names.v[i], SV_NONE, &(*out)[(*n)++]));
	for (const struct node *t = b->tools == NULL ? NULL : b->tools->first; t != NULL; t = t->next) {
		struct tool_ref r = { .tool_name = SV_NONE };

		TRY(node_decode(
		    rq->cx, t, &(struct node_decode){ ref_fields, ARRAY_LEN(ref_fields), "tools", NODE_IGNORE_UNKNOWN },
		    &r));
		TRY(toolname_parse(rq->cx, r.tool_name, input_or_none(r.tool_version), &(*out)[(*n)++]));
	}
	return OK;
}

/* ---- the answer ---- */
static void texts(struct jout *w, const char *key, const struct sv_list *l)
{
	jout_list(w, key);
	for (size_t i = 0; i < l->n; i++)
		jout_str(w, NULL, l->v[i]);
	jout_list_end(w);
}
static void auth_shape(struct jout *w, const struct require_auth *a, bool with_user)
{
	const struct provider *p = a->needs.provider;

	jout_key(w, a->key);
	jout_open(w, NULL);
	jout_bool(w, "met", a->needs.met);
	jout_strz(w, "status", a->needs.provider_active ? "active" : "inactive");
	if (a->needs.provider_reason[0] != '\0')
		jout_strz(w, "status_reason", a->needs.provider_reason);
	if (with_user)
		jout_strz(w, "token_status", view_tool_consent(a->needs.consent));
	jout_str(w, "provider_id", p == NULL ? a->tool->auth.provider_id : sv_of(p->unique_id));
	jout_strz(w, "provider_type", "oauth2");
	texts(w, "scopes", &a->scopes);
	texts(w, "tool_names", &a->tools);
	if (a->asked_id[0] != '\0') {
		jout_strz(w, "authorization_id", a->asked_id);
		jout_str(w, "url", a->url);
	}
	jout_close(w);
}
static struct err answer(struct request *rq, const struct require_done *d, bool with_user)
{
	struct jout w = JOUT(rq->out);

	jout_open(&w, NULL);
	jout_bool(&w, "met", d->met);
	jout_open(&w, "authorization");
	jout_bool(&w, "met", d->auths_met);
	jout_open(&w, "items");
	for (size_t i = 0; i < d->n_auths; i++)
		auth_shape(&w, &d->auths[i], with_user);
	jout_close(&w);
	jout_close(&w);
	jout_open(&w, "secrets");
	jout_bool(&w, "met", d->secrets_met);
	jout_open(&w, "items");
	for (size_t i = 0; i < d->n_secrets; i++) {
		jout_key(&w, d->secrets[i].key);
		jout_open(&w, NULL);
		jout_bool(&w, "met", d->secrets[i].met);
		jout_strz(&w, "status_reason", d->secrets[i].met ? "" : "secret not found");
		texts(&w, "tool_names", &d->secrets[i].tools);
		jout_close(&w);
	}
	jout_close(&w);
	jout_close(&w);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
struct err h_requirement_show(struct request *rq)
{
	CLEANUP(toolbox_let_go) const struct tool_set *set = toolbox_hold(rq->en);
	struct actor by = caller_actor(rq);
	struct require_done d = { .met = false };
	struct body b = { .user_id = SV_NONE };
	struct toolname *names = NULL;
	size_t n = 0;

	TRY(INPUT(rq, fields, &b));
	TRY(names_of(rq, &b, &names, &n));
	const struct require_ask ask = { .project_id = caller_project(rq),
					 .user_id = caller_user(rq, b.user_id),
					 .names = names,
					 .n = n,
					 .authorize = b.authorize,
					 .lane = caller_lane(rq),
					 .park_over = rq->park_over,
					 .by = &by };
	if (ask.authorize && ask.user_id.n == 0)
		return bad_field(rq->cx, "user_id", "required", "is required with authorize");
	struct err e = tool_require_of(rq->cx, rq->en, set, &ask, &d);
	rq->peer_key = d.peer_key;
	if (e.code == E_PARK) {
		rq->park.topic = d.topic;
		rq->park.until = d.park_until;
	}
	TRY(e);
	http_header(rq, "Cache-Control", SV("no-store")); /* links are in it */
	return answer(rq, &d, ask.user_id.n > 0);
}
