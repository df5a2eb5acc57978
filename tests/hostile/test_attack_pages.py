# SPDX-License-Identifier: Apache-2.0
"""Pages and addresses: markup, and redirects that lead away."""
import re
import urllib.parse

import httpx
import pytest
from attacker import PASSWORD, Person, home, raw  # noqa: F401
from test_discord import authorize
from world import query


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
