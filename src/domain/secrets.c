/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/secrets.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/secret_names.h"
#include "store/store_project.h"

enum { HINT = 4, HINT_FROM = 12 }; /* the last four of a value that has at least twelve characters */

/* Ours and the worker's own: no tool gets them (contract 3.2), so nobody shall believe that one does. */
static const struct sv reserved[] = { SV_INIT("ARCADE_WORKER_SECRET"), SV_INIT("ARCADE_API_KEY") };

static size_t characters(struct sv s)
{
	size_t n = 0;

	for (size_t i = 0; s.p != NULL && i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
	return n;
}
static struct err check(struct ctx *cx, const struct secret_set *in)
{
	struct sv value = in->value == NULL ? SV_NONE : secret_view(in->value);
	struct err e = OK;

	if (!text_is_id(in->key, SECRET_KEY_MOST, "_.-"))
		e = bad_field(cx, "secret_key", "key", "must be 1 to %d of the characters A-Z a-z 0-9 _ . -",
			      SECRET_KEY_MOST);
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (sv_ieq(in->key, reserved[i]))
			e = bad_field(cx, "secret_key", "reserved", "is reserved: no tool is ever given %s",
				      reserved[i].p);
	if (in->value != NULL ? value.n == 0 : in->description.p == NULL)
		e = bad_field(cx, "value", "required", "is required");
	else if (characters(value) > SECRET_VALUE_MOST)
		e = bad_field(cx, "value", "max", "must be at most %d characters", SECRET_VALUE_MOST);
	if (in->description.n > SECRET_TEXT_MOST || text_has_control(in->description))
		e = bad_field(cx, "description", "max", "must be at most %d bytes without control characters",
			      SECRET_TEXT_MOST);
	return e;
}
static void hint_of(struct sv value, char out[static SECRET_HINT])
{
	struct sv end = sv_from(value, value.n - HINT);

	out[0] = '\0';
	if (characters(value) < HINT_FROM || characters(end) != HINT || text_has_control(end))
		return;
	if (!sv_copy(end, out, SECRET_HINT))
		out[0] = '\0';
}
struct err secrets_set(struct ctx *cx, struct engine *en, const struct secret_set *in, struct secret_row *out)
{
	char id[ID_TEXT], hint[SECRET_HINT] = "";
	struct project project;

	*out = (struct secret_row){ .created_at = 0 };
	TRY(check(cx, in));
	if (!store_project_find(en->store, in->project_id, &project))
		return refuse(cx, E_NOT_FOUND, "project %.*s not found", SV_FMT(sv_upto(in->project_id, 100)));
	id_ksuid("sec_", cx->now, id);
	if (in->value != NULL)
		hint_of(secret_view(in->value), hint);
	const struct secret_put put = { in->project_id,
					in->key,
					sv_of(id),
					in->description,
					in->value,
					hint,
					{ .project_id = in->project_id, .by = *in->by, .resource_type = "secret" } };
	struct err e = store_secret_put(cx, en->store, &put, out);
	wipe(hint, sizeof hint);
	if (e.code == E_NOT_FOUND)
		return bad_field(cx, "value", "required", "is required: there is no secret %.*s yet", SV_FMT(in->key));
	return IS_ERR(e) ? e : secret_names_load(cx, en);
}
struct err secrets_list(struct ctx *cx, struct engine *en, struct sv project_id, const struct page *page,
			struct secret_page *out)
{
	return store_secret_list(cx, en->store, project_id, page, out);
}
struct err secrets_remove(struct ctx *cx, struct engine *en, struct sv project_id, struct sv which,
			  const struct actor *by)
{
	const struct secret_end end = { project_id,
					which,
					{ .project_id = project_id, .by = *by, .resource_type = "secret" } };
	struct err e = store_secret_remove(cx, en->store, &end);

	if (e.code == E_NOT_FOUND)
		return refuse(cx, E_NOT_FOUND, "secret %.*s not found", SV_FMT(sv_upto(which, 100)));
	return IS_ERR(e) ? e : secret_names_load(cx, en);
}
