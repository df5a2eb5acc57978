/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: ignoring return value of 'buf_done' */
#include "core/buf.h"
void use(struct ctx *cx, struct buf *b);
void use(struct ctx *cx, struct buf *b) { buf_done(cx, b, "x"); }
