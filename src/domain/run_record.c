/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/run_record.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/workq.h"
#include "domain/upkeep.h"
#include <stdlib.h>

enum { RECORD_BYTES = 128 << 10, RECORDS_MOST = 4096 };

struct run_record {
	struct engine *en;
	struct arena *arena;
	struct ctx cx;
	struct execution_row row;
	struct event event;
	struct execution_add add;
	struct act *act;
};

static void record_drop(struct run_record **r)
{
	if (*r == NULL)
		return;
	arena_free((*r)->arena);
	free(*r);
	*r = NULL;
}
/* False: no memory. */
static bool keep_svs(struct arena *a, struct sv *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct sv was = texts[i]->p == NULL ? SV("") : *texts[i];

		*texts[i] = arena_sv(a, was);
		if (texts[i]->p == NULL)
			return false;
	}
	return true;
}
static bool keep_texts(struct arena *a, const char **const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (*texts[i] != NULL && (*texts[i] = arena_text(a, sv_of(*texts[i]))) == NULL)
			return false;
	return true;
}
static bool keep(struct run_record *r, const struct ctx *cx, const struct execution_add *in)
{
	struct execution_row *x = &r->row;
	struct event *e = &r->event;
	struct sv *const svs[] = { &x->id,         &x->project_id, &x->call_id,     &x->type,         &x->status,
				   &x->toolkit,    &x->tool,       &x->version,     &x->worker_id,    &x->user_id,
				   &x->error_kind, &e->project_id, &e->resource_id, &e->by.client_ip, &e->data };
	const char **const texts[] = { &r->cx.request_id, &e->kind,          &e->by.type, &e->by.id,
				       &e->by.source,     &e->resource_type, &e->outcome };

	r->row = *in->row;
	r->event = *in->event;
	r->cx = (struct ctx){ .request_id = cx->request_id, .arena = r->arena, .now = cx->now };
	r->add = (struct execution_add){ &r->row, &r->event };
	return keep_svs(r->arena, svs, ARRAY_LEN(svs)) && keep_texts(r->arena, texts, ARRAY_LEN(texts));
}
struct err run_record_begin(struct ctx *cx, struct engine *en, const struct execution_add *in, struct run_record **out)
{
	CLEANUP(record_drop) struct run_record *r = calloc(1, sizeof *r);

	*out = NULL;
	if (r != NULL) {
		r->en = en;
		r->arena = arena_new(RECORD_BYTES);
	}
	if (r == NULL || r->arena == NULL || !keep(r, cx, in))
		return fail(cx, E_INTERNAL, "out of memory", "an execution");
	r->act = store_execution_begin(&r->cx, en->store, &r->add);
	if (r->act == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "an execution");
	*out = TAKE(r);
	return OK;
}
static void end(void *record)
{
	CLEANUP(record_drop) struct run_record *r = record;

	if (IS_ERR(store_act_end(r->en->store, r->act)))
		log_cause(&r->cx, LOG_ERROR, "execution.not_recorded");
}
void run_record_leave(struct run_record *r)
{
	if (r->en->recorder == NULL || !workq_push(r->en->recorder, end, r))
		end(r);
}
struct err run_record_start(struct ctx *cx, struct engine *en)
{
	en->recorder = workq_new(&(struct workq_how){ .name = "recorder", .threads = 1, .depth = RECORDS_MOST });
	return en->recorder == NULL ? fail(cx, E_INTERNAL, "out of memory", "the recorder") : OK;
}
void run_record_stop(struct engine *en) { workq_drop(&en->recorder); }
struct err run_record_prune(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	return upkeep_prune(cx, en, until, DAY(en->config->kept.executions), store_execution_prune);
}
