/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: used struct type value where scalar is required */
#include "core/buf.h"
int use(struct ctx *cx, struct buf *b);
int use(struct ctx *cx, struct buf *b)
{
	if (buf_done(cx, b, "x"))
		return 1;
	return 0;
}
