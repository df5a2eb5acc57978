/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_jws.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/jdoc.h"
#include "core/text.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

enum { MOST_TOKEN = 16384, MOST_KEYS = 100, MOST_NUMBER = 2048, P256_HALF = 32, ED25519 = 32, ED_SIGNATURE = 64 };
enum { RSA_LEAST = 2048, RSA_MOST = 8192 };

static void pkey_drop(EVP_PKEY **k) { EVP_PKEY_free(*k); }
static void pctx_drop(EVP_PKEY_CTX **c) { EVP_PKEY_CTX_free(*c); }
static void mdctx_drop(EVP_MD_CTX **m) { EVP_MD_CTX_free(*m); }
static void bld_drop(OSSL_PARAM_BLD **b) { OSSL_PARAM_BLD_free(*b); }
static void params_drop(OSSL_PARAM **p) { OSSL_PARAM_free(*p); }
static void bn_drop(BIGNUM **b) { BN_free(*b); }
static void sig_drop(ECDSA_SIG **s) { ECDSA_SIG_free(*s); }

struct alg {
	const char *name, *kty, *crv; /* crv NULL: the kind has none */
	bool pss;
};
static const struct alg algs[] = {
	{ "RS256", "RSA", NULL, false },
	{ "PS256", "RSA", NULL, true },
	{ "ES256", "EC", "P-256", false },
	{ "EdDSA", "OKP", "Ed25519", false },
};
static const struct alg *alg_of(struct sv name)
{
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (sv_eqz(name, algs[i].name))
			return &algs[i];
	return NULL;
}

/* ---- keys ---- */
static const unsigned char *bytes(struct sv s) { return (const unsigned char *)s.p; }

/* A member of the key, decoded; false: not there, or no canonical base64url. */
static bool number(const struct node *key, const char *name, struct buf *out)
{
	struct sv text = node_text_at(key, name);

	return text.n > 0 && text.n <= MOST_NUMBER && dec_b64url(out, text) && buf_ok(out) && out->n > 0;
}
static EVP_PKEY *from_params(const char *kind, OSSL_PARAM_BLD *b)
{
	CLEANUP(params_drop) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
	CLEANUP(pctx_drop) EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *key = NULL;

	if (params == NULL || c == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
	    EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return key;
}
static EVP_PKEY *rsa(const struct node *key)
{
	CLEANUP(buf_free) struct buf n = BUF(MOST_NUMBER);
	CLEANUP(buf_free) struct buf e = BUF(MOST_NUMBER);
	CLEANUP(bld_drop) OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();

	if (b == NULL || !number(key, "n", &n) || !number(key, "e", &e) || e.n > 8 || n.n * 8 > RSA_MOST + 8)
		return NULL;
	CLEANUP(bn_drop) BIGNUM *bn = BN_bin2bn(bytes(buf_view(&n)), (int)n.n, NULL);
	CLEANUP(bn_drop) BIGNUM *be = BN_bin2bn(bytes(buf_view(&e)), (int)e.n, NULL);
	if (bn == NULL || be == NULL || BN_num_bits(bn) < RSA_LEAST || BN_num_bits(bn) > RSA_MOST || !BN_is_odd(be) ||
	    BN_is_one(be) || OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be) != 1)
		return NULL;
	return from_params("RSA", b);
}
static EVP_PKEY *p256(const struct node *key)
{
	CLEANUP(buf_free) struct buf x = BUF(MOST_NUMBER);
	CLEANUP(buf_free) struct buf y = BUF(MOST_NUMBER);
	CLEANUP(bld_drop) OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	unsigned char point[1 + 2 * P256_HALF] = { POINT_CONVERSION_UNCOMPRESSED };

	if (b == NULL || !number(key, "x", &x) || !number(key, "y", &y) || x.n != P256_HALF || y.n != P256_HALF)
		return NULL;
	memcpy(point + 1, buf_view(&x).p, P256_HALF);
	memcpy(point + 1 + P256_HALF, buf_view(&y).p, P256_HALF);
	if (OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) != 1)
		return NULL;
	CLEANUP(pkey_drop) EVP_PKEY *k = from_params("EC", b); /* refuses a point that is not on the curve */
	return TAKE(k);
}
static EVP_PKEY *ed25519(const struct node *key)
{
	CLEANUP(buf_free) struct buf x = BUF(MOST_NUMBER);

	if (!number(key, "x", &x) || x.n != ED25519)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes(buf_view(&x)), x.n);
}
static EVP_PKEY *key_of(const struct alg *a, const struct node *key)
{
	return a->crv == NULL ? rsa(key) : sv_eqz(sv_of(a->kty), "EC") ? p256(key) : ed25519(key);
}
static bool absent_or(const struct node *key, const char *name, const char *word)
{
	const struct node *n = node_get(key, name);

	return n == NULL || sv_eqz(node_text(n), word);
}
static bool fits(const struct node *key, const struct alg *a)
{
	return sv_eqz(node_text_at(key, "kty"), a->kty) && absent_or(key, "use", "sig") &&
	       absent_or(key, "alg", a->name) && (a->crv == NULL || sv_eqz(node_text_at(key, "crv"), a->crv));
}
/* kid p NULL: the one that may be meant, if there is but one. */
static const struct node *choose(const struct node *keys, const struct alg *a, struct sv kid)
{
	const struct node *list = node_get(keys, "keys"), *found = NULL;
	size_t n = 0, looked = 0;

	if (list == NULL || list->kind != NODE_LIST)
		return NULL;
	for (const struct node *k = list->first; k != NULL && looked < MOST_KEYS; k = k->next, looked++) {
		if (k->kind != NODE_MAP || !fits(k, a) || (kid.p != NULL && !sv_eq(node_text_at(k, "kid"), kid)))
			continue;
		found = k;
		n++;
	}
	return n == 1 ? found : NULL;
}

