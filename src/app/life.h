/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_H
#define LIFE_H
/* life.h: the parts of a running engine, in the order they start; they stop backwards.
 *
 * Promises: life_up starts every step or none (what had started is stopped again); life_down may be called on whatever
 * life_up left, also after it failed.
 */
#include "app/conf.h"
#include "domain/engine.h"
#include "http/server.h"
struct folder;
struct keyring;
struct jobs;
struct api;
struct life_how {
	struct conf_how conf;
	bool may_create; /* a data folder, a root key beside an empty store, the first API key */
	bool listen;     /* jobs, listeners and the control socket */
	bool no_first;   /* the first run's key and set-up address are not wanted (the command line on a folder) */
};
struct life {
	const struct life_how *how;
	struct conf *conf;
	struct folder *folder;
	struct keyring *keys;
	struct engine en;
	struct api *api;
	struct http_app app;
	struct jobs *jobs;
	struct server *server;
	bool first_run;
	struct secret *first_key, *setup_token; /* first run only */
	size_t up;                              /* steps that started */
};
struct err life_up(struct ctx *cx, struct life *l, const struct life_how *how) MUST_USE NONNULL(1, 2, 3);
void life_down(struct life *l) NONNULL(1);
/* The root keys of the configuration and the folder.  E_NOT_FOUND: there is none, and may_create is false. */
struct err life_keys(struct ctx *cx, const struct config *c, const struct folder *f, bool may_create,
		     struct keyring **out) MUST_USE NONNULL(1, 2, 3, 5);
/* Serves until SIGTERM or SIGINT, which life_block_signals has blocked for every thread; then drains.  A second signal
 * ends the process at once. */
void life_block_signals(void);
void life_wait_signal(void); /* only waits */
void life_until_signal(struct life *l) NONNULL(1);
#endif
