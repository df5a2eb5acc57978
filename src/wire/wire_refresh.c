/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_answer.h"
#include "wire/wire_send.h"
#include <stdio.h>

static struct sv view(const struct secret *s) { return s == NULL ? SV_NONE : secret_view(s); }

/* RFC 6749 section 6; or, with some providers, the access token stands for itself. */
struct err wire_refresh(struct ctx *cx, const struct wire_client *c, const struct wire_refresh *in,
			struct token_set *out, struct wire_outcome *how)
{
	const struct pdef_parts *p = c->def->parts;
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	bool by_access = c->def->refresh == REFRESH_BY_ACCESS;
	struct wire_env e;

	*out = (struct token_set){ .access = NULL };
	*how = (struct wire_outcome){ .fate = WIRE_OK };
	if (c->def->refresh == REFRESH_NONE || (by_access ? in->access : in->refresh) == NULL) {
		how->fate = WIRE_DEAD;
		how->reason = REASON_NO_REFRESH;
		(void)snprintf(how->detail, sizeof how->detail, "there is nothing to refresh with");
		return OK;
	}
	TRY(wire_env_start(cx, c, &e));
	wire_env_secret(&e, "refresh_token", view(in->refresh));
	wire_env_secret(&e, "access_token", view(in->access));
	wire_env_text(&e, "token", by_access ? view(in->access) : view(in->refresh));
	wire_env_list(&e, "scopes", in->granted);
	const struct wire_param params[] = {
		{ "grant_type", by_access ? SV_NONE : SV("refresh_token") },
		{ "refresh_token", by_access ? SV_NONE : view(in->refresh) },
	};
	TRY(wire_send(cx, &e,
		      &(struct wire_send){ .purpose = "refresh",
					   .at = PAT_REFRESH,
					   .call = &p->refresh,
					   .params = params,
					   .n_params = ARRAY_LEN(params),
					   .gate = &in->gate },
		      &reply, how));
	if (how->fate != WIRE_OK)
		return OK;
	return wire_answer_read(cx, &e, &(struct wire_answer_in){ &reply, PAT_REFRESH, &p->refresh_answer, true }, out,
				how);
}
