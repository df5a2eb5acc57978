/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILECOPY_H
#define FILECOPY_H
/* filecopy.h: a file copied so that it is whole or not there at all.
 *
 * Promises: the new file is 0600 and durable before a function returns OK; after an error nothing new is left.
 */
#include "core/base.h"
struct filecopy {
	const char *from, *to;
	bool shown; /* tell how far it is, on stderr */
};
/* `to` must not exist. */
struct err filecopy_make(struct ctx *cx, const struct filecopy *in) MUST_USE NONNULL(1, 2);
/* Gives the file `part` the name `to`, in one step; E_CONFLICT when `to` exists and `replace` is false. */
struct err filecopy_place(struct ctx *cx, const char *part, const char *to, bool replace) MUST_USE NONNULL(1, 2, 3);
struct err filecopy_sync_folder(struct ctx *cx, const char *file) MUST_USE NONNULL(1, 2); /* the folder it lies in */
#endif
