# SPDX-License-Identifier: Apache-2.0
"""What a browser, a cache or a log is told: header lines split by a value, a foreign Host believed, a page framed, sniffed, kept or
read by another site, a log line forged."""
import json
import re
import urllib.parse

import httpx
import pytest
from attacker import Answers, certificate, listening, PASSWORD, Person, raw
from test_discord import authorize
from world import BOUND, Browser, Engine, query, tls, until

# Line ends in every spelling; characters whose last byte is CR or LF, for whoever cuts code points to bytes.
SPLITS = ["\r\nX-Evil: 1", "\nX-Evil: 1", "\rX-Evil: 1", "%0d%0aX-Evil: 1", "%250d%250aX-Evil: 1", "\u010d\u010aX-Evil: 1", "\u560d\u560aX-Evil: 1", "\u2028X-Evil: 1", "\x85X-Evil: 1",
          "\x0bX-Evil: 1", "\x00X-Evil: 1", "\\r\\nX-Evil: 1", "\r\n\r\n<script>alert(1)</script>"]
PAGES = ["/sign-in", "/setup", "/dashboard", "/connect/nothing", "/api/v1/oauth/callback_success", "/api/v1/oauth/callback_verify?flow_id=x", "/api/v1/oauth/my-discord/callback?code=x&state=y",
         "/oauth/callback?error=x&state=y", "/nowhere", "/assets/none", "/api/v1/oauth/%ff/callback"]


@pytest.fixture(scope="module")
def home(binary, simulator, tmp_path_factory):
    """The built-in verifier, everything logged as JSON."""
    with Engine(binary, tmp_path_factory.mktemp("home"), simulator=simulator, verifier=None, args=("--log-level", "debug", "--log-format", "json")) as eng:
        eng.add_discord()
        eng.owner = Person(eng)
        eng.owner.set_up(eng.ready["setup_url"], "owner@example.com")
        yield eng


def watch(seen):
    return {"response": [seen.append]}


def test_no_value_becomes_a_header(home, simulator):
    """Every value of a client's that may come back in a head, with line ends in it: a header of his never appears."""
    seen = []
    with home.client(event_hooks=watch(seen)) as c:
        for i, evil in enumerate(SPLITS):
            for uri in (f"https://app.example/{evil}", f"https://app.example/?q={evil}", f"https://app.example{evil}/"):
                r = authorize(c, f"split{i}@example.com", ["identify"], next_uri=uri)
                c.post("/v1/auth/validate_custom_verifier", json={"user_id": "u@example.com", "verifier_url": uri})
                if r.status_code == 200:  # it was taken for a plain address: walk it to where it becomes a Location
                    with Browser(simulator) as b:
                        for client in {b.direct, b.proxied}:
                            client.event_hooks = watch(seen)
                        verify = b.callback(b.consent(b.to_provider(r.json()["url"]), simulator.person())).headers["location"].replace(home.url, "")
                        p = Person(home)
                        p.http.cookies, p.http.event_hooks = b.direct.cookies, watch(seen)
                        home.owner.call("POST", "/tb/v1/accounts", {"email": f"split{i}@example.com", "password": PASSWORD})
                        p.send(p.page(verify), "/sign-in", email=f"split{i}@example.com", password=PASSWORD)
                        done = p.send(p.page(verify), "/api/v1/oauth/callback_verify")
                        assert done.status_code == 303 and done.headers["location"].isascii() and " " not in done.headers["location"]
            c.post("/v1/auth/authorize", json={"auth_requirement": {"id": "my-discord", "oauth2": {"scopes": [f"a{evil}"]}}, "user_id": f"u{evil}"})
            made = c.post("/v1/admin/auth_providers", json={"id": f"e{i}", "description": evil, "oauth2": {
                "client_id": f"c{evil}", "client_secret": f"s{evil}", "authorize_request": {"endpoint": "https://evil.example/authorize"},
                "token_request": {"endpoint": "https://evil.example/token"}}})
            if made.status_code == 201:
                start = c.post("/v1/auth/authorize", json={"auth_requirement": {"id": f"e{i}"}, "user_id": "u@example.com"}).json()
                with Browser() as b:
                    b.direct.event_hooks = watch(seen)
                    where = b.to_provider(start["url"])
                    assert where.isascii() and not re.search(r"[\x00-\x20]", where)
                    words = urllib.parse.quote(evil)
                    b.get(f"{query(where)['redirect_uri']}?error={words}&error_description={words}&error_uri={words}&state={query(where)['state']}")
                c.delete(f"/v1/admin/auth_providers/e{i}")
            c.post("/tb/v1/api_keys", json={"name": evil})
            quoted = urllib.parse.quote(evil, safe="%")
            for path in ("/v1/admin/auth_providers/", "/connect/", "/tb/v1/authorizations/", "/assets/", "/api/v1/oauth/", "/v1/admin/user_connections/", "/v1/auth/status?id=", "/sign-in?return=/dashboard",
                         "/setup?token=", "/"):
                for method in ("GET", "DELETE"):
                    c.request(method, path + quoted)
    assert len(seen) > 300
    for r in seen:
        assert "x-evil" not in r.headers, r.request.url
        for k, v in r.headers.items():
            assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", v), (k, v)


