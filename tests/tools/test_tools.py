# SPDX-License-Identifier: Apache-2.0
"""The page's custom tool through the engine on a real worker, from the Python SDK and over HTTP (contract 3.5 to 3.10)."""
import arcadepy
import pytest
from conftest import SECRET, register
from test_contract import error
from world import Browser, until

NAMES = ["Add", "Crash", "ListGuilds", "ListServers", "Note", "SecretLength", "TryAgain", "WhoAmI"]


@pytest.fixture()
def sdk(engine):
    return arcadepy.Arcade(base_url=engine.url, api_key=engine.key, max_retries=0)


def at_verifier(simulator, link, at_provider="alice"):
    with Browser(simulator) as b:
        return b.flow_id(link, at_provider)


def consent(engine, simulator, link, user, at_provider="alice"):
    with engine.client() as c:
        assert c.post("/v1/auth/confirm_user", json={"flow_id": at_verifier(simulator, link, at_provider), "user_id": user}).status_code == 200


def test_the_pages_tool_from_the_python_sdk(engine, simulator, sdk, custom, worker):
    user = "alice.tools@example.com"
    with pytest.raises(arcadepy.PermissionDeniedError) as refused:
        sdk.tools.execute(tool_name="Custom.ListServers", user_id=user)
    assert refused.value.body["name"] == "tool_authorization_required" and "authorization required" in refused.value.body["message"]
    auth = sdk.tools.authorize(tool_name="Custom.ListServers", user_id=user)
    assert auth.status == "pending" and auth.url
    consent(engine, simulator, auth.url, user)
    assert sdk.auth.wait_for_completion(auth).status == "completed"
    assert sdk.tools.authorize(tool_name="Custom.ListServers", user_id=user).status == "completed"
    # As printed the tool says "-> dict" while Discord sends a list: the worker's own refusal comes through unchanged.
    printed = sdk.tools.execute(tool_name="Custom.ListServers", user_id=user)
    assert printed.success is False and printed.status == "failed" and printed.output.error.kind == "TOOL_RUNTIME_BAD_OUTPUT_VALUE"
    done = sdk.tools.execute(tool_name="Custom.ListGuilds", user_id=user)
    assert done.success is True and done.status == "completed" and done.execution_type == "immediate"
    assert done.id.startswith("te_") and done.execution_id.startswith("tc_") and done.duration > 0
    assert done.output.value and all("id" in guild for guild in done.output.value)
    token = sdk.auth.start(user, "discord", scopes=["guilds"]).context.token
    store = b"".join(f.read_bytes() for f in engine.data.iterdir() if f.name.startswith("store"))
    assert token not in done.to_json() and token.encode() not in store and token not in engine.log()
    assert SECRET.encode() not in store and SECRET not in engine.log()


def test_the_catalogue(api, custom):
    page = api.get("/v1/tools").json()
    assert [t["name"] for t in page["items"]] == NAMES and page["total_count"] == len(NAMES)
    add = page["items"][0]
    assert add["qualified_name"] == "Custom.Add" and add["fully_qualified_name"] == "Custom.Add@0.0.0" and add["toolkit"]["name"] == "Custom"
    assert [p["name"] for p in add["input"]["parameters"]] == ["a", "b"] and [p["required"] for p in add["input"]["parameters"]] == [True, False]
    assert add["requirements"] == {"met": True}
    guilds = api.get("/v1/tools/Custom.ListGuilds", params={"user_id": "nobody@example.com"}).json()
    auth = guilds["requirements"]["authorization"]
    assert auth["provider_id"] == "discord" and auth["oauth2"]["scopes"] == ["guilds"] and auth["status"] == "active" and auth["token_status"] == "not_started"
    assert guilds["requirements"]["met"] is False
    assert "token_status" not in api.get("/v1/tools/Custom.ListGuilds").json()["requirements"]["authorization"]
    assert api.get("/v1/tools", params={"toolkit": "custom", "limit": 2, "offset": 1}).json()["items"][0]["name"] == "Crash"
    assert api.get("/v1/tools", params={"toolkit": "other"}).json() == {"items": [], "limit": 25, "offset": 0, "page_count": 0, "total_count": 0}
    assert [t["name"] for t in api.get("/v1/workers/custom/tools").json()["items"]] == NAMES


@pytest.mark.parametrize("spelling", ["Custom.Add", "custom.add", "Custom_Add", "CUSTOM_ADD", "Custom.Add@0.0.0", "custom_add@0.0.0"])
def test_every_spelling_finds_the_tool(api, custom, spelling):
    assert api.get(f"/v1/tools/{spelling}").json()["qualified_name"] == "Custom.Add"
    assert api.post("/v1/tools/execute", json={"tool_name": spelling, "input": {"a": 40}}).json()["output"]["value"] == 42


