/* SPDX-License-Identifier: Apache-2.0 */
#include "app/life.h"
#include "api/api.h"
#include "app/folder.h"
#include "app/version.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/hub.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/health.h"
#include "domain/keys.h"
#include "domain/mcp_sessions.h"
#include "domain/oidc.h"
#include "domain/people.h"
#include "domain/providers.h"
#include "domain/refresh.h"
#include "domain/scheduler.h"
#include "domain/secret_names.h"
#include "domain/throttle.h"
#include "domain/toolbox.h"
#include "domain/workers_static.h"
#include "jobs/jobs.h"
#include "net/net.h"
#include "seal/keyring.h"
#include "store/grant_cache.h"
#include "store/store.h"
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

enum { GRANTS_BYTES = 32 << 20, CALLS_PER_PEER = 128, ARENA_BYTES = 1 << 20 };
#define GRACE                                                                                             \
	SEC(70) /* a long poll is woken at once; a call to a provider ends in 20 s, an answer is taken in \
		   write_timeout */

static const struct config *config_of(const struct life *l) { return conf_get(l->conf); }

/* ---- steps, in the order they start ---- */
static struct err config_up(struct ctx *cx, struct life *l)
{
	TRY(conf_load(cx, &l->how->conf, &l->conf));
	const struct config *c = config_of(l);
	const struct sv_list *warnings = conf_warnings(l->conf);
	log_setup(c->log_level, c->log_format);
	for (size_t i = 0; i < warnings->n; i++)
		log_event(cx, LOG_WARN, "config.warning", LOG_SV("say", warnings->v[i]));
	if (c->metrics_public)
		log_event(cx, LOG_WARN, "config.metrics_public", LOG_STR("say", "anybody may read /metrics"));
	for (size_t i = 0; i < c->connect_to.n; i++)
		log_event(cx, LOG_WARN, "config.connect_to", LOG_SV("entry", c->connect_to.v[i]),
			  LOG_STR("say", "connections to this host go elsewhere"));
	if (c->ca_file != NULL)
		log_event(cx, LOG_WARN, "config.ca_file", LOG_STR("file", c->ca_file),
			  LOG_STR("say", "its authorities are trusted beside the system's"));
	if (c->proxy != NULL)
		log_event(
		    cx, LOG_WARN,
		    "config.proxy", /* not the address: it may hold a password, and is refused later then */
		    LOG_STR("say", "behind network.proxy the egress guard sees names and literal addresses only"));
	l->en.config = c;
	l->en.version = VERSION_TEXT;
	id_uuid(l->en.owner);
	return OK;
}
static void config_down(struct life *l) { conf_drop(&l->conf); }

static struct err folder_up(struct ctx *cx, struct life *l)
{
	return folder_open(cx, config_of(l)->data_dir, l->how->may_create, &l->folder);
}
static void folder_down(struct life *l) { folder_drop(&l->folder); }

/* A store without anything in it may get a new root key; one that has something may not (design 6). */
static bool store_is_empty(const struct life *l)
{
	struct stat st;

	return stat(folder_store(l->folder), &st) != 0 || st.st_size == 0;
}

struct err life_keys(struct ctx *cx, const struct config *c, const struct folder *f, bool may_create,
		     struct keyring **out)
{
	struct root_key *keys = arena_array(cx->arena, c->n_root_keys + 1, sizeof *keys);

	*out = NULL;
	if (keys == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "root keys");
	for (size_t i = 0; i < c->n_root_keys; i++)
		keys[i] = (struct root_key){ c->root_keys[i].id, c->root_keys[i].is_default, c->root_keys[i].value };
	return keyring_load(cx,
			    &(struct keyring_how){ .keys = keys,
						   .n = c->n_root_keys,
						   .file = folder_root_key(f),
						   .may_create = may_create,
						   .development = c->development },
			    out);
}

static struct err keyring_up(struct ctx *cx, struct life *l)
{
	bool empty = store_is_empty(l);
	struct err e = life_keys(cx, config_of(l), l->folder, l->how->may_create && empty, &l->keys);

	if (e.code != E_NOT_FOUND)
		return e;
	(void)forgive(cx);
	return refuse(
	    cx, E_CONFIG,
	    "the root key %s is missing, and the store beside it is not empty: put the file back from your backup, or "
	    "name the key in security.root_keys; without it nothing in the store can be opened",
	    folder_root_key(l->folder));
}
static void keyring_down(struct life *l) { keyring_drop(&l->keys); }

static struct err store_up(struct ctx *cx, struct life *l)
{
	return store_open(
	    cx,
	    &(struct store_how){ .path = folder_store(l->folder), .keys = l->keys, .may_create = l->how->may_create },
	    &l->en.store);
}
static void store_down(struct life *l) { store_drop(&l->en.store); }

