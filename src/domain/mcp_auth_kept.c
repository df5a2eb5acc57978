/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "domain/mcp_auth_inner.h"
#include "domain/scopes.h"
#include "wire/wire_challenge.h"

/* What is known of a worker's authorization: JSON in workers.auth.  Several may learn something at once, so every
 * change is made of what is stored, in the act that stores it. */
enum { AUTH_MOST = 64 << 10, STEPS_MOST = 20 };

/* ---- reading ---- */
static struct sv text_or_empty(const struct node *map, const char *key)
{
	struct sv s = node_text_at(map, key);

	return s.p == NULL ? SV("") : s;
}
static int64_t number_or_zero(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	return n != NULL && n->kind == NODE_INT ? n->i : 0;
}
static struct err list_of(struct ctx *cx, const struct node *list, struct sv_list *out)
{
	size_t most = list == NULL ? 0 : list->n;

	*out = (struct sv_list){ .v = arena_array(cx->arena, most + 1, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "scopes");
	for (const struct node *n = list == NULL ? NULL : list->first; n != NULL; n = n->next)
		if (node_text(n).n > 0)
			out->v[out->n++] = node_text(n);
	return OK;
}
static struct err read_text(struct ctx *cx, struct sv auth, struct mcp_auth *out)
{
	const struct node *n = NULL;

	*out = (struct mcp_auth){ .there = auth.n > 0 };
	if (!out->there)
		return OK;
	TRY(jdoc_parse(cx, auth, "a worker's authorization", &n));
	out->issuer = text_or_empty(n, "issuer");
	out->resource = text_or_empty(n, "resource");
	out->client = text_or_empty(n, "client");
	out->method = text_or_empty(n, "method");
	out->user = text_or_empty(n, "user");
	out->refused = text_or_empty(n, "refused_client");
	out->expires_s = number_or_zero(n, "client_expires_at");
	out->tools = node_get(n, "tools");
	TRY(list_of(cx, node_get(n, "scopes"), &out->scopes));
	return list_of(cx, node_get(n, "supported"), &out->supported);
}
struct err mcp_auth_read(struct ctx *cx, const struct worker_row *w, struct mcp_auth *out)
{
	return read_text(cx, w->auth, out);
}
struct err mcp_auth_scopes(struct ctx *cx, const struct mcp_auth *a, struct sv tool, struct sv_list *out)
{
	struct sv_list more;

	TRY(list_of(cx, node_get_sv(a->tools, tool), &more));
	return scopes_union(cx, a->scopes, more, out);
}

/* ---- changing ---- */
static void put_list(struct jout *w, const char *key, struct sv_list l)
{
	jout_list(w, key);
	for (size_t i = 0; i < l.n; i++)
		jout_str(w, NULL, l.v[i]);
	jout_list_end(w);
}
static struct err text_of(struct ctx *cx, const struct mcp_auth *a, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(AUTH_MOST);
	struct jout j = JOUT(&b);

	jout_open(&j, NULL);
	jout_str(&j, "issuer", a->issuer);
	jout_str(&j, "resource", a->resource);
	jout_str(&j, "client", a->client);
	jout_str(&j, "method", a->method);
	jout_i64(&j, "client_expires_at", a->expires_s);
	jout_str(&j, "refused_client", a->refused);
	jout_str(&j, "user", a->user);
	put_list(&j, "scopes", a->scopes);
	put_list(&j, "supported", a->supported);
	jout_node(&j, "tools", a->tools);
	jout_close(&j);
	TRY(jout_done(cx, &j));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a worker's authorization") : OK;
}
static struct err edit(struct ctx *cx, struct sv auth, void *arg, struct sv *out)
{
	const struct mcp_auth_edit *how = arg;
	struct mcp_auth a;
	bool changed = false;

	TRY(read_text(cx, auth, &a));
	TRY(how->edit(cx, &a, how->arg, &changed));
	*out = auth;
	return changed ? text_of(cx, &a, out) : OK;
}
struct err mcp_auth_change(struct ctx *cx, struct engine *en, struct worker_row *w, const struct mcp_auth_edit *how)
{
	struct mcp_auth_edit copy = *how;
	struct sv now;

	TRY(store_worker_auth(cx, en->store, &(struct worker_auth){ store_worker_as(w), edit, &copy }, &now));
	w->auth = now;
	return OK;
}
/* A worker that has changed has nothing of this to be kept. */
static struct err unless_changed(struct err e) { return e.code == E_STALE ? OK : e; }

static struct err set_user(struct ctx *cx, struct mcp_auth *a, void *arg, bool *changed)
{
	const struct sv *user = arg;

