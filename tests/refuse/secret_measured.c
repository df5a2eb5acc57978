/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: invalid application of 'sizeof' to incomplete type 'const struct secret' */
#include "core/secret.h"
size_t use(const struct secret *s);
size_t use(const struct secret *s) { return sizeof *s; }
