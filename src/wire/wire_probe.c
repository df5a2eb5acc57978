/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_send.h"

/* Any HTTP answer will do: 405 from a token endpoint is a provider that is there. */
struct err wire_probe(struct ctx *cx, const struct wire_client *c, enum wire_place place, struct wire_outcome *how)
{
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	const struct pdef_call bare = { .at = c->def->parts->token.at,
					.url = place == WIRE_TOKEN ? c->def->parts->token.url
								   : c->def->parts->authorize_url,
					.method = PMETHOD_GET,
					.content_type = PBODY_NONE,
					.auth = { PAUTH_NONE },
					.n_auth = 1 };
	struct wire_client nobody = *c;
	const struct wire_gate gate = { .timeout = SEC(10) };
	struct wire_env e;

	*how = (struct wire_outcome){ .fate = WIRE_OK };
	nobody.client_secret = NULL;
	TRY(wire_env_start(cx, &nobody, &e));
	return wire_send(cx, &e,
			 &(struct wire_send){ .purpose = "probe", .call = &bare, .gate = &gate, .may_repeat = true },
			 &reply, how);
}
