# SPDX-License-Identifier: Apache-2.0
"""Dropbox, Slack and GitHub as far as a grant goes: what each gives for a code and a refresh token, and what it takes to revoke one.
Which tokens live is the stand-in's own book; each answers in the words of its documentation."""
import itertools
import json

from peer import Peer, answer

PATHS = {"dropbox": ("/oauth2/token", "/2/auth/token/revoke", "/2/users/get_current_account"),
         "slack": ("/api/oauth.v2.access", "/api/auth.revoke", "/api/auth.test"),
         "github": ("/login/oauth/access_token", "/applications/client-of-the-test/token", "/user")}
REFUSES = {"dropbox": (401, {"error_summary": "expired_access_token/.", "error": {".tag": "expired_access_token"}}),
           "slack": (200, {"ok": False, "error": "token_expired"}),
           "github": (404, {"message": "Not Found"})}
OLD = {"dropbox": (400, {"error": "invalid_grant", "error_description": "refresh token is invalid or revoked"}),
       "slack": (200, {"ok": False, "error": "invalid_refresh_token"}),
       "github": (200, {"error": "bad_refresh_token", "error_description": "The refresh token passed is incorrect or expired."})}


class Vendor(Peer):
    """codes[CODE]: the token answer for that code; a code that is not there gets a new pair."""

    def __init__(self):
        super().__init__()
        self.codes, self.pairs, self.revoked, self._n = {}, {}, [], itertools.count(1)
        for kind, (token, revoke, user) in PATHS.items():
            self.rules[token] = lambda c, r, kind=kind: self._token(kind, c, r)
            self.rules[revoke] = lambda c, r, kind=kind: self._revoke(kind, c, r)
            self.rules[user] = answer(200, {"slack": {"ok": True, "team_id": "T1", "user_id": "U1", "user": "al"}, "github": {"id": 7, "login": "al"}}.get(kind, {"account_id": "dbid:1"}))

    def config(self):
        return "provider_definitions: " + json.dumps({kind: {"origin": self.url} for kind in PATHS}) + "\n"

    def over(self):
        """Time passes: no access token is good any more, every refresh token is."""
        self.pairs = {("", refresh): kind for (_, refresh), kind in self.pairs.items()}

    def _pair(self, kind):
        n = next(self._n)
        self.pairs[pair := (f"{kind}-access-{n}", f"{kind}-refresh-{n}")] = kind
        tokens = {"access_token": pair[0], "refresh_token": pair[1], "expires_in": 14400, "token_type": "user" if kind == "slack" else "bearer"}
        return tokens

    def _token(self, kind, c, request):
        asked = request.form
        if "refresh_token" in asked:
            if not (held := [p for p in self.pairs if p[1] == asked["refresh_token"]]):
                return answer(*OLD[kind])(c, request)
            del self.pairs[held[0]]
            fresh = self._pair(kind)
            return answer(200, {"ok": True, **fresh} if kind == "slack" else fresh)(c, request)
        if asked["code"] in self.codes:
            return answer(200, self.codes[asked["code"]])(c, request)
        fresh = self._pair(kind)
        return answer(200, slack(**fresh) if kind == "slack" else {**fresh, "account_id": "dbid:1"})(c, request)

    def _revoke(self, kind, c, request):
        token = json.loads(request.body)["access_token"] if kind == "github" else request.headers["authorization"].removeprefix("Bearer ")
        self.revoked.append(token)
        fixed = any(token in json.dumps(a) for a in self.codes.values())
        if not (held := [p for p in self.pairs if p[0] == token]) and not fixed:
            return answer(*REFUSES[kind])(c, request)
        for p in held:
            del self.pairs[p]
        return answer(200, {"ok": True, "revoked": True} if kind == "slack" else {})(c, request)


def slack(scope="read", team="T1", user="U1", top=None, **tokens):
    """An answer of oauth.v2.access: the user's token inside, the bot's (top) outside."""
    return {"ok": True, "team": {"id": team, "name": "Acme"}, "enterprise": None, "authed_user": {"id": user, "scope": scope, **tokens}, **(top or {})}
