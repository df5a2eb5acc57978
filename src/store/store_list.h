/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_LIST_H
#define STORE_LIST_H
/* store_list.h: lists of text as JSON in a column (scopes), in cx->arena. */
#include "core/node.h"
struct err store_list_json(struct ctx *cx, struct sv_list in, struct sv *out) MUST_USE NONNULL(1, 3);
struct err store_list_from(struct ctx *cx, struct sv json, struct sv_list *out) MUST_USE NONNULL(1, 3);
bool store_list_has(struct sv_list in, struct sv what);
/* What is in a, then what only b has; no duplicates, no "". */
struct err store_list_union(struct ctx *cx, struct sv_list a, struct sv_list b, struct sv_list *out) MUST_USE
    NONNULL(1, 4);
#endif
