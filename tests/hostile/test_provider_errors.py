# SPDX-License-Identifier: Apache-2.0
"""What real providers say when they refuse, each sent to the real engine in the form that provider sends it, and read back from the
authorization's timeline: a typed reason (at most 12 of them), a cause and a fix.  docs/ERRORS.md is the same list for people."""
import json
import pathlib
import re

import pytest

from hostile import Attempt, at_once, definition, instance, result
from peer import Peer, answer
from world import Engine, until

DENIED, CONFIG, ACCOUNT, REFUSED = "denied", "provider_misconfigured", "account_action_needed", "exchange_refused"
DOWN, RATE, BAD, REVOKED = "provider_unavailable", "rate_limited", "bad_answer", "revoked_or_expired"
ENDS = {DENIED, CONFIG}  # what ends the authorization; all else ends only the attempt


def e(error, description=None, status=400, **more):
    return status, {"error": error, **({"error_description": description} if description else {}), **more}


def aadsts(code, text, error="invalid_grant", **more):
    return e(error, f"AADSTS{code}: {text} Trace ID: 2f8f0b3e Correlation ID: 11aa22bb Timestamp: 2026-11-25", **more)


# name, definition, where it comes, what comes, reason, words of the cause
ROWS = [
    # RFC 6749 4.1.2.1 and OpenID Connect: in the redirect back
    ("cb access_denied", "acme", "callback", dict(error="access_denied"), DENIED, "said no"),
    ("cb invalid_request", "acme", "callback", dict(error="invalid_request", error_description="Missing parameter: response_type"), CONFIG, "malformed"),
    ("cb unauthorized_client", "acme", "callback", dict(error="unauthorized_client"), CONFIG, "may not use this grant"),
    ("cb unsupported_response_type", "acme", "callback", dict(error="unsupported_response_type"), CONFIG, "authorization code grant"),
    ("cb invalid_scope", "acme", "callback", dict(error="invalid_scope", error_description="The requested scope is invalid"), CONFIG, "scope"),
    ("cb server_error", "acme", "callback", dict(error="server_error"), DOWN, "error of its own"),
    ("cb temporarily_unavailable", "acme", "callback", dict(error="temporarily_unavailable"), DOWN, "overloaded"),
    ("cb interaction_required", "acme", "callback", dict(error="interaction_required"), ACCOUNT, "do something first"),
    ("cb login_required", "acme", "callback", dict(error="login_required"), ACCOUNT, "not signed in"),
    ("cb account_selection_required", "acme", "callback", dict(error="account_selection_required"), ACCOUNT, "which of his accounts"),
    ("cb consent_required", "acme", "callback", dict(error="consent_required"), DENIED, "may not show its consent page"),
    ("cb request_not_supported", "acme", "callback", dict(error="request_not_supported"), CONFIG, "request objects"),
    ("cb linkedin login", "acme", "callback", dict(error="user_cancelled_login", error_description="The user cancelled LinkedIn login"), DENIED, "did not sign in"),
    ("cb linkedin authorize", "acme", "callback", dict(error="user_cancelled_authorize"), DENIED, "said no"),
    ("cb google admin_policy", "google", "callback", dict(error="admin_policy_enforced"), ACCOUNT, "administrator"),
    ("cb google org_internal", "google", "callback", dict(error="org_internal"), CONFIG, "one organisation"),
    ("cb github suspended", "github", "callback", dict(error="application_suspended", error_description="Your application has been suspended."), CONFIG, "suspended"),
    ("cb github redirect", "github", "callback", dict(error="redirect_uri_mismatch"), CONFIG, "redirect address"),
    ("cb salesforce blocked", "acme", "callback", dict(error="OAUTH_APP_BLOCKED", error_description="this app is blocked by admin"), ACCOUNT, "blocks the app"),
    ("cb keycloak", "acme", "callback", dict(error="temporarily_unavailable", error_description="authentication_expired"), DOWN, "too long to sign in"),
    ("cb microsoft declined", "acme", "callback", dict(error="access_denied", error_description="AADSTS65004: User declined to consent to access the app."), DENIED, "said no"),
    ("cb microsoft admin", "acme", "callback", dict(error="access_denied", error_description="AADSTS90094: The grant requires admin permission."), ACCOUNT, "administrator"),
    ("cb unknown word", "acme", "callback", dict(error="quantum_flux"), BAD, "could not be used"),
    # RFC 6749 5.2: to the code
    ("code invalid_client", "acme", "code", e("invalid_client", status=401), CONFIG, "client secret is wrong"),
    ("code invalid_grant", "acme", "code", e("invalid_grant"), REFUSED, "unknown, expired, used before"),
    ("code unauthorized_client", "acme", "code", e("unauthorized_client"), CONFIG, "grant type"),
    ("code unsupported_grant_type", "acme", "code", e("unsupported_grant_type"), CONFIG, "does not know the grant type"),
    ("code invalid_scope", "acme", "code", e("invalid_scope"), CONFIG, "scope"),
    ("code invalid_target", "acme", "code", e("invalid_target"), CONFIG, "resource"),
    ("code dpop", "acme", "code", e("use_dpop_nonce", "Authorization server requires nonce in DPoP proof"), CONFIG, "DPoP"),
    ("code slow_down", "acme", "code", e("slow_down"), RATE, "less often"),
    ("code pkce", "acme", "code", e("invalid_grant", "PKCE verification failed: Code mismatch"), REFUSED, "PKCE verifier"),
    ("code redirect", "acme", "code", e("invalid_grant", "Incorrect redirect_uri"), CONFIG, "redirect address"),
    ("code doorkeeper says all", "acme", "code", e("invalid_grant", "The provided authorization grant is invalid, expired, revoked, does not match the "
     "redirection URI used in the authorization request, or was issued to another client."), REFUSED, "unknown, expired, used before"),
    ("code used", "acme", "code", e("invalid_grant", "code has already been used"), REFUSED, "used before"),
    ("code expired", "acme", "code", e("invalid_grant", "code has expired (within the last hour)"), REFUSED, "too old"),
    ("code word nobody knows", "acme", "code", e("quantum_flux", "The flux is out of phase"), REFUSED, "refused to exchange"),
    # vendors: to the code
    ("code github verification", "github", "code", e("bad_verification_code", "The code passed is incorrect or expired.", 200), REFUSED, "ten minutes"),
    ("code github credentials", "github", "code", e("incorrect_client_credentials", status=200), CONFIG, "client secret is wrong"),
    ("code github redirect", "github", "code", e("redirect_uri_mismatch", status=200), CONFIG, "redirect address"),
    ("code github email", "github", "code", e("unverified_user_email", status=200), ACCOUNT, "mail address"),
    ("code slack invalid_code", "slack", "code", (200, {"ok": False, "error": "invalid_code"}), REFUSED, "not known"),
    ("code slack used", "slack", "code", (200, {"ok": False, "error": "code_already_used"}), REFUSED, "used before"),
    ("code slack secret", "slack", "code", (200, {"ok": False, "error": "bad_client_secret"}), CONFIG, "client secret is wrong"),
    ("code slack client", "slack", "code", (200, {"ok": False, "error": "invalid_client_id"}), CONFIG, "client id"),
    ("code slack redirect", "slack", "code", (200, {"ok": False, "error": "bad_redirect_uri"}), CONFIG, "redirect address"),
    ("code slack organisation", "slack", "code", (200, {"ok": False, "error": "team_access_not_granted"}), ACCOUNT, "organisation"),
    ("code slack rate", "slack", "code", (200, {"ok": False, "error": "ratelimited"}), RATE, "less often"),
    ("code slack broken", "slack", "code", (200, {"ok": False, "error": "internal_error"}), DOWN, "error of its own"),
    ("code clickup redirect", "clickup", "code", (400, {"err": "Redirect URI does not match", "ECODE": "OAUTH_007"}), CONFIG, "redirect address"),
    ("code clickup client", "clickup", "code", (401, {"err": "Client not found", "ECODE": "OAUTH_010"}), CONFIG, "client id"),
    ("code clickup used", "clickup", "code", (401, {"err": "Code already used or expired", "ECODE": "OAUTH_014"}), REFUSED, "used before"),
    ("code clickup team", "clickup", "code", (401, {"err": "Team not authorized", "ECODE": "OAUTH_023"}), REFUSED, "workspace"),
    ("code discord", "discord", "code", e("invalid_grant", 'Invalid "code" in request.'), REFUSED, "another redirect address"),
    ("code discord old form", "discord", "code", e("invalid_request", 'Invalid "code" in request.'), REFUSED, "Discord does not take the code"),
    ("code discord firewall", "discord", "code", (403, {"message": "internal network error", "code": 40333}), DOWN, "firewall"),
    ("code google deleted", "google", "code", e("deleted_client", "The OAuth client was deleted.", 401), CONFIG, "deleted"),
    ("code google redirect", "google", "code", e("redirect_uri_mismatch", "Bad Request"), CONFIG, "redirect address"),
    ("code dropbox client", "dropbox", "code", e("invalid_client", "Invalid client_id or client_secret"), CONFIG, "client secret is wrong"),
    ("code salesforce secret", "acme", "code", e("invalid_client_credentials", "client secret invalid"), CONFIG, "client secret is wrong"),
    ("code salesforce client", "acme", "code", e("invalid_client_id", "client identifier invalid"), CONFIG, "client id"),
    ("code salesforce rate", "acme", "code", e("rate_limit_exceeded"), RATE, "less often"),
    ("code zoho", "acme", "code", (200, {"error": "invalid_code"}), REFUSED, "not good"),
    ("code microsoft secret", "acme", "code", aadsts(7000215, "Invalid client secret provided.", "invalid_client", status=401), CONFIG, "its value, not its id"),
    ("code microsoft secret expired", "acme", "code", aadsts(7000222, "The provided client secret keys are expired.", "invalid_client", status=401), CONFIG, "has expired"),
    ("code microsoft app", "acme", "code", aadsts(700016, "Application not found in the directory.", "unauthorized_client"), CONFIG, "tenant"),
    ("code microsoft used", "acme", "code", aadsts(54005, "OAuth2 Authorization code was already redeemed."), REFUSED, "redeemed already"),
    ("code microsoft pkce", "acme", "code", aadsts(501481, "The Code_Verifier does not match the code_challenge."), REFUSED, "PKCE"),
    ("code microsoft redirect", "acme", "code", aadsts(500112, "The reply address does not match.", "invalid_client"), CONFIG, "redirect address"),
    # to a refresh token
    ("refresh invalid_grant", "acme", "refresh", e("invalid_grant"), REVOKED, "unknown, expired, used before"),
    ("refresh google", "google", "refresh", e("invalid_grant", "Token has been expired or revoked."), REVOKED, "took the app's access away"),
    ("refresh google rapt", "google", "refresh", e("invalid_grant", "reauth related error (invalid_rapt)", error_subtype="invalid_rapt"), ACCOUNT, "sign in again"),
    ("refresh salesforce old", "acme", "refresh", e("invalid_grant", "expired access/refresh token"), REVOKED, "too old"),
    ("refresh salesforce inactive", "acme", "refresh", e("invalid_grant", "inactive user"), ACCOUNT, "no longer active"),
    ("refresh spotify", "acme", "refresh", e("invalid_grant", "Refresh token revoked"), REVOKED, "took the app's access away"),
    ("refresh reuse", "acme", "refresh", e("invalid_grant", "Refresh token reuse detected"), REVOKED, "used before"),
    ("refresh atlassian", "acme", "refresh", e("unauthorized_client", "refresh_token is invalid", 403), REVOKED, "not known"),
    ("refresh atlassian grant", "acme", "refresh", e("invalid_grant", "Unknown or invalid refresh token.", 403), REVOKED, "unknown, expired, used before"),
    ("refresh x", "acme", "refresh", e("invalid_request", "Value passed for the token was invalid."), REVOKED, "not good"),
    ("refresh github", "github", "refresh", e("bad_refresh_token", "The refresh token passed is incorrect or expired.", 200), REVOKED, "six months"),
    ("refresh slack", "slack", "refresh", (200, {"ok": False, "error": "invalid_refresh_token"}), REVOKED, "used before"),
    ("refresh slack revoked", "slack", "refresh", (200, {"ok": False, "error": "token_revoked"}), REVOKED, "removed the app"),
    ("refresh slack inactive", "slack", "refresh", (200, {"ok": False, "error": "account_inactive"}), REVOKED, "deactivated"),
    ("refresh discord", "discord", "refresh", e("invalid_grant", 'Invalid "refresh_token" in request'), REVOKED, "unknown, expired, used before"),
    ("refresh discord old form", "discord", "refresh", e("invalid_request", 'Invalid "refresh_token" in request'), REVOKED, "Discord does not take the refresh token"),
    ("refresh dropbox", "dropbox", "refresh", e("invalid_grant", "refresh token is invalid or revoked"), REVOKED, "took the app's access away"),
    ("refresh microsoft idle", "acme", "refresh", aadsts(700082, "The refresh token has expired due to inactivity."), REVOKED, "not used for too long"),
    ("refresh microsoft password", "acme", "refresh", aadsts(50173, "The provided grant has expired due to it being revoked."), REVOKED, "password"),
    ("refresh microsoft factor", "acme", "refresh", aadsts(50076, "you must use multi-factor authentication", "interaction_required"), ACCOUNT, "second factor"),
    ("refresh microsoft consent", "acme", "refresh", aadsts(65001, "The user or administrator has not consented."), ACCOUNT, "agreed to all"),
    ("refresh microsoft policy", "acme", "refresh", aadsts(53003, "Access has been blocked by Conditional Access policies."), ACCOUNT, "conditional access"),
    ("refresh server_error", "acme", "refresh", e("server_error"), DOWN, "error of its own"),
    ("refresh invalid_client", "acme", "refresh", e("invalid_client", status=401), CONFIG, "client secret is wrong"),
    ("refresh word nobody knows", "acme", "refresh", e("quantum_flux"), BAD, "could not be used"),
]
TOKEN_PATH = {"acme": "/token", "google": "/token", "github": "/login/oauth/access_token", "slack": "/api/oauth.v2.access",
              "clickup": "/api/v2/oauth/token", "discord": "/api/oauth2/token", "dropbox": "/oauth2/token"}
