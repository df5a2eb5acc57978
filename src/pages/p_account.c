/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/p_account.h"
#include "core/text.h"
#include "domain/people.h"
#include "domain/projects.h"
#include "pages/html.h"
#include "pages/p_oidc.h"
#include "pages/visitor.h"

static void wrong_note(struct html *h, struct sv wrong)
{
	if (wrong.n > 0)
		HTMLF(h, "<p class=\"note bad\" role=\"alert\">{}</p>", wrong);
}

static void csrf_field(struct html *h, struct sv cookie)
{
	char csrf[CSRF_TEXT];

	people_csrf(h->rq->en, cookie, csrf);
	html_hidden(h, "csrf", sv_of(csrf));
}

/* What a person may mend by typing again; anything else is an error page. */
static bool mendable(struct err e)
{
	return e.code == E_UNAUTHENTICATED || e.code == E_SECOND_FACTOR || e.code == E_RATE || e.code == E_BAD_INPUT ||
	       e.code == E_BUSY;
}

static int mend_status(struct err e)
{
	return e.code == E_RATE ? 429 : e.code == E_BUSY ? 503 : e.code == E_BAD_INPUT ? 400 : 401;
}

/* ---- sign-in ---- */
struct err p_account_sign_in_page(struct request *rq, const struct p_account_sign_in *p)
{
	struct sv cookie;

	struct project project;
	bool known = project_look(rq->en, p->project_id, &project);
	struct html h = html_begin(rq, &(struct html_page){ .title = "Sign in",
							    .status = p->status,
							    .leads_out = p->provider.n > 0,
							    .project = known ? &project : NULL });
	TRY(visitor_browser(rq, &cookie));
	HTML(&h, "<div class=\"panel\"><h1>Sign in</h1>");
	if (p->provider.n > 0)
		HTMLF(&h, "<p>Sign in so that your {} account is connected to you and to nobody else.</p>",
		      p->provider);
	else
		HTML(&h, "<p class=\"soft\">With the account of this engine.</p>");
	wrong_note(&h, p->wrong);
	HTML(&h, "<form class=\"main\" method=\"post\" action=\"/sign-in\">");
	csrf_field(&h, cookie);
	html_hidden(&h, "return", p->back);
	html_field(&h, &(struct html_field){ .label = "Email",
					     .type = "email",
					     .name = "email",
					     .autocomplete = "username",
					     .most = "254",
					     .value = p->email });
	html_field(&h, &(struct html_field){ .label = "Password",
					     .type = "password",
					     .name = "password",
					     .autocomplete = "current-password",
					     .most = "256" });
	if (p->code)
		html_field(&h,
			   &(struct html_field){ .label = "Code",
						 .hint = "Six digits of your authenticator app, or a recovery code.",
						 .type = "text",
						 .name = "code",
						 .autocomplete = "one-time-code",
						 .most = "64" });
	HTML(&h, "<button>Sign in</button></form>");
	p_oidc_links(&h, p->back);
	HTML(&h, "</div>");
	html_end(&h);
	return OK;
}

struct err p_account_sign_in_show(struct request *rq)
{
	struct account a;
	struct sv back;
	bool in, first;

	if (visitor_moved(rq))
		return OK;
	TRY(http_query(rq, "return", &back));
	TRY(visitor_account(rq, &a, &in));
	if (in) {
		http_redirect(rq, visitor_return(back));
		return OK;
	}
	TRY(people_setup_needed(rq->cx, rq->en, &first));
	if (first) {
		http_redirect(rq, SV("/setup"));
		return OK;
	}
	return p_account_sign_in_page(rq, &(struct p_account_sign_in){ .back = visitor_return(back), .status = 200 });
}

struct err p_account_sign_in(struct request *rq)
{
	CLEANUP(signed_in_clear) struct signed_in s = { .token = NULL };
	struct people_try t = { .client_ip = rq->client_ip, .device = visitor_cookie(rq, VISITOR_DEVICE) };
	struct sv back;

	TRY(visitor_form(rq, visitor_cookie(rq, VISITOR_BROWSER)));
	TRY(visitor_field(rq, "return", &back));
	TRY(visitor_field(rq, "email", &t.email));
	TRY(visitor_field(rq, "password", &t.password));
	TRY(visitor_field(rq, "code", &t.code));
	back = visitor_return(back);
	t.email = t.email.p == NULL ? SV("") : t.email;
	t.password = t.password.p == NULL ? SV("") : t.password;
	struct err e = people_sign_in(rq->cx, rq->en, &t, &s);
	if (mendable(e))
		return p_account_sign_in_page(
		    rq, &(struct p_account_sign_in){
			    .back = back,
			    .email = t.email,
			    .code = e.code == E_SECOND_FACTOR || t.code.n > 0,
			    .wrong = e.code == E_SECOND_FACTOR
					 ? SV("Type your password once more, and the code of your authenticator app.")
					 : html_note(rq),
			    .status = mend_status(e) });
	TRY(e);
	visitor_set(rq, VISITOR_SESSION, secret_view(s.token));
	visitor_set(rq, VISITOR_DEVICE, sv_of(s.device));
	http_redirect(rq, back);
	return OK;
}

