/* SPDX-License-Identifier: Apache-2.0 */
/* An engine's answer as the command line shows it at a terminal: whatever the text, it is text and moves no cursor. */
#include "app/show.h"
#include "app/term.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "fuzz.h"

static bool plain(struct sv s) { return text_is_utf8(s) && !text_has_control(s); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_free) struct buf b = BUF(16 << 20);
	struct ctx *cx = fuzz_ctx();
	const struct node *n;

	term_plain(&b, fuzz_sv(data, size));
	MUST(buf_ok(&b) && plain(buf_view(&b)));
	if (IS_ERR(jdoc_parse(cx, fuzz_sv(data, size), "the answer", &n)))
		return 0;
	buf_clear(&b);
	show_value(&b, n);
	MUST(buf_ok(&b) && plain(buf_view(&b)));
	return 0;
}
