/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run.c: tokenbooth tool run: asks for what is missing, shows the link, waits, runs, prints. */
#include "app/ask.h"
#include "app/cmd.h"
#include "app/term.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include <stdio.h>
#include <unistd.h>

enum { BODY_BYTES = 1 << 20, LINE_BYTES = 4096, WAIT_S = 45 };

struct run {
	struct cli *cli;
	struct client *client;
	const struct node *parameters; /* of the tool */
};
static struct err call(const struct run *r, const char *method, const struct client_path *at, struct sv body,
		       struct client_answer *out)
{
	const char *path = client_path(r->cli, at);

	if (path == NULL)
		return fail(r->cli->cx, E_INTERNAL, "out of memory", "path");
	return client_call(r->cli, r->client, &(struct client_ask){ method, path, body }, out);
}

/* ---- inputs ---- */
/* Text as text; of every other type JSON. */
static struct err put(const struct run *r, struct jout *w, const struct node *p, struct sv value)
{
	struct sv type = node_text(node_path(p, SV("value_schema.val_type"))), name = node_text_at(p, "name");
	struct ctx *cx = r->cli->cx;
	const struct node *n;

	jout_key(w, name);
	if (sv_eqz(type, "string")) {
		jout_str(w, NULL, value);
		return OK;
	}
	if (IS_ERR(jdoc_parse(cx, value, "the input", &n))) {
		(void)forgive(cx);
		return cli_usage(r->cli, "input %.*s must be JSON of type %.*s", SV_FMT(name), SV_FMT(type));
	}
	jout_node(w, NULL, n);
	return OK;
}
static struct sv given(const struct cli *cli, struct sv name)
{
	for (size_t i = 0; i < cli->n_inputs; i++) {
		struct sv rest = sv_of(cli->inputs[i]), key = sv_cut(&rest, '=');

		if (sv_eq(key, name))
			return rest.p == NULL ? SV("") : rest;
	}
	return SV_NONE;
}
static struct err ask_for(const struct run *r, const struct node *p, struct sv *out)
{
	CLEANUP(buf_free) struct buf prompt = BUF(BODY_BYTES);
	struct sv name = node_text_at(p, "name"), about = node_text_at(p, "description");
	char line[LINE_BYTES];

	if (isatty(STDIN_FILENO) == 0)
		return cli_usage(r->cli, "input %.*s is missing: --input %.*s=...", SV_FMT(name), SV_FMT(name));
	term_plain(&prompt, name);
	buf_str(&prompt, " (");
	term_plain(&prompt, about.n > 0 ? about : name);
	TRY(buf_done(r->cli->cx, &prompt, "the prompt"));
	term_note(r->cli->cx, "%.*s): ", SV_FMT(buf_view(&prompt)));
	if (fgets(line, sizeof line, stdin) == NULL)
		return refuse(r->cli->cx, E_BAD_INPUT, "nothing was typed for %.*s", SV_FMT(name));
	*out = arena_sv(r->cli->cx->arena, sv_trim(sv_of(line)));
	return out->p == NULL ? fail(r->cli->cx, E_INTERNAL, "out of memory", "input") : OK;
}
static bool known(const struct run *r, struct sv name)
{
	for (const struct node *p = r->parameters == NULL ? NULL : r->parameters->first; p != NULL; p = p->next)
		if (sv_eq(node_text_at(p, "name"), name))
			return true;
	return false;
}
static struct err put_inputs(const struct run *r, struct jout *w)
{
	for (size_t i = 0; i < r->cli->n_inputs; i++) {
		struct sv rest = sv_of(r->cli->inputs[i]), key = sv_cut(&rest, '=');

		if (rest.p == NULL || !known(r, key))
			return cli_usage(r->cli, "--input must be NAME=VALUE with an input of the tool: %s",
					 r->cli->inputs[i]);
	}
	jout_open(w, "input");
	for (const struct node *p = r->parameters == NULL ? NULL : r->parameters->first; p != NULL; p = p->next) {
		const struct node *must = node_get(p, "required");
		struct sv value = given(r->cli, node_text_at(p, "name"));

		if (value.p == NULL && must != NULL && must->kind == NODE_BOOL && must->b)
			TRY(ask_for(r, p, &value));
		if (value.p != NULL)
			TRY(put(r, w, p, value));
	}
	jout_close(w);
	return OK;
}
static void put_who(const struct run *r, struct jout *w)
{
	jout_strz(w, "tool_name", r->cli->args[0]);
	if (cli_has(r->cli, OPT_USER))
		jout_strz(w, "user_id", r->cli->opt[OPT_USER]);
}

