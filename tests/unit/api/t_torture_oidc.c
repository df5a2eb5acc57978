/* SPDX-License-Identifier: Apache-2.0 */
/* t_torture_oidc.c: as t_torture.c, for signing in with an issuer: metadata, keys, a code for a signed ID token. */
#include "domain/oidc.h"
#include "tt_torture.h"
#include <openssl/evp.h>

#define ISSUER "https://id.example"
static struct oidc_conf conf = { .id = "acme",
				 .name = "Acme",
				 .issuer = ISSUER,
				 .client_id = "client-2",
				 .scopes = "openid email",
				 .role = ROLE_VIEWER };
static struct sv domains[] = { SV_INIT("example.com") };
static EVP_PKEY *key;

static const char *b64(struct tt_api *w, struct sv in)
{
	CLEANUP(buf_free) struct buf b = BUF(8192);

	enc_b64url(&b, in);
	CHECK(buf_ok(&b));
	return arena_text(w->cx->arena, buf_view(&b));
}
/* One document is metadata and keys: each is read for what it names. */
static void publish(struct tt_api *w)
{
	unsigned char x[32];
	size_t n = sizeof x;

	CHECK(EVP_PKEY_get_raw_public_key(key, x, &n) == 1);
	tt_net_answer("oidc.document", 200,
		      arena_printf(w->cx->arena,
				   "{\"issuer\":\"" ISSUER "\",\"authorization_endpoint\":\"" ISSUER
				   "/a\",\"token_endpoint\":\"" ISSUER "/t\",\"jwks_uri\":\"" ISSUER
				   "/k\",\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"}]}",
				   b64(w, (struct sv){ (const char *)x, n })));
}
static void sign(struct tt_api *w, const char *nonce, long run)
{
	const int64_t now = clock_now() / SEC(1);
	const char *head = "{\"alg\":\"EdDSA\"}",
		   *claims = arena_printf(w->cx->arena,
					  "{\"iss\":\"" ISSUER
					  "\",\"aud\":\"client-2\",\"sub\":\"s%ld\",\"nonce\":\"%s\",\"iat\":%lld,"
					  "\"exp\":%lld,\"email\":\"o%ld@example.com\",\"email_verified\":true}",
					  run, nonce, (long long)now, (long long)now + 600, run),
		   *text = arena_printf(w->cx->arena, "%s.%s", b64(w, sv_of(head)), b64(w, sv_of(claims)));
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char sig[64];
	size_t n = sizeof sig;

	CHECK(md != NULL && EVP_DigestSignInit(md, NULL, NULL, NULL, key) == 1 &&
	      EVP_DigestSign(md, sig, &n, (const unsigned char *)text, strlen(text)) == 1);
	EVP_MD_CTX_free(md);
	tt_net_answer("oidc.token", 200,
		      arena_printf(w->cx->arena,
				   "{\"token_type\":\"Bearer\",\"access_token\":\"at\",\"id_token\":\"%s.%s\"}", text,
				   b64(w, (struct sv){ (const char *)sig, n })));
}
/* Nothing is known of the issuer: metadata and keys are asked for on the way. */
static void forget(struct tt_api *w)
{
	oidc_free(w->f.en->oidc);
	CHECK(!IS_ERR(oidc_open(w->cx, w->f.en, &w->f.en->oidc)));
	tt_unthrottle(w);
}
static void before_back(struct tt_api *w, struct tt_call *c, long run)
{
	forget(w);
	w->cookie = NULL;
	struct tt_answer a = tt_send(w, "GET", "/sign-in/oidc/acme", NULL);
	CHECK_ROW(a.body, a.status == 303);
	struct sv to = sv_of(tt_location(w, &a));
	w->cookie = tt_set_cookie(w, &a, "tb_oidc_9099");
	sign(w, tt_param(w->cx, to, "nonce"), run);
	forget(w); /* also what the first step found out */
	c->target =
	    arena_printf(w->cx->arena, "/sign-in/oidc/acme/callback?code=c0de&state=%s", tt_param(w->cx, to, "state"));
}

TEST(signing_in_with_an_issuer_without_each_allocation)
{
	static const struct tt_exact back = { { "back", "GET", NULL, NULL, 303, 0, NULL },
					      before_back,
					      TT_THREE(TT_ROWS("accounts"), TT_ROWS("identities"),
						       TT_ROWS("members")) };
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	const struct tt_call begin = { "to the issuer", "GET", "/sign-in/oidc/acme", NULL, 303, 0, NULL };

	tt_api_begin(tt_ctx(), &w);
	CHECK((key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")) != NULL);
	conf.domains = (struct sv_list){ domains, 1 };
	w.f.e.config.oidc = &conf;
	w.f.e.config.n_oidc = 1;
	(void)tt_account(&w, "boss@example.com", "owner");
	w.key = NULL;
	w.accept = "text/html";
	publish(&w);
	forget(&w);
	tt_torture(&w, &begin, 25); /* of a budget of 30 */
	tt_torture_exact(&w, &back, TT_SHORT);
	tt_whole(&w);
	oidc_free(w.f.en->oidc);
	w.f.en->oidc = NULL;
	EVP_PKEY_free(key);
}
