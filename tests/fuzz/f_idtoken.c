/* SPDX-License-Identifier: Apache-2.0 */
/* An ID token, and after a line break the keys of who is said to have signed it. */
#include "core/jdoc.h"
#include "core/text.h"
#include "fuzz.h"
#include "wire/wire_idtoken.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	struct sv rest = fuzz_sv(data, size), token = sv_cut(&rest, '\n');
	const struct node *keys = NULL;
	struct wire_idtoken who;

	cx->now = SEC(1800000000);
	if (rest.p == NULL || IS_ERR(jdoc_parse(cx, rest, "keys", &keys))) {
		(void)forgive(cx);
		keys = NULL;
	}
	const struct wire_idtoken_ask ask = { token, SV("https://issuer.example"), SV("tokenbooth"), SV("nonce"),
					      keys };
	MUST(!IS_ERR(wire_idtoken_check(cx, &ask, &who)));
	fuzz_outcome(cx, OK);
	MUST((who.fate == JWS_GOOD) == (who.why == NULL));
	MUST(who.fate != JWS_GOOD || (keys != NULL && who.subject.n > 0 && who.subject.n <= 255));
	MUST(!who.email_verified || who.email.n > 0);
	return 0;
}
