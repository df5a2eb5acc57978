/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_send.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/metric.h"
#include "core/text.h"
#include "core/url.h"
#include "wire/wire_told.h"
#include <stdio.h>
#include <string.h>

enum { MOST_BODY = 256 << 10, MOST_REPLY = 1 << 20, MOST_HEADERS = 40, MOST_STD = 16 };
#define DEFAULT_TIMEOUT SEC(20)

/* A call being put together. */
struct making {
	struct ctx *cx;
	struct wire_env *e;
	const struct wire_send *in;
	struct wire_param std[MOST_STD];
	size_t n_std;
	struct net_header headers[MOST_HEADERS];
	size_t n_headers;
	struct sv url, authorization;
	struct wire_told told;
	struct wire_pairs pairs;
};

static void std_param(struct making *m, const char *name, struct sv value)
{
	if (m->n_std < MOST_STD)
		m->std[m->n_std++] = (struct wire_param){ name, value };
}

/* ---- authentication ---- */
/* Only calls by which the client shows itself carry its id; a user's call carries the user's token. */
static bool is_client_call(const struct wire_send *in)
{
	return (in->at & (PAT_CODE | PAT_REFRESH | PAT_REVOKE | PAT_INTROSPECT)) != 0;
}

static bool usable(const struct making *m, enum pdef_auth a)
{
	bool secret = m->e->client->client_secret != NULL && secret_view(m->e->client->client_secret).n > 0;

	return a == PAUTH_NONE || a == PAUTH_HEADER || secret;
}

static struct err keep(struct ctx *cx, const struct buf *b, struct sv *out)
{
	TRY(buf_done(cx, b, "a request"));
	*out = arena_sv(cx->arena, buf_view(b));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a request") : OK;
}

static struct err auth_basic(struct making *m)
{
	CLEANUP(buf_free) struct buf pair = BUF(MOST_BODY), b = BUF(MOST_BODY);
	struct sv secret = secret_view(m->e->client->client_secret);

	if (m->in->call->basic_form_encode) {
		enc_form(&pair, m->e->client->client_id);
		buf_char(&pair, ':');
		enc_form(&pair, secret);
	} else {
		buf_sv(&pair, m->e->client->client_id);
		buf_char(&pair, ':');
		buf_sv(&pair, secret);
	}
	buf_str(&b, "Basic ");
	enc_b64(&b, buf_view(&pair));
	b.broken = b.broken || pair.broken;
	return keep(m->cx, &b, &m->authorization);
}

static struct err signed_by_client(struct making *m, struct sv *out)
{
	return tmpl_text(m->cx, SV("{{sign_jwt()}}"), &m->e->env, out);
}

static struct err authenticate(struct making *m, enum pdef_auth a)
{
	struct sv jwt;

