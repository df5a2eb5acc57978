/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERROR_DOC_H
#define ERROR_DOC_H
/* error_doc.h: docs/ERRORS.md, printed from the tables of reasons, of known errors, and of the definitions. */
#include "core/buf.h"
struct err error_doc(struct ctx *cx, struct buf *out) MUST_USE NONNULL(1, 2);
#endif
