/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "model/jpath.h"
#include "wire/wire_answer.h"
#include "wire/wire_fate.h"
#include "wire/wire_send.h"
#include <stdio.h>

/* RFC 7009 section 2.2: a token the server does not know (any more) is as good as revoked.  Where it is also the
 * credential of the call, 401 says the same (RFC 6750 section 3.1). */
static bool is_gone(const struct pdef_call *call, const struct wire_outcome *how)
{
	bool word = sv_eqz(sv_of(how->error), "invalid_token") || sv_eqz(sv_of(how->error), "invalid_grant");
	bool bearer = call->n_auth > 0 && call->auth[0] == PAUTH_HEADER;

	return how->status == 404 || how->status == 410 || (how->status == 400 && word) ||
	       (how->status == 401 && bearer) || (how->fate == WIRE_DEAD && how->reason == REASON_REVOKED);
}

static struct err read_reply(struct ctx *cx, struct wire_env *e, const struct net_reply *reply,
			     struct wire_outcome *how)
{
	const struct pdef_call *call = &e->client->def->parts->revoke;
	const struct node *tree = NULL;
	bool good = how->status >= 200 && how->status < 300;

	TRY(wire_answer_tree(cx, buf_view(&reply->body), reply->content_type, PANSWER_AUTO, &tree));
	if (good && call->ok_when.p != NULL)
		TRY(jpath_test(cx, call->ok_when, tree, &good));
	if (good)
		return OK;
	TRY(wire_fate_read(cx, e, &(struct wire_fate_in){ PAT_REVOKE, NULL, tree }, how));
	if (is_gone(call, how)) {
		how->fate = WIRE_DEAD;
		how->reason = REASON_REVOKED;
		(void)snprintf(how->detail, sizeof how->detail, "the provider did not know the token any more");
	}
	return OK;
}

static struct err revoke(struct ctx *cx, const struct wire_client *c, const struct wire_revoke *in, bool access,
			 struct wire_outcome *how)
{
	const struct pdef_parts *p = c->def->parts;
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	struct sv which = secret_view(access ? in->access : in->refresh);
	struct sv hint = access ? SV("access_token") : SV("refresh_token");
	struct wire_env e;

	TRY(wire_env_start(cx, c, &e));
	wire_env_secret(&e, "access_token", in->access == NULL ? SV_NONE : secret_view(in->access));
	wire_env_secret(&e, "refresh_token", in->refresh == NULL ? SV_NONE : secret_view(in->refresh));
	wire_env_text(&e, "token", which);
	wire_env_text(&e, "token_type_hint", hint);
	const struct wire_param params[] = { { "token", which }, { "token_type_hint", hint } };
	TRY(wire_send(cx, &e,
		      &(struct wire_send){ .purpose = "revoke",
					   .at = PAT_REVOKE,
					   .call = &p->revoke,
					   .params = params,
					   .n_params = ARRAY_LEN(params) },
		      &reply, how));
	return how->fate == WIRE_OK ? read_reply(cx, &e, &reply, how) : OK;
}

static bool gone(const struct wire_outcome *how) { return how->fate == WIRE_DEAD && how->reason == REASON_REVOKED; }
static void as_good_as_revoked(struct wire_outcome *how)
{
	if (!gone(how))
		return;
	how->fate = WIRE_OK;
	how->reason = REASON_NONE;
}
static void say_over(struct wire_outcome *how)
{
	how->fate = WIRE_DEAD;
	how->reason = REASON_REVOKED;
	(void)snprintf(how->detail, sizeof how->detail,
		       "the access token is over, and only one that is good could revoke the refresh token");
}

struct err wire_revoke(struct ctx *cx, const struct wire_client *c, const struct wire_revoke *in,
		       struct wire_outcome *how)
{
	bool asks_access = c->def->parts->revoke_access,
	     by_access = in->access != NULL && (asks_access || in->refresh == NULL);

	*how = (struct wire_outcome){ .fate = WIRE_CONFIG, .reason = REASON_MISCONFIGURED };
	if (!c->def->can_revoke || (in->access == NULL && in->refresh == NULL)) {
		(void)snprintf(how->detail, sizeof how->detail, "this provider has no way to revoke a token");
		return OK;
	}
	if (asks_access && in->access == NULL) {
		say_over(how);
		return OK;
	}
	TRY(revoke(cx, c, in, by_access, how));
	if (gone(how) && by_access && in->refresh != NULL) {
		say_over(how);
		return OK;
	}
	as_good_as_revoked(how);
	/* RFC 7009 2.1 leaves it open whether the access tokens end with the refresh token; where each ends alone, they
	 * do not. */
	if (how->fate != WIRE_OK || by_access || in->access == NULL || c->def->revoke_ends != ENDS_TOKEN)
		return OK;
	TRY(revoke(cx, c, in, true, how));
	as_good_as_revoked(how);
	return OK;
}
