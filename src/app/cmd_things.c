/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_things.c: keys, providers and users: one call of the API each. */
#include "app/ask.h"
#include "app/cmd.h"
#include "app/secretin.h"
#include "app/show.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"

enum { BODY_BYTES = 256 << 10 };

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
	TRY(ask_once(cli, "POST", &(struct client_path){ "/tb/v1", "api_keys", NULL }, buf_view(&b), &a));
	if (cli_has(cli, OPT_JSON))
		return show_json(cli, &a);
	struct sv key = node_text_at(a.json, "key"), id = node_text_at(a.json, "id");
	return ask_say(cli, "Made the API key %s (%.*s).  It is shown only now:\n\n    export ARCADE_API_KEY=%.*s\n\n",
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

	return ask_list(cli, "/tb/v1", "api_keys", &(struct show_table){ columns, ARRAY_LEN(columns), "No API keys." });
}

struct err cmd_key_revoke(struct cli *cli)
{
	struct client_answer a;

	TRY(ask_once(cli, "DELETE", &(struct client_path){ "/tb/v1", "api_keys", cli->args[0] }, SV_NONE, &a));
	return cli_has(cli, OPT_JSON) ? cli_print(cli, SV("{\"revoked\":true}\n"))
				      : ask_say(cli, "Revoked %s.\n", cli->args[0]);
}

/* ---- providers ---- */
static const struct show_column provider_columns[] = {
	{ "ID", "id" },
	{ "TYPE", "provider_id" },
	{ "STATUS", "reason.code|status" },
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

/* NULL: none was named. */
static struct err oauth2_file(struct cli *cli, const struct node **file)
{
	CLEANUP(secret_drop) struct secret *text = NULL;

	*file = NULL;
	if (!cli_has(cli, OPT_OAUTH2_FILE))
		return OK;
	TRY(secretin_text(cli, OPT_OAUTH2_FILE, &text));
	TRY(jdoc_parse(cli->cx, secret_view(text), "--oauth2-file", file));
	return (*file)->kind == NODE_MAP ? OK : cli_usage(cli, "--oauth2-file must hold a JSON object");
}

static struct err provider_secrets(struct cli *cli, const struct node **file, struct secret **secret)
{
	TRY(oauth2_file(cli, file));
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
	TRY(ask_once(cli, "POST", &(struct client_path){ "/v1", "admin/auth_providers", NULL }, buf_view(&b), &a));
	if (cli_has(cli, OPT_JSON))
		return show_json(cli, &a);
	return ask_say(
	    cli,
	    "Added the provider %s.\n\nRegister this redirect address at the provider, exactly as it is:\n\n    "
	    "%.*s\n\nOnly a first consent shows whether it is: with another one registered the provider shows the user "
	    "an "
	    "error of its own.\n",
	    cli->args[0], SV_FMT(node_text(node_path(a.json, SV("oauth2.redirect_uri")))));
}

/* ---- what of a provider is changed ---- */
static struct err set_body(struct cli *cli, struct jout *w, const struct node *file, const struct secret *secret)
{
	static const struct {
		enum cli_option o;
		const char *key;
	} plain[] = { { OPT_TYPE, "provider_id" }, { OPT_DESCRIPTION, "description" }, { OPT_STATUS, "status" } };

	jout_open(w, NULL);
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (cli_has(cli, plain[i].o))
			jout_strz(w, plain[i].key, cli->opt[plain[i].o]);
	if (file != NULL || secret != NULL || cli_has(cli, OPT_CLIENT_ID))
		TRY(put_oauth2(cli, w, file, secret));
	jout_close(w);
	return jout_done(cli->cx, w);
}

struct err cmd_provider_set(struct cli *cli)
{
	static const enum cli_option settings[] = { OPT_TYPE,      OPT_DESCRIPTION,   OPT_STATUS,
						    OPT_CLIENT_ID, OPT_CLIENT_SECRET, OPT_OAUTH2_FILE };
	CLEANUP(buf_free) struct buf b = BUF(BODY_BYTES);
	CLEANUP(secret_drop) struct secret *secret = NULL;
	struct jout w = JOUT(&b);
	struct client_answer a;
	const struct node *file;
	size_t given = 0;

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		given += cli_has(cli, settings[i]) ? 1 : 0;
	if (given == 0)
		return cli_usage(cli, "say what to set: --client-secret-file - asks for a new secret");
	TRY(oauth2_file(cli, &file));
	if (cli_has(cli, OPT_CLIENT_SECRET))
		TRY(secretin_read(cli, OPT_CLIENT_SECRET, "Client secret", &secret));
	TRY(set_body(cli, &w, file, secret));
	TRY(ask_once(cli, "PATCH", &(struct client_path){ "/v1", "admin/auth_providers", cli->args[0] }, buf_view(&b),
		     &a));
	return cli_has(cli, OPT_JSON) ? show_json(cli, &a) : ask_say(cli, "Changed the provider %s.\n", cli->args[0]);
}

struct err cmd_provider_list(struct cli *cli)
{
	return ask_list(cli, "/v1", "admin/auth_providers",
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
		{ "why", "reason.cause" },
		{ "mend", "reason.fix" },
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

	TRY(ask_once(cli, "GET", &(struct client_path){ "/v1", "admin/auth_providers", cli->args[0] }, SV_NONE, &a));
	return show_one(cli, &a, &(struct show_table){ columns, ARRAY_LEN(columns), "" });
}

struct err cmd_provider_remove(struct cli *cli)
{
	struct client_answer a;

	TRY(ask_once(cli, "DELETE", &(struct client_path){ "/v1", "admin/auth_providers", cli->args[0] }, SV_NONE, &a));
	return cli_has(cli, OPT_JSON) ? show_json(cli, &a) : ask_say(cli, "Removed the provider %s.\n", cli->args[0]);
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
	TRY(ask_once(cli, "POST", &(struct client_path){ "/tb/v1", "accounts", NULL }, buf_view(&b), &a));
	if (cli_has(cli, OPT_JSON))
		return show_json(cli, &a);
	if (cli_has(cli, OPT_ROLE) && strcmp(cli->opt[OPT_ROLE], "verify") != 0)
		return ask_say(cli, "Made the account %s: it can sign in to the dashboard as %s.\n", cli->args[0],
			       cli->opt[OPT_ROLE]);
	return ask_say(cli, "Made the account %s: it can sign in to confirm who it is, and nothing else.\n",
		       cli->args[0]);
}
