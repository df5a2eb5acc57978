/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKUP_H
#define BACKUP_H
/* backup.h: a copy of the whole store while the engine works.
 *
 * Promises: the copy lies in the data folder under a name nobody has used, since a client names no path to us, and
 * since the engine may see other folders than he who asks (a service has a /tmp of its own); whoever may ask may enter
 * that folder, and takes the file away.  It is on the audit log, and the copy holds that line: it tells when it was
 * made.
 */
#include "domain/engine.h"
struct backup {
	const char *file; /* in cx->arena */
	int64_t bytes, schema_version, created_at;
};
struct err backup_make(struct ctx *cx, struct engine *en, const struct actor *by, struct backup *out) MUST_USE
    NONNULL(1, 2, 3, 4); /* lane CALL */
#endif
