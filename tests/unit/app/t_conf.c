/* SPDX-License-Identifier: Apache-2.0 */
#include "app/conf.h"
#include "app/conf_doc.h"
#include "app/conf_raw.h"
#include "core/text.h"
#include "tt.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own a test; nothing of this machine's environment may speak. */
static const char *folder(void)
{
	char *z = arena_text(tt_ctx()->arena, SV("/tmp/tb-conf-XXXXXX"));

	CHECK(z != NULL && mkdtemp(z) != NULL && setenv("HOME", z, 1) == 0 && chdir(z) == 0);
	CHECK(unsetenv("TOKENBOOTH_DATA") == 0 && unsetenv("STATE_DIRECTORY") == 0 && unsetenv("XDG_DATA_HOME") == 0);
	return z;
}

static void put_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static struct err load(struct ctx *cx, const char *yaml, struct conf **out)
{
	put_file("engine.yaml", yaml);
	return conf_load(cx, &(struct conf_how){ .file = "engine.yaml" }, out);
}

TEST(conf_without_a_file_has_the_defaults)
{
	CLEANUP(conf_drop) struct conf *c = NULL;
	const char *home = folder();

	CHECK(!IS_ERR(conf_load(tt_ctx(), &(struct conf_how){ .file = NULL }, &c)));
	const struct config *g = conf_get(c);
	CHECK(strcmp(g->public_url, "http://localhost:9099") == 0 && !g->public_https && g->listen_port == 9099);
	CHECK(strcmp(g->public_hostport, "localhost:9099") == 0 && strcmp(g->listen_host, "localhost") == 0);
	CHECK(g->limits.connections == 12000 && g->limits.parked == 10000 && g->limits.calls == 1024 &&
	      g->limits.pool == 16);
	CHECK(g->limits.header_bytes == 16384 && g->limits.body_bytes == 4194304 && g->write_timeout == MIN(1));
	CHECK(g->log_level == LOG_INFO && g->log_format == LOG_CONSOLE && !g->development && g->n_root_keys == 0);
	CHECK(strncmp(g->data_dir, home, strlen(home)) == 0 && strstr(g->data_dir, "/.local/share/tokenbooth") != NULL);
	CHECK(conf_warnings(c)->n == 0 && conf_file(c) == NULL);
}

