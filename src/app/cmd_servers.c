/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_servers.c: tool servers and remote MCP servers: one call of the API each. */
#include "app/ask.h"
#include "app/cmd.h"
#include "app/secretin.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/jout.h"
#include "core/text.h"
#include <string.h>

enum { BODY_BYTES = 256 << 10, QUERY_BYTES = 4096, TIMEOUT_S = 30, RETRY = 3 };

static struct err number(struct cli *cli, enum cli_option o, const char *name, int64_t otherwise, int64_t *out)
{
	*out = otherwise;
	if (cli_has(cli, o) && !sv_i64(sv_of(cli->opt[o]), 0, INT32_MAX, out))
		return cli_usage(cli, "--%s must be a number", name);
	return OK;
}
/* What the API calls the two kinds, and their section. */
static const char *kind(bool mcp) { return mcp ? "mcp" : "http"; }
static struct err is_mcp(struct cli *cli, bool *mcp)
{
	const char *given = cli_has(cli, OPT_TYPE) ? cli->opt[OPT_TYPE] : kind(false);

	*mcp = strcmp(given, kind(true)) == 0;
	return *mcp || strcmp(given, kind(false)) == 0
		   ? OK
		   : cli_usage(cli, "--type must be http (a tool server) or mcp (a remote MCP server)");
}

/* ---- add ---- */
static struct err headers(struct cli *cli, struct jout *w)
{
	jout_open(w, "headers");
	for (size_t i = 0; i < cli->n_headers; i++) {
		struct sv value = sv_of(cli->headers[i]), name = sv_trim(sv_cut(&value, ':'));

		if (value.p == NULL || name.n == 0) /* not said back: it may hold a secret */
			return cli_usage(cli, "--header must be \"NAME: VALUE\"");
		jout_key(w, name);
		jout_str(w, NULL, sv_trim(value));
	}
	jout_close(w);
	return OK;
}
static struct err header_secrets(struct cli *cli, struct jout *w)
{
	jout_open(w, "secrets");
	for (size_t i = 0; i < cli->n_header_secrets; i++) {
		const char *given = cli->header_secrets[i], *file = strchr(given, '=');
		CLEANUP(secret_drop) struct secret *secret = NULL;

		if (file == NULL || file == given)
			return cli_usage(cli, "--header-secret-file must be KEY=FILE, or KEY=- for standard input");
		TRY(secretin_given(cli, file + 1, given /* KEY=- */, &secret));
		jout_key(w, (struct sv){ given, (size_t)(file - given) });
		jout_str(w, NULL, secret_view(secret));
	}
	jout_close(w);
	return OK;
}
static struct err section(struct cli *cli, struct jout *w, bool mcp)
{
	CLEANUP(secret_drop) struct secret *secret = NULL;
	int64_t timeout, retry;

	TRY(number(cli, OPT_TIMEOUT, "timeout", TIMEOUT_S, &timeout));
	TRY(number(cli, OPT_RETRY, "retry", RETRY, &retry));
	if (mcp && cli_has(cli, OPT_SECRET))
		return cli_usage(cli,
				 "--secret-file does not go with --type mcp; see --header and --header-secret-file");
	if (!mcp && cli->n_headers + cli->n_header_secrets > 0)
		return cli_usage(cli, "--header goes with --type mcp only");
	jout_open(w, kind(mcp));
	jout_strz(w, "uri", cli->args[1]);
	jout_i64(w, "timeout", timeout);
	jout_i64(w, "retry", retry);
	if (mcp) {
		TRY(headers(cli, w));
		TRY(header_secrets(cli, w));
	} else {
		TRY(secretin_read(cli, OPT_SECRET, "Secret of the server", &secret));
		jout_str(w, "secret", secret_view(secret));
	}
	jout_close(w);
	return OK;
}
/* How the first contact went: the engine has asked the server while it was added. */
static struct err first_contact(struct cli *cli, struct client *c)
{
	struct sv id = sv_of(cli->args[0]);
	struct client_answer h, t;
	int64_t n = 0;

	TRY(ask_part(cli, c, &(struct ask_part){ "GET", "/v1", "workers", id, "health" }, &h));
	TRY(ask_part(cli, c, &(struct ask_part){ "GET", "/v1", "workers", id, "tools?limit=1" }, &t));
	const struct node *total = node_get(t.json, "total_count");
	if (total != NULL && total->kind == NODE_INT)
		n = total->i;
	struct sv but = ask_beside_ok(h.json);
	if (!ask_true(h.json, "healthy"))
		return ask_say(
		    cli,
		    "Added the server %s, but it does not answer: %.*s.\nStart it, or remove it and add it "
		    "with another address; the engine goes on asking.  How it stands: tokenbooth server show "
		    "%s\n",
		    cli->args[0], SV_FMT(node_text_at(h.json, "message")), cli->args[0]);
	if (but.n > 0)
		return ask_say(cli,
			       "Added the server %s.  It answers, but %.*s.\nTools found: %lld.  How it stands: "
			       "tokenbooth server show %s\n",
			       cli->args[0], SV_FMT(but), (long long)n, cli->args[0]);
	return ask_say(cli, "Added the server %s.  It answers; tools found: %lld (tokenbooth tool list).\n",
		       cli->args[0], (long long)n);
}
struct err cmd_server_add(struct cli *cli)
{
	CLEANUP(client_drop) struct client *c = NULL;
	CLEANUP(buf_free) struct buf b = BUF(BODY_BYTES);
	struct jout w = JOUT(&b);
	struct client_answer a;
	bool mcp;

