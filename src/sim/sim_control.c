/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim_control.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "sim/sim_fault.h"
#include "sim/sim_record.h"

struct control {
	struct request *rq;
	struct sim_world *w;
	const struct node *body;
	struct jout out;
};
typedef struct err control_fn(struct ctx *cx, struct control *c);

static struct err done(struct ctx *cx, struct control *c)
{
	jout_open(&c->out, NULL);
	jout_bool(&c->out, "ok", true);
	jout_close(&c->out);
	return jout_done(cx, &c->out);
}

struct app_in {
	struct sv client_id, client_secret, redirect_uri, provider;
};
static const struct nfield app_fields[] = {
	NSV(struct app_in, client_id, NREQ, 1, 200),
	NSV(struct app_in, client_secret, NREQ, 1, 400),
	NSV(struct app_in, redirect_uri, NREQ, 1, 2048),
	NSV(struct app_in, provider, NOPT, 1, 100),
};
static struct err add_app(struct ctx *cx, struct control *c)
{
	struct app_in in = { .provider = SV_NONE };

	TRY(node_decode(cx, c->body,
			&(struct node_decode){ app_fields, ARRAY_LEN(app_fields), "", NODE_REFUSE_UNKNOWN }, &in));
	const struct sim_def *d = sim_world_provider(c->w, in.provider);
	if (d == NULL)
		return refuse(cx, E_NOT_FOUND, "provider %.*s is not simulated here", SV_FMT(in.provider));
	const struct sv app[3] = { in.client_id, in.client_secret, in.redirect_uri };
	TRY(sim_world_add_app(cx, c->w, d, app));
	return done(cx, c);
}

static struct err add_user(struct ctx *cx, struct control *c)
{
	const struct sim_def *d = sim_world_provider(c->w, node_text_at(c->body, "provider"));
	struct node *data = node_copy(cx->arena, c->body), *yes = node_new(cx->arena, NODE_BOOL);

	if (d == NULL)
		return refuse(cx, E_NOT_FOUND, "that provider is not simulated here");
	if (data == NULL || data->kind != NODE_MAP || yes == NULL)
		return refuse(cx, E_BAD_INPUT, "a user is a JSON object with a name");
	yes->b = true;
	if (!node_set(cx->arena, data, SV("added"), yes))
		return fail(cx, E_INTERNAL, "out of memory", "user");
	TRY(sim_world_add_user(cx, c->w, d, data));
	return done(cx, c);
}

static struct err show_users(struct ctx *cx, struct control *c)
{
	jout_open(&c->out, NULL);
	jout_list(&c->out, "items");
	for (const struct sim_user *u = c->w->users; u != NULL; u = u->next)
		jout_node(&c->out, NULL, u->data);
	jout_list_end(&c->out);
	jout_close(&c->out);
	return jout_done(cx, &c->out);
}

static struct err show_clock(struct ctx *cx, struct control *c)
{
	jout_open(&c->out, NULL);
	jout_time(&c->out, "now", sim_world_now(c->w));
	jout_i64(&c->out, "ahead_s", c->w->clock_ahead / SEC(1));
	jout_close(&c->out);
	return jout_done(cx, &c->out);
}

struct clock_in {
	int64_t advance_s;
};
static const struct nfield clock_fields[] = { NI64(struct clock_in, advance_s, NREQ, -315360000, 315360000) };
static struct err set_clock(struct ctx *cx, struct control *c)
{
	struct clock_in in = { 0 };

	TRY(node_decode(cx, c->body, &(struct node_decode){ clock_fields, 1, "", NODE_REFUSE_UNKNOWN }, &in));
	c->w->clock_ahead += SEC(in.advance_s);
	return show_clock(cx, c);
}

struct knobs_in {
	int64_t token_lifetime_s, rate_limit;
	bool reuse_ends_family;
};
static const struct nfield knobs_fields[] = {
	NI64(struct knobs_in, token_lifetime_s, NOPT, -1, 315360000),
	NI64(struct knobs_in, rate_limit, NOPT, -1, 1000000),
	NBOOL(struct knobs_in, reuse_ends_family, NOPT),
};
static struct err set_knobs(struct ctx *cx, struct control *c)
{
	struct sim_world *w = c->w;
	struct knobs_in in = { w->lifetime_override_s, w->rate_limit_override, w->reuse_ends_family };

	TRY(node_decode(cx, c->body,
			&(struct node_decode){ knobs_fields, ARRAY_LEN(knobs_fields), "", NODE_REFUSE_UNKNOWN }, &in));
	w->lifetime_override_s = in.token_lifetime_s;
	w->rate_limit_override = in.rate_limit;
	w->reuse_ends_family = in.reuse_ends_family;
	return done(cx, c);
}