static const struct {
	const char *yaml, *say;
} mistakes[] = {
	{ "api:\n  port: ninety\n", "engine.yaml:2: api.port: must be a whole number from 0 to 65535" },
	{ "api:\n  port: 65536\n", "engine.yaml:2: api.port: must be" },
	{ "api:\n  port: [1]\n", "engine.yaml:2: api.port: must be a single value" },
	{ "api:\n  development: yes please\n", "engine.yaml:2: api.development: must be true or false" },
	{ "retention:\n  executions: 0\n", "engine.yaml:2: retention.executions: must be" },
	{ "retention:\n  connections: 3\n", "engine.yaml:2: retention.connections: " },
	{ "api:\n  read_timeout: 30\n", "engine.yaml:2: api.read_timeout: must be a time" },
	{ "api:\n  read_timeout: 2h\n", "engine.yaml:2: api.read_timeout: must be a time" },
	{ "api: 3\n", "engine.yaml:1: api: must be a map" },
	{ "api:\n  port: 1\n  port: 2\n", "engine.yaml:3: " },
	{ "- a\n", "engine.yaml:1: the file: must be a map" },
	{ "network:\n  conect_to: []\n", "engine.yaml:2: network.conect_to: unknown key" },
	{ "network:\n  connect_to: a:1:b:2\n", "engine.yaml:2: network.connect_to: must be a list" },
	{ "network:\n  connect_to: [{a: b}]\n", "engine.yaml:2: network.connect_to: must be a list" },
	{ "network:\n  proxy: ${env:TB_NONE}\n", "engine.yaml:2: network.proxy: variable TB_NONE is not set" },
	{ "network:\n  ca_file: ${file:no/such}\n", "engine.yaml:2: network.ca_file: file ./no/such cannot be read" },
	{ "verifier:\n  uri: x\n", "engine.yaml:2: verifier.uri: unknown key" },
	{ "verifier:\n  url: app.example/verify\n", "verifier.url: must be an absolute" },
	{ "limits:\n  pool: 0\n", "engine.yaml:2: limits.pool: must be" },
	{ "tls:\n  cert_file: a.pem\n", "tls: cert_file and key_file belong together; key_file is missing" },
	{ "storage:\n  postgres: {data_path: x}\n", "engine.yaml:2: storage.postgres: PostgreSQL is not supported" },
	{ "telemetry:\n  logging:\n    level: loud\n", "engine.yaml:3: telemetry.logging.level: must be" },
	{ "provider_definitions: [1]\n", "engine.yaml:1: provider_definitions: must be a map" },
	{ "auth:\n  providers: {}\n", "engine.yaml:2: auth.providers: must be a list" },
	{ "auth:\n  providers:\n    - {client_id: x}\n", "engine.yaml:3: auth.providers[0].id" },
	{ "auth:\n  providers:\n    - {id: a}\n", "engine.yaml:3: auth.providers[0].client_id" },
	{ "auth:\n  providers:\n    - {id: a b, client_id: x}\n", "engine.yaml:3: auth.providers: id must be" },
	{ "auth:\n  providers:\n    - {id: a.b, client_id: x}\n",
	  "engine.yaml:3: auth.providers: external_id must be given" },
	{ "auth:\n  providers:\n    - {id: a, client_id: x, type: saml}\n",
	  "engine.yaml:3: auth.providers: type must be oauth2" },
	{ "auth:\n  providers:\n    - {id: a, client_id: x}\n    - {id: a, client_id: y}\n",
	  "engine.yaml:4: auth.providers: id 'a' is used twice" },
	{ "auth:\n  providers:\n    - {id: a, client_id: x}\n    - {id: b, external_id: a, client_id: y}\n",
	  "engine.yaml:4: auth.providers: external_id 'a'" },
	{ "auth:\n  providers:\n    - id: a\n      client_id: \"${env:TB_NONE}\"\n",
	  "engine.yaml:4: auth.providers[0]: client_id: variable TB_NONE is not set" },
	{ "auth:\n  providers:\n    - id: a\n      client_id: b\n      client_secret: \"${env:TB_NONE}\"\n",
	  "engine.yaml:5: auth.providers[0]: client_secret: variable TB_NONE" },
	{ "security:\n  root_keys: []\n", "engine.yaml:2: security.root_keys: must be a list" },
	{ "security:\n  root_keys: [{id: a}]\n", "engine.yaml:2: security.root_keys[0].value" },
	{ "security:\n  root_keys:\n    - {id: a, value: x, default: true}\n    - {id: b, value: y, default: "
	  "true}\n",
	  "only one may be the default" },
	{ "api:\n  public_host: http://engine.example.com\n",
	  "api.public_host: http://engine.example.com is plain http" },
	{ "api:\n  public_host: https://engine.example.com/x\n", "api.public_host: must not have a path" },
	{ "api:\n  public_host: https://u:p@engine.example.com\n", "api.public_host: must be an address" },
};

TEST(conf_refuses_with_file_line_and_key)
{
	(void)folder();
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		CLEANUP(conf_drop) struct conf *c = NULL;
		struct ctx *cx = tt_ctx();
		struct err e = load(cx, mistakes[i].yaml, &c);

		CHECK_ROW(mistakes[i].yaml, e.code == E_CONFIG && c == NULL);
		if (strstr(cx->cause.say, mistakes[i].say) == NULL)
			fprintf(stderr, "said: %s\n", cx->cause.say);
		CHECK_ROW(mistakes[i].yaml, strstr(cx->cause.say, mistakes[i].say) != NULL);
	}
}

