/* SPDX-License-Identifier: Apache-2.0 */
#include "core/trace.h"
#include "core/rnd.h"
#include <string.h>

/* "00-" 32 "-" 16 "-" 2 */
enum { AT_ID = 3, AT_SPAN = 36, AT_FLAGS = 53, LENGTH = 55, SAMPLED = 1 };
static const char hex[] = "0123456789abcdef";

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; /* capitals are not allowed (section 3.2.2) */
}
static bool take_hex(const char *p, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int hi = digit(p[2 * i]), lo = digit(p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}
static char *put_hex(char *at, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		*at++ = hex[p[i] >> 4];
		*at++ = hex[p[i] & 15];
	}
	return at;
}
static bool some(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return true;
	return false;
}
/* A later version may say more behind a dash; what it says of ids and flags stays where it is (section 3.2.4). */
static bool ends_right(struct sv h, uint8_t version) { return h.n == LENGTH || (version != 0 && h.p[LENGTH] == '-'); }

bool trace_parse(struct sv h, struct trace *out)
{
	uint8_t version, flags;

	*out = (struct trace){ .flags = 0 };
	if (h.n < LENGTH || h.p[AT_ID - 1] != '-' || h.p[AT_SPAN - 1] != '-' || h.p[AT_FLAGS - 1] != '-')
		return false;
	if (!take_hex(h.p, &version, 1) || version == 0xFF || !ends_right(h, version))
		return false;
	if (!take_hex(h.p + AT_ID, out->id, sizeof out->id) || !take_hex(h.p + AT_SPAN, out->span, sizeof out->span) ||
	    !take_hex(h.p + AT_FLAGS, &flags, 1))
		return false;
	out->flags = flags & SAMPLED;
	return some(out->id, sizeof out->id) && some(out->span, sizeof out->span);
}

void trace_id_text(const struct trace *t, char out[static TRACE_ID_TEXT]) { *put_hex(out, t->id, sizeof t->id) = '\0'; }
void trace_text(const struct trace *t, char out[static TRACE_TEXT])
{
	char *at = out;

	memcpy(at, "00-", AT_ID);
	at = put_hex(at + AT_ID, t->id, sizeof t->id);
	*at++ = '-';
	at = put_hex(at, t->span, sizeof t->span);
	*at++ = '-';
	*put_hex(at, &t->flags, 1) = '\0';
}

void trace_child(const struct trace *t, struct trace *out)
{
	*out = *t;
	rnd_bytes(out->span, sizeof out->span);
	out->span[0] |= 1;
}
void trace_new(struct trace *out)
{
	struct trace_source s;

	trace_source(&s);
	trace_next(&s, out);
}
void trace_source(struct trace_source *s)
{
	rnd_bytes(s->seed, sizeof s->seed);
	s->n = 0;
}
/* The finaliser of MurmurHash3: one to one, and neighbours have nothing in common. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}
void trace_next(struct trace_source *s, struct trace *out)
{
	uint64_t step = ++s->n * 0x9e3779b97f4a7c15ULL, hi = mix(s->seed[0] + step), lo = mix(s->seed[1] + step),
		 span = mix(s->seed[2] + step) | 1;

	lo |= 1; /* all zero is no id */
	memcpy(out->id, &hi, sizeof hi);
	memcpy(out->id + sizeof hi, &lo, sizeof lo);
	memcpy(out->span, &span, sizeof span);
	out->flags = 0;
}
