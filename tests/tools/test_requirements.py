# SPDX-License-Identifier: Apache-2.0
"""What tools need: asked for together, shown in lists, remembered when it was used, renewed when the provider refuses it."""
import pytest
from conftest import register
from test_contract import error
from test_hostile_workers import TOOL, Odd
from test_tools import consent
from world import Engine


@pytest.fixture()
def secret(api):
    assert api.put("/v1/admin/secrets/SEARCH_KEY", json={"value": "eleven char"}).status_code == 200
    yield "SEARCH_KEY"
    api.delete("/v1/admin/secrets/SEARCH_KEY")


def required(api, **body):
    r = api.post("/v1/tools/requirements", json=body)
    assert r.status_code == 200, r.text
    return r.json()


def test_together(engine, api, simulator, custom):
    user = simulator.person() + "@needs.example"
    first = required(api, tool_names=["Custom.ListGuilds", "custom_whoami", "Custom.Add", "Custom.SecretLength"], tools=[{"tool_name": "Custom.ListServers", "tool_version": "0.0.0"}], user_id=user)
    assert first["met"] is False and first["authorization"]["met"] is False and first["secrets"]["met"] is False
    [(key, item)] = first["authorization"]["items"].items()
    assert key == "my-discord" and item["provider_id"] == "my-discord" and item["status"] == "active" and item["token_status"] == "not_started"
    assert sorted(item["scopes"]) == ["guilds", "identify"] and sorted(item["tool_names"]) == ["Custom.ListGuilds", "Custom.ListServers", "Custom.WhoAmI"]
    assert "url" not in item and "authorization_id" not in item
    assert first["secrets"]["items"] == {"SEARCH_KEY": {"met": False, "status_reason": "secret not found", "tool_names": ["Custom.WhoAmI", "Custom.SecretLength"]}}
    asked = required(api, tool_names=["Custom.ListGuilds", "Custom.WhoAmI"], user_id=user, authorize=True)["authorization"]["items"]["my-discord"]
    assert asked["authorization_id"].startswith("ar_") and asked["url"] and asked["token_status"] == "pending"
    assert required(api, tool_names=["Custom.ListGuilds"], user_id=user)["authorization"]["items"]["my-discord"]["token_status"] == "pending"
    consent(engine, simulator, asked["url"], user)
    assert api.put("/v1/admin/secrets/search_KEY", json={"value": "eleven char"}).status_code == 200
    done = required(api, tool_names=["Custom.ListGuilds", "Custom.WhoAmI"], user_id=user, authorize=True)
    assert done["met"] is True and done["authorization"]["items"]["my-discord"]["token_status"] == "completed" and "url" not in done["authorization"]["items"]["my-discord"]
    assert required(api, tool_names=["Custom.Add"]) == {"met": True, "authorization": {"met": True, "items": {}}, "secrets": {"met": True, "items": {}}}
    assert "token_status" not in required(api, tool_names=["Custom.ListGuilds"])["authorization"]["items"]["my-discord"]
    assert api.delete("/v1/admin/secrets/SEARCH_KEY").status_code == 204


def test_a_list_tells_each_tool_of_one_provider_by_its_own_scopes(engine, api, simulator):
    odd, person = Odd(), simulator.person()
    user = person + "@lists.example"
    wants = {"Who": ["identify"], "Guilds": ["guilds"], "Both": ["identify", "guilds"], "OneEntry": ["identify guilds"]}
    odd.tools = [{**TOOL, "name": name, "requirements": {"authorization": {"provider_id": "discord", "provider_type": "oauth2", "oauth2": {"scopes": scopes}}, "secrets": None, "metadata": None}}
                 for name, scopes in wants.items()]
    assert register(api, odd.uri, id="odd", timeout=5, retry=0).status_code == 201

    def told():
        items = api.get("/v1/tools", params={"user_id": user, "toolkit": "Odd"}).json()["items"]
        return {t["name"]: t["requirements"]["authorization"]["token_status"] for t in items}

    assert told() == dict.fromkeys(wants, "not_started")
    ask = {"auth_requirement": {"provider_id": "discord", "oauth2": {"scopes": ["identify"]}}, "user_id": user}
    url = api.post("/v1/auth/authorize", json=ask).json()["url"]
    assert told() == dict.fromkeys(wants, "pending")
    consent(engine, simulator, url, user, person)
    assert told() == {"Who": "completed", "Guilds": "not_started", "Both": "not_started", "OneEntry": "not_started"}
    ask["auth_requirement"]["oauth2"]["scopes"] = ["guilds"]
    assert api.post("/v1/auth/authorize", json=ask).json()["status"] == "pending"
    assert told() == {"Who": "completed", "Guilds": "pending", "Both": "pending", "OneEntry": "pending"}
    assert api.delete("/v1/workers/odd").status_code == 204
    odd.close()


@pytest.mark.parametrize("body,status,name,words", [
    ({}, 400, "malformed_request", "tool_names"),
    ({"tool_names": []}, 400, "malformed_request", "tool_names"),
    ({"tool_names": "Custom.Add"}, 400, "malformed_request", "tool_names"),
    ({"tools": {"tool_name": "Custom.Add"}}, 400, "malformed_request", "tools"),
    ({"tools": [{"tool_version": "1.0.0"}]}, 400, "malformed_request", "tool_name"),
    ({"tools": ["Custom.Add"]}, 400, "malformed_request", "tools"),
    ({"tool_names": ["Custom.Add"] * 1001}, 400, "malformed_request", "1000"),
    ({"tool_names": ["add"]}, 400, "malformed_request", "failed to parse tool name add"),
    ({"tool_names": ["Custom.Nothing"]}, 404, "not_found", "Custom.Nothing"),
    ({"tools": [{"tool_name": "Custom.Add", "tool_version": "9.9.9"}]}, 404, "not_found", "Custom.Add"),
    ({"tool_names": ["Custom.ListGuilds"], "authorize": True}, 400, "malformed_request", "user_id"),
])
def test_refused(api, custom, body, status, name, words):
    assert words in error(api.post("/v1/tools/requirements", json=body), status, name)["message"]


