/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/jout.h"
#include "core/rnd.h"
#include "domain/refresh_inner.h"
#include "domain/timeline.h"

enum { DATA_BYTES = 16 << 10 };

struct err refresh_event(struct ctx *cx, const struct refresh_line *line, struct event *out)
{
	CLEANUP(buf_free) struct buf b = BUF(DATA_BYTES);
	struct jout w = JOUT(&b);
	const char *kind = arena_printf(cx->arena, "connection.%s", line->step);

	jout_open(&w, NULL);
	jout_i64(&w, "generation", line->c->generation);
	if (line->how != NULL)
		timeline_outcome(&w, line->how);
	if (line->tries > 0)
		jout_i64(&w, "try", line->tries);
	if (line->next_try_at > 0)
		jout_time(&w, "next_try_at", line->next_try_at);
	if (line->note != NULL)
		jout_strz(&w, "note", line->note);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	*out = (struct event){
		.project_id = line->c->project_id,
		.kind = kind,
		.by = timeline_system,
		.resource_type = "connection",
		.resource_id = line->c->id,
		.authorization_id = line->c->authorization_id,
		.step = line->step,
		.outcome = line->outcome,
		.reason = line->reason,
		.data = arena_sv(cx->arena, buf_view(&b)),
	};
	return kind != NULL && out->data.p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "event");
}

/* An uncertain send of a token that rotates is repeated slowly: a second use may end the grant, while the access token
 * may live on.  With a reuse grace, or without rotation, nothing is risked. */
int64_t refresh_backoff(const struct pdef *def, enum wire_fate fate, int64_t tries)
{
	bool safe = def->reuse_grace_s > 0 || def->rotates == ROTATES_NO;
	int64_t least = fate == WIRE_UNCERTAIN && !safe ? SEC(15) : SEC(2);
	int64_t most = fate == WIRE_UNCERTAIN && !safe ? MIN(5) : SEC(60);
	int64_t wait = least << (tries < 1 ? 0 : tries > 8 ? 7 : tries - 1);

	if (wait > most)
		wait = most;
	return wait * 3 / 4 + (int64_t)rnd_below((uint64_t)wait / 2);
}