struct err p_account_sign_out(struct request *rq)
{
	struct sv session = visitor_cookie(rq, VISITOR_SESSION), back;

	if (session.p != NULL) {
		TRY(visitor_form(rq, session));
		TRY(people_sign_out(rq->cx, rq->en, session));
	}
	TRY(visitor_field(rq, "return", &back));
	visitor_drop(rq, VISITOR_SESSION);
	http_redirect(rq, back.n > 0 ? visitor_return(back) : SV("/sign-in"));
	return OK;
}

/* ---- the first account ---- */
static void setup_page(struct request *rq, struct sv cookie, struct sv email, struct err why)
{
	struct html h =
	    html_begin(rq, &(struct html_page){ .title = "Set up", .status = IS_ERR(why) ? mend_status(why) : 200 });

	HTML(&h, "<div class=\"panel\"><h1>Make the first account</h1><p>It owns this engine: it adds providers, API "
		 "keys and "
		 "people.</p>");
	wrong_note(&h, IS_ERR(why) ? html_note(rq) : SV_NONE);
	HTML(&h, "<form class=\"main\" method=\"post\" action=\"/setup\">");
	csrf_field(&h, cookie);
	html_field(&h, &(struct html_field){ .label = "Email",
					     .type = "email",
					     .name = "email",
					     .autocomplete = "username",
					     .most = "254",
					     .value = email });
	html_new_password(&h);
	HTML(&h, "<button>Make the account</button></form></div>");
	html_end(&h);
}

static void setup_words(struct request *rq, bool needed)
{
	struct html h = html_begin(rq, &(struct html_page){ .title = "Set up", .status = needed ? 403 : 200 });

	if (needed)
		HTML(&h, "<div class=\"panel\"><h1>Set-up link needed</h1><p>The engine printed a one-time set-up "
			 "address when "
			 "it started for the first time. Open that one.</p><p class=\"soft\">Lost it? On the engine's "
			 "machine, "
			 "<code>tokenbooth user add EMAIL --role owner</code> makes the first account "
			 "without it.</p></div>");
	else
		HTML(&h, "<div class=\"panel\"><h1>This engine is set up</h1><p>There is an account already.</p>"
			 "<div class=\"row\"><a class=\"button\" href=\"/sign-in\">Sign in</a></div></div>");
	html_end(&h);
}

struct err p_account_setup_show(struct request *rq)
{
	struct sv token;
	bool needed;

	if (visitor_moved(rq))
		return OK;
	TRY(http_query(rq, "token", &token));
	TRY(people_setup_needed(rq->cx, rq->en, &needed));
	if (needed && token.n > 0 && text_is_id(token, 64, "-_")) { /* out of the address bar and the history */
		visitor_set(rq, VISITOR_SETUP, token);
		http_redirect(rq, SV("/setup"));
		return OK;
	}
	token = visitor_cookie(rq, VISITOR_SETUP);
	if (!needed || token.p == NULL)
		setup_words(rq, needed);
	else
		setup_page(rq, token, SV(""), OK);
	return OK;
}

struct err p_account_setup(struct request *rq)
{
	CLEANUP(secret_drop) struct secret *session = NULL;
	struct people_try t = { .token = visitor_cookie(rq, VISITOR_SETUP), .client_ip = rq->client_ip };
	struct account a;

	TRY(visitor_form(rq, t.token));
	TRY(visitor_field(rq, "email", &t.email));
	TRY(visitor_field(rq, "password", &t.password));
	t.email = t.email.p == NULL ? SV("") : t.email;
	t.password = t.password.p == NULL ? SV("") : t.password;
	struct err e = people_setup(rq->cx, rq->en, &t, &a);
	if (mendable(e)) {
		setup_page(rq, t.token, t.email, e);
		return OK;
	}
	TRY(e);
	TRY(people_session_start(rq->cx, rq->en, &a, &session));
	visitor_drop(rq, VISITOR_SETUP);
	visitor_set(rq, VISITOR_SESSION, secret_view(session));
	visitor_was_here(rq, a.email);
	http_redirect(rq, SV("/dashboard"));
	return OK;
}
