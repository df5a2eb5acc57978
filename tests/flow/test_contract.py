# SPDX-License-Identifier: Apache-2.0
"""Statuses, names and bodies of errors, exactly as the contract says; bad input names the field and the mend."""
import socket

import httpx
import pytest

REQ = {"provider_id": "discord", "provider_type": "oauth2", "oauth2": {"scopes": ["identify"]}}


def error(r, status, name):
    assert r.status_code == status, (r.status_code, r.text)
    assert r.headers["content-type"].startswith("application/json")
    body = r.json()
    assert body["name"] == name, body
    assert body["message"]
    return body


def test_no_key(engine):
    r = httpx.get(engine.url + "/v1/auth/status?id=ar_x", trust_env=False)
    assert error(r, 401, "invalid_authorization")["message"] == "Missing Authorization header"


@pytest.mark.parametrize("key", ["arc_", "nonsense", "arc_" + "A" * 38, "My API Key", "Bearer arc_" + "b" * 38])
def test_wrong_key(engine, key):
    r = httpx.get(engine.url + "/v1/auth/status?id=ar_x", headers={"Authorization": key}, trust_env=False)
    assert error(r, 401, "invalid_authorization")["message"] in ("Invalid API key", "Missing Authorization header")


@pytest.mark.parametrize("scheme", ["", "Bearer ", "bearer ", "BEARER "])
def test_key_raw_or_bearer(engine, scheme):
    r = httpx.get(engine.url + "/v1/admin/auth_providers", headers={"Authorization": scheme + engine.key}, trust_env=False)
    assert r.status_code == 200


def test_revoked_and_expired_key(engine):
    made = engine.cli("key", "create", "short-lived", "--json")
    assert made.returncode == 0, made.stderr
    import json

    key = json.loads(made.stdout)
    with engine.client(key["key"]) as c:
        assert c.get("/v1/admin/auth_providers").status_code == 200
        assert engine.cli("key", "revoke", key["id"]).returncode == 0
        assert error(c.get("/v1/admin/auth_providers"), 401, "invalid_authorization")["message"] == "Invalid API key"


@pytest.mark.parametrize("path", ["/nothing", "/v1/nothing", "/_stainless_unknown_path", "/v1/auth/authorize/x", "/v1/orgs/a/projects/b"])
def test_unknown_path(api, path):
    assert error(api.get(path), 404, "route_not_found")["message"] == "requested route is not found or method is not allowed"


def test_wrong_method_is_404(api):
    error(api.delete("/v1/auth/status"), 404, "route_not_found")
    error(api.get("/v1/auth/authorize"), 404, "route_not_found")


@pytest.mark.parametrize("body,field", [
    ({}, "auth_requirement"),
    ({"auth_requirement": {}, "user_id": "a"}, "auth_requirement"),
    ({"auth_requirement": REQ}, "user_id"),
    ({"auth_requirement": REQ, "user_id": ""}, "user_id"),
    ({"auth_requirement": REQ, "user_id": "   "}, "user_id"),
    ({"auth_requirement": REQ, "user_id": "a\u0007b"}, "user_id"),
    ({"auth_requirement": REQ, "user_id": "x" * 257}, "user_id"),
    ({"auth_requirement": REQ, "user_id": 7}, "user_id"),
    ({"auth_requirement": "discord", "user_id": "a"}, "auth_requirement"),
    ({"auth_requirement": {**REQ, "oauth2": {"scopes": "identify"}}, "user_id": "a"}, "auth_requirement.oauth2.scopes"),
    ({"auth_requirement": {**REQ, "oauth2": {"scopes": [1]}}, "user_id": "a"}, "auth_requirement.oauth2.scopes"),
    ({"auth_requirement": REQ, "user_id": "a", "next_uri": "javascript:alert(1)"}, "next_uri"),
    ({"auth_requirement": REQ, "user_id": "a", "next_uri": "/relative"}, "next_uri"),
    ({"auth_requirement": REQ, "user_id": "a", "next_uri": "ftp://x/y"}, "next_uri"),
    ({"auth_requirement": REQ, "user_id": "a", "next_uri": "https://user@host/"}, "next_uri"),
])
def test_bad_authorize_names_the_field(api, body, field):
    answer = error(api.post("/v1/auth/authorize", json=body), 400, "malformed_request")
    assert any(f["field"].startswith(field) for f in answer["field_errors"]), answer
    assert all(set(f) == {"field", "rule", "message"} for f in answer["field_errors"])


@pytest.mark.parametrize("body", [
    b"", b"{", b"[1,2", b'{"a":1}x', b"\xff\xfe", b'{"user_id":"\xff"}', b'{"a":1,"a":2}', b'{"user_id":"a","user_id":"b"}',
    b"[" * 200 + b"]" * 200, b'{"a":"\\u0000"}', b"null", b"7", b'"text"',
])
def test_a_body_that_is_not_what_it_should_be(api, body):
    r = api.post("/v1/auth/authorize", content=body, headers={"Content-Type": "application/json"})
    error(r, 400, "malformed_request")


