# SPDX-License-Identifier: Apache-2.0
"""What somebody would try who means harm: each test is one attack, carried out over the wire, and what must come of it."""
import base64
import concurrent.futures
import json
import os
import re
import socket
import subprocess
import threading
import urllib.parse

import httpx
import pytest
from test_discord import authorize
from world import BOUND, Browser, Engine, Form, Simulator, query

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def home(binary, simulator, tmp_path_factory):
    """An engine with the built-in verifier, an owner, and one account a role; it logs everything it can."""
    with Engine(binary, tmp_path_factory.mktemp("home"), simulator=simulator, verifier=None, args=("--log-level", "debug")) as eng:
        eng.add_discord()
        eng.owner, eng.setup = Person(eng), eng.ready["setup_url"]
        eng.owner.set_up(eng.setup, "owner@example.com")
        for role in ("verify", "viewer", "member", "admin"):
            r = eng.owner.call("POST", "/tb/v1/accounts", {"email": f"{role}@example.com", "password": PASSWORD, "role": role})
            assert r.status_code == 201, r.text
        yield eng


class Person:
    """Somebody with a browser at the engine's own pages."""

    def __init__(self, engine):
        self.engine = engine
        self.http = httpx.Client(base_url=engine.url, timeout=BOUND, trust_env=False)

    def page(self, path):
        return self.http.get(path, headers={"Accept": "text/html"})

    def send(self, page, path, **fields):
        form = Form(page.text, self.engine.url + path)
        return self.http.post(form.action, data={**form.fields, **fields}, headers={"Accept": "text/html", "Origin": self.engine.url})

    def set_up(self, url, email):
        assert self.page(url.replace(self.engine.url, "")).status_code == 303
        r = self.send(self.page("/setup"), "/setup", email=email, password=PASSWORD)
        assert r.status_code == 303, r.text

    def sign_in(self, email, password=PASSWORD):
        return self.send(self.page("/sign-in"), "/sign-in", email=email, password=password)

    def call(self, method, path, body=None, origin_is=True, **headers):
        h = {"Origin": self.engine.url} if origin_is is True else {"Origin": origin_is} if origin_is else {}
        return self.http.request(method, path, json=body, headers={**h, **headers})


@pytest.fixture()
def as_role(home):
    people = []

    def enter(role):
        p = Person(home)
        assert p.sign_in(f"{role}@example.com").status_code == 303
        people.append(p)
        return p

    yield enter
    for p in people:
        p.http.close()


def raw(url, text):
    """Bytes as they are; everything that comes back until the engine closes or falls silent."""
    u = urllib.parse.urlsplit(url)
    with socket.create_connection((u.hostname, u.port), BOUND) as s:
        s.sendall(text)
        s.settimeout(3)
        got = b""
        try:
            while chunk := s.recv(65536):
                got += chunk
        except TimeoutError:
            pass
        return got


# ---- the browser's legs ----
def test_callback_fixation(engine, simulator, api, browser):
    """The attacker consents with his own account and lures the victim's browser through his callback."""
    start = authorize(api, "fixation@example.com").json()
    with Browser(simulator) as attacker:
        his = attacker.consent(attacker.to_provider(start["url"]), simulator.person())
    browser.to_provider(start["url"])  # the victim has the same link open: a flow, and a cookie, of its own
    redeemed = len(simulator.calls(kind="token"))
    assert browser.callback(his).status_code == 400
    assert len(simulator.calls(kind="token")) == redeemed
    assert authorize(api, "fixation@example.com").json()["status"] == "pending"


def test_code_injection(engine, simulator, api, browser):
    """A stolen code of another flow is put under the attacker's own state: PKCE does not fit."""
    victim = authorize(api, "injected@example.com").json()
    mine = authorize(api, "injector@example.com").json()
    with Browser(simulator) as v:
        stolen = query(v.consent(v.to_provider(victim["url"]), simulator.person()))["code"]
    back = browser.consent(browser.to_provider(mine["url"]), simulator.person())
    forged = back.replace(urllib.parse.quote(query(back)["code"]), stolen)
    assert stolen in forged
    r = browser.callback(forged)
    assert r.status_code == 400 and "location" not in r.headers
    assert authorize(api, "injector@example.com").json()["status"] == "pending"


