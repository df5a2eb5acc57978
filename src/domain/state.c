/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/state.h"
#include "core/text.h"

/* THE table: what each state is called and where it may go (a bit a state). */
#define TO(s) (1U << (s))
static const struct {
	const char *word;
	unsigned to;
} table[STATE__COUNT] = {
	[STATE_NONE] = { "", TO(AUTHORIZATION_PENDING) | TO(FLOW_STARTED) | TO(FLOW_UNVERIFIED) /* a verifier test */ },
	[AUTHORIZATION_PENDING] = { "pending", TO(AUTHORIZATION_SUCCEEDED) | TO(AUTHORIZATION_FAILED) },
	[AUTHORIZATION_SUCCEEDED] = { "succeeded", 0 },
	[AUTHORIZATION_FAILED] = { "failed", 0 },
	[FLOW_STARTED] = { "started", TO(FLOW_REDEEMING) | TO(FLOW_FAILED) },
	[FLOW_REDEEMING] = { "redeeming", TO(FLOW_UNVERIFIED) | TO(FLOW_FAILED) },
	[FLOW_UNVERIFIED] = { "unverified", TO(FLOW_DONE) | TO(FLOW_FAILED) },
	[FLOW_DONE] = { "done", 0 },
	[FLOW_FAILED] = { "failed", 0 },
};

const char *state_word(enum state s) { return table[s].word; }

static enum state find(struct sv word, enum state first, enum state last)
{
	for (enum state s = first; s <= last; s++)
		if (sv_eqz(word, table[s].word))
			return s;
	return STATE_NONE;
}

enum state state_of_authorization(struct sv word) { return find(word, AUTHORIZATION_PENDING, AUTHORIZATION_FAILED); }
enum state state_of_flow(struct sv word) { return find(word, FLOW_STARTED, FLOW_FAILED); }
bool state_is_end(enum state s) { return s != STATE_NONE && table[s].to == 0; }
bool state_allows(enum state from, enum state to) { return (table[from].to & TO(to)) != 0; }

struct err state_move(struct ctx *cx, enum state from, enum state to)
{
	if (state_allows(from, to))
		return OK;
	return fail(cx, E_STALE, "this attempt has moved on", "no move from %s to %s", state_word(from),
		    state_word(to));
}