@pytest.mark.parametrize("value", ["a\x0bb", "a" * 65, "a b", "a;b", "<script>", "a\"b", "a\xe9b", "../x", ""])
def test_a_request_id_of_the_clients_is_harmless_or_not_taken(home, value):
    a = Answers(raw(home.url, b"GET /v1/config HTTP/1.1\r\nHost: x\r\nX-Request-Id: " + value.encode("latin-1") + b"\r\nConnection: close\r\n\r\n"))
    assert a.status == ([400] if "\x0b" in value else [200])
    assert re.fullmatch(r"[0-9a-f]{24}", a.headers[0]["x-request-id"])


# ---- Host ----
@pytest.mark.parametrize("headers", [{"Host": "rebound.example"}, {"X-Forwarded-Host": "rebound.example"}, {"Forwarded": "host=rebound.example"}, {"X-Forwarded-Host": "rebound.example", "X-Forwarded-Proto": "https"},
                                     {"X-Host": "rebound.example"}, {"X-Original-Host": "rebound.example"}, {"Host": "rebound.example:80"}, {"X-Forwarded-Prefix": "//rebound.example"}])
def test_no_address_is_made_of_a_foreign_host(home, simulator, headers):
    """Links, redirects, callback addresses: all from the configuration, whatever the request calls itself."""
    with home.client() as c:
        r = c.post("/v1/auth/authorize", json={"auth_requirement": {"id": "my-discord", "oauth2": {"scopes": ["identify"]}}, "user_id": "host@example.com"}, headers=headers)
        assert r.status_code == 200 and r.json()["url"].startswith(home.url + "/connect/")
        for path in ("/v1/config", "/v1/swagger", "/v1/admin/auth_providers", "/v1/admin/auth_providers/my-discord"):
            assert "rebound.example" not in c.get(path, headers=headers).text
        for path in [r.json()["url"].replace(home.url, ""), *PAGES]:
            said = httpx.get(home.url + path, headers={"Accept": "text/html", **headers}, trust_env=False)
            assert "rebound.example" not in said.text and "rebound.example" not in str(said.headers), path


def test_the_link_works_on_after_somebody_opened_it_under_another_name(home, simulator):
    """moved=1 stops the redirect to the public host: the attempt then has its cookie elsewhere and fails, and nothing else does."""
    with home.client() as c:
        start = authorize(c, "moved@example.com", ["identify"], provider="discord").json()
    other = home.url.replace("127.0.0.1", "localhost") if "127.0.0.1" in home.url else home.url.replace("localhost", "127.0.0.1")
    with Browser(simulator) as victim, Browser(simulator) as again:
        sent = httpx.get(start["url"] + "?moved=1", headers={"Host": urllib.parse.urlsplit(other).netloc}, trust_env=False)
        assert sent.status_code == 303
        back = victim.consent(sent.headers["location"], simulator.person())
        assert back.startswith(home.url) and victim.callback(back).status_code == 400
        assert again.callback(again.consent(again.to_provider(start["url"]), simulator.person())).status_code == 303


