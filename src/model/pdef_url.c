/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/text.h"
#include "core/url.h"
#include "model/pdef_parts.h"
#include "model/tmpl.h"

static struct err wanting(struct ctx *cx)
{
	return fail(
	    cx, E_UPSTREAM,
	    "an address of the provider's definition could not be built: a value it needs is missing or not allowed",
	    "URL template");
}

/* What decides the host: the template from "//" to the first "/", "?" or "#" outside braces.  n 0: it begins with a
 * placeholder. */
static struct sv authority(struct sv text)
{
	size_t at;
	bool inside = false;

	if (!sv_find(text, SV("://"), &at) || sv_starts(text, SV("{{")))
		return SV("");
	struct sv s = sv_from(text, at + 3);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '{' || s.p[i] == '}')
			inside = s.p[i] == '{';
		else if (!inside && (s.p[i] == '/' || s.p[i] == '?' || s.p[i] == '#'))
			return sv_upto(s, i);
	}
	return s;
}

static bool decided_by_data(struct sv text)
{
	return tmpl_names(text, "answer.") || tmpl_names(text, "stored.") || tmpl_names(text, "callback.");
}

static bool plain_host(struct sv s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
		      c == '-' || c == ':' || c == '_'))
			return false;
	}
	return s.n > 0;
}

bool pdef_host_fits(struct sv host, struct sv pattern)
{
	if (!sv_starts(pattern, SV("*.")))
		return sv_ieq(host, pattern);
	struct sv tail = sv_from(pattern, 1);
	size_t at;
	if (sv_starts(host, SV(".")) || sv_find(host, SV(".."), &at))
		return false;
	return host.n > tail.n && sv_ieq(sv_from(host, host.n - tail.n), tail);
}

static bool known_host(const struct pdef_parts *p, struct sv host)
{
	for (size_t i = 0; i < p->hosts.n; i++)
		if (pdef_host_fits(host, p->hosts.v[i]))
			return true;
	return false;
}

/* The host that was parsed must be the one the template says, and one the definition knows when data decides it. */
static struct err check_host(struct ctx *cx, const struct pdef *d, struct sv text, const struct tmpl_env *env,
			     const struct url *u)
{
	struct sv tmpl = authority(text), said;

	if (tmpl.n > 0) {
		TRY(tmpl_text(cx, tmpl, env, &said));
		if (!plain_host(said) || !sv_ieq(sv_cut(&said, ':'), u->host))
			return wanting(cx);
	}
	bool data = tmpl.n > 0 ? decided_by_data(tmpl) : decided_by_data(text);
	return data && !known_host(d->parts, u->host) ? wanting(cx) : OK;
}

static struct err at_origin(struct ctx *cx, const char *origin, const struct url *u, struct sv *out)
{
	const char *z = u->query.p == NULL
			    ? arena_printf(cx->arena, "%s%.*s", origin, SV_FMT(u->path))
			    : arena_printf(cx->arena, "%s%.*s?%.*s", origin, SV_FMT(u->path), SV_FMT(u->query));

	*out = sv_of(z);
	return z == NULL ? fail(cx, E_INTERNAL, "out of memory", "building an address") : OK;
}

struct err pdef_url(struct ctx *cx, const struct pdef *d, struct sv text, const struct tmpl_env *env, struct sv *out)
{
	struct tmpl_env in_url = *env;
	struct url u;

	in_url.in_url = true;
	*out = SV_NONE;
	TRY(tmpl_text(cx, text, &in_url, out));
	if (out->p == NULL)
		return wanting(cx);
	TRY(url_parse(cx, *out, "url", &u));
	TRY(check_host(cx, d, text, env, &u));
	if (!u.https && !(u.loopback && d->parts->development))
		return refuse(cx, E_BAD_INPUT, "must be an https address (http is for loopback in development only)");
	return d->origin == NULL ? OK : at_origin(cx, d->origin, &u, out);
}