def test_a_list_that_was_asked_for_before_is_never_an_old_one(engine, api, custom):
    """Lists are kept as bytes: every thing they are made of makes another."""
    def listed():
        return {t["name"]: t["requirements"] for t in api.get("/v1/tools", params={"limit": 100}).json()["items"]}

    def of_models():
        return api.get("/v1/formatted_tools", params={"toolkit": "custom"}).json()["total_count"]

    before, count = listed(), of_models()
    assert listed() == before and before["SecretLength"]["met"] is False and before["ListGuilds"]["authorization"]["status"] == "active"
    assert api.put("/v1/admin/secrets/SEARCH_KEY", json={"value": "eleven char"}).status_code == 200
    assert listed()["SecretLength"]["met"] is True
    assert api.delete("/v1/admin/secrets/SEARCH_KEY").status_code == 204
    assert listed() == before
    assert api.patch("/v1/admin/auth_providers/my-discord", json={"status": "inactive"}).status_code == 200
    assert listed()["ListGuilds"]["authorization"]["status"] == "inactive"
    assert api.patch("/v1/admin/auth_providers/my-discord", json={"status": "active"}).status_code == 200
    assert listed() == before
    assert api.patch("/v1/workers/custom", json={"enabled": False}).status_code == 200
    assert listed() == {} and of_models() == 0
    assert api.patch("/v1/workers/custom", json={"enabled": True}).status_code == 200
    assert listed() == before and of_models() == count
    assert api.get("/v1/tools", params={"limit": 1}).json()["limit"] == 1 and api.get("/v1/tools", params={"limit": 2}).json()["limit"] == 2


def test_when_a_secret_was_given_to_a_tool_last(binary, tmp_path, worker):
    def shown(c):
        return {s["key"]: s["last_accessed_at"] for s in c.get("/v1/admin/secrets").json()["items"]}

    with Engine(binary, tmp_path) as eng, eng.client() as c:
        assert register(c, worker.uri).status_code == 201
        for key in ("Search_Key", "OTHER"):
            assert c.put(f"/v1/admin/secrets/{key}", json={"value": "eleven char"}).status_code == 200
        assert c.post("/v1/tools/execute", json={"tool_name": "Custom.SecretLength"}).json()["success"] is True
    with Engine(binary, tmp_path) as eng, eng.client() as c:  # written in a batch, at the latest at the end
        first = shown(c)
        assert first["Search_Key"] and first["OTHER"] is None
        assert c.put("/v1/admin/secrets/Search_Key", json={"value": "another value"}).status_code == 200
        assert shown(c) == first


def run(api, user):
    r = api.post("/v1/tools/execute", json={"tool_name": "Custom.WhoAmI", "user_id": user})
    assert r.status_code == 200, r.text
    return r.json()


def granted(engine, api, simulator):
    person = simulator.person()
    user = person + "@upstream.example"
    link = api.post("/v1/tools/authorize", json={"tool_name": "Custom.WhoAmI", "user_id": user}).json()["url"]
    consent(engine, simulator, link, user, person)
    assert run(api, user)["success"] is True
    return user, person


def tell(simulator, path, body):
    r = simulator.control.post(path, json=body)
    assert r.status_code == 200, r.text


def test_a_token_the_provider_refuses_is_renewed_before_the_next_call(engine, api, simulator, custom, secret):
    user, _ = granted(engine, api, simulator)
    before = len(simulator.calls(grant_type="refresh_token"))
    old = api.get("/tb/v1/events", params={"limit": 1}).json()["total_count"]
    tell(simulator, "/clock", {"advance_s": 8 * 86400})  # the provider's clock, not ours: its token is over before we know
    refused = run(api, user)
    assert refused["success"] is False and refused["output"]["error"]["kind"] == "UPSTREAM_RUNTIME_AUTH_ERROR"
    events = api.get("/tb/v1/events", params={"limit": 100}).json()
    told = [e["kind"] for e in events["items"][:events["total_count"] - old]]  # the newest first
    assert "connection.refresh" not in told[told.index("tool.executed"):]  # not in the same call; a scan may have come since
    assert run(api, user)["success"] is True
    assert len(simulator.calls(grant_type="refresh_token")) == before + 1
    assert run(api, user)["success"] is True and len(simulator.calls(grant_type="refresh_token")) == before + 1


def test_a_dead_grant_has_a_reason_and_a_new_link(engine, api, simulator, custom, secret):
    user, person = granted(engine, api, simulator)
    tell(simulator, "/grants/end", {"user": person, "client_id": simulator.CLIENT_ID})
    assert run(api, user)["output"]["error"]["kind"] == "UPSTREAM_RUNTIME_AUTH_ERROR"
    asked = error(api.post("/v1/tools/execute", json={"tool_name": "Custom.WhoAmI", "user_id": user}), 403, "tool_authorization_required")
    assert "authorization required" in asked["message"]
    mine = api.get("/v1/admin/user_connections", params={"user_id": user}).json()["items"]
    assert [(m["connection_status"], m["reason"]) for m in mine] == [("expired", "revoked_or_expired")]
    link = api.post("/v1/tools/authorize", json={"tool_name": "Custom.WhoAmI", "user_id": user}).json()
    assert link["status"] == "pending" and link["url"]
    consent(engine, simulator, link["url"], user, person)
    assert run(api, user)["success"] is True