BY_NAME = {r[0]: r for r in ROWS}
DEAD = {REVOKED, ACCOUNT}


def slug(name):
    return re.sub(r"[^a-z0-9]+", "-", name)


def token_endpoint(kind):
    """Answers by the code or refresh token: each names its row.  A code that names a refresh row gets a token of three seconds."""
    good = {"access_token": "short-lived", "token_type": "Bearer", "expires_in": 3, "scope": "read"}

    def run(c, request):
        asked = json.loads(request.body) if request.headers.get("content-type") == "application/json" else request.form
        name = asked.get("refresh_token") or asked["code"]
        row = BY_NAME[name]
        if row[2] == "refresh" and "refresh_token" not in asked:
            tokens = {**good, "refresh_token": name}
            return answer(200, {"ok": True, "authed_user": {"id": "U1", **tokens}, "team": {"id": "T1"}} if kind == "slack" else tokens)(c, request)
        return answer(*row[3])(c, request)
    return run


@pytest.fixture(scope="module")
def engine(binary, tmp_path_factory):
    with Peer() as peer:
        for kind, path in TOKEN_PATH.items():
            peer.rules[path] = token_endpoint(kind)
        peer.rules["/token"] = token_endpoint("acme")
        quiet = {"user_info": None, "identity": None}
        kinds = {k: {"origin": peer.url, **quiet} for k in TOKEN_PATH if k != "acme"}
        kinds["acme"] = definition(peer)
        with Engine(binary, tmp_path_factory.mktemp("engine"), config=f"provider_definitions: {json.dumps(kinds)}\n") as eng:
            yield eng


