/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_H
#define ENGINE_H
/* engine.h: what every part of the domain works with.  Made by app/, handed to api, pages and jobs; immutable after
 * start (the things pointed at lock themselves). */
#include "core/base.h"
#include "model/config.h"
#include "model/event.h"
struct store;
struct net;
struct hub;
struct workq;
struct key_index;    /* domain/keys.h: API keys in memory */
struct throttle;     /* domain/throttle.h */
struct registry;     /* domain/providers.h: definitions and instances in memory */
struct grant_cache;  /* store/grant_cache.h: sealed rows in memory */
struct refresher;    /* domain/refresh.h: queue of due refreshes */
struct toolbox;      /* domain/toolbox.h: the tools the workers told of */
struct scheduler;    /* domain/scheduler.h: runs what was put off; NULL: nobody serves */
struct health;       /* domain/health.h: what is kept for whoever asks how the engine fares */
struct oidc;         /* domain/oidc.h: issuers that people sign in with */
struct mcp_sessions; /* domain/mcp_sessions.h: sessions at MCP servers; NULL: none is kept */
struct secret_names; /* domain/secret_names.h: which secrets there are, in memory */
struct job_time;     /* domain/job_time.h: until when a job may go on */
struct engine {
	const struct config *config;
	const char *version;
	char owner[40]; /* this process's name in leases; random at start */
	struct store *store;
	struct net *net;
	struct hub *hub;
	struct key_index *keys;
	struct throttle *throttle;
	struct registry *registry;
	struct grant_cache *grants;
	struct refresher *refresher;
	struct toolbox *tools;
	struct scheduler *scheduler;
	struct health *health; /* NULL: nobody keeps watch */
	struct oidc *oidc;
	struct secret_names *secret_names;
	struct mcp_sessions *mcp_sessions;
	struct workq *recorder; /* domain/run_record.h; NULL: whoever ran a tool waits for its record */
};
#endif