/* ---- consent ---- */
static struct err wait_for(const struct run *r, struct sv id)
{
	CLEANUP(buf_free) struct buf q = BUF(1024);
	struct client_answer a;
	struct sv status = SV("pending");

	form_add(&q, SV("id"), id);
	buf_printf(&q, "&wait=%d", WAIT_S);
	const char *rest = arena_printf(r->cli->cx->arena, "auth/status?%.*s", SV_FMT(buf_view(&q)));
	if (rest == NULL)
		return fail(r->cli->cx, E_INTERNAL, "out of memory", "path");
	while (sv_eqz(status, "pending")) {
		TRY(call(r, "GET", &(struct client_path){ "/v1", rest, NULL }, SV_NONE, &a));
		status = node_text_at(a.json, "status");
	}
	return sv_eqz(status, "completed") ? OK : refuse(r->cli->cx, E_FORBIDDEN, "the user did not agree");
}
static struct err agreed(const struct run *r)
{
	CLEANUP(buf_free) struct buf b = BUF(BODY_BYTES);
	struct jout w = JOUT(&b);
	struct client_answer a;

	jout_open(&w, NULL);
	put_who(r, &w);
	jout_close(&w);
	TRY(jout_done(r->cli->cx, &w));
	TRY(call(r, "POST", &(struct client_path){ "/v1", "tools/authorize", NULL }, buf_view(&b), &a));
	struct sv url = node_text_at(a.json, "url");
	if (sv_eqz(node_text_at(a.json, "status"), "completed"))
		return OK;
	term_note(r->cli->cx, "%s has to agree first.  Open:\n\n    %.*s\n\nWaiting ...\n",
		  cli_has(r->cli, OPT_USER) ? r->cli->opt[OPT_USER] : "The user", SV_FMT(url));
	return wait_for(r, node_text_at(a.json, "id"));
}

/* ---- the answer ---- */
static struct err print(const struct run *r, const struct client_answer *a)
{
	CLEANUP(buf_free) struct buf b = BUF(64 << 20);
	const struct node *ok = node_get(a->json, "success"), *value = node_path(a->json, SV("output.value"));
	struct sv why = node_text(node_path(a->json, SV("output.error.message")));
	bool success = ok != NULL && ok->kind == NODE_BOOL && ok->b;
	struct jout w = JOUT(&b);

	r->cli->status = success ? CLI_DONE : CLI_FAILED;
	if (cli_has(r->cli, OPT_JSON))
		return show_json(r->cli, a);
	if (!success)
		return refuse(r->cli->cx, E_UPSTREAM, "the tool failed: %.*s",
			      SV_FMT(sv_upto(why.p == NULL ? SV("no reason was given") : why, 300)));
	if (value != NULL && value->kind == NODE_TEXT)
		buf_sv(&b, value->text);
	else
		jout_node(&w, NULL, value);
	buf_char(&b, '\n');
	TRY(buf_done(r->cli->cx, &b, "the answer"));
	return cli_print(r->cli, buf_view(&b));
}
static struct err body_of(const struct run *r, struct buf *out)
{
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	put_who(r, &w);
	TRY(put_inputs(r, &w));
	jout_close(&w);
	return jout_done(r->cli->cx, &w);
}
struct err cmd_tool_run(struct cli *cli)
{
	CLEANUP(client_drop) struct client *client = NULL;
	CLEANUP(buf_free) struct buf body = BUF(BODY_BYTES);
	struct run r = { .cli = cli };
	struct client_answer tool, done;

	TRY(client_open(cli, &client));
	r.client = client;
	TRY(call(&r, "GET", &(struct client_path){ "/v1", "tools", cli->args[0] }, SV_NONE, &tool));
	r.parameters = node_path(tool.json, SV("input.parameters"));
	TRY(body_of(&r, &body));
	TRY(agreed(&r));
	TRY(call(&r, "POST", &(struct client_path){ "/v1", "tools/execute", NULL }, buf_view(&body), &done));
	return print(&r, &done);
}
