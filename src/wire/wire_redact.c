/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_redact.h"
#include "core/codec.h"
#include "core/text.h"
#include <string.h>

enum { LOOKS_LIKE_TOKEN = 20, SHORTEST_SECRET = 2, MOST_IN = 4096, MOST_OUT = 65536 };
static const struct sv shown = SV_INIT("\xC2\xAB"
				       "redacted\xC2\xBB");

/* %2f is %2F (RFC 3986 section 2.1). */
static bool begins(struct sv s, const struct buf *spelt)
{
	return buf_ok(spelt) && s.n >= spelt->n && sv_ieq(sv_upto(s, spelt->n), buf_view(spelt));
}

/* How many bytes of s, at its start, are this secret in one of the spellings it may come back in; 0: none. */
static size_t secret_here(struct sv s, struct sv secret)
{
	CLEANUP(buf_free) struct buf pct = BUF(MOST_OUT), form = BUF(MOST_OUT);

	if (secret.n < SHORTEST_SECRET)
		return 0;
	if (sv_starts(s, secret))
		return secret.n;
	if (s.p[0] != secret.p[0] && s.p[0] != '%')
		return 0;
	enc_pct(&pct, secret);
	if (begins(s, &pct))
		return pct.n;
	enc_form(&form, secret);
	return begins(s, &form) ? form.n : 0;
}

/* What a token, or a JSON, HTML or percent escape of one, is made of. */
static bool token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == '+' || c == '/' || c == '=' || c == '~' || c == '%' || c == '\\' || c == '&' || c == '#' ||
	       c == ';';
}

static bool joins(char c) { return c == '_' || c == '-' || c == '/' || c == '\\' || c == '&' || c == '#' || c == ';'; }

/* Words joined by _ - / or what escapes begin with are not a token: no digits, and every word in one case or
 * capitalised, of at most 19 letters. */
static bool is_words(struct sv s)
{
	size_t run = 0;
	bool lower = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool up = c >= 'A' && c <= 'Z', low = c >= 'a' && c <= 'z';

		if (joins(c)) {
			run = 0;
			lower = false;
			continue;
		}
		if ((!up && !low) || (up && lower) || ++run >= LOOKS_LIKE_TOKEN)
			return false;
		lower = lower || low;
	}
	return true;
}

static size_t token_here(struct sv s)
{
	size_t n = 0;

	while (n < s.n && token_char(s.p[n]))
		n++;
	return n >= LOOKS_LIKE_TOKEN && !is_words(sv_upto(s, n)) ? n : 0;
}

/* Bytes of the character at s.p[0]; 0: not UTF-8. */
static size_t character(struct sv s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

	return n <= s.n && text_is_utf8(sv_upto(s, n)) ? n : 0;
}

static size_t found_at(struct sv s, struct sv_list secrets)
{
	size_t best = 0;

	for (size_t i = 0; i < secrets.n; i++) {
		size_t n = secret_here(s, secrets.v[i]);

		best = n > best ? n : best;
	}
	return best;
}

/* Pass one: known secrets out.  Pass two, over what is left, takes what looks like a token. */
static void known(struct sv text, struct sv_list secrets, struct buf *out)
{
	while (text.n > 0) {
		size_t n = found_at(text, secrets);

		if (n > 0) {
			buf_sv(out, shown);
			text = sv_from(text, n);
			continue;
		}
		buf_char(out, text.p[0]);
		text = sv_from(text, 1);
	}
}

static bool put(char *out, size_t cap, size_t *at, struct sv s)
{
	if (s.n > cap - 1 - *at)
		return false;
	memcpy(out + *at, s.p, s.n);
	*at += s.n;
	return true;
}

static void redact(struct sv s, bool looks, char *out, size_t cap)
{
	size_t at = 0;
	bool in_run = !looks;

	while (s.n > 0) {
		size_t token = in_run ? 0 : token_here(s), n = character(s);
		struct sv piece = token > 0                                   ? shown
				  : n > 0 && !text_has_control(sv_upto(s, n)) ? sv_upto(s, n)
									      : SV(" ");

		if (!put(out, cap, &at, piece))
			break;
		in_run = !looks || (token == 0 && token_char(s.p[0]));
		s = sv_from(s, token > 0 ? token : n > 0 ? n : 1);
	}
	out[at] = '\0';
}

void wire_redact(struct sv text, struct sv_list secrets, char *out, size_t cap)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_OUT);

	memset(out, 0, cap);
	known(sv_upto(text, MOST_IN), secrets, &b);
	redact(buf_ok(&b) ? buf_view(&b) : shown, true, out, cap);
}

void wire_redact_known(struct sv text, struct sv_list secrets, char *out, size_t cap)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_OUT);

	memset(out, 0, cap);
	known(sv_upto(text, MOST_IN), secrets, &b);
	redact(buf_ok(&b) ? buf_view(&b) : shown, false, out, cap);
}