def test_mix_up_of_two_providers(engine, simulator, api, browser):
    """The answer for one provider brought to the other's address is nobody's, and the right address still works."""
    other = engine.add_discord("mixed-up", **{"oauth2": {"client_id": "2299990000000000002", "client_secret": "another-secret-entirely"}})
    try:
        r = api.post("/v1/auth/authorize", json={"auth_requirement": {"id": "mixed-up", "oauth2": {"scopes": ["identify"]}}, "user_id": "mix@example.com"})
        back = browser.consent(browser.to_provider(r.json()["url"]), simulator.person())
        first = api.get("/v1/admin/auth_providers/my-discord").json()["oauth2"]["redirect_uri"]
        redeemed = len(simulator.calls(kind="token"))
        for wrong in (first, engine.url + "/oauth/callback", engine.url + "/api/v1/oauth/callback", engine.url + "/api/v1/oauth/my-discord/callback"):
            assert browser.callback(wrong + "?" + urllib.parse.urlsplit(back).query).status_code == 404
        assert len(simulator.calls(kind="token")) == redeemed
        assert back.startswith(other["oauth2"]["redirect_uri"]) and browser.callback(back).status_code == 303
    finally:
        api.delete("/v1/admin/auth_providers/mixed-up")


@pytest.mark.parametrize("more", ["&state=other", "&code=other", "&error=access_denied", "&iss=https://evil.example"])
def test_a_tampered_callback_is_not_redeemed(engine, simulator, api, browser, more):
    """RFC 6749 section 3.1: a parameter given twice could be meant for two readers."""
    start = authorize(api, "tampered@example.com").json()
    back = browser.consent(browser.to_provider(start["url"]), simulator.person())
    redeemed = len(simulator.calls(kind="token"))
    r = browser.callback(back + more)
    assert r.status_code in (400, 404) and "location" not in r.headers and len(simulator.calls(kind="token")) == redeemed


def test_cookie_tossing(engine, simulator, api, browser):
    """Of two cookies of one name neither counts; a value that is not ours is never taken over."""
    start = authorize(api, "tossed@example.com").json()
    back = browser.consent(browser.to_provider(start["url"]), simulator.person())
    (name, value), = [(c.name, c.value) for c in browser.direct.cookies.jar if c.name.startswith("tb_")]
    for cookie in (f"{name}=x; {name}={value}", f"{name}={value}; {name}=x", f"{name}={value}x", f"{name}=", f"{name.upper()}={value}"):
        assert httpx.get(back, headers={"Cookie": cookie}, trust_env=False).status_code == 400, cookie
    for planted in ("evil", "a" * 44, "a" * 42 + "!", "a" * 4000):
        r = httpx.get(start["url"], headers={"Cookie": f"{name}={planted}"}, trust_env=False)
        assert r.status_code == 303 and planted not in r.headers["set-cookie"]
    assert browser.callback(back).status_code == 303


def test_replayed_and_foreign_flow_ids(engine, simulator, api, browser):
    start = authorize(api, "flow@example.com").json()
    flow = browser.flow_id(start["url"], simulator.person())
    with engine.client() as c:
        me = c.get("/tb/v1/projects").json()["items"][0]
    state = query(browser.to_provider(authorize(api, "flow-2@example.com").json()["url"]))["state"]
    for bad in (flow.upper() if flow.upper() != flow else flow[::-1], flow + " ", " " + flow, flow + "\u0000", flow[:-1], state, start["id"], "%", "'" * 40, "a" * 100000):
        r = api.post("/v1/auth/confirm_user", json={"flow_id": bad, "user_id": "flow@example.com"})
        assert r.status_code in (400, 404), (bad[:50], r.text)
    for scope in (f"/v1/orgs/{me['org_id']}/projects/11111111-2222-4333-8444-555555555555", f"/v1/orgs/default/projects/{me['org_id']}"):
        assert api.post(f"{scope}/auth/confirm_user", json={"flow_id": flow, "user_id": "flow@example.com"}).status_code == 403
    assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "flow@example.com"}).status_code == 200
    assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "flow@example.com"}).status_code == 400


