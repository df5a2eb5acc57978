/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/settings.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "core/url.h"
#include "store/store_setting.h"

enum { URL_MOST = 2048, VALUE_MOST = 3 * URL_MOST };
static const char name[] = "session_verification";

static struct sv from_config(const struct engine *en, struct sv project_id)
{
	const char *url = en->config->verifier_url;

	return url != NULL && sv_eqz(project_id, store_default_project(en->store)) ? sv_of(url) : SV_NONE;
}
struct err settings_verification(struct ctx *cx, struct engine *en, struct sv project_id, struct verification *out)
{
	const struct node *doc = NULL;
	struct sv value;

	*out = (struct verification){ .verifier_url = from_config(en, project_id) };
	TRY(store_setting_at(cx, en->store, project_id, name, &out->version));
	TRY(store_setting_get(cx, en->store, project_id, name, &value));
	if (value.p == NULL)
		return OK;
	TRY(jdoc_parse(cx, value, "stored setting", &doc));
	out->verifier_url = node_text_at(doc, "verifier_url");
	return OK;
}
static struct err check_url(struct ctx *cx, struct sv *url)
{
	struct url parts;

	if (url->n == 0) {
		*url = SV_NONE;
		return OK;
	}
	if (url->n > URL_MOST)
		return bad_field(cx, "verifier_url", "max", "must be at most %d bytes", URL_MOST);
	return url_parse(cx, *url, "verifier_url", &parts);
}
struct err settings_verification_put(struct ctx *cx, struct engine *en, const struct verification_put *in,
				     struct verification *out)
{
	CLEANUP(buf_free) struct buf text = BUF(VALUE_MOST);
	struct jout w = JOUT(&text);
	struct sv url = in->verifier_url;
	struct event ev = { .project_id = in->project_id,
			    .kind = "settings.updated",
			    .by = *in->by,
			    .resource_type = "settings",
			    .resource_id = sv_of(name),
			    .outcome = "ok" };

	*out = (struct verification){ .verifier_url = SV_NONE };
	if (in->unsafe_skip)
		return refuse(cx, E_FORBIDDEN,
			      "verification can not be skipped: set verifier_url, or use the built-in verifier");
	TRY(check_url(cx, &url));
	jout_open(&w, NULL);
	jout_str(&w, "verifier_url", url);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	ev.data = buf_view(&text);
	TRY(store_setting_set(
	    cx, en->store,
	    &(struct setting_put){ .project = in->project_id, .name = name, .value = ev.data, .event = &ev }));
	if (url.p != NULL && (out->verifier_url = arena_sv(cx->arena, url)).p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "settings");
	return store_setting_at(cx, en->store, in->project_id, name, &out->version);
}
