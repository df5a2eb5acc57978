/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TT_WORDS_H
#define TT_WORDS_H
/* tt_words.h: "a b c" as a list of at most 16, in cx->arena; the words are borrowed. */
#include "core/text.h"
#include "tt.h"
static inline struct sv_list tt_words(struct ctx *cx, const char *words)
{
	struct sv rest = sv_of(words);
	struct sv_list out = { .v = arena_array(cx->arena, 16, sizeof *out.v) };

	while (rest.p != NULL && rest.n > 0)
		out.v[out.n++] = sv_cut(&rest, ' ');
	return out;
}
#endif
