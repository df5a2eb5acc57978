/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/oidc.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/ip.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
#include "core/url.h"
#include "domain/oidc_issuer.h"
#include "domain/throttle.h"
#include "store/store_identity.h"
#include <inttypes.h>
#include <stdio.h>

#define LIFE MIN(10)
enum { COOKIE_MOST = 2048, BACK_MOST = 1024, CODE_MOST = 4096, MAC_TEXT = 44 };

/* ---- the cookie and what hangs on it ---- */
/* TOKEN.SECONDS.ISSUER.RETURN: nobody can change a letter of it without the state becoming another. */
struct begun {
	struct sv id;
	int64_t at;
	struct sv back;
};
struct threads { /* of one sign-in */
	char state[MAC_TEXT], nonce[MAC_TEXT], verifier[MAC_TEXT], challenge[MAC_TEXT];
};
static void mac_text(const struct engine *en, char use, struct sv cookie, char out[static MAC_TEXT])
{
	struct sha256 mac = people_mac(en, use, cookie);

	enc_b64url_text(sha256_view(&mac), out, MAC_TEXT);
}
static void spin(const struct engine *en, struct sv cookie, struct threads *t)
{
	mac_text(en, 'O', cookie, t->state);
	mac_text(en, 'N', cookie, t->nonce);
	mac_text(en, 'V', cookie, t->verifier);
	struct sha256 h = sha256_of(sv_of(t->verifier)); /* RFC 7636 section 4.2 */
	enc_b64url_text(sha256_view(&h), t->challenge, MAC_TEXT);
}
static struct err wrap(struct ctx *cx, const struct oidc_start *in, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(COOKIE_MOST);
	char token[TOKEN_TEXT];

	id_token(token);
	buf_printf(&b, "%s.%" PRId64 ".", token, cx->now / SEC(1));
	wipe(token, sizeof token);
	buf_sv(&b, in->id);
	buf_char(&b, '.');
	enc_b64url(&b, in->back);
	TRY(buf_done(cx, &b, "sign-in"));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "sign-in");
}
static struct err unwrap(struct ctx *cx, struct sv cookie, struct begun *out, bool *good)
{
	CLEANUP(buf_free) struct buf back = BUF(BACK_MOST);
	struct sv rest = cookie, secs;
	int64_t at = 0;

	*good = false;
	if (cookie.n == 0 || cookie.n > COOKIE_MOST)
		return OK;
	(void)sv_cut(&rest, '.');
	secs = rest.p == NULL ? SV_NONE : sv_cut(&rest, '.');
	out->id = rest.p == NULL ? SV_NONE : sv_cut(&rest, '.');
	if (rest.p == NULL || !sv_i64(secs, 0, INT64_MAX / SEC(1), &at))
		return OK;
	*good = dec_b64url(&back, rest);
	out->at = SEC(at);
	out->back = arena_sv(cx->arena, buf_view(&back));
	return buf_starved(&back) || out->back.p == NULL ? fail(cx, E_INTERNAL, "out of memory", "sign-in") : OK;
}

/* ---- going there ---- */
static struct err redirect_uri(struct ctx *cx, const struct engine *en, const char *id, struct sv *out)
{
	*out = sv_of(arena_printf(cx->arena, "%s/sign-in/oidc/%s/callback", en->config->public_url, id));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "sign-in");
}
static struct err address(struct ctx *cx, const struct engine *en, const struct oidc_conf *c, const struct threads *t,
			  struct sv *url)
{
	struct sv back;