	switch (a) {
	case PAUTH_BASIC: return auth_basic(m);
	case PAUTH_HEADER: return tmpl_text(m->cx, m->in->call->auth_header, &m->e->env, &m->authorization);
	case PAUTH_POST:
		std_param(m, "client_id", m->e->client->client_id);
		std_param(m, "client_secret", secret_view(m->e->client->client_secret));
		return OK;
	case PAUTH_KEY_JWT: /* RFC 7523 section 2.2 */
		TRY(signed_by_client(m, &jwt));
		std_param(m, "client_id", m->e->client->client_id);
		std_param(m, "client_assertion_type", SV("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
		std_param(m, "client_assertion", jwt);
		return OK;
	case PAUTH_SECRET_JWT:
		TRY(signed_by_client(m, &jwt));
		std_param(m, "client_id", m->e->client->client_id);
		std_param(m, "client_secret", jwt);
		return OK;
	case PAUTH_NONE:
	default:
		if (is_client_call(m->in))
			std_param(m, "client_id", m->e->client->client_id);
		return OK;
	}
}

static struct err choose_auth(struct making *m)
{
	static const char *const words[] = { [PAUTH_BASIC] = "basic",
					     [PAUTH_POST] = "its secret in the body",
					     [PAUTH_NONE] = "its id alone",
					     [PAUTH_HEADER] = "a header",
					     [PAUTH_KEY_JWT] = "a signed assertion",
					     [PAUTH_SECRET_JWT] = "a signed secret" };

	for (size_t i = 0; i < m->in->call->n_auth; i++)
		if (usable(m, m->in->call->auth[i])) {
			m->told.client = is_client_call(m->in) ? words[m->in->call->auth[i]] : NULL;
			return authenticate(m, m->in->call->auth[i]);
		}
	return fail(m->cx, E_CONFIG, "this provider needs a client secret, and none is set", "client authentication");
}

/* ---- headers ---- */
static bool has_header(const struct making *m, struct sv name)
{
	for (size_t i = 0; i < m->n_headers; i++)
		if (sv_ieq(m->headers[i].name, name))
			return true;
	return false;
}

static struct err header(struct making *m, struct sv name, struct sv value)
{
	if (value.n == 0 || has_header(m, name))
		return OK;
	if (m->n_headers == MOST_HEADERS || text_has_control(value))
		return fail(m->cx, E_CONFIG,
			    "a header of the provider's definition cannot be sent: it holds a control character",
			    "header");
	m->headers[m->n_headers++] = (struct net_header){ name, value };
	return OK;
}

static struct err headers_of(struct making *m, const struct node *map)
{
	for (const struct node *c = map == NULL ? NULL : map->first; c != NULL; c = c->next) {
		struct sv value = c->text;

		if (c->kind == NODE_TEXT)
			TRY(tmpl_text(m->cx, c->text, &m->e->env, &value));
		TRY(header(m, c->key, value));
	}
	return OK;
}

static struct err headers(struct making *m, struct sv content_type)
{
	bool api_call = (m->in->at & (PAT_USER_INFO | PAT_LOOKUP)) != 0;

	TRY(header(m, SV("Authorization"), m->authorization));
	TRY(headers_of(m, m->in->call->headers));
	if (api_call)
		TRY(headers_of(m, m->e->client->def->parts->api.headers));
	TRY(header(m, SV("Accept"), SV("application/json")));
	return header(m, SV("Content-Type"), content_type);
}

/* ---- body ---- */
static struct sv method_of(const struct pdef_call *c)
{
	static const struct sv words[] = { SV_INIT("POST"), SV_INIT("GET"), SV_INIT("DELETE"), SV_INIT("PUT"),
					   SV_INIT("PATCH") };

	return words[c->method];
}

static struct err into_query(struct making *m, const struct wire_pairs *p)
{
	CLEANUP(buf_free) struct buf q = BUF(MOST_BODY), b = BUF(MOST_BODY);
	size_t at;

	wire_body_form(p, &q);
	if (q.n == 0)
		return OK;
	buf_sv(&b, m->url);
	buf_char(&b, sv_find(m->url, SV("?"), &at) ? '&' : '?');
	buf_sv(&b, buf_view(&q));
	b.broken = b.broken || q.broken;
	return keep(m->cx, &b, &m->url);
}

/* A body of its own (GraphQL) is a template of JSON text: values must not be able to end a string in it. */
static struct err template_body(struct making *m, struct buf *body)
{
	struct tmpl_env in_json = m->e->env;
	bool wanting;

	in_json.in_json = true;
	TRY(tmpl_put(m->cx, m->in->call->body, &in_json, body, &wanting));
	return wanting ? fail(m->cx, E_CONFIG, "a request body of the provider's definition lacks a value", "body")
		       : OK;
}

static struct err fill_body(struct making *m, struct buf *body, struct sv *content_type)
{
	const struct pdef_call *c = m->in->call;
	struct wire_send all = *m->in;

	*content_type = SV_NONE;
	all.params = m->std;
	all.n_params = m->n_std;
	if (c->body.p != NULL) {
		*content_type = SV("application/json");
		return template_body(m, body);
	}
	TRY(wire_body_params(m->cx, m->e, &all, &m->pairs));
	m->told.params = &m->pairs;
	if (c->content_type == PBODY_NONE)
		return OK;
	if (c->content_type == PBODY_QUERY || c->method == PMETHOD_GET)
		return into_query(m, &m->pairs);
	*content_type =
	    c->content_type == PBODY_JSON ? SV("application/json") : SV("application/x-www-form-urlencoded");
	if (c->content_type == PBODY_JSON)
		wire_body_json(&m->pairs, body);
	else
		wire_body_form(&m->pairs, body);
	return buf_done(m->cx, body, "a request");
}

/* ---- what came ---- */
static void note_host(struct ctx *cx, struct sv url, struct wire_outcome *how)
{
	struct url u;

	if (IS_ERR(url_parse(cx, url, "url", &u)) || !sv_copy(u.host, how->host, sizeof how->host))
		(void)forgive(cx);
}

static void note_reply(const struct net_reply *r, struct wire_outcome *how)
{
	how->status = r->status;
	how->retry_after_s = r->retry_after_s;
	if (r->fate == NET_DONE)
		return;
	(void)snprintf(how->detail, sizeof how->detail, "%s",
		       r->detail[0] != '\0' ? r->detail : net_fate_text(r->fate));
	how->fate = r->sent ? WIRE_UNCERTAIN : WIRE_NOT_SENT;
	how->reason = r->fate == NET_TOO_LARGE ? REASON_BAD_ANSWER : REASON_PROVIDER_DOWN;
	how->status = 0;
}

static void count(const struct pdef *def, const char *purpose, const struct net_reply *r)
{
	static const char *const classes[] = { "1xx", "2xx", "3xx", "4xx", "5xx" };
	int provider = metric_label(ML_PROVIDER, sv_of(def->id)), why = metric_label(ML_PURPOSE, sv_of(purpose));
	bool answered = r->fate == NET_DONE && r->status >= 100 && r->status < 600;
	const char *fate = answered ? classes[r->status / 100 - 1] : net_fate_name(r->fate);

	metric_add(M_OUTBOUND, METRIC_AT(provider, why, metric_label(ML_FATE, sv_of(fate))), 1);
	metric_observe(M_OUTBOUND_DURATION, METRIC_AT(provider, why), r->took);
}

static struct err make(struct making *m, struct buf *body)
{
	const struct pdef *d = m->e->client->def;
	struct sv content_type;

	for (size_t i = 0; i < m->in->n_params; i++)
		std_param(m, m->in->params[i].name, m->in->params[i].value);
	TRY(pdef_url(m->cx, d, m->in->call->url, &m->e->env, &m->url));
	TRY(choose_auth(m));
	TRY(fill_body(m, body, &content_type));
	return headers(m, content_type);
}

/* What cannot be built is the configuration's fault and nothing was sent; only memory is an error of ours. */
static struct err cannot(struct ctx *cx, struct err e, struct wire_outcome *how)
{
	if (e.code == E_INTERNAL)
		return e;
	how->fate = WIRE_CONFIG;
	how->reason = REASON_MISCONFIGURED;
	(void)snprintf(how->detail, sizeof how->detail, "%.199s", cx->cause.say);
	return forgive(cx);
}

struct err wire_send(struct ctx *cx, struct wire_env *e, const struct wire_send *in, struct net_reply *reply,
		     struct wire_outcome *how)
{
	struct making m = { .cx = cx, .e = e, .in = in };
	CLEANUP(buf_free) struct buf body = BUF(MOST_BODY);
	struct sv agent = SV_NONE;

	*how = (struct wire_outcome){ .fate = WIRE_OK };
	struct err made = make(&m, &body);
	if (!IS_ERR(made) && e->client->def->parts->api.user_agent.p != NULL)
		made = tmpl_text(cx, e->client->def->parts->api.user_agent, &e->env, &agent);
	if (IS_ERR(made))
		return cannot(cx, made, how);
	note_host(cx, m.url, how);
	m.told.method = method_of(in->call);
	m.told.url = m.url;
	wire_told_asked(e, &m.told, how);
	struct net_call call = { .purpose = in->purpose,
				 .method = method_of(in->call),
				 .url = m.url,
				 .headers = m.headers,
				 .n_headers = m.n_headers,
				 .body = buf_view(&body),
				 .user_agent = agent,
				 .max_reply = MOST_REPLY,
				 .timeout =
				     in->gate != NULL && in->gate->timeout > 0 ? in->gate->timeout : DEFAULT_TIMEOUT,
				 .once = in->may_repeat ? NET_MAY_REPEAT : NET_ONCE,
				 .may_send = in->gate == NULL ? NULL : in->gate->may_send,
				 .may_send_arg = in->gate == NULL ? NULL : in->gate->arg };
	if (e->client->def->parts->granted_from == PGRANTED_HEADER)
		call.want_header = e->client->def->parts->granted_at.p;
	TRY(net_call(cx, e->client->net, &call, reply));
	count(e->client->def, in->purpose, reply);
	how->took = reply->took;
	note_reply(reply, how);
	wire_told_reply(e, reply, how);
	return OK;
}
