/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEYFILE_H
#define KEYFILE_H
/* keyfile.h: the file root.key: 32 random bytes as one line of base64url, mode 0600, ours alone (design 6, 15).
 *
 * Promises: a link, a file of another user, or one that group or world may touch is E_CONFIG with the command to type.
 *           A new file is whole and durable (file and folder fsynced) before keyfile_make returns.
 */
#include "core/secret.h"
struct err keyfile_read(struct ctx *cx, const char *path, struct secret **out) MUST_USE
    NONNULL(1, 2, 3); /* E_NOT_FOUND */
struct err keyfile_make(struct ctx *cx, const char *path, struct secret **out) MUST_USE NONNULL(1, 2, 3);
#endif
