/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/workers.h"
#include "core/jout.h"
#include "core/rnd.h"
#include "core/text.h"
#include "core/url.h"
#include "domain/toolbox.h"
#include "domain/workers_ask.h"
#include "domain/workers_mcp.h"
#include "domain/workers_put.h"
#include "store/store_change.h"
#include <stdio.h>

enum { SECRET_MOST = 100, RETRY_MOST = 10, HINT_FROM = 12, HINT = 4 };

/* ---- what may be registered ---- */
#define FIELD(in, rest) ((in)->mcp ? "mcp." rest : "http." rest)
static struct err check_uri(struct ctx *cx, const struct worker_write *in, struct url *u)
{
	const char *field = FIELD(in, "uri");

	if (in->uri.n > WORKER_URI_MOST)
		return bad_field(cx, field, "max", "must be at most %d bytes", WORKER_URI_MOST);
	TRY(url_parse(cx, in->uri, field, u));
	if (u->fragment.n > 0)
		return bad_field(cx, field, "url", "must be an address without fragment");
	if (u->query.n > 0 && !in->mcp)
		return bad_field(cx, field, "url", "must be the address before /worker, without query or fragment");
	return OK;
}
static struct err check_numbers(struct ctx *cx, const struct engine *en, const struct worker_write *in)
{
	int64_t most = en->config->max_worker_timeout_s;
	struct err e = OK;

	if (in->timeout_s == 0 || in->timeout_s > most)
		e = bad_field(cx, FIELD(in, "timeout"), "range", "must be 1 to %d seconds", (int)most);
	if (in->retry > RETRY_MOST)
		e = bad_field(cx, FIELD(in, "retry"), "range", "must be 0 to %d", RETRY_MOST);
	if (in->secret != NULL && secret_view(in->secret).n > SECRET_MOST)
		e = bad_field(cx, "http.secret", "max", "must be at most %d bytes", SECRET_MOST);
	return e;
}
static struct err check_new(struct ctx *cx, const struct engine *en, const struct worker_write *in)
{
	struct err e = check_numbers(cx, en, in), uri = OK;
	struct url u;

	if (!text_is_id(in->unique_id, WORKER_ID_MOST, "._-"))
		e = bad_field(cx, "id", "id", "must be 1 to %d of the characters A-Z a-z 0-9 . _ -", WORKER_ID_MOST);
	if (in->uri.n == 0)
		e = bad_field(cx, FIELD(in, "uri"), "required", "is required");
	else
		uri = check_uri(cx, in, &u);
	if (uri.code == E_INTERNAL)
		return uri;
	if (IS_ERR(uri))
		e = uri;
	if (!in->mcp && (in->secret == NULL || secret_view(in->secret).n == 0))
		e = bad_field(cx, "http.secret", "required", "is required");
	if (in->timeout_s < 0)
		e = bad_field(cx, FIELD(in, "timeout"), "required", "is required");
	if (in->retry < 0)
		e = bad_field(cx, FIELD(in, "retry"), "required", "is required");
	return e;
}
static void hint_of(const struct secret *s, char out[static WORKER_HINT])
{
	struct sv v = secret_view(s);

	out[0] = '\0';
	if (v.n >= HINT_FROM && text_is_id(sv_from(v, v.n - HINT), HINT, "-_.!$+/=") &&
	    !sv_copy(sv_from(v, v.n - HINT), out, WORKER_HINT))
		out[0] = '\0';
}