TEST(conf_never_says_a_secret)
{
	CLEANUP(conf_drop) struct conf *c = NULL;
	struct ctx *cx = tt_ctx();

	(void)folder();
	CHECK(setenv("TB_SECRET", "s3cr3t-value-nobody-may-see", 1) == 0);
	CHECK(IS_ERR(load(
	    cx, "auth:\n  providers:\n    - id: a\n      client_id: x\n      client_secret: [\"${env:TB_SECRET}\"]\n",
	    &c)));
	CHECK(strstr(cx->cause.say, "s3cr3t") == NULL && strstr(cx->cause.detail, "s3cr3t") == NULL);
}

TEST(conf_puts_in_variables_and_files_and_coerces)
{
	static const char yaml[] =
	    "api:\n  port: ${env:TB_PORT}\n  development: ${env:TB_DEV}\n  host: \"${env:TB_A}.${env:TB_B}\"\n"
	    "  public_host: ${env:TB_UNSET}\n"
	    "auth:\n  providers:\n"
	    "    - id: d\n      provider_id: discord\n      client_id: ${env:TB_ID}\n"
	    "      client_secret: ${file:secret.txt}\n      oauth2: {pkce: {enabled: \"${env:TB_DEV}\"}}\n"
	    "    - {id: off, enabled: false, client_id: \"${env:TB_UNSET}\"}\n"
	    "    - {id: off2, enabled: \"${env:TB_OFF}\", client_id: \"${env:TB_UNSET}\"}\n";
	CLEANUP(conf_drop) struct conf *c = NULL;

	(void)folder();
	CHECK(setenv("TB_PORT", "1234", 1) == 0 && setenv("TB_DEV", "true", 1) == 0 &&
	      setenv("TB_OFF", "false", 1) == 0);
	CHECK(setenv("TB_A", "127.0", 1) == 0 && setenv("TB_B", "0.1", 1) == 0 && setenv("TB_ID", "0119999", 1) == 0);
	put_file("secret.txt", "with\nlines\n");
	CHECK(!IS_ERR(load(tt_ctx(), yaml, &c)));
	const struct config *g = conf_get(c);
	CHECK(g->listen_port == 1234 && g->development && strcmp(g->listen_host, "127.0.0.1") == 0);
	CHECK(g->n_providers == 1 && strcmp(g->providers[0].client_id, "0119999") == 0);
	CHECK(sv_eq(secret_view(g->providers[0].client_secret), SV("with\nlines")));
	const struct node *enabled = node_path(g->providers[0].oauth2, SV("pkce.enabled"));
	CHECK(enabled != NULL && enabled->kind == NODE_BOOL && enabled->b);
	CHECK(conf_warnings(c)->n == 1 &&
	      sv_starts(conf_warnings(c)->v[0], SV("engine.yaml:5: api.public_host: variable TB_UNSET")));
	CHECK(strcmp(g->public_url, "http://127.0.0.1:1234") == 0);
	CHECK(g->kept.events == 90 && g->kept.executions == 90 && g->kept.schedules == 90);
}

