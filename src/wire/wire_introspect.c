/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "model/jpath.h"
#include "wire/wire_answer.h"
#include "wire/wire_fate.h"
#include "wire/wire_send.h"
#include <stdio.h>

static struct err apply(struct ctx *cx, const struct pdef_answer *a, const struct node *tree, struct token_set *set)
{
	const struct node *n = NULL;
	struct sv_list scopes;
	int64_t end = 0;
	bool known = false, odd = false;
	struct wire_expiry x = { a, tree, a->paths.expires_in, a->paths.expires_at, SV_NONE };

	TRY(jpath_get(cx, a->paths.scope, tree, &n));
	TRY(wire_answer_scopes(cx, n, a->scope_format, &scopes, &known));
	TRY(wire_answer_expiry(cx, &x, &end, &odd));
	if (known) {
		set->scopes = scopes;
		set->scope_known = true;
	}
	if (end != 0 && !odd)
		set->expires_at = end;
	return OK;
}

/* RFC 7662 section 2.2: "active": false is an answer, and a plain one. */
static bool is_inactive(const struct node *tree)
{
	const struct node *active = node_get(tree, "active");

	return active != NULL && active->kind == NODE_BOOL && !active->b;
}

struct err wire_introspect(struct ctx *cx, const struct wire_client *c, struct token_set *set, struct wire_outcome *how)
{
	const struct pdef_parts *p = c->def->parts;
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	const struct node *tree = NULL;
	struct wire_client with = *c;
	struct wire_env e;

	*how = (struct wire_outcome){ .fate = WIRE_OK };
	if (!c->def->has_introspection)
		return OK;
	with.stored = set->stored;
	TRY(wire_env_start(cx, &with, &e));
	wire_env_secret(&e, "access_token", secret_view(set->access));
	wire_env_text(&e, "token", secret_view(set->access));
	const struct wire_param params[] = { { "token", secret_view(set->access) } };
	TRY(wire_send(cx, &e,
		      &(struct wire_send){ .purpose = "introspect",
					   .at = PAT_INTROSPECT,
					   .call = &p->introspect,
					   .params = params,
					   .n_params = ARRAY_LEN(params),
					   .may_repeat = true },
		      &reply, how));
	if (how->fate != WIRE_OK)
		return OK;
	TRY(wire_answer_tree(cx, buf_view(&reply.body), reply.content_type, p->introspect_answer.type, &tree));
	if (how->status < 200 || how->status > 299)
		return wire_fate_read(cx, &e, &(struct wire_fate_in){ PAT_INTROSPECT, &p->introspect_answer, tree },
				      how);
	if (tree == NULL || tree->kind != NODE_MAP) {
		wire_fate_bad(how, "the answer about the token is not a JSON object");
		return OK;
	}
	if (is_inactive(tree)) {
		how->fate = WIRE_DEAD;
		how->reason = REASON_REVOKED;
		return OK;
	}
	return apply(cx, &p->introspect_answer, tree, set);
}
