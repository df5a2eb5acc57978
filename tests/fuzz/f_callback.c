/* SPDX-License-Identifier: Apache-2.0 */
/* The query of a callback: a byte for the definition, the rest is the query. */
#include "core/text.h"
#include "shipped.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_callback got;
	struct sv state;

	if (size < 1)
		return 0;
	const struct pdef *d = shipped(data[0]);
	struct sv query = fuzz_sv(data + 1, size - 1);
	struct ctx *cx = fuzz_ctx();
	struct err e = wire_callback_state(cx, query, &state);
	fuzz_outcome(cx, e);
	(void)forgive(cx);
	struct err f = wire_callback_read(cx, &(struct wire_client){ .def = d }, query, &got);
	fuzz_outcome(cx, f);
	if (IS_ERR(f))
		return 0;
	MUST(IS_ERR(e) || state.p == NULL || sv_eq(state, got.state));
	MUST(text_is_utf8(got.description) && got.description.n <= 300 && !text_has_control(got.description));
	MUST(got.stored.n == 0 || got.stored.p[0] == '{');
	return 0;
}
