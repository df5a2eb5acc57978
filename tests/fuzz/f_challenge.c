/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate: what is read out of it was in it, and reads back the same when it is written as it should be. */
#include "core/text.h"
#include "fuzz.h"
#include "wire/wire_challenge.h"

static void quote(struct buf *b, const char *name, struct sv v)
{
	if (v.p == NULL)
		return;
	buf_printf(b, ", %s=\"", name);
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '"' || v.p[i] == '\\')
			buf_char(b, '\\');
		buf_char(b, v.p[i]);
	}
	buf_char(b, '"');
}
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	CLEANUP(buf_free) struct buf b = BUF(1 << 20);
	struct wire_challenge c, again;
	struct sv_list scopes;

	MUST(!IS_ERR(wire_challenge_read(cx, fuzz_sv(data, size), &c)));
	MUST(c.bearer || (c.resource_metadata.p == NULL && c.scope.p == NULL && c.error.p == NULL));
	MUST(!IS_ERR(wire_challenge_scopes(cx, c.scope, 8, &scopes)) && scopes.n <= 8);
	for (size_t i = 0; i < scopes.n; i++)
		MUST(scopes.v[i].n > 0 && memchr(scopes.v[i].p, ' ', scopes.v[i].n) == NULL);
	if (!c.bearer)
		return 0;
	buf_str(&b, "Bearer realm=\"a, \\\" Bearer scope=x\"");
	quote(&b, "scope", c.scope);
	quote(&b, "error", c.error);
	quote(&b, "resource_metadata", c.resource_metadata);
	MUST(buf_ok(&b) && !IS_ERR(wire_challenge_read(cx, buf_view(&b), &again)) && again.bearer);
	MUST(sv_eq(again.scope, c.scope) && sv_eq(again.error, c.error));
	MUST(sv_eq(again.resource_metadata, c.resource_metadata));
	return 0;
}
