/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PDEF_APART_H
#define PDEF_APART_H
/* pdef_apart.h: scopes that one token cannot have together.
 *
 * A provider whose answer holds several tokens (answer.tokens) gives each its own scopes, told apart by scope_prefix,
 * and one token is kept: a scope of one row is never granted together with a scope of a row with another prefix.
 */
#include "model/pdef.h"
struct pdef_apart {
	struct sv one, other; /* borrowed from the lists */
};
/* Is there a scope in `a` that cannot be had with one in `b`?  The lists may be the same. */
bool pdef_apart(const struct pdef *d, struct sv_list a, struct sv_list b, struct pdef_apart *out) NONNULL(1, 4);
#endif
