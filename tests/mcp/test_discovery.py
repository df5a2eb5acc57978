# SPDX-License-Identifier: Apache-2.0
"""Who gives out tokens for a server: metadata that lies, changes, leads astray or is not there (RFC 9728, 8414, 9207)."""
import json
import urllib.parse

import httpx
import pytest
from conftest import body, register
from odd import Odd, lives
from world import Browser, Engine, free_port, query


class Guarded(Odd):
    """An MCP server that wants a token, and the authorization server behind it, in one."""

    def __init__(self, address="127.0.0.1"):
        super().__init__(address)
        self.prm, self.meta, self.challenge, self.good, self.registered, self.redeemed, self.iss = {}, {}, None, {"token-1"}, [], [], None
        self.issuer = self.origin
        self.handle = self.guard

    def documents(self):
        as_meta = {"issuer": self.issuer, "authorization_endpoint": self.origin + "/authorize", "token_endpoint": self.origin + "/token",
                   "registration_endpoint": self.origin + "/register", "code_challenge_methods_supported": ["S256"], "response_types_supported": ["code"],
                   "authorization_response_iss_parameter_supported": True, **self.meta}
        prm = {"resource": self.uri, "authorization_servers": [self.issuer], "scopes_supported": ["read"], **self.prm}
        return {"/.well-known/oauth-protected-resource/mcp": prm, "/.well-known/oauth-authorization-server" + urllib.parse.urlsplit(self.issuer).path: as_meta}

    def guard(self, h):
        path = h.path.split("?")[0]
        if path in self.documents():
            return h.json({k: v for k, v in self.documents()[path].items() if v is not None}) or True
        if path == "/register":
            self.registered.append(h.message)
            return h.json({"client_id": "client-%d" % len(self.registered), "client_secret": "the-client-secret-%d" % len(self.registered), **h.message}, 201) or True
        if path == "/authorize":
            q = query(h.path)
            back = {"code": "the-code", "state": q["state"], **({"iss": self.iss or self.issuer} if self.iss != "" else {})}
            return h.raw(b"", 302, headers=[("Location", q["redirect_uri"] + "?" + urllib.parse.urlencode(back))]) or True
        if path == "/token":
            self.redeemed.append(dict(urllib.parse.parse_qsl(h.body.decode())))
            return h.json({"access_token": sorted(self.good)[-1], "token_type": "Bearer", "expires_in": 3600}) or True
        if path != "/mcp":
            return h.raw(b"", 404) or True
        if h.headers.get("Authorization", "").removeprefix("Bearer ") not in self.good:
            return h.raw(b"", 401, headers=[("WWW-Authenticate", self.challenge or "Bearer")]) or True


@pytest.fixture()
def odd(api):
    yield from lives(Guarded(), api)


def ask(api, user="alice@example.com"):
    return api.get("/v1/workers/remote/authorize", params={"user_id": user})


def agree(api, link, user="alice@example.com"):
    """Returns the flow's last page, or None when the user was confirmed."""
    with Browser() as b:
        r = b.get(b.get(b.to_provider(link)).headers["location"])
        if r.status_code != 303 or "flow_id" not in query(r.headers["location"]):
            return r
        assert api.post("/v1/auth/confirm_user", json={"flow_id": query(r.headers["location"])["flow_id"], "user_id": user}).status_code == 200


def through(api, user="alice@example.com"):
    assert agree(api, ask(api, user).json()["url"], user) is None
    assert ask(api, user).json()["status"] == "completed"


@pytest.mark.parametrize("what,change,words", [
    ("another issuer", lambda o: o.meta.update(issuer="https://evil.example"), "names another issuer"),
    ("the issuer with a slash", lambda o: o.meta.update(issuer=o.issuer + "/"), "names another issuer"),
    ("no PKCE", lambda o: o.meta.update(code_challenge_methods_supported=None), "PKCE with S256"),
    ("plain only", lambda o: o.meta.update(code_challenge_methods_supported=["plain"]), "PKCE with S256"),
    ("no token endpoint", lambda o: o.meta.update(token_endpoint=None), "no endpoints"),
    ("http elsewhere", lambda o: o.meta.update(token_endpoint="http://as.example/token"), "cannot be used"),
    ("user info in an address", lambda o: o.meta.update(authorization_endpoint="https://u:p@as.example/a"), "cannot be used"),
    ("javascript", lambda o: o.meta.update(authorization_endpoint="javascript:alert(1)"), "cannot be used"),
    ("a template", lambda o: o.meta.update(authorization_endpoint=o.origin + "/{{client_secret}}"), "cannot be used"),
    ("another resource", lambda o: o.prm.update(resource="https://other.example/mcp"), "another resource"),
    ("a sibling", lambda o: o.prm.update(resource=o.origin + "/mc"), "another resource"),
    ("no authorization server", lambda o: o.prm.update(authorization_servers=[]), "no authorization server"),
    ("metadata that is not there", lambda o: setattr(o, "challenge", f'Bearer resource_metadata="{o.origin}/nothing"'), "is not there"),
    ("nowhere to register", lambda o: o.meta.update(registration_endpoint=None), "set mcp.oauth2.client_id"),
])
def test_metadata_that_may_not_be_used_is_refused_and_said(api, odd, what, change, words):
    change(odd)
    register(api, odd.uri)
    r = ask(api)
    assert r.status_code == 502 and words in r.json()["message"], r.text
    assert api.get("/v1/workers/remote").json()["requirements"]["met"] is True or odd.redeemed == []
    assert [a for a in odd.asked if a[1].startswith("/authorize")] == []