def drive(engine, row):
    """One row from the link to its end; what the timeline then says."""
    name, kind, where, what, _, _ = row
    provider = slug(name)
    instance(engine, provider, kind)
    a = Attempt(engine, provider, f"{provider}@example.com")
    try:
        if where == "refresh":
            a.connect(name)
            event = a.first("refresh", ("refused", "failed", "unknown"))
        else:
            page = a.back(**(what if where == "callback" else {"code": name}))
            event = next(ev for ev in a.events("callback" if where == "callback" else "code_exchange") if ev["outcome"] != "ok")
            assert page.status_code in (400, 502, 503), page.status_code
        gone = a.api.get("/v1/auth/status", params={"id": a.id, "wait": 1})
        return event, a.shown(), gone
    finally:
        a.close()


@pytest.fixture(scope="module")
def driven(engine):
    return at_once(lambda row: drive(engine, row), ROWS)


@pytest.mark.parametrize("name", [r[0] for r in ROWS])
def test_a_known_error_is_told_by_reason_cause_and_fix(driven, name):
    _, _, where, what, reason, cause = BY_NAME[name]
    event, shown, gone = result(driven, name)
    assert event["reason"] == reason, event
    assert cause in event["cause"], event
    assert len(event["fix"]) > 20 and event["fix"].endswith("."), event
    assert where != "refresh" or not re.search("(the|same) link again", event["fix"]), "that link answers 410"
    word = what["error"] if where == "callback" else what[1].get("ECODE") or what[1].get("error")
    assert word is None or event["data"]["error"] == word[:63], event
    ended = reason in (DEAD if where == "refresh" else ENDS)
    assert shown["status"] == ("failed" if ended else "completed" if where == "refresh" else "pending"), shown
    if ended:
        assert shown["reason"] == {"code": reason, "cause": event["cause"], "fix": event["fix"]}, shown["reason"]
        assert gone.status_code == 410 and event["cause"] in gone.json()["message"], gone.text
    else:
        assert shown["reason"] is None and gone.status_code in (200, 503), (shown["reason"], gone.status_code, gone.text)


