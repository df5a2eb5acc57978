/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/etag.h"
#include "api/handlers.h"
#include "api/input.h"
#include "core/jout.h"
#include "domain/settings.h"

static struct err answer(struct request *rq, const struct verification *v)
{
	struct jout w = JOUT(rq->out);

	jout_open(&w, NULL);
	jout_str(&w, "verifier_url", v->verifier_url);
	jout_bool(&w, "unsafe_skip_verification", false);
	jout_bool(&w, "unsafe_skip_verification_choice_allowed", false); /* there is no way to skip it (design 8) */
	etag_field(&w, v->version);
	etag_write(rq, v->version);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

struct err h_setting_show(struct request *rq)
{
	struct verification v;

	TRY(settings_verification(rq->cx, rq->en, caller_project(rq), &v));
	return answer(rq, &v);
}

struct setting_body {
	struct sv verifier_url;
	bool unsafe_skip_verification;
};
static const struct nfield setting_fields[] = {
	NSV(struct setting_body, verifier_url, NOPT, 0, 8192),
	NBOOL(struct setting_body, unsafe_skip_verification, NOPT),
};

struct err h_setting_put(struct request *rq)
{
	struct setting_body in = { .verifier_url = SV_NONE };
	struct actor by = caller_actor(rq);
	struct verification v;

	TRY(INPUT(rq, setting_fields, &in));
	TRY(settings_verification_put(rq->cx, rq->en,
				      &(struct verification_put){ .project_id = caller_project(rq),
								  .verifier_url = input_or_none(in.verifier_url),
								  .unsafe_skip = in.unsafe_skip_verification,
								  .by = &by },
				      &v));
	return answer(rq, &v);
}
