/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/pages.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/text.h"
#include "domain/engine.h"
#include "pages/html.h"
#include "pages/p_account.h"
#include "pages/p_asset.h"
#include "pages/p_connect.h"
#include "pages/p_dashboard.h"
#include "pages/p_invite.h"
#include "pages/p_oidc.h"
#include "pages/p_verify.h"
#include "pages/visitor.h"

enum { FORM_BYTES = 16384 };

/* clang-format off */
#define PAGE(m, p, l, h, words) { .method = (m), .path = (p), .lane = (l), .who = WHO(WHO_ANYONE), .handle = (h), .id = #h, .doc = (words) }
#define FORM(p, h, words) { .method = M_POST, .path = (p), .lane = LANE_POOL, .who = WHO(WHO_ANYONE), .body = BODY_FORM, \
	.max_body = FORM_BYTES, .handle = (h), .id = #h, .doc = (words) }
static const struct route rows[] = {
	PAGE(M_GET, "/connect/{token}", LANE_POOL, p_connect_click, "The link of an authorization."),
	PAGE(M_GET, "/api/v1/oauth/{id}/callback", LANE_POOL, p_connect_callback, "A provider sends the browser back."),
	PAGE(M_GET, "/oauth/{id}/callback", LANE_POOL, p_connect_callback, "The same, older form."),
	PAGE(M_GET, "/oauth/callback", LANE_POOL, p_connect_any_callback, "The same for providers without an id in their address."),
	PAGE(M_GET, "/api/v1/oauth/callback", LANE_POOL, p_connect_any_callback, "The same."),
	FORM("/api/v1/oauth/{id}/callback", p_connect_form_post, "A provider that posts (response_mode=form_post)."),
	FORM("/oauth/{id}/callback", p_connect_form_post, "The same, older form."),
	PAGE(M_GET, "/api/v1/oauth/callback_verify", LANE_POOL, p_verify_show, "The built-in verifier."),
	FORM("/api/v1/oauth/callback_verify", p_verify_confirm, "Its confirmation."),
	PAGE(M_GET, "/api/v1/oauth/callback_success", LANE_INLINE, p_connect_success, "The last page."),
	PAGE(M_GET, "/setup", LANE_POOL, p_account_setup_show, "The first account."),
	FORM("/setup", p_account_setup, "Makes the first account."),
	PAGE(M_GET, "/invite", LANE_POOL, p_invite_show, "An invitation."),
	FORM("/invite", p_invite_accept, "Accepts it."),
	PAGE(M_GET, "/sign-in", LANE_POOL, p_account_sign_in_show, "Sign in."),
	FORM("/sign-in", p_account_sign_in, "Signs in."),
	PAGE(M_GET, "/sign-in/oidc/{id}", LANE_CALL, p_oidc_begin, "Leads to an issuer of engine.yaml to sign in there."),
	PAGE(M_GET, "/sign-in/oidc/{id}/callback", LANE_CALL, p_oidc_back, "That issuer sends the browser back."),
	FORM("/sign-out", p_account_sign_out, "Signs out."),
	PAGE(M_GET, "/dashboard", LANE_POOL, p_dashboard_show, "The dashboard's app."),
	PAGE(M_GET, "/dashboard/{a}", LANE_POOL, p_dashboard_show, "The same: its pages are its own."),
	PAGE(M_GET, "/dashboard/{a}/{b}", LANE_POOL, p_dashboard_show, "The same."),
	PAGE(M_GET, "/dashboard/{a}/{b}/{c}", LANE_POOL, p_dashboard_show, "The same."),
	PAGE(M_GET, "/", LANE_INLINE, p_dashboard_root, "Leads to the dashboard."),
	PAGE(M_GET, "/assets/projects/{id}/logo", LANE_POOL, p_asset_logo, "A project's picture."),
	PAGE(M_GET, "/assets/{name}", LANE_INLINE, p_asset_show, "Style sheet, sign and the dashboard's files."),
};
/* clang-format on */

struct route_table pages_routes(void) { return (struct route_table){ rows, ARRAY_LEN(rows) }; }

bool pages_has(const struct route *r)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (r == &rows[i])
			return true;
	return false;
}

static const char *title_of(int status)
{
	switch (status) {
	case 404: return "Not found";
	case 403: return "Not allowed";
	case 429: return "Too many tries";
	case 503: return "Try again soon";
	default: return status >= 500 ? "Something broke" : "That did not work";
	}
}

/* A form that was refused stands at its own address: there it can be had anew. */
static void way_back(struct html *h)
{
	static const char *const forms[] = { "/sign-in", "/setup", "/invite" };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (h->rq->method == M_POST && sv_eqz(h->rq->path, forms[i]))
			HTMLF(h, "<div class=\"row\"><a class=\"button\" href=\"{}\">Open the page again</a></div>",
			      h->rq->path);
}

void pages_problem(struct request *rq, int status)
{
	struct html h = html_begin(rq, &(struct html_page){ .title = title_of(status), .status = status });

	HTMLF(&h, "<div class=\"panel\"><div class=\"mark bad\" aria-hidden=\"true\">!</div><h1>{}</h1>",
	      sv_of(title_of(status)));
	if (status == 500)
		HTML(&h, "<p>The engine could not do this. Its log says why.</p>");
	else if (rq->route == NULL)
		HTML(&h, "<p>There is no page at this address.</p>");
	else
		HTMLF(&h, "<p>{}</p>", html_cause(rq));
	way_back(&h);
	HTMLF(&h, "<p class=\"soft small\">Request <code>{}</code></p></div>", sv_of(rq->cx->request_id));
	html_end(&h);
}

struct sv pages_setup_url(struct ctx *cx, const struct engine *en, struct sv token)
{
	CLEANUP(buf_free) struct buf b = BUF(4096);

	buf_str(&b, en->config->public_url);
	buf_str(&b, "/setup?token=");
	enc_pct(&b, token);
	return buf_ok(&b) ? arena_sv(cx->arena, buf_view(&b)) : SV_NONE;
}
