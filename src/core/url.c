/* SPDX-License-Identifier: Apache-2.0 */
#include "core/url.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/text.h"
#include <arpa/inet.h>
#include <curl/urlapi.h>
#include <string.h>

static void handle_drop(CURLU **u) { curl_url_cleanup(*u); }

/* One part into the arena; absent is SV_NONE.  false: out of memory. */
static bool part(struct ctx *cx, CURLU *u, CURLUPart which, unsigned flags, struct sv *out)
{
	char *z = NULL;
	CURLUcode rc = curl_url_get(u, which, &z, flags);

	*out = SV_NONE;
	if (rc == CURLUE_OUT_OF_MEMORY)
		return false;
	if (rc != CURLUE_OK || z == NULL)
		return true;
	*out = arena_sv(cx->arena, sv_of(z));
	curl_free(z);
	return out->p != NULL;
}

static bool is_loopback(const char *host)
{
	unsigned char b[16];
	static const unsigned char one[16] = { [15] = 1 };

	if (strcmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, b) == 1)
		return b[0] == 127;
	return inet_pton(AF_INET6, host, b) == 1 && memcmp(b, one, sizeof b) == 0;
}

/* The host as DNS and the socket know it: lower case, without the brackets of IPv6. */
static bool host_of(struct ctx *cx, struct sv raw, struct url *out)
{
	if (sv_starts(raw, SV("[")) && sv_ends(raw, SV("]")))
		raw = sv_upto(sv_from(raw, 1), raw.n - 2);
	char *z = arena_text(cx->arena, raw);
	if (z == NULL)
		return false;
	for (char *c = z; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	out->host = (struct sv){ z, raw.n };
	out->loopback = is_loopback(z);
	return true;
}

static bool parts(struct ctx *cx, CURLU *u, struct url *out)
{
	struct sv raw;

	return part(cx, u, CURLUPART_SCHEME, 0, &out->scheme) && part(cx, u, CURLUPART_HOST, 0, &raw) &&
	       part(cx, u, CURLUPART_PORT, CURLU_DEFAULT_PORT, &out->port) &&
	       part(cx, u, CURLUPART_PATH, 0, &out->path) && part(cx, u, CURLUPART_QUERY, 0, &out->query) &&
	       part(cx, u, CURLUPART_FRAGMENT, 0, &out->fragment) && host_of(cx, raw, out);
}

/* RFC 3986 section 2: a URL is visible ASCII.  A backslash is a slash to browsers and not to others: nobody's. */
static bool is_plain(struct sv s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7F || s.p[i] == '\\')
			return false;
	return s.n > 0;
}

/* The parser forgives one slash or three; the browser that gets the address next may read them otherwise. */
static bool has_two_slashes(struct sv s)
{
	size_t at;

	return sv_find(s, SV(":"), &at) && sv_starts(sv_from(s, at), SV("://")) &&
	       !sv_starts(sv_from(s, at), SV(":///"));
}

struct err url_parse(struct ctx *cx, struct sv text, const char *field, struct url *out)
{
	static const char *const must = "must be an absolute http or https URL without user name and password";
	struct sv zone;

	*out = (struct url){ .https = false };
	if (!is_plain(text))
		return bad_field(cx, field, "url", "must be an absolute http or https URL in plain ASCII");
	char *z = arena_text(cx->arena, text);
	CLEANUP(handle_drop) CURLU *u = z == NULL ? NULL : curl_url();
	if (u == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "reading a URL");
	CURLUcode rc = curl_url_set(u, CURLUPART_URL, z, CURLU_DISALLOW_USER);
	if (rc == CURLUE_OUT_OF_MEMORY)
		return fail(cx, E_INTERNAL, "out of memory", "reading a URL");
	if (rc != CURLUE_OK || !has_two_slashes(text))
		return bad_field(cx, field, "url", "%s", must);
	if (!parts(cx, u, out) || !part(cx, u, CURLUPART_ZONEID, 0, &zone))
		return fail(cx, E_INTERNAL, "out of memory", "reading a URL");
	out->https = sv_eqz(out->scheme, "https");
	/* The parser decodes %XX in a host: what comes out must be a host's text as well. */
	if ((!out->https && !sv_eqz(out->scheme, "http")) || !is_plain(out->host) || zone.p != NULL)
		return bad_field(cx, field, "url", "%s", must);
	return OK;
}

struct err url_look(struct ctx *cx, struct sv text, struct url *out, bool *good)
{
	struct err e = url_parse(cx, text, "url", out);

	*good = !IS_ERR(e);
	return *good || e.code == E_INTERNAL ? e : forgive(cx);
}

struct sv url_with_param(struct ctx *cx, struct sv url, const char *name, struct sv value)
{
	CLEANUP(buf_free) struct buf b = BUF((size_t)1 << 20);
	struct sv fragment = url, head = sv_cut(&fragment, '#');
	size_t at;

	buf_sv(&b, head);
	if (!sv_find(head, SV("?"), &at))
		buf_char(&b, '?');
	else if (at + 1 < head.n && !sv_ends(head, SV("&"))) /* a later '?' is part of the query */
		buf_char(&b, '&');
	enc_pct(&b, sv_of(name));
	buf_char(&b, '=');
	enc_pct(&b, value);
	if (fragment.p != NULL) {
		buf_char(&b, '#');
		buf_sv(&b, fragment);
	}
	return buf_ok(&b) ? arena_sv(cx->arena, buf_view(&b)) : SV_NONE;
}