/* ---- changes ---- */
struct shown_change {
	const struct worker_row *was;
	const struct worker_write *in;
};
static void names(struct jout *j, const struct worker_row *w, const struct shown_change *c)
{
	const struct worker_write *in = c->in;

	store_change_open(j);
	store_change_if(j, "enabled", c->was->enabled != w->enabled);
	store_change_text(j, FIELD(in, "uri"), c->was->uri, w->uri);
	store_change_if(j, FIELD(in, "timeout"), c->was->timeout_s != w->timeout_s);
	store_change_if(j, FIELD(in, "retry"), c->was->retry != w->retry);
	store_change_if(j, "http.secret", in->secret != NULL);
	store_change_if(j, "mcp.headers", in->headers != NULL);
	store_change_if(j, "mcp.secrets", in->secrets != NULL);
	store_change_text(j, "mcp.oauth2.client_id", c->was->client_id, w->client_id);
	store_change_text(j, "mcp.oauth2.authorization_url", c->was->authorization_url, w->authorization_url);
	store_change_if(j, "mcp.oauth2.client_secret", in->client_secret != NULL);
	store_change_end(j);
}
/* c NULL: it is new. */
static struct err describe(struct ctx *cx, const struct worker_row *w, const struct shown_change *c, struct buf *out)
{
	struct jout j = JOUT(out);

	jout_open(&j, NULL);
	jout_str(&j, "uri", w->uri);
	jout_bool(&j, "enabled", w->enabled);
	jout_i64(&j, "timeout", w->timeout_s);
	jout_i64(&j, "retry", w->retry);
	if (c != NULL)
		names(&j, w, c);
	jout_close(&j);
	return jout_done(cx, &j);
}
static struct event event_of(const char *kind, const struct worker_row *w, const struct actor *by)
{
	return (struct event){ .project_id = w->project_id,
			       .kind = kind,
			       .by = *by,
			       .resource_type = "worker",
			       .resource_id = w->unique_id,
			       .outcome = "ok" };
}
struct err workers_create(struct ctx *cx, struct engine *en, const struct worker_write *in, struct worker_row *out)
{
	CLEANUP(buf_free) struct buf data = BUF(16384);
	CLEANUP(secret_drop) struct secret *vault = NULL;
	char id[ID_TEXT], hint[WORKER_HINT] = "";

	TRY(check_new(cx, en, in));
	id_ksuid("wk_", cx->now, id);
	if (!in->mcp)
		hint_of(in->secret, hint);
	struct worker_put put = { .row = { .id = sv_of(id),
					   .project_id = in->project_id,
					   .unique_id = in->unique_id,
					   .type = in->mcp ? SV("mcp") : SV("http"),
					   .uri = in->uri,
					   .hint = sv_of(hint),
					   .enabled = in->enabled != 0,
					   .timeout_s = in->timeout_s,
					   .retry = in->retry },
				  .secret = in->secret };
	if (in->mcp) {
		TRY(workers_mcp_change(cx, en, &(struct workers_mcp_change){ .in = in }, &put, &vault));
	}
	TRY(describe(cx, &put.row, NULL, &data));
	struct event ev = event_of("worker.created", &put.row, in->by);
	ev.data = buf_view(&data);
	put.event = &ev;
	TRY(store_worker_add(cx, en->store, &put, out));
	TRY(workers_reload(cx, en, out));
	return workers_get(cx, en, in->project_id, in->unique_id, out);
}
static struct err moved(struct ctx *cx, const struct worker_row *w, const struct worker_write *in, bool *out)
{
	struct url was, will;

	*out = false;
	if (in->uri.p == NULL)
		return OK;
	TRY(check_uri(cx, in, &will));
	TRY(url_parse(cx, w->uri, "uri", &was));
	*out = !sv_eq(was.scheme, will.scheme) || !sv_eq(was.host, will.host) || !sv_eq(was.port, will.port);
	return !*out || in->mcp || in->secret != NULL
		   ? OK
		   : bad_field(cx, "http.secret", "required",
			       "must be given again when http.uri moves to another host: it would be sent there");
}
static struct err ours(struct ctx *cx, const struct worker_row *w)
{
	if (!sv_eqz(w->binding, "static"))
		return OK;
	return refuse(cx, E_FORBIDDEN, "worker %.*s is declared in engine.yaml; change it there", SV_FMT(w->unique_id));
}
/* What changes into put; *vault owns what put.secret points at for kind mcp. */
static struct err changed(struct ctx *cx, struct engine *en, const struct worker_write *in, struct worker_put *put,
			  struct secret **vault)
{
	const struct worker_row was = put->row;
	struct workers_mcp_change c = { .in = in, .was = &was };

