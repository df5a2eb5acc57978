/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/p_oidc.h"
#include "core/codec.h"
#include "core/text.h"
#include "domain/oidc.h"
#include "pages/p_account.h"
#include "pages/visitor.h"

void p_oidc_links(struct html *h, struct sv back)
{
	const struct config *c = h->rq->en->config;

	if (c->n_oidc == 0)
		return;
	HTML(h, "<div class=\"main\">");
	for (size_t i = 0; i < c->n_oidc; i++) {
		CLEANUP(buf_free) struct buf to = BUF(8192);

		enc_pct(&to, back);
		h->rq->out->broken = h->rq->out->broken || !buf_ok(&to);
		HTMLF(h, "<a class=\"button quiet\" href=\"/sign-in/oidc/{}?return={}\">Sign in with {}</a>",
		      sv_of(c->oidc[i].id), buf_view(&to), sv_of(c->oidc[i].name));
	}
	HTML(h, "</div>");
}
/* What went wrong, above the form: there are other ways in. */
static struct err said(struct request *rq, struct err e, struct sv back)
{
	int status = e.code == E_RATE ? 429 : e.code == E_CONFLICT ? 409 : e.code == E_UPSTREAM ? 502 : 403;

	if (e.code != E_FORBIDDEN && e.code != E_CONFLICT && e.code != E_UPSTREAM && e.code != E_RATE)
		return e;
	return p_account_sign_in_page(
	    rq, &(struct p_account_sign_in){ .back = back, .wrong = html_cause(rq), .status = status });
}
struct err p_oidc_begin(struct request *rq)
{
	struct oidc_start in = { .id = rq->params[0], .client_ip = rq->client_ip };
	struct oidc_go go;
	struct sv back;
	bool first;

	if (visitor_moved(rq))
		return OK;
	TRY(people_setup_needed(rq->cx, rq->en, &first));
	if (first || visitor_only_looks(rq)) {
		http_redirect(rq, first ? SV("/setup") : SV("/sign-in"));
		return OK;
	}
	TRY(http_query(rq, "return", &back));
	in.back = visitor_return(back);
	struct err e = oidc_begin(rq->cx, rq->en, &in, &go);
	if (IS_ERR(e))
		return said(rq, e, in.back);
	visitor_set(rq, VISITOR_OIDC, go.cookie);
	http_redirect(rq, go.url);
	return OK;
}
static struct err answer_of(struct request *rq, struct oidc_back *in)
{
	TRY(http_query(rq, "state", &in->state));
	TRY(http_query(rq, "code", &in->code));
	TRY(http_query(rq, "iss", &in->iss));
	return http_query(rq, "error", &in->error);
}
/* The invitation that led here was used up by the same act. */
static struct sv after(const struct oidc_in *got)
{
	struct sv back = visitor_return(got->back);

	return got->made && sv_eqz(back, "/invite") ? SV("/dashboard") : back;
}
struct err p_oidc_back(struct request *rq)
{
	CLEANUP(oidc_in_clear) struct oidc_in got = { .back = SV_NONE };
	struct oidc_back in = { .id = rq->params[0],
				.cookie = visitor_cookie(rq, VISITOR_OIDC),
				.client_ip = rq->client_ip };
	struct account here;
	bool signed_in;

	TRY(answer_of(rq, &in));
	TRY(visitor_account(rq, &here, &signed_in));
	in.signed_in = signed_in ? sv_of(here.id) : SV("");
	struct err e = oidc_finish(rq->cx, rq->en, &in, &got);
	if (got.ours)
		visitor_drop(rq, VISITOR_OIDC);
	if (IS_ERR(e))
		return said(rq, e, visitor_return(got.back));
	visitor_set(rq, VISITOR_SESSION, secret_view(got.who.token));
	visitor_was_here(rq, got.who.account.email);
	if (got.made)
		visitor_drop(rq, VISITOR_INVITE);
	http_redirect(rq, after(&got));
	return OK;
}