def test_the_resource_goes_into_every_request_and_iss_is_checked(api, odd):
    register(api, odd.uri)
    odd.iss = "https://mixed-up.example"
    page = agree(api, ask(api).json()["url"])
    assert page is not None and page.status_code >= 400 and odd.redeemed == []  # the code is given to nobody
    odd.iss = ""
    page = agree(api, ask(api).json()["url"])
    assert page is not None and odd.redeemed == []  # promised, and not there
    odd.iss = None
    through(api)
    asked = query([a for a in odd.asked if a[1].startswith("/authorize")][-1][1])
    assert asked["resource"] == odd.redeemed[-1]["resource"] == odd.uri and asked["scope"] == "read" and len(odd.redeemed[-1]["code_verifier"]) >= 43
    assert [t["name"] for t in api.get("/v1/workers/remote/tools").json()["items"]] == ["do"]
    assert len(odd.registered) == 1  # and the client is kept


def test_another_issuer_means_another_client_and_other_tokens(api, odd):
    register(api, odd.uri)
    through(api)
    odd.issuer, odd.good = odd.origin + "/moved", {"token-2"}
    r = api.post("/v1/tools/execute", json={"tool_name": "Odd.do", "user_id": "alice@example.com"})
    assert r.status_code == 403, r.text
    link = ask(api).json()
    assert link["status"] == "pending" and len(odd.registered) == 2
    assert agree(api, link["url"]) is None and odd.redeemed[-1].get("client_id", "") in ("", "client-2")
    assert ask(api).json()["status"] == "completed"
    assert api.post("/v1/tools/execute", json={"tool_name": "Odd.do", "user_id": "alice@example.com"}).json()["success"] is True


def test_an_operators_client_is_not_taken_to_another_issuer(api, odd):
    register(api, odd.uri, oauth2={"client_id": "mine", "client_secret": "mine-secret-of-length"})
    through(api)
    assert odd.registered == []
    odd.issuer, odd.good = odd.origin + "/moved", {"token-2"}
    assert api.post("/v1/tools/execute", json={"tool_name": "Odd.do", "user_id": "alice@example.com"}).status_code == 403
    r = ask(api)
    assert r.status_code == 502 and "set mcp.oauth2 again" in r.json()["message"]
    assert all("mine-secret" not in json.dumps(a[3]) for a in odd.asked if "moved" in a[1])


def test_a_server_that_begins_to_want_tokens(api, odd):
    odd.handle = lambda h: None
    register(api, odd.uri)
    assert api.post("/v1/tools/execute", json={"tool_name": "Odd.do"}).json()["success"] is True
    odd.handle = odd.guard
    r = api.post("/v1/tools/execute", json={"tool_name": "Odd.do", "user_id": "alice@example.com"})
    assert r.status_code == 403 and r.json()["name"] == "tool_authorization_required"
    auth = api.post("/v1/tools/authorize", json={"tool_name": "Odd.do", "user_id": "alice@example.com"}).json()
    assert agree(api, auth["url"]) is None
    assert api.post("/v1/tools/execute", json={"tool_name": "Odd.do", "user_id": "alice@example.com"}).json()["success"] is True


def test_requirements_of_its_tools_come_with_a_link(api, odd):
    register(api, odd.uri)
    through(api)

    def required():
        r = api.post("/v1/tools/requirements", json={"tool_names": ["Odd.do"], "user_id": "bob@example.com", "authorize": True})
        assert r.status_code == 200, r.text
        return r.json()
    [item] = required()["authorization"]["items"].values()
    assert item["met"] is False and item["authorization_id"]
    assert agree(api, item["url"], "bob@example.com") is None
    assert required()["met"] is True and "token-1" not in json.dumps(required())