TEST(conf_takes_variables_in_order)
{
	static const char yaml[] = "api: {host: \"${env:TB_V1}\"}\nverifier: {url: \"http://${env:TB_V2}\"}\n"
				   "network: {ca_file: \"/${env:TB_V3}\", proxy: \"${env:TB_V4}\"}\n";
	CLEANUP(conf_drop) struct conf *c = NULL;

	(void)folder();
	CHECK(setenv("TB_V1", "real", 1) == 0 && mkdir("etc", 0700) == 0);
	put_file("given.env", "TB_V1=given\nexport TB_V2='given'  # why\n");
	put_file(".env", "# here\nTB_V2=cwd\nTB_V3=\"c\\\"wd\" # x\n");
	put_file("etc/engine.env", "TB_V3=beside\nTB_V4 = a b # c\n");
	put_file("etc/engine.yaml", yaml);
	CHECK(!IS_ERR(conf_load(
	    tt_ctx(),
	    &(struct conf_how){ .file = "etc/engine.yaml", .env_file = "given.env", .public_url = "http://localhost" },
	    &c)));
	const struct config *g = conf_get(c);
	CHECK(strcmp(g->listen_host, "real") == 0 && strcmp(g->verifier_url, "http://given") == 0);
	CHECK(strcmp(g->ca_file, "/c\"wd") == 0 && strcmp(g->proxy, "a b") == 0);
	put_file("given.env", "TB V=1\n");
	struct ctx *cx = tt_ctx();
	CLEANUP(conf_drop) struct conf *bad = NULL;
	CHECK(conf_load(cx, &(struct conf_how){ .env_file = "given.env" }, &bad).code == E_CONFIG);
	CHECK(strcmp(cx->cause.say, "given.env:1: must be NAME=VALUE") == 0);
	CHECK(conf_load(tt_ctx(), &(struct conf_how){ .env_file = "no.env" }, &bad).code == E_CONFIG);
}

TEST(conf_lets_the_command_line_win_and_names_the_option)
{
	static const struct {
		struct conf_how how;
		const char *url, *say;
	} t[] = {
		{ { .listen = "[::1]:8080" }, "http://[::1]:8080", NULL },
		{ { .listen = "127.0.0.1:80" }, "http://127.0.0.1", NULL },
		{ { .public_url = "https://e.example:443/" }, "https://e.example", NULL },
		{ { .public_url = "https://E.example:8443" }, "https://e.example:8443", NULL },
		{ { .listen = "localhost" }, NULL, "--listen: must be HOST:PORT" },
		{ { .listen = "localhost:x" }, NULL, "--listen: must be HOST:PORT" },
		{ { .listen = ":80" }, NULL, "--listen: must be HOST:PORT" },
		{ { .public_url = "http://e.example" }, NULL, "--public-url: http://e.example is plain http" },
		{ { .public_url = "e.example" }, NULL, "--public-url: must be an address" },
		{ { .log_level = "loud" }, NULL, "--log-level: must be debug, info, warn or error" },
		{ { .log_format = "xml" }, NULL, "--log-format: must be console or json" },
	};

	(void)folder();
	put_file("engine.yaml", "api: {host: other, port: 1}\n");
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(conf_drop) struct conf *c = NULL;
		struct conf_how how = t[i].how;
		struct ctx *cx = tt_ctx();

		how.file = "engine.yaml";
		struct err e = conf_load(cx, &how, &c);
		CHECK_ROW(t[i].say == NULL ? t[i].url : t[i].say, IS_ERR(e) == (t[i].say != NULL));
		if (t[i].say != NULL)
			CHECK_ROW(t[i].say, strncmp(cx->cause.say, t[i].say, strlen(t[i].say)) == 0);
		else
			CHECK_ROW(t[i].url, strcmp(conf_get(c)->public_url, t[i].url) == 0);
	}
}

TEST(conf_warns_of_what_has_no_effect)
{
	CLEANUP(conf_drop) struct conf *c = NULL;

	(void)folder();
	CHECK(!IS_ERR(
	    load(tt_ctx(),
		 "$schema: x\napi: {prot: 1, rate_limit: {noop: {}}}\nllm: {models: [{id: a}]}\nfuture: {a: 1}\n"
		 "storage: {sqlite: {connection_string: y}}\n"
		 "auth: {providers: [{id: a, client_id: b, colour: red}]}\ncache:\n",
		 &c)));
	const struct sv_list *w = conf_warnings(c);
	CHECK(w->n == 4);
	CHECK(sv_starts(w->v[0], SV("engine.yaml:2: api.prot: unknown key")) &&
	      sv_starts(w->v[1], SV("engine.yaml:4: future: unknown")));
	CHECK(sv_starts(w->v[2], SV("engine.yaml:6: auth.providers[0].colour: unknown")));
	CHECK(sv_starts(w->v[3], SV("engine.yaml:5: storage.sqlite is not used")));
}

