/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of token endpoints: a byte for the definition, one for status and content type, the rest is the body. */
#include "core/text.h"
#include "model/pdef_parts.h"
#include "shipped.h"
#include "wire/wire_answer.h"
#include <string.h>

static void look(const struct token_set *t, const struct wire_outcome *how)
{
	MUST((how->fate == WIRE_OK) == (t->access != NULL));
	MUST(text_is_utf8(sv_of(how->description)) && !text_has_control(sv_of(how->description)));
	MUST(memchr(how->error, '\0', sizeof how->error) != NULL && text_is_utf8(sv_of(how->detail)));
	if (how->fate != WIRE_OK) {
		MUST(t->refresh == NULL && t->rest == NULL);
		return;
	}
	MUST(secret_view(t->access).n > 0 && t->expires_at >= 0 && t->refresh_expires_at >= 0);
	MUST(memchr(t->token_type, '\0', sizeof t->token_type) != NULL);
	MUST(t->scopes.n <= WIRE_MOST_SCOPES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 200, 200, 400, 401, 403, 429, 500 };
	static const char *const types[] = { "application/json", "application/x-www-form-urlencoded", "", "text/html" };
	CLEANUP(secret_drop) struct secret *secret = secret_copy(SV("client-secret-0123456789"));
	CLEANUP(buf_free) struct buf body = BUF(1 << 20);
	struct wire_env env;
	struct wire_outcome how = { .fate = WIRE_OK };
	struct token_set got = { .access = NULL };

	if (size < 2)
		return 0;
	const struct pdef *d = shipped(data[0] & 127);
	const struct wire_client client = shipped_client(d, secret);
	struct ctx *cx = fuzz_ctx();
	buf_add(&body, data + 2, size - 2);
	const struct net_reply reply = { .fate = NET_DONE,
					 .sent = true,
					 .status = statuses[data[1] & 7],
					 .content_type = sv_of(types[data[1] >> 3 & 3]),
					 .body = body };
	const struct wire_answer_in in = { .reply = &reply,
					   .at = data[0] >= 128 ? PAT_REFRESH : PAT_CODE,
					   .answer =
					       data[0] >= 128 ? &d->parts->refresh_answer : &d->parts->token_answer,
					   .refreshing = data[0] >= 128 };
	MUST(secret != NULL && buf_ok(&body) && !IS_ERR(wire_env_start(cx, &client, &env)));
	how.status = reply.status;
	struct err e = wire_answer_read(cx, &env, &in, &got, &how);
	fuzz_outcome(cx, e);
	if (!IS_ERR(e))
		look(&got, &how);
	token_set_clear(&got);
	return 0;
}
