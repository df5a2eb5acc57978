/* SPDX-License-Identifier: Apache-2.0 */
#include "model/reason.h"
#include "core/text.h"

#define LINK_AGAIN  "Open the same link again and finish there."
#define ASK_AGAIN   "Let the app ask for authorization again and open the new link."
#define IN_PROVIDER "in the provider's entry here and in the provider's own developer settings"
static const char *const codes[] = { [REASON_NONE] = "",
#define X(e, w) [e] = (w),
				     REASONS(X)
#undef X
};
static const struct {
	const char *cause, *fix;
} words[] = {
	[REASON_NONE] = { "", "" },
	[REASON_DENIED] = { "The user said no on the provider's consent page.", ASK_AGAIN },
	[REASON_USER_MISMATCH] = { "Somebody other than the user it was asked for came to confirm; the tokens were "
				   "thrown away.",
				   "Let the app ask again and give the link to the right user, signed in as himself." },
	[REASON_EXPIRED] = { "Nobody finished the consent before the link's time was over.", ASK_AGAIN },
	[REASON_MISCONFIGURED] = { "The provider does not accept this app as it is set up here.",
				   "Compare client id, client secret, redirect address and scopes " IN_PROVIDER
				   ", then ask again." },
	[REASON_WRONG_BROWSER] = { "The provider sent back a browser other than the one that opened the link.",
				   "Open the link and finish in one and the same browser, with cookies allowed." },
	[REASON_ISSUER_MISMATCH] = { "The answer came in the name of another authorization server.", LINK_AGAIN
				     " If it happens again, check the provider's issuer in its definition." },
	[REASON_PROVIDER_CHANGED] = { "The provider's settings were changed while the consent was under way.",
				      LINK_AGAIN },
	[REASON_CONNECTION_CHANGED] = { "More was granted to this connection while the consent was under way.",
					LINK_AGAIN },
	[REASON_INTERRUPTED] = { "The exchange of the code was cut short and must not be repeated.", LINK_AGAIN },
	[REASON_EXCHANGE_REFUSED] = { "The provider refused to exchange the code for tokens.", LINK_AGAIN },
	[REASON_PROVIDER_DOWN] = { "The provider could not be reached or answered with an error of its own.",
				   "Wait a little. " LINK_AGAIN },
	[REASON_ACCOUNT] = { "The provider wants the user, or an administrator of his organisation, to do something "
			     "first.",
			     "Let him do what the provider asks; then let the app ask again and open that link." },
	[REASON_RATE_LIMITED] = { "The provider asks to call less often.", "Wait a minute. " LINK_AGAIN },
	[REASON_BAD_ANSWER] = { "The provider's answer could not be used.",
				LINK_AGAIN " If it happens again, the provider's definition does not fit what the "
					   "provider sends." },
	[REASON_NO_REFRESH_TOKEN] = { "The provider gave no refresh token: the user must come back when the access "
				      "token ends.",
				      "If the provider can give one, switch it on there (offline access, token "
				      "rotation), or ask for the scope it wants." },
	[REASON_FEWER_SCOPES] = { "The provider granted less than was asked for: the user unticked it, or the app may "
				  "not have it.",
				  "Let the app ask for the missing scopes again, or do without them." },
	[REASON_CLOCK_SKEW] = { "The provider's clock and this machine's differ by minutes, so that expiry times "
				"cannot be trusted.",
				"Set this machine's clock by NTP; if it is right, the provider's is wrong." },
	[REASON_ACCOUNT_CHANGED] = { "The user consented with another account at the provider than before; its tokens "
				     "have replaced the old ones.",
				     "If that was a mistake, let the user sign out at the provider and open a new link "
				     "with the right account." },
	[REASON_UNVERIFIED] = { "Tokens came, but nobody confirmed who the user is within ten minutes.",
				"Open the same link again, sign in and confirm at once." },
	[REASON_SUPERSEDED] = { "Another attempt finished this authorization first.",
				"Nothing: see the attempt that finished it." },
	[REASON_REVOKED] = { "The provider says that the grant was revoked or is over.", ASK_AGAIN },
	[REASON_ANSWER_LOST] = { "The provider no longer takes the refresh token: a refresh was sent whose answer "
				 "never "
				 "came, or the store was restored from a backup older than the last refresh.",
				 ASK_AGAIN },
	[REASON_NO_REFRESH] = { "The access token is over and the provider never gave a refresh token.", ASK_AGAIN },
	[REASON_NO_REFRESH_REQUEST] = { "The provider's settings here have no refresh_request: when the access token "
					"ends, "
					"nothing renews it.",
					"Give the provider its refresh_request (`tokenbooth provider set ID "
					"--oauth2-file "
					"FILE`, the dashboard, or engine.yaml); a refresh token that was given is used "
					"then, "
					"and without one let the app ask for authorization again." },
	[REASON_CLIENT_CHANGED] = { "The provider's client id was changed, and the tokens belong to the old one.",
				    ASK_AGAIN },
	[REASON_DISCONNECTED] = { "The connection was deleted by API or by an administrator.", ASK_AGAIN },
	[REASON_REPLACED] = { "A newer consent took its place.", "Nothing: the newer connection is in use." },
	[REASON_PROVIDER_DELETED] = { "The provider was deleted from this engine.",
				      "Add the provider again, then ask again." },
};
_Static_assert(ARRAY_LEN(codes) == REASON__COUNT && ARRAY_LEN(words) == REASON__COUNT, "a reason without words");

static size_t at(enum reason r) { return (size_t)r < REASON__COUNT ? (size_t)r : REASON_NONE; }
const char *reason_code(enum reason r) { return codes[at(r)]; }
const char *reason_cause(enum reason r) { return words[at(r)].cause; }
const char *reason_fix(enum reason r) { return words[at(r)].fix; }
const char *reason_fix_refresh(enum reason r)
{
	static const char *const own[REASON__COUNT] = {
		[REASON_PROVIDER_DOWN] = "Nothing: the engine tries again by itself.",
		[REASON_RATE_LIMITED] = "Nothing: the engine tries again by itself.",
		[REASON_BAD_ANSWER] =
		    "Nothing at first: the engine tries again by itself. If it goes on, the provider's "
		    "definition does not fit what the provider sends.",
		[REASON_MISCONFIGURED] =
		    "Compare client id, client secret and scopes " IN_PROVIDER "; the engine tries again by itself.",
	};

	return own[at(r)] != NULL ? own[at(r)] : reason_fix(r);
}
enum reason reason_of(struct sv code)
{
	for (size_t i = 1; i < REASON__COUNT; i++)
		if (sv_eqz(code, codes[i]))
			return (enum reason)i;
	return REASON_NONE;
}
