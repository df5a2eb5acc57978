/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/p_connect.h"
#include "core/text.h"
#include "domain/projects.h"
#include "model/reason.h"
#include "pages/html.h"
#include "pages/visitor.h"

struct browser p_connect_browser(const struct request *rq)
{
	return (struct browser){ .cookie = visitor_cookie(rq, VISITOR_BROWSER), .client_ip = rq->client_ip };
}

const struct project *p_connect_project(const struct request *rq, const struct next *n, struct project *out)
{
	return project_look(rq->en, n->project_id, out) ? out : NULL;
}

static struct sv or (struct sv s, struct sv otherwise) { return s.n > 0 ? s : otherwise; }

static bool is_web(struct sv url) { return sv_starts(url, SV("https://")) || sv_starts(url, SV("http://")); }

/* Ends with the way on, when there is one. */
static void way_on(struct html *h, struct sv url, struct sv words)
{
	if (is_web(url))
		HTMLF(h, "<div class=\"row\"><a class=\"button\" rel=\"noreferrer\" href=\"{}\">{}</a></div>", url,
		      words);
}

/* ---- the pages ---- */
static void retry_soon(struct request *rq, const struct next *n)
{
	struct project p;
	struct html h = html_begin(
	    rq, &(struct html_page){
		    .title = "One moment", .status = 200, .refresh = "2", .project = p_connect_project(rq, n, &p) });

	HTMLF(&h,
	      "<div class=\"panel\" role=\"status\"><div class=\"mark wait\" aria-hidden=\"true\">&#8230;</div>"
	      "<h1>Finishing with {}</h1><p>The provider is being asked for your connection. This page renews itself; "
	      "leave it "
	      "open.</p></div>",
	      or (n->provider_name, SV("the provider")));
	html_end(&h);
}

static void done(struct request *rq, const struct next *n)
{
	struct project p;
	struct html h = html_begin(rq, &(struct html_page){ .title = n->test ? "Verifier works" : "Connected",
							    .status = 200,
							    .project = p_connect_project(rq, n, &p) });

	HTML(&h, "<div class=\"panel\" role=\"status\"><div class=\"mark good\" aria-hidden=\"true\">&#10003;</div>");
	if (n->test)
		HTML(&h, "<h1>Your verifier works</h1><p>It confirmed the test user. No connection was made. You can "
			 "close this "
			 "window.</p>");
	else if (n->provider_name.n > 0)
		HTMLF(&h, "<h1>{} is connected</h1><p>The app can now go on. You can close this window.</p>",
		      n->provider_name);
	else
		HTML(&h, "<h1>Done</h1><p>The app can now go on. You can close this window.</p>");
	way_on(&h, n->url, SV("Back to the app"));
	HTML(&h, "</div>");
	html_end(&h);
}

static void failed(struct request *rq, const struct next *n)
{
	enum reason why = (enum reason)n->reason;
	struct project p;
	struct html h = html_begin(rq, &(struct html_page){ .title = "Not connected",
							    .status = n->http_hint >= 400 ? n->http_hint : 400,
							    .project = p_connect_project(rq, n, &p) });

	HTML(&h, "<div class=\"panel\"><div class=\"mark bad\" aria-hidden=\"true\">!</div>");
	if (n->provider_name.n > 0)
		HTMLF(&h, "<h1>{} was not connected</h1>", n->provider_name);
	else
		HTML(&h, "<h1>That did not work</h1>");
	if (why != REASON_NONE)
		HTMLF(&h, "<p>{}</p><p class=\"soft\">{}</p>", sv_of(reason_cause(why)), sv_of(reason_fix(why)));
	if (n->message.n > 0)
		HTMLF(&h, "<p class=\"note info\">The provider said: {}</p>", n->message);
	way_on(&h, n->url, SV("Try again"));
	way_on(&h, n->back, SV("Back to the app"));
	if (why != REASON_NONE)
		HTMLF(&h, "<p class=\"soft small\">Reason: <code>{}</code></p>", sv_of(reason_code(why)));
	HTML(&h, "</div>");
	html_end(&h);
}

