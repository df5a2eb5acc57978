/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_event.h"
#include "core/arena.h"
#include "core/logf.h"
#include "core/metric.h"
#include "core/text.h"
#include "store/store_event_inner.h"
#include "store/store_inner.h"
#include "store/store_prune.h"
#include "store/store_row.h"

enum {
	C_ID,
	C_AT,
	C_PROJECT,
	C_KIND,
	C_PTYPE,
	C_PID,
	C_SOURCE,
	C_IP,
	C_RTYPE,
	C_RID,
	C_AUTH,
	C_STEP,
	C_OUTCOME,
	C_REASON,
	C_DATA
};
enum { TIMELINE_MOST = 500, PRUNE_ROWS = 1000 };

static struct sv or_empty(const char *z) { return z == NULL ? SV("") : sv_of(z); }
static struct sv sv_or_empty(struct sv v) { return v.p == NULL ? SV("") : v; }
/* ---- every event is a log line, too ---- */
static const char *kept(struct ctx *cx, const char *z) { return z == NULL ? NULL : arena_text(cx->arena, sv_of(z)); }
static struct sv kept_sv(struct ctx *cx, struct sv v) { return v.n == 0 ? SV_NONE : arena_sv(cx->arena, v); }
static void say(struct ctx *cx, struct tx *tx, const struct event *ev)
{
	struct said *s = arena_alloc(cx->arena, sizeof *s);

	if (s == NULL) /* it is in the store; only the line is missing */
		return;
	*s = (struct said){ .ev = { .project_id = kept_sv(cx, ev->project_id),
				    .kind = kept(cx, ev->kind),
				    .by = { .type = kept(cx, ev->by.type),
					    .id = kept(cx, ev->by.id),
					    .source = kept(cx, ev->by.source),
					    .client_ip = kept_sv(cx, ev->by.client_ip) },
				    .resource_type = kept(cx, ev->resource_type),
				    .resource_id = kept_sv(cx, ev->resource_id),
				    .authorization_id = kept_sv(cx, ev->authorization_id),
				    .step = kept(cx, ev->step),
				    .outcome = kept(cx, ev->outcome),
				    .reason = kept(cx, ev->reason),
				    .data = kept_sv(cx, ev->data) } };
	*tx->said = s;
	tx->said = &s->next;
}
static void log_one(const struct ctx *cx, const struct event *ev)
{
	const struct log_field all[] = {
		LOG_SV("project", ev->project_id),
		LOG_STR("actor_type", ev->by.type),
		LOG_STR("actor", ev->by.id),
		LOG_STR("source", ev->by.source),
		LOG_SV("client_ip", ev->by.client_ip),
		LOG_STR("resource_type", ev->resource_type),
		LOG_SV("resource", ev->resource_id),
		LOG_SV("authorization", ev->authorization_id),
		LOG_STR("step", ev->step),
		LOG_STR("outcome", ev->outcome),
		LOG_STR("reason", ev->reason),
		LOG_OBJECT("data", ev->data),
	};
	struct log_field f[ARRAY_LEN(all)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		bool none = all[i].kind == LOG_K_STR ? all[i].v.s == NULL || all[i].v.s[0] == '\0' : all[i].v.v.n == 0;

		if (!none)
			f[n++] = all[i];
	}
	log_event_(cx, LOG_INFO, ev->kind == NULL ? "event" : ev->kind, f, n);
}
void store_event_told(const struct ctx *cx, const struct said *list)
{
	for (; list != NULL; list = list->next) {
		const struct event *ev = &list->ev;
		struct sv outcome = ev->outcome == NULL ? SV("ok") : sv_of(ev->outcome);

		if (log_wants(LOG_INFO))
			log_one(cx, ev);
		metric_add(M_EVENTS,
			   METRIC_AT(metric_label(ML_KIND, sv_of(ev->kind == NULL ? "event" : ev->kind)),
				     metric_label(ML_OUTCOME, outcome)),
			   1);
	}
}

