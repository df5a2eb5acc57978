/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/provider_section.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "store/store_change.h"

static bool whole(struct sv key) { return sv_eqz(key, "params") || sv_eqz(key, "response_map"); }

static struct node *patched(struct arena *a, const struct node *base, const struct node *patch)
{
	struct node *out = base != NULL && base->kind == NODE_MAP ? node_copy(a, base) : node_new(a, NODE_MAP);

	for (const struct node *p = patch->first; out != NULL && p != NULL; p = p->next) {
		struct node *one = NULL;

		if (p->kind == NODE_NULL)
			one = node_new(a, NODE_NULL);
		else if (p->kind == NODE_MAP && !whole(p->key))
			one = patched(a, node_get_sv(base, p->key), p);
		else
			one = node_copy(a, p);
		if (one != NULL)
			one->next = NULL;
		if (!node_set(a, out, p->key, one))
			return NULL;
	}
	return out;
}

/* Takes the nulls out that removed something. */
static struct node *without_nulls(struct arena *a, const struct node *n)
{
	struct node *out = node_new(a, NODE_MAP);

	for (const struct node *c = n->first; out != NULL && c != NULL; c = c->next) {
		if (c->kind == NODE_NULL)
			continue;
		struct node *one = c->kind == NODE_MAP && !whole(c->key) ? without_nulls(a, c) : node_copy(a, c);
		if (one != NULL)
			one->next = NULL;
		if (!node_set(a, out, c->key, one))
			return NULL;
	}
	return out;
}

struct err provider_section_patch(struct ctx *cx, const struct node *was, const struct node *patch, struct node **out)
{
	*out = patched(cx->arena, was, patch);
	if (*out != NULL)
		*out = without_nulls(cx->arena, *out);
	return *out != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "oauth2 section");
}

/* ---- what changed ---- */
static struct err config_of(struct ctx *cx, const struct provider_row *r, const struct node **out)
{
	*out = NULL;
	return r->config.n == 0 ? OK : jdoc_parse(cx, r->config, "stored oauth2 section", out);
}
struct err provider_section_changed(struct ctx *cx, const struct provider_change *c, struct sv *out)
{
	CLEANUP(buf_free) struct buf data = BUF(65536);
	const struct node *was = NULL, *now = NULL;
	struct jout w = JOUT(&data);

	struct err e = config_of(cx, c->was, &was);
	if (e.code == E_INTERNAL)
		return e;
	if (IS_ERR(e)) /* of a provider out of use: all of it is new */
		(void)forgive(cx);
	TRY(config_of(cx, c->now, &now));
	jout_open(&w, NULL);
	store_change_open(&w);
	store_change_text(&w, "description", c->was->description, c->now->description);
	store_change_text(&w, "status", c->was->status, c->now->status);
	store_change_text(&w, "provider_id", c->was->type_id, c->now->type_id);
	store_change_text(&w, "oauth2.client_id", c->was->client_id, c->now->client_id);
	store_change_if(&w, "oauth2.client_secret", c->secret);
	store_change_tree(&w, "oauth2", was, now);
	store_change_end(&w);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	*out = arena_sv(cx->arena, buf_view(&data));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "provider");
}