	TRY(check_numbers(cx, en, in));
	TRY(moved(cx, &was, in, &c.moved));
	put->row.uri = in->uri.p == NULL ? was.uri : in->uri;
	put->row.enabled = in->enabled < 0 ? was.enabled : in->enabled != 0;
	put->row.timeout_s = in->timeout_s < 0 ? was.timeout_s : in->timeout_s;
	put->row.retry = in->retry < 0 ? was.retry : in->retry;
	if (!in->mcp)
		return OK;
	return workers_mcp_change(cx, en, &c, put, vault);
}
struct err workers_patch(struct ctx *cx, struct engine *en, const struct worker_write *in, struct worker_row *out)
{
	CLEANUP(buf_free) struct buf data = BUF(16384);
	CLEANUP(secret_drop) struct secret *vault = NULL;
	struct worker_put put = { .secret = in->secret };
	char hint[WORKER_HINT];

	TRY(workers_get(cx, en, in->project_id, in->unique_id, &put.row));
	TRY(ours(cx, &put.row));
	const struct worker_row was = put.row;
	TRY(changed(cx, en, in, &put, &vault));
	if (in->secret != NULL) {
		hint_of(in->secret, hint);
		put.row.hint = sv_of(hint);
	}
	TRY(describe(cx, &put.row, &(struct shown_change){ &was, in }, &data));
	struct event ev = event_of("worker.updated", &put.row, in->by);
	ev.data = buf_view(&data);
	put.event = &ev;
	struct err e = workers_put_change(cx, en, &put, out);
	if (e.code == E_STALE)
		return refuse(cx, E_CONFLICT, "worker %.*s was changed meanwhile; read it again",
			      SV_FMT(in->unique_id));
	TRY(e);
	if (put.forgets) /* the new address is asked next, for seconds perhaps: nobody calls the old one meanwhile */
		TRY(toolbox_load(cx, en));
	TRY(workers_reload(cx, en, out));
	return workers_get(cx, en, in->project_id, in->unique_id, out);
}
struct err workers_remove(struct ctx *cx, struct engine *en, struct sv project_id, struct sv unique_id,
			  const struct actor *by)
{
	struct worker_row w;

	TRY(workers_get(cx, en, project_id, unique_id, &w));
	TRY(ours(cx, &w));
	const struct event ev = event_of("worker.deleted", &w, by);
	TRY(workers_put_remove(cx, en, &w, &ev));
	return toolbox_load(cx, en);
}

/* ---- looking ---- */
struct err workers_get(struct ctx *cx, struct engine *en, struct sv project_id, struct sv unique_id,
		       struct worker_row *out)
{
	struct err e = store_worker_get(cx, en->store, project_id, unique_id, out);

	if (e.code == E_NOT_FOUND)
		return refuse(cx, E_NOT_FOUND, "worker %.*s not found", SV_FMT(sv_upto(unique_id, WORKER_ID_MOST)));
	return e;
}
struct err workers_list(struct ctx *cx, struct engine *en, struct sv project_id, struct worker_rows *out)
{
	return store_worker_all(cx, en->store, project_id, out);
}
struct err workers_test(struct ctx *cx, struct engine *en, const struct worker_write *in, struct worker_health *out)
{
	const struct wire_worker at = { en->net, in->uri, NULL, WORKERS_ASK_TIMEOUT };
	const struct worker_row row = { .uri = in->uri, .timeout_s = WORKERS_ASK_TIMEOUT / SEC(1) };
	struct url u;

	*out = (struct worker_health){ .healthy = false };
	TRY(check_uri(cx, in, &u));
	return in->mcp ? workers_mcp_health(cx, en, &row, out) : workers_ask_health(cx, &at, out);
}
