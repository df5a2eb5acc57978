/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/tokens.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"

enum { JSON_BYTES = 256 << 10 };

static struct err kept(struct ctx *cx, const struct jout *w, struct secret **out)
{
	TRY(jout_done(cx, w));
	*out = secret_copy(buf_view(w->b));
	return *out != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "token set");
}

static struct err pack_access(struct ctx *cx, const struct token_set *set, struct secret **out)
{
	CLEANUP(buf_free) struct buf b = BUF(JSON_BYTES);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	jout_str(&w, "token", secret_view(set->access));
	jout_strz(&w, "type", set->token_type);
	jout_close(&w);
	return kept(cx, &w, out);
}

static void add_answer(struct jout *w, const struct node *answer)
{
	jout_open(w, "answer");
	for (const struct node *c = answer->first; c != NULL; c = c->next) {
		if (sv_eqz(c->key, "access_token") || sv_eqz(c->key, "refresh_token"))
			continue;
		jout_key(w, c->key);
		jout_node(w, NULL, c);
	}
	jout_close(w);
}

static struct err pack_refresh(struct ctx *cx, const struct token_set *set, struct secret **out)
{
	CLEANUP(buf_free) struct buf b = BUF(JSON_BYTES);
	struct jout w = JOUT(&b);
	const struct node *answer = NULL;

	if (set->rest != NULL)
		TRY(jdoc_parse_lenient(cx, secret_view(set->rest), "token answer", &answer));
	jout_open(&w, NULL);
	if (set->refresh != NULL)
		jout_str(&w, "refresh_token", secret_view(set->refresh));
	if (answer != NULL && answer->kind == NODE_MAP)
		add_answer(&w, answer);
	jout_close(&w);
	return kept(cx, &w, out);
}

struct err tokens_pack(struct ctx *cx, const struct token_set *set, struct secret **access, struct secret **refresh)
{
	CLEANUP(secret_drop) struct secret *a = NULL;

	*access = *refresh = NULL;
	if (set->access == NULL)
		return fail(cx, E_INTERNAL, "the token set is empty", "no access token");
	TRY(pack_access(cx, set, &a));
	TRY(pack_refresh(cx, set, refresh));
	*access = TAKE(a);
	return OK;
}

static struct err text_at(struct ctx *cx, const struct node *n, const char *key, struct secret **out)
{
	struct sv t = node_text_at(n, key);

	if (t.p == NULL)
		return OK;
	*out = secret_copy(t);
	return *out != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "token");
}

struct err tokens_access(struct ctx *cx, const struct secret *access, struct secret **token, char *type)
{
	const struct node *n = NULL;
	struct token_set *shape = NULL;

	*token = NULL;
	TRY(jdoc_parse(cx, secret_view(access), "sealed token", &n));
	if (!sv_copy(node_text_at(n, "type"), type, sizeof shape->token_type))
		return fail(cx, E_INTERNAL, "storage error", "token type is too long");
	TRY(text_at(cx, n, "token", token));
	return *token != NULL ? OK : fail(cx, E_INTERNAL, "storage error", "sealed token without token");
}

struct err tokens_refresh(struct ctx *cx, const struct secret *refresh, struct secret **refresh_token)
{
	const struct node *n = NULL;

	*refresh_token = NULL;
	TRY(jdoc_parse_lenient(cx, secret_view(refresh), "sealed token", &n));
	return text_at(cx, n, "refresh_token", refresh_token);
}
