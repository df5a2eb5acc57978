/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FOLDER_H
#define FOLDER_H
/* folder.h: the data folder (design 15).
 *
 * Owns:     the lock on it, until folder_free.
 * Promises: mode 0700 and ours, or E_CONFIG with the chmod to type; a second engine is refused by the first one's pid;
 * a control.sock left behind by a killed engine is removed.  Only `may_create` makes a folder.
 */
#include "core/base.h"
struct folder;
void folder_free(struct folder *f);
/* E_NOT_FOUND: there is none and may_create is false.  E_BUSY: locked by a running engine. */
struct err folder_open(struct ctx *cx, const char *path, bool may_create, struct folder **out) MUST_USE
    NONNULL(1, 2, 4);
const char *folder_store(const struct folder *f) NONNULL(1) RETURNS_NONNULL;    /* {data}/store.sqlite3 */
const char *folder_root_key(const struct folder *f) NONNULL(1) RETURNS_NONNULL; /* {data}/root.key */
const char *folder_control(const struct folder *f) NONNULL(1) RETURNS_NONNULL;  /* {data}/control.sock */
/* "{data}/control.sock"; E_CONFIG by name when it is longer than a socket address can be. */
struct err folder_control_path(struct ctx *cx, const char *data, const char **out) MUST_USE NONNULL(1, 2, 3);
static inline void folder_drop(struct folder **f)
{
	folder_free(*f);
	*f = NULL;
}
#endif