/* ---- writing ---- */
struct err store_event_add(struct ctx *cx, struct tx *tx, const struct event *ev)
{
	static const char sql[] =
	    "INSERT INTO events(at, project_id, kind, principal_type, principal_id, source, client_ip,"
	    " resource_type, resource_id, authorization_id, step, outcome, reason, data)"
	    " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	const struct sv text[] = {
		sv_or_empty(ev->project_id),
		or_empty(ev->kind),
		or_empty(ev->by.type),
		or_empty(ev->by.id),
		or_empty(ev->by.source),
		sv_or_empty(ev->by.client_ip),
		or_empty(ev->resource_type),
		sv_or_empty(ev->resource_id),
		sv_or_empty(ev->authorization_id),
		or_empty(ev->step),
		or_empty(ev->outcome),
		or_empty(ev->reason),
		ev->data.n == 0 ? SV("{}") : ev->data,
	};

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		db_bind_sv(q, (int)i + 2, text[i]);
	TRY(db_run(cx, q));
	say(cx, tx, ev);
	return OK;
}
static struct err add_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return store_event_add(cx, tx, in);
}
struct err store_event_log(struct ctx *cx, struct store *st, const struct event *ev)
{
	return store_act(cx, st, add_act, ev, NULL);
}

static struct err from_row(struct ctx *cx, struct db_stmt *q, struct event_row *out)
{
	const struct {
		int col;
		const char **to;
	} t[] = {
		{ C_KIND, &out->kind },       { C_PTYPE, &out->principal_type },  { C_PID, &out->principal_id },
		{ C_SOURCE, &out->source },   { C_IP, &out->client_ip },          { C_RTYPE, &out->resource_type },
		{ C_RID, &out->resource_id }, { C_AUTH, &out->authorization_id }, { C_STEP, &out->step },
		{ C_OUTCOME, &out->outcome }, { C_REASON, &out->reason },
	};
	struct sv v;

	out->id = db_col_i64(q, C_ID);
	out->at = db_col_i64(q, C_AT);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		TRY(store_row_sv(cx, q, t[i].col, &v));
		*t[i].to = v.p;
	}
	return store_row_sv(cx, q, C_DATA, &out->data);
}
struct err store_event_rows(struct ctx *cx, struct db_stmt *q, size_t most, struct event_list *out)
{
	bool row = true;

	out->v = arena_array(cx->arena, most, sizeof *out->v);
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "events");
	while (out->n < most) {
		TRY(db_next(cx, q, &row));
		if (!row)
			break;
		TRY(from_row(cx, q, &out->v[out->n]));
		out->n++;
	}
	return OK;
}
/* The newest 500 in the order they happened: a grant that is refreshed every hour must not hide its last step. */
struct whose {
	struct sv id, project;
};
static struct err story(struct ctx *cx, struct store *st, const char *sql, struct whose of, struct event_list *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct event_list){ .v = NULL };
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, of.id);
	db_bind_sv(q, 2, of.project);
	db_bind_i64(q, 3, TIMELINE_MOST);
	TRY(store_event_rows(cx, q, TIMELINE_MOST, out));
	out->total = (int64_t)out->n;
	return OK;
}
struct err store_event_timeline(struct ctx *cx, struct store *st, struct sv project, struct sv authorization_id,
				struct event_list *out)
{
	static const char sql[] =
	    "SELECT " EVENT_COLS " FROM (SELECT " EVENT_COLS
	    " FROM events WHERE authorization_id = $1 AND authorization_id <> '' AND project_id = $2"
	    " ORDER BY id DESC LIMIT $3) ORDER BY id";

	return story(cx, st, sql, (struct whose){ authorization_id, project }, out);
}
struct err store_event_connection(struct ctx *cx, struct store *st, struct sv project, struct sv connection_id,
				  struct event_list *out)
{
	static const char sql[] =
	    "SELECT " EVENT_COLS " FROM (SELECT " EVENT_COLS
	    " FROM events WHERE authorization_id <> '' AND authorization_id IN"
	    " (SELECT a.id FROM connections c JOIN authorizations a ON a.project_id = c.project_id"
	    " AND a.user_id = c.user_id AND a.provider_id = c.provider_id AND a.connection_id = c.id WHERE c.id = $1)"
	    " AND project_id = $2 ORDER BY id DESC LIMIT $3) ORDER BY id";

	return story(cx, st, sql, (struct whose){ connection_id, project }, out);
}
struct err store_event_prune(struct ctx *cx, struct store *st, int64_t before, int64_t *gone)
{
	static const char sql[] =
	    "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < $1 ORDER BY at LIMIT $2)";

	return store_prune(cx, st, &(struct prune){ sql, before, PRUNE_ROWS }, gone);
}
