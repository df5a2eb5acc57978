/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jout.h"
#include "core/text.h"
#include "model/jpath.h"
#include "model/pdef_scopes.h"
#include "wire/wire_answer.h"
#include "wire/wire_fate.h"
#include "wire/wire_identity.h"
#include "wire/wire_send.h"
#include <stdio.h>

enum { MOST_JSON = 256 << 10 };

void wire_user_clear(struct wire_user *u)
{
	secret_drop(&u->json);
	*u = (struct wire_user){ .json = NULL };
}

static void user_undo(struct wire_user **u)
{
	if (*u != NULL)
		wire_user_clear(*u);
}

/* A scope the call needs and the grant is known not to have: the call would be refused, and refusals are counted
 * (Discord). */
static bool lacks_scope(const struct pdef *d, const struct token_set *set)
{
	struct sv_list needed = d->parts->user_info_scopes;

	for (size_t i = 0; set->scope_known && i < needed.n; i++)
		if (!pdef_scopes_have(d->scopes, set->scopes, needed.v[i]))
			return true;
	return false;
}

/* The keys of response_map only; without one the whole body. */
static struct err to_json(struct ctx *cx, const struct pdef_parts *p, const struct node *tree, struct wire_user *out)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_JSON);
	struct jout w = JOUT(&b);

	if (p->user_info_map == NULL) {
		jout_node(&w, NULL, tree);
	} else {
		jout_open(&w, NULL);
		for (const struct node *c = p->user_info_map->first; c != NULL; c = c->next) {
			const struct node *n = NULL;

			TRY(jpath_get(cx, c->text, tree, &n));
			if (n == NULL)
				continue;
			jout_key(&w, c->key);
			jout_node(&w, NULL, n);
		}
		jout_close(&w);
	}
	TRY(jout_done(cx, &w));
	out->json = secret_copy(buf_view(&b));
	return out->json == NULL ? fail(cx, E_INTERNAL, "out of memory", "user info") : OK;
}

/* One call with the user's token.  *tree NULL unless it succeeded. */
static struct err fetch(struct ctx *cx, struct wire_env *e, const struct pdef_call *call, const struct node **tree,
			struct wire_outcome *how)
{
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	const struct node *got = NULL;
	bool good;

	*tree = NULL;
	TRY(wire_send(
	    cx, e, &(struct wire_send){ .purpose = "userinfo", .at = PAT_USER_INFO, .call = call, .may_repeat = true },
	    &reply, how));
	if (how->fate != WIRE_OK)
		return OK;
	TRY(wire_answer_tree(cx, buf_view(&reply.body), reply.content_type, PANSWER_JSON, &got));
	good = how->status >= 200 && how->status < 300;
	if (good && call->ok_when.p != NULL)
		TRY(jpath_test(cx, call->ok_when, got, &good));
	if (!good)
		return wire_fate_read(cx, e, &(struct wire_fate_in){ PAT_USER_INFO, NULL, got }, how);
	if (got == NULL || (got->kind != NODE_MAP && got->kind != NODE_LIST))
		wire_fate_bad(how, "user info is not a JSON object");
	else
		*tree = got;
	return OK;
}

/* GitHub's e-mail addresses are another call away; when it fails, they are not known. */
static struct err more_calls(struct ctx *cx, struct wire_env *e, struct wire_user *out)
{
	const struct pdef_parts *p = e->client->def->parts;

	for (size_t i = 0; i < p->n_identity && out->email.p == NULL; i++) {
		struct wire_outcome how;
		const struct node *tree, *n = NULL;

		if (p->identity[i].from != PFROM_CALL || p->identity[i].email.p == NULL)
			continue;
		TRY(fetch(cx, e, &p->identity[i].call, &tree, &how));
		if (tree != NULL)
			TRY(jpath_get(cx, p->identity[i].email, tree, &n));
		if (node_text(n).n > 0 && !text_has_control(node_text(n)))
			out->email = node_text(n);
	}
	return OK;
}

static bool cannot_ask(const struct wire_client *c, const struct token_set *set, struct wire_outcome *how)
{
	*how = (struct wire_outcome){ .fate = WIRE_NOT_SENT };
	if (!c->def->has_user_info)
		(void)snprintf(how->detail, sizeof how->detail, "this provider tells nothing about its users");
	else if (lacks_scope(c->def, set))
		(void)snprintf(how->detail, sizeof how->detail, "the scopes that were granted do not reach user info");
	else
		return false;
	return true;
}

/* User info is shown to whoever may read connections: a provider that tells our own secrets there tells nothing. */
static bool holds(const struct node *n, struct sv secret)
{
	size_t at;

	if (sv_find(n->key, secret, &at) || sv_find(n->text, secret, &at))
		return true;
	for (const struct node *c = n->first; c != NULL; c = c->next)
		if (holds(c, secret))
			return true;
	return false;
}
static bool tells_secrets(const struct node *tree, const struct wire_client *c, const struct token_set *set)
{
	enum { LEAST = 8 }; /* what is shorter may stand anywhere by chance */
	const struct secret *const known[] = { set->access, set->refresh, c->client_secret };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i] != NULL && secret_view(known[i]).n >= LEAST && holds(tree, secret_view(known[i])))
			return true;
	return false;
}

struct err wire_user_info(struct ctx *cx, const struct wire_client *c, const struct token_set *set,
			  struct wire_user *out, struct wire_outcome *how)
{
	CLEANUP(user_undo) struct wire_user *undo = out;
	struct wire_client with = *c;
	struct wire_env e;
	const struct node *tree;

	*out = (struct wire_user){ .json = NULL };
	if (cannot_ask(c, set, how))
		return OK;
	with.stored = set->stored;
	TRY(wire_env_start(cx, &with, &e));
	wire_env_secret(&e, "access_token", secret_view(set->access));
	wire_env_text(&e, "token", secret_view(set->access));
	TRY(fetch(cx, &e, &c->def->parts->user_info, &tree, how));
	if (tree == NULL)
		return OK;
	if (tree->kind != NODE_MAP && c->def->parts->user_info_map == NULL) {
		wire_fate_bad(how, "user info is not a JSON object");
		return OK;
	}
	if (tells_secrets(tree, c, set)) {
		wire_fate_bad(how, "user info holds a token or the client secret, and was left out");
		return OK;
	}
	TRY(wire_identity_of_user(cx, &e, tree, out));
	TRY(more_calls(cx, &e, out));
	TRY(to_json(cx, c->def->parts, tree, out));
	undo = NULL;
	return OK;
}
