/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/provider_check.h"
#include "core/arena.h"
#include "core/rnd.h"
#include "core/text.h"
#include "core/url.h"
#include "store/store_event.h"
#include "wire/wire.h"

const char *provider_check_word(enum check_outcome o)
{
	static const char *const words[] = { "passed", "failed", "unknown" };

	return words[o];
}

static struct provider_check *add(struct provider_checks *l, const char *name, enum check_outcome o)
{
	struct provider_check *c = &l->v[l->n++];

	*c = (struct provider_check){ .name = name, .outcome = o };
	l->ok = l->ok && o != CHECK_FAILED;
	return c;
}
static void why(struct provider_check *c, const char *cause, const char *fix)
{
	c->cause = sv_of(cause);
	c->fix = sv_of(fix);
}
static struct sv kept(struct ctx *cx, const char *z) { return z[0] == '\0' ? SV_NONE : arena_sv(cx->arena, sv_of(z)); }
static void story(struct ctx *cx, struct provider_check *c, const struct wire_outcome *how)
{
	char *answer = how->status == 0 ? arena_printf(cx->arena, "%s", how->detail)
					: arena_printf(cx->arena, "%d %s", how->status, how->answered);

	c->asked = kept(cx, how->asked);
	c->answered = answer == NULL ? SV_NONE : kept(cx, answer);
}

/* ---- what is known without asking ---- */
static void status(const struct provider *p, struct provider_checks *out)
{
	struct provider_check *c = add(out, "status", p->active ? CHECK_PASSED : CHECK_FAILED);

	if (p->refused != NULL)
		why(c, p->refused, p->refused_fix);
	else if (!p->active)
		why(c, "The provider is switched off.", "Set its status to active.");
}
static struct err redirect(struct ctx *cx, const struct provider *p, struct provider_checks *out)
{
	struct url u;
	bool good;

	TRY(url_look(cx, sv_of(p->redirect_uri), &u, &good));
	good = good && (u.https || u.loopback);
	struct provider_check *c = add(out, "redirect_uri", good ? CHECK_UNKNOWN : CHECK_FAILED);
	const char *fix = arena_printf(cx->arena, "Register exactly this redirect address there: %s", p->redirect_uri);

	c->asked = sv_of(p->redirect_uri);
	if (good)
		why(c, "Only a first consent shows whether the provider knows the redirect address.",
		    fix == NULL ? "" : fix);
	else
		why(c, "The engine's public address is neither https nor loopback: providers refuse such redirects.",
		    "Serve it over https and set api.public_host.");
	return OK;
}

/* ---- what is asked ---- */
static struct err reach(struct ctx *cx, const struct wire_client *client, enum wire_place place,
			struct provider_checks *out)
{
	struct wire_outcome how;
	struct provider_check *c;

	struct err e = wire_probe(cx, client, place, &how);
	if (IS_ERR(e) && e.code != E_CONFIG && e.code != E_UPSTREAM)
		return e;
	bool up = !IS_ERR(e) && how.fate == WIRE_OK && how.status > 0 && how.status < 500;
	c = add(out, place == WIRE_TOKEN ? "token_url" : "authorize_url", up ? CHECK_PASSED : CHECK_FAILED);
	if (IS_ERR(e)) { /* the address cannot even be made: a value of the connection is wanting */
		c->outcome = CHECK_UNKNOWN;
		c->cause = kept(cx, cx->cause.say);
		return forgive(cx);
	}
	story(cx, c, &how);
	if (!up)
		why(c,
		    how.fate == WIRE_OK ? "The provider answers with an error of its own."
					: "The provider cannot be reached.",
		    "Correct the address, let this machine reach it (firewall, network.proxy, network.ca_file, "
		    "security.ssrf_allowlist), or wait until the provider is up.");
	return OK;
}

/* invalid_grant says that the client was believed before the code was not (RFC 6749 section 5.2). */
static void judge(struct ctx *cx, const struct wire_outcome *how, struct provider_checks *out)
{
	enum check_outcome o = how->fate == WIRE_DEAD     ? CHECK_PASSED
			       : how->fate == WIRE_CONFIG ? CHECK_FAILED
							  : CHECK_UNKNOWN;
	struct provider_check *c = add(out, "credentials", o);

	story(cx, c, how);
	if (o == CHECK_PASSED)
		return;
	if (o == CHECK_FAILED) {
		why(c, how->cause != NULL ? how->cause : reason_cause(how->reason),
		    how->fix != NULL ? how->fix : reason_fix(how->reason));
		return;
	}
	why(c,
	    how->fate == WIRE_OK ? "The provider took a made-up code."
				 : "The provider did not say whether it believes the client.",
	    "Try a consent yourself: its timeline says what the provider answers.");
}
static struct err credentials(struct ctx *cx, const struct wire_client *client, struct provider_checks *out)
{
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_outcome how = { .fate = WIRE_OK };
	char code[TOKEN_TEXT], verifier[TOKEN_TEXT];

	id_token(code);
	id_token(verifier);
	struct wire_redeem ask = { .code = sv_of(code), .verifier = sv_of(verifier), .gate = { .timeout = SEC(15) } };
	struct err e = wire_redeem(cx, client, &ask, &set, &how);
	if (e.code == E_CONFIG || e.code == E_UPSTREAM) { /* the definition or the client cannot even ask */
		struct provider_check *c = add(out, "credentials", CHECK_FAILED);

		c->cause = kept(cx, cx->cause.say);
		return forgive(cx);
	}
	TRY(e);
	judge(cx, &how, out);
	return OK;
}

struct err provider_check_run(struct ctx *cx, struct engine *en, const struct provider_check_ask *in,
			      struct provider_checks *out)
{
	const struct provider *p = in->p;
	CLEANUP(secret_drop) struct secret *secret = NULL;
	struct wire_client client = { .net = en->net,
				      .def = p->def,
				      .client_id = sv_of(p->client_id),
				      .redirect_uri = sv_of(p->redirect_uri),
				      .stored = SV("") };

	*out = (struct provider_checks){ .ok = true };
	status(p, out);
	TRY(redirect(cx, p, out));
	if (p->refused == NULL) {
		TRY(providers_secret(cx, en, p, &secret));
		client.client_secret = secret;
		TRY(reach(cx, &client, WIRE_AUTHORIZE, out));
		TRY(reach(cx, &client, WIRE_TOKEN, out));
		TRY(credentials(cx, &client, out));
	}
	return store_event_log(cx, en->store,
			       &(struct event){ .project_id = in->project_id,
						.kind = "provider.tested",
						.by = *in->by,
						.resource_type = "provider",
						.resource_id = sv_of(p->unique_id),
						.outcome = out->ok ? "ok" : "failed" });
}
