/* SPDX-License-Identifier: Apache-2.0 */
/* A provider that answers whatever it likes to every call the engine makes of it: code, refresh, exchange,
 * introspection, user info, look-ups, revocation.  A byte for the definition, one for the act; then the answers, each a
 * byte for fate and status, one for the content type, and a body up to "\n--\n".
 *
 * Beside what each call promises of its results: nothing secret is in what is kept for people, and what is sent, even
 * with values that a provider chose before, is a whole URL of https and headers of one line. */
#include "core/jdoc.h"
#include "core/text.h"
#include "core/url.h"
#include "core/ydoc.h"
#include "net/net.h"
#include "shipped.h"
#include <stdlib.h>
#include <string.h>

static const char own[] =
    "values: {authorize_url: 'https://as.test/a', token_url: 'https://as.test/t'}\n"
    "hosts: ['*.api.test']\n"
    "introspect: {url: 'https://as.test/introspect', auth: [basic], answer: {expires_at: $.exp, scope: $.scope}}\n"
    "exchange: {url: 'https://as.test/long', method: GET, omit: [client_id], params: {t: '{{access_token}}', s: "
    "'{{client_secret}}'}}\n"
    "user_info: {url: 'https://as.test/me', auth: [bearer]}\n"
    "revoke: {url: 'https://as.test/revoke', auth: [basic], ends: token}\n"
    "lookup:\n"
    "  - {url: 'https://as.test/sites', where: \"$.kind == 'jira'\", store: {cloud: $.id, base: $.host}, pick: first}\n"
    "  - {url: 'https://{{stored.base}}/me', store: {me: $.user.id}}\n";
static const struct sv secrets[] = { SV_INIT("client-s&cret/0123456789"), SV_INIT("old-refresh+token/abcdef"),
				     SV_INIT("old-access+token/9876543"), SV_INIT("the-c0de+/zyxwvutsrq"),
				     SV_INIT("verifier-verifier-verifier-verifier-verifier") };
enum { CLIENT, REFRESH, ACCESS, CODE, VERIFIER };

/* ---- net.h, linked in place of net/ ---- */
static struct sv answers;
static size_t calls;

static void well_formed(const struct net_call *call)
{
	struct ctx cx = *fuzz_ctx_now();
	struct url u;

	MUST(!IS_ERR(url_parse(&cx, call->url, "url", &u)) && u.https && !text_has_control(call->url));
	MUST(call->timeout > 0 && call->max_reply > 0 && call->method.n > 0 &&
	     !(call->redirects && call->once == NET_ONCE));
	for (size_t i = 0; i < call->n_headers; i++)
		MUST(call->headers[i].name.n > 0 && !text_has_control(call->headers[i].value));
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
		MUST(!sv_find(u.host, secrets[i], &(size_t){ 0 }) && !sv_find(u.path, secrets[i], &(size_t){ 0 }));
}

static struct sv next_answer(void)
{
	struct sv one = answers;
	size_t at;

	if (!sv_find(answers, SV("\n--\n"), &at)) {
		answers = SV_NONE;
		return one;
	}
	answers = sv_from(answers, at + 4);
	return sv_upto(one, at);
}

struct err net_call(struct ctx *cx, struct net *n, const struct net_call *call, struct net_reply *out)
{
	static const int statuses[] = { 200, 200, 201, 204, 302, 400, 401, 403, 404, 408, 410, 429, 500, 503 };
	static const char *const types[] = {
		"application/json", "application/x-www-form-urlencoded", "",
		"text/html",        "application/json; charset=utf-8",   "text/javascript"
	};
	static const enum net_fate fates[] = { NET_REFUSED, NET_NO_NAME, NET_NO_CONNECT, NET_NO_TLS,
					       NET_TIMEOUT, NET_CUT,     NET_TOO_LARGE,  NET_FAILED };
	struct sv a = next_answer();
	uint8_t how = a.n > 0 ? (uint8_t)a.p[0] : 0, type = a.n > 1 ? (uint8_t)a.p[1] : 0;

	(void)n;
	calls++;
	well_formed(call);
	*out = (struct net_reply){ .body = BUF(call->max_reply), .took = 1 };
	if (how >= 0xF0) {
		out->fate = fates[how & 7];
		out->sent = out->fate >= NET_TIMEOUT && out->fate <= NET_TOO_LARGE;
		return OK;
	}
	out->fate = NET_DONE;
	out->sent = true;
	out->status = statuses[how % ARRAY_LEN(statuses)];
	out->retry_after_s = type >> 4;
	MUST(sv_copy(sv_of(types[type % ARRAY_LEN(types)]), out->ct_, sizeof out->ct_));
	out->content_type = sv_of(out->ct_);
	if (call->want_header != NULL && (type & 8) != 0)
		MUST(sv_copy(SV("h1, h2"), out->header, sizeof out->header));
	buf_sv(&out->body, sv_from(a, 2));
	return buf_done(cx, &out->body, "reply");
}

void net_reply_clear(struct net_reply *r) { buf_free(&r->body); }

