/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PDEF_ROWS_H
#define PDEF_ROWS_H
/* pdef_rows.h: inside of pdef_decode: the sections that are calls or say what an answer means. */
#include "model/pdef_parts.h"
struct err pdef_rows(struct ctx *cx, const struct node *tree, struct pdef *d, struct pdef_parts *p) MUST_USE NONNULL(1, 2, 3, 4);
struct err pdef_rows_whoami(struct ctx *cx, const struct node *n, struct pdef_call *out) MUST_USE NONNULL(1, 3);
#endif