static struct err hub_up(struct ctx *cx, struct life *l)
{
	l->en.hub = hub_new();
	return l->en.hub == NULL ? fail(cx, E_INTERNAL, "out of memory", "hub") : OK;
}
static void hub_down(struct life *l) { hub_drop(&l->en.hub); }

static struct err net_up(struct ctx *cx, struct life *l)
{
	const struct config *c = config_of(l);

	return net_start(cx,
			 &(struct net_how){ .ssrf_allowlist = c->ssrf_allowlist,
					    .connect_to = c->connect_to,
					    .peers = c->worker_peers,
					    .n_peers = c->n_workers,
					    .ca_file = c->ca_file,
					    .proxy = c->proxy,
					    .development = c->development,
					    .user_agent = "tokenbooth/" VERSION_TEXT },
			 &l->en.net);
}
static void net_down(struct life *l) { net_drop(&l->en.net); }

static struct err throttle_up(struct ctx *cx, struct life *l)
{
	l->en.throttle = throttle_new();
	return l->en.throttle == NULL ? fail(cx, E_INTERNAL, "out of memory", "throttle") : OK;
}
static void throttle_down(struct life *l) { throttle_drop(&l->en.throttle); }

static struct err keys_up(struct ctx *cx, struct life *l) { return key_index_load(cx, l->en.store, &l->en.keys); }
/* What was noted of the keys' use since the last minute's batch. */
static void keys_down(struct life *l)
{
	CLEANUP(arena_drop) struct arena *arena = arena_new(ARENA_BYTES);
	struct ctx cx = { .now = clock_now(), .request_id = "", .arena = arena };

	if (arena != NULL && IS_ERR(keys_flush(&cx, &l->en)))
		log_cause(&cx, LOG_WARN, "keys.flush_failed");
	key_index_drop(&l->en.keys);
}

static struct err grants_up(struct ctx *cx, struct life *l)
{
	return grant_cache_new(cx, l->en.store, GRANTS_BYTES, &l->en.grants);
}
static void grants_down(struct life *l) { grant_cache_drop(&l->en.grants); }

static struct err registry_up(struct ctx *cx, struct life *l)
{
	TRY(registry_open(cx, &l->en, &l->en.registry));
	return OK;
}
static void registry_down(struct life *l)
{
	registry_free(l->en.registry);
	l->en.registry = NULL;
}

static struct err refresher_up(struct ctx *cx, struct life *l) { return refresher_start(cx, &l->en, &l->en.refresher); }
static void refresher_down(struct life *l) { refresher_drop(&l->en.refresher); }

static struct err secrets_up(struct ctx *cx, struct life *l)
{
	return secret_names_open(cx, &l->en, &l->en.secret_names);
}
static void secrets_down(struct life *l)
{
	secret_names_free(l->en.secret_names);
	l->en.secret_names = NULL;
}

static struct err oidc_up(struct ctx *cx, struct life *l) { return oidc_open(cx, &l->en, &l->en.oidc); }
static void oidc_down(struct life *l)
{
	oidc_free(l->en.oidc);
	l->en.oidc = NULL;
}

static struct err tools_up(struct ctx *cx, struct life *l)
{
	TRY(workers_static_sync(cx, &l->en));
	conf_forget(l->conf); /* keyring, registry, issuers and workers have taken its secrets */
	TRY(mcp_sessions_open(cx, &l->en));
	return toolbox_open(cx, &l->en, &l->en.tools);
}
static void tools_down(struct life *l)
{
	mcp_sessions_close(&l->en);
	toolbox_drop(&l->en.tools);
}

static struct err scheduler_up(struct ctx *cx, struct life *l)
{
	return l->how->listen ? scheduler_start(cx, &l->en, &l->en.scheduler) : OK;
}
static void scheduler_down(struct life *l) { scheduler_drop(&l->en.scheduler); }

/* The last step: whoever was told of a taken port must still be shown the first key at the next start. */
static struct err first_run_up(struct ctx *cx, struct life *l)
{
	static const struct actor by = { .type = "operator", .id = "operator", .source = "CLI" };
	struct sv project = sv_of(store_default_project(l->en.store));
	struct api_key row;
	struct key_list keys;
	bool no_account;

	if (l->how->no_first)
		return OK;
	TRY(key_list(cx, &l->en, project, &(struct page){ .limit = 1 }, &keys));
	TRY(people_setup_needed(cx, &l->en, &no_account));
	l->first_run = keys.total == 0 && no_account;
	if (!l->first_run)
		return OK;
	TRY(key_create(cx, &l->en, &(struct key_new){ .project_id = project, .name = SV("default"), .by = &by }, &row,
		       &l->first_key));
	return people_setup_begin(cx, &l->en, &l->setup_token);
}
static void first_run_down(struct life *l)
{
	secret_drop(&l->first_key);
	secret_drop(&l->setup_token);
}