@pytest.mark.parametrize("name,status,kind,words", [
    ("add", 400, "malformed_request", "failed to parse tool name add"),
    ("cus-tom.add x", 400, "malformed_request", "failed to parse tool name"),
    ("Custom.", 400, "malformed_request", "failed to parse tool name"),
    ("Custom.Nothing", 404, "not_found", "tool Custom.Nothing not found"),
    ("Custom.Add@9.9.9", 404, "not_found", "not found"),
    ("", 400, "malformed_request", "tool_name"),
])
def test_names_that_find_nothing(api, custom, name, status, kind, words):
    assert words in error(api.post("/v1/tools/execute", json={"tool_name": name}), status, kind)["message"]
    assert words in error(api.post("/v1/tools/authorize", json={"tool_name": name, "user_id": "u@example.com"}), status, kind)["message"]


def test_two_versions_that_differ(api, custom):
    r = api.post("/v1/tools/execute", json={"tool_name": "Custom.Add@0.0.0", "tool_version": "1.0.0"})
    assert error(r, 400, "malformed_request")["field_errors"][0]["field"] == "tool_version"


def test_a_tool_that_needs_nobody_is_authorized(api, custom):
    r = api.post("/v1/tools/authorize", json={"tool_name": "Custom.Add", "user_id": "u@example.com"}).json()
    assert r["status"] == "completed" and r["scopes"] == [] and r["id"].startswith("ar_") and r["user_id"] == "u@example.com"


def test_secrets_are_required_and_only_the_declared_ones_are_given(api, custom):
    missing = error(api.post("/v1/tools/execute", json={"tool_name": "Custom.SecretLength"}), 400, "tool_requirements_not_met")
    assert missing["message"] == "secret not found: SEARCH_KEY"
    assert api.get("/v1/tools/Custom.SecretLength").json()["requirements"]["secrets"] == [{"key": "SEARCH_KEY", "met": False, "status_reason": "secret not found"}]
    for key in ("search_key", "OTHER"):
        assert api.put(f"/v1/admin/secrets/{key}", json={"value": "eleven char"}).status_code == 200
    done = api.post("/v1/tools/execute", json={"tool_name": "Custom.SecretLength", "user_id": "u@example.com"}).json()
    assert done["output"]["value"] == {"length": 11, "keys": ["SEARCH_KEY"], "user": "u@example.com"}
    assert api.get("/v1/tools/Custom.SecretLength").json()["requirements"]["met"] is True
    for key in ("search_key", "OTHER"):
        api.delete(f"/v1/admin/secrets/{key}")


def test_errors_of_tools_come_through(api, custom):
    again = api.post("/v1/tools/execute", json={"tool_name": "Custom.TryAgain"}).json()
    assert again["success"] is False and again["output"]["error"]["kind"] == "TOOL_RUNTIME_RETRY" and again["output"]["error"]["can_retry"] is True
    assert again["output"]["error"]["additional_prompt_content"] == "ask for less" and again["output"]["error"]["retry_after_ms"] == 250
    assert "stacktrace" not in again["output"]["error"] and None not in again["output"]["error"].values()
    crash = api.post("/v1/tools/execute", json={"tool_name": "Custom.Crash", "include_error_stacktrace": True}).json()
    assert crash["success"] is False and "Traceback" in crash["output"]["error"]["stacktrace"]
    bad = api.post("/v1/tools/execute", json={"tool_name": "Custom.Add", "input": {"a": "no number"}}).json()
    assert bad["output"]["error"]["kind"] == "TOOL_RUNTIME_BAD_INPUT_VALUE"
    assert error(api.post("/v1/tools/execute", json={"tool_name": "Custom.Add", "input": [1]}), 400, "malformed_request")["field_errors"][0]["field"] == "input"
    kinds = [e["data"].get("error_kind") for e in api.get("/tb/v1/events", params={"kind": "tool.executed", "limit": 3}).json()["items"]]
    assert kinds == ["TOOL_RUNTIME_BAD_INPUT_VALUE", crash["output"]["error"]["kind"], "TOOL_RUNTIME_RETRY"]


def test_functions_for_models(api, custom, sdk):
    openai = api.get("/v1/formatted_tools/Custom.Add").json()
    assert openai == {"type": "function", "function": {"name": "Custom_Add", "description": "Adds two numbers.", "parameters": {
        "type": "object", "properties": {"a": {"type": "integer", "description": "One number"}, "b": {"type": "integer", "description": "Another"}}, "required": ["a"]}}}
    assert api.get("/v1/formatted_tools/Custom.Add", params={"format": "anthropic"}).json()["input_schema"] == openai["function"]["parameters"]
    both = api.get("/v1/tools/Custom.Add", params={"include_format": "openai,anthropic"}).json()["formatted_schema"]
    assert both["openai"] == openai and both["anthropic"]["name"] == "Custom_Add"
    assert len(sdk.tools.formatted.list(format="openai").items) == len(NAMES)
    arcade = api.get("/v1/formatted_tools/Custom.Add", params={"format": "arcade"}).json()
    assert arcade == api.get("/v1/tools/Custom.Add").json() == api.get("/v1/tools/Custom.Add", params={"include_format": "arcade"}).json()["formatted_schema"]["arcade"]
    error(api.get("/v1/formatted_tools/Custom.Add", params={"format": "klingon"}), 400, "malformed_request")


