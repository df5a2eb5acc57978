/* SPDX-License-Identifier: Apache-2.0 */
/* The template language: what the check accepts can be used; what it refuses says why. */
#include "core/text.h"
#include "fuzz.h"
#include "model/tmpl.h"

static struct err sign(struct ctx *cx, void *arg, struct buf *out)
{
	(void)cx;
	(void)arg;
	buf_str(out, "signed");
	return OK;
}

static void use(struct ctx *cx, struct sv text, bool in_url)
{
	CLEANUP(buf_free) struct buf b = BUF(65536);
	struct sv scopes[] = { SV("identify"), SV("guilds"), SV("identify") }, old[] = { SV("email"), SV("guilds") };
	const struct tmpl_var vars[] = {
		{ "client_id", { .text = SV("id") } },
		{ "client_secret", { .text = SV("s&c=r?t") } },
		{ "redirect_uri", { .text = SV("http://localhost/cb") } },
		{ "state", { .text = SV("st") } },
		{ "code", { .text = SV("a/b c") } },
		{ "access_token", { .text = SV("e30.eyJhIjp7ImIiOiJjIn19.x") } },
		{ "refresh_token", { .text = SV_NONE } },
		{ "scopes", { .list = { scopes, ARRAY_LEN(scopes) }, .is_list = true } },
		{ "existing_scopes", { .list = { old, ARRAY_LEN(old) }, .is_list = true } },
	};
	const struct tmpl_env env = {
		.vars = vars, .n_vars = ARRAY_LEN(vars), .delimiter = SV(" "), .in_url = in_url, .sign = sign
	};
	bool wanting = false;
	struct sv got;
	struct err e = tmpl_put(cx, text, &env, &b, &wanting);

	fuzz_outcome(cx, e);
	MUST(!IS_ERR(e) || e.code == E_TOO_LARGE || e.code == E_INTERNAL || e.code == E_UPSTREAM ||
	     e.code == E_BAD_INPUT);
	(void)forgive(cx);
	if (IS_ERR(e))
		return;
	e = tmpl_text(cx, text, &env, &got);
	MUST(!IS_ERR(e) || e.code == E_TOO_LARGE);
	MUST(IS_ERR(e) || !wanting || got.p == NULL);
	(void)forgive(cx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();

	if (size < 1)
		return 0;
	struct sv text = fuzz_sv(data + 1, size - 1);
	unsigned place = 1u << (data[0] % 10);
	struct err e = tmpl_check(cx, text, place);
	fuzz_outcome(cx, e);
	bool fine = !IS_ERR(e);
	(void)forgive(cx);
	(void)tmpl_names(text, "scopes");
	if (fine)
		use(cx, text, data[0] >= 128);
	return 0;
}
