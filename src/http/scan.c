/* SPDX-License-Identifier: Apache-2.0 */
#include "http/scan.h"
#include "core/text.h"
#include "http/request.h"
#include <string.h>

/* RFC 9110 section 5.6.2: 1 for the characters of a token. */
static const uint8_t token_char[256] = {
	['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,
	['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1, ['~'] = 1, ['0'] = 1,  ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1,
	['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1, ['A'] = 1,  ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1,
	['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1,  ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1,
	['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1,  ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1,
	['Z'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1,  ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1,
	['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1,  ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1,
	['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1,  ['z'] = 1,
};

static bool no(struct refusal *why, int status, const char *say)
{
	*why = (struct refusal){ status, say };
	return false;
}

bool scan_is_token(struct sv s)
{
	unsigned all = 1;

	for (size_t i = 0; i < s.n; i++)
		all &= token_char[(unsigned char)s.p[i]];
	return s.n > 0 && all == 1;
}

static bool is_control(unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }

size_t scan_plain(const char *p, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones * 0x80;
	size_t i = 0;

	while (i < n) {
		uint64_t w, hit = 0;
		/* eight at a time while none of them is below 0x20 or is 0x7f */
		for (; n - i >= sizeof w; i += sizeof w) {
			memcpy(&w, p + i, sizeof w);
			uint64_t del = w ^ (ones * 0x7f);
			hit = (((w - ones * 0x20) & ~w) | ((del - ones) & ~del)) & high;
			if (hit != 0)
				break;
		}
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		if (hit != 0) /* the lowest mark is never false */
			i += (size_t)__builtin_ctzll(hit) / 8;
#endif
		if (i == n || is_control((unsigned char)p[i]))
			break;
		i++;
	}
	return i;
}

/* ---- request line (RFC 9112 section 3) ---- */
static bool version(struct scan *s, struct sv v, struct refusal *why)
{
	bool shape = v.n == 8 && memcmp(v.p, "HTTP/", 5) == 0 && v.p[5] >= '0' && v.p[5] <= '9' && v.p[6] == '.' &&
		     v.p[7] >= '0' && v.p[7] <= '9';

	if (!shape)
		return no(why, 400, "the request line is malformed");
	if (v.p[5] != '1' || v.p[7] > '1')
		return no(why, 505, "this server speaks HTTP/1.1 and HTTP/1.0");
	s->minor = v.p[7] - '0';
	return true;
}

static bool target_ok(struct sv t)
{
	for (size_t i = 0; i < t.n; i++)
		if ((unsigned char)t.p[i] <= ' ' || (unsigned char)t.p[i] >= 0x7f || t.p[i] == '#')
			return false;
	return t.n > 0;
}

static bool request_line(struct scan *s, struct sv line, struct refusal *why)
{
	struct sv rest = line, method = sv_cut(&rest, ' ');

	if (rest.p == NULL || method.n > MAX_METHOD || !scan_is_token(method))
		return no(why, 400, "the request line is malformed");
	struct sv target = sv_cut(&rest, ' ');
	if (target.n > MAX_TARGET)
		return no(why, 414, "the address asked for is too long");
	if (rest.p == NULL || !target_ok(target))
		return no(why, 400, "the request line is malformed");
	return version(s, rest, why);
}

/* ---- header lines ---- */
static bool length(struct scan *s, struct sv v, struct refusal *why)
{
	uint64_t n = 0;

	if (s->has_length || v.n == 0)
		return no(why, 400, "Content-Length must be sent once");
	for (size_t i = 0; i < v.n; i++) {
		uint64_t d = (uint64_t)(unsigned char)v.p[i] - '0';
		if (d > 9 || n > (UINT64_MAX - d) / 10)
			return no(why, 400, "Content-Length is not a number");
		n = n * 10 + d;
	}
	s->has_length = true;
	s->content_length = n;
	return true;
}

static bool coding(struct scan *s, struct sv v, struct refusal *why)
{
	if (s->has_coding)
		return no(why, 400, "Transfer-Encoding must be sent once");
	if (!sv_ieq(v, SV("chunked")))
		return no(why, 501, "the only transfer encoding understood is chunked");
	s->has_coding = true;
	return true;
}

static bool host(struct scan *s, struct sv v, struct refusal *why)
{
	for (size_t i = 0; i < v.n; i++)
		if (strchr(" \t/?#@\\\"<>,", v.p[i]) != NULL || (unsigned char)v.p[i] >= 0x80)
			return no(why, 400, "the Host header is malformed");
	s->hosts++;
	return s->hosts == 1 || no(why, 400, "Host must be sent once");
}

static bool authorization(struct scan *s, struct refusal *why)
{
	if (s->authorized)
		return no(why, 400, "Authorization must be sent once");
	s->authorized = true;
	return true;
}

static bool header_line(struct scan *s, struct sv line, struct refusal *why)
{
	struct sv rest = line, name = sv_cut(&rest, ':');

	if (rest.p == NULL || !scan_is_token(name))
		return no(why, 400, "a header line is malformed");
	if (name.n == 4 && sv_ieq(name, SV("Host")))
		return host(s, sv_trim(rest), why);
	if (name.n == 13 && sv_ieq(name, SV("Authorization")))
		return authorization(s, why);
	if (name.n == 14 && sv_ieq(name, SV("Content-Length")))
		return length(s, sv_trim(rest), why);
	if (name.n == 17 && sv_ieq(name, SV("Transfer-Encoding")))
		return coding(s, sv_trim(rest), why);
	if (name.n == 6 && sv_ieq(name, SV("Expect"))) {
		s->expects = sv_ieq(sv_trim(rest), SV("100-continue"));
		return s->expects || no(why, 417, "the expectation is not understood");
	}
	return true;
}

/* What the head says as a whole (RFC 9112 sections 3.2, 6.1 and 6.3). */
static bool whole(const struct scan *s, const struct scan_limits *limits, struct refusal *why)
{
	if (s->minor == 1 && s->hosts != 1)
		return no(why, 400, "the Host header is missing");
	if (s->has_coding && s->has_length)
		return no(why, 400, "Content-Length and Transfer-Encoding must not be sent together");
	if (s->has_coding && s->minor == 0)
		return no(why, 400, "HTTP/1.0 has no Transfer-Encoding");
	if (s->content_length > limits->body_bytes)
		return no(why, 413, "the body is too large");
	return true;
}

/* An unfinished line at the end of what is there: is there already too much of it? */
static bool unfinished(const struct scan *s, struct sv rest, const struct scan_limits *limits, struct refusal *why)
{
	if (s->lines == 0 && rest.n > MAX_TARGET + MAX_METHOD + sizeof " HTTP/1.1\r")
		return no(why, 414, "the address asked for is too long");
	if (s->line - s->start + rest.n > limits->header_bytes)
		return no(why, 431, "the headers are too large");
	return true;
}

static bool one_line(struct scan *s, struct sv line, const struct scan_limits *limits, struct refusal *why)
{
	if (s->lines == 0 && line.n == 0) {
		if (s->line != 0) /* RFC 9112 section 2.2: one empty line before a request is forgiven */
			return no(why, 400, "the request line is missing");
		s->start = 2;
		return true;
	}
	if (s->lines++ == 0)
		return request_line(s, line, why);
	if (s->line - s->start + line.n + 2 > limits->header_bytes || s->lines > MAX_HEADERS_IN + 2)
		return no(why, 431,
			  line.n > limits->header_bytes ? "a header is too large" : "the headers are too large");
	if (line.n > 0)
		return header_line(s, line, why);
	s->head_n = s->line + 2;
	return whole(s, limits, why);
}

bool scan_head(struct scan *s, struct sv bytes, const struct scan_limits *limits, struct refusal *why)
{
	*why = (struct refusal){ 0, NULL };
	while (s->head_n == 0) {
		struct sv rest = sv_from(bytes, s->line);
		size_t end = rest.n == 0 ? 0 : scan_plain(rest.p, rest.n);
		if (end + 1 >= rest.n && (end >= rest.n || rest.p[end] == '\r'))
			return unfinished(s, rest, limits, why);
		if (rest.p[end] != '\r' || rest.p[end + 1] != '\n')
			return no(why, 400, "the head has a control character or a bare line end");
		if (!one_line(s, sv_upto(rest, end), limits, why))
			return false;
		s->line += end + 2;
	}
	return true;
}
