/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim_record.h"
#include "core/arena.h"
#include "core/text.h"

/* ---- grants ---- */
static void count(struct sim_world *w)
{
	for (struct sim_grant *g = w->grants; g != NULL; g = g->next) {
		g->live_access = g->live_refresh = 0;
		for (struct sim_token *c = g->consents; c != NULL; c = c->next_consent)
			c->live_access = c->live_refresh = 0;
	}
	for (size_t i = 0; i < SIM_BUCKETS; i++)
		for (struct sim_token *t = w->tokens[i]; t != NULL; t = t->next) {
			if ((t->kind != SIM_ACCESS && t->kind != SIM_REFRESH) || !sim_world_token_good(w, t))
				continue;
			*(t->kind == SIM_ACCESS ? &t->grant->live_access : &t->grant->live_refresh) += 1;
			*(t->kind == SIM_ACCESS ? &t->root->live_access : &t->root->live_refresh) += 1;
		}
}
static void consent(struct jout *out, const struct sim_token *c)
{
	jout_open(out, NULL);
	jout_i64(out, "pairs", c->pairs);
	jout_i64(out, "reused", c->reused);
	jout_i64(out, "access_tokens", c->live_access);
	jout_i64(out, "refresh_tokens", c->live_refresh);
	if (c->least_left == INT64_MAX)
		jout_null(out, "least_left_s");
	else
		jout_i64(out, "least_left_s", c->least_left / SEC(1));
	jout_close(out);
}
static void grant(struct jout *out, const struct sim_grant *g)
{
	jout_open(out, NULL);
	jout_str(out, "user", g->user->name);
	jout_str(out, "client_id", g->client->id);
	jout_bool(out, "ended", g->ended);
	jout_list(out, "scopes");
	for (size_t i = 0; i < g->scopes.n; i++)
		jout_str(out, NULL, g->scopes.v[i]);
	jout_list_end(out);
	jout_i64(out, "access_tokens", g->live_access);
	jout_i64(out, "refresh_tokens", g->live_refresh);
	jout_list(out, "consents");
	for (const struct sim_token *c = g->consents; c != NULL; c = c->next_consent)
		consent(out, c);
	jout_list_end(out);
	jout_close(out);
}
void sim_record_grants(struct sim_world *w, struct jout *out)
{
	count(w);
	jout_open(out, NULL);
	jout_list(out, "items");
	for (const struct sim_grant *g = w->grants; g != NULL; g = g->next)
		grant(out, g);
	jout_list_end(out);
	jout_close(out);
}

/* ---- tokens ---- */
static const struct {
	enum sim_token_kind kind;
	const char *word;
} kinds[] = { { SIM_ACCESS, "access" }, { SIM_REFRESH, "refresh" }, { SIM_CODE, "code" } };
static void token(const struct sim_world *w, struct sv text, struct jout *out)
{
	const struct sim_token *t = NULL;
	size_t k = 0;

	while (k < ARRAY_LEN(kinds) && (t = sim_world_token(w, kinds[k].kind, text)) == NULL)
		k++;
	jout_open(out, NULL);
	jout_bool(out, "known", t != NULL);
	if (t != NULL) {
		jout_strz(out, "kind", kinds[k].word);
		jout_str(out, "user", t->grant->user->name);
		jout_bool(out, "good", sim_world_token_good(w, t));
		jout_i64(out, "nth", t->nth);
		jout_i64(out, "of", t->root->pairs);
		jout_i64(out, "left_s", t->expires_at == 0 ? 0 : (t->expires_at - sim_world_now(w)) / SEC(1));
	}
	jout_close(out);
}
struct err sim_record_tokens(struct ctx *cx, struct sim_world *w, const struct node *body, struct jout *out)
{
	const struct node *list = node_get(body, "tokens");

	if (list == NULL || list->kind != NODE_LIST)
		return bad_field(cx, "tokens", "required", "is a list of tokens");
	jout_open(out, NULL);
	jout_list(out, "items");
	for (const struct node *n = list->first; n != NULL; n = n->next)
		token(w, node_text(n), out);
	jout_list_end(out);
	jout_close(out);
	return OK;
}

/* ---- grants that were given elsewhere ---- */
struct item_in {
	struct sv user, access_token, refresh_token;
	struct sv_list scopes;
	int64_t expires_in_s;
};
static const struct nfield item_fields[] = {
	NSV(struct item_in, user, NREQ, 1, 200),
	NSV(struct item_in, access_token, NREQ, 1, 2048),
	NSV(struct item_in, refresh_token, NREQ, 1, 2048),
	NLIST(struct item_in, scopes, NOPT, 100),
	NI64(struct item_in, expires_in_s, NREQ, 0, 315360000),
};
static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "grant"); }
static struct err user_of(struct ctx *cx, struct sim_world *w, const struct sim_client *c, struct sv name,
			  struct sim_user **out)
{
	struct node *data = node_new(cx->arena, NODE_MAP);

	*out = sim_world_user(w, c->def, name);
	if (*out != NULL)
		return OK;
	if (data == NULL || !node_set(cx->arena, data, SV("name"), node_new_text(cx->arena, name)) ||
	    !node_set(cx->arena, data, SV("id"), node_new_text(cx->arena, name)) ||
	    !node_set(cx->arena, data, SV("username"), node_new_text(cx->arena, name)))
		return no_memory(cx);
	TRY(sim_world_add_user(cx, w, c->def, data));
	*out = sim_world_user(w, c->def, name);
	return OK;
}
/* As if a code had been redeemed for this pair. */
static struct err adopt(struct ctx *cx, struct sim_world *w, const struct sim_client *c, const struct item_in *in)
{
	struct sim_user *u = NULL;

	TRY(user_of(cx, w, c, in->user, &u));
	struct sim_grant *g = sim_world_grant(w, c, u);
	struct sim_token *code = sim_world_mint(w, SIM_CODE, SV("code_"), 1),
			 *a = sim_world_put(w, SIM_ACCESS, in->access_token, in->expires_in_s),
			 *r = sim_world_put(w, SIM_REFRESH, in->refresh_token, 0);
	if (g == NULL || code == NULL || a == NULL || r == NULL)
		return no_memory(cx);
	g->scopes = sim_world_list(w, in->scopes);
	code->dead = code->offline = true;
	code->pairs = a->nth = r->nth = 1;
	code->newest_ends = a->expires_at;
	code->next_consent = g->consents;
	g->consents = code;
	code->grant = a->grant = r->grant = g;
	code->root = a->root = r->root = code;
	code->client = r->client = c;
	code->scopes = a->scopes = r->scopes = g->scopes;
	return OK;
}
struct err sim_record_adopt(struct ctx *cx, struct sim_world *w, const struct node *body)
{
	const struct sim_def *d = sim_world_provider(w, node_text_at(body, "provider"));
	const struct sim_client *c = d == NULL ? NULL : sim_world_client(w, d, node_text_at(body, "client_id"));
	const struct node *items = node_get(body, "items");
	const struct node_decode how = { item_fields, ARRAY_LEN(item_fields), "items.", NODE_REFUSE_UNKNOWN };

	if (c == NULL)
		return refuse(cx, E_NOT_FOUND, "no such app; POST /apps makes it known");
	for (const struct node *n = items == NULL ? NULL : items->first; n != NULL; n = n->next) {
		struct item_in in = { .scopes = { NULL, 0 } };

		TRY(node_decode(cx, n, &how, &in));
		TRY(adopt(cx, w, c, &in));
	}
	return OK;
}