def test_dns_rebinding_finds_no_authority(home):
    """A foreign page whose name points at the engine: reads what everybody may read, and can sign in, set up or change nothing."""
    host = {"Host": "rebound.example", "Origin": "http://rebound.example", "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=home.url, trust_env=False) as c:
        assert c.get("/tb/v1/api_keys", headers=host).status_code == 401
        assert c.post("/tb/v1/sessions", json={"email": "owner@example.com", "password": PASSWORD}, headers=host).status_code == 403
        for path in ("/sign-in", "/setup", "/sign-out", "/api/v1/oauth/callback_verify"):
            assert c.post(path, data={"email": "owner@example.com", "password": PASSWORD, "csrf": "x", "flow_id": "x"}, headers=host).status_code in (303, 403, 404)
    cookies = {k: v for k, v in home.owner.http.cookies.items()}
    r = httpx.post(home.url + "/tb/v1/api_keys", json={"name": "x"}, cookies=cookies, headers=host, trust_env=False)
    assert r.status_code == 403


# ---- browsers and caches ----
def test_every_page_forbids_what_pages_are_attacked_with(home):
    for path in PAGES:
        r = httpx.get(home.url + path, headers={"Accept": "text/html"}, trust_env=False)
        if r.status_code == 303:
            assert r.headers["cache-control"] == "no-store" and r.text == ""
            continue
        csp = dict(p.split(" ", 1) for p in r.headers["content-security-policy"].split("; "))
        assert csp["default-src"] == "'none'" and csp["frame-ancestors"] == "'none'" and csp["base-uri"] == "'none'" and csp["form-action"].startswith("'self'"), path
        assert "script-src" not in csp and "unsafe" not in str(csp)
        assert r.headers["x-frame-options"] == "DENY" and r.headers["x-content-type-options"] == "nosniff" and r.headers["cache-control"] == "no-store", path
        assert r.headers["cross-origin-opener-policy"] == "same-origin" and r.headers["referrer-policy"] == "same-origin"
        assert "<script" not in r.text and not re.search(r"\son[a-z]+=", r.text)


def test_no_answer_is_kept_or_taken_for_something_else(home):
    """Answers of the API, good and bad: not stored by anybody, and JSON is JSON."""
    with home.client() as c:
        gets = {p: ops["get"] for p, ops in c.get("/v1/swagger").json()["paths"].items() if "get" in ops}
        assert len(gets) > 20
        for path, op in gets.items():
            for headers in ({}, {"Authorization": "arc_wrong"}):
                r = c.get(re.sub(r"\{(org|project)_id\}", "default", path).replace("{id}", "x"), headers=headers)
                assert r.headers["cache-control"] == "no-store" and r.headers["x-content-type-options"] == "nosniff", (path, r.status_code)
                assert r.status_code != 200 or r.headers["content-type"].split(";")[0] in {k.split(";")[0] for k in op["responses"]["200"]["content"]}
                assert r.status_code == 200 or r.headers["content-type"] == "application/json"
        for body, kind in ((b"{", "application/json"), (b"x", "text/plain"), (b"", "application/json")):
            r = c.post("/v1/auth/authorize", content=body, headers={"Content-Type": kind})
            assert r.headers["cache-control"] == "no-store" and r.headers["x-content-type-options"] == "nosniff"


def test_no_other_site_may_read(home):
    """CORS: no route says that another origin may; a preflight is answered with no permission."""
    with home.client() as c:
        for path in [*c.get("/v1/swagger").json()["paths"], *PAGES, "/assets/tb.css"]:
            at = re.sub(r"\{[a-z_]+\}", "default", path)
            for origin in ("http://evil.example", "null", home.url):
                for r in (c.options(at, headers={"Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization",
                                                 "Access-Control-Request-Private-Network": "true"}),
                          c.get(at, headers={"Origin": origin})):
                    assert not [h for h in r.headers if h.startswith("access-control")], (path, origin)


def test_cookies_on_https_belong_to_one_host(binary, tmp_path):
    """Cookie tossing from a sister domain: the name's __Host- forbids browsers to take it from anywhere else, and no other name counts."""
    certificate(tmp_path)
    config = "api:\n  public_host: https://localhost:8443\ntls:\n  cert_file: cert.pem\n  key_file: key.pem\n"
    with Engine(binary, tmp_path, config=config) as eng:
        address = listening(eng)
        with httpx.Client(base_url=address, verify=tls(tmp_path / "cert.pem"), trust_env=False, headers={"Host": "localhost:8443"}, timeout=BOUND) as c:
            token = query(eng.ready["setup_url"])["token"]
            r = c.get("/setup", params={"token": token})
            assert r.status_code == 303
            (cookie,) = r.headers.get_list("set-cookie")
            parts = cookie.split("; ")
            assert parts[0].startswith("__Host-tb_setup=") and {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(parts) and "Domain" not in cookie
            for name in ("tb_setup_8443", "tb_setup", "__Secure-tb_setup", "__host-tb_setup"):
                page = c.get("/setup", headers={"Cookie": f"{name}={token}"})
                assert page.status_code == 403 and "<form" not in page.text
            page = c.get("/setup", headers={"Cookie": parts[0]})
            assert page.status_code == 200 and page.headers["strict-transport-security"].startswith("max-age=")
            r = c.get("/sign-in", headers={"Cookie": parts[0]})
            assert all(k.startswith("__Host-tb") for k in r.headers.get_list("set-cookie"))


# ---- the log ----
def test_no_value_forges_a_log_line(home):
    """Line ends, terminal sequences and quotes in every value: each line of the log stays one line of JSON that we wrote, and what
    strangers send does not stand in it at all (what may: tests/unit/core/t_logf.c)."""
    evil = "m4rk\r\n{\"level\":\"error\",\"event\":\"forged\"}\x1b[2J\x07\x9b31m\u2028\u202e\"\\"
    before = len(home.log())
    with home.client() as c:
        authorize(c, f"log@example.com{evil[:20]}", ["identify"])
        c.post("/tb/v1/api_keys", json={"name": evil})
        c.post("/v1/admin/auth_providers", json={"id": evil, "description": evil})
        c.get("/v1/admin/auth_providers/" + urllib.parse.quote(evil))
        c.get("/v1/auth/status", params={"id": evil})
        c.post("/tb/v1/sessions", json={"email": evil, "password": evil}, headers={"Origin": home.url})
        for header in ("User-Agent", "Referer", "X-Request-Id", "X-Forwarded-For", "Authorization", "Origin", "Cookie"):
            raw(home.url, b"GET /v1/admin/auth_providers HTTP/1.1\r\nHost: x\r\n%s: m4rk\xff\xc2\x9b\"\\\tb\r\nConnection: close\r\n\r\n" % header.encode())
        raw(home.url, b"GET /m4rk\xff\x1b[2J HTTP/1.1\r\nHost: x\r\n\r\n")
    until("the log", lambda: len(home.log()) > before)
    for line in home.log()[before:].split("\n")[:-1]:
        entry = json.loads(line)
        assert entry["event"] != "forged" and "m4rk" not in line and not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u202e]", line), line
