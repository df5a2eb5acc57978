/* SPDX-License-Identifier: Apache-2.0 */
#include "http/chunk.h"
#include <string.h>

enum { MOST_DIGITS = 15, MOST_EXTRA = 16384 };

static bool no(struct refusal *why, int status, const char *say)
{
	*why = (struct refusal){ status, say };
	return false;
}

static bool bad(struct refusal *why) { return no(why, 400, "the chunked body is malformed"); }

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool size(struct chunk *c, char ch, struct refusal *why)
{
	int d = hex(ch);

	if (d >= 0) {
		c->left = c->left * 16 + (uint64_t)d;
		return ++c->digits <= MOST_DIGITS || bad(why);
	}
	c->at = ch == ';' ? CHUNK_EXT : CHUNK_SIZE_LF;
	return (c->digits > 0 && (ch == ';' || ch == '\r')) || bad(why);
}

static bool extra(struct chunk *c, struct refusal *why)
{
	return ++c->extra <= MOST_EXTRA || no(why, 431, "the chunked body's extensions or trailers are too large");
}

static bool plain(char ch) { return ch == '\t' || ((unsigned char)ch >= ' ' && ch != 0x7f); }

static bool extension(struct chunk *c, char ch, struct refusal *why)
{
	if (ch == '\r')
		c->at = CHUNK_SIZE_LF;
	else if (!plain(ch))
		return bad(why);
	return extra(c, why);
}

static bool trailer(struct chunk *c, char ch, struct refusal *why)
{
	bool first = c->line++ == 0;

	if (first && ch == '\r') {
		c->at = CHUNK_LAST_LF;
		return true;
	}
	c->name = c->name || first;
	if (c->name && ch == ':' && !first)
		c->name = false;
	else if (c->name && !scan_is_token((struct sv){ &ch, 1 }))
		return bad(why);
	else if (ch == '\r')
		c->at = CHUNK_TRAILER_LF;
	else if (!plain(ch))
		return bad(why);
	return extra(c, why);
}

static bool expect(struct chunk *c, bool as_told, enum chunk_at next, struct refusal *why)
{
	c->at = next;
	return as_told || bad(why);
}

/* The size line is read: a chunk, or the last one. */
static bool size_end(struct chunk *c, char ch, struct refusal *why)
{
	c->digits = 0;
	c->line = 0;
	return expect(c, ch == '\n', c->left == 0 ? CHUNK_TRAILER : CHUNK_DATA, why);
}

static bool one(struct chunk *c, char ch, struct refusal *why)
{
	switch (c->at) {
	case CHUNK_SIZE: return size(c, ch, why);
	case CHUNK_EXT: return extension(c, ch, why);
	case CHUNK_SIZE_LF: return size_end(c, ch, why);
	case CHUNK_DATA_CR: return expect(c, ch == '\r', CHUNK_DATA_LF, why);
	case CHUNK_DATA_LF: return expect(c, ch == '\n', CHUNK_SIZE, why);
	case CHUNK_TRAILER: return trailer(c, ch, why);
	case CHUNK_TRAILER_LF: c->line = 0; return expect(c, ch == '\n', CHUNK_TRAILER, why);
	case CHUNK_LAST_LF: return expect(c, ch == '\n', CHUNK_DONE, why);
	case CHUNK_DATA:
	case CHUNK_DONE:
	default: return bad(why);
	}
}

bool chunk_feed(struct chunk *c, char *base, struct chunk_place *at, const struct scan_limits *limits,
		struct refusal *why)
{
	*why = (struct refusal){ 0, NULL };
	while (at->raw < at->n && c->at != CHUNK_DONE) {
		if (c->at != CHUNK_DATA) {
			if (!one(c, base[at->raw++], why))
				return false;
			if (c->at == CHUNK_DATA && c->left > limits->body_bytes - at->body)
				return no(why, 413, "the body is too large");
			continue;
		}
		size_t here = at->n - at->raw, take = c->left < here ? (size_t)c->left : here;
		memmove(base + at->body, base + at->raw, take);
		at->body += take;
		at->raw += take;
		c->left -= take;
		if (c->left == 0)
			c->at = CHUNK_DATA_CR;
	}
	return true;
}
