/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_challenge.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/text.h"

enum { VALUE_MOST = 8 << 10, SCOPE_MOST = 512 };

/* ---- words ---- */
static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}
static void skip(struct sv *rest, const char *chars)
{
	while (rest->n > 0 && rest->p[0] != '\0' && strchr(chars, rest->p[0]) != NULL)
		*rest = sv_from(*rest, 1);
}
static struct sv token(struct sv *rest)
{
	size_t n = 0;

	while (n < rest->n && is_token_char(rest->p[n]))
		n++;
	struct sv t = sv_upto(*rest, n);
	*rest = sv_from(*rest, n);
	return t;
}
/* "…" with \ before what stands for itself; one that never ends, ends with the text. */
static struct err quoted(struct ctx *cx, struct sv *rest, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(VALUE_MOST);
	size_t i = 1;

	for (; i < rest->n && rest->p[i] != '"'; i++) {
		i += rest->p[i] == '\\' && i + 1 < rest->n;
		if (b.n < VALUE_MOST)
			buf_char(&b, rest->p[i]);
	}
	*rest = sv_from(*rest, i + 1);
	TRY(buf_done(cx, &b, "a challenge"));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a challenge") : OK;
}
static struct err value(struct ctx *cx, struct sv *rest, struct sv *out)
{
	if (rest->n > 0 && rest->p[0] == '"')
		return quoted(cx, rest, out);
	*out = arena_sv(cx->arena, token(rest));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a challenge") : OK;
}

/* ---- a challenge ---- */
static void keep(struct wire_challenge *out, struct sv name, struct sv v)
{
	const struct {
		const char *name;
		struct sv *to;
	} known[] = { { "resource_metadata", &out->resource_metadata },
		      { "scope", &out->scope },
		      { "error", &out->error } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (sv_ieq(name, sv_of(known[i].name)) && known[i].to->p == NULL)
			*known[i].to = v;
}
/* A word is a parameter's name when '=' follows, and a scheme otherwise. */
struct err wire_challenge_read(struct ctx *cx, struct sv header, struct wire_challenge *out)
{
	struct sv rest = header;
	bool inside = false, over = false;

	*out = (struct wire_challenge){ .bearer = false };
	while (rest.n > 0 && !over) {
		skip(&rest, " \t,");
		struct sv word = token(&rest), v;

		if (word.n == 0) { /* nothing that can stand here */
			rest = sv_from(rest, 1);
			continue;
		}
		skip(&rest, " \t");
		if (rest.n == 0 || rest.p[0] != '=') {
			over = inside; /* the next challenge begins */
			inside = !over && sv_ieq(word, SV("Bearer"));
			out->bearer = out->bearer || inside;
			continue;
		}
		rest = sv_from(rest, 1);
		skip(&rest, " \t");
		TRY(value(cx, &rest, &v));
		if (inside)
			keep(out, word, v);
	}
	return OK;
}
struct err wire_challenge_scopes(struct ctx *cx, struct sv scope, size_t most, struct sv_list *out)
{
	*out = (struct sv_list){ .v = arena_array(cx->arena, most + 1, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "scopes");
	while (scope.n > 0 && out->n < most) {
		struct sv one = sv_trim(sv_cut(&scope, ' '));
		bool plain = one.n > 0 && one.n <= SCOPE_MOST;

		for (size_t i = 0; i < one.n && plain; i++)
			plain = one.p[i] > ' ' && one.p[i] < 0x7F && one.p[i] != '"' && one.p[i] != '\\';
		if (plain)
			out->v[out->n++] = one;
	}
	return OK;
}
