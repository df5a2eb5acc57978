/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "sim/sim_serve.h"
#include "sim/sim_world.h"
#include "tt.h"

static void world_drop(struct sim_world **w) { sim_world_free(*w); }
static const char *const discord[] = { "discord" };

TEST(a_family_dies_together_and_a_grant_with_everything)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_drop) struct sim_world *w = NULL;
	const struct sv app[3] = { SV("1"), SV("s"), SV("http://localhost/cb") };

	CHECK(!IS_ERR(sim_world_new(cx, discord, 1, &w)));
	CHECK(!IS_ERR(sim_world_add_app(cx, w, &w->defs[0], app)));
	struct sim_client *c = sim_world_client(w, &w->defs[0], SV("1"));
	struct sim_user *u = sim_world_user(w, &w->defs[0], SV("alice"));
	CHECK(c != NULL && u != NULL && sim_world_client(w, &w->defs[0], SV("2")) == NULL);
	struct sim_grant *g = sim_world_grant(w, c, u);
	CHECK(g != NULL && sim_world_grant(w, c, u) == g);
	struct sim_token *code = sim_world_mint(w, SIM_CODE, SV("c"), 100),
			 *a = sim_world_mint(w, SIM_ACCESS, SV("a"), 100),
			 *other = sim_world_mint(w, SIM_ACCESS, SV("a"), 100);
	CHECK(code != NULL && a != NULL && other != NULL);
	code->root = a->root = code;
	code->grant = a->grant = other->grant = g;
	CHECK(sim_world_token(w, SIM_ACCESS, a->text) == a && sim_world_token(w, SIM_REFRESH, a->text) == NULL);
	sim_world_end_family(w, code);
	CHECK(!sim_world_token_good(w, a) && sim_world_token_good(w, other));
	sim_world_end_grant(w, g);
	CHECK(!sim_world_token_good(w, other) && sim_world_grant(w, c, u) != g);
}

TEST(tokens_end_with_the_simulated_clock)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_drop) struct sim_world *w = NULL;

	CHECK(!IS_ERR(sim_world_new(cx, discord, 1, &w)));
	struct sim_token *t = sim_world_mint(w, SIM_ACCESS, SV("a"), 100),
			 *forever = sim_world_mint(w, SIM_ACCESS, SV("a"), 0);
	CHECK(sim_world_token_good(w, t) && sim_world_token_good(w, forever));
	w->clock_ahead += SEC(101);
	CHECK(!sim_world_token_good(w, t) && sim_world_token_good(w, forever));
}

TEST(an_unknown_provider_is_refused_by_name)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_drop) struct sim_world *w = NULL;
	static const char *const nowhere[] = { "nowhere" };
	size_t at;

	CHECK(sim_world_new(cx, nowhere, 1, &w).code == E_CONFIG && w == NULL);
	CHECK(sv_find(sv_of(cx->cause.say), SV("nowhere"), &at));
}

TEST(a_template_leaves_out_what_was_not_granted)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_drop) struct sim_world *w = NULL;
	CLEANUP(buf_free) struct buf b = BUF(4096);
	struct jout out = JOUT(&b);
	struct node *template = node_new(cx->arena, NODE_MAP), *filled = NULL;
	struct sv email = SV("email");
	size_t at;

	CHECK(!IS_ERR(sim_world_new(cx, discord, 1, &w)));
	CHECK(node_set(cx->arena, template, SV("who"), node_new_text(cx->arena, SV("$user.username"))));
	CHECK(node_set(cx->arena, template, SV("mail"), node_new_text(cx->arena, SV("$user.email?email"))));
	CHECK(node_set(cx->arena, template, SV("plain"), node_new_text(cx->arena, SV("$"))));
	struct sim_values v = { .user = sim_world_user(w, &w->defs[0], SV("alice")) };
	CHECK(!IS_ERR(sim_fill(cx, template, &v, &filled)));
	jout_node(&out, NULL, filled);
	CHECK(sv_find(buf_view(&b), SV("\"who\":\"alice\""), &at) && !sv_find(buf_view(&b), SV("mail"), &at));
	CHECK(sv_find(buf_view(&b), SV("\"plain\":\"$\""), &at));
	v.scopes = (struct sv_list){ &email, 1 };
	CHECK(!IS_ERR(sim_fill(cx, template, &v, &filled)) && node_get(filled, "mail") != NULL);
}
