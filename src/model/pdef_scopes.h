/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PDEF_SCOPES_H
#define PDEF_SCOPES_H
/* pdef_scopes.h: how a provider names its scopes (contract 2.2): one scope under two names, a scope that holds others,
 * a scope that no answer names.
 *
 * Promises: what is read is immutable and lives in the definition's arena.  The rules only say what a granted scope is
 * good for; no name that is sent, stored or shown is changed by them.  NULL stands for "no rules": names compare
 * exactly.
 */
#include "core/node.h"
struct pdef_scopes;
struct pdef_scopes_in { /* sections of `scopes`; NULL: not said */
	const struct node *aliases, *implies, *not_returned;
};
/* A field error or file and line: a name that is no scope, an alias of itself or of an alias, a scope that holds itself
 * by whatever way, more than the bounds.  *out NULL: no rules. */
struct err pdef_scopes_read(struct ctx *cx, const struct pdef_scopes_in *in, const struct pdef_scopes **out) MUST_USE
    NONNULL(1, 2, 3);
/* Does one of the set give what `wanted` gives: the same scope under whatever name, or one that holds it? */
bool pdef_scopes_have(const struct pdef_scopes *s, struct sv_list set, struct sv wanted);
/* A scope that is granted whenever it was asked, and that no answer names. */
bool pdef_scopes_silent(const struct pdef_scopes *s, struct sv scope);
#endif
