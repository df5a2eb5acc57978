/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buf.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/text.h"
#include "model/jpath.h"
#include "tt.h"
#include "wireworld.h"
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static const char definition[] =
    "values: {authorize_url: 'https://as.test/a', token_url: 'https://as.test/t'}\n"
    "token: {auth: [%s]}\n"
    "jwt: {alg: %s, kid: K1, claims: {iss: TEAM, sub: '{{client_id}}', n: 7}, lifetime_s: 600}\n";

static struct wire_client *client(struct ctx *cx, const char *auth, const char *alg)
{
	char yaml[400];

	(void)snprintf(yaml, sizeof yaml, definition, auth, alg);
	return world_client(cx, "oauth2", yaml);
}

static struct secret *pem_of(EVP_PKEY *key)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p;

	CHECK(b != NULL && PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL) == 1);
	long n = BIO_get_mem_data(b, &p);
	struct secret *s = secret_copy((struct sv){ p, (size_t)n });
	(void)BIO_free(b);
	return s;
}

/* The value of a form field of the first call. */
static struct sv field(struct ctx *cx, const char *name)
{
	struct sv rest = sv_of(world_sent(0)->body);
	struct pair p;
	bool bad;

	while (form_next(cx->arena, &rest, &p, &bad))
		if (sv_eqz(p.name, name))
			return p.value;
	return SV_NONE;
}

/* RFC 7518 section 3.4 turned back: R and S into what OpenSSL checks. */
static bool verifies(EVP_PKEY *key, struct sv signing, const struct buf *sig, bool ec)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char *der = NULL;
	int n = 0;
	bool ok = false;

	if (ec && sig->n == 64) {
		ECDSA_SIG *s = ECDSA_SIG_new();

		CHECK(ECDSA_SIG_set0(s, BN_bin2bn((unsigned char *)sig->p, 32, NULL),
				     BN_bin2bn((unsigned char *)sig->p + 32, 32, NULL)) == 1);
		n = i2d_ECDSA_SIG(s, &der);
		ECDSA_SIG_free(s);
	}
	const unsigned char *at = ec ? der : (const unsigned char *)sig->p;
	if (md != NULL && at != NULL && EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) == 1)
		ok =
		    EVP_DigestVerify(md, at, ec ? (size_t)n : sig->n, (const unsigned char *)signing.p, signing.n) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(md);
	return ok;
}

static void check_jwt(struct ctx *cx, struct sv jwt, EVP_PKEY *key, bool ec)
{
	CLEANUP(buf_free) struct buf sig = BUF(4096);
	const struct node *claims;
	size_t last = 0;

	for (size_t i = 0; i < jwt.n; i++)
		last = jwt.p[i] == '.' ? i : last;
	CHECK(dec_b64url(&sig, sv_from(jwt, last + 1)));
	CHECK(verifies(key, sv_upto(jwt, last), &sig, ec));
	CHECK(!IS_ERR(jpath_jwt(cx, jwt, &claims)) && claims != NULL);
	CHECK(sv_eqz(node_text_at(claims, "iss"), "TEAM") && sv_eqz(node_text_at(claims, "sub"), "client:1"));
	CHECK(node_get(claims, "n")->kind == NODE_INT && node_get(claims, "n")->i == 7);
	CHECK(node_get(claims, "exp")->i == node_get(claims, "iat")->i + 600 &&
	      node_get(claims, "iat")->i == cx->now / SEC(1));
}

TEST(client_can_show_itself_by_a_signed_jwt)
{
	static const struct {
		const char *auth, *alg, *field;
		bool ec;
	} t[] = {
		{ "private_key_jwt", "ES256", "client_assertion", true },
		{ "secret_jwt", "ES256", "client_secret", true },
		{ "private_key_jwt", "RS256", "client_assertion", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
		struct wire_client *c = client(cx, t[i].auth, t[i].alg);
		EVP_PKEY *key = t[i].ec ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
		struct secret *pem = pem_of(key);
		struct wire_outcome how;

		c->client_secret = pem;
		world_json(200, "{\"access_token\":\"at\"}");
		struct err e = world_redeem(cx, c, &set, &how);
		CHECK_ROW(t[i].field, !IS_ERR(e) && how.fate == WIRE_OK);
		check_jwt(cx, field(cx, t[i].field), key, t[i].ec);
		CHECK(sv_eqz(field(cx, "client_id"), "client:1") && !world_has(world_sent(0)->body, "PRIVATE"));
		secret_free(pem);
		EVP_PKEY_free(key);
		world_start();
	}
}

TEST(key_that_cannot_sign_is_a_matter_of_configuration)
{
	static const char *const keys[] = { "not a key",
					    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" };

	for (size_t i = 0; i < ARRAY_LEN(keys) + 2; i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
		struct wire_client *c = client(cx, "private_key_jwt", "ES256");
		EVP_PKEY *key = i < ARRAY_LEN(keys)    ? NULL
				: i == ARRAY_LEN(keys) ? EVP_RSA_gen(2048)
						       : EVP_EC_gen("P-384");
		struct secret *pem = key == NULL ? secret_copy(sv_of(keys[i])) : pem_of(key);
		struct wire_outcome how;

		c->client_secret = pem;
		struct err e = world_redeem(cx, c, &set, &how);
		CHECK(!IS_ERR(e) && how.fate == WIRE_CONFIG && world_calls() == 0 &&
		      world_has(how.detail, "private key"));
		secret_free(pem);
		EVP_PKEY_free(key);
		world_start();
	}
}

TEST(hs256_is_an_hmac_by_the_secret)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	CLEANUP(buf_free) struct buf want = BUF(100);
	struct wire_client *c = client(cx, "secret_jwt", "HS256");
	struct wire_outcome how;
	size_t last = 0;

	world_json(200, "{\"access_token\":\"at\"}");
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_OK);
	struct sv jwt = field(cx, "client_secret");
	for (size_t i = 0; i < jwt.n; i++)
		last = jwt.p[i] == '.' ? i : last;
	struct sha256 mac = hmac_sha256(SV("s3cr&t value"), sv_upto(jwt, last));
	enc_b64url(&want, sha256_view(&mac));
	CHECK(sv_eq(buf_view(&want), sv_from(jwt, last + 1)));
	world_start();
}

TEST(granted_scopes_may_come_in_a_header)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_client *c =
	    world_client(cx, "oauth2",
			 "values: {authorize_url: 'https://as.test/a', token_url: 'https://as.test/t'}\n"
			 "scopes: {granted_from: header, granted_at: X-Granted}\nanswer: {scope_format: comma}\n");
	struct wire_outcome how;

	world_json(200, "{\"access_token\":\"at\",\"scope\":\"other\"}");
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_OK);
	CHECK(set.scope_known && set.scopes.n == 2 && sv_eqz(set.scopes.v[1], "h2"));
	world_start();
}
