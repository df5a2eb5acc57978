/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim.h"
#include "core/arena.h"
#include "core/hub.h"
#include "http/server.h"
#include "sim/sim_cert.h"
#include "sim/sim_control.h"
#include "sim/sim_proxy.h"
#include "sim/sim_serve.h"
#include "sim/sim_world.h"
#include <stdlib.h>

struct sim {
	struct sim_world *world;
	struct hub *hub;
	struct server *provider, *control;
	struct sim_proxy *proxy;
	struct sim_cert cert;
	struct http_app provider_app, control_app;
	struct sv_list hosts;
};

static void plain_refusal(struct request *rq, int status, const char *say)
{
	struct jout w = JOUT(rq->out);

	rq->status = status;
	jout_open(&w, NULL);
	jout_strz(&w, "error", say);
	jout_close(&w);
}

void sim_stop(struct sim *s)
{
	if (s == NULL)
		return;
	sim_proxy_stop(s->proxy);
	server_free(s->control);
	server_free(s->provider);
	hub_free(s->hub);
	sim_world_free(s->world);
	free(s);
}

static struct err all_hosts(struct ctx *cx, struct sim *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->world->n_defs; i++)
		n += s->world->defs[i].hosts.n;
	s->hosts.v = arena_array(s->world->arena, n + 1, sizeof *s->hosts.v);
	if (s->hosts.v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "hosts");
	for (size_t i = 0; i < s->world->n_defs; i++)
		for (size_t k = 0; k < s->world->defs[i].hosts.n; k++)
			s->hosts.v[s->hosts.n++] = s->world->defs[i].hosts.v[k];
	return OK;
}

static struct err add_apps(struct ctx *cx, struct sim *s, const struct sim_how *how)
{
	for (size_t i = 0; i < how->n_apps; i++)
		for (size_t d = 0; d < s->world->n_defs; d++) {
			const struct sv app[3] = { sv_of(how->apps[i].client_id), sv_of(how->apps[i].client_secret),
						   sv_of(how->apps[i].redirect_uri) };

			TRY(sim_world_add_app(cx, s->world, &s->world->defs[d], app));
		}
	return OK;
}

static struct err listen_all(struct ctx *cx, struct sim *s, const struct sim_how *how)
{
	struct listen at = { how->listen_host, how->listen_port }, control = { "127.0.0.1", 0 };
	struct server_how provider = { .app = &s->provider_app,
				       .hub = s->hub,
				       .listen = &at,
				       .n_listen = 1,
				       .loops = 1,
				       .tls_cert_file = how->plain ? NULL : s->cert.cert_file,
				       .tls_key_file = how->plain ? NULL : s->cert.key_file };
	struct server_how side = {
		.app = &s->control_app, .hub = s->hub, .listen = &control, .n_listen = 1, .loops = 1
	};

	s->provider_app =
	    (struct http_app){ s->world, NULL, sim_serve_provider, sim_serve_provider, plain_refusal, NULL };
	s->control_app = (struct http_app){ s->world, NULL, sim_control_serve, sim_control_serve, plain_refusal, NULL };
	TRY(server_start(cx, &provider, &s->provider));
	return server_start(cx, &side, &s->control);
}

/* curl's form: HOST:PORT:CONNECT-TO-HOST:CONNECT-TO-PORT. */
static struct err tell(struct ctx *cx, struct sim *s, const struct sim_how *how, struct sim_at *at)
{
	int port = server_port(s->provider, 0), proxy_port = 0;
	struct sim_proxy_how p = { .hosts = s->hosts, .to_host = how->listen_host, .to_port = port };

	(void)snprintf(at->provider_url, sizeof at->provider_url, "%s://%.60s:%d", how->plain ? "http" : "https",
		       how->listen_host, port);
	(void)snprintf(at->control, sizeof at->control, "http://127.0.0.1:%d", server_port(s->control, 0));
	if (how->plain)
		return OK;
	(void)snprintf(at->ca_file, sizeof at->ca_file, "%s", s->cert.ca_file);
	for (size_t i = 0; i < s->hosts.n && at->n_connect_to < ARRAY_LEN(at->connect_to); i++) {
		at->connect_to[at->n_connect_to] =
		    arena_printf(s->world->arena, "%.*s:443:%s:%d", SV_FMT(s->hosts.v[i]), how->listen_host, port);
		if (at->connect_to[at->n_connect_to++] == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "connect_to");
	}
	TRY(sim_proxy_start(cx, &p, &s->proxy, &proxy_port));
	(void)snprintf(at->proxy, sizeof at->proxy, "http://127.0.0.1:%d", proxy_port);
	return OK;
}

struct err sim_start(struct ctx *cx, const struct sim_how *how, struct sim **out, struct sim_at *at)
{
	CLEANUP(sim_drop) struct sim *s = calloc(1, sizeof *s);

	*out = NULL;
	*at = (struct sim_at){ .n_connect_to = 0 };
	if (s == NULL || (s->hub = hub_new()) == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "simulator");
	TRY(sim_world_new(cx, how->providers, how->n_providers, &s->world));
	TRY(all_hosts(cx, s));
	TRY(add_apps(cx, s, how));
	if (!how->plain)
		TRY(sim_cert_make(cx, how->ca_dir, s->hosts, &s->cert));
	TRY(listen_all(cx, s, how));
	/* it serves already, and its control interface puts things into the same arena */
	sim_world_lock(s->world);
	struct err e = tell(cx, s, how, at);
	sim_world_unlock(s->world);
	TRY(e);
	*out = TAKE(s);
	return OK;
}