/* ---- signatures ---- */
/* RFC 7518 section 3.4: R and S, 32 bytes each; OpenSSL wants DER. */
static bool der_of(struct sv raw, unsigned char der[static 80], size_t *n)
{
	CLEANUP(sig_drop) ECDSA_SIG *s = ECDSA_SIG_new();
	unsigned char *p = der;
	int len = 0;

	if (s == NULL || raw.n != 2 * P256_HALF)
		return false;
	BIGNUM *r = BN_bin2bn(bytes(raw), P256_HALF, NULL), *t = BN_bin2bn(bytes(raw) + P256_HALF, P256_HALF, NULL);
	if (r == NULL || t == NULL || ECDSA_SIG_set0(s, r, t) != 1) {
		BN_free(r);
		BN_free(t);
		return false;
	}
	if ((len = i2d_ECDSA_SIG(s, NULL)) <= 0 || len > 80 || i2d_ECDSA_SIG(s, &p) != len)
		return false;
	*n = (size_t)len;
	return true;
}
static bool verified(const struct alg *a, EVP_PKEY *key, struct sv text, struct sv signature)
{
	CLEANUP(mdctx_drop) EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ed = a->crv != NULL && sv_eqz(sv_of(a->kty), "OKP");
	EVP_PKEY_CTX *how = NULL; /* md's */
	unsigned char der[80];
	struct sv sig = signature;

	if (md == NULL || EVP_DigestVerifyInit(md, &how, ed ? NULL : EVP_sha256(), NULL, key) != 1)
		return false;
	if (a->pss && (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1))
		return false;
	if (sv_eqz(sv_of(a->kty), "EC")) {
		if (!der_of(signature, der, &sig.n))
			return false;
		sig.p = (const char *)der;
	}
	if (ed && signature.n != ED_SIGNATURE)
		return false;
	return EVP_DigestVerify(md, bytes(sig), sig.n, bytes(text), text.n) == 1;
}

