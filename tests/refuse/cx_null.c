/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: null where non-null expected */
#include "core/base.h"
struct err use(void);
struct err use(void) { return fail(NULL, E_BUSY, "try later", "x"); }
