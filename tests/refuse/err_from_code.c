/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: but 'struct err' was expected */
#include "core/base.h"
struct err use(void);
struct err use(void) { return E_NOT_FOUND; }
