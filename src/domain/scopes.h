/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCOPES_H
#define SCOPES_H
/* scopes.h: sets of scopes (contract 2.2): order kept, compared by the provider's rules, lists as JSON text in the
 * store. */
#include "core/node.h"
/* Where one entry holds several, by spaces, as in a scope parameter (RFC 6749 section 3.3); the texts stay where they
 * are.  What comes after the 1001st is left out then: whoever takes a list counts it, and takes fewer. */
struct err scopes_split(struct ctx *cx, struct sv_list in, struct sv_list *out) MUST_USE NONNULL(1, 3);
struct err scopes_clean(struct ctx *cx, struct sv_list in, struct sv_list *out) MUST_USE
    NONNULL(1, 3); /* drops duplicates and "" */
struct err scopes_key(struct ctx *cx, struct sv_list in, struct sv *out) MUST_USE
    NONNULL(1, 3); /* sorted, for "same set" */
struct err scopes_json(struct ctx *cx, struct sv_list in, struct sv *out) MUST_USE NONNULL(1, 3);
struct err scopes_from_json(struct ctx *cx, struct sv json, struct sv_list *out) MUST_USE NONNULL(1, 3);
struct err scopes_union(struct ctx *cx, struct sv_list a, struct sv_list b, struct sv_list *out) MUST_USE
    NONNULL(1, 4); /* a first */
/* By the rules of d, whose scopes they are (model/pdef_scopes.h); NULL: names compare exactly. */
struct pdef;
bool scopes_contain(const struct pdef *d, struct sv_list set, struct sv_list wanted);
/* Contract 2.2: granted := requested when the provider said nothing; comparable spellings use granted, else requested.
 */
struct scope_state {
	struct sv_list requested, granted;
	bool known;
};
bool scopes_cover(const struct pdef *d, const struct scope_state *have, struct sv_list wanted) NONNULL(2);
/* What to ask for again in order to keep it all: granted, or requested where the spellings cannot be compared, with
 * what was requested and no answer names. */
struct err scopes_kept(struct ctx *cx, const struct pdef *d, const struct scope_state *have,
		       struct sv_list *out) MUST_USE NONNULL(1, 3, 4);
#endif