static const struct nfield fault_fields[] = {
	NSV(struct sim_fault, name, NOPT, 1, 40),
	NSV(struct sim_fault, on, NOPT, 1, 20),
	NI64(struct sim_fault, times, NOPT, 1, 1000000),
	NI64(struct sim_fault, status, NOPT, 200, 599),
	NI64(struct sim_fault, delay_ms, NOPT, 0, 600000),
	NI64(struct sim_fault, hold_ms, NOPT, 0, 600000),
	NI64(struct sim_fault, retry_after_s, NOPT, 0, 86400),
	NSV(struct sim_fault, body, NOPT, 0, 1048576),
	NSV(struct sim_fault, content_type, NOPT, 1, 100),
	NBOOL(struct sim_fault, after, NOPT),
};
static struct err add_fault(struct ctx *cx, struct control *c)
{
	struct sim_fault in = { .times = -1 }, **end = &c->w->faults;

	TRY(node_decode(cx, c->body,
			&(struct node_decode){ fault_fields, ARRAY_LEN(fault_fields), "", NODE_REFUSE_UNKNOWN }, &in));
	if (in.name.p != NULL && !sim_fault_fill(in.name, &in))
		return bad_field(cx, "name", "enum", "is no fault of GET /faults/named");
	if (in.on.p == NULL)
		return bad_field(cx, "on", "required", "is required, or a name");
	struct sim_fault *f = arena_alloc(c->w->arena, sizeof *f);
	if (f == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "fault");
	*f = in;
	f->name = in.name.p == NULL ? SV_NONE : arena_sv(c->w->arena, in.name);
	f->on = arena_sv(c->w->arena, in.on);
	f->body = in.body.p == NULL ? SV_NONE : arena_sv(c->w->arena, in.body);
	f->content_type = in.content_type.p == NULL ? SV_NONE : arena_sv(c->w->arena, in.content_type);
	while (*end != NULL)
		end = &(*end)->next;
	*end = f;
	return done(cx, c);
}

static struct err clear_faults(struct ctx *cx, struct control *c)
{
	c->w->faults = NULL;
	return done(cx, c);
}

static struct err show_faults(struct ctx *cx, struct control *c)
{
	jout_open(&c->out, NULL);
	jout_list(&c->out, "items");
	for (const struct sim_fault *f = c->w->faults; f != NULL; f = f->next) {
		jout_open(&c->out, NULL);
		jout_str(&c->out, "name", f->name);
		jout_str(&c->out, "on", f->on);
		jout_i64(&c->out, "times", f->times);
		jout_i64(&c->out, "status", f->status);
		jout_i64(&c->out, "delay_ms", f->delay_ms);
		jout_i64(&c->out, "hold_ms", f->hold_ms);
		jout_bool(&c->out, "after", f->after);
		jout_close(&c->out);
	}
	jout_list_end(&c->out);
	jout_close(&c->out);
	return jout_done(cx, &c->out);
}

static struct err show_named(struct ctx *cx, struct control *c)
{
	size_t n;
	const struct sim_fault_named *rows = sim_fault_rows(&n);

	jout_open(&c->out, NULL);
	jout_list(&c->out, "items");
	for (size_t i = 0; i < n; i++) {
		jout_open(&c->out, NULL);
		jout_strz(&c->out, "name", rows[i].name);
		jout_strz(&c->out, "on", rows[i].on);
		jout_strz(&c->out, "does", rows[i].does);
		jout_close(&c->out);
	}
	jout_list_end(&c->out);
	jout_close(&c->out);
	return jout_done(cx, &c->out);
}

static struct err show_calls(struct ctx *cx, struct control *c)
{
	jout_open(&c->out, NULL);
	jout_list(&c->out, "items");
	for (const struct sim_noted *n = c->w->calls; n != NULL; n = n->next) {
		jout_open(&c->out, NULL);
		jout_time(&c->out, "at", n->at);
		jout_str(&c->out, "provider", n->provider);
		jout_str(&c->out, "kind", n->kind);
		jout_strz(&c->out, "method", n->method);
		jout_str(&c->out, "host", n->host);
		jout_str(&c->out, "path", n->path);
		jout_i64(&c->out, "status", n->status);
		jout_str(&c->out, "client_id", n->client_id);
		jout_str(&c->out, "grant_type", n->grant_type);
		jout_str(&c->out, "user", n->user);
		jout_close(&c->out);
	}
	jout_list_end(&c->out);
	jout_i64(&c->out, "total_count", c->w->n_calls);
	jout_i64(&c->out, "refreshing", c->w->refreshing);
	jout_i64(&c->out, "most_refreshing", c->w->most_refreshing);
	jout_close(&c->out);
	return jout_done(cx, &c->out);
}

static struct err clear_calls(struct ctx *cx, struct control *c)
{
	c->w->calls = NULL;
	c->w->calls_end = &c->w->calls;
	c->w->n_calls = 0;
	c->w->most_refreshing = c->w->refreshing;
	return done(cx, c);
}

