/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/backup.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/rnd.h"
#include "store/store_backup.h"
#include "store/store_event.h"

struct err backup_make(struct ctx *cx, struct engine *en, const struct actor *by, struct backup *out)
{
	struct event ev = { .project_id = sv_of(store_default_project(en->store)),
			    .kind = "store.backed_up",
			    .by = *by,
			    .resource_type = "store",
			    .resource_id = SV("store"),
			    .outcome = "ok" };
	struct backup_made made;
	char id[ID_TEXT];

	id_uuid(id);
	*out = (struct backup){ .file = arena_printf(cx->arena, "%s/backup-%s.sqlite3", en->config->data_dir, id),
				.created_at = clock_now() };
	if (out->file == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "backup");
	TRY(store_event_log(cx, en->store, &ev));
	TRY(store_backup_make(cx, en->store, out->file, &made));
	out->bytes = made.bytes;
	out->schema_version = made.version;
	return OK;
}
