/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim_fault.h"
#include "core/text.h"

#define JSON        "application/json"
#define GRANT(says) 400, JSON, "{\"error\":\"invalid_grant\",\"error_description\":\"" says "\"}"
#define NOTHING     0, NULL, NULL

/* clang-format off */
static const struct sim_fault_named rows[] = {
	/* at the consent page and on the way back */
	{ "user_denied", "consent", "the user says no", NOTHING, .twist = SIM_TWIST_DENIED },
	{ "admin_wanted", "consent", "the organisation wants an administrator's consent", NOTHING, .twist = SIM_TWIST_ADMIN },
	{ "scope_refused", "authorize", "the app may not ask for a scope", NOTHING, .twist = SIM_TWIST_SCOPE },
	{ "fewer_scopes", "consent", "the user unticks the last scope", NOTHING, .twist = SIM_TWIST_FEWER },
	{ "other_account", "consent", "another of the users is signed in at the provider", NOTHING, .twist = SIM_TWIST_OTHER },
	{ "wrong_iss", "consent", "the redirect back names another issuer", NOTHING, .twist = SIM_TWIST_ISS },
	/* the code */
	{ "wrong_client_secret", "token", "the client secret is not the app's", 401, JSON,
	  "{\"error\":\"invalid_client\",\"error_description\":\"Client authentication failed\"}", .twist = SIM_TWIST_NONE },
	{ "wrong_redirect", "token", "the redirect address is not the code's", GRANT("The redirect_uri does not match the authorization request"), .twist = SIM_TWIST_NONE },
	{ "code_expired", "token", "the code is too old", GRANT("The authorization code has expired"), .twist = SIM_TWIST_NONE },
	{ "code_used", "token", "the code was redeemed before", GRANT("The authorization code has already been redeemed"), .twist = SIM_TWIST_NONE },
	{ "pkce_mismatch", "token", "the PKCE verifier is not the code's", GRANT("PKCE verification failed"), .twist = SIM_TWIST_NONE },
	{ "provider_down", "token", "the token endpoint is overloaded", 503, "text/plain", "upstream connect error", .twist = SIM_TWIST_NONE },
	{ "rate_limited", "token", "too many calls", 429, JSON, "{\"message\":\"You are being rate limited.\"}", 30, .twist = SIM_TWIST_NONE },
	{ "answer_cut", "token", "the connection ends in the middle of the answer", 200, JSON, "40\r\n{\"access_token\":\"cut", .twist = SIM_TWIST_CUT },
	{ "html_answer", "token", "a web page instead of JSON", 200, "text/html", "<!doctype html><title>Maintenance</title>", .twist = SIM_TWIST_NONE },
	{ "wrong_token_type", "token", "a token that is no bearer token", 200, JSON, "{\"access_token\":\"simulated-mac-token\",\"token_type\":\"mac\"}", .twist = SIM_TWIST_NONE },
	{ "no_refresh_token", "token", "tokens without a refresh token", NOTHING, .twist = SIM_TWIST_NO_REFRESH },
	{ "clock_skew", "token", "the provider's clock is two hours ahead", NOTHING, .twist = SIM_TWIST_SKEW },
	/* later */
	{ "refresh_revoked", "refresh", "the user took the app's access away", GRANT("The refresh token has been revoked"), .twist = SIM_TWIST_NONE },
	{ "refresh_used", "refresh", "somebody else used the refresh token", GRANT("The refresh token has already been used"), .twist = SIM_TWIST_NONE },
	{ "identity_down", "api", "the API that says who the user is cannot be had", 503, JSON, "{\"message\":\"no healthy upstream\"}", .twist = SIM_TWIST_NONE },
};
/* clang-format on */

const struct sim_fault_named *sim_fault_rows(size_t *n)
{
	*n = ARRAY_LEN(rows);
	return rows;
}

bool sim_fault_fill(struct sv name, struct sim_fault *f)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct sim_fault_named *r = &rows[i];

		if (!sv_eqz(name, r->name))
			continue;
		f->on = sv_of(r->on);
		f->status = r->status;
		f->retry_after_s = r->retry_after_s;
		f->body = r->body == NULL ? SV_NONE : sv_of(r->body);
		f->content_type = r->content_type == NULL ? SV_NONE : sv_of(r->content_type);
		f->twist = r->twist;
		return true;
	}
	return false;
}
