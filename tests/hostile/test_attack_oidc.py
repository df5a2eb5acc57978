# SPDX-License-Identifier: Apache-2.0
"""Signing in with an issuer that lies, an issuer that is impersonated, and a browser that is led."""
import base64
import hashlib
import hmac
import itertools
import json
import re
import time
import urllib.parse

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from people import Person
from serving import Handler, Server
from world import Engine, query

CLIENT = "tokenbooth"
SECRET = "hostile-issuer-client-secret"


def b64(raw):
    return base64.urlsafe_b64encode(raw if isinstance(raw, bytes) else json.dumps(raw).encode()).rstrip(b"=").decode()


def number(n):
    return b64(n.to_bytes((n.bit_length() + 7) // 8, "big"))


KEYS = {"rs": rsa.generate_private_key(65537, 2048), "weak": rsa.generate_private_key(65537, 1024), "es": ec.generate_private_key(ec.SECP256R1()), "ed": ed25519.Ed25519PrivateKey.generate(),
        "other": rsa.generate_private_key(65537, 2048)}


def jwk(kid, **more):
    pub = KEYS[kid].public_key()
    if isinstance(pub, rsa.RSAPublicKey):
        return {"kty": "RSA", "kid": kid, "n": number(pub.public_numbers().n), "e": number(pub.public_numbers().e), **more}
    if isinstance(pub, ec.EllipticCurvePublicKey):
        return {"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(pub.public_numbers().x.to_bytes(32, "big")), "y": b64(pub.public_numbers().y.to_bytes(32, "big")), **more}
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(pub.public_bytes_raw()), **more}


def sign(kid, alg, text):
    key = KEYS[kid]
    if alg.lower() == "none":
        return b""
    if alg.startswith("HS"):  # the public key as the shared secret
        return hmac.new(key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo), text, hashlib.sha256).digest()
    if alg in ("RS256", "RS512"):
        return key.sign(text, padding.PKCS1v15(), hashes.SHA256() if alg == "RS256" else hashes.SHA512())
    if alg == "PS256":
        return key.sign(text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    if alg == "ES256":
        r, s = utils.decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return key.sign(text)


class Liar(Handler):
    """What is told hangs on what a test has put into `lie`; the code is the nonce that its token carries."""

    def do_GET(self):
        s, path = self.server, self.path.split("?")[0]
        s.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return self.json({"issuer": s.origin, "authorization_endpoint": s.origin + "/auth", "token_endpoint": s.origin + "/token", "jwks_uri": s.origin + "/keys",
                              "userinfo_endpoint": s.origin + "/me", **s.lie.get("meta", {})})
        if path == "/keys":
            return self.raw(s.lie["keys"]) if isinstance(s.lie.get("keys"), bytes) else self.json(s.lie.get("keys", {"keys": [jwk("rs"), jwk("es"), jwk("ed"), jwk("weak")]}))
        if path == "/me":
            return self.json(s.lie.get("me", {}))
        return self.raw(b"", 404)

    def do_POST(self):
        s = self.server
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        s.asked.append("/token")
        s.forms.append(form)
        if "token" in s.lie:
            return self.raw(*s.lie["token"])
        now = int(time.time())
        claims = {"iss": s.origin, "aud": CLIENT, "sub": "mallory", "exp": now + 300, "iat": now, "nonce": form["code"], "email": "mallory@corp.example", "email_verified": True, **s.lie.get("claims", {})}
        header = {"alg": "RS256", "kid": "rs", **s.lie.get("header", {})}
        text = (b64({k: v for k, v in header.items() if v is not None}) + "." + b64({k: v for k, v in claims.items() if v is not None})).encode()
        token = text.decode() + "." + b64(sign(s.lie.get("by", header["kid"]), header["alg"], text))
        return self.json({"access_token": "access-of-the-liar", "token_type": "Bearer", "id_token": s.lie.get("bend", lambda t: t)(token)})


OURS = "api:\n  development: true\n  trusted_proxies: ['127.0.0.1/32']\nsign_in:\n  oidc:\n"  # so that each browser here has an address of its own
addresses = itertools.count(1)


def browser(house):
    who = Person(house)
    n = next(addresses)
    who.http.headers["X-Forwarded-For"] = f"198.51.{n >> 8}.{n & 255}"
    return who


@pytest.fixture(scope="module")
def house(binary, tmp_path_factory):
    liars = [Server(Liar), Server(Liar)]
    rows = "".join(f"    - {{id: liar{k}, issuer: '{s.origin}', client_id: {CLIENT}, client_secret: {SECRET}, allowed_domains: [corp.example], role: admin}}\n" for k, s in enumerate(liars))
    with Engine(binary, tmp_path_factory.mktemp("house"), config=OURS + rows, verifier=None) as eng:
        eng.owner = Person(eng)
        eng.owner.set_up(eng.ready["setup_url"], "owner@corp.example")
        eng.liars = liars
        yield eng
        eng.owner.http.close()
    for s in liars:
        s.close()


@pytest.fixture(autouse=True)
def honest(house):
    for s in house.liars:
        s.lie, s.asked, s.forms = {}, [], []
    yield
    log = house.log()
    assert SECRET not in log and "access-of-the-liar" not in log and "eyJ" not in log


def begin(house, k=0, who=None, path=""):
    who = who or browser(house)
    r = who.page(f"/sign-in/oidc/liar{k}{path}")
    assert r.status_code == 303, r.text
    return who, query(r.headers["location"])


def back(who, at, k=0, **over):
    q = {"code": at["nonce"], "state": at["state"], **over}
    return who.page(f"/sign-in/oidc/liar{k}/callback?" + urllib.parse.urlencode({a: b for a, b in q.items() if b is not None}))


def words(r):
    return re.search(r'role="alert">([^<]+)<', r.text)[1].replace("&#39;", "'")


def refused(who, r, *say, status=403):
    assert r.status_code == status and any(w in words(r) for w in say), (r.status_code, words(r))
    assert not any("_session" in c for c in r.headers.get_list("set-cookie")) and who.call("GET", "/tb/v1/sessions/current").status_code == 401


def people(house):
    return {a["email"] for a in house.owner.call("GET", "/tb/v1/accounts?limit=100").json()["items"]}


@pytest.mark.parametrize("header", [{}, {"alg": "PS256"}, {"alg": "ES256", "kid": "es"}, {"alg": "EdDSA", "kid": "ed"}, {"kid": "es", "alg": "ES256", "typ": "JWT"}])
def test_attack_nothing_is_wrong(house, header):
    """So that what follows is refused for what is wrong with it, and not in any case."""
    house.liars[0].lie = {"header": header}
    who, at = begin(house)
    assert (at["response_type"], at["client_id"], at["code_challenge_method"], at["scope"], at["redirect_uri"]) == (
        "code", CLIENT, "S256", "openid email", house.url + "/sign-in/oidc/liar0/callback")
    r = back(who, at)
    assert r.status_code == 303 and who.call("GET", "/tb/v1/sessions/current").json()["email"] == "mallory@corp.example"
    form = house.liars[0].forms[0]
    assert b64(hashlib.sha256(form["code_verifier"].encode()).digest()) == at["code_challenge"] and form["redirect_uri"] == at["redirect_uri"] and "client_secret" not in form
    who.call("DELETE", "/tb/v1/sessions")


NOW = int(time.time())
LIES = {
    "alg none": ({"header": {"alg": "none"}}, "compact form"),
    "alg none without kid": ({"header": {"alg": "None", "kid": None}, "by": "rs", "bend": lambda t: t + "x"}, "algorithm"),
    "hmac by the public key": ({"header": {"alg": "HS256"}}, "algorithm"),
    "an algorithm nobody chose": ({"header": {"alg": "RS512"}}, "algorithm"),
    "signed by another key": ({"by": "other"}, "signature is wrong"),
    "a key of another kind": ({"header": {"alg": "ES256"}, "by": "es"}, "does not publish"),
    "a weak key": ({"header": {"kid": "weak"}}, "key cannot be used"),
    "a key for encryption": ({"keys": {"keys": [jwk("rs", use="enc")]}}, "does not publish"),
    "a key of another algorithm": ({"keys": {"keys": [jwk("rs", alg="RS512")]}}, "does not publish"),
    "the same kid twice": ({"keys": {"keys": [jwk("rs"), jwk("rs")]}}, "does not publish"),
    "no kid and two keys": ({"header": {"kid": None}, "by": "rs"}, "does not publish"),
    "an extension": ({"header": {"crit": ["b64"], "b64": False}}, "extension"),
    "two headers in one": ({"bend": lambda t: b64(b'{"alg":"RS256","alg":"none","kid":"rs"}') + t[t.index("."):]}, "header"),
    "a bent payload": ({"bend": lambda t: t.split(".")[0] + "." + b64({"iss": "x"}) + "." + t.split(".")[2]}, "signature is wrong"),
    "padding": ({"bend": lambda t: t + "="}, "signature is wrong"),
    "no signature": ({"bend": lambda t: t[:t.rindex(".") + 1]}, "compact form"),
    "four parts": ({"bend": lambda t: t + ".x"}, "compact form"),
    "not a token": ({"bend": lambda t: "x" * 20000}, "compact form"),
    "a list": ({"bend": lambda t: ["x"]}, "no ID token"),
    "another issuer": ({"claims": {"iss": "https://elsewhere.example"}}, "(iss)"),
    "a slash more": ({"claims": {"iss": "http://127.0.0.1/"}}, "(iss)"),
    "no issuer": ({"claims": {"iss": None}}, "(iss)"),
    "another client": ({"claims": {"aud": "somebody"}}, "(aud)"),
    "no audience": ({"claims": {"aud": None}}, "(aud)"),
    "two clients and no azp": ({"claims": {"aud": [CLIENT, "somebody"]}}, "(azp)"),
    "given out to another": ({"claims": {"aud": [CLIENT, "somebody"], "azp": "somebody"}}, "(azp)"),
    "over": ({"claims": {"exp": NOW - 3600}}, "(exp)"),
    "without end": ({"claims": {"exp": None}}, "(exp)"),
    "with an absurd end": ({"claims": {"exp": 1e300}}, "(exp)"),
    "with an end in words": ({"claims": {"exp": "tomorrow"}}, "(exp)"),
    "of the future": ({"claims": {"iat": NOW + 86400, "exp": NOW + 90000}}, "(iat)"),
    "not yet": ({"claims": {"nbf": NOW + 86400}}, "(nbf)"),
    "another sign-in's": ({"claims": {"nonce": "A" * 43}}, "(nonce)"),
    "no nonce": ({"claims": {"nonce": None}}, "(nonce)"),
    "nobody": ({"claims": {"sub": None}}, "(sub)"),
    "an empty subject": ({"claims": {"sub": ""}}, "(sub)"),
    "a number for a subject": ({"claims": {"sub": 7}}, "(sub)"),
    "a long subject": ({"claims": {"sub": "x" * 256}}, "(sub)"),
    "keys without end": ({"keys": b'{"keys":[' + b" " * (300 << 10) + b"]}"}, "cannot be asked"),
    "keys that are none": ({"keys": b"<html>"}, "cannot be asked"),
    "no token": ({"token": (b"{}",)}, "no ID token"),
    "an answer without end": ({"token": (b'{"id_token":"' + b"x" * (100 << 10) + b'"}',)}, "cannot be accepted"),
    "html": ({"token": (b"<html>",)}, "no ID token"),
    "a refusal with a story": ({"token": (b'{"error":"<script>alert(1)</script>","error_description":"eyJ"}', 400)}, "refused the code with status 400"),
    "elsewhere": ({"token": (b"", 302, "text/html", (("Location", "http://127.0.0.1:1/"),))}, "status 302"),
}


@pytest.fixture()
def fresh(binary, tmp_path):
    """An engine that has asked nobody yet: what a lie is about is fetched under it."""
    s = Server(Liar)
    s.lie, s.asked, s.forms = {}, [], []
    row = f"    - {{id: liar0, issuer: '{s.origin}', client_id: {CLIENT}, client_secret: {SECRET}, allowed_domains: [corp.example], role: admin}}\n"
    with Engine(binary, tmp_path, config=OURS + row, verifier=None) as eng:
        eng.owner = Person(eng)
        eng.owner.set_up(eng.ready["setup_url"], "owner@corp.example")
        eng.liars = [s]
        yield eng
        eng.owner.http.close()
    s.close()


def test_attack_an_id_token_that_lies(house):
    """Every lie beside a true account of the same person: nobody is signed in, nothing of the token is said or written down."""
    lies = {k: v for k, v in LIES.items() if "keys" not in v[0]}
    for name, (lie, say) in lies.items():
        house.liars[0].lie = lie
        who, at = begin(house)
        r = back(who, at)
        refused(who, r, say)
        assert "<script>" not in r.text and "mallory" not in r.text, name
        assert not any("_oidc" in c.name for c in who.http.cookies.jar), name  # whatever came of it, it is used up
        who.http.close()


@pytest.mark.parametrize("name", [k for k, v in LIES.items() if "keys" in v[0]])
def test_attack_keys_that_lie(fresh, name):
    lie, say = LIES[name]
    fresh.liars[0].lie = lie
    who, at = begin(fresh)
    refused(who, back(who, at), say, status=502 if "asked" in say else 403)


def test_attack_the_issuer_is_not_asked_for_keys_again_and_again(house):
    """Tokens of made-up keys: five looks at once, and then one a minute."""
    for _ in range(9):
        house.liars[1].lie = {"header": {"kid": "made-up"}, "by": "rs"}
        who, at = begin(house, 1)
        refused(who, back(who, at, 1), "does not publish")
        who.http.close()
    assert house.liars[1].asked.count("/keys") <= 7 and house.liars[1].asked.count("/.well-known/openid-configuration") <= 1


@pytest.mark.parametrize("meta,say", [
    ({"issuer": "https://elsewhere.example"}, "names another issuer"), ({"issuer": None}, "names another issuer"),
    ({"authorization_endpoint": "javascript:alert(1)"}, "no usable addresses"), ({"authorization_endpoint": "http://example.com/auth"}, "no usable addresses"),
    ({"token_endpoint": "http://169.254.169.254/latest"}, "no usable addresses"), ({"jwks_uri": "file:///etc/passwd"}, "no usable addresses"), ({"jwks_uri": None}, "no usable addresses")])
def test_attack_metadata_that_lies(fresh, meta, say):
    fresh.liars[0].lie = {"meta": meta}
    who = browser(fresh)
    refused(who, who.page("/sign-in/oidc/liar0"), say, status=502)
    refused(who, who.page("/sign-in/oidc/liar0"), say, status=502)
    assert len(fresh.liars[0].asked) == 1  # and it is left alone for a while


def test_attack_metadata_leads_into_our_own_network(fresh):
    fresh.liars[0].lie = {"meta": {"token_endpoint": "https://169.254.169.254/latest", "jwks_uri": "https://10.0.0.1/"}}
    who, at = begin(fresh)
    refused(who, back(who, at), "cannot be accepted")


def test_attack_an_email_that_nobody_verified(house):
    before = people(house)
    for claims in ({"email_verified": False}, {"email_verified": None}, {"email_verified": "true"}, {"email_verified": 1}, {"email": None}, {"email": "x@corp.example, owner@corp.example"},
                   {"email": "@corp.example"}, {"email": ["mallory@corp.example"]}):
        house.liars[0].lie = {"claims": {"sub": "nobody", **claims}}
        who, at = begin(house)
        refused(who, back(who, at), "does not say that your email is verified")
    for me in ({"sub": "somebody-else", "email": "new@corp.example", "email_verified": True}, {"email": "new@corp.example", "email_verified": True}):
        house.liars[0].lie = {"claims": {"sub": "nobody", "email": None, "email_verified": None}, "me": me}
        who, at = begin(house)
        refused(who, back(who, at), "does not say that your email is verified")  # user info of another subject
    assert people(house) == before and "new@corp.example" not in before


def test_attack_an_email_that_belongs_to_somebody(house):
    """Mallory's issuer says that he has the owner's address, in every spelling."""
    for email in ("owner@corp.example", "OWNER@Corp.Example", " owner@corp.example"):
        house.liars[0].lie = {"claims": {"sub": "thief", "email": email}}
        who, at = begin(house)
        refused(who, back(who, at), "There is an account", status=409)


def test_attack_mix_up(house):
    """The answer of one issuer taken to the other's address, or said to be of the other: no code leaves."""
    a, b = house.liars
    who, at = begin(house, 0)
    for r in (back(who, at, 1), back(who, at, 1, iss=b.origin), back(who, at, 0, iss=b.origin), ):
        refused(who, r, "not begun in this browser", "(iss)")
    who, at = begin(house, 0)
    refused(who, back(who, at, 0, iss=a.origin + "/"), "(iss)")
    assert not a.forms and not b.forms
    who, at = begin(house, 0)
    assert back(who, at, 0, iss=a.origin).status_code == 303
    b.lie = {"claims": {"iss": a.origin}}  # and B's tokens are B's
    who, at = begin(house, 1)
    refused(who, back(who, at, 1), "(iss)")


def test_attack_an_issuer_that_always_names_itself(fresh):
    fresh.liars[0].lie = {"meta": {"authorization_response_iss_parameter_supported": True}}
    who, at = begin(fresh)
    refused(who, back(who, at), "(iss)")
    assert not fresh.liars[0].forms


def test_attack_a_browser_is_led(house):
    """Login CSRF, a stolen answer, a replayed one, a state that is bent: only the browser that began, once."""
    mallory, his = begin(house)
    victim, hers = begin(house)
    refused(victim, back(victim, his), "not begun in this browser")          # Mallory's answer in the victim's browser
    refused(victim, back(victim, hers, state=None), "not begun")
    refused(victim, back(victim, hers, state=hers["state"][:-1]), "not begun")
    refused(victim, back(victim, hers, state=""), "not begun")
    refused(victim, back(victim, hers, code=None), "no code")
    refused(victim, back(victim, hers), "not begun")                          # that one was the answer, and it is used up
    stranger = browser(house)
    refused(stranger, back(stranger, his), "not begun")                       # no cookie at all
    assert not house.liars[0].forms
    jar = [c for c in mallory.http.cookies.jar if "_oidc" in c.name]
    for bend in (lambda v: ("B" if v[0] != "B" else "C") + v[1:], lambda v: v.replace(".liar0.", ".liar1."), lambda v: re.sub(r"\.\d+\.", ".1.", v), lambda v: v + ".", lambda v: "x"):
        crook = browser(house)
        crook.http.cookies.set(jar[0].name, bend(jar[0].value), domain="127.0.0.1")
        refused(crook, back(crook, his), "not begun")
    assert back(mallory, his).status_code == 303
    mallory.call("DELETE", "/tb/v1/sessions")
    for who in (mallory, stranger):  # once more, even with the cookie that was there
        who.http.cookies.set(jar[0].name, jar[0].value, domain="127.0.0.1")
        refused(who, back(who, his), "was used already")
    assert len(house.liars[0].forms) == 1


def test_attack_a_session_is_not_fixed(house):
    who, at = begin(house)
    name = f"tb_session_{house.url.rsplit(':')[-1]}"
    who.http.cookies.set(name, "A" * 43, domain="127.0.0.1")
    r = back(who, at)
    assert r.status_code == 303 and re.search(name + r"=([^;]+);.*HttpOnly; SameSite=Lax", str(r.headers.get_list("set-cookie")))[1] != "A" * 43
    who.call("DELETE", "/tb/v1/sessions")


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "/dashboard/../sign-out", "/api/v1/x", "javascript:alert(1)", "/dashboard//evil.example", "/dashboard" + "x" * 2000])
def test_attack_open_redirect(house, to):
    who, at = begin(house, path="?return=" + urllib.parse.quote(to, safe=""))
    assert back(who, at).headers["location"] == "/dashboard"
    who.call("DELETE", "/tb/v1/sessions")


def test_attack_a_link_preview_begins_nothing(house):
    for headers in ({"Sec-Purpose": "prefetch"}, {"Purpose": "preview"}):
        r = Person(house).http.get("/sign-in/oidc/liar0", headers=headers)
        assert r.status_code == 303 and r.headers["location"] == "/sign-in" and "_oidc" not in str(r.headers.get("set-cookie"))


def test_attack_the_issuer_is_not_flooded_by_way_of_us(house):
    who = browser(house)
    seen = [who.page("/sign-in/oidc/liar0").status_code for _ in range(40)]
    assert seen[0] == 303 and seen[-1] == 429 and seen.count(303) <= 35, seen
