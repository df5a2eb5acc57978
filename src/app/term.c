/* SPDX-License-Identifier: Apache-2.0 */
#include "app/term.h"
#include "core/arena.h"
#include "core/text.h"
#include <stdarg.h>

/* The bytes of the character that v begins with; *ok: it may be shown. */
static size_t step(struct sv v, bool *ok)
{
	unsigned char c = (unsigned char)v.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
	struct sv one = sv_upto(v, n);

	*ok = one.n == n && text_is_utf8(one) && !text_has_control(one);
	/* A C1 control is one character of two bytes; of what is no UTF-8 every byte counts alone. */
	return one.n == n && text_is_utf8(one) ? n : 1;
}

void term_plain(struct buf *b, struct sv v)
{
	while (v.p != NULL && v.n > 0) {
		bool ok;
		size_t n = step(v, &ok);

		if (ok)
			buf_sv(b, sv_upto(v, n));
		else
			buf_char(b, '?');
		v = sv_from(v, n);
	}
}

static bool goes_as_it_is(struct sv v, enum term_as as, size_t *n)
{
	bool ok;

	*n = step(v, &ok);
	/* Below a space JSON has only what stands between its values. */
	return ok || v.p[0] == '\n' || v.p[0] == '\t' || (as == TERM_JSON && v.p[0] == '\r');
}

static bool put_bad(FILE *to, struct sv one, enum term_as as)
{
	unsigned char last = (unsigned char)one.p[one.n - 1]; /* of U+0080 to U+009F the number itself */

	return (as == TERM_JSON ? fprintf(to, "\\u%04x", last) : fputc('?', to)) >= 0;
}

bool term_write(FILE *to, struct sv text, enum term_as as)
{
	while (text.p != NULL && text.n > 0) {
		size_t clean = 0, n = 0;

		while (clean < text.n && goes_as_it_is(sv_from(text, clean), as, &n))
			clean += n;
		if (clean > 0 && fwrite(text.p, 1, clean, to) != clean)
			return false;
		text = sv_from(text, clean);
		if (text.n > 0 && !put_bad(to, sv_upto(text, n), as))
			return false;
		text = sv_from(text, text.n > 0 ? n : 0);
	}
	return true;
}

void term_note(struct ctx *cx, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *text = arena_vprintf(cx->arena, fmt, ap);
	va_end(ap);
	if (text != NULL)
		(void)!term_write(stderr, sv_of(text), TERM_TEXT);
}
