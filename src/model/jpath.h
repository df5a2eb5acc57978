/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JPATH_H
#define JPATH_H
/* jpath.h: where a value is in an answer: the expressions of response_map (contract 5.5) and conditions over them.
 *
 *   expr := path | join(arg, 'text') | jwt_decode(arg, 'path')        arg := 'path' | path | join | jwt_decode
 *   path := $ ( .name | ['name'] | [3] | [?name==literal] )*          the filter takes the first row of a list that
 * fits cond := path | path == literal | path != literal                  a path alone: is there, and not null, false or
 * "" literal := 'text' | "text" | true | false | null | integer
 *
 * Promises: bounded: 1 kB of text, 16 steps, 4 calls deep, 64 kB of JWT and of a joined list.  A path that finds
 * nothing is absent (*out NULL), never an error, and so is a list that is longer when it is joined; a JWT is decoded,
 * not verified (it came from the provider itself, over TLS).
 */
#include "core/node.h"
struct err jpath_check(struct ctx *cx, struct sv expr) MUST_USE NONNULL(1); /* E_BAD_INPUT: what is wrong with it */
struct err jpath_check_cond(struct ctx *cx, struct sv cond) MUST_USE NONNULL(1);
/* `expr` has passed jpath_check.  *out: in cx->arena or in the tree. */
struct err jpath_get(struct ctx *cx, struct sv expr, const struct node *root, const struct node **out) MUST_USE
    NONNULL(1, 4);
struct err jpath_test(struct ctx *cx, struct sv cond, const struct node *root, bool *out) MUST_USE NONNULL(1, 4);
/* A scalar as text (numbers and booleans as JSON writes them); p NULL: absent, null, a list or a map. */
struct err jpath_text(struct ctx *cx, const struct node *n, struct sv *out) MUST_USE NONNULL(1, 3);
/* The payload of a JWT as a tree; *out NULL when it is none. */
struct err jpath_jwt(struct ctx *cx, struct sv jwt, const struct node **out) MUST_USE NONNULL(1, 3);
#endif