def test_body_too_large(api):
    r = api.post("/v1/auth/authorize", content=b'{"user_id":"' + b"a" * 5_000_000 + b'"}', headers={"Content-Type": "application/json"})
    assert r.status_code == 413


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_not_json_is_415(api, kind):
    headers = {"Content-Type": kind} if kind else {}
    error(api.post("/v1/auth/authorize", content=b'{"user_id":"a"}', headers=headers), 415, "unsupported_media_type")


def test_unknown_provider(api):
    body = {"auth_requirement": {"provider_id": "nowhere", "provider_type": "oauth2"}, "user_id": "a@example.com"}
    assert "nowhere" in error(api.post("/v1/auth/authorize", json=body), 400, "auth_provider_not_found")["message"]


def test_status_needs_a_known_id(api):
    answer = error(api.get("/v1/auth/status"), 400, "malformed_request")
    assert any(f["field"] == "id" for f in answer["field_errors"])
    error(api.get("/v1/auth/status", params={"id": "ar_doesnotexist"}), 404, "not_found")
    error(api.get("/v1/auth/status", params={"id": "ar_x", "wait": "soon"}), 400, "malformed_request")


@pytest.mark.parametrize("wait", ["60", "100000", "-5", "99999999999999999999"])
def test_wait_is_clamped(engine, api, wait):
    """Out of range is clamped, not refused; a negative wait does not wait."""
    start = api.post("/v1/auth/authorize", json={"auth_requirement": REQ, "user_id": "clamp@example.com"}).json()
    if wait.startswith("-"):
        assert api.get("/v1/auth/status", params={"id": start["id"], "wait": wait}).json()["status"] == "pending"
        return
    with engine.client() as c:
        c.timeout = httpx.Timeout(1.0, connect=5)
        with pytest.raises(httpx.ReadTimeout):  # it is held, not refused
            c.get("/v1/auth/status", params={"id": start["id"], "wait": wait})


def test_public_routes(engine):
    c = httpx.Client(base_url=engine.url, trust_env=False)
    health = c.get("/v1/health").json()
    assert health["healthy"] is True and "reason" not in health
    assert [x["name"] for x in health["checks"]] == ["serving", "lanes", "store", "root_key", "jobs", "disk", "providers"]
    assert all(x["status"] == "ok" and x["reason"] is None for x in health["checks"]), health
    config = c.get("/v1/config").json()
    assert config["oauth2"]["callback_url_template"] == engine.url + "/api/v1/oauth/{id}/callback"
    assert set(config["dashboard"]) == {"authority", "clientId", "coordinatorUri"} and config["servers"]["timeout_max_seconds"] > 0
    swagger = c.get("/v1/swagger").json()
    assert swagger["openapi"].startswith("3.0") and "/v1/auth/authorize" in swagger["paths"]
    head = c.head("/v1/health")
    assert head.status_code == 200 and head.content == b""


def test_every_v1_route_is_served_under_org_and_project(engine, api):
    p = "/v1/orgs/default/projects/default"
    assert api.get(p + "/admin/auth_providers").json()["items"]
    start = api.post(p + "/auth/authorize", json={"auth_requirement": REQ, "user_id": "scoped@example.com"}).json()
    assert api.get(p + "/auth/status", params={"id": start["id"]}).json()["id"] == start["id"]
    wrong = api.get("/v1/orgs/default/projects/00000000-0000-4000-8000-000000000000/admin/auth_providers")
    error(wrong, 403, "forbidden")
    assert api.get("/tb/v1/orgs/default/projects/default/authorizations").status_code == 200
    with httpx.Client(base_url=engine.url, trust_env=False) as anybody:  # a client that rewrites every path asks for these too
        assert anybody.get(p + "/health").json()["healthy"] is True
        assert anybody.get(p + "/config").json() == anybody.get("/v1/config").json()
        assert anybody.get(p + "/swagger").json()["paths"]


def test_scopes_in_one_entry_are_asked_for_each(api):
    def asked(scopes, user):
        return api.post("/v1/auth/authorize", json={"auth_requirement": {"provider_id": "discord", "oauth2": {"scopes": scopes}}, "user_id": user}).json()

    one = asked(["identify guilds", "guilds"], "one.entry@example.com")
    assert one["scopes"] == ["identify", "guilds"] and asked(["guilds", "identify"], "one.entry@example.com")["id"] == one["id"]


def test_request_id_is_given_back(api):
    assert api.get("/v1/health", headers={"X-Request-Id": "my-request.1"}).headers["x-request-id"] == "my-request.1"
    assert api.get("/v1/health", headers={"X-Request-Id": "no spaces"}).headers["x-request-id"] != "no spaces"


def test_header_injection_is_refused(engine):
    host = engine.url.split("//")[1]
    with socket.create_connection(host.split(":")) as s:
        s.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n")
        assert s.recv(64).startswith(b"HTTP/1.1 400")
