/* SPDX-License-Identifier: Apache-2.0 */
/* base64, base64url, hex, percent: every text has one meaning, and every bytes come back. */
#include "core/codec.h"
#include "core/text.h"
#include "fuzz.h"
#include <string.h>

typedef void encoder(struct buf *b, struct sv in);
typedef bool decoder(struct buf *b, struct sv in);
enum { CANONICAL = 1, NO_NUL = 2 }; /* one spelling only; bytes without NUL only */
static const struct {
	encoder *enc;
	decoder *dec;
	unsigned is;
} codecs[] = {
	{ enc_b64, dec_b64, CANONICAL }, { enc_b64url, dec_b64url, CANONICAL }, { enc_hex, dec_hex, 0 },
	{ enc_pct, dec_pct, NO_NUL },    { enc_form, dec_form, NO_NUL },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv in = fuzz_sv(data, size);
	bool nul = memchr(data, '\0', size) != NULL;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		CLEANUP(buf_free) struct buf a = BUF(16 << 20), b = BUF(16 << 20), c = BUF(16 << 20), d = BUF(16 << 20);

		codecs[i].enc(&a, in);
		MUST(buf_ok(&a) && codecs[i].dec(&b, buf_view(&a)) == (!nul || (codecs[i].is & NO_NUL) == 0));
		MUST((nul && (codecs[i].is & NO_NUL) != 0) || sv_eq(buf_view(&b), in));
		if (!codecs[i].dec(&c, in))
			continue;
		codecs[i].enc(&d, buf_view(&c));
		MUST((codecs[i].is & CANONICAL) == 0 || sv_eq(buf_view(&d), in));
	}
	CLEANUP(buf_free) struct buf html = BUF(16 << 20);
	enc_html(&html, in);
	MUST(buf_ok(&html));
	for (size_t i = 0; i < html.n; i++)
		MUST(strchr("<>\"'", html.p[i]) == NULL || html.p[i] == '\0');
	return 0;
}
