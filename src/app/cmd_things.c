/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_things.c: keys, providers, connections and users: one call of the API each. */
#include "app/cmd.h"
#include "app/secretin.h"
#include "app/show.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include <stdarg.h>
#include <stdio.h>

enum { BODY_BYTES = 256 << 10 };

/* Opens the way, makes the one call. */
static struct err call_once(struct cli *cli, const char *method, const struct client_path *at, struct sv body,
			    struct client_answer *out)
{
	CLEANUP(client_drop) struct client *c = NULL;

	TRY(client_open(cli, &c));
	const char *path = client_path(cli, at);
	if (path == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "path");
	return client_call(cli, c, &(struct client_ask){ method, path, body }, out);
}

static struct err say(struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
static struct err say(struct cli *cli, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return cli_print(cli, (struct sv){ text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1 });
}

/* "?limit=…&offset=…&…": only what was given. */
static const char *with_query(struct cli *cli, const char *rest)
{
	static const struct {
		enum cli_option option;
		struct sv name;
	} known[] = { { OPT_LIMIT, SV_INIT("limit") },
		      { OPT_OFFSET, SV_INIT("offset") },
		      { OPT_USER, SV_INIT("user_id") },
		      { OPT_PROVIDER, SV_INIT("provider_id") } };
	CLEANUP(buf_free) struct buf q = BUF(4096);

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (cli_has(cli, known[i].option))
			form_add(&q, known[i].name, sv_of(cli->opt[known[i].option]));
	if (!cli_has(cli, OPT_LIMIT))
		form_add(&q, SV("limit"), SV("100"));
	return arena_printf(cli->cx->arena, "%s?%.*s", rest, SV_FMT(buf_view(&q)));
}

static struct err list(struct cli *cli, const char *base, const char *rest, const struct show_table *t)
{
	struct client_answer a;
	const char *full = with_query(cli, rest);

	if (full == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "path");
	TRY(call_once(cli, "GET", &(struct client_path){ base, full, NULL }, SV_NONE, &a));
	return show_list(cli, &a, t);
}

/* ---- keys ---- */
struct err cmd_key_create(struct cli *cli)
{
	CLEANUP(buf_free) struct buf b = BUF(BODY_BYTES);
	struct jout w = JOUT(&b);
	struct client_answer a;

	jout_open(&w, NULL);
	jout_strz(&w, "name", cli->args[0]);
	if (cli_has(cli, OPT_EXPIRES))
		jout_strz(&w, "expires_at", cli->opt[OPT_EXPIRES]);
	jout_close(&w);
	TRY(jout_done(cli->cx, &w));
	TRY(call_once(cli, "POST", &(struct client_path){ "/tb/v1", "api_keys", NULL }, buf_view(&b), &a));
	if (cli_has(cli, OPT_JSON))
		return show_json(cli, &a);
	struct sv key = node_text_at(a.json, "key"), id = node_text_at(a.json, "id");
	return say(cli, "Made the API key %s (%.*s).  It is shown only now:\n\n    export ARCADE_API_KEY=%.*s\n\n",
		   cli->args[0], SV_FMT(id), SV_FMT(key));
}

struct err cmd_key_list(struct cli *cli)
{
	static const struct show_column columns[] = { { "ID", "id" },
						      { "NAME", "name" },
						      { "KEY", "hint" },
						      { "CREATED", "created_at" },
						      { "LAST USED", "last_used_at" },
						      { "EXPIRES", "expires_at" },
						      { "REVOKED", "revoked_at" } };

	return list(cli, "/tb/v1", "api_keys", &(struct show_table){ columns, ARRAY_LEN(columns), "No API keys." });
}

struct err cmd_key_revoke(struct cli *cli)
{
	struct client_answer a;

	TRY(call_once(cli, "DELETE", &(struct client_path){ "/tb/v1", "api_keys", cli->args[0] }, SV_NONE, &a));
	return cli_has(cli, OPT_JSON) ? cli_print(cli, SV("{\"revoked\":true}\n"))
				      : say(cli, "Revoked %s.\n", cli->args[0]);
}

/* ---- providers ---- */
static const struct show_column provider_columns[] = {
	{ "ID", "id" },
	{ "TYPE", "provider_id" },
	{ "STATUS", "status" },
	{ "FROM", "binding.type" },
	{ "CLIENT ID", "oauth2.client_id" },
	{ "REDIRECT ADDRESS", "oauth2.redirect_uri" },
};

/* The oauth2 section: the file's, with client id and secret over it. */
static struct err put_oauth2(struct cli *cli, struct jout *w, const struct node *file, const struct secret *secret)
{
	jout_open(w, "oauth2");
	for (const struct node *n = file == NULL ? NULL : file->first; n != NULL; n = n->next) {
		if ((cli_has(cli, OPT_CLIENT_ID) && sv_eq(n->key, SV("client_id"))) ||
		    (secret != NULL && sv_eq(n->key, SV("client_secret"))))
			continue;
		jout_key(w, n->key);
		jout_node(w, NULL, n);
	}
	if (cli_has(cli, OPT_CLIENT_ID))
		jout_strz(w, "client_id", cli->opt[OPT_CLIENT_ID]);
	if (secret != NULL)
		jout_str(w, "client_secret", secret_view(secret));
	jout_close(w);
	return OK;
}

static struct err provider_secrets(struct cli *cli, const struct node **file, struct secret **secret)
{
	CLEANUP(secret_drop) struct secret *text = NULL;

	*file = NULL;
	if (cli_has(cli, OPT_OAUTH2_FILE)) {
		TRY(secretin_text(cli, OPT_OAUTH2_FILE, &text));
		TRY(jdoc_parse(cli->cx, secret_view(text), "--oauth2-file", file));
		if ((*file)->kind != NODE_MAP)
			return cli_usage(cli, "--oauth2-file must hold a JSON object");
	}
	if (!cli_has(cli, OPT_CLIENT_ID) && node_get(*file, "client_id") == NULL)
		return cli_usage(cli, "--client-id is missing");
	if (cli_has(cli, OPT_PUBLIC_CLIENT) ||
	    (node_get(*file, "client_secret") != NULL && !cli_has(cli, OPT_CLIENT_SECRET)))
		return OK;
	return secretin_read(cli, OPT_CLIENT_SECRET, "Client secret", secret);
}

struct err cmd_provider_add(struct cli *cli)
{
	CLEANUP(buf_free) struct buf b = BUF(BODY_BYTES);
	CLEANUP(secret_drop) struct secret *secret = NULL;
	struct jout w = JOUT(&b);
	struct client_answer a;
	const struct node *file;

	TRY(provider_secrets(cli, &file, &secret));
	jout_open(&w, NULL);
	jout_strz(&w, "id", cli->args[0]);
	if (cli_has(cli, OPT_TYPE))
		jout_strz(&w, "provider_id", cli->opt[OPT_TYPE]);
	if (cli_has(cli, OPT_DESCRIPTION))
		jout_strz(&w, "description", cli->opt[OPT_DESCRIPTION]);
	if (cli_has(cli, OPT_EXTERNAL_ID))
		jout_strz(&w, "external_id", cli->opt[OPT_EXTERNAL_ID]);
	jout_strz(&w, "type", "oauth2");
	TRY(put_oauth2(cli, &w, file, secret));
	jout_close(&w);
	TRY(jout_done(cli->cx, &w));
	TRY(call_once(cli, "POST", &(struct client_path){ "/v1", "admin/auth_providers", NULL }, buf_view(&b), &a));
	if (cli_has(cli, OPT_JSON))
		return show_json(cli, &a);
	return say(cli,
		   "Added the provider %s.\n\nRegister this redirect address at the provider, exactly as it is:\n\n    "
		   "%.*s\n\n",
		   cli->args[0], SV_FMT(node_text(node_path(a.json, SV("oauth2.redirect_uri")))));
}

struct err cmd_provider_list(struct cli *cli)
{
	return list(cli, "/v1", "admin/auth_providers",
		    &(struct show_table){
			provider_columns, ARRAY_LEN(provider_columns),
			"No providers.  Add one: tokenbooth provider add ID --type discord --client-id ..." });
}

struct err cmd_provider_show(struct cli *cli)
{
	static const struct show_column columns[] = {
		{ "id", "id" },
		{ "type", "provider_id" },
		{ "description", "description" },
		{ "status", "status" },
		{ "from", "binding.type" },
		{ "client id", "oauth2.client_id" },
		{ "client secret", "oauth2.client_secret.exists" },
		{ "redirect address", "oauth2.redirect_uri" },
		{ "authorize", "oauth2.authorize_request.endpoint" },
		{ "token", "oauth2.token_request.endpoint" },
		{ "PKCE", "oauth2.pkce.enabled" },
		{ "created", "created_at" },
		{ "changed", "updated_at" },
	};
	struct client_answer a;

	TRY(call_once(cli, "GET", &(struct client_path){ "/v1", "admin/auth_providers", cli->args[0] }, SV_NONE, &a));
	return show_one(cli, &a, &(struct show_table){ columns, ARRAY_LEN(columns), "" });
}

struct err cmd_provider_remove(struct cli *cli)
{
	struct client_answer a;

	TRY(call_once(cli, "DELETE", &(struct client_path){ "/v1", "admin/auth_providers", cli->args[0] }, SV_NONE,
		      &a));
	return cli_has(cli, OPT_JSON) ? show_json(cli, &a) : say(cli, "Removed the provider %s.\n", cli->args[0]);
}

/* ---- connections ---- */
static const struct show_column connection_columns[] = {
	{ "ID", "id" },         { "USER", "user_id" }, { "PROVIDER", "provider_id" }, { "STATUS", "connection_status" },
	{ "SCOPES", "scopes" },
};

struct err cmd_connection_list(struct cli *cli)
{
	return list(cli, "/v1", "admin/user_connections",
		    &(struct show_table){ connection_columns, ARRAY_LEN(connection_columns), "No connections." });
}

/* The API has no route for one: it is looked for in the list, page by page. */
struct err cmd_connection_show(struct cli *cli)
{
	CLEANUP(client_drop) struct client *c = NULL;
	static const struct show_column columns[] = { { "id", "id" },
						      { "user", "user_id" },
						      { "provider", "provider_id" },
						      { "status", "connection_status" },
						      { "scopes", "scopes" },
						      { "user info", "provider_user_info" } };
	struct client_answer a;
	size_t seen = 0, got = 1;

	TRY(client_open(cli, &c));
	while (got > 0) {
		const char *rest = arena_printf(cli->cx->arena, "admin/user_connections?limit=100&offset=%zu", seen);
		const char *path = rest == NULL ? NULL : client_path(cli, &(struct client_path){ "/v1", rest, NULL });

		if (path == NULL)
			return fail(cli->cx, E_INTERNAL, "out of memory", "path");
		TRY(client_call(cli, c, &(struct client_ask){ "GET", path, SV_NONE }, &a));
		const struct node *items = node_get(a.json, "items");
		got = items == NULL ? 0 : items->n;
		seen += got;
		for (const struct node *n = got == 0 ? NULL : items->first; n != NULL; n = n->next) {
			CLEANUP(buf_free) struct buf b = BUF(BODY_BYTES);
			struct jout w = JOUT(&b);

			if (!sv_eqz(node_text_at(n, "id"), cli->args[0]))
				continue;
			jout_node(&w, NULL, n);
			TRY(jout_done(cli->cx, &w));
			return show_one(cli, &(struct client_answer){ 200, buf_view(&b), n, SV("") },
					&(struct show_table){ columns, ARRAY_LEN(columns), "" });
		}
	}
	return refuse(cli->cx, E_NOT_FOUND, "connection %s not found", cli->args[0]);
}

static const char *revocation_words(struct sv said)
{
	static const struct {
		struct sv word;
		const char *say;
	} words[] = {
		{ SV_INIT("done"), "the provider has revoked its tokens" },
		{ SV_INIT("queued"), "the provider will be asked to revoke its tokens as soon as it can be reached" },
		{ SV_INIT("kept"),
		  "the tokens were wiped here and not revoked at the provider, since others use the same grant" },
		{ SV_INIT("unsupported"), "the tokens were wiped here; the provider cannot revoke them" },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (sv_eq(words[i].word, said))
			return words[i].say;
	return "the tokens were wiped here";
}

struct err cmd_connection_delete(struct cli *cli)
{
	struct client_answer a;

	TRY(call_once(cli, "DELETE", &(struct client_path){ "/v1", "admin/user_connections", cli->args[0] }, SV_NONE,
		      &a));
	if (cli_has(cli, OPT_JSON))
		return say(cli, "{\"deleted\":true,\"revocation\":\"%.*s\"}\n", SV_FMT(a.revocation));
	return say(cli, "Disconnected %s: %s.\n", cli->args[0], revocation_words(a.revocation));
}

/* ---- users ---- */
struct err cmd_user_add(struct cli *cli)
{
	CLEANUP(buf_free) struct buf b = BUF(BODY_BYTES);
	CLEANUP(secret_drop) struct secret *password = NULL;
	struct jout w = JOUT(&b);
	struct client_answer a;

	TRY(secretin_read(cli, OPT_PASSWORD, "Password (at least 10 characters)", &password));
	jout_open(&w, NULL);
	jout_strz(&w, "email", cli->args[0]);
	jout_str(&w, "password", secret_view(password));
	if (cli_has(cli, OPT_ROLE))
		jout_strz(&w, "role", cli->opt[OPT_ROLE]);
	jout_close(&w);
	TRY(jout_done(cli->cx, &w));
	TRY(call_once(cli, "POST", &(struct client_path){ "/tb/v1", "accounts", NULL }, buf_view(&b), &a));
	if (cli_has(cli, OPT_JSON))
		return show_json(cli, &a);
	if (cli_has(cli, OPT_ROLE) && strcmp(cli->opt[OPT_ROLE], "verify") != 0)
		return say(cli, "Made the account %s: it can sign in to the dashboard as %s.\n", cli->args[0],
			   cli->opt[OPT_ROLE]);
	return say(cli, "Made the account %s: it can sign in to confirm who it is, and nothing else.\n", cli->args[0]);
}
