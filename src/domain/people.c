/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/people.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/ip.h"
#include "core/logf.h"
#include "core/metric.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/factor.h"
#include "domain/password.h"
#include "domain/throttle.h"
#include "store/store_account.h"
#include "store/store_invitation.h"
#include "store/store_session.h"

/* OWASP Session Management: an idle and an absolute end. */
#define IDLE  HOUR(12)
#define LIFE  DAY(7)
#define TOUCH MIN(1)
enum { EMAIL_MOST = 254 }; /* RFC 5321 4.5.3.1.3: a path of 256 with its brackets */

/* One MAC key serves several uses; the use goes first.  The value goes in as its digest, so the length is fixed. */
struct sha256 people_mac(const struct engine *en, char use, struct sv value)
{
	struct sha256 h = sha256_of(value);
	char in[1 + SHA256_BYTES] = { use };

	memcpy(in + 1, h.b, SHA256_BYTES);
	return store_mac(en->store, MAC_SESSION, (struct sv){ in, sizeof in });
}
struct sha256 people_session_mac(const struct engine *en, struct sv token) { return people_mac(en, 't', token); }

/* ---- emails ---- */
static bool email_shape(struct sv e)
{
	struct sv rest = e, local = sv_cut(&rest, '@');

	if (local.n == 0 || local.n > 64 || rest.p == NULL || rest.n == 0 || memchr(rest.p, '@', rest.n) != NULL)
		return false;
	if (rest.p[0] == '.' || rest.p[rest.n - 1] == '.')
		return false;
	for (size_t i = 0; i < e.n; i++)
		if (e.p[i] == ' ' || strchr("<>()[]\\,;:\"", e.p[i]) != NULL)
			return false;
	return text_is_utf8(e) && !text_has_control(e);
}
static bool lower_email(struct sv in, char out[static EMAIL_MAX])
{
	struct sv e = sv_trim(in);

	out[0] = '\0';
	if (e.n > EMAIL_MOST || !email_shape(e) || !sv_copy(e, out, EMAIL_MAX))
		return false;
	for (char *p = out; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return true;
}
struct err people_email(struct ctx *cx, struct sv in, char out[static EMAIL_MAX])
{
	if (lower_email(in, out))
		return OK;
	return bad_field(cx, "email", "email", "must be an address such as ada@example.com, at most %d bytes",
			 EMAIL_MOST);
}
bool people_is_user(const struct account *a, struct sv user_id) { return sv_ieq(sv_of(a->email), user_id); }

/* ---- the first account ---- */
static struct err setup_hash(struct ctx *cx, const struct engine *en, struct sv token, struct sv *out)
{
	CLEANUP(buf_free) struct buf hex = BUF(2 * SHA256_BYTES);
	struct sha256 mac = people_mac(en, 's', token);

	enc_hex(&hex, sha256_view(&mac));
	TRY(buf_done(cx, &hex, "set-up token"));
	*out = arena_sv(cx->arena, buf_view(&hex));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "set-up token");
}
struct err people_setup_begin(struct ctx *cx, struct engine *en, struct secret **token)
{
	CLEANUP(secret_drop) struct secret *made = NULL;
	char text[TOKEN_TEXT];
	struct sv hash;

	*token = NULL;
	id_token(text);
	made = secret_copy(sv_of(text));
	wipe(text, sizeof text);
	if (made == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "set-up token");
	TRY(setup_hash(cx, en, secret_view(made), &hash));
	TRY(store_account_setup_token(cx, en->store, hash));
	*token = TAKE(made);
	return OK;
}
struct err people_setup_needed(struct ctx *cx, struct engine *en, bool *needed)
{
	int64_t n = 0;

	*needed = false;
	TRY(store_account_in_charge(cx, en->store, &n));
	*needed = n == 0;
	return OK;
}
static struct err check_both(struct ctx *cx, struct sv email, struct sv password, char out[static EMAIL_MAX])
{
	struct err e = people_email(cx, email, out), p = password_check_rules(cx, password);

