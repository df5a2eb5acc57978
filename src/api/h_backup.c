/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "core/jout.h"
#include "domain/backup.h"

struct err h_backup_make(struct request *rq)
{
	struct actor by = caller_actor(rq);
	struct jout w = JOUT(rq->out);
	struct backup b;

	TRY(backup_make(rq->cx, rq->en, &by, &b));
	rq->status = 201;
	jout_open(&w, NULL);
	jout_strz(&w, "file", b.file);
	jout_i64(&w, "bytes", b.bytes);
	jout_i64(&w, "schema_version", b.schema_version);
	jout_time(&w, "created_at", b.created_at);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
