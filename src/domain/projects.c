/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/projects.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/text.h"
#include "store/store_project.h"
#include <string.h>

static struct sv alias(struct sv given, const char *real) { return sv_eqz(given, "default") ? sv_of(real) : given; }
struct err project_find(struct ctx *cx, const struct engine *en, struct sv org, struct sv project, struct project *out)
{
	struct sv id = alias(project, store_default_project(en->store));

	if (store_project_find(en->store, id, out) &&
	    (org.p == NULL || sv_eqz(alias(org, store_default_org(en->store)), out->org_id)))
		return OK;
	*out = (struct project){ .id = "" };
	return refuse(cx, E_NOT_FOUND, "project %.*s not found", SV_FMT(sv_upto(project, 100)));
}
bool project_look(const struct engine *en, struct sv id, struct project *out)
{
	return id.n > 0 && store_project_find(en->store, id, out);
}
bool project_is_default(const struct engine *en, const struct project *p)
{
	return strcmp(p->id, store_default_project(en->store)) == 0;
}
struct err project_list(struct ctx *cx, const struct engine *en, struct project **v, size_t *n)
{
	return store_project_all(cx, en->store, v, n);
}

/* ---- making and changing ---- */
enum { NAME_MOST = 100, LOGO_MOST = 64 << 10 };
static bool is_color(struct sv c)
{
	if (c.n != COLOR_TEXT - 1 || c.p[0] != '#')
		return false;
	for (size_t i = 1; i < c.n; i++)
		if (memchr("0123456789abcdefABCDEF", c.p[i], 22) == NULL)
			return false;
	return true;
}
static struct err check(struct ctx *cx, const struct project_write *in)
{
	struct err e = OK;

	if (in->name.p != NULL && (sv_trim(in->name).n == 0 || in->name.n > NAME_MOST || !text_is_utf8(in->name) ||
				   text_has_control(in->name)))
		e = bad_field(cx, "name", "max", "must have 1 to %d bytes and no control characters", NAME_MOST);
	if (in->color.n > 0 && !is_color(in->color))
		e = bad_field(cx, "color", "color", "must be of the form #rrggbb");
	return e;
}
/* The picture out of a data: URL; its type is what its first bytes say. */
static bool picture(struct sv url, struct buf *bytes, struct sv *type)
{
	static const struct {
		const char *head;
		struct sv type, magic;
		size_t at;
	} kinds[] = { { "data:image/png;base64", SV_INIT("image/png"), SV_INIT("\x89PNG\r\n\x1a\n"), 0 },
		      { "data:image/jpeg;base64", SV_INIT("image/jpeg"), SV_INIT("\xff\xd8\xff"), 0 },
		      { "data:image/webp;base64", SV_INIT("image/webp"), SV_INIT("WEBP"), 8 } };
	struct sv rest = url, head = sv_cut(&rest, ',');

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!sv_eqz(head, kinds[i].head))
			continue;
		*type = kinds[i].type;
		return rest.p != NULL && dec_b64(bytes, rest) && bytes->n > kinds[i].at &&
		       sv_starts(sv_from(buf_view(bytes), kinds[i].at), kinds[i].magic);
	}
	return false;
}
static struct err logo(struct ctx *cx, struct sv url, struct project_edit *out)
{
	CLEANUP(buf_free) struct buf bytes = BUF(LOGO_MOST);
	char tag[LOGO_TAG];
	struct sha256 h;

	if (url.n == 0) {
		out->what = url.p == NULL ? LOGO_KEEP : LOGO_REMOVE;
		return OK;
	}
	bool shown = picture(url, &bytes, &out->logo_type) && buf_ok(&bytes);
	if (buf_starved(&bytes))
		return fail(cx, E_INTERNAL, "out of memory", "logo");
	if (!shown)
		return bad_field(cx, "logo", "image",
				 "must be a data: URL of a PNG, JPEG or WebP picture of at most %d KiB",
				 LOGO_MOST >> 10);
	h = sha256_of(buf_view(&bytes));
	enc_hex_text(sv_upto(sha256_view(&h), (LOGO_TAG - 1) / 2), tag, sizeof tag);
	out->what = LOGO_SET;
	out->logo = arena_sv(cx->arena, buf_view(&bytes));
	out->logo_tag = arena_sv(cx->arena, sv_of(tag));
	return out->logo.p != NULL && out->logo_tag.p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "logo");
}
struct err project_create(struct ctx *cx, struct engine *en, const struct project_write *in, struct project *out)
{
	const struct event ev = {
		.kind = "project.created", .by = *in->by, .resource_type = "project", .outcome = "ok"
	};

	if (in->name.p == NULL)
		return bad_field(cx, "name", "required", "is required");
	TRY(check(cx, in));
	return store_project_add(cx, en->store,
				 &(struct project_new){ .org_id = sv_of(store_default_org(en->store)),
							.name = in->name,
							.color = in->color,
							.owner = in->owner,
							.event = &ev },
				 out);
}
struct err project_change(struct ctx *cx, struct engine *en, const struct project_write *in, struct project *out)
{
	const struct event ev = { .project_id = in->id,
				  .kind = "project.updated",
				  .by = *in->by,
				  .resource_type = "project",
				  .resource_id = in->id,
				  .outcome = "ok" };
	struct project_edit edit = { .id = in->id, .name = in->name, .color = in->color, .event = &ev };
	struct err bad = check(cx, in), picture_bad = logo(cx, in->logo, &edit);

	TRY(bad);
	TRY(picture_bad);
	return store_project_change(cx, en->store, &edit, out);
}
struct err project_logo(struct ctx *cx, struct engine *en, struct sv id, struct sv *bytes, struct sv *type)
{
	struct project_picture p = { .bytes = SV_NONE };

	struct err e = store_project_logo(cx, en->store, id, &p);
	*bytes = p.bytes;
	*type = p.type;
	return e.code == E_NOT_FOUND ? refuse(cx, E_NOT_FOUND, "There is no such picture.") : e;
}
