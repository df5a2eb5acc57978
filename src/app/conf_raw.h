/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_RAW_H
#define CONF_RAW_H
/* conf_raw.h: what the parts of the configuration reader share while a file is being read. */
#include "app/conf.h"
#include "app/conf_env.h"
enum { CONF_TEXT_MAX = 4096 };
struct conf_raw {
	struct config c;
	const char *public_host; /* api.public_host as written, NULL: not given */
	const char *data;        /* --data */
	const char *folder;      /* of the file; relative paths in it start there; NULL: no file */
	struct conf_env *env;
	struct sv_list warnings;
	size_t warnings_cap;
};
enum conf_kind {
	CONF_TEXT,
	CONF_FILE,
	CONF_SECRET,
	CONF_BOOL,
	CONF_INT,
	CONF_SIZE,
	CONF_TIME,
	CONF_LIST,
	CONF_LEVEL,
	CONF_FORMAT,
	CONF_MAP,
	CONF_PROVIDERS,
	CONF_ROOT_KEYS,
	CONF_WORKERS,
	CONF_OIDC,
	CONF_UNUSED, /* Arcade's, accepted and without effect here; warned of when `warn` says why */
	CONF_REFUSED /* Arcade's, cannot be honoured: better no start than another meaning */
};
struct conf_row {
	const char *key;
	enum conf_kind kind;
	bool ours;
	size_t at;
	int64_t lo, hi;
	const char *fallback; /* default as it would be written; NULL: none */
	const char *doc;
};
extern const struct conf_row conf_rows[];
extern const size_t conf_n_rows;

struct err conf_apply_defaults(struct ctx *cx, struct conf_raw *raw) MUST_USE NONNULL(1, 2);
struct err conf_apply_tree(struct ctx *cx, struct conf_raw *raw, const struct node *top) MUST_USE NONNULL(1, 2, 3);
struct err conf_providers(struct ctx *cx, struct conf_raw *raw, const struct node *list) MUST_USE NONNULL(1, 2, 3);
struct err conf_workers(struct ctx *cx, struct conf_raw *raw, const struct node *tools) MUST_USE NONNULL(1, 2, 3);
struct err conf_sign_in(struct ctx *cx, struct conf_raw *raw, const struct node *list) MUST_USE NONNULL(1, 2, 3);
struct err conf_root_keys(struct ctx *cx, struct conf_raw *raw, const struct node *list) MUST_USE NONNULL(1, 2, 3);
struct err conf_listen(struct ctx *cx, struct conf_raw *raw, const char *host_port) MUST_USE NONNULL(1, 2, 3);
struct err conf_addresses(struct ctx *cx, struct conf_raw *raw, const char *public_url) MUST_USE NONNULL(1, 2);
void conf_warn(struct ctx *cx, struct conf_raw *raw, const char *fmt, ...) NONNULL(1, 2, 3) PRINTF_LIKE(3, 4);
/* E_CONFIG "engine.yaml:12: api.port: must be ...". */
struct err conf_bad(struct ctx *cx, const struct node *n, const char *key, const char *fmt, ...) MUST_USE
    NONNULL(1, 3, 4) PRINTF_LIKE(4, 5);
/* node_decode speaks of bad requests; here it is the configuration that is refused: E_CONFIG. */
struct err conf_decode(struct ctx *cx, const struct node *n, const struct node_decode *how, void *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* Wipes the secrets of its items; the metrics token, which serving needs, stays. */
void conf_drop_secrets(struct config *c) NONNULL(1);
bool conf_duration(struct sv text, int64_t *usec) MUST_USE NONNULL(2); /* Go's spelling: 30s, 1m30s, 200ms */
#endif
