/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/text.h"
#include "domain/connect_inner.h"
#include "domain/people.h"
#include "domain/settings.h"
#include "domain/state.h"

/* The built-in verifier: whoever is signed in must be the user, and a member of the project; and it must be the flow's
 * own browser. A wrong account changes nothing: it may sign in as another (design 8). */

static struct err account_of(struct ctx *cx, const struct verify_in *in, struct account *out)
{
	*out = (struct account){ .created_at = 0 };
	if (!sv_copy(in->account_id, out->id, sizeof out->id) ||
	    !sv_copy(in->account_email, out->email, sizeof out->email))
		return fail(cx, E_INTERNAL, "the account is unknown", "account id or email too long");
	return OK;
}

static struct next asking(const struct visit *v, const struct verify_in *in, enum next_kind kind, int status)
{
	return (struct next){ .kind = kind,
			      .http_hint = status,
			      .provider_name = sv_of(v->rev.def->name),
			      .user_id = v->f.user_id,
			      .project_id = v->f.project_id,
			      .account_email = in->account_email };
}

static struct err sign_in(struct ctx *cx, struct engine *en, const struct visit *v, const struct verify_in *in,
			  struct next *out)
{
	*out = asking(v, in, NEXT_SIGN_IN, 303);
	out->account_email = SV_NONE;
	return connect_verifier(cx, en, &v->f, &out->url);
}

static struct err wrong_account(struct ctx *cx, struct engine *en, const struct visit *v, const struct verify_in *in,
				struct next *out)
{
	struct actor by = {
		.type = "account", .id = in->account_id.p, .source = "BROWSER", .client_ip = in->br.client_ip
	};
	struct timeline line = connect_line(v, &by, "wrong_account", "refused");

	timeline_log(cx, en, &line);
	*out = asking(v, in, NEXT_WRONG_ACCOUNT, 403);
	return OK;
}

static struct err proved(struct ctx *cx, struct engine *en, const struct visit *v, const struct connect_outcome *got,
			 struct next *out)
{
	switch (got->verdict) {
	case VERDICT_YES:
	case VERDICT_AGAIN: connect_done(v, out); return OK;
	case VERDICT_MISMATCH:
	case VERDICT_ENDED:
	case VERDICT_NO_FLOW:
	default: return connect_failed(cx, en, v, got->reason == REASON_NONE ? REASON_UNVERIFIED : got->reason, out);
	}
}

static struct err confirm(struct ctx *cx, struct engine *en, const struct visit *v, const struct verify_in *in,
			  struct next *out)
{
	struct actor by = {
		.type = "account", .id = in->account_id.p, .source = "BROWSER", .client_ip = in->br.client_ip
	};
	struct connect_proof proof = {
		.flow_id = v->f.id, .user = v->f.user_id, .is_the_user = true, .by = &by, .def = v->rev.def
	};
	struct connect_outcome got = { .verdict = VERDICT_NO_FLOW };

	TRY(connect_prove(cx, en, &proof, &got));
	return proved(cx, en, v, &got, out);
}

/* An unverified flow in its own browser. */
static struct err decide(struct ctx *cx, struct engine *en, const struct visit *v, const struct verify_in *in,
			 struct next *out)
{
	enum reason why = connect_hindrance(cx, v);
	enum role role = ROLE_NONE;
	struct account account;

	if (why != REASON_NONE)
		return connect_failed(cx, en, v, why, out);
	if (in->account_id.n == 0)
		return sign_in(cx, en, v, in, out);
	TRY(account_of(cx, in, &account));
	TRY(people_role(cx, en, v->f.project_id, in->account_id, &role));
	if (role == ROLE_NONE || !people_is_user(&account, v->f.user_id))
		return wrong_account(cx, en, v, in, out);
	if (in->confirm)
		return confirm(cx, en, v, in, out);
	*out = asking(v, in, NEXT_CONFIRM, 200);
	return OK;
}

struct err connect_verify(struct ctx *cx, struct engine *en, const struct verify_in *in, struct next *out)
{
	struct verification by = { .verifier_url = SV_NONE };
	struct visit v;

	connect_gone(out);
	struct err e = connect_visit(cx, en, &(struct connect_find){ FLOW_BY_FLOW_ID, in->flow_id }, &v);
	if (e.code == E_NOT_FOUND)
		return OK;
	TRY(e);
	if (v.rev.def == NULL) /* a test of a custom verifier ends there, not here */
		return OK;
	if (!connect_same_browser(en, &v.f, &in->br))
		return connect_foreign(cx, en, &v, &in->br, out);
	if (state_of_flow(v.f.status) != FLOW_UNVERIFIED)
		return connect_again(cx, en, &v, out);
	TRY(settings_verification(cx, en, v.f.project_id, &by));
	if (by.verifier_url.p != NULL) /* the project has its own verifier: only that one decides */
		return connect_again(cx, en, &v, out);
	return decide(cx, en, &v, in, out);
}
