/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_servers.c: what the engine itself tries when it is asked to: its tool servers, and, only with
 * --try-credentials, what its providers say to its client ids and secrets. */
#include "app/ask.h"
#include "app/doctor.h"
#include "core/arena.h"
#include "core/text.h"
#include <string.h>

enum { PAGE = 100 };

static const struct node *items_of(struct doctor *d, const char *check, const char *rest)
{
	struct client_answer a;

	if (rest != NULL &&
	    !IS_ERR(ask_over(d->cli, d->client, &(struct ask){ "GET", { "/v1", rest, NULL }, SV_NONE }, &a)))
		return node_get(a.json, "items");
	doctor_say(d, check, DOCTOR_SKIPPED, "", "not looked at: %s",
		   rest == NULL ? "out of memory" : d->cli->cx->cause.say);
	(void)forgive(d->cli->cx);
	return NULL;
}

/* ---- tool servers ---- */
static void server(struct doctor *d, const struct node *s)
{
	struct sv id = node_text_at(s, "id");
	const char *name = arena_printf(d->cli->cx->arena, "server %.*s", SV_FMT(id));
	struct client_answer a;

	if (name == NULL)
		return;
	if (!ask_true(s, "enabled")) {
		doctor_say(d, name, DOCTOR_SKIPPED, "", "it is disabled");
		return;
	}
	if (IS_ERR(ask_part(d->cli, d->client, &(struct ask_part){ "GET", "/v1", "workers", id, "health" }, &a))) {
		doctor_say(d, name, DOCTOR_FAILED, "", "%s", d->cli->cx->cause.say);
		(void)forgive(d->cli->cx);
		return;
	}
	struct sv but = ask_beside_ok(a.json);
	if (!ask_true(a.json, "healthy"))
		doctor_say(d, name, DOCTOR_FAILED,
			   "start it, or correct its address: remove it and add it again; the engine goes on asking",
			   "it does not answer: %.*s", SV_FMT(node_text_at(a.json, "message")));
	else if (but.n > 0)
		doctor_say(d, name, DOCTOR_WARNING, "", "it answers, but %.*s", SV_FMT(but));
	else
		doctor_say(d, name, DOCTOR_OK, "", "it answers");
}
void doctor_servers(struct doctor *d)
{
	for (size_t at = 0; d->client != NULL; at += PAGE) {
		const struct node *items =
		    items_of(d, "servers", arena_printf(d->cli->cx->arena, "workers?limit=%d&offset=%zu", PAGE, at));

		for (const struct node *s = items == NULL ? NULL : items->first; s != NULL; s = s->next)
			server(d, s);
		if (items == NULL || items->n < PAGE)
			return;
	}
}

/* ---- credentials ---- */
static const char *kept(struct doctor *d, struct sv v)
{
	const char *z = v.p == NULL ? NULL : arena_text(d->cli->cx->arena, v);

	return z == NULL ? "" : z;
}
static void told(struct doctor *d, const char *name, const struct node *check)
{
	struct sv outcome = node_text_at(check, "outcome"), cause = node_text_at(check, "cause");
	const char *mend = kept(d, node_text_at(check, "fix")), *what = kept(d, node_text_at(check, "name"));

	if (sv_eqz(outcome, "unknown") && strcmp(what, "redirect_uri") == 0)
		return; /* which one to register is said above */
	if (sv_eqz(outcome, "passed"))
		doctor_say(d, name, DOCTOR_OK, "", "%s: passed", what);
	else
		doctor_say(d, name, sv_eqz(outcome, "failed") ? DOCTOR_FAILED : DOCTOR_WARNING, mend, "%s: %s", what,
			   kept(d, cause));
}
static void try_provider(struct doctor *d, const struct node *p)
{
	struct sv id = node_text_at(p, "id");
	const char *name = arena_printf(d->cli->cx->arena, "provider %.*s", SV_FMT(id));
	struct client_answer a;

	if (name == NULL || node_get(p, "reason") != NULL) /* out of use: said already */
		return;
	if (IS_ERR(ask_part(d->cli, d->client, &(struct ask_part){ "POST", "/tb/v1", "providers", id, "test" }, &a))) {
		doctor_say(d, name, DOCTOR_FAILED, "", "its credentials could not be tried: %s", d->cli->cx->cause.say);
		(void)forgive(d->cli->cx);
		return;
	}
	const struct node *checks = node_get(a.json, "checks");
	for (const struct node *c = checks == NULL ? NULL : checks->first; c != NULL; c = c->next)
		told(d, name, c);
}
void doctor_credentials(struct doctor *d)
{
	const struct node *items;

	if (d->client == NULL)
		return;
	items = items_of(d, "credentials", "admin/auth_providers");
	if (items == NULL || items->n == 0)
		return;
	if (!cli_has(d->cli, OPT_TRY_CREDENTIALS)) {
		doctor_say(d, "credentials", DOCTOR_SKIPPED, "",
			   "whether providers believe the client ids and secrets was not tried: --try-credentials");
		return;
	}
	for (const struct node *p = items->first; p != NULL; p = p->next)
		try_provider(d, p);
}
