/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/buf.h"
#include "core/text.h"
#include "domain/connect_inner.h"
#include "domain/scopes.h"
#include "model/pdef_scopes.h"

/* Lines of the story that end nothing, and yet are what an operator will look for: tokens that will not last, scopes
 * that were not granted, a clock that is wrong, another account than before. */

static struct err say(struct ctx *cx, struct tx *tx, const struct connect_notice *in, enum reason r, const char *note)
{
	struct timeline line = connect_line(in->v, in->by, "notice", "ok");

	if (note == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "notice");
	line.reason = r;
	line.note = sv_of(note);
	return timeline_add(cx, tx, &line);
}

static struct err missing(struct ctx *cx, struct tx *tx, const struct connect_notice *in)
{
	CLEANUP(buf_free) struct buf b = BUF(4096);
	const struct pdef *d = in->v->rev.def;
	struct sv_list asked;

	TRY(scopes_from_json(cx, in->v->f.asked_scopes, &asked));
	for (size_t i = 0; i < asked.n; i++) {
		const struct sv_list one = { &asked.v[i], 1 };

		if (scopes_contain(d, in->set->scopes, one) || pdef_scopes_silent(d->scopes, asked.v[i]))
			continue;
		buf_str(&b, b.n == 0 ? "not granted: " : ", ");
		buf_sv(&b, asked.v[i]);
	}
	if (b.n == 0 || !buf_ok(&b))
		return OK; /* as asked, or more; or too many to name */
	return say(cx, tx, in, REASON_FEWER_SCOPES, arena_text(cx->arena, buf_view(&b)));
}

struct err connect_notice_answer(struct ctx *cx, struct tx *tx, const struct connect_notice *in)
{
	const struct token_set *set = in->set;
	char ends[TIME_TEXT];

	if (set->scope_known)
		TRY(missing(cx, tx, in));
	if (set->refresh == NULL && set->expires_at != 0 && in->v->rev.def->refresh == REFRESH_TOKEN) {
		time_text(set->expires_at, ends);
		TRY(say(cx, tx, in, REASON_NO_REFRESH_TOKEN,
			arena_printf(cx->arena, "the access token ends at %s", ends)));
	}
	if (set->refresh != NULL && set->expires_at != 0 && in->v->rev.def->refresh == REFRESH_NONE) {
		time_text(set->expires_at, ends);
		TRY(say(cx, tx, in, REASON_NO_REFRESH_REQUEST,
			arena_printf(cx->arena, "a refresh token came; the access token ends at %s", ends)));
	}
	if (in->how->clock_skew_s == 0)
		return OK;
	return say(cx, tx, in, REASON_CLOCK_SKEW,
		   arena_printf(cx->arena, "the provider's clock is %lld s %s ours",
				(long long)(in->how->clock_skew_s < 0 ? -in->how->clock_skew_s : in->how->clock_skew_s),
				in->how->clock_skew_s < 0 ? "behind" : "ahead of"));
}
