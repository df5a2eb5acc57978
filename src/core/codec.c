/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec.h"
#include "core/arena.h"
#include "core/text.h"
#include <assert.h>
#include <string.h>

static const char std_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Three bytes become four digits; a rest of one or two becomes two or three, filled up with '=' when `pad`. */
static void enc_64(struct buf *b, struct sv in, const char *digits, bool pad)
{
	const unsigned char *u = (const unsigned char *)in.p;

	for (size_t i = 0; i < in.n; i += 3) {
		size_t left = in.n - i < 3 ? in.n - i : 3;
		unsigned v =
		    (unsigned)u[i] << 16 | (left > 1 ? (unsigned)u[i + 1] << 8 : 0) | (left > 2 ? u[i + 2] : 0);
		char z[4] = { digits[v >> 18], digits[v >> 12 & 63], digits[v >> 6 & 63], digits[v & 63] };

		for (size_t k = left + 1; k < sizeof z; k++)
			z[k] = '=';
		buf_add(b, z, pad ? sizeof z : left + 1);
	}
}

void enc_b64(struct buf *b, struct sv in) { enc_64(b, in, std_digits, true); }
void enc_b64url(struct buf *b, struct sv in) { enc_64(b, in, url_digits, false); }

static int digit_of(const char *digits, char c)
{
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

/* RFC 4648 section 3.5: the unused bits of the last digit must be zero, or two texts would mean the same bytes. */
static bool dec_64(struct buf *b, struct sv in, const char *digits)
{
	unsigned v = 0;
	size_t bits = 0;

	if (in.n % 4 == 1)
		return false;
	for (size_t i = 0; i < in.n; i++) {
		int d = digit_of(digits, in.p[i]);

		if (d < 0)
			return false;
		v = (v << 6 | (unsigned)d) & 0xFFFF;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_char(b, (char)(unsigned char)(v >> bits & 0xFF));
		}
	}
	return (v & ((1U << bits) - 1)) == 0 && buf_ok(b);
}

bool dec_b64(struct buf *b, struct sv in)
{
	size_t pad = 0;

	if (in.n % 4 != 0)
		return false;
	while (pad < 2 && in.n > 0 && in.p[in.n - 1] == '=') {
		in.n--;
		pad++;
	}
	return dec_64(b, in, std_digits);
}

bool dec_b64url(struct buf *b, struct sv in) { return dec_64(b, in, url_digits); }

void enc_hex(struct buf *b, struct sv in)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *u = (const unsigned char *)in.p;

	for (size_t i = 0; i < in.n; i++)
		buf_add(b, (const char[2]){ digits[u[i] >> 4], digits[u[i] & 15] }, 2);
}

typedef void enc_fn(struct buf *b, struct sv in);
static void in_place(enc_fn *enc, struct sv in, char *out, size_t cap)
{
	struct buf b = { .p = out, .cap = cap, .max = cap - 1 };

	enc(&b, in);
	assert(buf_ok(&b) && b.p == out);
	out[b.n] = '\0';
}
void enc_b64url_text(struct sv in, char *out, size_t cap) { in_place(enc_b64url, in, out, cap); }
void enc_hex_text(struct sv in, char *out, size_t cap) { in_place(enc_hex, in, out, cap); }

static int hex_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Two digits at s[0]; -1 when they are not there. */
static int hex_pair(const char *s, size_t left)
{
	int hi = left < 2 ? -1 : hex_of(s[0]), lo = left < 2 ? -1 : hex_of(s[1]);

	return hi < 0 || lo < 0 ? -1 : hi * 16 + lo;
}

bool dec_hex(struct buf *b, struct sv in)
{
	if (in.n % 2 != 0)
		return false;
	for (size_t i = 0; i < in.n; i += 2) {
		int v = hex_pair(in.p + i, in.n - i);

		if (v < 0)
			return false;
		buf_char(b, (char)(unsigned char)v);
	}
	return buf_ok(b);
}

/* RFC 3986 section 2.3 */
static bool unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

static void enc_percent(struct buf *b, struct sv in, bool plus)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < in.n; i++) {
		unsigned char u = (unsigned char)in.p[i];

		if (unreserved(in.p[i]))
			buf_char(b, in.p[i]);
		else if (plus && u == ' ')
			buf_char(b, '+');
		else
			buf_add(b, (const char[3]){ '%', digits[u >> 4], digits[u & 15] }, 3);
	}
}

void enc_pct(struct buf *b, struct sv in) { enc_percent(b, in, false); }
void enc_form(struct buf *b, struct sv in) { enc_percent(b, in, true); }

static bool dec_percent(struct buf *b, struct sv in, bool plus)
{
	for (size_t i = 0; i < in.n; i++) {
		int v = (unsigned char)in.p[i];

		if (v == '%') {
			v = hex_pair(in.p + i + 1, in.n - i - 1);
			i += 2;
		} else if (plus && v == '+') {
			v = ' ';
		}
		if (v <= 0)
			return false;
		buf_char(b, (char)(unsigned char)v);
	}
	return buf_ok(b);
}

bool dec_pct(struct buf *b, struct sv in) { return dec_percent(b, in, false); }
bool dec_form(struct buf *b, struct sv in) { return dec_percent(b, in, true); }

void enc_html(struct buf *b, struct sv in)
{
	for (size_t i = 0; i < in.n; i++) {
		switch (in.p[i]) {
		case '&': buf_str(b, "&amp;"); break;
		case '<': buf_str(b, "&lt;"); break;
		case '>': buf_str(b, "&gt;"); break;
		case '"': buf_str(b, "&quot;"); break;
		case '\'': buf_str(b, "&#39;"); break;
		default: buf_char(b, in.p[i]); break;
		}
	}
}

static bool dec_into(struct arena *a, struct sv in, struct sv *out)
{
	char *p = arena_alloc(a, in.n + 1);
	struct buf b = { .p = p, .cap = in.n, .max = in.n }; /* the arena's: what is decoded is never longer */

	if (p == NULL || !dec_form(&b, in))
		return false;
	*out = (struct sv){ p, b.n };
	return true;
}

bool form_next(struct arena *a, struct sv *rest, struct pair *out, bool *bad)
{
	struct sv part = SV_NONE;

	*bad = false;
	while (rest->p != NULL && part.n == 0) /* "a=1&&b=2": empty parts mean nothing */
		part = sv_cut(rest, '&');
	if (part.n == 0)
		return false;
	struct sv value = part, name = sv_cut(&value, '=');
	if (dec_into(a, name, &out->name) && dec_into(a, value, &out->value))
		return true;
	*bad = true;
	return false;
}

void form_add(struct buf *b, struct sv name, struct sv value)
{
	if (b->n > 0)
		buf_char(b, '&');
	enc_form(b, name);
	buf_char(b, '=');
	enc_form(b, value);
}
