/* SPDX-License-Identifier: Apache-2.0 */
/* Where to listen and how browsers call it, and durations: a line of --listen, a line of --public-url, a line of
 * duration. */
#include "app/conf_raw.h"
#include "core/text.h"
#include "core/url.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

static bool holds(const struct config *c, struct ctx *cx)
{
	struct url u;
	struct sv shown = sv_of(c->public_url), hostport = sv_of(c->public_hostport);

	return !IS_ERR(url_parse(cx, shown, "url", &u)) && u.path.n == 1 && u.query.p == NULL && u.fragment.p == NULL &&
	       u.https == c->public_https && sv_ends(shown, hostport) && !sv_ends(shown, SV("/")) &&
	       (u.https || u.loopback);
}

/* Go's: a sum of numbers with units, each read by strtod. */
static void duration(const char *z, struct sv s)
{
	int64_t usec = -1;

	if (!conf_duration(s, &usec))
		return;
	long double sum = 0;
	char *end = NULL;
	for (const char *p = z; *p != '\0';) {
		double v = strtod(p, &end);
		MUST(end != p && v >= 0);
		p = end;
		size_t unit = strspn(p, "hmsunμ\xC2\xB5");
		MUST(unit >= 1 && unit <= 3);
		double each = p[0] == 'h'   ? 3600e6
			      : p[0] == 's' ? 1e6
			      : p[0] == 'n' ? 1e-3
			      : p[0] != 'm' ? 1
			      : p[1] == 's' ? 1e3
					    : 60e6;
		sum += (long double)v * each;
		p += p[0] == 'm' && p[1] != 's' ? 1 : unit;
	}
	MUST(usec >= 0 && sum - usec < 2 + sum * 1e-9L && usec - sum < 2 + sum * 1e-9L);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	struct conf_raw raw = { .env = conf_env_new(cx->arena), .folder = "/nonexistent" };
	struct sv rest = fuzz_sv(data, size), listen = sv_cut(&rest, '\n'), url = sv_cut(&rest, '\n'),
		  span = sv_cut(&rest, '\n');

	if (!text_is_utf8(fuzz_sv(data, size)) || memchr(data, '\0', size) != NULL)
		return 0; /* arguments and YAML have no NUL; YAML is UTF-8 */
	if (span.n > 0)
		duration(arena_text(cx->arena, span), span);
	MUST(raw.env != NULL && !IS_ERR(conf_apply_defaults(cx, &raw)));
	struct err e = conf_listen(cx, &raw, arena_text(cx->arena, listen));
	fuzz_outcome(cx, e);
	if (IS_ERR(e))
		return 0;
	MUST(raw.c.listen_port >= 0 && raw.c.listen_port <= 65535 && raw.c.listen_host[0] != '\0');
	raw.c.listen_port = raw.c.listen_port == 0 ? 1 : raw.c.listen_port; /* no socket is made here */
	e = conf_addresses(cx, &raw, url.n == 0 ? NULL : arena_text(cx->arena, url));
	fuzz_outcome(cx, e);
	MUST(IS_ERR(e) || holds(&raw.c, cx));
	return 0;
}