	return IS_ERR(e) ? e : p;
}
struct err people_setup(struct ctx *cx, struct engine *en, const struct people_try *in, struct account *out)
{
	struct account_add add = { .project = sv_of(store_default_project(en->store)),
				   .role = ROLE_OWNER,
				   .only_first = true };
	struct event ev = {
		.project_id = add.project, .kind = "account.created", .resource_type = "account", .outcome = "ok"
	};
	char hash[PASSWORD_TEXT], net[IP_NET];
	bool needed = false;

	*out = (struct account){ .id = "" };
	TRY(throttle_take(cx, en->throttle, THROTTLE_SETUP_IP, ip_net(in->client_ip, net)));
	TRY(check_both(cx, in->email, in->password, add.account.email));
	TRY(people_setup_needed(cx, en, &needed));
	if (!needed)
		return refuse(cx, E_FORBIDDEN, "this set-up link was used already; sign in instead");
	TRY(setup_hash(cx, en, in->token, &add.setup_hash));
	TRY(store_account_setup_check(cx, en->store, add.setup_hash)); /* a guess must not cost us an Argon2 */
	TRY(password_hash(cx, in->password, hash));
	add.password = sv_of(hash);
	id_ksuid("acc_", cx->now, add.account.id);
	ev.by = (struct actor){ "account", add.account.id, "BROWSER", in->client_ip };
	ev.resource_id = sv_of(add.account.id);
	add.event = &ev;
	return store_account_add(cx, en->store, &add, out);
}

/* ---- sign-in and sessions ---- */
void signed_in_clear(struct signed_in *s)
{
	secret_free(s->token);
	*s = (struct signed_in){ .token = NULL };
}
static struct err start(struct ctx *cx, struct engine *en, const struct account *a, struct sv client_ip,
			struct secret **token)
{
	CLEANUP(secret_drop) struct secret *made = NULL;
	char text[TOKEN_TEXT];
	const struct event ev = { .project_id = sv_of(store_default_project(en->store)),
				  .kind = "account.signed_in",
				  .by = { "account", a->id, "BROWSER", client_ip },
				  .resource_type = "account",
				  .resource_id = sv_of(a->id),
				  .outcome = "ok" };

	*token = NULL;
	id_token(text);
	made = secret_copy(sv_of(text));
	wipe(text, sizeof text);
	if (made == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "session");
	struct session_new in = {
		.mac = people_session_mac(en, secret_view(made)), .account = sv_of(a->id), .life = LIFE, .event = &ev
	};
	TRY(store_session_add(cx, en->store, &in));
	*token = TAKE(made);
	return OK;
}
struct err people_session_start(struct ctx *cx, struct engine *en, const struct account *a, struct secret **token)
{
	return start(cx, en, a, SV(""), token);
}
struct err people_session_from(struct ctx *cx, struct engine *en, const struct account *a, struct sv client_ip,
			       struct secret **token)
{
	return start(cx, en, a, client_ip, token);
}
/* Three budgets: one address against one account, one address against all, everybody against one account.  A browser
 * that was here before has but the first, by itself: nobody else can spend it. */
