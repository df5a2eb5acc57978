/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_jwt.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/jout.h"
#include "core/text.h"
#include "wire/wire_env.h"
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

enum { MOST_JWT = 16384, MOST_SIGNATURE = 1024, P256_HALF = 32 };

static void bio_drop(BIO **b) { (void)BIO_free(*b); }
static void pkey_drop(EVP_PKEY **k) { EVP_PKEY_free(*k); }
static void mdctx_drop(EVP_MD_CTX **m) { EVP_MD_CTX_free(*m); }
static void sig_drop(ECDSA_SIG **s) { ECDSA_SIG_free(*s); }

static struct err bad_key(struct ctx *cx)
{
	return fail(cx, E_CONFIG,
		    "the client secret is not a private key that can sign as the provider's definition says",
		    "sign_jwt");
}

static struct err header(struct ctx *cx, const struct wire_env *e, struct buf *out)
{
	static const char *const algs[] = { "ES256", "RS256", "HS256" };
	const struct pdef_jwt *j = &e->client->def->parts->jwt;
	CLEANUP(buf_free) struct buf b = BUF(MOST_JWT);
	struct jout w = JOUT(&b);
	struct sv kid = SV_NONE;

	if (j->kid.p != NULL)
		TRY(tmpl_text(cx, j->kid, &e->env, &kid));
	jout_open(&w, NULL);
	jout_strz(&w, "alg", algs[j->alg]);
	jout_strz(&w, "typ", "JWT");
	if (kid.p != NULL)
		jout_str(&w, "kid", kid);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	enc_b64url(out, buf_view(&b));
	return OK;
}

/* A claim that is a number in the definition stays one. */
static struct err claims(struct ctx *cx, const struct wire_env *e, struct buf *out)
{
	const struct pdef_jwt *j = &e->client->def->parts->jwt;
	CLEANUP(buf_free) struct buf b = BUF(MOST_JWT);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	for (const struct node *c = j->claims == NULL ? NULL : j->claims->first; c != NULL; c = c->next) {
		struct sv s = SV_NONE;

		if (c->kind == NODE_TEXT)
			TRY(tmpl_text(cx, c->text, &e->env, &s));
		jout_key(&w, c->key);
		if (c->kind == NODE_TEXT)
			jout_str(&w, NULL, s);
		else
			jout_node(&w, NULL, c);
	}
	if (node_get(j->claims, "iat") == NULL)
		jout_i64(&w, "iat", cx->now / SEC(1));
	if (node_get(j->claims, "exp") == NULL)
		jout_i64(&w, "exp", cx->now / SEC(1) + j->lifetime_s);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	buf_char(out, '.');
	enc_b64url(out, buf_view(&b));
	return OK;
}

/* RFC 7518 section 3.4: R and S, 32 bytes each; OpenSSL gives them in DER. */
static bool raw_es256(const unsigned char *der, size_t n, unsigned char out[static 2 * P256_HALF])
{
	CLEANUP(sig_drop) ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)n);

	return s != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(s), out, P256_HALF) == P256_HALF &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(s), out + P256_HALF, P256_HALF) == P256_HALF;
}

static struct err sign_with_key(struct ctx *cx, int alg, struct sv pem, struct buf *out)
{
	unsigned char sig[MOST_SIGNATURE], raw[2 * P256_HALF];
	size_t n = sizeof sig;
	CLEANUP(bio_drop) BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	CLEANUP(pkey_drop)
	EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t) "");
	CLEANUP(mdctx_drop) EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (md == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "sign_jwt");
	if (key == NULL || !EVP_PKEY_is_a(key, alg == PJWT_ES256 ? "EC" : "RSA") ||
	    (alg == PJWT_ES256 && EVP_PKEY_get_bits(key) != 256))
		return bad_key(cx);
	if (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(md, sig, &n, (const unsigned char *)out->p, out->n) != 1)
		return bad_key(cx);
	if (alg == PJWT_ES256 && !raw_es256(sig, n, raw))
		return bad_key(cx);
	buf_char(out, '.');
	enc_b64url(out, alg == PJWT_ES256 ? (struct sv){ (const char *)raw, sizeof raw }
					  : (struct sv){ (const char *)sig, n });
	return OK;
}

struct err wire_jwt(struct ctx *cx, void *arg, struct buf *out)
{
	const struct wire_env *e = arg;
	const struct pdef_jwt *j = &e->client->def->parts->jwt;
	struct sv key = SV_NONE;

	if (!j->there)
		return fail(cx, E_CONFIG, "the provider's definition does not say what to sign",
			    "sign_jwt without jwt");
	TRY(tmpl_text(cx, j->key, &e->env, &key));
	if (key.p == NULL || key.n > MOST_JWT)
		return bad_key(cx);
	CLEANUP(buf_free) struct buf b = BUF(2 * MOST_JWT);
	TRY(header(cx, e, &b));
	TRY(claims(cx, e, &b));
	TRY(buf_done(cx, &b, "a signed JWT"));
	if (j->alg == PJWT_HS256) {
		struct sha256 mac = hmac_sha256(key, buf_view(&b));

		buf_char(&b, '.');
		enc_b64url(&b, sha256_view(&mac));
	} else {
		TRY(sign_with_key(cx, j->alg, key, &b));
	}
	TRY(buf_done(cx, &b, "a signed JWT"));
	buf_sv(out, buf_view(&b));
	return OK;
}