def test_a_refresh_token_that_the_settings_cannot_use_is_told_from_none(engine):
    like = instance(engine, "like-acme", "acme")["oauth2"]
    with engine.client() as api:
        r = api.post("/v1/admin/auth_providers", json={"id": "unrenewed", "oauth2": {"client_id": "a", "client_secret": "b", "scope_delimiter": " ", "authorize_request": {
            "endpoint": like["authorize_request"]["endpoint"]}, "token_request": {"endpoint": like["token_request"]["endpoint"]}}})
    assert r.status_code == 201, r.text
    a = Attempt(engine, "unrenewed", "unrenewed@example.com")
    try:
        a.connect("refresh invalid_grant")  # a token of three seconds, and a refresh token
        (notice,) = a.events("notice")
        assert notice["reason"] == "refresh_not_configured" and "refresh_request" in notice["cause"] and "a refresh token came" in notice["data"]["note"], notice
        gone = until("the token's end", lambda: (s := a.api.get("/v1/auth/status", params={"id": a.id, "wait": 1})).status_code != 200 and s)
        assert gone.status_code == 410 and "refresh_request" in gone.json()["message"] and "never gave" not in gone.json()["message"], gone.text
    finally:
        a.close()


def test_at_least_thirty_errors_lead_to_at_most_twelve_reasons(driven):
    words = {(r[3]["error"] if r[2] == "callback" else json.dumps(r[3][1])) for r in ROWS}
    reasons = {result(driven, r[0])[0]["reason"] for r in ROWS}
    assert len(words) >= 30 and reasons == {DENIED, CONFIG, ACCOUNT, REFUSED, DOWN, RATE, BAD, REVOKED} and len(reasons) <= 12, (len(words), reasons)


def test_the_document_lists_every_reason_an_error_can_lead_to_and_no_more_than_twelve():
    doc = (pathlib.Path(__file__).parents[2] / "docs" / "ERRORS.md").read_text()
    marked = re.findall(r"^\| `(\w+)` \| ✓ \| (.+?) \| (.+?) \|$", doc, re.M)
    assert 0 < len(marked) <= 12 and {r[4] for r in ROWS} <= {m[0] for m in marked}, marked
    table = doc.split("## What providers say")[1].split("## What else")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith(("| error", "| provider"))]
    assert len(rows) >= 30
