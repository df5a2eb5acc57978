/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/timeline.h"
#include "core/arena.h"
#include "core/jout.h"
#include "core/logf.h"

enum { DATA_BYTES = 16 << 10 };
const struct actor timeline_system = { .type = "system", .id = "engine", .source = "SYSTEM", .client_ip = SV_INIT("") };

static void put(struct jout *w, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0')
		jout_strz(w, name, text);
}

void timeline_outcome(struct jout *w, const struct wire_outcome *how)
{
	put(w, "asked", how->asked);
	jout_strz(w, "result", wire_fate_name(how->fate));
	put(w, "host", how->host);
	if (how->status != 0)
		jout_i64(w, "status", how->status);
	put(w, "answered", how->answered);
	put(w, "error", how->error);
	put(w, "description", how->description);
	put(w, "detail", how->detail);
	if (how->retry_after_s > 0)
		jout_i64(w, "retry_after_s", how->retry_after_s);
	if (how->clock_skew_s != 0)
		jout_i64(w, "clock_skew_s", how->clock_skew_s);
	jout_i64(w, "took_ms", how->took / MSEC(1));
	put(w, "cause", how->cause);
	put(w, "fix", how->fix);
}

static void redirect_back(struct jout *w, const struct wire_callback *cb)
{
	put(w, "error", cb->error);
	if (cb->description.n > 0)
		jout_str(w, "description", cb->description);
	put(w, "cause", cb->cause);
	put(w, "fix", cb->fix);
}

static struct err data(struct ctx *cx, const struct timeline *line, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(DATA_BYTES);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	if (line->flow_id.n > 0)
		jout_str(&w, "flow", line->flow_id);
	if (line->scopes.n > 0)
		jout_raw(&w, "scopes", line->scopes);
	if (line->note.n > 0)
		jout_str(&w, "note", line->note);
	if (line->how != NULL)
		timeline_outcome(&w, line->how);
	if (line->cb != NULL)
		redirect_back(&w, line->cb);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "event");
}

static struct err event_of(struct ctx *cx, const struct timeline *line, struct event *out)
{
	const char *kind = arena_printf(cx->arena, "authorization.%s", line->step);

	if (kind == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "event");
	*out = (struct event){
		.project_id = line->project_id,
		.kind = kind,
		.by = *line->by,
		.resource_type = "authorization",
		.resource_id = line->authorization_id,
		.authorization_id = line->authorization_id,
		.step = line->step,
		.outcome = line->outcome,
		.reason = line->reason == REASON_NONE ? NULL : reason_code(line->reason),
	};
	return data(cx, line, &out->data);
}

struct err timeline_add(struct ctx *cx, struct tx *tx, const struct timeline *line)
{
	struct event ev;

	TRY(event_of(cx, line, &ev));
	return store_event_add(cx, tx, &ev);
}

void timeline_log(struct ctx *cx, struct engine *en, const struct timeline *line)
{
	struct event ev;
	struct err e = event_of(cx, line, &ev);

	if (!IS_ERR(e))
		e = store_event_log(cx, en->store, &ev);
	if (!IS_ERR(e))
		return;
	log_cause(cx, LOG_WARN, "event.not_written");
	(void)forgive(cx);
}