	(void)cx;
	*changed = a->there && !sv_eq(a->user, *user);
	a->user = *user;
	return OK;
}
struct err mcp_auth_user(struct ctx *cx, struct engine *en, struct worker_row *w, struct sv user)
{
	return unless_changed(mcp_auth_change(cx, en, w, &(struct mcp_auth_edit){ set_user, &user }));
}
bool mcp_auth_listed(struct sv_list l, struct sv word)
{
	for (size_t i = 0; i < l.n; i++)
		if (sv_eq(l.v[i], word))
			return true;
	return false;
}
static struct err add_scopes(struct ctx *cx, const struct node *tools, const struct mcp_auth_step *in,
			     struct sv_list more, const struct node **out)
{
	struct node *map =
	    tools == NULL || tools->kind != NODE_MAP ? node_new(cx->arena, NODE_MAP) : node_copy(cx->arena, tools);
	struct node *list = node_new(cx->arena, NODE_LIST);

	for (size_t i = 0; i < more.n && list != NULL; i++)
		if (!node_add(list, node_new_text(cx->arena, more.v[i])))
			list = NULL;
	if (map == NULL || list == NULL || !node_set(cx->arena, map, in->tool, list))
		return fail(cx, E_INTERNAL, "out of memory", "scopes");
	*out = map;
	return OK;
}
struct stepping {
	const struct mcp_auth_step *in;
	struct sv_list asked;
	bool grew;
};
static struct err step(struct ctx *cx, struct mcp_auth *a, void *arg, bool *changed)
{
	struct stepping *s = arg;
	struct sv_list had, all;

	s->grew = false;
	TRY(list_of(cx, node_get_sv(a->tools, s->in->tool), &had));
	TRY(scopes_union(cx, had, s->asked, &all));
	for (size_t i = 0; i < s->asked.n; i++)
		s->grew =
		    s->grew || (!mcp_auth_listed(had, s->asked.v[i]) && !mcp_auth_listed(a->scopes, s->asked.v[i]));
	s->grew = s->grew && a->there && all.n <= STEPS_MOST;
	*changed = s->grew;
	return s->grew ? add_scopes(cx, a->tools, s->in, all, &a->tools) : OK;
}
struct err mcp_auth_step(struct ctx *cx, struct engine *en, const struct mcp_auth_step *in, bool *grew)
{
	struct stepping s = { .in = in };

	*grew = false;
	TRY(wire_challenge_scopes(cx, in->scope, MCP_AUTH_SCOPES, &s.asked));
	struct err e = mcp_auth_change(cx, en, in->w, &(struct mcp_auth_edit){ step, &s });
	*grew = !IS_ERR(e) && s.grew;
	return unless_changed(e);
}
static struct err refuse_client(struct ctx *cx, struct mcp_auth *a, void *arg, bool *changed)
{
	const struct sv *client = arg;

	(void)cx;
	*changed = a->there && !sv_eq(a->refused, *client);
	a->refused = *client;
	return OK;
}
struct err mcp_auth_refused(struct ctx *cx, struct engine *en, const struct provider *p, struct sv client_id)
{
	static const struct sv mcp = SV_INIT("mcp:");
	struct worker_row w;

	if (p->binding != BIND_WORKER || !sv_starts(sv_of(p->unique_id), mcp))
		return OK;
	struct err e = store_worker_get(cx, en->store, sv_of(p->project_id), sv_from(sv_of(p->unique_id), mcp.n), &w);
	if (e.code == E_NOT_FOUND)
		return OK;
	TRY(e);
	return unless_changed(mcp_auth_change(cx, en, &w, &(struct mcp_auth_edit){ refuse_client, &client_id }));
}
struct err mcp_auth_over(struct ctx *cx, struct engine *en, const struct worker_row *w, bool *over)
{
	struct mcp_auth a;
	struct sv name;

	*over = false;
	TRY(mcp_auth_read(cx, w, &a));
	if (!a.there || !sv_eqz(a.client, "registered") || a.refused.n == 0)
		return OK;
	TRY(mcp_auth_name(cx, w, &name));
	const struct provider *p = providers_of_worker(en, w->project_id, name);
	*over = p != NULL && sv_eqz(a.refused, p->client_id);
	return OK;
}
