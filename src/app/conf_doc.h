/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_DOC_H
#define CONF_DOC_H
/* conf_doc.h: docs/CONFIG.md, printed from the table of keys. */
#include "core/buf.h"
void conf_doc(struct buf *out) NONNULL(1);
#endif
