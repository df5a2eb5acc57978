/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_peers.c: providers and verifier, called as the engine calls them but without credentials; and the clock they
 * show. */
#include "app/doctor.h"
#include "app/version.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/text.h"
#include "core/url.h"
#include "net/net.h"
#include <inttypes.h>
#include <stdlib.h>

enum { REPLY_BYTES = 4 << 20, CLOCK_MOST_S = 60 };

bool doctor_net(struct doctor *d)
{
	const struct config *c = d->config;

	if (d->out != NULL)
		return true;
	if (c == NULL)
		return false;
	struct net_how how = { .ssrf_allowlist = c->ssrf_allowlist,
			       .connect_to = c->connect_to,
			       .ca_file = c->ca_file,
			       .proxy = c->proxy,
			       .development = c->development,
			       .user_agent = "tokenbooth/" VERSION_TEXT };
	if (!IS_ERR(net_start(d->cli->cx, &how, &d->out)))
		return true;
	doctor_say(d, "network", DOCTOR_FAILED, "correct the section network of engine.yaml", "%s",
		   d->cli->cx->cause.say);
	(void)forgive(d->cli->cx);
	return false;
}

bool doctor_reach(struct doctor *d, struct sv url, struct net_reply *r)
{
	struct net_call call = {
		.purpose = "doctor", .method = SV("GET"), .url = url, .timeout = SEC(10), .max_reply = REPLY_BYTES
	};
	int64_t before = clock_now();

	if (IS_ERR(net_call(d->cli->cx, d->out, &call, r))) {
		(void)forgive(d->cli->cx);
		return false;
	}
	if (r->fate == NET_DONE && r->server_date != 0) {
		d->clock_off = before - r->server_date;
		d->clock_known = true;
	}
	return r->fate == NET_DONE || r->fate == NET_TOO_LARGE;
}

const char *doctor_mend(int fate)
{
	switch ((enum net_fate)fate) {
	case NET_REFUSED: return "name the host in security.ssrf_allowlist if it is meant, and use https";
	case NET_NO_NAME: return "correct the host's name, or this machine's name server";
	case NET_NO_TLS: return "correct the clock, or name the provider's authority in network.ca_file";
	case NET_NO_CONNECT:
	case NET_TIMEOUT: return "let this machine reach it: firewall, network.proxy, or the provider is down";
	case NET_DONE:
	case NET_CUT:
	case NET_TOO_LARGE:
	case NET_NOT_SENT:
	case NET_FAILED:
	default: return "try again later";
	}
}

static void check_provider(struct doctor *d, const struct node *p)
{
	CLEANUP(net_reply_clear) struct net_reply r = { .fate = NET_FAILED };
	struct sv id = node_text_at(p, "id"), url = node_text(node_path(p, SV("oauth2.token_request.endpoint")));
	struct sv redirect = node_text(node_path(p, SV("oauth2.redirect_uri")));
	const char *name = arena_printf(d->cli->cx->arena, "provider %.*s", SV_FMT(id));
	size_t at;

	if (name == NULL)
		return;
	if (node_get(p, "reason") != NULL) {
		doctor_say(d, name, DOCTOR_FAILED,
			   arena_text(d->cli->cx->arena, node_text(node_path(p, SV("reason.fix")))),
			   "it is out of use: %.*s", SV_FMT(node_text(node_path(p, SV("reason.cause")))));
		return;
	}
	if (d->remote) {
		doctor_say(
		    d, name, DOCTOR_SKIPPED, "",
		    "not called from here: only the engine's own machine does, or --try-credentials; registered there "
		    "must be %.*s",
		    SV_FMT(redirect));
		return;
	}
	if (url.p == NULL)
		return;
	if (sv_find(url, SV("{"), &at)) {
		doctor_say(d, name, DOCTOR_SKIPPED, "", "its token endpoint depends on the connection");
		return;
	}
	if (doctor_reach(d, url, &r))
		doctor_say(d, name, DOCTOR_OK, "",
			   "its token endpoint answers; registered there must be %.*s (only a first consent shows "
			   "whether it is)",
			   SV_FMT(redirect));
	else
		doctor_say(d, name, DOCTOR_FAILED, doctor_mend(r.fate), "its token endpoint cannot be reached: %s",
			   r.detail);
}

