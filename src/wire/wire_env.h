/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_ENV_H
#define WIRE_ENV_H
/* wire_env.h: what a template may name during one call, and which of it is secret.
 *
 * Promises: every value put in by wire_env_secret is known to wire_redact.  The struct points into itself: it is never
 * copied.
 */
#include "model/pdef_parts.h"
#include "model/tmpl.h"
#include "wire/wire.h"
enum { WIRE_VARS = 20, WIRE_ROOTS = 8, WIRE_SECRETS = 12 };
struct wire_env {
	struct tmpl_env env;
	struct tmpl_var vars[WIRE_VARS];
	struct tmpl_root roots[WIRE_ROOTS];
	struct sv secrets[WIRE_SECRETS];
	size_t n_secrets;
	const struct wire_client *client;
};
/* client_id, client_secret, redirect_uri, public_url, version, now, nonce, token_url; var. and stored. */
struct err wire_env_start(struct ctx *cx, const struct wire_client *c, struct wire_env *out) MUST_USE NONNULL(1, 2, 3);
void wire_env_text(struct wire_env *e, const char *name, struct sv value) NONNULL(1, 2);
void wire_env_secret(struct wire_env *e, const char *name, struct sv value) NONNULL(1, 2);
void wire_env_list(struct wire_env *e, const char *name, struct sv_list value) NONNULL(1, 2);
void wire_env_root(struct wire_env *e, const char *name, const struct node *tree) NONNULL(1, 2);
/* JSON object text of kept values as a tree; an empty map when there are none. */
struct err wire_env_stored(struct ctx *cx, struct sv json, const struct node **out) MUST_USE NONNULL(1, 3);
#endif