@pytest.mark.parametrize("as_user", ["Tricky@example.com", "tricky@EXAMPLE.com", "tricky@example.com\u200b", "tr\u0131cky@example.com",
                                     "\u202etricky@example.com", "tricky@example.com.", "tricky@example.co\u043c", "\u00a0tricky@example.com"])
def test_a_user_id_that_only_looks_the_same_is_another(engine, simulator, api, as_user):
    start = authorize(api, "tricky@example.com").json()
    with Browser(simulator) as b:
        flow = b.flow_id(start["url"], simulator.person())
    r = api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": as_user})
    assert r.status_code == 400 and r.json()["name"] == "user_mismatch", r.text


@pytest.mark.parametrize("user", ["", " ", "\u0000", "a\u0000b", "a\nb", "a" * 257, "\u20ac" * 86, "\u0085x"])
def test_a_user_id_that_cannot_be_one(api, user):
    r = authorize(api, user)
    assert r.status_code == 400 and ("user_id" in r.text or "U+0000" in r.text)


# ---- pages ----
EVIL = "'\"><script>alert(1)</script>&<img src=x onerror=alert(2)>"


def test_html_injection(engine, simulator, api, browser):
    user = f"html{EVIL}@example.com"
    r = api.post("/v1/admin/auth_providers", json={"id": "evil-words", "description": EVIL, "oauth2": {
        "client_id": EVIL, "client_secret": EVIL, "authorize_request": {"endpoint": "https://evil.example/authorize"},
        "token_request": {"endpoint": "https://evil.example/token"}}})
    assert r.status_code == 201, r.text
    try:
        start = api.post("/v1/auth/authorize", json={"auth_requirement": {"id": "evil-words", "oauth2": {"scopes": [EVIL.replace(" ", "")]}}, "user_id": user,
                                                     "next_uri": "https://app.example/?q='><script>"}).json()
        where = browser.to_provider(start["url"])
        assert "<" not in where and "\"" not in where
        state = query(where)["state"]
        redirect = query(where)["redirect_uri"]
        words = urllib.parse.quote(EVIL)
        page = browser.callback(f"{redirect}?error={words}&error_description={words}&state={state}")
        assert page.status_code == 400 and "<script" not in page.text and "<img src=x" not in page.text
        assert "script-src" in page.headers["content-security-policy"] or "default-src 'none'" in page.headers["content-security-policy"]
        assert "nosniff" == page.headers["x-content-type-options"] and "DENY" == page.headers["x-frame-options"]
        for path in ("/connect/" + words, "/sign-in?return=" + words, "/api/v1/oauth/callback_verify?flow_id=" + words, "/" + words, "/setup?token=" + words):
            assert "<script" not in httpx.get(engine.url + path, headers={"Accept": "text/html"}, trust_env=False).text
    finally:
        api.delete("/v1/admin/auth_providers/evil-words")


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/x", "https:evil.example", "https:/evil.example", "https:///evil.example",
                                 "https://good.example\\@evil.example", "https://user@evil.example", "https://good.example\r\nX: y", "https://a b", "\thttps://a",
                                 "https://good.example\u3002evil", "file:///etc/passwd", "https://", "http://[::1", "HTTPS", "x" * 3000])
def test_next_uri_and_verifier_urls_must_be_plain_web_addresses(api, uri):
    assert authorize(api, "uri@example.com", next_uri=uri).status_code == 400
    assert api.post("/v1/auth/validate_custom_verifier", json={"user_id": "u@example.com", "verifier_url": uri}).status_code == 400
    assert api.put("/v1/admin/settings/session_verification", json={"verifier_url": uri}).status_code == 400


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/dashboard//evil", "/dashboard/../evil", "/dashboardx",
                                  "/dashboard\r\nX-Evil: 1", "/api/v1/oauth/callback_verify@evil.example", "javascript:alert(1)", "/\t/evil.example", "/%2F/evil.example",
                                  "http://evil.example/dashboard", " //evil.example", "/sign-in/../..//evil.example"])