static struct err api_up(struct ctx *cx, struct life *l)
{
	TRY(api_open(cx, &l->en, &l->api));
	api_app(l->api, &l->app);
	return OK;
}
static void api_down(struct life *l) { api_drop(&l->api); }

static struct err health_up(struct ctx *cx, struct life *l)
{
	l->en.health = health_new();
	return l->en.health == NULL ? fail(cx, E_INTERNAL, "out of memory", "health") : OK;
}
static void health_down(struct life *l) { health_drop(&l->en.health); }

static struct err jobs_up(struct ctx *cx, struct life *l)
{
	return l->how->listen ? jobs_start(cx, &l->en, &l->jobs) : OK;
}
static void jobs_down(struct life *l) { jobs_drop(&l->jobs); }

static struct err server_up(struct ctx *cx, struct life *l)
{
	const struct config *c = config_of(l);
	struct listen at = { c->listen_host, c->listen_port };

	if (!l->how->listen)
		return OK;
	return server_start(cx,
			    &(struct server_how){ .app = &l->app,
						  .hub = l->en.hub,
						  .listen = &at,
						  .n_listen = 1,
						  .control_path = folder_control(l->folder),
						  .connections = c->limits.connections,
						  .parked = c->limits.parked,
						  .calls = c->limits.calls,
						  .calls_per_peer = CALLS_PER_PEER,
						  .pool = c->limits.pool,
						  .header_bytes = c->limits.header_bytes,
						  .body_bytes = c->limits.body_bytes,
						  .read_timeout = c->read_timeout,
						  .write_timeout = c->write_timeout,
						  .idle_timeout = c->idle_timeout,
						  .tls_cert_file = c->tls_cert_file,
						  .tls_key_file = c->tls_key_file,
						  .trusted_proxies = c->trusted_proxies,
						  .access_log = c->access_log,
						  .server_name = "tokenbooth" },
			    &l->server);
}
static void server_down(struct life *l)
{
	if (l->server == NULL)
		return;
	refresh_hurry(&l->en);
	server_drain(l->server);
	if (!server_wait(l->server, GRACE))
		log_event(NULL, LOG_WARN, "serve.cut", LOG_STR("say", "some requests were still running"));
	server_drop(&l->server);
}

static const struct {
	const char *name;
	struct err (*up)(struct ctx *cx, struct life *l);
	void (*down)(struct life *l);
} steps[] = {
	{ "config", config_up, config_down },
	{ "folder", folder_up, folder_down },
	{ "keyring", keyring_up, keyring_down },
	{ "store", store_up, store_down },
	{ "hub", hub_up, hub_down },
	{ "net", net_up, net_down },
	{ "throttle", throttle_up, throttle_down },
	{ "keys", keys_up, keys_down },
	{ "grants", grants_up, grants_down },
	{ "registry", registry_up, registry_down },
	{ "refresher", refresher_up, refresher_down },
	{ "sign_in", oidc_up, oidc_down },
	{ "secrets", secrets_up, secrets_down },
	{ "tools", tools_up, tools_down },
	{ "scheduler", scheduler_up, scheduler_down },
	{ "api", api_up, api_down },
	{ "health", health_up, health_down },
	{ "jobs", jobs_up, jobs_down },
	{ "server", server_up, server_down },
	{ "first_run", first_run_up, first_run_down },
};

void life_down(struct life *l)
{
	while (l->up > 0) {
		l->up--;
		steps[l->up].down(l);
	}
}

struct err life_up(struct ctx *cx, struct life *l, const struct life_how *how)
{
	*l = (struct life){ .how = how };
	for (; l->up < ARRAY_LEN(steps); l->up++) {
		struct err e = steps[l->up].up(cx, l);

		if (!IS_ERR(e))
			continue;
		log_event(cx, LOG_DEBUG, "start.failed", LOG_STR("step", steps[l->up].name),
			  LOG_STR("detail", &cx->cause.detail[0]), LOG_STR("where", cx->cause.where));
		life_down(l);
		return e;
	}
	return OK;
}

/* ---- signals ---- */
static void stop_signals(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
}

void life_block_signals(void)
{
	sigset_t set;

	stop_signals(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void life_wait_signal(void)
{
	sigset_t set;
	int got = 0;

	stop_signals(&set);
	while (sigwait(&set, &got) != 0)
		;
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void life_until_signal(struct life *l)
{
	life_wait_signal();
	log_event(NULL, LOG_INFO, "serve.draining", LOG_STR("say", "a second signal ends it at once"));
	life_down(l);
	log_event(NULL, LOG_INFO, "serve.stopped", LOG_STR("version", VERSION_TEXT));
}
