/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/codec.h"
#include "core/text.h"
#include "wire/wire_answer.h"
#include "wire/wire_send.h"

/* Square and eBay hand the code out percent-encoded once too often. */
static struct err plain_code(struct ctx *cx, const struct pdef_call *call, struct sv code, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(16384);

	*out = code;
	if (!call->code_decode)
		return OK;
	if (!dec_pct(&b, code))
		return buf_starved(&b) ? fail(cx, E_INTERNAL, "out of memory", "code") : OK;
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "code") : OK;
}

/* RFC 6749 section 4.1.3, RFC 7636 section 4.5. */
struct err wire_redeem(struct ctx *cx, const struct wire_client *c, const struct wire_redeem *in, struct token_set *out,
		       struct wire_outcome *how)
{
	const struct pdef_parts *p = c->def->parts;
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	struct wire_env e;
	struct sv code;

	*out = (struct token_set){ .access = NULL };
	*how = (struct wire_outcome){ .fate = WIRE_OK };
	TRY(wire_env_start(cx, c, &e));
	TRY(plain_code(cx, &p->token, in->code, &code));
	wire_env_secret(&e, "code", code);
	wire_env_secret(&e, "code_verifier", in->verifier);
	wire_env_list(&e, "scopes", in->asked);
	const struct wire_param params[] = {
		{ "grant_type", SV("authorization_code") },
		{ "code", code },
		{ "redirect_uri", c->redirect_uri },
		{ "code_verifier", c->def->pkce ? in->verifier : SV_NONE },
	};
	TRY(wire_send(cx, &e,
		      &(struct wire_send){ .purpose = "token",
					   .at = PAT_CODE,
					   .call = &p->token,
					   .params = params,
					   .n_params = ARRAY_LEN(params),
					   .gate = &in->gate },
		      &reply, how));
	if (how->fate != WIRE_OK)
		return OK;
	return wire_answer_read(cx, &e, &(struct wire_answer_in){ &reply, PAT_CODE, &p->token_answer, false }, out,
				how);
}