@pytest.mark.parametrize("issuer,fine", [
    ("", True), ("/", True), ("/oauth", True), ("/oauth?a=b", False), ("/oauth#a", False), (":1", False), ("@evil.example", False), (".evil.example", False),
])
def test_a_server_of_before_says_itself_which_issuer_it_is(api, odd, issuer, fine):
    """2025-03-26: no resource metadata, the origin's own document; it may name a path of that origin, and no other origin."""
    odd.documents = lambda: {"/.well-known/oauth-authorization-server": {
        "issuer": odd.origin + issuer, "authorization_endpoint": odd.origin + "/authorize", "token_endpoint": odd.origin + "/token",
        "registration_endpoint": odd.origin + "/register", "code_challenge_methods_supported": ["S256"]}}
    odd.iss = ""
    register(api, odd.uri)
    r = ask(api)
    if fine:
        through(api)
        assert len(odd.registered) == 1
    else:
        assert r.status_code == 502 and "names another issuer" in r.json()["message"] and odd.registered == [], r.text


def test_a_server_that_says_who_gives_out_tokens_is_well_before_anybody_registers_it(api, odd):
    def tried():
        return api.post("/v1/workers/test", json={"type": "mcp", "mcp": {"uri": odd.uri}}).json()

    assert tried() == {"success": True, "message": "ok; the server wants a user's authorization"}
    documents = odd.documents()
    odd.documents = lambda: {k: v for k, v in documents.items() if "authorization-server" in k}  # of 2025-03-26
    assert tried()["success"] is True
    odd.documents = dict
    assert tried()["success"] is False and odd.registered == []


def test_metadata_does_not_lead_to_addresses_nobody_allowed(binary, tmp_path):
    """Only 127.0.0.1 is allowed; the metadata names ::1, at every step that it can."""
    odd, inner = Guarded(), Guarded("::1")
    with Engine(binary, tmp_path, config="api:\n  development: false\nsecurity:\n  ssrf_allowlist: [127.0.0.1/32]\n") as engine, engine.client() as c:
        def refused():
            assert c.post("/v1/workers", json=body(odd.uri)).status_code == 201
            r = c.get("/v1/workers/remote/authorize", params={"user_id": "u@example.com"})
            assert r.status_code == 502, r.text
            assert c.delete("/v1/workers/remote").status_code == 204

        odd.challenge = f'Bearer resource_metadata="{inner.origin}/.well-known/oauth-protected-resource/mcp"'
        refused()
        odd.challenge, odd.prm = None, {"authorization_servers": [inner.origin]}
        refused()
        odd.prm, odd.meta = {}, {"registration_endpoint": inner.origin + "/register"}
        refused()
        odd.meta = {}
        odd.handle = lambda h: (h.raw(b"", 302, headers=[("Location", inner.origin + h.path)]) or True) if h.path.startswith("/.well-known") else odd.guard(h)
        refused()
    assert inner.asked == []
    odd.close()
    inner.close()


def test_our_own_document_is_the_client_where_that_is_taken(binary, tmp_path):
    odd = Guarded()
    odd.meta = {"client_id_metadata_document_supported": True, "token_endpoint_auth_methods_supported": ["none"]}
    port = free_port()
    at = f"http://127.0.0.1:{port}"
    with Engine(binary, tmp_path, args=["--listen", f"127.0.0.1:{port}", "--public-url", "https://booth.example"]) as engine, \
            httpx.Client(base_url=at, headers={"Authorization": engine.key}, timeout=70, trust_env=False) as c:
        made = c.post("/v1/workers", json=body(odd.uri))
        assert made.status_code == 201, made.text
        client = made.json()["mcp"]["oauth2"]["client_id"]
        assert client == f"https://booth.example/api/v1/oauth/{made.json()['mcp']['external_id']}/client" and odd.registered == []
        document = httpx.get(at + urllib.parse.urlsplit(client).path, headers={"Host": "booth.example"}, trust_env=False)
        assert document.status_code == 200 and document.headers["content-type"].startswith("application/json")
        assert document.json()["client_id"] == client and document.json()["redirect_uris"] == [made.json()["mcp"]["redirect_uri"]]
        assert document.json()["token_endpoint_auth_method"] == "none" and "client_secret" not in document.json()
        link = c.get("/v1/workers/remote/authorize", params={"user_id": "u@example.com"}).json()["url"]
        r = httpx.get(at + urllib.parse.urlsplit(link).path, headers={"Host": "booth.example"}, trust_env=False)
        assert r.status_code == 303 and query(r.headers["location"])["client_id"] == client
        assert httpx.get(at + "/api/v1/oauth/nobody/client", trust_env=False).status_code == 404
    odd.close()
