# SPDX-License-Identifier: Apache-2.0
"""The answers field by field, paging, merging and headers: what unmodified clients read."""
import pytest

PROVIDER = {"id", "description", "type", "provider_id", "external_id", "status", "binding", "created_at", "updated_at", "oauth2", "etag"}
CUSTOM = {
    "id": "hooli", "description": "Hooli", "external_id": "hooli-ext",
    "oauth2": {
        "client_id": "hooli-client", "client_secret": "hooli-secret-c0ffee", "scope_delimiter": ",", "pkce": {"enabled": True},
        "authorize_request": {"endpoint": "https://auth.hooli.example/authorize", "params": {"response_type": "code", "scope": "{{scopes}}"}},
        "token_request": {"endpoint": "https://auth.hooli.example/token", "params": {"grant_type": "authorization_code"}},
        "refresh_request": {"endpoint": "https://auth.hooli.example/token", "method": "POST", "params": {"grant_type": "refresh_token"}},
        "user_info_request": {"endpoint": "https://auth.hooli.example/me", "auth_method": "bearer_access_token", "triggers": {"on_token_grant": True}},
    },
}
A = "/v1/admin/auth_providers"


@pytest.fixture()
def hooli(api):
    r = api.post(A, json=CUSTOM)
    assert r.status_code == 201, r.text
    yield r.json()
    api.delete(A + "/hooli")


def test_a_provider_field_by_field(engine, api, hooli):
    assert set(hooli) == PROVIDER and hooli["type"] == "oauth2" and hooli["status"] == "active" and hooli["binding"]["type"] == "project"
    o = hooli["oauth2"]
    assert o["client_secret"] == {"binding": "project", "editable": True, "exists": True, "hint": "...ffee"}
    assert o["redirect_uri"] == engine.url + "/api/v1/oauth/hooli-ext/callback" and o["scope_delimiter"] == ","
    assert o["pkce"] == {"enabled": True, "code_challenge_method": "S256"}
    assert o["token_request"]["method"] == "POST" and o["authorize_request"]["method"] == "GET"
    for request in "authorize_request", "token_request", "refresh_request", "user_info_request":
        assert o[request]["request_content_type"] == "application/x-www-form-urlencoded" and o[request]["response_content_type"] == "application/json"
    assert o["user_info_request"]["triggers"] == {"on_token_grant": True, "on_token_refresh": False}
    assert "hooli-secret" not in api.get(A + "/hooli").text and api.get(A + "/hooli").json() == hooli


def test_an_edit_merges(api, hooli):
    r = api.patch(A + "/hooli", json={"oauth2": {"client_secret": "", "refresh_request": None, "token_request": {"params": {"a": "b"}}}})
    assert r.status_code == 200, r.text
    o = r.json()["oauth2"]
    assert o["client_secret"]["hint"] == "...ffee" and o.get("refresh_request") is None
    assert o["token_request"]["params"] == {"a": "b"} and o["token_request"]["endpoint"] == "https://auth.hooli.example/token"
    assert o["user_info_request"] == hooli["oauth2"]["user_info_request"]
    wrong = api.patch(A + "/hooli", json={"id": "other"})
    assert wrong.status_code == 400 and wrong.json()["field_errors"][0]["field"] == "id"
    assert api.patch(A + "/hooli", json={"id": "hooli", "status": "inactive"}).json()["status"] == "inactive"
    assert api.patch(A + "/hooli", json={"oauth2": {"token_request": None}}).status_code == 400


def test_deleting_answers_with_what_was_deleted(api, hooli):
    r = api.delete(A + "/hooli")
    assert r.status_code == 200 and r.json() == hooli
    again = api.delete(A + "/hooli")
    assert again.status_code == 404 and again.json() == {"name": "not_found", "message": "auth provider hooli not found"}
    assert again.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("body", [CUSTOM, {**CUSTOM, "id": "hooli-2"}])
def test_a_conflict_is_not_to_be_repeated(api, hooli, body):
    r = api.post(A, json=body)
    assert r.status_code == 409 and r.json()["name"] == "conflict" and r.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("id", ["arcade-mine", "ARCADEx", "x/y", "", "x" * 101])
def test_ids_that_are_refused(api, id):
    r = api.post(A, json={**CUSTOM, "id": id})
    assert r.status_code == 400 and r.json()["field_errors"][0]["field"] == "id"


@pytest.mark.parametrize("query,limit,offset", [
    ("", 25, 0), ("limit=0", 25, 0), ("limit=-4", 25, 0), ("limit=1000", 100, 0), ("limit=99999999999999999999", 100, 0), ("offset=-3", 25, 0), ("limit=3&offset=2", 3, 2),
])
@pytest.mark.parametrize("path", ["/v1/admin/user_connections", "/tb/v1/events", "/tb/v1/authorizations", "/tb/v1/api_keys", "/tb/v1/members", "/tb/v1/projects"])
def test_paging(api, path, query, limit, offset):
    page = api.get(f"{path}?{query}").json()
    more = {"next_cursor"} if path == "/tb/v1/events" else set()
    assert set(page) == {"items", "limit", "offset", "page_count", "total_count"} | more and isinstance(page["items"], list)
    assert (page["limit"], page["offset"], page["page_count"]) == (limit, offset, len(page["items"]))
    assert api.get(path + "?limit=many").status_code == 400


@pytest.mark.parametrize("names", ["provider_id={}&user_id={}", "provider[id]={}&user[id]={}", "provider%5Bid%5D={}&user%5Bid%5D={}", "provider.id={}&user.id={}"])
def test_three_spellings_of_the_filters(engine, simulator, api, names):
    from test_discord import connect

    if not api.get("/v1/admin/user_connections?user_id=shapes@example.com").json()["items"]:
        connect(engine, simulator, api, "shapes@example.com", as_user=simulator.person())
    for provider in "discord", "my-discord":
        items = api.get("/v1/admin/user_connections?" + names.format(provider, "shapes@example.com")).json()["items"]
        assert [i["user_id"] for i in items] == ["shapes@example.com"]
    one = items[0]
    assert one["id"] == one["connection_id"] and one["connection_status"] == "active" and one["provider_id"] == "my-discord"
    assert one["provider_type"] == "oauth2" and one["provider_description"] == "Discord, simulated" and "identify" in one["scopes"]
    assert "token" not in " ".join(one)
    assert api.get("/v1/admin/user_connections?" + names.format("discord", "nobody@example.com")).json()["items"] == []


def test_head_has_the_headers_and_no_body(api):
    for path, status in ("/v1/admin/auth_providers", 200), ("/nothing", 404):
        r = api.head(path)
        assert r.status_code == status and r.content == b"" and int(r.headers["content-length"]) > 0


def test_nothing_is_in_a_204(api):
    key = api.post("/tb/v1/api_keys", json={"name": "gone"}).json()
    assert list(key) == ["id", "name", "key", "created_at"]
    r = api.delete("/tb/v1/api_keys/" + key["id"])
    assert r.status_code == 204 and r.content == b"" and "content-type" not in r.headers


def test_too_many_sign_ins_say_when_to_come_back(api):
    for _ in range(40):
        r = api.post("/tb/v1/sessions", json={"email": "throttled@example.com", "password": "x" * 12})
        if r.status_code != 401:
            break
    assert r.status_code == 429 and r.json()["name"] == "rate_limit_exceeded"
    assert 1 <= int(r.headers["retry-after"]) <= 60 and 0 < int(r.headers["retry-after-ms"]) <= 60000
