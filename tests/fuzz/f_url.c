/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: parts that hold what they promise; a parameter that is added can be read back, whatever its bytes. */
#include "core/codec.h"
#include "core/text.h"
#include "core/url.h"
#include "fuzz.h"
#include <string.h>

static bool has(struct ctx *cx, struct sv query, struct sv name, struct sv value)
{
	struct pair p;
	bool bad = false, found = false;

	while (form_next(cx->arena, &query, &p, &bad))
		found = found || (sv_eq(p.name, name) && sv_eq(p.value, value));
	return found || bad; /* bad: what stood there before is no form */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	struct sv value = fuzz_sv(data, size), text = sv_cut(&value, '\n');
	struct url u, v;
	struct err e = url_parse(cx, text, "next_uri", &u);

	fuzz_outcome(cx, e);
	if (IS_ERR(e))
		return 0;
	MUST(sv_eqz(u.scheme, "http") || sv_eqz(u.scheme, "https"));
	MUST(u.https == sv_eqz(u.scheme, "https") && u.host.n > 0 && u.port.n > 0);
	MUST(text_is_utf8(u.host) && !text_has_control(u.host) && !sv_find(u.host, SV("/"), &(size_t){ 0 }));
	MUST(u.path.n > 0 && u.path.p[0] == '/' && !text_has_control(text));
	if (value.p == NULL || memchr(value.p, '\0', value.n) != NULL)
		return 0;
	struct sv more = url_with_param(cx, text, "flow_id", value);
	MUST(more.p != NULL && !IS_ERR(url_parse(cx, more, "next_uri", &v)));
	MUST(sv_eq(u.scheme, v.scheme) && sv_eq(u.host, v.host) && sv_eq(u.port, v.port) && sv_eq(u.path, v.path));
	MUST(sv_eq(u.fragment, v.fragment) && has(cx, v.query, SV("flow_id"), value));
	return 0;
}
