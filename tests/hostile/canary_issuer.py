# SPDX-License-Identifier: Apache-2.0
"""An OpenID Connect issuer behind the canaries' peer: people sign in with it, some of them in vain, and everything secret of that is a canary."""
import json
import time

from canary_peer import HOST
from test_attack_oidc import b64, jwk, sign
from world import query

AT = f"https://{HOST}/issuer"
ECHO = "refused-with-an-echo"


class Issuer:
    def __init__(self, canaries):
        self.canaries, self.secret, self.nonce = canaries, canaries.make("client secret"), {}
        self.wrong = None  # a claim that makes the ID token one of somebody else, or ECHO

    @property
    def config(self):
        return (f'sign_in:\n  oidc:\n    - {{id: issuer, name: Issuer, issuer: "{AT}", client_id: tokenbooth, client_secret: "{self.secret}", '
                f"allowed_domains: [corp.example], role: viewer}}\n")

    def answer(self, path, _, body):
        if path == "/issuer/.well-known/openid-configuration":
            return 200, {}, json.dumps({"issuer": AT, "authorization_endpoint": AT + "/auth", "token_endpoint": AT + "/token", "jwks_uri": AT + "/keys", "userinfo_endpoint": AT + "/me"}).encode()
        if path == "/issuer/keys":
            return 200, {}, json.dumps({"keys": [jwk("rs")]}).encode()
        return self.give(query("http://x/?" + body.decode())) if path == "/issuer/token" else None

    def give(self, form):
        if self.wrong == ECHO:  # what came is said back, as careless issuers do
            return 400, {}, json.dumps({"error": "invalid_grant", "error_description": f"{form['code']} {form['code_verifier']} {self.secret}"}).encode()
        now = int(time.time())
        claims = {"iss": AT, "aud": self.wrong or "tokenbooth", "sub": "ivy", "exp": now + 300, "iat": now, "nonce": self.nonce[form["code"]], "email": "ivy@corp.example", "email_verified": True}
        text = b64({"alg": "RS256", "kid": "rs"}) + "." + b64(claims)
        token = text + "." + b64(sign("rs", "RS256", text.encode()))
        self.canaries.add("id token", token.split(".", 1)[1])
        return 200, {}, json.dumps({"access_token": self.canaries.make("access token"), "token_type": "Bearer", "id_token": token}).encode()

    def visit(self, http, wrong=None):
        """A browser goes there and comes back; gives the engine's answer to that."""
        self.wrong = wrong
        there = query(http.get("/sign-in/oidc/issuer", params={"return": "/dashboard"}).headers["location"])
        self.canaries.add("state", there["state"])
        self.canaries.add("sign-in cookie", next(c.value for c in http.cookies.jar if "oidc" in c.name).split(".")[0])
        code = self.canaries.make("code")
        self.nonce[code] = there["nonce"]
        return http.get("/sign-in/oidc/issuer/callback", params={"state": there["state"], "code": code, "iss": AT})
