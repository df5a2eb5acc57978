/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser says about where it comes from and wants to go back to: a line of return address, one of Origin, one
 * of Sec-Fetch-Site, the rest a form.  No return address leads off this engine, as libcurl resolves it. */
#include "core/codec.h"
#include "core/text.h"
#include "domain/engine.h"
#include "fuzz.h"
#include "model/config.h"
#include "pages/visitor.h"
#include <curl/urlapi.h>
#include <string.h>

static const char ours[] = "http://localhost:9099";
static char public_url[] = "http://localhost:9099", hostport[] = "localhost:9099";

static void stays_here(struct ctx *cx, struct sv asked)
{
	struct sv to = visitor_return(asked);
	CURLU *u = curl_url();
	char *all = NULL, *text = arena_text(cx->arena, to);

	MUST(u != NULL && text != NULL && strlen(text) == to.n && !text_has_control(to));
	MUST(curl_url_set(u, CURLUPART_URL, "http://localhost:9099/sign-in?x=1", 0) == CURLUE_OK);
	MUST(curl_url_set(u, CURLUPART_URL, text, CURLU_URLENCODE) == CURLUE_OK);
	MUST(curl_url_get(u, CURLUPART_URL, &all, 0) == CURLUE_OK);
	MUST(strncmp(all, ours, sizeof ours - 1) == 0 && all[sizeof ours - 1] == '/');
	MUST(sv_starts(sv_of(all + sizeof ours - 1), SV("/dashboard")) || sv_eq(to, SV("/invite")) ||
	     sv_starts(sv_of(all + sizeof ours - 1), SV("/api/v1/oauth/callback_verify")));
	MUST(sv_eq(visitor_return(to), to));
	curl_free(all);
	curl_url_cleanup(u);
}

/* Ours: an Origin that is our address, or none and a browser that says "same-origin", or an old browser that says
 * nothing. */
static bool plainly_ours(struct sv origin, struct sv site, bool strict)
{
	if (origin.p != NULL && (!sv_eqz(origin, "null") || site.p == NULL))
		return sv_ieq(origin, SV("http://localhost:9099"));
	return site.p != NULL ? sv_eqz(site, "same-origin") : !strict;
}

static size_t count(struct ctx *cx, struct sv body, struct sv *value, bool *bad)
{
	struct pair p;
	size_t n = 0;

	while (form_next(cx->arena, &body, &p, bad)) {
		if (!sv_eqz(p.name, "email"))
			continue;
		*value = p.value;
		n++;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config conf = { .public_url = public_url, .public_hostport = hostport };
	static struct engine en = { .config = &conf };
	struct ctx *cx = fuzz_ctx();
	struct sv rest = fuzz_sv(data, size), asked = sv_cut(&rest, '\n'), value = SV_NONE, got;
	struct header h[2] = { { SV("Origin"), sv_cut(&rest, '\n') }, { SV("Sec-Fetch-Site"), sv_cut(&rest, '\n') } };
	struct request rq = { .cx = cx, .en = &en, .headers = h, .n_headers = ARRAY_LEN(h), .body = rest };
	bool bad = false;

	stays_here(cx, asked);
	MUST(visitor_own_origin(&rq, true) == plainly_ours(h[0].value, h[1].value, true));
	MUST(visitor_own_origin(&rq, false) == plainly_ours(h[0].value, h[1].value, false));
	size_t n = count(cx, rq.body, &value, &bad);
	struct err e = visitor_field(&rq, "email", &got);
	fuzz_outcome(cx, e);
	MUST(IS_ERR(e) == (bad || n > 1));
	MUST(IS_ERR(e) || (n == 0 ? got.p == NULL : sv_eq(got, value)));
	return 0;
}
