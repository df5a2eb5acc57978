/* SPDX-License-Identifier: Apache-2.0 */
#include "model/known_error.h"
#include "core/text.h"

#define LINK_AGAIN "Open the same link again and finish at once."
#define ASK_AGAIN  "Let the app ask for authorization again and open the new link."
#define SECRET_FIX                                                                                    \
	"Make or copy the secret at the provider and set it here again: `tokenbooth provider set ID " \
	"--client-secret-file -`, the provider's page of the dashboard, or engine.yaml if it is declared there."
#define REDIR_FIX "Register the redirect address that `tokenbooth provider show` prints at the provider, to the letter."
#define SCOPE_FIX "Ask only for scopes that the provider's documentation lists and that are enabled for the app there."
#define CLIENT_FIX                                                                                                     \
	"Compare the client id (here: `tokenbooth provider set ID --client-id`), and the kind of app, with the app's " \
	"page at the provider."
#define DEF_FIX  "Compare the provider's definition with its documentation, or tell its maintainer."
#define WAIT_FIX "Wait a little and try again; the provider's status page tells more."
#define SLOW_FIX "Wait as long as the answer says; if it goes on, ask the provider for a higher limit."
#define ADMIN_FIX                                                                                                  \
	"Let an administrator of the user's organisation allow the app, then let the app ask again and open that " \
	"link."
#define SIGN_FIX "Let the user sign in at the provider and do what it asks, then open a new link."
#define NO_GRANT                                                                                                     \
	"The provider does not take the code or refresh token: unknown, expired, used before, revoked, or made for " \
	"another "                                                                                                   \
	"redirect address."
#define NO_REFRESH_GRANT                                                                                             \
	"The provider does not take the refresh token: unknown, expired, used before, revoked, or made for another " \
	"app."
#define EITHER_FIX "Open the link again, or let the app ask for a new one."
#define TOKEN      (PAT_CODE | PAT_REFRESH | PAT_EXCHANGE)
#define OF_CODE    (PAT_CODE | PAT_EXCHANGE) /* its link still works; the link of a grant that is refreshed does not */
#define CB         PAT_CALLBACK

