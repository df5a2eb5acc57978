/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: expected '}' before 'z' */
#include "core/base.h"
struct sv use(const char *z);
struct sv use(const char *z) { return SV(z); }
