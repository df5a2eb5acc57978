/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_answer.h"
#include "wire/wire_send.h"

/* What the exchange did not give again stays as it was. */
static void take_over(struct token_set *set, struct token_set *got)
{
	if (got->refresh == NULL) {
		got->refresh = TAKE(set->refresh);
		got->refresh_expires_at = set->refresh_expires_at;
	}
	if (!got->scope_known) {
		got->scopes = set->scopes;
		got->scope_known = set->scope_known;
	}
	if (got->account.p == NULL)
		got->account = set->account;
	token_set_clear(set);
	*set = *got;
	*got = (struct token_set){ .access = NULL };
}

struct err wire_exchange(struct ctx *cx, const struct wire_client *c, struct token_set *set, struct wire_outcome *how)
{
	const struct pdef_parts *p = c->def->parts;
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	CLEANUP(token_set_clear) struct token_set got = { .access = NULL };
	struct wire_client with = *c;
	struct wire_env e;

	*how = (struct wire_outcome){ .fate = WIRE_OK };
	if (!c->def->has_exchange)
		return OK;
	with.stored = set->stored;
	TRY(wire_env_start(cx, &with, &e));
	wire_env_secret(&e, "access_token", secret_view(set->access));
	wire_env_text(&e, "token", secret_view(set->access));
	TRY(wire_send(cx, &e, &(struct wire_send){ .purpose = "exchange", .at = PAT_EXCHANGE, .call = &p->exchange },
		      &reply, how));
	if (how->fate != WIRE_OK)
		return OK;
	TRY(wire_answer_read(cx, &e, &(struct wire_answer_in){ &reply, PAT_EXCHANGE, &p->exchange_answer, false }, &got,
			     how));
	if (how->fate == WIRE_OK)
		take_over(set, &got);
	return OK;
}
