/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/p_verify.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/text.h"
#include "domain/connect.h"
#include "domain/people.h"
#include "pages/html.h"
#include "pages/p_account.h"
#include "pages/p_connect.h"
#include "pages/visitor.h"

enum { FLOW_ID_BYTES = 200 };

/* Where to come back to after signing in or out. */
static struct sv here(struct request *rq, struct sv flow_id)
{
	CLEANUP(buf_free) struct buf b = BUF(1024);

	buf_str(&b, "/api/v1/oauth/callback_verify?flow_id=");
	enc_pct(&b, flow_id);
	return buf_ok(&b) ? arena_sv(rq->cx->arena, buf_view(&b)) : SV("/dashboard");
}

static void facts(struct html *h, const struct next *n, const struct account *a)
{
	HTMLF(h, "<dl class=\"fact\"><dt>Provider</dt><dd>{}</dd><dt>App's user</dt><dd>{}</dd>", n->provider_name,
	      n->user_id);
	HTMLF(h, "<dt>Signed in as</dt><dd>{}</dd></dl>", sv_of(a->email));
}

static void csrf_field(struct html *h, const struct request *rq)
{
	char csrf[CSRF_TEXT];

	people_csrf(rq->en, visitor_cookie(rq, VISITOR_SESSION), csrf);
	html_hidden(h, "csrf", sv_of(csrf));
}

static void another_account(struct html *h, struct request *rq, struct sv flow_id, struct sv words)
{
	HTML(h, "<form method=\"post\" action=\"/sign-out\">");
	csrf_field(h, rq);
	html_hidden(h, "return", here(rq, flow_id));
	HTMLF(h, "<button class=\"quiet\">{}</button></form>", words);
}

static void confirm_page(struct request *rq, const struct next *n, const struct account *a, struct sv flow_id)
{
	struct project p;
	struct html h = html_begin(
	    rq, &(struct html_page){
		    .title = "Confirm", .status = 200, .leads_out = true, .project = p_connect_project(rq, n, &p) });

	HTML(&h, "<div class=\"panel\"><h1>Is this you?</h1>");
	HTMLF(&h,
	      "<p>An app asked to use your {} account. Confirm only if you started this yourself, just now, in this "
	      "browser.</p>",
	      n->provider_name);
	facts(&h, n, a);
	HTML(&h, "<div class=\"row\"><form method=\"post\" action=\"/api/v1/oauth/callback_verify\">");
	csrf_field(&h, rq);
	html_hidden(&h, "flow_id", flow_id);
	HTML(&h, "<button>Yes, connect my account</button></form>");
	another_account(&h, rq, flow_id, SV("Not me: sign out"));
	HTML(&h, "</div></div>");
	html_end(&h);
}

static void wrong_account_page(struct request *rq, const struct next *n, const struct account *a, struct sv flow_id)
{
	struct project p;
	struct html h = html_begin(
	    rq,
	    &(struct html_page){ .title = "Another account", .status = 403, .project = p_connect_project(rq, n, &p) });

	HTML(&h, "<div class=\"panel\"><div class=\"mark bad\" aria-hidden=\"true\">!</div><h1>This is for another "
		 "account</h1>");
	HTMLF(&h,
	      "<p>You are signed in as <b>{}</b>, and the connection was started for somebody else, or you are no "
	      "member of "
	      "the project.</p>",
	      sv_of(a->email));
	HTML(&h, "<p class=\"soft\">If it was started for you, sign in as yourself. Otherwise close this window: "
		 "nothing was "
		 "stored.</p><div class=\"row\">");
	another_account(&h, rq, flow_id, SV("Sign in as another"));
	HTML(&h, "</div></div>");
	html_end(&h);
}

static struct err show(struct request *rq, const struct next *n, const struct account *a, struct sv flow_id)
{
	switch (n->kind) {
	case NEXT_SIGN_IN:
		return p_account_sign_in_page(rq, &(struct p_account_sign_in){ .back = here(rq, flow_id),
									       .provider = n->provider_name,
									       .project_id = n->project_id,
									       .status = 200 });
	case NEXT_CONFIRM: confirm_page(rq, n, a, flow_id); return OK;
	case NEXT_WRONG_ACCOUNT: wrong_account_page(rq, n, a, flow_id); return OK;
	case NEXT_DONE:
		if (n->url.n > 0) { /* the app's own next_uri (contract 2.4) */
			http_redirect(rq, n->url);
			return OK;
		}
		return p_connect_show(rq, n);
	case NEXT_REDIRECT:
	case NEXT_RETRY_SOON:
	case NEXT_FAILED:
	case NEXT_GONE:
	default: return p_connect_show(rq, n);
	}
}

static struct err verify(struct request *rq, struct sv flow_id, bool confirm)
{
	struct account a;
	struct next n = { .kind = NEXT_GONE };
	bool in;

	TRY(visitor_account(rq, &a, &in));
	if (confirm && !in)
		confirm = false; /* the session ended meanwhile: sign in again */
	if (confirm)
		TRY(visitor_form(rq, visitor_cookie(rq, VISITOR_SESSION)));
	struct verify_in ask = { .flow_id = flow_id,
				 .br = p_connect_browser(rq),
				 .account_id = in ? sv_of(a.id) : SV(""),
				 .account_email = in ? sv_of(a.email) : SV(""),
				 .confirm = confirm };
	TRY(connect_verify(rq->cx, rq->en, &ask, &n));
	return show(rq, &n, &a, flow_id);
}

struct err p_verify_show(struct request *rq)
{
	struct sv flow_id;

	TRY(http_query(rq, "flow_id", &flow_id));
	if (flow_id.n == 0 || flow_id.n > FLOW_ID_BYTES)
		return p_connect_show(rq, &(struct next){ .kind = NEXT_GONE, .http_hint = 404 });
	return verify(rq, flow_id, false);
}

struct err p_verify_confirm(struct request *rq)
{
	struct sv flow_id;

	TRY(visitor_field(rq, "flow_id", &flow_id));
	if (flow_id.n == 0 || flow_id.n > FLOW_ID_BYTES)
		return p_connect_show(rq, &(struct next){ .kind = NEXT_GONE, .http_hint = 404 });
	return verify(rq, flow_id, true);
}
