/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PDEF_DECODE_H
#define PDEF_DECODE_H
/* pdef_decode.h: inside of pdef: the tree of a definition into its structs, by table.  An unknown key is refused.
 *
 * Promises: everything in d->parts points into the tree or cx->arena; shapes, types and words are checked, meaning is
 * not (pdef_check.h).
 */
#include "model/pdef_parts.h"
/* Empty structs with the defaults that docs/PROVIDERS.md names; tree: environment applied. */
struct err pdef_decode(struct ctx *cx, const struct node *tree, struct pdef *d, struct pdef_parts *p) MUST_USE
    NONNULL(1, 2, 3, 4);
/* "file:line: field what" as E_CONFIG, or a field error when the tree was not read from a file. */
struct err pdef_decode_wrong(struct ctx *cx, const struct node *n, const char *field, const char *what) MUST_USE
    NONNULL(1, 3, 4);
/* "a.b" for messages; a name too long is cut. */
enum { PDEF_FIELD = 96 };
void pdef_decode_field(const char *a, struct sv b, char out[static PDEF_FIELD]) NONNULL(1);
#endif