@pytest.mark.parametrize("spec,status", [
    ('{"read_only": true}', 200), ('{"service_domains": ["email"]}', 200), ('{"operations": {"none_of": ["delete"]}}', 200),
    ('{"behavior": {"read_only": false}}', 200), ("{", 400), ("[]", 400), ('{"nothing": 1}', 400), ('{"operations": 1}', 400), ('{"operations": {"some_of": []}}', 400),
])
def test_filters(api, custom, spec, status):
    r = api.get("/v1/tools", params={"filter": spec})
    assert r.status_code == status, r.text
    if status == 200:
        assert len(r.json()["items"]) == (len(NAMES) if "none_of" in spec else 0)


def test_workers_from_the_python_sdk(sdk, worker):
    made = sdk.workers.create(id="sdk-worker", enabled=True, http={"uri": worker.uri, "secret": SECRET, "timeout": 10, "retry": 3})
    assert made.id == "sdk-worker" and made.http.secret.exists and made.http.secret.hint == "...ngth" and made.requirements.met
    assert sdk.workers.get("sdk-worker").http.uri == worker.uri
    assert [w.id for w in sdk.workers.list().items] == ["sdk-worker"]
    assert sdk.workers.health("sdk-worker").healthy is True
    assert [t.name for t in sdk.workers.tools("sdk-worker").items] == NAMES
    assert [t.name for t in sdk.tools.list().items] == NAMES and sdk.tools.get("Custom.Add").name == "Add"
    assert sdk.workers.update("sdk-worker", enabled=False).enabled is False
    assert sdk.tools.list().items == [] and sdk.workers.health("sdk-worker").healthy is False
    assert sdk.workers.update("sdk-worker", enabled=True, http={"timeout": 5}).http.timeout == 5
    assert len(sdk.tools.list().items) == len(NAMES)
    sdk.workers.delete("sdk-worker")
    assert sdk.tools.list().items == []
    with pytest.raises(arcadepy.NotFoundError):
        sdk.workers.get("sdk-worker")


@pytest.mark.parametrize("change,field", [
    ({"id": ""}, "id"), ({"id": "a b"}, "id"), ({"id": "x" * 101}, "id"), ({"type": "mcp"}, "type"), ({"type": "ftp"}, "type"), ({"enabled": "yes"}, "enabled"),
    ({"http": None}, "http.uri"), ({"http": {"uri": "file:///etc/passwd"}}, "http.uri"), ({"http": {"uri": "http://u:p@127.0.0.1:1"}}, "http.uri"),
    ({"http": {"uri": "http://127.0.0.1:1/?a=b"}}, "http.uri"), ({"http": {"secret": ""}}, "http.secret"), ({"http": {"secret": "s" * 101}}, "http.secret"),
    ({"http": {"timeout": 0}}, "http.timeout"), ({"http": {"retry": 11}}, "http.retry"), ({"http": {"timeout": "soon"}}, "http.timeout"),
])
def test_a_bad_worker_names_the_field(api, change, field):
    body = {"id": "bad", "type": "http", "http": {"uri": "http://127.0.0.1:1", "secret": "s", "timeout": 5, "retry": 1}}
    http = change.get("http", {})
    body = {**body, **change, "http": {**body["http"], **http} if http is not None else None}
    problem = error(api.post("/v1/workers", json=body), 400, "malformed_request")
    assert field in [f["field"] for f in problem["field_errors"]], problem
    assert api.get("/v1/workers").json()["items"] == []


def test_the_same_id_twice_and_a_secret_that_moves(api, custom, worker):
    r = register(api, worker.uri)
    assert error(r, 409, "conflict") and r.headers["x-should-retry"] == "false"
    moved = api.patch("/v1/workers/custom", json={"http": {"uri": "http://127.0.0.1:9"}})
    assert error(moved, 400, "malformed_request")["field_errors"][0]["field"] == "http.secret"
    assert api.get("/v1/workers/custom").json()["http"]["uri"] == worker.uri


def test_a_wrong_secret_is_told(api, worker):
    assert register(api, worker.uri, secret="another-secret").status_code == 201
    assert api.get("/v1/tools").json()["items"] == []
    assert api.delete("/v1/workers/custom").status_code == 204


def test_try_out_an_address(api, worker):
    assert api.post("/v1/workers/test", json={"type": "http", "http": {"uri": worker.uri}}).json()["success"] is True
    there_is_none = api.post("/v1/workers/test", json={"type": "http", "http": {"uri": "http://127.0.0.1:9"}}).json()
    assert there_is_none["success"] is False and there_is_none["message"]
    error(api.post("/v1/workers/test", json={"type": "http", "http": {"uri": "gopher://x"}}), 400, "malformed_request")