	TRY(redirect_uri(cx, en, c->id, &back));
	const struct {
		const char *name;
		struct sv value;
	} add[] = { { "response_type", SV("code") },
		    { "client_id", sv_of(c->client_id) },
		    { "redirect_uri", back },
		    { "scope", sv_of(c->scopes) },
		    { "state", sv_of(t->state) },
		    { "nonce", sv_of(t->nonce) },
		    { "code_challenge", sv_of(t->challenge) },
		    { "code_challenge_method", SV("S256") } };
	for (size_t i = 0; i < ARRAY_LEN(add); i++) {
		*url = url_with_param(cx, *url, add[i].name, add[i].value);
		if (url->p == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "sign-in");
	}
	return OK;
}
struct err oidc_begin(struct ctx *cx, struct engine *en, const struct oidc_start *in, struct oidc_go *out)
{
	const struct oidc_conf *conf = NULL;
	struct oidc_issuer *issuer = NULL;
	struct wire_oidc_meta meta;
	struct threads t;
	char net[IP_NET];

	*out = (struct oidc_go){ .url = SV_NONE };
	TRY(oidc_issuer_find(cx, en, in->id, &conf, &issuer));
	struct sv from = ip_net(in->client_ip, net);
	TRY(throttle_take(cx, en->throttle, THROTTLE_SIGN_IN_IP, from));
	TRY(oidc_issuer_meta(cx, en, issuer, &meta));
	TRY(wrap(cx, in, &out->cookie));
	spin(en, out->cookie, &t);
	out->url = meta.authorize_url;
	struct err e = address(cx, en, conf, &t, &out->url);
	wipe(&t, sizeof t);
	return e;
}

/* ---- coming back ---- */
struct coming {
	const struct oidc_conf *conf;
	struct oidc_issuer *issuer;
	struct wire_oidc_meta meta;
	struct threads t;
	struct wire_idtoken who;
};
static struct err out_of_date(struct ctx *cx)
{
	return refuse(cx, E_FORBIDDEN,
		      "This sign-in was not begun in this browser, was used already, or took longer than ten minutes. "
		      "Begin again.");
}
static struct err not_accepted(struct ctx *cx, const struct coming *c, const char *why)
{
	log_event(cx, LOG_WARN, "sign_in.not_accepted", LOG_STR("issuer", c->conf->id), LOG_STR("why", why));
	return refuse(cx, E_FORBIDDEN, "What %s answered cannot be accepted: %.200s.", c->conf->name, why);
}
/* Is it the answer to what this browser began, at this issuer? */
static struct err belongs(struct ctx *cx, struct engine *en, const struct oidc_back *in, struct coming *c,
			  struct oidc_in *out)
{
	struct begun b;
	bool good;

	TRY(unwrap(cx, in->cookie, &b, &good));
	if (!good)
		return out_of_date(cx);
	spin(en, in->cookie, &c->t);
	if (!same_bytes(sv_of(c->t.state), in->state) || !sv_eqz(b.id, c->conf->id))
		return out_of_date(cx);
	out->ours = true;
	out->back = b.back;
	return b.at + LIFE > cx->now && b.at <= cx->now && oidc_issuer_once(en, in->state) ? OK : out_of_date(cx);
}
static struct err named(struct ctx *cx, const struct oidc_back *in, const struct coming *c)
{
	if (in->iss.p == NULL ? c->meta.sends_iss : !sv_eqz(in->iss, c->conf->issuer))
		return not_accepted(cx, c, "its answer is another issuer's (iss)");
	if (in->error.n > 0)
		return refuse(cx, E_FORBIDDEN, "%s did not sign you in (%.*s).", c->conf->name,
			      SV_FMT(text_is_id(in->error, 63, "_-") ? in->error : SV("error")));
	if (in->code.n == 0 || in->code.n > CODE_MOST)
		return not_accepted(cx, c, "it brought no code");
	return OK;
}
static struct err check(struct ctx *cx, struct engine *en, struct coming *c, struct sv token, bool anew)
{
	const struct node *keys = NULL;

	TRY(oidc_issuer_keys(cx, en, c->issuer, &(struct oidc_keys_ask){ c->meta.keys_url, anew }, &keys));
	return wire_idtoken_check(cx,
				  &(struct wire_idtoken_ask){ token, sv_of(c->conf->issuer), sv_of(c->conf->client_id),
							      sv_of(c->t.nonce), keys },
				  &c->who);
}
static struct err ask(struct ctx *cx, struct engine *en, const struct oidc_back *in, struct coming *c)
{
	CLEANUP(secret_drop) struct secret *secret = NULL;
	struct wire_oidc_answer a;

