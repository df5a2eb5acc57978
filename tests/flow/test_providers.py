# SPDX-License-Identifier: Apache-2.0
"""Provider instances over the API, by the unmodified Python SDK and by hand: create, read back, patch, delete, resolve."""
import arcadepy
import pytest
from test_contract import error

CUSTOM = {
    "id": "hooli", "description": "Hooli", "type": "oauth2",
    "oauth2": {
        "client_id": "hooli-client", "client_secret": "hooli-secret-1234", "scope_delimiter": " ", "pkce": {"enabled": True},
        "authorize_request": {"endpoint": "https://auth.hooli.example/authorize",
                              "params": {"response_type": "code", "client_id": "{{client_id}}", "redirect_uri": "{{redirect_uri}}",
                                         "scope": "{{scopes}} {{existing_scopes}}"}},
        "token_request": {"endpoint": "https://auth.hooli.example/token", "auth_method": "client_secret_basic",
                          "params": {"grant_type": "authorization_code", "redirect_uri": "{{redirect_uri}}"},
                          "response_map": {"access_token": "$.data.token"}},
    },
}


@pytest.fixture()
def sdk(engine):
    return arcadepy.Arcade(base_url=engine.url, api_key=engine.key)


def test_every_sdk_method_of_providers(engine, sdk):
    made = sdk.admin.auth_providers.create(**CUSTOM)
    assert made.id == "hooli" and made.status == "active" and made.binding.type == "project"
    assert made.oauth2.client_id == "hooli-client" and made.oauth2.client_secret.exists and not made.oauth2.client_secret.value
    assert made.oauth2.redirect_uri.startswith(engine.url + "/api/v1/oauth/") and made.oauth2.redirect_uri.endswith("/callback")
    got = sdk.admin.auth_providers.get("hooli")
    assert got.oauth2.token_request.method == "POST" and got.oauth2.token_request.request_content_type == "application/x-www-form-urlencoded"
    assert got.oauth2.token_request.response_content_type == "application/json" and got.oauth2.pkce.enabled
    assert got.oauth2.token_request.response_map == {"access_token": "$.data.token"}
    patched = sdk.admin.auth_providers.patch("hooli", description="Hooli, again")
    assert patched.description == "Hooli, again" and patched.oauth2.client_id == "hooli-client" and patched.oauth2.client_secret.exists
    assert any(p.id == "hooli" for p in sdk.admin.auth_providers.list().items)
    gone = sdk.admin.auth_providers.delete("hooli")
    assert gone.id == "hooli"
    with pytest.raises(arcadepy.NotFoundError):
        sdk.admin.auth_providers.get("hooli")


def test_secrets_are_never_read_back(api):
    r = api.post("/v1/admin/auth_providers", json=CUSTOM)
    assert r.status_code == 201 and "hooli-secret-1234" not in r.text
    secret = r.json()["oauth2"]["client_secret"]
    assert {"binding": "project", "editable": True, "exists": True}.items() <= secret.items() and secret.get("hint", "...1234") == "...1234"
    assert "hooli-secret-1234" not in api.get("/v1/admin/auth_providers").text
    conflict = api.post("/v1/admin/auth_providers", json=CUSTOM)
    error(conflict, 409, "conflict")
    assert conflict.headers["x-should-retry"] == "false"
    assert api.delete("/v1/admin/auth_providers/hooli").status_code == 200


@pytest.mark.parametrize("change,field", [
    ({"id": ""}, "id"), ({"id": "a" * 101}, "id"), ({"id": "has space"}, "id"), ({"id": "arcade-mine"}, "id"),
    ({"oauth2": {**CUSTOM["oauth2"], "client_id": ""}}, "oauth2.client_id"),
    ({"oauth2": {k: v for k, v in CUSTOM["oauth2"].items() if k != "token_request"}}, "oauth2.token_request"),
    ({"oauth2": {k: v for k, v in CUSTOM["oauth2"].items() if k != "authorize_request"}}, "oauth2.authorize_request"),
    ({"oauth2": {**CUSTOM["oauth2"], "scope_delimiter": ";"}}, "oauth2.scope_delimiter"),
    ({"oauth2": {**CUSTOM["oauth2"], "token_request": {"endpoint": "ftp://x/y"}}}, "oauth2.token_request.endpoint"),
    ({"oauth2": {**CUSTOM["oauth2"], "token_request": {"endpoint": "https://x/y", "params": {"a": "{{nonsense}}"}}}}, "oauth2.token_request.params"),
    ({"status": "sleeping"}, "status"), ({"external_id": "no/slash"}, "external_id"), ({"description": "x" * 1001}, "description"),
])
def test_bad_providers_name_the_field(api, change, field):
    answer = error(api.post("/v1/admin/auth_providers", json={**CUSTOM, "id": "bad-one", **change}), 400, "malformed_request")
    assert any(f["field"].startswith(field) for f in answer["field_errors"]), answer


def test_what_a_type_needs_is_asked_for_by_name(api):
    body = {"id": "any-server", "provider_id": "oauth2", "oauth2": {"client_id": "a", "client_secret": "b"}}
    answer = error(api.post("/v1/admin/auth_providers", json=body), 400, "malformed_request")
    assert "oauth2.variables.authorize_url is required" in answer["message"], answer
    body["oauth2"]["variables"] = {"authorize_url": "https://any.example/authorize", "token_url": "https://any.example/token"}
    assert api.post("/v1/admin/auth_providers", json=body).status_code == 201
    assert api.delete("/v1/admin/auth_providers/any-server").status_code == 200


def test_unknown_built_in_type(api):
    r = api.post("/v1/admin/auth_providers", json={"id": "x1", "provider_id": "no-such-type", "oauth2": {"client_id": "a"}})
    error(r, 400, "malformed_request")


