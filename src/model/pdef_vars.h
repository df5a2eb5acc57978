/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PDEF_VARS_H
#define PDEF_VARS_H
/* pdef_vars.h: inside of pdef: typed variables and named environments.
 *
 * Promises: every value has been held against its pattern or list of words as a whole; a value nobody declared is
 * refused.
 */
#include "model/pdef_parts.h"
/* The tree with the chosen environment merged over it; the same tree when none is chosen. */
struct err pdef_vars_environment(struct ctx *cx, const struct node *tree, const struct node **out) MUST_USE
    NONNULL(1, 2, 3);
/* A map of texts.  partial: a variable without a value is left out instead of being refused. */
struct err pdef_vars(struct ctx *cx, const struct node *tree, bool partial, const struct node **out) MUST_USE
    NONNULL(1, 2, 4);
#endif
