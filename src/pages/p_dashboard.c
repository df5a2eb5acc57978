/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/p_dashboard.h"
#include "core/text.h"
#include "domain/connections.h"
#include "domain/keys.h"
#include "domain/people.h"
#include "domain/policy.h"
#include "domain/projects.h"
#include "domain/settings.h"
#include "pages/html.h"
#include "pages/visitor.h"
#include <inttypes.h>
#include <stdio.h>

struct state {
	struct account account;
	struct project project;
	enum role role;
	struct provider_list providers;
	int64_t connections, keys;
	struct verification verification;
};

static bool may(const struct state *s, const char *action) { return policy_allows(POLICY_MEMBER, s->role, action); }

static struct err look(struct request *rq, struct state *s)
{
	struct connection_views c = { .n = 0 };
	struct key_list k = { .n = 0 };

	TRY(project_find(rq->cx, rq->en, SV_NONE, SV("default"), &s->project));
	TRY(people_role(rq->cx, rq->en, sv_of(s->project.id), sv_of(s->account.id), &s->role));
	if (!may(s, "providers:read"))
		return OK;
	TRY(providers_list(rq->cx, rq->en, sv_of(s->project.id), &s->providers));
	TRY(connections_list(rq->cx, rq->en,
			     &(struct connection_filter){ .project_id = sv_of(s->project.id), .limit = 1 }, &c));
	s->connections = c.total;
	if (may(s, "keys:read"))
		TRY(key_list(rq->cx, rq->en, sv_of(s->project.id), &(struct page){ .limit = 1 }, &k));
	s->keys = k.total;
	return settings_verification(rq->cx, rq->en, sv_of(s->project.id), &s->verification);
}

static void tile(struct html *h, int64_t n, struct sv words)
{
	char z[24];

	(void)snprintf(z, sizeof z, "%" PRId64, n);
	HTMLF(h, "<li><span class=\"n\">{}</span><span class=\"w\">{}</span></li>", sv_of(z), words);
}

static void tiles(struct html *h, const struct state *s)
{
	HTML(h, "<ul class=\"tiles\">");
	tile(h, (int64_t)s->providers.n, s->providers.n == 1 ? SV("provider") : SV("providers"));
	tile(h, s->connections, s->connections == 1 ? SV("connected user") : SV("connected users"));
	if (may(s, "keys:read"))
		tile(h, s->keys, s->keys == 1 ? SV("API key") : SV("API keys"));
	HTML(h, "</ul>");
}

static void providers(struct html *h, const struct state *s)
{
	if (s->providers.n == 0)
		return;
	HTML(h, "<section class=\"panel\"><h2>Providers</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		"aria-label=\"Providers\"><table><thead><tr><th "
		"scope=\"col\">Id</th>"
		"<th scope=\"col\">Kind</th><th scope=\"col\">Status</th><th scope=\"col\">Redirect "
		"address</th></tr></thead><tbody>");
	for (size_t i = 0; i < s->providers.n; i++) {
		const struct provider *p = s->providers.v[i];
		HTMLF(h, "<tr><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>", sv_of(p->unique_id),
		      sv_of(p->def->name), p->active ? SV("active") : SV("inactive"), sv_of(p->redirect_uri));
	}
	HTML(h, "</tbody></table></div></section>");
}

static void verifier(struct html *h, const struct state *s)
{
	HTML(h, "<section class=\"panel\"><h2>User verification</h2>");
	if (s->verification.verifier_url.n > 0)
		HTMLF(h, "<p>Your own page decides who came back from a consent: <code>{}</code></p>",
		      s->verification.verifier_url);
	else
		HTML(h, "<p>Built in: whoever comes back from a consent signs in here, and the account's email must be "
			"the app's "
			"<code>user_id</code>. For your own users, set a custom verifier:</p>"
			"<pre><code>curl -X PUT \"$ARCADE_BASE_URL/v1/admin/settings/session_verification\" \\\n"
			"  -H \"Authorization: Bearer $ARCADE_API_KEY\" -H 'Content-Type: application/json' \\\n"
			"  -d '{\"verifier_url\": \"https://app.example/verify\"}'</code></pre>");
	HTML(h, "</section>");
}

static void steps(struct html *h, const struct request *rq)
{
	HTML(h, "<section class=\"panel\"><h2>First steps</h2><ol class=\"steps\"><li>Make an API key on the engine's "
		"machine:"
		"<pre><code>tokenbooth key create my-app</code></pre></li>");
	HTMLF(h,
	      "<li>Tell your app where the engine is:<pre><code>export ARCADE_BASE_URL={}\nexport "
	      "ARCADE_API_KEY=arc_...</code>"
	      "</pre></li>",
	      sv_of(rq->en->config->public_url));
	HTML(h, "<li>Add a provider with the client id and secret it gave you; register the redirect address that is "
		"printed:"
		"<pre><code>tokenbooth provider add my-discord --type discord \\\n"
		"  --client-id CLIENT_ID --client-secret-file -</code></pre></li>"
		"<li>Ask for a token, and give your user the link that comes back:"
		"<pre><code>curl \"$ARCADE_BASE_URL/v1/auth/authorize\" \\\n"
		"  -H \"Authorization: Bearer $ARCADE_API_KEY\" \\\n"
		"  -H 'Content-Type: application/json' -d '{\n"
		"    \"user_id\": \"alice@example.com\",\n"
		"    \"auth_requirement\": {\"provider_id\": \"discord\",\n"
		"                         \"oauth2\": {\"scopes\": [\"identify\"]}}\n"
		"  }'</code></pre></li></ol></section>");
}

static void page(struct request *rq, const struct state *s)
{
	char csrf[CSRF_TEXT];

	people_csrf(rq->en, visitor_cookie(rq, VISITOR_SESSION), csrf);
	struct html h = html_begin(rq, &(struct html_page){ .title = "Dashboard",
							    .status = 200,
							    .account_email = sv_of(s->account.email),
							    .csrf = sv_of(csrf),
							    .wide = true });
	HTML(&h, "<h1>Dashboard</h1>");
	if (!may(s, "providers:read")) {
		HTML(&h, "<section class=\"panel\"><p>You are signed in. This account may confirm connections of its "
			 "own; there is "
			 "nothing to administer here.</p></section>");
		html_end(&h);
		return;
	}
	HTMLF(&h, "<p class=\"soft\">Project <code>{}</code>, role {}.</p>", sv_of(s->project.id),
	      sv_of(role_name(s->role)));
	tiles(&h, s);
	providers(&h, s);
	verifier(&h, s);
	steps(&h, rq);
	html_end(&h);
}

struct err p_dashboard_show(struct request *rq)
{
	struct state s = { .role = ROLE_NONE };
	bool in;

	if (visitor_moved(rq))
		return OK;
	TRY(visitor_account(rq, &s.account, &in));
	if (!in) {
		http_redirect(rq, SV("/sign-in?return=%2Fdashboard"));
		return OK;
	}
	TRY(look(rq, &s));
	page(rq, &s);
	return OK;
}

struct err p_dashboard_root(struct request *rq)
{
	http_redirect(rq, SV("/dashboard"));
	return OK;
}
