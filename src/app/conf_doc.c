/* SPDX-License-Identifier: Apache-2.0 */
#include "app/conf_doc.h"
#include "app/conf_raw.h"

static const char head[] =
    "# Configuration\n\n"
    "This page is printed by `tokenbooth docs config`.\n\n"
    "Tokenbooth runs without any configuration. `tokenbooth serve --config FILE` reads an `engine.yaml`; without "
    "`--config` the first of\n"
    "`$HOME/.arcade/engine.yaml`, `$HOMEBREW_REPOSITORY/etc/arcade-engine/engine.yaml` and "
    "`/etc/arcade-ai/engine.yaml` that exists.\n"
    "A mistake is refused at start with file, line and key, and exit status 3. In the sections marked **ours** an "
    "unknown key is refused;\n"
    "in the Arcade Engine's own sections it is warned of.\n\n"
    "## Values from elsewhere\n\n"
    "Inside any string, `${env:NAME}` is replaced by a variable and `${file:PATH}` by a file's content, less one "
    "newline at its end;\n"
    "a relative path starts beside the configuration. The result is read as what the key expects: a number, true or "
    "false, or text.\n"
    "Variables come from the environment, else from the file of `--env`, else from `.env` in the working directory, "
    "else from\n"
    "`engine.env` beside the configuration. A variable that is not set is an error in an enabled list item and in our "
    "sections; elsewhere\n"
    "it is warned of and the default is used. Items with `enabled: false` are not looked at.\n\n"
    "Times are written like `30s`, `1m30s` or `200ms`. Paths are relative to the configuration's folder.\n\n"
    "## Keys\n\n"
    "| key | | value | default | |\n|---|---|---|---|---|\n";

static const char tail[] =
    "\n## Providers\n\n"
    "```yaml\n"
    "auth:\n"
    "  providers:\n"
    "    - id: my-discord              # 1 to 100 of A-Z a-z 0-9 . _ -\n"
    "      type: oauth2\n"
    "      provider_id: discord        # a built-in definition; without it `oauth2` describes the provider whole\n"
    "      client_id: \"1199990000000000001\"\n"
    "      client_secret: ${env:DISCORD_CLIENT_SECRET}\n"
    "      enabled: true\n"
    "      external_id: my-discord     # the part of the redirect address before /callback; default: the id\n"
    "      oauth2: {}                  # the Arcade Engine's section, merged over the definition\n"
    "```\n\n"
    "The redirect address to register at the provider is `{public address}/api/v1/oauth/{external_id}/callback`. "
    "Providers of this file are\n"
    "read-only in the API; one made by the API under the same id takes precedence in its project.\n\n"
    "## Sign-in with other issuers\n\n"
    "```yaml\n"
    "sign_in:\n"
    "  oidc:\n"
    "    - id: corp                              # 1 to 50 of A-Z a-z 0-9 _ -\n"
    "      name: Example Corp                    # on the button; default: the id\n"
    "      issuer: https://id.example.com        # as its metadata names it, byte for byte\n"
    "      client_id: tokenbooth\n"
    "      client_secret: ${env:OIDC_SECRET}     # absent: a public client; PKCE is used in any case\n"
    "      scopes: [openid, email]               # the default\n"
    "      allowed_domains: [example.com]        # their people come in unasked ...\n"
    "      role: member                          # ... as verify (the default), viewer, member or admin of the default "
    "project\n"
    "```\n\n"
    "Any OpenID Connect issuer. Register `{public address}/sign-in/oidc/{id}/callback` there: one address an issuer. "
    "An account is known by\n"
    "issuer and subject; an email counts only when the issuer says that it is verified (`email_verified: true`). In "
    "comes whose issuer and\n"
    "subject are known, who is invited under that email, or whose email is of an allowed domain (exactly, without "
    "subdomains). An account\n"
    "that is there already is not taken over by its email: sign in with its password once, then, in the same browser, "
    "with the issuer.\n"
    "Nobody comes in before the first account was made. Whether a second factor is asked for is the issuer's to "
    "decide. Its addresses\n"
    "go through the egress guard: a private one has to be in `security.ssrf_allowlist`.\n\n"
    "## Root keys\n\n"
    "```yaml\n"
    "security:\n"
    "  root_keys:\n"
    "    - {id: key2, default: true, value: \"${env:ROOT_KEY_2}\"}   # at least 32 bytes; shorter ones in development "
    "only\n"
    "    - {id: key1, value: \"${file:/etc/tokenbooth/root-key-1}\"}\n"
    "```\n\n"
    "New values are sealed under the default key; the others still open what they sealed. Without this list a file "
    "`root.key` is made in\n"
    "the data folder on the first run. Keep a copy of it apart from the store: without it the store cannot be "
    "opened.\n\n"
    "## The data folder\n\n"
    "`--data DIR`, else `$TOKENBOOTH_DATA`, else systemd's `$STATE_DIRECTORY`, else `$XDG_DATA_HOME/tokenbooth`, else\n"
    "`~/.local/share/tokenbooth`. Mode 0700; it holds `store.sqlite3`, `root.key`, `control.sock` and `lock`.\n";

static const char *value_of(const struct conf_row *r)
{
	switch (r->kind) {
	case CONF_TEXT: return "text";
	case CONF_FILE: return "path";
	case CONF_SECRET: return "secret text";
	case CONF_BOOL: return "true, false";
	case CONF_INT:
	case CONF_SIZE: return "number";
	case CONF_TIME: return "time";
	case CONF_LIST: return "list";
	case CONF_LEVEL: return "level";
	case CONF_FORMAT: return "format";
	case CONF_WORKERS:
	case CONF_MAP: return "map";
	case CONF_PROVIDERS:
	case CONF_OIDC:
	case CONF_ROOT_KEYS: return "list";
	case CONF_UNUSED:
	case CONF_REFUSED:
	default: return "";
	}
}

static void row(struct buf *out, const struct conf_row *r)
{
	bool ranged = r->kind == CONF_INT || r->kind == CONF_SIZE,
	     shown = r->fallback != NULL && r->kind != CONF_UNUSED;

	buf_printf(out, "| `%s` | %s | %s", r->key, r->ours ? "ours" : "", value_of(r));
	if (ranged)
		buf_printf(out, " %lld..%lld", (long long)r->lo, (long long)r->hi);
	buf_printf(out, " | %s%s%s | %s |\n", shown ? "`" : "", shown ? r->fallback : "", shown ? "`" : "", r->doc);
}

void conf_doc(struct buf *out)
{
	buf_str(out, head);
	for (size_t i = 0; i < conf_n_rows; i++)
		row(out, &conf_rows[i]);
	buf_str(out, tail);
}
