/* SPDX-License-Identifier: Apache-2.0 */
/* conf_table.c: every key of engine.yaml, once: it makes the defaults, the reader, the check for unknown keys and
 * docs/CONFIG.md. */
#include "app/conf_raw.h"

#define AT(field, type)                                                                                            \
	(offsetof(struct conf_raw, field) + 0 * sizeof(struct {                                                    \
						    _Static_assert(SAME_TYPE(((struct conf_raw *)0)->field, type), \
								   #field " has another type");                    \
						    int x_;                                                        \
					    }))
#define TEXT(f)   CONF_TEXT, .at = AT(f, const char *), .hi = CONF_TEXT_MAX
#define PATH(f)   CONF_FILE, .at = AT(f, const char *), .hi = CONF_TEXT_MAX
#define HIDDEN(f) CONF_SECRET, .at = AT(f, struct secret *), .hi = CONF_TEXT_MAX
#define BOOL(f)   CONF_BOOL, .at = AT(f, bool)
#define INT(f)    CONF_INT, .at = AT(f, int)
#define SIZE(f)   CONF_SIZE, .at = AT(f, size_t)
#define TIME(f)   CONF_TIME, .at = AT(f, int64_t), .lo = SEC(1), .hi = HOUR(1)
#define LIST(f)   CONF_LIST, .at = AT(f, struct sv_list), .hi = 1000
#define LEVEL(f)  CONF_LEVEL, .at = AT(f, enum log_level)
#define FORM(f)   CONF_FORMAT, .at = AT(f, enum log_format)
#define MAP(f)    CONF_MAP, .at = AT(f, const struct node *)
#define ONLY(k)   k, .at = 0
#define OURS      .ours = true

/* key, kind and field, range, default, doc.  Ours: design 15; the others: contract 5.2. */
#define CONF_KEYS(X)                                                                                                   \
	X("api.development", BOOL(c.development), .fallback = "false",                                                 \
	  .doc = "Development mode: short root keys, http to loopback and a public address that is plain http are "    \
		 "allowed.")                                                                                           \
	X("api.host", TEXT(c.listen_host), .lo = 1, .fallback = "localhost",                                           \
	  .doc = "Address to listen on. `localhost` is both loopbacks. `--listen` wins.")                              \
	X("api.port", INT(c.listen_port), .lo = 0, .hi = 65535, .fallback = "9099",                                    \
	  .doc = "Port to listen on. 0 takes a free one and says which.")                                              \
	X("api.public_host", TEXT(public_host),                                                                        \
	  .doc = "How browsers reach the engine: a full URL (`https://engine.example.com`) or a host name. Links and " \
		 "redirect "                                                                                           \
		 "addresses are made of it. `--public-url` wins. Default: `http://` and what the engine listens on.")  \
	X("api.read_timeout", TIME(c.read_timeout), .fallback = "30s",                                                 \
	  .doc = "Head and body of a request must arrive within this.")                                                \
	X("api.write_timeout", TIME(c.write_timeout), .fallback = "1m", .doc = "An answer must be taken within this.") \
	X("api.idle_timeout", TIME(c.idle_timeout), .fallback = "30s",                                                 \
	  .doc = "A kept connection is closed after this much silence.")                                               \
	X("api.max_request_body_size", SIZE(c.limits.body_bytes), .lo = 1024, .hi = 64 << 20, .fallback = "4194304",   \
	  .doc = "Largest request body in bytes. `limits.body_bytes` wins.")                                           \
	X("api.trusted_proxies", LIST(c.trusted_proxies), OURS,                                                        \
	  .doc = "CIDRs of reverse proxies whose X-Forwarded-For counts, for throttling and the audit log.")           \
	X("api.rate_limit", ONLY(CONF_UNUSED), .doc = "Accepted, without effect.")                                     \
	X("api.analytics", ONLY(CONF_UNUSED), .doc = "Accepted, without effect: nothing is ever sent anywhere.")       \
	X("auth.providers", ONLY(CONF_PROVIDERS), .doc = "Providers declared by the operator; see below.")             \
	X("auth.token_store", ONLY(CONF_UNUSED), .doc = "Accepted, without effect: tokens are in the store.")          \
	X("cache", ONLY(CONF_UNUSED), .doc = "Accepted, without effect.")                                              \
	X("dashboard", ONLY(CONF_UNUSED), .doc = "Accepted, without effect.")                                          \
	X("execution_logging", ONLY(CONF_UNUSED), .doc = "Accepted, without effect.")                                  \
	X("llm", ONLY(CONF_UNUSED), .doc = "Accepted, without effect.")                                                \
	X("security.root_keys", ONLY(CONF_ROOT_KEYS),                                                                  \
	  .doc = "Root keys that wrap the store's own keys: a list of `{id, value, default}`. Without it a file "      \
		 "`root.key` is made in the "                                                                          \
		 "data folder.")                                                                                       \
	X("security.ssrf_allowlist", LIST(c.ssrf_allowlist), OURS,                                                     \
	  .doc = "Hosts (`api.internal`, `*.internal`), addresses and CIDRs that outbound calls may reach although "   \
		 "they are private, or by http.")                                                                      \
	X("storage.postgres", ONLY(CONF_REFUSED), .doc = "Refused for now: the store is SQLite in the data folder.")   \
	X("storage.sqlite", ONLY(CONF_UNUSED), .fallback = "the store is store.sqlite3 in the data folder (--data)",   \
	  .doc = "Warned of: the data folder wins.")                                                                   \
	X("storage.in_memory", ONLY(CONF_UNUSED),                                                                      \
	  .fallback = "the store is store.sqlite3 in the data folder (--data)",                                        \
	  .doc = "Warned of: the data folder wins.")                                                                   \
	X("telemetry.environment", ONLY(CONF_UNUSED), .doc = "Accepted, without effect.")                              \
	X("telemetry.version", ONLY(CONF_UNUSED), .doc = "Accepted, without effect.")                                  \
	X("telemetry.logging.level", LEVEL(c.log_level), .fallback = "info",                                           \
	  .doc = "debug, info, warn or error. `--log-level` wins.")                                                    \
	X("telemetry.logging.encoding", FORM(c.log_format), .fallback = "console",                                     \
	  .doc = "console or json. `--log-format` wins.")                                                              \
	X("telemetry.logging.access", BOOL(c.access_log), OURS, .fallback = "true",                                    \
	  .doc = "A line for every request (`http.request`, level info): method, route pattern, status, bytes, time.") \
	X("metrics.token", HIDDEN(c.metrics_token), OURS, .lo = 16,                                                    \
	  .doc =                                                                                                       \
	      "Whoever sends this as `Authorization: Bearer` may read `/metrics`, and nothing else: for Prometheus, "  \
	      "which then needs no API key. Best `${file:...}` or `${env:...}`. Without it API keys and "              \
	      "administrators "                                                                                        \
	      "of the default project and the control socket may.")                                                    \
	X("metrics.public", BOOL(c.metrics_public), OURS, .fallback = "false",                                         \
	  .doc = "Anybody who reaches the engine may read `/metrics`: only where nobody but you reaches it.")          \
	X("sign_in.oidc", ONLY(CONF_OIDC), OURS,                                                                       \
	  .doc = "OpenID Connect issuers that people sign in with, beside passwords; see below.")                      \
	X("tools", ONLY(CONF_WORKERS),                                                                                 \
	  .doc =                                                                                                       \
	      "Tool servers declared by the operator: `directors: [{id, enabled, workers: [{id, enabled, http: "       \
	      "{uri, secret, timeout: 30, retry: 3}}]}]`; a remote MCP server has `mcp: {uri, timeout: 30, retry: 3, " \
	      "headers, "                                                                                              \
	      "secrets, oauth2: {client_id, client_secret, authorization_url, external_id}}` in place of `http`, and " \
	      "its headers "                                                                                           \
	      "may hold `${secret:NAME}`, one of its `secrets` or of the project's. They belong to the default "       \
	      "project, are read-only by API, "                                                                        \
	      "and their addresses (scheme, host and port) may be called whatever the egress guard says of others.")   \
	X("network.connect_to", LIST(c.connect_to), OURS,                                                              \
	  .doc = "`HOST:PORT:CONNECT-TO-HOST:CONNECT-TO-PORT`, as curl's `--connect-to`: the connection goes "         \
		 "elsewhere, while name, TLS name and "                                                                \
		 "Host stay. Exempt from the egress guard.")                                                           \
	X("network.ca_file", PATH(c.ca_file), OURS,                                                                    \
	  .doc = "PEM file of authorities trusted in addition to the system's.")                                       \
	X("network.proxy", TEXT(c.proxy), OURS,                                                                        \
	  .doc = "`http://HOST:PORT` of a CONNECT proxy for everything outbound. The environment's proxy variables "   \
		 "are never obeyed.")                                                                                  \
	X("provider_definitions", MAP(c.definitions), OURS,                                                            \
	  .doc = "Partial definitions merged over the built-in ones, by id: `{discord: {origin: "                      \
		 "http://localhost:9199}}`. See PROVIDERS.md.")                                                        \
	X("verifier.url", TEXT(c.verifier_url), OURS,                                                                  \
	  .doc = "Custom user verifier of the default project, until one is set by the API. Without it the built-in "  \
		 "one is used.")                                                                                       \
	X("limits.connections", SIZE(c.limits.connections), OURS, .lo = 16, .hi = 1000000, .fallback = "12000",        \
	  .doc = "Open connections.")                                                                                  \
	X("limits.parked", SIZE(c.limits.parked), OURS, .lo = 1, .hi = 1000000, .fallback = "10000",                   \
	  .doc = "Waiting long polls.")                                                                                \
	X("limits.calls", SIZE(c.limits.calls), OURS, .lo = 1, .hi = 16384, .fallback = "1024",                        \
	  .doc = "Requests that wait for a peer (token endpoint, tool worker); at most 128 for one peer.")             \
	X("limits.header_bytes", SIZE(c.limits.header_bytes), OURS, .lo = 4096, .hi = 1 << 20, .fallback = "16384",    \
	  .doc = "Largest request head.")                                                                              \
	X("limits.body_bytes", SIZE(c.limits.body_bytes), OURS, .lo = 1024, .hi = 64 << 20,                            \
	  .doc = "Largest request body. Default: 4194304.")                                                            \
	X("limits.pool", SIZE(c.limits.pool), OURS, .lo = 1, .hi = 256, .fallback = "16",                              \
	  .doc = "Threads for requests that use the store.")                                                           \
	X("limits.mcp_sessions", SIZE(c.limits.mcp_sessions), OURS, .lo = 0, .hi = 4096, .fallback = "256",            \
	  .doc = "Sessions at MCP servers of the revisions before 2026-07-28 that are kept between two calls, each "   \
		 "for the next call of the same user. 0: each call has one of its own.")                               \
	X("limits.mcp_session_idle", TIME(c.limits.mcp_session_idle), OURS, .fallback = "2m",                          \
	  .doc = "Such a session is ended when nobody used it for so long.")                                           \
	X("retention.events", INT(c.kept.events), OURS, .lo = 1, .hi = 36500, .fallback = "90",                        \
	  .doc = "Days that the audit log and the timelines of authorizations are kept.")                              \
	X("retention.executions", INT(c.kept.executions), OURS, .lo = 1, .hi = 36500, .fallback = "90",                \
	  .doc = "Days that it is kept which tool ran for whom, and how it ended.")                                    \
	X("retention.schedules", INT(c.kept.schedules), OURS, .lo = 1, .hi = 36500, .fallback = "90",                  \
	  .doc = "Days that a run put off with `run_at` is kept after its end, with its input and output.")            \
	X("tls.cert_file", PATH(c.tls_cert_file), OURS,                                                                \
	  .doc = "PEM certificate chain: the engine speaks https itself.")                                             \
	X("tls.key_file", PATH(c.tls_key_file), OURS, .doc = "PEM private key of that certificate.")

#define ROW(k, ...) { .key = k, .kind = __VA_ARGS__ },
const struct conf_row conf_rows[] = { CONF_KEYS(ROW) };
const size_t conf_n_rows = ARRAY_LEN(conf_rows);