struct tries {
	struct sv ip, pair, email;
	bool known;
};
static struct err take_tries(struct ctx *cx, struct engine *en, const struct tries *t)
{
	if (t->known)
		return throttle_take(cx, en->throttle, THROTTLE_SIGN_IN_ACCOUNT, t->pair);
	TRY(throttle_take(cx, en->throttle, THROTTLE_SIGN_IN_IP, t->ip));
	TRY(throttle_take(cx, en->throttle, THROTTLE_SIGN_IN_ACCOUNT, t->pair));
	return throttle_take(cx, en->throttle, THROTTLE_ACCOUNT, t->email);
}
static void give_tries_back(struct engine *en, const struct tries *t)
{
	throttle_give_back(en->throttle, THROTTLE_SIGN_IN_ACCOUNT, t->pair);
	if (t->known)
		return;
	throttle_give_back(en->throttle, THROTTLE_SIGN_IN_IP, t->ip);
	throttle_give_back(en->throttle, THROTTLE_ACCOUNT, t->email);
}
static struct err wrong(struct ctx *cx, struct sv client_ip)
{
	metric_add(M_CREDENTIALS_REFUSED, METRIC_AT(METRIC_PASSWORD), 1);
	log_event(cx, LOG_INFO, "sign_in.refused", LOG_SV("client_ip", client_ip));
	return fail(cx, E_UNAUTHENTICATED, "wrong email or password", "sign-in");
}
static struct err look_up(struct ctx *cx, struct engine *en, const struct people_try *in, struct account *out,
			  bool *same)
{
	struct account_row row = { .password = "" };
	char email[EMAIL_MAX];

	*same = false;
	(void)lower_email(in->email, email); /* of no shape: "", which no account has */
	struct err e = store_account_by_email(cx, en->store, sv_of(email), &row);
	if (IS_ERR(e) && e.code != E_NOT_FOUND)
		return e;
	bool there = !IS_ERR(e) && row.password[0] != '\0';
	e = password_verify(cx, there ? row.password : NULL, in->password, same);
	wipe(row.password, sizeof row.password);
	*same = *same && there;
	*out = row.account;
	return e;
}
static struct err tries_of(struct ctx *cx, const struct engine *en, const struct people_try *in,
			   char email[static EMAIL_MAX], struct tries *out)
{
	static const size_t most = IP_NET;
	char *net = arena_alloc(cx->arena, most), *mail;

	(void)lower_email(in->email, email);
	if (net == NULL || (mail = arena_text(cx->arena, sv_of(email))) == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "sign-in");
	struct sv from = ip_net(in->client_ip, net);
	bool known = device_is(en, sv_of(mail), in->device);
	char *pair = arena_printf(cx->arena, "%s %.*s", mail, SV_FMT(known ? in->device : from));
	*out = (struct tries){ from, sv_of(pair), sv_of(mail), known };
	return pair != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "sign-in");
}
/* After the password: a wrong code costs what a wrong password does, so that neither is guessed by way of the other. */
static struct err second(struct ctx *cx, struct engine *en, const struct people_try *in, const struct account *a)
{
	CLEANUP(secret_drop) struct secret *none = NULL;
	struct factor_status st;

	TRY(factor_status(cx, en, sv_of(a->id), &st));
	if (!st.enabled)
		return OK;
	if (in->code.n == 0)
		return refuse(cx, E_SECOND_FACTOR, "the code of your authenticator app is needed, too");
	struct err e = factor_show(
	    cx, en,
	    &(struct factor_show){ .account_id = sv_of(a->id),
				   .code = in->code,
				   .then = FACTOR_PASS,
				   .device = device_is(en, sv_of(a->email), in->device) ? in->device : SV_NONE },
	    &none);
	if (e.code != E_BAD_INPUT)
		return e;
	(void)forgive(cx);
	log_event(cx, LOG_INFO, "sign_in.code_refused", LOG_SV("client_ip", in->client_ip));
	return fail(cx, E_UNAUTHENTICATED, "the code is wrong or was used already; wait for the next one",
		    "second factor");
}
struct err people_sign_in(struct ctx *cx, struct engine *en, const struct people_try *in, struct signed_in *out)
{
	char email[EMAIL_MAX];
	struct tries tries;
	struct account a;
	bool same;

