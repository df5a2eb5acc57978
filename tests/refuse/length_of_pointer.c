/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: "not an array" */
#include "core/base.h"
size_t use(const char *p);
size_t use(const char *p) { return ARRAY_LEN(p); }
