/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMBED_H
#define EMBED_H
/* embed.h: a file that was put into the binary at build time by scripts/embed.py.  Tables end with a row whose name is
 * NULL. */
#include "core/base.h"
struct embedded {
	const char *name;  /* base name of the file */
	const char *bytes; /* NUL-terminated beyond n */
	size_t n;
};
static inline struct sv embedded_view(const struct embedded *e) { return (struct sv){ e->bytes, e->n }; }
#endif
