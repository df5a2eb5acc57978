/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/p_invite.h"
#include "core/text.h"
#include "domain/invites.h"
#include "domain/people.h"
#include "domain/projects.h"
#include "pages/html.h"
#include "pages/p_oidc.h"
#include "pages/visitor.h"

struct look {
	struct sv token;
	struct invitation i;
	struct project project;
	struct account account; /* of who is signed in */
	bool known, in;
};

static void csrf_field(struct html *h, struct sv cookie)
{
	char csrf[CSRF_TEXT];

	people_csrf(h->rq->en, cookie, csrf);
	html_hidden(h, "csrf", sv_of(csrf));
}

/* ---- the pages ---- */
static void over_page(struct request *rq)
{
	struct html h = html_begin(rq, &(struct html_page){ .title = "Invitation", .status = 403 });

	HTML(&h,
	     "<div class=\"panel\"><div class=\"mark bad\" aria-hidden=\"true\">!</div><h1>This invitation is over</h1>"
	     "<p>It was used already, was taken back or replaced by a newer link, or is more than 7 days old.</p>"
	     "<p class=\"soft\">Look for a newer link, or ask whoever invited you for one.</p>"
	     "<div class=\"row\"><a class=\"button quiet\" href=\"/sign-in\">Sign in</a></div></div>");
	html_end(&h);
}

static void choose_password(struct html *h, const struct look *k)
{
	HTML(h, "<form class=\"main\" method=\"post\" action=\"/invite\">");
	csrf_field(h, k->token);
	html_field(h, &(struct html_field){ .label = "Email",
					    .type = "email",
					    .name = "email",
					    .autocomplete = "username",
					    .most = "254",
					    .value = sv_of(k->i.email),
					    .fixed = true });
	html_new_password(h);
	HTML(h, "<button>Accept the invitation</button></form>");
}

static void accept_as(struct html *h, const struct look *k)
{
	HTMLF(h, "<p>You are signed in as <b>{}</b>.</p><form class=\"main\" method=\"post\" action=\"/invite\">",
	      sv_of(k->account.email));
	csrf_field(h, k->token);
	HTML(h, "<button>Accept the invitation</button></form>");
}

/* Somebody else is signed in, or the account is there and nobody is. */
static void sign_in_first(struct html *h, struct request *rq, const struct look *k)
{
	struct sv session = visitor_cookie(rq, VISITOR_SESSION);

	if (!k->in) {
		HTMLF(h, "<p>There is an account for <b>{}</b>: sign in with it to accept.</p>", sv_of(k->i.email));
		HTML(h, "<div class=\"row\"><a class=\"button\" href=\"/sign-in?return=%2Finvite\">Sign in</a></div>");
		return;
	}
	HTMLF(h, "<p class=\"note bad\" role=\"alert\">You are signed in as {}. The invitation is for {}.</p>",
	      sv_of(k->account.email), sv_of(k->i.email));
	HTML(h, "<form class=\"main\" method=\"post\" action=\"/sign-out\">");
	csrf_field(h, session);
	html_hidden(h, "return", SV("/invite"));
	HTML(h, "<button class=\"quiet\">Sign out</button></form>");
}

static void page(struct request *rq, const struct look *k, struct err why)
{
	int status = !IS_ERR(why) ? 200 : why.code == E_RATE ? 429 : why.code == E_BUSY ? 503 : 400;
	struct html h =
	    html_begin(rq, &(struct html_page){ .title = "Invitation", .status = status, .project = &k->project });
	bool same = k->in && strcmp(k->account.email, k->i.email) == 0;

	HTMLF(&h, "<div class=\"panel\"><h1>Join {}</h1><p>You are invited as <b>{}</b>, role {}.</p>",
	      sv_of(k->project.name), sv_of(k->i.email), sv_of(role_name(k->i.role)));
	if (IS_ERR(why) && html_note(rq).n > 0)
		HTMLF(&h, "<p class=\"note bad\" role=\"alert\">{}</p>", html_note(rq));
	if (same)
		accept_as(&h, k);
	else if (k->known || k->in)
		sign_in_first(&h, rq, k);
	else {
		choose_password(&h, k);
		p_oidc_links(&h, SV("/invite"));
	}
	HTML(&h, "</div>");
	html_end(&h);
}

/* ---- what is asked ---- */
static struct err look(struct request *rq, struct look *k, bool *good)
{
	*good = false;
	k->token = visitor_cookie(rq, VISITOR_INVITE);
	if (k->token.p == NULL)
		return OK;
	struct err e = invites_look(rq->cx, rq->en, &k->token, &k->i, &k->known);
	if (e.code == E_FORBIDDEN)
		return forgive(rq->cx);
	TRY(e);
	TRY(project_find(rq->cx, rq->en, SV_NONE, sv_of(k->i.project_id), &k->project));
	TRY(visitor_account(rq, &k->account, &k->in));
	*good = true;
	return OK;
}

struct err p_invite_show(struct request *rq)
{
	struct look k = { .token = SV_NONE };
	struct sv token;
	bool good;

	if (visitor_moved(rq))
		return OK;
	TRY(http_query(rq, "token", &token));
	if (token.n > 0 && text_is_id(token, 64, "-_")) { /* out of the address bar and the history */
		visitor_set(rq, VISITOR_INVITE, token);
		http_redirect(rq, SV("/invite"));
		return OK;
	}
	TRY(look(rq, &k, &good));
	if (good)
		page(rq, &k, OK);
	else
		over_page(rq);
	return OK;
}

struct err p_invite_accept(struct request *rq)
{
	CLEANUP(secret_drop) struct secret *session = NULL;
	struct look k = { .token = SV_NONE };
	struct account a;
	struct sv password;
	bool good;

	TRY(visitor_form(rq, visitor_cookie(rq, VISITOR_INVITE)));
	TRY(visitor_field(rq, "password", &password));
	TRY(look(rq, &k, &good));
	if (!good) {
		over_page(rq);
		return OK;
	}
	struct invite_accept in = { .token = k.token,
				    .client_ip = rq->client_ip,
				    .password = password.p == NULL ? SV("") : password,
				    .signed_in = k.in ? &k.account : NULL };
	struct err e = invites_accept(rq->cx, rq->en, &in, &a);
	if (e.code == E_BAD_INPUT || e.code == E_RATE || e.code == E_BUSY || e.code == E_FORBIDDEN ||
	    e.code == E_CONFLICT) {
		page(rq, &k, e);
		return OK;
	}
	TRY(e);
	visitor_drop(rq, VISITOR_INVITE);
	if (!k.in) {
		TRY(people_session_start(rq->cx, rq->en, &a, &session));
		visitor_set(rq, VISITOR_SESSION, secret_view(session));
		visitor_was_here(rq, a.email);
	}
	http_redirect(rq, SV("/dashboard"));
	return OK;
}