def test_two_of_a_type_are_ambiguous_and_the_id_decides(engine, api):
    engine.add_discord("second-discord", oauth2={"client_id": "1199990000000000002", "client_secret": "another-secret"})
    try:
        body = {"auth_requirement": {"provider_id": "discord", "provider_type": "oauth2"}, "user_id": "two@example.com"}
        answer = error(api.post("/v1/auth/authorize", json=body), 400, "multiple_auth_providers")
        assert "my-discord" in answer["message"] and "second-discord" in answer["message"]
        for ask, echo in (({"id": "second-discord"}, "second-discord"), ({"provider_id": "second-discord"}, "second-discord"),
                          ({"id": "my-discord", "provider_id": "discord"}, None)):
            r = api.post("/v1/auth/authorize", json={"auth_requirement": ask, "user_id": "two@example.com"})
            assert r.status_code == 200, r.text
            if echo:
                assert r.json()["provider_id"] == echo
        r = api.post("/v1/auth/authorize", json={"auth_requirement": {"id": "my-discord", "provider_id": "github"}, "user_id": "two@example.com"})
        assert r.status_code == 400
    finally:
        assert api.delete("/v1/admin/auth_providers/second-discord").status_code == 200


def test_inactive_provider_is_not_found(engine, api):
    engine.add_discord("sleeping-discord", status="inactive", oauth2={"client_id": "1199990000000000003", "client_secret": "s3"})
    r = api.post("/v1/auth/authorize", json={"auth_requirement": {"id": "sleeping-discord"}, "user_id": "i@example.com"})
    error(r, 400, "auth_provider_not_found")
    assert api.delete("/v1/admin/auth_providers/sleeping-discord").status_code == 200


def test_external_id_and_redirect_address_are_known_before_saving(engine, api):
    provider = engine.add_discord("with-external", external_id="ap_known0before1", oauth2={"client_id": "1199990000000000004", "client_secret": "s4"})
    assert provider["oauth2"]["redirect_uri"] == engine.url + "/api/v1/oauth/ap_known0before1/callback"
    twice = api.post("/v1/admin/auth_providers", json={"id": "with-external-2", "provider_id": "discord", "external_id": "ap_known0before1",
                                                       "oauth2": {"client_id": "x", "client_secret": "y"}})
    assert twice.status_code in (400, 409)
    assert api.delete("/v1/admin/auth_providers/with-external").status_code == 200


def test_session_verification(api):
    path = "/v1/admin/settings/session_verification"
    before = api.get(path).json()
    assert set(before) == {"etag", "verifier_url", "unsafe_skip_verification", "unsafe_skip_verification_choice_allowed"}
    assert before["unsafe_skip_verification_choice_allowed"] is False
    try:
        r = api.put(path, json={"verifier_url": "https://app.example/v?x=1"})
        assert r.status_code == 200 and r.json()["verifier_url"] == "https://app.example/v?x=1"
        error(api.put(path, json={"verifier_url": "nonsense"}), 400, "malformed_request")
        error(api.put(path, json={"unsafe_skip_verification": True}), 403, "forbidden")
        assert api.get(path).json()["verifier_url"] == "https://app.example/v?x=1"
    finally:
        assert api.put(path, json={"verifier_url": before["verifier_url"]}).status_code == 200
    test = api.post("/v1/auth/validate_custom_verifier", json={"user_id": "v@example.com", "verifier_url": "https://app.example/v?x=1"}).json()
    assert test["next_uri"] == f"https://app.example/v?x=1&flow_id={test['flow_id']}"
    done = api.post("/v1/auth/confirm_user", json={"flow_id": test["flow_id"], "user_id": "v@example.com"})
    assert done.status_code == 200 and done.json()["next_uri"].endswith("/api/v1/oauth/callback_success?test=true")
    error(api.post("/v1/auth/validate_custom_verifier", json={"user_id": "v", "verifier_url": "x"}), 400, "malformed_request")


def test_a_stored_secret_does_not_follow_an_endpoint_to_another_host(engine, api):
    """Whoever may edit a provider may not have its secret, or its users' refresh tokens, sent to a host of his own."""
    body = {**CUSTOM, "id": "moving"}
    assert api.post("/v1/admin/auth_providers", json=body).status_code == 201
    elsewhere = {"oauth2": {"token_request": {**CUSTOM["oauth2"]["token_request"], "endpoint": "https://evil.example/token"}}}
    answer = error(api.patch("/v1/admin/auth_providers/moving", json=elsewhere), 400, "malformed_request")
    assert [f["field"] for f in answer["field_errors"]] == ["oauth2.client_secret"]
    assert "hooli.example" in api.get("/v1/admin/auth_providers/moving").json()["oauth2"]["token_request"]["endpoint"]
    with_empty = {"oauth2": {**elsewhere["oauth2"], "client_secret": ""}}
    error(api.patch("/v1/admin/auth_providers/moving", json=with_empty), 400, "malformed_request")
    refresh = {"oauth2": {"refresh_request": {"endpoint": "https://evil.example/token"}}}
    error(api.patch("/v1/admin/auth_providers/moving", json=refresh), 400, "malformed_request")
    same_host = {"oauth2": {"token_request": {**CUSTOM["oauth2"]["token_request"], "endpoint": "https://auth.hooli.example/v2/token"}}}
    assert api.patch("/v1/admin/auth_providers/moving", json=same_host).status_code == 200
    again = {"oauth2": {**elsewhere["oauth2"], "client_secret": "the-secret-once-more"}}
    assert api.patch("/v1/admin/auth_providers/moving", json=again).status_code == 200
    assert api.delete("/v1/admin/auth_providers/moving").status_code == 200
