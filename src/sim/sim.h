/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_H
#define SIM_H
/* sim.h: plays the provider's side of OAuth for app developers without internet or credentials, and for tests (design
 * 10, 15).
 *
 * Owns:     its own listeners: the provider over HTTPS with a throw-away CA (or plain HTTP for the demo), a CONNECT
 * proxy for its own hosts only, and a control address that takes users, clock, faults and tells what was called.
 * Promises: behaves as the definition's `simulate:` section says, never as the fields that drive the engine say;
 * refuses what the provider refuses; keeps everything in memory; listens on loopback only. Needs:    core, model
 * (reading definitions), http.
 */
#include "core/node.h"
struct sim;
struct sim_app {
	const char *client_id, *client_secret, *redirect_uri;
};
struct sim_how {
	const char *const *providers;
	size_t n_providers; /* "discord", … */
	const char *listen_host;
	int listen_port; /* 127.0.0.1, 0: a free one */
	const struct sim_app *apps;
	size_t n_apps;
	const char *ca_dir; /* where ca.pem is written (0700 made when absent); NULL with plain */
	bool plain;         /* HTTP, for the demo: the definition's origin points here */
};
struct sim_at {
	char provider_url[128]; /* http(s)://127.0.0.1:PORT */
	char proxy[64], control[64];
	char ca_file[512];
	const char *connect_to[32];
	size_t n_connect_to;
};
void sim_stop(struct sim *s);
struct err sim_start(struct ctx *cx, const struct sim_how *how, struct sim **out, struct sim_at *at) MUST_USE
    NONNULL(1, 2, 3, 4);
static inline void sim_drop(struct sim **s)
{
	sim_stop(*s);
	*s = NULL;
}
#endif