	*out = (struct signed_in){ .token = NULL };
	TRY(tries_of(cx, en, in, email, &tries));
	TRY(take_tries(cx, en, &tries));
	struct err e = look_up(cx, en, in, &a, &same);
	if (IS_ERR(e)) /* nobody judged it: no guess */
		give_tries_back(en, &tries);
	TRY(e);
	if (!same)
		return wrong(cx, in->client_ip);
	e = second(cx, en, in, &a);
	if (e.code != E_UNAUTHENTICATED && e.code != E_RATE)
		give_tries_back(en, &tries);
	TRY(e);
	TRY(start(cx, en, &a, in->client_ip, &out->token));
	out->account = a;
	device_make(en, sv_of(a.email), out->device);
	return OK;
}
struct err people_password_is(struct ctx *cx, struct engine *en, const struct people_try *in, bool *same)
{
	char email[EMAIL_MAX];
	struct tries tries;
	struct account a;

	*same = false;
	TRY(tries_of(cx, en, in, email, &tries));
	TRY(take_tries(cx, en, &tries));
	struct err e = look_up(cx, en, in, &a, same);
	if (IS_ERR(e) || *same)
		give_tries_back(en, &tries);
	return e;
}
static struct err nobody(struct ctx *cx, const char *why)
{
	return fail(cx, E_UNAUTHENTICATED, "sign in first", "session %s", why);
}
static struct err session_row(struct ctx *cx, struct engine *en, const struct sha256 *mac, struct session_row *out)
{
	struct err e = store_session_get(cx, en->store, mac, out);

	return e.code == E_NOT_FOUND ? nobody(cx, "unknown") : e;
}
struct err people_session_of(struct ctx *cx, struct engine *en, const struct sha256 *mac, struct account *out)
{
	struct session_row row;

	*out = (struct account){ .id = "" };
	TRY(session_row(cx, en, mac, &row));
	if (row.expires_at <= cx->now || row.last_seen_at + IDLE <= cx->now)
		return nobody(cx, "over");
	struct err e = store_account_by_id(cx, en->store, sv_of(row.account_id), out);
	if (e.code == E_NOT_FOUND)
		return nobody(cx, "without account");
	TRY(e);
	if (row.last_seen_at + TOUCH <= cx->now && IS_ERR(store_session_touch(cx, en->store, mac))) {
		log_cause(cx, LOG_WARN, "session.touch_failed"); /* a full disk must not sign people out */
		return forgive(cx);
	}
	return OK;
}
struct err people_session(struct ctx *cx, struct engine *en, struct sv token, struct account *out)
{
	struct sha256 mac = people_session_mac(en, token);

	return people_session_of(cx, en, &mac, out);
}
struct err people_session_times(struct ctx *cx, struct engine *en, struct sv token, struct session_times *out)
{
	struct sha256 mac = people_session_mac(en, token);
	struct session_row row;

	*out = (struct session_times){ .ends = 0 };
	TRY(session_row(cx, en, &mac, &row));
	out->began = row.created_at;
	out->ends = row.last_seen_at + IDLE < row.expires_at ? row.last_seen_at + IDLE : row.expires_at;
	return OK;
}
struct err people_sign_out(struct ctx *cx, struct engine *en, struct sv token)
{
	struct sha256 mac = people_session_mac(en, token);

	return store_session_remove(cx, en->store, &mac);
}
struct err people_sign_out_everywhere(struct ctx *cx, struct engine *en, struct sv account_id)
{
	return store_session_remove_all(cx, en->store, account_id);
}
struct err people_prune(struct ctx *cx, struct engine *en)
{
	TRY(store_invitation_prune(cx, en->store));
	return store_session_prune(cx, en->store, IDLE);
}

void people_csrf(const struct engine *en, struct sv cookie_value, char out[static CSRF_TEXT])
{
	struct sha256 mac = people_mac(en, 'c', cookie_value);

	enc_b64url_text(sha256_view(&mac), out, CSRF_TEXT);
}
bool people_csrf_ok(const struct engine *en, struct sv cookie_value, struct sv given)
{
	char want[CSRF_TEXT];

	people_csrf(en, cookie_value, want);
	return cookie_value.n > 0 && same_bytes(sv_of(want), given);
}
