/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PDEF_ROWS_H
#define PDEF_ROWS_H
/* pdef_rows.h: inside of pdef_decode: the sections that are calls or say what an answer means. */
#include "model/pdef_parts.h"
struct err pdef_rows(struct ctx *cx, const struct node *tree, struct pdef *d, struct pdef_parts *p) MUST_USE
    NONNULL(1, 2, 3, 4);
struct err pdef_rows_whoami(struct ctx *cx, const struct node *n, struct pdef_call *out) MUST_USE NONNULL(1, 3);
/* An answer's section with the standard's defaults; _over: what a section says over what `base` says. */
struct err pdef_rows_answer(struct ctx *cx, const struct node *n, const char *where, struct pdef_answer *out) MUST_USE
    NONNULL(1, 3, 4);
struct err pdef_rows_answer_over(struct ctx *cx, const struct node *base, const struct node *own, const char *where,
				 struct pdef_answer *out) MUST_USE NONNULL(1, 4, 5);
struct err pdef_rows_errors(struct ctx *cx, const struct node *tree, struct pdef_parts *p) MUST_USE NONNULL(1, 2, 3);
/* Room for the rows of a list: *out (a pointer) gets n->n + 1 empty structs. */
struct err pdef_rows_list(struct ctx *cx, const struct node *n, const char *where, size_t size, void *out) MUST_USE
    NONNULL(1, 3, 5);
#endif
