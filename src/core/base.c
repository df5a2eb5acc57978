/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A cut in the middle of a character would make the whole answer invalid UTF-8: drop the torn tail. */
static void mend_tail(char *z)
{
	size_t n = strlen(z), back = 0;

	while (back < n && back < 4 && ((unsigned char)z[n - 1 - back] & 0xC0) == 0x80)
		back++;
	if (back == n || back == 4)
		return;
	unsigned char lead = (unsigned char)z[n - 1 - back];
	size_t want = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
	if (want > back)
		z[n - 1 - back] = '\0';
}

static void put(char *dst, size_t cap, const char *fmt, va_list ap) PRINTF_LIKE(3, 0);
static void put(char *dst, size_t cap, const char *fmt, va_list ap)
{
	int n = vsnprintf(dst, cap, fmt, ap);

	if (n < 0)
		dst[0] = '\0';
	else if ((size_t)n >= cap)
		mend_tail(dst);
}

static void copy_cut(char *dst, size_t cap, const char *z)
{
	size_t n = strlen(z);

	if (n >= cap)
		n = cap - 1;
	memcpy(dst, z, n);
	dst[n] = '\0';
	mend_tail(dst);
}

/* A sentence is added whole or not at all. */
static void add_whole(char *dst, size_t cap, const char *z)
{
	size_t have = strlen(dst), n = strlen(z);

	if (n >= cap - have)
		return;
	memcpy(dst + have, z, n + 1);
}

/* Where the build ran is nobody's business: paths start at the source tree. */
static const char *in_tree(const char *where)
{
	const char *at = strstr(where, "/src/");

	return at == NULL ? where : at + 1;
}

struct err fail_at(struct ctx *cx, enum err_code code, const char *say, const char *where, const char *detail, ...)
{
	if (cx->cause.code == E_OK) {
		va_list ap;

		cx->cause.code = code;
		cx->cause.where = in_tree(where);
		copy_cut(cx->cause.say, sizeof cx->cause.say, say);
		va_start(ap, detail);
		put(cx->cause.detail, sizeof cx->cause.detail, detail, ap);
		va_end(ap);
	}
	return (struct err){ code };
}

struct err refuse_at(struct ctx *cx, enum err_code code, const char *where, const char *fmt, ...)
{
	if (cx->cause.code == E_OK) {
		va_list ap;

		cx->cause.code = code;
		cx->cause.where = in_tree(where);
		va_start(ap, fmt);
		put(cx->cause.say, sizeof cx->cause.say, fmt, ap);
		va_end(ap);
		copy_cut(cx->cause.detail, sizeof cx->cause.detail, cx->cause.say);
	}
	return (struct err){ code };
}

struct err bad_field_at(struct ctx *cx, const char *field, const char *rule, struct bad_at at, const char *fmt, ...)
{
	struct cause *c = &cx->cause;
	bool first = c->code == E_OK;
	char what[sizeof c->fields[0].message - sizeof " "];
	va_list ap;

	/* Field errors gather only with their like: an earlier cause of another kind stays the cause. */
	if ((!first && c->n_fields == 0) || c->n_fields == CAUSE_FIELDS)
		return (struct err){ E_BAD_INPUT };
	struct field_error *f = &c->fields[c->n_fields++];
	va_start(ap, fmt);
	put(what, sizeof what, fmt, ap);
	va_end(ap);
	copy_cut(f->field, sizeof f->field, field);
	copy_cut(f->rule, sizeof f->rule, rule);
	f->message[0] = '\0';
	copy_cut(f->message, sizeof f->message - strlen(what) - 1, f->field);
	if (f->message[0] != '\0')
		add_whole(f->message, sizeof f->message, " ");
	add_whole(f->message, sizeof f->message, what);
	if (first) {
		c->code = E_BAD_INPUT;
		c->where = in_tree(at.where);
		copy_cut(c->detail, sizeof c->detail, f->message);
		copy_cut(c->say, sizeof c->say, "failed to validate request ");
		add_whole(c->say, sizeof c->say, at.part);
		add_whole(c->say, sizeof c->say, ": ");
	} else if (strlen(c->say) + strlen(f->message) + sizeof "; " <= sizeof c->say) {
		add_whole(c->say, sizeof c->say, "; ");
	} else {
		return (struct err){ E_BAD_INPUT };
	}
	add_whole(c->say, sizeof c->say, f->message);
	return (struct err){ E_BAD_INPUT };
}

struct err forgive(struct ctx *cx)
{
	memset(&cx->cause, 0, sizeof cx->cause);
	return OK;
}

const char *err_name(enum err_code code)
{
	static const char *const names[] = {
		[E_OK] = "E_OK",
		[E_BAD_INPUT] = "E_BAD_INPUT",
		[E_USER_MISMATCH] = "E_USER_MISMATCH",
		[E_PROVIDER_UNKNOWN] = "E_PROVIDER_UNKNOWN",
		[E_PROVIDER_AMBIGUOUS] = "E_PROVIDER_AMBIGUOUS",
		[E_TOOL_NEEDS] = "E_TOOL_NEEDS",
		[E_UNAUTHENTICATED] = "E_UNAUTHENTICATED",
		[E_SECOND_FACTOR] = "E_SECOND_FACTOR",
		[E_FORBIDDEN] = "E_FORBIDDEN",
		[E_CSRF] = "E_CSRF",
		[E_TOOL_CONSENT] = "E_TOOL_CONSENT",
		[E_NOT_FOUND] = "E_NOT_FOUND",
		[E_NO_ROUTE] = "E_NO_ROUTE",
		[E_CONFLICT] = "E_CONFLICT",
		[E_GONE] = "E_GONE",
		[E_PRECONDITION] = "E_PRECONDITION",
		[E_TOO_LARGE] = "E_TOO_LARGE",
		[E_MEDIA_TYPE] = "E_MEDIA_TYPE",
		[E_RATE] = "E_RATE",
		[E_INTERNAL] = "E_INTERNAL",
		[E_UPSTREAM] = "E_UPSTREAM",
		[E_BUSY] = "E_BUSY",
		[E_PROVIDER_DOWN] = "E_PROVIDER_DOWN",
		[E_CONFIG] = "E_CONFIG",
		[E_STALE] = "E_STALE",
		[E_TAKE_POOL] = "E_TAKE_POOL",
		[E_TAKE_CALL] = "E_TAKE_CALL",
		[E_PARK] = "E_PARK",
	};
	_Static_assert(ARRAY_LEN(names) == E__COUNT, "a code has no name");

	return (size_t)code < ARRAY_LEN(names) && names[code] != NULL ? names[code] : "E_?";
}
