/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of a JWT, as a provider sent it. */
#include "core/codec.h"
#include "core/text.h"
#include "fuzz.h"
#include "model/jpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_free) struct buf b = BUF(1 << 20);
	struct ctx *cx = fuzz_ctx();
	const struct node *n = NULL;

	MUST(!IS_ERR(jpath_jwt(cx, fuzz_sv(data, size), &n)));
	fuzz_outcome(cx, OK);
	buf_str(&b, "e30.");
	enc_b64url(&b, fuzz_sv(data, size));
	buf_str(&b, ".c2ln");
	MUST(!IS_ERR(jpath_jwt(cx, buf_view(&b), &n)));
	MUST(n == NULL || size >= 2);
	fuzz_outcome(cx, OK);
	return 0;
}