/* ---- what must hold afterwards ---- */
static bool sent[ARRAY_LEN(secrets)]; /* by this input: another's secret cannot be told from a word */
static void sends(bool code)
{
	sent[CLIENT] = true;
	sent[CODE] = sent[VERIFIER] = code;
	sent[REFRESH] = sent[ACCESS] = !code;
}
static void says(const char *z, size_t cap)
{
	MUST(memchr(z, '\0', cap) != NULL && text_is_utf8(sv_of(z)) && !text_has_control(sv_of(z)));
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
		MUST(!sent[i] || !sv_find(sv_of(z), secrets[i], &(size_t){ 0 }));
}

static void outcome(const struct wire_outcome *how)
{
	says(how->error, sizeof how->error);
	says(how->description, sizeof how->description);
	says(how->detail, sizeof how->detail);
	says(how->host, sizeof how->host);
	MUST(how->retry_after_s >= 0 && how->retry_after_s <= 86400);
	MUST(how->fate != WIRE_OK || how->reason == REASON_NONE);
}

static void token_set(const struct token_set *t, bool ok)
{
	MUST(ok == (t->access != NULL) && (ok || (t->refresh == NULL && t->rest == NULL)));
	if (!ok)
		return;
	MUST(secret_view(t->access).n > 0 && t->expires_at >= 0 && t->refresh_expires_at >= 0);
	MUST(t->scopes.n <= 512 && !text_has_control(t->account));
}

static void stored_is_json(struct sv stored)
{
	const struct node *n;

	if (stored.n > 0)
		MUST(!IS_ERR(jdoc_parse(fuzz_ctx_now(), stored, "stored", &n)) && n->kind == NODE_MAP);
}

/* ---- the acts ---- */
static struct secret *kept[ARRAY_LEN(secrets)];
static struct pdef *mine;

static void let_go(void)
{
	pdef_drop(&mine);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		secret_drop(&kept[i]);
}

static void start(void)
{
	CLEANUP(pdef_library_drop) struct pdef_library *library = NULL;
	struct ctx *cx = fuzz_ctx();
	struct node *more = NULL;

	MUST(!IS_ERR(pdef_library_load(cx, NULL, true, &library)) && !IS_ERR(ydoc_parse(cx, sv_of(own), "own", &more)));
	const struct node *tree = node_merge(cx->arena, pdef_library_find(library, SV("oauth2")), more);
	MUST(tree != NULL && !IS_ERR(pdef_load(cx, tree, &(struct pdef_how){ .id = "oauth2" }, &mine)));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		MUST((kept[i] = secret_copy(secrets[i])) != NULL);
	MUST(atexit(let_go) == 0);
}

static struct err obtain(struct ctx *cx, const struct wire_client *c, bool refresh, struct token_set *set,
			 struct wire_outcome *how)
{
	static struct sv granted[] = { SV_INIT("identify"), SV_INIT("guilds") };

	if (refresh)
		return wire_refresh(
		    cx, c, &(struct wire_refresh){ kept[REFRESH], kept[ACCESS], { granted, 2 }, { .timeout = SEC(5) } },
		    set, how);
	return wire_redeem(
	    cx, c, &(struct wire_redeem){ secrets[CODE], secrets[VERIFIER], { granted, 2 }, { .timeout = SEC(5) } },
	    set, how);
}

/* Everything that follows a fresh grant, in the order of the callback. */
static void follow(struct ctx *cx, const struct wire_client *c, struct token_set *set)
{
	struct wire_outcome how;
	struct wire_user user;

	MUST(!IS_ERR(wire_exchange(cx, c, set, &how)));
	outcome(&how);
	token_set(set, true);
	MUST(!IS_ERR(wire_introspect(cx, c, set, &how)));
	outcome(&how);
	MUST(!IS_ERR(wire_lookup(cx, c, set, &how)));
	outcome(&how);
	token_set(set, true);
	stored_is_json(set->stored);
	struct err e = wire_user_info(cx, c, set, &user, &how);
	fuzz_outcome(cx, e);
	MUST(!IS_ERR(e) || e.code == E_TOO_LARGE);
	outcome(&how);
	MUST(!text_has_control(user.account) && !text_has_control(user.name) && !text_has_control(user.email));
	MUST(how.fate == WIRE_OK || IS_ERR(e) || user.json == NULL);
	wire_user_clear(&user);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_outcome how;

	if (size < 2)
		return 0;
	if (mine == NULL)
		start();
	const struct pdef *d = (data[0] & 7) == 7 ? mine : shipped(data[0] & 7);
	struct ctx *cx = fuzz_ctx();
	struct wire_client c = shipped_client(d, kept[CLIENT]);
	c.net = (struct net *)(void *)&calls; /* never looked into */
	answers = fuzz_sv(data + 2, size - 2);
	calls = 0;
	if ((data[1] & 1) != 0) {
		sends(false);
		MUST(!IS_ERR(wire_revoke(cx, &c, &(struct wire_revoke){ kept[ACCESS], kept[REFRESH] }, &how)));
		outcome(&how);
		MUST(!IS_ERR(wire_probe(cx, &c, (data[0] & 8) != 0 ? WIRE_AUTHORIZE : WIRE_TOKEN, &how)));
		outcome(&how);
	}
	sends((data[1] & 2) == 0);
	MUST(!IS_ERR(obtain(cx, &c, (data[1] & 2) != 0, &set, &how)));
	outcome(&how);
	token_set(&set, how.fate == WIRE_OK);
	if (how.fate == WIRE_OK)
		follow(cx, &c, &set);
	MUST(calls <= 16);
	return 0;
}
