/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: format '%s' expects argument of type 'char *' */
#include "core/base.h"
struct err use(struct ctx *cx);
struct err use(struct ctx *cx) { return fail(cx, E_BUSY, "try later", "%s", 3); }