def test_sign_in_leads_nowhere_else(home, back):
    p = Person(home)
    r = p.send(p.page("/sign-in?return=" + urllib.parse.quote(back, safe="")), "/sign-in", email="viewer@example.com", password=PASSWORD)
    assert r.status_code == 303 and r.headers["location"] == "/dashboard" and "x-evil" not in r.headers
    p2 = Person(home)
    r = p2.send(p2.page("/sign-in"), "/sign-in", email="viewer@example.com", password=PASSWORD, **{"return": back})
    assert r.status_code == 303 and r.headers["location"] == "/dashboard"
    assert p.page("/sign-in?return=" + urllib.parse.quote(back, safe="")).headers["location"] == "/dashboard"


def test_the_way_to_the_public_host_names_no_other(engine):
    """An absolute target, as proxies get it, and a Host of somebody else: only the path is taken over."""
    for target in ("http://evil.example/dashboard", "http://evil.example/connect/x", "/dashboard"):
        got = raw(engine.url, f"GET {target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode()).decode()
        where = re.search(r"\r\nLocation: (.*)\r\n", got).group(1)
        assert where == f"{engine.url}{target.removeprefix('http://evil.example')}?moved=1", target


# ---- sign-in, sessions, roles ----
def test_login_csrf(home):
    """Another site makes a victim's browser sign in as the attacker."""
    fields = {"email": "viewer@example.com", "password": PASSWORD}
    attacker, victim = Person(home), Person(home)
    his = Form(attacker.page("/sign-in").text, home.url + "/sign-in").fields
    victim.page("/sign-in")
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Sec-Fetch-Site": "same-site"}, {"Origin": home.url + "0"}, {}):
        r = victim.http.post("/sign-in", data={**his, **fields}, headers=headers)
        assert r.status_code == 403 and not any("session" in c for c in r.headers.get_list("set-cookie")), headers
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert victim.http.post("/tb/v1/sessions", json=fields, headers=headers).status_code == 403
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        r = victim.http.post("/tb/v1/sessions", content=json.dumps(fields), headers={"Content-Type": kind})
        assert r.status_code == 415


def test_request_forgery_with_a_session(home, as_role):
    admin = as_role("admin")
    body = {"name": "forged"}
    for o in ("http://evil.example", "null", home.url.replace("127.0.0.1", "localhost"), home.url + ".evil.example", None):
        assert admin.call("POST", "/tb/v1/api_keys", body, origin_is=o).status_code == 403, o
    assert admin.call("POST", "/tb/v1/api_keys", body, origin_is=None, **{"Sec-Fetch-Site": "same-site"}).status_code == 403
    assert admin.call("POST", "/tb/v1/api_keys", body).status_code == 201
    assert "forged" in admin.call("GET", "/tb/v1/api_keys").text
    r = admin.http.options("/tb/v1/api_keys", headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"})
    assert not any(h.startswith("access-control-allow") for h in r.headers)
    r = admin.call("GET", "/tb/v1/api_keys", origin_is="http://evil.example")
    assert not any(h.startswith("access-control-allow") for h in r.headers)


READS = {"viewer": ["/v1/admin/auth_providers", "/v1/admin/user_connections", "/v1/admin/settings/session_verification", "/tb/v1/projects"],
         "member": ["/tb/v1/authorizations", "/tb/v1/events", "/tb/v1/members"],
         "admin": ["/tb/v1/api_keys", "/tb/v1/accounts"]}
WRITES = [("POST", "/v1/auth/authorize", {"auth_requirement": {"provider_id": "discord"}, "user_id": "x"}), ("GET", "/v1/auth/status?id=ar_x", None),
          ("POST", "/v1/auth/confirm_user", {"flow_id": "x", "user_id": "x"}), ("POST", "/v1/auth/validate_custom_verifier", {"user_id": "x", "verifier_url": "https://x"}),
          ("POST", "/v1/admin/auth_providers", {"id": "x"}), ("PATCH", "/v1/admin/auth_providers/my-discord", {"description": "x"}),
          ("DELETE", "/v1/admin/auth_providers/my-discord", None), ("DELETE", "/v1/admin/user_connections/uc_x", None),
          ("PUT", "/v1/admin/settings/session_verification", {"verifier_url": None}), ("POST", "/tb/v1/api_keys", {"name": "x"}), ("DELETE", "/tb/v1/api_keys/key_x", None),
          ("POST", "/tb/v1/accounts", {"email": "x@example.com", "password": PASSWORD}), ("PUT", "/tb/v1/accounts/acc_x/password", {"password": PASSWORD}),
          ("PUT", "/tb/v1/members/acc_x", {"role": "owner"}), ("DELETE", "/tb/v1/members/acc_x", None)]


@pytest.mark.parametrize("role", ["verify", "viewer", "member"])
def test_a_lower_role_can_do_nothing_more(home, as_role, role):
    p, rank = as_role(role), ["verify", "viewer", "member", "admin"]
    for least, paths in READS.items():
        for path in paths:
            assert p.call("GET", path).status_code == (200 if rank.index(role) >= rank.index(least) else 403), (role, path)
    for method, path, body in WRITES:
        r = p.call(method, path, body)
        assert r.status_code == 403, (role, method, path, r.text)
    assert p.call("GET", "/tb/v1/sessions/current").json()["role"] == role
    shown = p.page("/dashboard").text
    assert ("my-discord" in shown) == (role != "verify")


def test_an_admin_does_not_rise(home, as_role):
    admin = as_role("admin")
    accounts = {a["email"]: a["id"] for a in admin.call("GET", "/tb/v1/accounts").json()["items"]}
    owner, me, viewer = accounts["owner@example.com"], accounts["admin@example.com"], accounts["viewer@example.com"]
    assert admin.call("PUT", f"/tb/v1/members/{me}", {"role": "owner"}).status_code == 403
    assert admin.call("PUT", f"/tb/v1/members/{viewer}", {"role": "owner"}).status_code == 403
    assert admin.call("PUT", f"/tb/v1/members/{owner}", {"role": "viewer"}).status_code in (403, 409)
    assert admin.call("DELETE", f"/tb/v1/members/{owner}").status_code in (403, 409)
    assert admin.call("PUT", f"/tb/v1/accounts/{owner}/password", {"password": PASSWORD}).status_code == 403
    assert admin.call("POST", "/tb/v1/accounts", {"email": "new-owner@example.com", "password": PASSWORD, "role": "owner"}).status_code == 403
    assert Person(home).sign_in("owner@example.com").status_code == 303
    assert home.owner.call("DELETE", f"/tb/v1/members/{owner}").status_code in (400, 403, 409)  # the last owner stays


def test_a_key_is_not_a_person(home):
    with home.client() as c:
        for method, path, body in (("GET", "/tb/v1/accounts", None), ("POST", "/tb/v1/accounts", {"email": "k@example.com", "password": PASSWORD}),
                                   ("PUT", "/tb/v1/members/acc_x", {"role": "owner"}), ("GET", "/tb/v1/sessions/current", None), ("DELETE", "/tb/v1/sessions", None)):
            assert c.request(method, path, json=body).status_code in (401, 403), path


def test_scopes_of_another_project(home, as_role):
    p = as_role("admin")
    other = "11111111-2222-4333-8444-555555555555"
    with home.client() as c:
        for base in (f"/v1/orgs/default/projects/{other}", f"/v1/orgs/{other}/projects/default", "/v1/orgs/..%2f/projects/default", "/v1/orgs/default/projects/default%00"):
            assert c.get(base + "/admin/auth_providers").status_code in (400, 403, 404), base
            assert p.call("GET", base + "/admin/auth_providers").status_code in (400, 403, 404), base
        assert c.get("/v1/orgs/default/projects/default/admin/auth_providers").status_code == 200


def test_the_set_up_link_is_good_once(home):
    for url in (home.setup, home.url + "/setup?token=" + "a" * 43):
        late = Person(home)
        r = late.page(url.replace(home.url, ""))
        assert r.status_code == 200 and "<form" not in r.text
        assert late.http.post("/setup", data={"email": "late@example.com", "password": PASSWORD}, headers={"Origin": home.url}).status_code in (400, 403)


def test_the_built_in_verifier(home, simulator):
    """A forwarded link: the victim consents, is signed in as himself, and is told that it was somebody else's."""
    with home.client() as c, Browser(simulator) as b:
        start = authorize(c, "viewer@example.com").json()
        r = b.callback(b.consent(b.to_provider(start["url"]), simulator.person()))
        assert r.status_code == 303 and r.headers["location"].startswith(home.url + "/api/v1/oauth/callback_verify?flow_id=")
        verify = r.headers["location"]
        stranger = Person(home)
        stranger.sign_in("viewer@example.com")
        assert stranger.page(verify.replace(home.url, "")).status_code == 400  # the right person, not the flow's browser
        victim = Person(home)
        victim.http.cookies = b.direct.cookies
        page = victim.page(verify.replace(home.url, ""))
        assert "/sign-in" in page.text
        assert victim.send(page, "/sign-in", email="member@example.com", password=PASSWORD).headers["location"] == verify.replace(home.url, "")
        page = victim.page(verify.replace(home.url, ""))
        assert page.status_code == 403 and "callback_verify\"" not in page.text
        csrf = Form(page.text, home.url).fields["csrf"]
        assert victim.http.post("/api/v1/oauth/callback_verify", data={"csrf": csrf, "flow_id": query(verify)["flow_id"]}, headers={"Origin": home.url}).status_code == 403
        assert c.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "pending"
        victim.send(page, "/sign-out")
        page = victim.page(verify.replace(home.url, ""))
        victim.send(page, "/sign-in", email="viewer@example.com", password=PASSWORD)
        page = victim.page(verify.replace(home.url, ""))
        assert page.status_code == 200
        form = Form(page.text, home.url).fields
        for headers, fields in (({"Origin": "http://evil.example"}, form), ({"Origin": home.url}, {**form, "csrf": csrf}), ({"Origin": home.url}, {**form, "csrf": ""})):
            assert victim.http.post("/api/v1/oauth/callback_verify", data=fields, headers=headers).status_code == 403
        assert c.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "pending"
        assert victim.send(page, "/api/v1/oauth/callback_verify").status_code in (200, 303)
        assert c.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "completed"


def test_password_guessing_is_slowed(home):
    p, seen = Person(home), []
    page = p.page("/sign-in")
    for i in range(9):
        seen.append(p.send(page, "/sign-in", email="guessed@example.com", password=f"wrong-guess-{i}").status_code)
    assert seen[0] == 401 and seen[-1] == 429
    again = p.http.post("/sign-in", data={**Form(page.text, home.url).fields, "email": "GUESSED@example.com ", "password": "x"},
                        headers={"Origin": home.url, "X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"})
    assert again.status_code == 429


# ---- the network ----
def test_key_guessing_is_throttled_whatever_address_is_claimed(binary, tmp_path):
    with Engine(binary, tmp_path) as eng:
        with httpx.Client(base_url=eng.url, trust_env=False) as c:
            for i in range(62):
                last = c.get("/v1/admin/auth_providers", headers={"Authorization": f"arc_guess{i}", "X-Forwarded-For": f"198.51.100.{i}"})
            assert last.status_code == 429 and int(last.headers["retry-after"]) >= 1
            assert c.get("/v1/admin/auth_providers", headers={"Authorization": eng.key}).status_code == 200  # who has a key is not locked out


def test_a_client_cannot_choose_his_address_behind_a_proxy(binary, tmp_path):
    """A proxy may append its line below the client's own (HAProxy does): only what proxies of ours wrote counts."""
    with Engine(binary, tmp_path, config="api:\n  development: true\n  trusted_proxies: ['127.0.0.1/32']\n") as eng:
        u = urllib.parse.urlsplit(eng.url)

        def guess(i):
            text = (f"GET /v1/admin/auth_providers HTTP/1.1\r\nHost: {u.netloc}\r\nAuthorization: arc_guess{i}\r\nX-Forwarded-For: 198.51.100.{i}\r\n"
                    f"X-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n")
            return raw(eng.url, text.encode()).split(b" ", 2)[1]

        assert [guess(i) for i in range(62)][-1] == b"429"


@pytest.mark.parametrize("where", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "localhost.",
                                   "10.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "[64:ff9b::7f00:1]", "0.0.0.0", "0", "[::]", "168.63.129.16", "192.168.0.1",
                                   "172.16.0.1", "[fe80::1]", "224.0.0.1", "255.255.255.255", "[2002:7f00:1::]", "metadata.google.internal"])
def test_no_call_to_our_own_network(binary, tmp_path_factory, fortress, where):
    """Provider addresses inside the engine's network, in every notation: refused when given, or when called."""
    engine, listener = fortress
    with engine.client() as c:
        where = f"{where}:{listener.port}"
        for scheme in ("https", "http"):
            r = c.post("/v1/admin/auth_providers", json={"id": "inside", "oauth2": {
                "client_id": "x", "client_secret": "y", "authorize_request": {"endpoint": "https://public.example/authorize"},
                "token_request": {"endpoint": f"{scheme}://{where}/token"}}})
            if r.status_code == 400:
                continue
            assert r.status_code == 201, r.text
            try:
                start = c.post("/v1/auth/authorize", json={"auth_requirement": {"id": "inside"}, "user_id": "ssrf@example.com"}).json()
                with Browser() as b:
                    q = query(b.to_provider(start["url"]))
                    page = b.callback(f"{q['redirect_uri']}?code=c&state={q['state']}")
                assert page.status_code == 400
            finally:
                c.delete("/v1/admin/auth_providers/inside")
        assert listener.seen == []


class Listener(threading.Thread):
    """Says whether anybody came."""

    def __init__(self):
        super().__init__(daemon=True)
        self.sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = self.sockets[0].getsockname()[1]
        self.seen = []
        self.start()

    def run(self):
        while True:
            try:
                s, who = self.sockets[0].accept()
            except OSError:
                return
            self.seen.append(who)
            s.close()


@pytest.fixture(scope="module")
def fortress(binary, tmp_path_factory):
    """An engine that is not in development."""
    listener = Listener()
    with Engine(binary, tmp_path_factory.mktemp("fortress"), config="api: {}\n") as eng:
        yield eng, listener
    listener.sockets[0].close()


def test_core_files_and_the_process_say_nothing(home):
    pid = home.p.pid
    limits = open(f"/proc/{pid}/limits").read()
    assert re.search(r"Max core file size\s+0\s+0", limits), limits
    for name in ("cmdline", "environ"):
        text = open(f"/proc/{pid}/{name}", "rb").read()
        assert home.key.encode() not in text and Simulator.CLIENT_SECRET.encode() not in text


def test_who_may_open_the_control_socket(home):
    assert oct(os.stat(home.data).st_mode & 0o777) == "0o700"
    for name in os.listdir(home.data):
        assert os.stat(home.data / name).st_mode & 0o077 == 0, name
    if os.geteuid() != 0:
        pytest.skip("another user's attempt needs root")
    script = ("import os,socket,sys\n"
              "os.setgid(65534); os.setuid(65534)\n"
              "s=socket.socket(fileno=int(sys.argv[1]))\n"
              "try:\n s.connect(sys.argv[2])\n s.sendall(b'GET /tb/v1/api_keys HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); s.settimeout(5); print(s.recv(9999))\n"
              "except OSError as e: print('refused', e)\n")
    with socket.socket(socket.AF_UNIX) as s:
        out = subprocess.run(["python3", "-c", script, str(s.fileno()), str(home.data / "control.sock")], pass_fds=[s.fileno()], capture_output=True, text=True, timeout=BOUND)
    assert "200" not in out.stdout and "key_" not in out.stdout, out


# ---- nothing is written down ----
def spellings(secret):
    b = secret.encode()
    return {b, base64.b64encode(b).rstrip(b"="), b.hex().encode(), urllib.parse.quote(secret, safe="").encode()}


def test_nothing_secret_is_written_anywhere(home, simulator):
    canaries = {"key": home.key, "setup": query(home.setup)["token"], "client secret": Simulator.CLIENT_SECRET, "password": PASSWORD}
    with home.client() as c, Browser(simulator) as b:
        start = authorize(c, "admin@example.com").json()
        canaries["connect token"] = start["url"].rsplit("/", 1)[1]
        where = b.to_provider(start["url"])
        canaries["state"] = query(where)["state"]
        back = b.consent(where, simulator.person())
        canaries["code"] = query(back)["code"]
        verify = b.callback(back).headers["location"]
        canaries["flow id"] = query(verify)["flow_id"]
        p = Person(home)
        p.http.cookies = b.direct.cookies
        page = p.page(verify.replace(home.url, ""))
        p.send(page, "/sign-in", email="admin@example.com", password=PASSWORD)
        for cookie in p.http.cookies.jar:
            if cookie.name.startswith("tb"):
                canaries[cookie.name] = cookie.value
        page = p.page(verify.replace(home.url, ""))
        assert p.send(page, "/api/v1/oauth/callback_verify").status_code in (200, 303)
        status = c.get("/v1/auth/status", params={"id": start["id"]}).json()
        canaries["token"] = status["context"]["token"]
        for path in ("/v1/" + canaries["token"], "/connect/" + canaries["token"], "/v1/auth/status?id=" + canaries["token"], "/tb/v1/authorizations/" + canaries["token"]):
            c.get(path)
        c.get("/v1/admin/auth_providers", headers={"Authorization": canaries["token"]})
        c.post("/v1/auth/authorize", content=b'{"user_id": "' + canaries["token"].encode())
        for read in ("/tb/v1/events?limit=100", "/tb/v1/authorizations/" + start["id"], "/v1/admin/auth_providers", "/v1/admin/user_connections", "/tb/v1/api_keys", "/v1/config", "/v1/health"):
            text = c.get(read).content
            for what, secret in canaries.items():
                assert not any(s in text for s in spellings(secret)), (what, read)
    places = {"log": home.log().encode()}
    for name in os.listdir(home.data):
        path = home.data / name
        if path.is_file() and name != "root.key":
            places[name] = path.read_bytes()
    canaries["root key"] = (home.data / "root.key").read_text().strip()
    for place, text in places.items():
        for what, secret in canaries.items():
            assert not any(s in text for s in spellings(secret)), (what, place)


# ---- races ----
def test_confirming_while_everything_is_deleted(engine, simulator, api):
    """Whoever is first, nothing live and nothing unrevoked stays behind a deleted provider."""
    for i in range(4):
        made = engine.add_discord("race", **{"oauth2": {"client_id": f"33999900000000000{i}", "client_secret": "race-secret-of-the-app"}})
        user = f"race-{i}@example.com"
        start = api.post("/v1/auth/authorize", json={"auth_requirement": {"id": made["id"], "oauth2": {"scopes": ["identify"]}}, "user_id": user}).json()
        with Browser(simulator) as b:
            flow = b.flow_id(start["url"], simulator.person())
        with engine.client() as one, engine.client() as two, concurrent.futures.ThreadPoolExecutor(2) as pool:
            confirmed = pool.submit(one.post, "/v1/auth/confirm_user", json={"flow_id": flow, "user_id": user})
            deleted = pool.submit(two.delete, "/v1/admin/auth_providers/race")
            assert deleted.result().status_code == 200 and confirmed.result().status_code in (200, 400, 404), confirmed.result().text
        status = api.get("/v1/auth/status", params={"id": start["id"]}).json()
        assert status["status"] == "failed" and not status.get("context"), status
        assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": user}).status_code in (400, 404)
        assert not [x for x in api.get("/v1/admin/user_connections", params={"user_id": user}).json()["items"] if x["connection_status"] == "active"]


def test_a_changed_client_ends_open_flows_and_live_grants(engine, simulator, api):
    made = engine.add_discord("turned", **{"oauth2": {"client_id": "4499990000000000004", "client_secret": "turned-secret-of-the-app"}})
    ask = {"auth_requirement": {"id": "turned", "oauth2": {"scopes": ["identify"]}}}
    try:
        live = api.post("/v1/auth/authorize", json={**ask, "user_id": "turned-1@example.com"}).json()
        with Browser(simulator) as b:
            flow = b.flow_id(live["url"], simulator.person())
        assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "turned-1@example.com"}).status_code == 200
        start = api.post("/v1/auth/authorize", json={**ask, "user_id": "turned-2@example.com"}).json()
        with Browser(simulator) as b:
            flow = b.flow_id(start["url"], simulator.person())
            r = api.patch("/v1/admin/auth_providers/turned", json={"oauth2": {"client_id": "5599990000000000005"}})
            assert r.status_code == 200, r.text
            assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "turned-2@example.com"}).status_code == 400
            simulator.app(made["oauth2"]["redirect_uri"], "5599990000000000005", "turned-secret-of-the-app")
            assert b.to_provider(start["url"])  # only the attempt has ended
        status = api.get("/v1/auth/status", params={"id": live["id"]}).json()
        assert status["status"] == "failed" and not status.get("context")
    finally:
        api.delete("/v1/admin/auth_providers/turned")
