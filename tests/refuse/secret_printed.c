/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: format '%s' expects argument of type 'char *', but argument 4 has type 'struct secret *' */
#include "core/arena.h"
#include "core/secret.h"
char *use(struct arena *a, struct secret *s);
char *use(struct arena *a, struct secret *s) { return arena_printf(a, "%d %s", 1, s); }
