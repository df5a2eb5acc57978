/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/visitor.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/people.h"
#include <stdio.h>

enum {
	BROWSER_DAYS = 30,
	SESSION_DAYS = 7,
	DEVICE_DAYS = 180,
	DAY_S = 86400,
	SETUP_S = 3600,
	OIDC_S = 600,
	RETURN_BYTES = 1024
};
static const struct {
	const char *tail;
	int max_age_s;
} cookies[] = {
	[VISITOR_BROWSER] = { "", BROWSER_DAYS *DAY_S },
	[VISITOR_SESSION] = { "_session", SESSION_DAYS *DAY_S },
	[VISITOR_SETUP] = { "_setup", SETUP_S },
	[VISITOR_INVITE] = { "_invite", SETUP_S },
	[VISITOR_OIDC] = { "_oidc", OIDC_S },
	[VISITOR_DEVICE] = { "_device", DEVICE_DAYS *DAY_S },
};

/* ---- cookies ---- */
static struct sv port_of(struct sv hostport)
{
	size_t i = hostport.n;

	while (i > 0 && hostport.p[i - 1] >= '0' && hostport.p[i - 1] <= '9')
		i--;
	return i > 0 && i < hostport.n && hostport.p[i - 1] == ':' ? sv_from(hostport, i) : SV("80");
}

void visitor_name(const struct config *c, enum visitor_cookie which, char out[static VISITOR_NAME])
{
	char port[8] = "";

	if (!sv_copy(port_of(sv_of(c->public_hostport)), port, sizeof port))
		port[0] = '\0';
	if (c->public_https)
		(void)snprintf(out, VISITOR_NAME, "__Host-tb%s", cookies[which].tail);
	else
		(void)snprintf(out, VISITOR_NAME, "tb%s_%s", cookies[which].tail, port);
}

struct sv visitor_cookie(const struct request *rq, enum visitor_cookie which)
{
	char name[VISITOR_NAME];
	struct sv v;

	visitor_name(rq->en->config, which, name);
	v = http_cookie_in(rq, name);
	return v.n == 0 ? SV_NONE : v;
}

static void write_cookie(struct request *rq, enum visitor_cookie which, struct sv value, int max_age_s)
{
	const struct config *c = rq->en->config;
	CLEANUP(buf_free) struct buf b = BUF(4096);
	char name[VISITOR_NAME];

	visitor_name(c, which, name);
	buf_printf(&b, "%s=", name);
	buf_sv(&b, value);
	buf_printf(&b, "; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s", max_age_s, c->public_https ? "; Secure" : "");
	rq->head->broken = rq->head->broken || !buf_ok(&b); /* half a cookie is none: the pipeline answers 500 */
	http_header(rq, "Set-Cookie", buf_view(&b));
}

void visitor_set(struct request *rq, enum visitor_cookie which, struct sv value)
{
	write_cookie(rq, which, value, cookies[which].max_age_s);
}

void visitor_drop(struct request *rq, enum visitor_cookie which) { write_cookie(rq, which, SV(""), 0); }

void visitor_was_here(struct request *rq, const char *email)
{
	char device[DEVICE_TEXT];

	device_make(rq->en, sv_of(email), device);
	visitor_set(rq, VISITOR_DEVICE, sv_of(device));
}

struct err visitor_browser(struct request *rq, struct sv *out)
{
	char fresh[TOKEN_TEXT];

	*out = visitor_cookie(rq, VISITOR_BROWSER);
	if (out->p != NULL)
		return OK;
	id_token(fresh);
	*out = arena_sv(rq->cx->arena, sv_of(fresh));
	if (out->p == NULL)
		return fail(rq->cx, E_INTERNAL, "out of memory", "cookie");
	visitor_set(rq, VISITOR_BROWSER, *out);
	return OK;
}

struct err visitor_account(struct request *rq, struct account *out, bool *in)
{
	struct sv token = visitor_cookie(rq, VISITOR_SESSION);

	*in = false;
	*out = (struct account){ .id = "" };
	if (token.p == NULL)
		return OK;
	struct err e = people_session(rq->cx, rq->en, token, out);
	if (e.code == E_UNAUTHENTICATED)
		return forgive(rq->cx);
	*in = !IS_ERR(e);
	return e;
}

