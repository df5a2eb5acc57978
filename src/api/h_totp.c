/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "core/codec.h"
#include "core/otp.h"
#include "core/text.h"
#include "domain/factor.h"
#include "domain/people.h"
#include <assert.h>

struct err h_totp_show(struct request *rq)
{
	struct factor_status st;
	struct jout w = JOUT(rq->out);

	TRY(factor_status(rq->cx, rq->en, sv_of(rq->by.id), &st));
	jout_open(&w, NULL);
	jout_bool(&w, "enabled", st.enabled);
	jout_bool(&w, "pending", st.pending);
	jout_i64(&w, "recovery_codes_left", st.codes_left);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

struct totp_body {
	struct sv password, code;
};
static const struct nfield password_fields[] = { NSV(struct totp_body, password, NREQ, 1, 1024) };
static const struct nfield code_fields[] = { NSV(struct totp_body, code, NREQ, 1, 64) };

/* A session that was left open is not enough to lock its owner out. */
static struct err own_password(struct request *rq, struct sv password)
{
	bool same;

	TRY(people_password_is(
	    rq->cx, rq->en,
	    &(struct people_try){ .email = sv_of(rq->by.email), .password = password, .client_ip = rq->client_ip },
	    &same));
	return same ? OK : bad_field(rq->cx, "password", "password", "is not your password");
}

struct err h_totp_begin(struct request *rq)
{
	CLEANUP(secret_drop) struct secret *secret = NULL;
	CLEANUP(buf_free) struct buf text = BUF(128);
	CLEANUP(buf_free) struct buf url = BUF(2048);
	struct totp_body in = { .password = SV_NONE };
	struct jout w = JOUT(rq->out);

	TRY(INPUT(rq, password_fields, &in));
	TRY(own_password(rq, in.password));
	TRY(factor_begin(rq->cx, rq->en, sv_of(rq->by.id), &secret));
	otp_base32(&text, secret_view(secret));
	buf_str(&url, "otpauth://totp/Tokenbooth:");
	enc_pct(&url, sv_of(rq->by.email));
	buf_str(&url, "?secret=");
	buf_sv(&url, buf_view(&text));
	buf_str(&url, "&issuer=Tokenbooth");
	jout_open(&w, NULL);
	jout_str(&w, "secret", buf_view(&text));
	jout_str(&w, "otpauth_url", buf_view(&url));
	jout_close(&w);
	struct err e = buf_done(rq->cx, buf_ok(&text) ? &url : &text, "second factor");
	buf_clear(&text);
	buf_clear(&url);
	return IS_ERR(e) ? e : jout_done(rq->cx, &w);
}

static struct err show(struct request *rq, enum factor_then then, struct secret **codes)
{
	struct totp_body in = { .password = SV_NONE };
	struct actor by = caller_actor(rq);

	TRY(INPUT(rq, code_fields, &in));
	return factor_show(
	    rq->cx, rq->en,
	    &(struct factor_show){ .account_id = sv_of(rq->by.id), .code = in.code, .then = then, .by = &by }, codes);
}
static struct err with_codes(struct request *rq, enum factor_then then)
{
	CLEANUP(secret_drop) struct secret *codes = NULL;
	struct jout w = JOUT(rq->out);

	TRY(show(rq, then, &codes));
	assert(codes != NULL); /* made by both of the acts that lead here */
	struct sv rest = secret_view(codes);
	jout_open(&w, NULL);
	jout_list(&w, "recovery_codes");
	while (rest.p != NULL)
		jout_str(&w, NULL, sv_cut(&rest, '\n'));
	jout_list_end(&w);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

struct err h_totp_confirm(struct request *rq) { return with_codes(rq, FACTOR_CONFIRM); }
struct err h_totp_renew(struct request *rq) { return with_codes(rq, FACTOR_RENEW); }

struct err h_totp_remove(struct request *rq)
{
	CLEANUP(secret_drop) struct secret *none = NULL;

	TRY(show(rq, FACTOR_REMOVE, &none));
	rq->status = 204;
	return OK;
}
