/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: incompatible types when returning type 'int' but 'struct err' was expected */
#include "core/base.h"
struct err use(void);
struct err use(void) { return 0; }
