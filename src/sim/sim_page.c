/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim_page.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/text.h"

static const char style[] =
    "*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;"
    "background:#eef0f6;color:#1b1d2a;font:16px/1.5 system-ui,sans-serif}"
    ".sim{position:fixed;inset:0 0 auto;padding:.6rem 1rem;background:#b45309;color:#fff;text-align:center;"
    "font-weight:700;font-size:1.15rem;letter-spacing:.06em}"
    "main{width:100%;max-width:27rem;margin-top:3rem;padding:1.75rem;background:#fff;border-radius:14px;"
    "box-shadow:0 1px 2px #0002,0 12px 40px #1b1d2a1f}h1{font-size:1.3rem;margin:0 0 .3rem}p{margin:.4rem 0 "
    "1rem;color:#4a4d61}"
    "ul{list-style:none;margin:0 0 1.2rem;padding:0;border:1px solid #dfe2ec;border-radius:10px}"
    "li{padding:.55rem .9rem;border-top:1px solid "
    "#dfe2ec;font-family:ui-monospace,monospace;font-size:.92rem}li:first-child{border:0}"
    "label{display:block;font-weight:600;margin-bottom:.3rem}select{width:100%;padding:.6rem;border:1px solid #b9bdce;"
    "border-radius:8px;font:inherit;background:#fff;color:inherit;margin-bottom:1.2rem}"
    ".row{display:flex;flex-direction:row-reverse;gap:.7rem}button{flex:1;padding:.7rem;border-radius:8px;border:1px "
    "solid "
    "#b9bdce;background:#fff;"
    "color:inherit;font:inherit;font-weight:600;cursor:pointer}button.yes{background:#4453d6;border-color:#4453d6;"
    "color:#fff}"
    "button:focus-visible,select:focus-visible{outline:3px solid #f59e0b;outline-offset:2px}"
    "@media(prefers-color-scheme:dark){body{background:#12131c;color:#eceef8}main{background:#1d1f2d;box-shadow:none}"
    "p{color:#b2b6cb}ul,li{border-color:#343749}select,button{background:#262939;border-color:#4b4f66}}";

/* default-src 'none' and the hash of our one style: nothing else can run or load. */
static void start(struct sim_call *call, const char *title)
{
	CLEANUP(buf_free) struct buf csp = BUF(512);
	struct sha256 h = sha256_of(sv_of(style));
	struct buf *b = call->rq->out;

	buf_str(&csp, "default-src 'none'; style-src 'sha256-");
	enc_b64(&csp, sha256_view(&h));
	buf_str(&csp, "'; base-uri 'none'; frame-ancestors 'none'");
	http_header(call->rq, "Content-Security-Policy", buf_view(&csp));
	http_header(call->rq, "Cache-Control", SV("no-store"));
	http_header(call->rq, "Referrer-Policy", SV("no-referrer"));
	call->rq->content_type = "text/html; charset=utf-8";
	buf_clear(b);
	buf_str(b, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
		   "content=\"width=device-width,initial-scale=1\"><title>");
	buf_str(b, title);
	buf_str(b, " (simulation)</title><style>");
	buf_str(b, style);
	buf_str(b, "</style></head><body><div class=\"sim\" role=\"note\">SIMULATION \xe2\x80\x94 this is not ");
	enc_html(b, call->def->name);
	buf_str(b, "</div><main>");
}

static void scopes(struct buf *b, struct sv_list list)
{
	buf_str(b, "<ul aria-label=\"What it asks for\">");
	if (list.n == 0)
		buf_str(b, "<li>its basic permissions</li>");
	for (size_t i = 0; i < list.n; i++) {
		buf_str(b, "<li>");
		enc_html(b, list.v[i]);
		buf_str(b, "</li>");
	}
	buf_str(b, "</ul>");
}

static void people(struct buf *b, const struct sim_call *call)
{
	buf_str(b, "<label for=\"user\">Sign in as</label><select id=\"user\" name=\"user\">");
	for (const struct node *u = call->def->users == NULL ? NULL : call->def->users->first; u != NULL; u = u->next) {
		struct sv name = node_text_at(u, "name");

		buf_str(b, "<option value=\"");
		enc_html(b, name);
		buf_str(b, "\">");
		enc_html(b, name);
		buf_str(b, "</option>");
	}
	for (const struct sim_user *u = call->w->users; u != NULL; u = u->next) {
		if (u->def != call->def || node_get(u->data, "added") == NULL)
			continue;
		buf_str(b, "<option>");
		enc_html(b, u->name);
		buf_str(b, "</option>");
	}
	buf_str(b, "</select>");
}

struct err sim_page_consent(struct ctx *cx, struct sim_call *call, const struct sim_token *consent)
{
	struct buf *b = call->rq->out;

	start(call, "Authorize access");
	buf_str(b, "<h1>An app wants access to your account</h1><p>App <strong>");
	enc_html(b, consent->client->id);
	buf_str(b, "</strong> would like to:</p>");
	scopes(b, consent->scopes);
	buf_str(b, "<form method=\"post\" action=\"/simulation/consent\"><input type=\"hidden\" name=\"transaction\" "
		   "value=\"");
	enc_html(b, consent->text);
	buf_str(b, "\">");
	people(b, call);
	buf_str(b, "<div class=\"row\"><button class=\"yes\" type=\"submit\" name=\"decision\" "
		   "value=\"allow\">Authorize</button>"
		   "<button type=\"submit\" name=\"decision\" value=\"deny\">Cancel</button></div></form>"
		   "</main></body></html>");
	return buf_done(cx, b, "consent page");
}

struct err sim_page_refused(struct ctx *cx, struct sim_call *call, const char *why)
{
	struct buf *b = call->rq->out;

	start(call, "Request refused");
	buf_str(b, "<h1>This request was refused</h1><p>");
	enc_html(b, sv_of(why));
	buf_str(b, "</p></main></body></html>");
	call->rq->status = 400;
	return buf_done(cx, b, "page");
}
