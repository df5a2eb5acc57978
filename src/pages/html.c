/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/html.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/text.h"
#include "domain/engine.h"
#include "pages/p_asset.h"
#include <assert.h>
#include <stdlib.h>

static const char policy[] = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
			     "frame-ancestors 'none'; form-action 'self'";

void html_put(struct html *h, const char *literal, const struct sv *values, size_t n)
{
	size_t used = 0;

	for (const char *p = literal; *p != '\0'; p++) {
		if (p[0] != '{' || p[1] != '}') {
			buf_char(h->b, *p);
			continue;
		}
		assert(used < n);
		if (used < n && values[used].p != NULL)
			enc_html(h->b, values[used]);
		used++;
		p++;
	}
	assert(used == n);
}

void html_hidden(struct html *h, const char *name, struct sv value)
{
	HTMLF(h, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", sv_of(name), value);
}

/* Our own words begin small; here they are a sentence, unless an address begins it. */
static struct sv sentence(const struct request *rq, struct sv words)
{
	bool address = false;

	for (size_t i = 0; i < words.n && words.p[i] != ' '; i++)
		address = address || words.p[i] == '@';
	if (address || words.n == 0 || words.p[0] < 'a' || words.p[0] > 'z')
		return words;
	char *own = arena_text(rq->cx->arena, words);
	if (own == NULL)
		return words;
	own[0] = (char)(own[0] - 'a' + 'A');
	return sv_of(own);
}
struct sv html_cause(const struct request *rq)
{
	const struct cause *c = &rq->cx->cause;

	if (c->n_fields > 0)
		return sentence(rq, sv_of(c->fields[0].message));
	return c->say[0] == '\0' ? SV("The request was refused.") : sentence(rq, sv_of(c->say));
}
struct sv html_note(const struct request *rq) { return rq->cx->cause.n_fields > 0 ? SV_NONE : html_cause(rq); }

static struct sv wrong_of(const struct request *rq, const char *name)
{
	const struct cause *c = &rq->cx->cause;

	for (size_t i = 0; i < c->n_fields; i++)
		if (strcmp(c->fields[i].field, name) == 0)
			return sentence(rq, sv_of(c->fields[i].message));
	return SV_NONE;
}
void html_field(struct html *h, const struct html_field *f)
{
	struct sv name = sv_of(f->name), wrong = wrong_of(h->rq, f->name);

	HTMLF(h, "<div class=\"field\"><label>{}", sv_of(f->label));
	if (f->hint != NULL)
		HTMLF(h, "<span class=\"hint\">{}</span>", sv_of(f->hint));
	HTMLF(h, "<input type=\"{}\" name=\"{}\" autocomplete=\"{}\" maxlength=\"{}\"", sv_of(f->type), name,
	      sv_of(f->autocomplete), sv_of(f->most));
	if (f->value.n > 0)
		HTMLF(h, " value=\"{}\"", f->value);
	if (f->least != NULL)
		HTMLF(h, " minlength=\"{}\"", sv_of(f->least));
	if (f->fixed)
		HTML(h, " readonly");
	else
		HTML(h, " required");
	if (wrong.n > 0)
		HTMLF(h,
		      " aria-invalid=\"true\" aria-describedby=\"{}-error\"></label><p class=\"error\" "
		      "id=\"{}-error\" role=\"alert\">{}</p></div>",
		      name, name, wrong);
	else
		HTML(h, "></label></div>");
}
void html_new_password(struct html *h)
{
	html_field(h, &(struct html_field){ .label = "Password",
					    .hint = "At least 10 characters; a sentence is fine.",
					    .type = "password",
					    .name = "password",
					    .autocomplete = "new-password",
					    .most = "256",
					    .least = "10" });
}

void html_headers(struct request *rq, struct sv csp, struct sv cache)
{
	http_header(rq, "Content-Security-Policy", csp);
	http_header(rq, "Referrer-Policy", SV("same-origin")); /* no-referrer would make forms post Origin: null */
	http_header(rq, "X-Content-Type-Options", SV("nosniff"));
	http_header(rq, "X-Frame-Options", SV("DENY"));
	http_header(rq, "Cross-Origin-Opener-Policy", SV("same-origin"));
	http_header(rq, "Cross-Origin-Resource-Policy", SV("same-origin"));
	http_header(rq, "Permissions-Policy", SV("camera=(), geolocation=(), microphone=(), payment=()"));
	http_header(rq, "Cache-Control", cache);
	if (rq->en->config->public_https) /* RFC 6797; of a self-signed certificate browsers ignore it */
		http_header(rq, "Strict-Transport-Security", SV("max-age=31536000"));
	http_header(rq, "X-Robots-Tag", SV("noindex, nofollow"));
}

static void headers(struct request *rq, const struct html_page *page)
{
	CLEANUP(buf_free) struct buf csp = BUF(512);

	buf_str(&csp, policy);
	if (page->leads_out) /* browsers hold form-action against every redirect that follows */
		buf_str(&csp, " https: http:");
	rq->head->broken = rq->head->broken || !buf_ok(&csp); /* never a page with less than its policy */
	html_headers(rq, buf_view(&csp), SV("no-store"));
}

/* The first character, as a person counts them (of UTF-8). */
static struct sv first_letter(const char *name)
{
	size_t n = name[0] == '\0' ? 0 : 1;

	while (n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80)
		n++;
	return (struct sv){ name, n };
}

/* Ink that can be read on this ground: by its relative luminance (WCAG 2), roughly. */
static struct sv ink_on(const char *color)
{
	long rgb = strtol(color + 1, NULL, 16);
	long light = 299 * (rgb >> 16 & 255) + 587 * (rgb >> 8 & 255) + 114 * (rgb & 255);

	return light > 150000 ? SV("#171b26") : SV("#ffffff");
}

/* A project's picture, else its first letter on its colour: attributes of SVG, since the policy allows no style. */
static void brand(struct html *h, const struct project *p)
{
	struct sv color = p->color[0] == '\0' ? SV("#2f5bea") : sv_of(p->color);

	HTML(h, "<span class=\"brand\">");
	if (p->logo_tag[0] != '\0')
		HTMLF(h,
		      "<img class=\"logo\" src=\"/assets/projects/{}/logo?v={}\" alt=\"\" width=\"28\" height=\"28\">",
		      sv_of(p->id), sv_of(p->logo_tag));
	else
		HTMLF(h,
		      "<svg width=\"28\" height=\"28\" viewBox=\"0 0 28 28\" aria-hidden=\"true\"><rect width=\"28\" "
		      "height=\"28\" rx=\"8\" fill=\"{}\"/><text x=\"14\" y=\"19.5\" text-anchor=\"middle\" "
		      "font-size=\"15\" "
		      "font-weight=\"700\" fill=\"{}\">{}</text></svg>",
		      color, ink_on(color.p), first_letter(p->name));
	HTMLF(h, "<span class=\"name\">{}</span></span>", sv_of(p->name));
}

static void top(struct html *h, const struct html_page *page)
{
	HTML(h, "<header class=\"bar\">");
	if (page->project != NULL)
		brand(h, page->project);
	else
		HTML(h, "<span class=\"brand\"><img src=\"/assets/tb.svg\" alt=\"\" width=\"28\" height=\"28\">"
			"Tokenbooth</span>");
	if (page->account_email.p != NULL) {
		HTMLF(h, "<form class=\"who\" method=\"post\" action=\"/sign-out\"><span class=\"email\">{}</span>",
		      page->account_email);
		html_hidden(h, "csrf", page->csrf);
		HTML(h, "<button class=\"quiet\">Sign out</button></form>");
	}
	HTML(h, "</header>");
}

struct html html_begin(struct request *rq, const struct html_page *page)
{
	struct html h = { rq, rq->out };
	char tag[P_ASSET_TAG];

	buf_clear(rq->out);
	rq->status = page->status;
	rq->content_type = "text/html; charset=utf-8";
	headers(rq, page);
	HTML(&h, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		 "<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\">");
	if (page->refresh != NULL)
		HTMLF(&h, "<meta http-equiv=\"refresh\" content=\"{}\">", sv_of(page->refresh));
	p_asset_tag(SV("tb.css"), tag);
	HTMLF(&h, "<title>{} · Tokenbooth</title><link rel=\"stylesheet\" href=\"/assets/tb.css?v={}\">",
	      sv_of(page->title), sv_of(tag));
	HTML(&h, "<link rel=\"icon\" href=\"/assets/tb.svg\" type=\"image/svg+xml\"></head><body>"
		 "<a class=\"skip\" href=\"#main\">Skip to content</a>");
	top(&h, page);
	HTMLF(&h, "<main id=\"main\" class=\"{}\">", page->wide ? SV("wide") : SV("card"));
	return h;
}

void html_end(struct html *h)
{
	HTMLF(h, "</main><footer>Tokenbooth {}</footer></body></html>\n", sv_of(h->rq->en->version));
}