TEST(conf_names_hosts_in_full)
{
	static const struct {
		const char *yaml, *url;
	} t[] = {
		{ "api: {public_host: localhost}\n", "http://localhost:9099" },
		{ "api: {public_host: engine.example}\n", "https://engine.example" },
		{ "api: {public_host: \"engine.example:8443\"}\n", "https://engine.example:8443" },
		{ "api: {public_host: engine.example, development: true}\n", "http://engine.example:9099" },
		{ "api: {host: 0.0.0.0}\n", "http://localhost:9099" },
		{ "tls: {cert_file: a, key_file: b}\n", "https://localhost:9099" },
	};

	(void)folder();
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(conf_drop) struct conf *c = NULL;

		CHECK_ROW(t[i].yaml, !IS_ERR(load(tt_ctx(), t[i].yaml, &c)));
		CHECK_ROW(t[i].yaml, strcmp(conf_get(c)->public_url, t[i].url) == 0);
	}
}

TEST(conf_takes_a_free_port_and_says_which)
{
	CLEANUP(conf_drop) struct conf *c = NULL;

	(void)folder();
	CHECK(!IS_ERR(conf_load(tt_ctx(), &(struct conf_how){ .listen = "127.0.0.1:0" }, &c)));
	int port = conf_get(c)->listen_port;
	CHECK(port > 1023 && strstr(conf_get(c)->public_url, "http://127.0.0.1:") != NULL);
	CHECK(strtol(strrchr(conf_get(c)->public_url, ':') + 1, NULL, 10) == port);
}

TEST(conf_duration_reads_gos_spelling)
{
	static const struct {
		struct sv text;
		int64_t want; /* -1: refused */
	} t[] = { { SV_INIT("30s"), SEC(30) }, { SV_INIT("1m30s"), SEC(90) }, { SV_INIT("200ms"), MSEC(200) },
		  { SV_INIT("1h"), HOUR(1) },  { SV_INIT(""), -1 },           { SV_INIT("30"), -1 },
		  { SV_INIT("s"), -1 },        { SV_INIT("-1s"), -1 },        { SV_INIT("1s "), -1 },
		  { SV_INIT("1.5s"), -1 },     { SV_INIT("1d"), -1 },         { SV_INIT("1m30"), -1 } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int64_t got = -1;
		bool ok = conf_duration(t[i].text, &got);

		CHECK_ROW(t[i].text.p, ok == (t[i].want >= 0) && (!ok || got == t[i].want));
	}
}

TEST(conf_doc_names_every_key)
{
	CLEANUP(buf_free) struct buf b = BUF(1 << 20);

	conf_doc(&b);
	CHECK(buf_ok(&b) && conf_n_rows > 30);
	for (size_t i = 0; i < conf_n_rows; i++) {
		char want[100];
		size_t at;

		CHECK(snprintf(want, sizeof want, "| `%s` |", conf_rows[i].key) > 0);
		CHECK_ROW(want, sv_find(buf_view(&b), sv_of(want), &at));
	}
}

TEST(conf_survives_failing_memory)
{
	static const char yaml[] =
	    "api: {host: \"${env:HOME}\"}\nauth: {providers: [{id: a, client_id: b, client_secret: c}]}\n"
	    "security: {root_keys: [{id: a, value: b}]}\nnetwork: {connect_to: [\"a:1:b:2\"]}\n";

	(void)folder();
	put_file("engine.yaml", yaml);
	for (long k = 1;; k++) {
		CLEANUP(conf_drop) struct conf *c = NULL;
		struct ctx *cx = tt_ctx();

		tt_fail_alloc(k);
		struct err e =
		    conf_load(cx, &(struct conf_how){ .file = "engine.yaml", .public_url = "https://e.example" }, &c);
		tt_fail_alloc(0);
		if (!IS_ERR(e))
			break;
		CHECK(c == NULL && cx->cause.code == e.code && k < 10000);
	}
}
