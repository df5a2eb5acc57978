/* SPDX-License-Identifier: Apache-2.0 */
/* engine.yaml: read, its variables put in, applied by the table. */
#include "app/conf_raw.h"
#include "core/text.h"
#include "core/ydoc.h"
#include "fuzz.h"

static void let_go(struct conf_raw *raw)
{
	conf_drop_secrets(&raw->c);
	secret_free(raw->c.metrics_token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	CLEANUP(let_go) struct conf_raw raw = { .env = conf_env_new(cx->arena), .folder = "/nonexistent" };
	struct node *top;
	size_t at;

	if (sv_find(fuzz_sv(data, size), SV("${file:/"), &at) || sv_find(fuzz_sv(data, size), SV("../"), &at))
		return 0; /* the machine's own files are not looked at */
	MUST(raw.env != NULL && !IS_ERR(conf_apply_defaults(cx, &raw)));
	if (IS_ERR(ydoc_parse(cx, fuzz_sv(data, size), "engine.yaml", &top)))
		return 0;
	struct err e = conf_env_put_in(cx, raw.env, top, raw.folder);
	fuzz_outcome(cx, e);
	if (IS_ERR(e))
		return 0;
	e = conf_apply_tree(cx, &raw, top);
	fuzz_outcome(cx, e);
	MUST(IS_ERR(e) || (raw.c.listen_port >= 0 && raw.c.listen_port <= 65535));
	return 0;
}
