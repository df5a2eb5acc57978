/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: incompatible types when returning type 'struct err' but 'int' was expected */
#include "core/buf.h"
int use(struct ctx *cx, struct buf *b);
int use(struct ctx *cx, struct buf *b)
{
	TRY(buf_done(cx, b, "x"));
	return 1;
}