static void gone(struct request *rq, const struct next *n)
{
	struct html h = html_begin(
	    rq, &(struct html_page){ .title = "Link not valid", .status = n->http_hint >= 400 ? n->http_hint : 404 });

	HTML(&h,
	     "<div class=\"panel\"><div class=\"mark bad\" aria-hidden=\"true\">!</div><h1>This link is not valid</h1>"
	     "<p>It is incomplete, was used up, or its time is over.</p>"
	     "<p class=\"soft\">Ask the app that gave it to you for a new one. If you typed it, check every "
	     "character.</p></div>");
	html_end(&h);
}

struct err p_connect_show(struct request *rq, const struct next *n)
{
	if (n->set_cookie)
		visitor_set(rq, VISITOR_BROWSER, sv_of(n->cookie));
	switch (n->kind) {
	case NEXT_REDIRECT:
		http_redirect(rq, n->url);
		http_header(rq, "Referrer-Policy", SV("no-referrer"));
		return OK;
	case NEXT_RETRY_SOON: retry_soon(rq, n); return OK;
	case NEXT_DONE: done(rq, n); return OK;
	case NEXT_FAILED: failed(rq, n); return OK;
	case NEXT_GONE: gone(rq, n); return OK;
	case NEXT_SIGN_IN:
	case NEXT_CONFIRM:
	case NEXT_WRONG_ACCOUNT:
	default: return fail(rq->cx, E_INTERNAL, "internal error", "page %d is the verifier's", (int)n->kind);
	}
}

/* ---- GET /connect/{token} ---- */
/* A mail program or a browser that fetches ahead must not use up an attempt: it gets a page that nothing keeps. */
static void only_looked(struct request *rq)
{
	struct html h =
	    html_begin(rq, &(struct html_page){ .title = "Connect", .status = rq->method == M_HEAD ? 200 : 503 });

	HTML(&h,
	     "<div class=\"panel\"><h1>Open this link in a browser</h1><p>It leads to a consent page and is not to be "
	     "fetched ahead.</p></div>");
	html_end(&h);
}

struct err p_connect_click(struct request *rq)
{
	struct browser br = p_connect_browser(rq);
	struct next n = { .kind = NEXT_GONE };

	if (visitor_only_looks(rq)) {
		only_looked(rq);
		return OK;
	}
	if (visitor_moved(rq))
		return OK;
	TRY(connect_click(rq->cx, rq->en, rq->params[0], &br, &n));
	return p_connect_show(rq, &n);
}

/* ---- callbacks ---- */
static struct err callback(struct request *rq, struct sv external_id)
{
	struct callback_in in = { .external_id = external_id,
				  .query = rq->query,
				  .br = p_connect_browser(rq),
				  .lane = rq->lane == LANE_CALL ? ACCESS_CALL : ACCESS_POOL };
	struct next n = { .kind = NEXT_GONE };
	struct err e;

	if (rq->method == M_HEAD) {
		rq->status = 200;
		return OK;
	}
	e = connect_callback(rq->cx, rq->en, &in, &n);
	rq->peer_key = n.peer_key;
	return IS_ERR(e) ? e : p_connect_show(rq, &n);
}

struct err p_connect_callback(struct request *rq) { return callback(rq, rq->params[0]); }
struct err p_connect_any_callback(struct request *rq) { return callback(rq, SV_NONE); }

struct err p_connect_form_post(struct request *rq)
{
	struct next n = { .kind = NEXT_GONE };

	TRY(connect_form_post(rq->cx, rq->en, rq->params[0], rq->body, &n));
	return p_connect_show(rq, &n);
}

struct err p_connect_success(struct request *rq)
{
	struct sv test = SV_NONE; /* connect_confirm says so at the end of a dry run */

	TRY(http_query(rq, "test", &test));
	return p_connect_show(rq, &(struct next){ .kind = NEXT_DONE, .http_hint = 200, .test = sv_eqz(test, "true") });
}