	TRY(oidc_issuer_secret(cx, en, c->issuer, &secret));
	struct wire_oidc_ask q = { .net = en->net,
				   .meta = &c->meta,
				   .client_id = sv_of(c->conf->client_id),
				   .client_secret = secret,
				   .code = in->code,
				   .verifier = sv_of(c->t.verifier) };
	TRY(redirect_uri(cx, en, c->conf->id, &q.redirect_uri));
	TRY(wire_oidc_redeem(cx, &q, &a));
	if (a.why[0] != '\0')
		return not_accepted(cx, c, a.why);
	TRY(check(cx, en, c, a.id_token, false));
	if (c->who.fate == JWS_NO_KEY) /* it may have changed its keys */
		TRY(check(cx, en, c, a.id_token, true));
	if (c->who.fate != JWS_GOOD)
		return not_accepted(cx, c, c->who.why == NULL ? "its ID token is not good" : c->who.why);
	if (c->who.email.p == NULL && a.access_token.n > 0 && c->meta.user_url.p != NULL)
		TRY(wire_oidc_user(cx, &q, a.access_token, &c->who));
	return OK;
}
static enum role role_for(const struct oidc_conf *c, struct sv email)
{
	struct sv rest = email;

	(void)sv_cut(&rest, '@');
	for (size_t i = 0; rest.n > 0 && i < c->domains.n; i++)
		if (sv_eq(rest, c->domains.v[i]))
			return c->role;
	return ROLE_NONE;
}
static struct err enter(struct ctx *cx, struct engine *en, const struct oidc_back *in, const struct coming *c,
			struct oidc_in *out)
{
	const struct event ev = { .project_id = sv_of(store_default_project(en->store)),
				  .by = { "account", "", "BROWSER", in->client_ip },
				  .outcome = "ok" };
	struct identity_entered got;
	char email[EMAIL_MAX] = "", id[ID_TEXT];

	if (c->who.email_verified && IS_ERR(people_email(cx, c->who.email, email)))
		(void)forgive(cx); /* of no shape that an account here may have */
	id_ksuid("acc_", cx->now, id);
	TRY(store_identity_enter(cx, en->store,
				 &(struct identity_enter){ .issuer = sv_of(c->conf->issuer),
							   .subject = c->who.subject,
							   .email = sv_of(email),
							   .signed_in = in->signed_in,
							   .project = ev.project_id,
							   .role = role_for(c->conf, sv_of(email)),
							   .new_id = sv_of(id),
							   .event = &ev },
				 &got));
	out->made = got.made;
	out->who.account = got.account;
	return people_session_from(cx, en, &got.account, in->client_ip, &out->who.token);
}
struct err oidc_finish(struct ctx *cx, struct engine *en, const struct oidc_back *in, struct oidc_in *out)
{
	struct coming c = { .conf = NULL };
	char net[IP_NET];

	*out = (struct oidc_in){ .back = SV_NONE };
	TRY(oidc_issuer_find(cx, en, in->id, &c.conf, &c.issuer));
	TRY(belongs(cx, en, in, &c, out));
	struct sv from = ip_net(in->client_ip, net);
	TRY(throttle_take(cx, en->throttle, THROTTLE_SIGN_IN_IP, from));
	TRY(oidc_issuer_meta(cx, en, c.issuer, &c.meta));
	TRY(named(cx, in, &c));
	struct err e = ask(cx, en, in, &c);
	wipe(&c.t, sizeof c.t);
	TRY(e);
	TRY(enter(cx, en, in, &c, out));
	throttle_give_back(en->throttle, THROTTLE_SIGN_IN_IP, from);
	throttle_give_back(en->throttle, THROTTLE_SIGN_IN_IP, from); /* what it cost to begin */
	return OK;
}
