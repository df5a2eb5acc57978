/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_H
#define CONFIG_H
/* config.h: the configuration as everybody reads it (contract 5, design 15).  Filled by app/config*.c; immutable after
 * start; strings live as long as the process.  Secrets in it are struct secret. */
#include "core/logf.h"
#include "core/node.h"
#include "core/secret.h"
#include "core/url.h"
#include "model/person.h"
struct root_key_conf {
	const char *id;
	bool is_default;
	struct secret *value;
};
struct provider_conf {                          /* auth.providers[]: binding static */
	const char *id, *description, *type_id; /* type_id: the built-in definition's id ("discord"), NULL for custom */
	const char *external_id;                /* NULL: its id */
	const char *client_id;
	struct secret *client_secret;
	bool enabled;
	const struct node *oauth2; /* Arcade's oauth2 section as written (contract 5.4), NULL: none */
	const char *where;         /* "engine.yaml:12" for messages */
};
struct worker_conf { /* tools.directors[].workers[]: binding static */
	const char *id, *uri;
	struct secret *secret; /* http */
	int64_t timeout_s, retry;
	const struct node *mcp; /* NULL: of kind http; else the section: headers, secrets, oauth2, checked for their
				   kinds; its texts are wiped once the workers have been taken over */
};
struct oidc_conf { /* sign_in.oidc[]: an issuer that people sign in with */
	const char *id, *name, *issuer, *client_id;
	struct secret *client_secret; /* NULL: a public client */
	const char *scopes;           /* "openid email" */
	struct sv_list domains;       /* lower-cased; whoever has a verified email there may come in unasked */
	enum role role;               /* as this member of the default project */
};
struct limits_conf {
	size_t connections, parked, calls, header_bytes, body_bytes, pool, mcp_sessions;
	int64_t mcp_session_idle;
};
struct retention_conf {
	int events, executions, schedules;
};
struct config {
	bool development;
	const char *data_dir;
	const char *listen_host;
	int listen_port;
	const char *public_url; /* no trailing slash: "http://localhost:9099" */
	bool public_https;
	const char *public_hostport; /* host[:port] of public_url as a browser sends it in Host */
	int64_t read_timeout, write_timeout, idle_timeout;
	struct limits_conf limits;
	struct sv_list trusted_proxies, ssrf_allowlist, connect_to;
	const char *ca_file, *proxy; /* NULL: none */
	const char *tls_cert_file, *tls_key_file;
	const char *verifier_url; /* NULL: built-in */
	struct root_key_conf *root_keys;
	size_t n_root_keys; /* none: file root.key */
	struct provider_conf *providers;
	size_t n_providers;
	struct worker_conf *workers;
	size_t n_workers;
	struct url *worker_peers; /* their addresses, which may be called whatever the egress guard says of others */
	struct oidc_conf *oidc;
	size_t n_oidc;
	const struct node *definitions; /* provider_definitions: map, NULL: none */
	int64_t max_worker_timeout_s;
	struct retention_conf kept; /* days */
	bool metrics_public;
	struct secret *metrics_token; /* NULL: none */
	bool access_log;
	enum log_level log_level;
	enum log_format log_format;
};
#endif