static struct err show_grants(struct ctx *cx, struct control *c)
{
	sim_record_grants(c->w, &c->out);
	return jout_done(cx, &c->out);
}

static struct err show_tokens(struct ctx *cx, struct control *c)
{
	TRY(sim_record_tokens(cx, c->w, c->body, &c->out));
	return jout_done(cx, &c->out);
}

static struct err adopt_grants(struct ctx *cx, struct control *c)
{
	TRY(sim_record_adopt(cx, c->w, c->body));
	return done(cx, c);
}

static struct err end_grants(struct ctx *cx, struct control *c)
{
	struct sv user = node_text_at(c->body, "user"), client = node_text_at(c->body, "client_id");
	int64_t n = 0;

	for (struct sim_grant *g = c->w->grants; g != NULL; g = g->next) {
		if (g->ended || !sv_eq(g->user->name, user) || (client.p != NULL && !sv_eq(g->client->id, client)))
			continue;
		sim_world_end_grant(c->w, g);
		n++;
	}
	jout_open(&c->out, NULL);
	jout_i64(&c->out, "ended", n);
	jout_close(&c->out);
	return jout_done(cx, &c->out);
}

static control_fn show_index;
static const struct {
	enum method method;
	const char *path;
	control_fn *run;
	const char *doc;
} rows[] = {
	{ M_GET, "/", show_index, "this list" },
	{ M_POST, "/apps", add_app, "register an app: client_id, client_secret, redirect_uri, provider" },
	{ M_GET, "/users", show_users, "who can sign in" },
	{ M_POST, "/users", add_user, "add or replace a user: name and whatever the API shall answer" },
	{ M_GET, "/clock", show_clock, "the simulation's time" },
	{ M_POST, "/clock", set_clock, "move it: advance_s" },
	{ M_POST, "/knobs", set_knobs,
	  "token_lifetime_s: of new tokens, rate_limit; -1: the definition's; reuse_ends_family" },
	{ M_GET, "/faults", show_faults, "faults that wait to happen" },
	{ M_GET, "/faults/named", show_named, "faults that POST /faults knows by name: {name, times?}" },
	{ M_POST, "/faults", add_fault,
	  "on, times, status, body, content_type, retry_after_s, delay_ms, hold_ms, after" },
	{ M_DELETE, "/faults", clear_faults, "no more faults" },
	{ M_GET, "/calls", show_calls, "what was called" },
	{ M_DELETE, "/calls", clear_calls, "forget the calls" },
	{ M_GET, "/grants", show_grants,
	  "who consented to what, how often each consent was renewed, how many of its tokens live" },
	{ M_POST, "/grants/adopt", adopt_grants,
	  "grants given elsewhere: client_id, items: user, access_token, refresh_token, expires_in_s" },
	{ M_POST, "/tokens", show_tokens, "what these are: tokens" },
	{ M_POST, "/grants/end", end_grants, "a user removes an app: user, client_id" },
};

static struct err show_index(struct ctx *cx, struct control *c)
{
	jout_open(&c->out, NULL);
	jout_list(&c->out, "routes");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		jout_open(&c->out, NULL);
		jout_strz(&c->out, "method", method_name(rows[i].method));
		jout_strz(&c->out, "path", rows[i].path);
		jout_strz(&c->out, "does", rows[i].doc);
		jout_close(&c->out);
	}
	jout_list_end(&c->out);
	jout_close(&c->out);
	return jout_done(cx, &c->out);
}

static struct err dispatch(struct ctx *cx, struct control *c)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].method != c->rq->method || !sv_eqz(c->rq->path, rows[i].path))
			continue;
		if (rows[i].method == M_POST)
			TRY(jdoc_parse(cx, c->rq->body, "request body", &c->body));
		return rows[i].run(cx, c);
	}
	return refuse(cx, E_NO_ROUTE, "no such control; GET / lists them");
}

static int status_of(enum err_code code)
{
	if (code == E_BAD_INPUT)
		return 400;
	return code == E_NO_ROUTE || code == E_NOT_FOUND ? 404 : 500;
}

struct err sim_control_serve(struct request *rq)
{
	struct control c = { .rq = rq, .w = rq->app, .out = JOUT(rq->out) };

	rq->log_name = "control";
	sim_world_lock(c.w);
	struct err e = dispatch(rq->cx, &c);
	sim_world_unlock(c.w);
	if (!IS_ERR(e))
		return OK;
	buf_clear(rq->out);
	c.out = JOUT(rq->out);
	rq->status = status_of(e.code);
	jout_open(&c.out, NULL);
	jout_strz(&c.out, "error", rq->cx->cause.say);
	jout_close(&c.out);
	(void)forgive(rq->cx);
	return OK;
}
