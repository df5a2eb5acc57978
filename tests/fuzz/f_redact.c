/* SPDX-License-Identifier: Apache-2.0 */
/* A provider's own words for people: no known secret stays in them, wherever it stands. */
#include "core/codec.h"
#include "core/text.h"
#include "fuzz.h"
#include "wire/wire_redact.h"
#include <string.h>

static void without(struct sv text, struct sv secret, struct sv also)
{
	struct sv list[] = { secret };
	char out[300];
	size_t at;

	wire_redact(text, (struct sv_list){ list, 1 }, out, sizeof out);
	MUST(memchr(out, '\0', sizeof out) != NULL);
	MUST(text_is_utf8(sv_of(out)) && !text_has_control(sv_of(out)));
	MUST(!sv_find(sv_of(out), secret, &at) && !sv_find(sv_of(out), also, &at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_free) struct buf text = BUF(1 << 20), pct = BUF(256);
	struct sv secret = SV_INIT("pa&s+/w=rd");

	if (size < 1)
		return 0;
	size_t at = data[0] < size ? data[0] : size;
	enc_pct(&pct, secret);
	buf_add(&text, data, at);
	buf_sv(&text, size % 2 == 0 ? secret : buf_view(&pct));
	buf_add(&text, data + at, size - at);
	MUST(buf_ok(&text));
	without(buf_view(&text), secret, buf_view(&pct));
	return 0;
}