	TRY(is_mcp(cli, &mcp));
	jout_open(&w, NULL);
	jout_strz(&w, "id", cli->args[0]);
	jout_strz(&w, "type", kind(mcp));
	TRY(section(cli, &w, mcp));
	jout_close(&w);
	TRY(jout_done(cli->cx, &w));
	TRY(client_open(cli, &c));
	TRY(ask_over(cli, c, &(struct ask){ "POST", { "/v1", "workers", NULL }, buf_view(&b) }, &a));
	if (cli_has(cli, OPT_JSON))
		return show_json(cli, &a);
	TRY(first_contact(cli, c));
	return ask_true(node_get(a.json, "requirements"), "met")
		   ? OK
		   : ask_say(
			 cli,
			 "It wants OAuth: agree first, so that its tools can be read: tokenbooth server authorize %s "
			 "--user YOU\n",
			 cli->args[0]);
}

/* ---- authorize ---- */
struct err cmd_server_authorize(struct cli *cli)
{
	CLEANUP(buf_free) struct buf b = BUF(QUERY_BYTES);
	struct client_answer a;

	if (!cli_has(cli, OPT_USER))
		return cli_usage(cli, "--user is needed: who agrees");
	buf_str(&b, "workers/");
	enc_pct(&b, sv_of(cli->args[0]));
	buf_str(&b, "/authorize?user_id=");
	enc_pct(&b, sv_of(cli->opt[OPT_USER]));
	TRY(buf_done(cli->cx, &b, "the path"));
	const char *rest = arena_text(cli->cx->arena, buf_view(&b));
	if (rest == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "path");
	TRY(ask_once(cli, "GET", &(struct client_path){ "/v1", rest, NULL }, SV_NONE, &a));
	struct sv url = node_text_at(a.json, "url");
	if (cli_has(cli, OPT_JSON))
		return show_json(cli, &a);
	return url.n > 0
		   ? ask_say(cli, "To let %s use %s, open\n\n  %.*s\n", cli->opt[OPT_USER], cli->args[0], SV_FMT(url))
		   : ask_say(cli, "%s may use %s: %.*s.\n", cli->opt[OPT_USER], cli->args[0],
			     SV_FMT(node_text_at(a.json, "status")));
}

/* ---- the rest ---- */
struct err cmd_server_test(struct cli *cli)
{
	CLEANUP(buf_free) struct buf b = BUF(BODY_BYTES);
	struct jout w = JOUT(&b);
	struct client_answer a;
	bool mcp;

	TRY(is_mcp(cli, &mcp));
	jout_open(&w, NULL);
	jout_strz(&w, "type", kind(mcp));
	jout_open(&w, kind(mcp));
	jout_strz(&w, "uri", cli->args[0]);
	jout_close(&w);
	jout_close(&w);
	TRY(jout_done(cli->cx, &w));
	TRY(ask_once(cli, "POST", &(struct client_path){ "/v1", "workers/test", NULL }, buf_view(&b), &a));
	const struct node *ok = node_get(a.json, "success");
	bool answers = ok != NULL && ok->kind == NODE_BOOL && ok->b;
	cli->status = answers ? CLI_DONE : CLI_FAILED;
	if (cli_has(cli, OPT_JSON))
		return show_json(cli, &a);
	struct sv why = node_text_at(a.json, "message");
	if (!answers)
		return refuse(cli->cx, E_UPSTREAM, "%.*s", SV_FMT(why));
	return ask_say(cli, mcp ? "An MCP server answers at %s.\n" : "A tool server answers at %s.\n", cli->args[0]);
}
struct err cmd_server_list(struct cli *cli)
{
	static const struct show_column columns[] = { { "ID", "id" },
						      { "TYPE", "type" },
						      { "ENABLED", "enabled" },
						      { "FROM", "binding.type" },
						      { "ADDRESS", "http.uri|mcp.uri" } };

	return ask_list(
	    cli, "/v1", "workers",
	    &(struct show_table){ columns, ARRAY_LEN(columns), "No servers.  Add one: tokenbooth server add ID URI" });
}
/* As the engine finds it now; titles as wide as those above. */
static struct err state_of(struct cli *cli, struct client *c)
{
	static const struct show_column now[] = { { "answers", "healthy" }, { "state", "message" } };
	static const struct show_column tools[] = { { "tools  ", "total_count" } };
	struct sv id = sv_of(cli->args[0]);
	struct client_answer a;

	TRY(ask_part(cli, c, &(struct ask_part){ "GET", "/v1", "workers", id, "health" }, &a));
	TRY(show_one(cli, &a, &(struct show_table){ now, ARRAY_LEN(now), "" }));
	TRY(ask_part(cli, c, &(struct ask_part){ "GET", "/v1", "workers", id, "tools?limit=1" }, &a));
	return show_one(cli, &a, &(struct show_table){ tools, ARRAY_LEN(tools), "" });
}
struct err cmd_server_show(struct cli *cli)
{
	static const struct show_column columns[] = { { "id", "id" },
						      { "type", "type" },
						      { "enabled", "enabled" },
						      { "from", "binding.type" },
						      { "address", "http.uri|mcp.uri" },
						      { "timeout", "http.timeout|mcp.timeout" },
						      { "tries", "http.retry|mcp.retry" },
						      { "secret", "http.secret.hint" },
						      { "headers", "mcp.headers" } };
	CLEANUP(client_drop) struct client *c = NULL;
	struct client_answer a;

	TRY(client_open(cli, &c));
	TRY(ask_over(cli, c, &(struct ask){ "GET", { "/v1", "workers", cli->args[0] }, SV_NONE }, &a));
	TRY(show_one(cli, &a, &(struct show_table){ columns, ARRAY_LEN(columns), "" }));
	return cli_has(cli, OPT_JSON) ? OK : state_of(cli, c);
}
struct err cmd_server_remove(struct cli *cli) { return ask_remove(cli, "workers", "server"); }