static bool get(struct doctor *d, const char *rest, struct client_answer *a)
{
	const char *path = client_path(d->cli, &(struct client_path){ "/v1", rest, NULL });

	if (path == NULL || IS_ERR(client_call(d->cli, d->client, &(struct client_ask){ "GET", path, SV_NONE }, a))) {
		doctor_say(d, "engine", DOCTOR_FAILED, "", "%s", d->cli->cx->cause.say);
		(void)forgive(d->cli->cx);
		return false;
	}
	return true;
}

void doctor_providers(struct doctor *d)
{
	struct client_answer a;

	if (d->client == NULL || !get(d, "admin/auth_providers", &a))
		return;
	const struct node *items = node_get(a.json, "items");
	if (items == NULL || items->n == 0) {
		doctor_say(d, "providers", DOCTOR_WARNING,
			   "add one: tokenbooth provider add ID --type discord --client-id ...",
			   "there is no provider yet");
		return;
	}
	if (!d->remote && !doctor_net(d))
		return;
	for (const struct node *p = items->first; p != NULL; p = p->next)
		check_provider(d, p);
}

void doctor_verifier(struct doctor *d)
{
	CLEANUP(net_reply_clear) struct net_reply r = { .fate = NET_FAILED };
	struct client_answer a;
	struct url u;

	if (d->client == NULL || !get(d, "admin/settings/session_verification", &a))
		return;
	struct sv url = node_text_at(a.json, "verifier_url");
	if (url.n == 0) {
		doctor_say(d, "verifier", DOCTOR_OK, "",
			   "the built-in one: users sign in here to confirm who they are");
		return;
	}
	if (d->remote || IS_ERR(url_parse(d->cli->cx, url, "url", &u)) || !doctor_net(d)) {
		doctor_say(d, "verifier", DOCTOR_SKIPPED, "",
			   "%.*s was not called: only the engine's own machine, with its configuration, does that",
			   SV_FMT(url));
		return;
	}
	/* The browser calls it, not the engine: from here it is looked at without the egress guard. */
	struct net *n = NULL;
	struct net_how how = { .ssrf_allowlist = { &u.host, 1 },
			       .connect_to = d->config->connect_to,
			       .ca_file = d->config->ca_file,
			       .development = true,
			       .user_agent = "tokenbooth/" VERSION_TEXT };
	struct net_call call = {
		.purpose = "doctor", .method = SV("GET"), .url = url, .timeout = SEC(10), .max_reply = REPLY_BYTES
	};
	bool good = !IS_ERR(net_start(d->cli->cx, &how, &n)) && !IS_ERR(net_call(d->cli->cx, n, &call, &r)) &&
		    (r.fate == NET_DONE || r.fate == NET_TOO_LARGE);
	net_free(n);
	if (good)
		doctor_say(d, "verifier", DOCTOR_OK, "", "%.*s answers", SV_FMT(url));
	else
		doctor_say(d, "verifier", DOCTOR_FAILED,
			   "start the app that verifies users, or correct its address (verifier.url, or "
			   "session_verification by the API)",
			   "%.*s cannot be reached: %s", SV_FMT(url), r.detail);
}

void doctor_clock(struct doctor *d)
{
	int64_t off_s = d->clock_off / SEC(1);

	if (!doctor_here(d, "clock"))
		return;
	if (!d->clock_known)
		doctor_say(d, "clock", DOCTOR_SKIPPED, "", "nobody answered who could tell the time");
	else if (off_s > CLOCK_MOST_S || off_s < -CLOCK_MOST_S)
		doctor_say(d, "clock", DOCTOR_FAILED, "set this machine's clock (systemd-timesyncd, chrony)",
			   "it is %" PRId64 " s %s of the providers'", off_s < 0 ? -off_s : off_s,
			   off_s < 0 ? "behind" : "ahead");
	else
		doctor_say(d, "clock", DOCTOR_OK, "", "it agrees with the providers'");
}