/* clang-format off */
static const struct known_error rows[] = {
	/* ---- Microsoft: the code inside the description says more than the error beside it ---- */
	{ "Microsoft", 0, NULL, "AADSTS7000215", PERR_CONFIG, "The client secret is wrong (Microsoft wants its value, not its id).", SECRET_FIX },
	{ "Microsoft", 0, NULL, "AADSTS7000222", PERR_CONFIG, "The client secret has expired.", SECRET_FIX },
	{ "Microsoft", 0, NULL, "AADSTS700016", PERR_CONFIG, "The app does not exist in the tenant that was asked.", CLIENT_FIX },
	{ "Microsoft", 0, NULL, "AADSTS50194", PERR_CONFIG, "The app serves one tenant only, and the address asks for any.", "Put the tenant's id into the provider's addresses in place of `common`." },
	{ "Microsoft", 0, NULL, "AADSTS50011", PERR_CONFIG, "The redirect address is not registered at the provider.", REDIR_FIX },
	{ "Microsoft", 0, NULL, "AADSTS70011", PERR_CONFIG, "A scope that was asked for is not valid.", SCOPE_FIX },
	{ "Microsoft", CB, NULL, "AADSTS65004", PERR_DENIED, "The user said no on the provider's consent page.", ASK_AGAIN },
	{ "Microsoft", 0, NULL, "AADSTS65001", PERR_ACCOUNT, "Neither the user nor an administrator has agreed to all that was asked.", ADMIN_FIX },
	{ "Microsoft", 0, NULL, "AADSTS90094", PERR_ACCOUNT, "The organisation wants an administrator's consent first.", ADMIN_FIX },
	{ "Microsoft", 0, NULL, "AADSTS50076", PERR_ACCOUNT, "The organisation wants a second factor.", SIGN_FIX },
	{ "Microsoft", 0, NULL, "AADSTS53003", PERR_ACCOUNT, "A conditional access policy of the organisation blocks the app.", ADMIN_FIX },
	{ "Microsoft", OF_CODE, NULL, "AADSTS54005", PERR_REAUTH, "The code was redeemed already.", LINK_AGAIN },
	{ "Microsoft", OF_CODE, NULL, "AADSTS501481", PERR_REAUTH, "The PKCE verifier does not belong to the code.", LINK_AGAIN },
	{ "Microsoft", TOKEN, NULL, "AADSTS700082", PERR_REAUTH, "The refresh token was not used for too long.", ASK_AGAIN },
	{ "Microsoft", TOKEN, NULL, "AADSTS50173", PERR_REAUTH, "The user's password was changed, which ended the grant.", ASK_AGAIN },
	{ "Microsoft", TOKEN, NULL, "AADSTS70008", PERR_REAUTH, "The code or refresh token has expired.", ASK_AGAIN },

	/* ---- one word, several meanings: where the description tells, it is heard; RFC 6749's own sentence tells all and so nothing ---- */
	{ "Doorkeeper (GitLab) and others", OF_CODE, "invalid_grant", "issued to another client", PERR_REAUTH, NO_GRANT, EITHER_FIX },
	{ "Doorkeeper (GitLab) and others", PAT_REFRESH, "invalid_grant", "issued to another client", PERR_REAUTH, NO_REFRESH_GRANT, ASK_AGAIN },
	{ "Okta and others", OF_CODE, "invalid_grant", "invalid or has expired", PERR_REAUTH, NO_GRANT, EITHER_FIX },
	{ "Okta and others", PAT_REFRESH, "invalid_grant", "invalid or has expired", PERR_REAUTH, NO_REFRESH_GRANT, ASK_AGAIN },
	{ "RFC 7636", PAT_CODE, "invalid_grant", "pkce", PERR_REAUTH, "The PKCE verifier does not belong to the code.", LINK_AGAIN " If it happens again, the provider mixes up attempts, or its definition must say that it does no PKCE." },
	{ "RFC 7636", PAT_CODE, "invalid_grant", "verifier", PERR_REAUTH, "The PKCE verifier does not belong to the code.", LINK_AGAIN " If it happens again, the provider mixes up attempts, or its definition must say that it does no PKCE." },
	{ "Keycloak and others", PAT_CODE, "invalid_grant", "redirect", PERR_CONFIG, "The redirect address is not the one the code was made for.", REDIR_FIX },
	{ "Dropbox and others", PAT_CODE, "invalid_grant", "already", PERR_REAUTH, "The code was used before: by somebody else, or by an attempt whose answer was lost.", LINK_AGAIN " If it happens again, look for another program that redeems codes with this client id." },
	{ "Dropbox and others", PAT_CODE, "invalid_grant", "expired", PERR_REAUTH, "The code was too old when it was redeemed.", LINK_AGAIN " If it happens again, compare this machine's clock and the time the browser takes." },
	{ "Google", PAT_REFRESH, "invalid_grant", "invalid_rapt", PERR_ACCOUNT, "The organisation's policy wants the user to sign in again.", SIGN_FIX },
	{ "Auth0, Okta and others", PAT_REFRESH, "invalid_grant", "reuse", PERR_REAUTH, "The refresh token had been used before, so the provider ended the whole grant.", "Make sure that only one engine holds this grant (no restored copy, no second node), then " ASK_AGAIN },
	{ "Auth0, Okta and others", PAT_REFRESH, "invalid_grant", "already", PERR_REAUTH, "The refresh token had been used before: another program has its successor.", "Make sure that only one engine holds this grant (no restored copy, no second node), then " ASK_AGAIN },
	{ "Salesforce", PAT_REFRESH, "invalid_grant", "inactive", PERR_ACCOUNT, "The user or his organisation is no longer active at the provider.", SIGN_FIX },
	{ "Spotify, Google and others", PAT_REFRESH, "invalid_grant", "revoked", PERR_REAUTH, "The user, or an administrator, took the app's access away at the provider, or it has lapsed.", ASK_AGAIN },
	{ "Salesforce and others", PAT_REFRESH, "invalid_grant", "expired", PERR_REAUTH, "The refresh token is too old.", ASK_AGAIN },
	{ "Atlassian", PAT_REFRESH, "unauthorized_client", "refresh_token is invalid", PERR_REAUTH, "The refresh token is not known (any more).", ASK_AGAIN },
	{ "X", TOKEN, "invalid_request", "value passed for the token was invalid", PERR_REAUTH, "The code or refresh token is not good (any more).", ASK_AGAIN },

	/* ---- the redirect back: RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6 ---- */
	{ "Google", CB, "access_denied", "admin", PERR_ACCOUNT, "The organisation wants an administrator's consent first.", ADMIN_FIX },
	{ "RFC 6749 4.1.2.1", CB | PAT_CODE, "access_denied", NULL, PERR_DENIED, "The user said no on the provider's consent page.", ASK_AGAIN },
	{ "common", CB, "user_denied", NULL, PERR_DENIED, "The user said no on the provider's consent page.", ASK_AGAIN },
	{ "LinkedIn", CB, "user_cancelled_login", NULL, PERR_DENIED, "The user did not sign in at the provider.", ASK_AGAIN },
	{ "LinkedIn", CB, "user_cancelled_authorize", NULL, PERR_DENIED, "The user said no on the provider's consent page.", ASK_AGAIN },
	{ "OpenID Connect", CB, "consent_required", NULL, PERR_DENIED, "The provider may not show its consent page, and the user has not agreed before.", "Take `prompt: none` out of the provider's definition, then " ASK_AGAIN },
	{ "OpenID Connect", CB, "login_required", NULL, PERR_ACCOUNT, "The user is not signed in at the provider, and it may not ask him to.", SIGN_FIX },
	{ "OpenID Connect", 0, "interaction_required", NULL, PERR_ACCOUNT, "The provider wants the user to do something first (a second factor, new terms).", SIGN_FIX },
	{ "OpenID Connect", CB, "account_selection_required", NULL, PERR_ACCOUNT, "The user must say which of his accounts is meant.", SIGN_FIX },
	{ "RFC 6749 4.1.2.1", CB, "unsupported_response_type", NULL, PERR_CONFIG, "The app may not use the authorization code grant at this provider.", CLIENT_FIX },
	{ "RFC 6749 4.1.2.1", CB, "invalid_request", NULL, PERR_CONFIG, "The provider finds the authorize request malformed, or lacks a parameter.", DEF_FIX },
	{ "RFC 9101", CB, "invalid_request_uri", NULL, PERR_CONFIG, "The provider could not fetch what a request_uri names.", DEF_FIX },
	{ "RFC 9101", CB, "request_not_supported", NULL, PERR_CONFIG, "The provider does not take request objects.", DEF_FIX },
	{ "GitHub", CB | TOKEN, "application_suspended", NULL, PERR_CONFIG, "The provider has suspended the app.", "Read the mail the provider sent to the app's owner, or ask its support." },
	{ "Salesforce", CB, "OAUTH_APP_BLOCKED", NULL, PERR_ACCOUNT, "An administrator of the user's organisation blocks the app.", ADMIN_FIX },
	{ "Salesforce", CB, "OAUTH_APPROVAL_ERROR_GENERIC", NULL, PERR_ACCOUNT, "The provider could not approve the app for this user.", SIGN_FIX },
	{ "Google", 0, "org_internal", NULL, PERR_CONFIG, "The app is for members of one organisation only.", "Make the app external at the provider, or let a member of its organisation connect." },
	{ "Google", 0, "admin_policy_enforced", NULL, PERR_ACCOUNT, "An administrator of the user's organisation does not allow a scope that was asked for.", ADMIN_FIX },

	/* ---- the token endpoint: RFC 6749 5.2 and what is in common use beside it ---- */
	{ "RFC 6749 5.2", PAT_REFRESH, "invalid_grant", NULL, PERR_REAUTH, NO_REFRESH_GRANT, ASK_AGAIN },
	{ "RFC 6749 5.2", 0, "invalid_grant", NULL, PERR_REAUTH, NO_GRANT, EITHER_FIX },
	{ "GitHub", OF_CODE, "bad_verification_code", NULL, PERR_REAUTH, "The code is wrong, used or older than ten minutes.", LINK_AGAIN },
	{ "GitHub", TOKEN, "bad_refresh_token", NULL, PERR_REAUTH, "The refresh token is wrong, used or older than six months.", ASK_AGAIN },
	{ "GitHub", TOKEN, "unverified_user_email", NULL, PERR_ACCOUNT, "The user has not verified his mail address at the provider.", SIGN_FIX },
	{ "Zoho", TOKEN, "invalid_code", NULL, PERR_REAUTH, "The code or refresh token is not good (any more).", ASK_AGAIN },
	{ "RFC 8628", TOKEN, "expired_token", NULL, PERR_REAUTH, "The token is too old.", ASK_AGAIN },
	{ "RFC 6749 5.2", 0, "invalid_client", NULL, PERR_CONFIG, "The provider does not know the client id, or the client secret is wrong.", CLIENT_FIX " " SECRET_FIX },
	{ "GitHub", 0, "incorrect_client_credentials", NULL, PERR_CONFIG, "The client id or the client secret is wrong.", CLIENT_FIX " " SECRET_FIX },
	{ "Salesforce", 0, "invalid_client_credentials", NULL, PERR_CONFIG, "The client secret is wrong.", SECRET_FIX },
	{ "Salesforce, Slack", 0, "invalid_client_id", NULL, PERR_CONFIG, "The provider does not know the client id.", CLIENT_FIX },
	{ "Google", 0, "deleted_client", NULL, PERR_CONFIG, "The app was deleted at the provider.", "Restore it, or make a new one and change the client id here." },
	{ "RFC 6749 5.2", 0, "unauthorized_client", NULL, PERR_CONFIG, "The app may not use this grant type.", CLIENT_FIX },
	{ "RFC 6749 5.2", 0, "invalid_scope", NULL, PERR_CONFIG, "A scope that was asked for is unknown, malformed or not allowed to this app.", SCOPE_FIX },
	{ "RFC 6749 5.2", 0, "unsupported_grant_type", NULL, PERR_CONFIG, "The token endpoint does not know the grant type, or not the form of the request.", DEF_FIX },
	{ "GitHub, Google", 0, "redirect_uri_mismatch", NULL, PERR_CONFIG, "The redirect address is not registered at the provider.", REDIR_FIX },
	{ "Arcade's servers", 0, "invalid_redirect_uri", NULL, PERR_CONFIG, "The redirect address is not registered at the provider.", REDIR_FIX },
	{ "RFC 8707", 0, "invalid_target", NULL, PERR_CONFIG, "The provider does not serve the resource that was asked for.", DEF_FIX },
	{ "RFC 9449", 0, "use_dpop_nonce", NULL, PERR_CONFIG, "The provider wants tokens bound by DPoP, which this engine does not send.", "Let the app at the provider use bearer tokens." },
	{ "RFC 9449", 0, "invalid_dpop_proof", NULL, PERR_CONFIG, "The provider wants tokens bound by DPoP, which this engine does not send.", "Let the app at the provider use bearer tokens." },
	{ "RFC 7009", PAT_REVOKE, "unsupported_token_type", NULL, PERR_CONFIG, "The provider does not revoke this kind of token.", DEF_FIX },
	{ "RFC 6750", PAT_USER_INFO | PAT_LOOKUP, "insufficient_scope", NULL, PERR_REAUTH, "The scopes that were granted do not reach what was asked.", SCOPE_FIX },
	{ "RFC 6750", PAT_USER_INFO | PAT_LOOKUP, "invalid_token", NULL, PERR_REAUTH, "The provider does not take the access token.", ASK_AGAIN },
	{ "RFC 8628", 0, "slow_down", NULL, PERR_RATE, "The provider asks to call less often.", SLOW_FIX },
	{ "common", 0, "rate_limited", NULL, PERR_RATE, "The provider asks to call less often.", SLOW_FIX },
	{ "Slack", 0, "ratelimited", NULL, PERR_RATE, "The provider asks to call less often.", SLOW_FIX },
	{ "Salesforce", 0, "rate_limit_exceeded", NULL, PERR_RATE, "The provider asks to call less often.", SLOW_FIX },
	{ "Keycloak", CB, "temporarily_unavailable", "authentication_expired", PERR_RETRY, "The user took too long to sign in at the provider.", LINK_AGAIN },
	{ "RFC 6749 4.1.2.1", 0, "server_error", NULL, PERR_RETRY, "The provider met an error of its own.", WAIT_FIX },
	{ "RFC 6749 4.1.2.1", 0, "temporarily_unavailable", NULL, PERR_RETRY, "The provider is overloaded or under maintenance.", WAIT_FIX },
};
/* clang-format on */

