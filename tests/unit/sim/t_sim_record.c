/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "sim/sim_record.h"
#include "tt.h"

static void world_drop(struct sim_world **w) { sim_world_free(*w); }
static const char *const discord[] = { "discord" };
static struct sim_world *world(struct ctx *cx)
{
	const struct sv app[3] = { SV("1"), SV("s"), SV("http://localhost/cb") };
	struct sim_world *w = NULL;

	CHECK(!IS_ERR(sim_world_new(cx, discord, 1, &w)));
	CHECK(!IS_ERR(sim_world_add_app(cx, w, &w->defs[0], app)));
	return w;
}
static const struct node *json(struct ctx *cx, const char *text)
{
	const struct node *n = NULL;

	CHECK(!IS_ERR(jdoc_parse(cx, sv_of(text), "test", &n)));
	return n;
}
static int64_t number(const struct node *map, const char *key) { return node_get(map, key)->i; }

TEST(a_grant_given_elsewhere_is_on_the_record)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_drop) struct sim_world *w = world(cx);
	CLEANUP(buf_free) struct buf b = BUF(65536);
	struct jout out = JOUT(&b);
	const struct node *body = json(cx, "{\"client_id\":\"1\",\"items\":[{\"user\":\"ada\",\"access_token\":\"at\","
					   "\"refresh_token\":\"rt\",\"expires_in_s\":60,\"scopes\":[\"identify\"]}]}");

	CHECK(!IS_ERR(sim_record_adopt(cx, w, body)));
	sim_record_grants(w, &out);
	CHECK(!IS_ERR(jout_done(cx, &out)));
	const struct node *g = node_get(json(cx, arena_text(cx->arena, buf_view(&b))), "items")->first;
	const struct node *c = node_get(g, "consents")->first;
	CHECK(sv_eqz(node_text_at(g, "user"), "ada") && number(g, "access_tokens") == 1);
	CHECK(number(c, "pairs") == 1 && number(c, "reused") == 0 && number(c, "refresh_tokens") == 1 &&
	      c->next == NULL);
	w->clock_ahead = SEC(61);
	buf_clear(&b);
	out = JOUT(&b);
	CHECK(!IS_ERR(sim_record_tokens(cx, w, json(cx, "{\"tokens\":[\"at\",\"rt\",\"no\"]}"), &out)));
	CHECK(!IS_ERR(jout_done(cx, &out)));
	const struct node *at = node_get(json(cx, arena_text(cx->arena, buf_view(&b))), "items")->first;
	CHECK(sv_eqz(node_text_at(at, "kind"), "access") && !node_get(at, "good")->b && number(at, "nth") == 1);
	CHECK(node_get(at->next, "good")->b && !node_get(at->next->next, "known")->b);
}

TEST(what_cannot_be_put_on_the_record_is_refused)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_drop) struct sim_world *w = world(cx);
	CLEANUP(buf_free) struct buf b = BUF(65536);
	struct jout out = JOUT(&b);

	CHECK(sim_record_adopt(cx, w, json(cx, "{\"client_id\":\"2\",\"items\":[]}")).code == E_NOT_FOUND);
	(void)forgive(cx);
	CHECK(sim_record_adopt(cx, w, json(cx, "{\"client_id\":\"1\",\"items\":[{\"user\":\"ada\"}]}")).code ==
	      E_BAD_INPUT);
	(void)forgive(cx);
	CHECK(sim_record_tokens(cx, w, json(cx, "{}"), &out).code == E_BAD_INPUT);
	(void)forgive(cx);
	CHECK(w->grants == NULL);
}