/* ---- where a request comes from ---- */
bool visitor_own_origin(const struct request *rq, bool strict)
{
	struct sv origin = http_header_in(rq, "Origin"), site = http_header_in(rq, "Sec-Fetch-Site");

	/* A page with Referrer-Policy: no-referrer posts "Origin: null" to its own origin; only Sec-Fetch-Site tells
	 * then. */
	if (origin.p != NULL && !(sv_eqz(origin, "null") && site.p != NULL))
		return sv_ieq(origin, sv_of(rq->en->config->public_url));
	if (site.p != NULL)
		return sv_eqz(site, "same-origin");
	return !strict;
}

struct err visitor_form(struct request *rq, struct sv cookie_value)
{
	struct sv given;

	TRY(visitor_field(rq, "csrf", &given));
	if (!visitor_own_origin(rq, false))
		return refuse(rq->cx, E_FORBIDDEN,
			      "This form was not sent from this engine's own page. Open the page again at %s.",
			      rq->en->config->public_url);
	if (cookie_value.n == 0 || given.n == 0 || !people_csrf_ok(rq->en, cookie_value, given))
		return refuse(rq->cx, E_FORBIDDEN,
			      "This form is out of date, or the browser does not keep cookies. Open the page again.");
	return OK;
}

struct err visitor_field(struct request *rq, const char *name, struct sv *out)
{
	struct sv rest = rq->body;
	struct pair p;
	bool bad = false;

	*out = SV_NONE;
	while (form_next(rq->cx->arena, &rest, &p, &bad)) {
		if (!sv_eqz(p.name, name))
			continue;
		if (out->p != NULL)
			return bad_field(rq->cx, name, "once", "must be given once");
		*out = p.value;
	}
	if (bad && arena_starved(rq->cx->arena))
		return fail(rq->cx, E_INTERNAL, "out of memory", "form");
	return bad ? refuse(rq->cx, E_BAD_INPUT, "The form is malformed.") : OK;
}

static bool was_moved(struct sv query)
{
	while (query.p != NULL)
		if (sv_eqz(sv_cut(&query, '&'), "moved=1"))
			return true;
	return false;
}

bool visitor_moved(struct request *rq)
{
	const struct config *c = rq->en->config;
	CLEANUP(buf_free) struct buf b = BUF(16384);

	if (rq->control || sv_ieq(rq->host, sv_of(c->public_hostport)) || was_moved(rq->query))
		return false;
	buf_str(&b, c->public_url);
	buf_sv(&b, rq->path); /* not the target: it may name a host of its own (RFC 9112 section 3.2.2) */
	buf_char(&b, '?');
	buf_sv(&b, rq->query);
	buf_str(&b, rq->query.n > 0 ? "&moved=1" : "moved=1");
	if (!buf_ok(&b))
		return false;
	http_redirect(rq, buf_view(&b));
	return true;
}

bool visitor_only_looks(const struct request *rq)
{
	static const char *const names[] = { "Sec-Purpose", "Purpose", "X-Moz", "X-Purpose" };
	size_t at;

	if (rq->method == M_HEAD)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct sv v = http_header_in(rq, names[i]);
		if (sv_find(v, SV("prefetch"), &at) || sv_find(v, SV("preview"), &at) ||
		    sv_find(v, SV("prerender"), &at))
			return true;
	}
	return false;
}

static bool under(struct sv path, struct sv head)
{
	return sv_starts(path, head) && (path.n == head.n || path.p[head.n] == '/' || path.p[head.n] == '?');
}

struct sv visitor_return(struct sv asked)
{
	bool ours = under(asked, SV("/dashboard")) || sv_eqz(asked, "/invite") ||
		    under(asked, SV("/api/v1/oauth/callback_verify"));
	size_t at;

	if (!ours || asked.n > RETURN_BYTES || text_has_control(asked) || !text_is_utf8(asked) ||
	    sv_find(asked, SV("\\"), &at) || sv_find(asked, SV(".."), &at) || sv_find(asked, SV("//"), &at))
		return SV("/dashboard");
	return asked;
}