const struct known_error *known_error_rows(size_t *n)
{
	*n = ARRAY_LEN(rows);
	return rows;
}

bool known_error_says(struct sv text, struct sv part)
{
	for (size_t i = 0; i + part.n <= text.n; i++)
		if (sv_ieq(sv_upto(sv_from(text, i), part.n), part))
			return true;
	return false;
}

const struct known_error *known_error_find(unsigned at, struct sv error, struct sv description)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct known_error *k = &rows[i];

		if ((k->at == 0 || (k->at & at) != 0) && (k->error == NULL || sv_eqz(error, k->error)) &&
		    (k->contains == NULL || known_error_says(description, sv_of(k->contains))))
			return k;
	}
	return NULL;
}

enum reason known_error_reason(enum pdef_error_is is, unsigned at)
{
	switch (is) {
	case PERR_REAUTH: return (at & (PAT_CODE | PAT_CALLBACK)) != 0 ? REASON_EXCHANGE_REFUSED : REASON_REVOKED;
	case PERR_CONFIG: return REASON_MISCONFIGURED;
	case PERR_RATE: return REASON_RATE_LIMITED;
	case PERR_GONE: return REASON_REVOKED;
	case PERR_DENIED: return REASON_DENIED;
	case PERR_ACCOUNT: return REASON_ACCOUNT;
	case PERR_RETRY:
	default: return REASON_PROVIDER_DOWN;
	}
}

const char *known_error_word(enum pdef_error_is is)
{
	static const char *const words[] = {
		[PERR_REAUTH] = "reauth",     [PERR_RETRY] = "retry", [PERR_CONFIG] = "config_error",
		[PERR_RATE] = "rate_limited", [PERR_GONE] = "gone",   [PERR_DENIED] = "denied",
		[PERR_ACCOUNT] = "account"
	};

	return (size_t)is < ARRAY_LEN(words) ? words[is] : "retry";
}