/* ---- the token ---- */
static struct err bad(struct wire_jws *out, const char *why)
{
	*out = (struct wire_jws){ JWS_BAD, why, NULL };
	return OK;
}
/* One part as a JSON object; *out NULL: it is none. */
static struct err object(struct ctx *cx, struct sv part, const struct node **out)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_TOKEN);
	struct sv text;

	*out = NULL;
	if (!dec_b64url(&b, part))
		return buf_starved(&b) ? fail(cx, E_INTERNAL, "out of memory", "JWS") : OK;
	text = arena_sv(cx->arena, buf_view(&b));
	if (text.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "JWS");
	struct err e = jdoc_parse_lenient(cx, text, "JWS", out);
	if (e.code == E_BAD_INPUT) {
		*out = NULL;
		return forgive(cx);
	}
	if (!IS_ERR(e) && (*out)->kind != NODE_MAP)
		*out = NULL;
	return e;
}
struct parts {
	struct sv signed_text, header, payload, signature;
};
static bool split(struct sv token, struct parts *p)
{
	struct sv rest = token;

	p->header = sv_cut(&rest, '.');
	p->payload = rest.p == NULL ? SV_NONE : sv_cut(&rest, '.');
	p->signature = rest;
	if (p->header.n == 0 || p->payload.n == 0 || rest.n == 0 || memchr(rest.p, '.', rest.n) != NULL)
		return false;
	p->signed_text = (struct sv){ token.p, p->header.n + 1 + p->payload.n };
	return true;
}
static struct err by_key(struct ctx *cx, const struct parts *p, const struct alg *a, const struct node *key,
			 struct wire_jws *out)
{
	CLEANUP(buf_free) struct buf sig = BUF(MOST_NUMBER);
	const char *why = "";

	if (!dec_b64url(&sig, p->signature))
		return buf_starved(&sig) ? fail(cx, E_INTERNAL, "out of memory", "JWS")
					 : bad(out, "the signature is wrong");
	/* The library tells no lack of memory from a wrong key or signature: what is refused is looked at once more. */
	for (int looks = 0; looks < 2 && why != NULL; looks++) {
		CLEANUP(pkey_drop) EVP_PKEY *k = key_of(a, key);

		why = k == NULL                                        ? "the issuer's key cannot be used"
		      : verified(a, k, p->signed_text, buf_view(&sig)) ? NULL
								       : "the signature is wrong";
	}
	if (why != NULL)
		return bad(out, why);
	*out = (struct wire_jws){ JWS_GOOD, NULL, NULL };
	TRY(object(cx, p->payload, &out->payload));
	return out->payload != NULL ? OK : bad(out, "it holds no JSON object");
}
struct err wire_jws_check(struct ctx *cx, struct sv token, const struct node *keys, struct wire_jws *out)
{
	const struct node *header = NULL;
	struct parts p;

	if (token.n > MOST_TOKEN || !split(token, &p))
		return bad(out, "it is no signed token in compact form");
	TRY(object(cx, p.header, &header));
	if (header == NULL)
		return bad(out, "its header is no JSON object");
	const struct alg *a = alg_of(node_text_at(header, "alg"));
	const struct node *kid = node_get(header, "kid");
	if (a == NULL)
		return bad(out, "it is signed by an algorithm that is not accepted");
	if (node_get(header, "crit") != NULL || node_get(header, "b64") != NULL)
		return bad(out, "it wants an extension to be understood");
	if (kid != NULL && node_text(kid).n == 0)
		return bad(out, "the name of its key is no text");
	const struct node *key = choose(keys, a, node_text(kid));
	if (key == NULL) {
		*out = (struct wire_jws){ JWS_NO_KEY, "it is signed by a key that the issuer does not publish", NULL };
		return OK;
	}
	return by_key(cx, &p, a, key, out);
}
