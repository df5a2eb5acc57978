# SPDX-License-Identifier: Apache-2.0
"""Remote MCP servers as workers: the Python SDK's (2026-07-28 and before) and the reference server of the TypeScript SDK."""
import arcadepy
import pytest
from conftest import NODE, Server, body, everything, execute, python_server, register
from world import until


@pytest.fixture(scope="module", params=[(), ("json",), ("stateless",)], ids=["sse", "json", "stateless"])
def modern(request, tmp_path_factory):
    s = python_server(tmp_path_factory.mktemp("modern"), *request.param)
    yield s
    s.stop()


@pytest.fixture(scope="module")
def legacy(tmp_path_factory):
    s = everything(tmp_path_factory.mktemp("everything"))
    yield s
    s.stop()


def test_a_modern_server(api, modern):
    made = register(api, modern.uri)
    assert made["type"] == "mcp" and made["mcp"]["uri"] == modern.uri and made["mcp"]["headers"] == {} and "http" not in made
    tools = {t["name"]: t for t in api.get("/v1/tools", params={"toolkit": "probe"}).json()["items"]}
    assert set(tools) == {"add", "pets", "words", "fail", "slow", "odd_name", "whoami"}
    add = tools["add"]
    assert add["fully_qualified_name"] == "Probe.add@2.0.0-betabuild.5" and add["toolkit"]["description"] == "Adds and fails."
    assert add["metadata"]["behavior"]["read_only"] is True
    assert [(p["name"], p["required"], p["value_schema"]["val_type"]) for p in add["input"]["parameters"]] == [("a", True, "integer"), ("b", False, "integer")]
    tags = tools["pets"]["input"]["parameters"][1]["value_schema"]
    assert tags["val_type"] == "array" and tags["inner_val_type"] == "string"
    assert execute(api, "Probe.add", a=40)["output"]["value"] == {"result": 42}
    assert execute(api, "Probe.pets", kind="cat")["output"]["value"] == {"kind": "cat", "tags": None}
    assert execute(api, "Probe.words", n=2)["output"]["value"] == "word word"
    assert execute(api, "Probe.slow")["output"]["value"] == {"result": "done"}
    failed = execute(api, "Probe.fail")
    assert failed["success"] is False and failed["output"]["error"]["kind"] == "TOOL_RUNTIME_FATAL" and "fail" in failed["output"]["error"]["message"]
    seen = modern.seen()
    assert {m for _, m, _, _ in seen} == {"server/discover", "tools/list", "tools/call"}  # no handshake, no session
    for http, method, headers, message in seen:
        assert http == "POST" and headers["mcp-protocol-version"] == "2026-07-28" and headers["mcp-method"] == method
        assert headers["accept"] == "application/json, text/event-stream" and "mcp-session-id" not in headers
        assert message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
    calls = [(h, b) for _, m, h, b in seen if m == "tools/call"]
    assert all(h["mcp-name"] == b["params"]["name"] for h, b in calls)


    def asked(method):
        return len([m for _, m, _, _ in modern.seen() if m == method])

    # the verdict is kept: whoever reads the catalogue greets, a call does not
    until("a greeting for each reading", lambda: asked("server/discover") == asked("tools/list"))


@pytest.fixture(scope="module", params=["auto", "sse", "json"])
def typescript(request, tmp_path_factory):
    s = Server([NODE, "modern.mjs", request.param], tmp_path_factory.mktemp("typescript"))
    yield s
    s.stop()


def test_a_server_that_speaks_no_older_revision(api, typescript):
    """The TypeScript SDK's; it holds every header of a call against the body."""
    register(api, typescript.uri)
    tools = {t["name"]: t for t in api.get("/v1/workers/remote/tools").json()["items"]}
    assert sorted(tools) == ["add", "confirm", "fail", "route", "slow"] and tools["add"]["fully_qualified_name"] == "ModernTs.add@3.1.0"
    assert tools["add"]["metadata"]["behavior"]["read_only"] is True and tools["add"]["toolkit"]["description"] == "Adds and asks."
    assert [(p["name"], p["required"]) for p in tools["add"]["input"]["parameters"]] == [("a", True), ("b", False)]
    assert execute(api, "ModernTs.add", a=40)["output"]["value"] == {"sum": 42}
    for region, n in (("eu", 1), (" grüße, 東京 ", -7), ("=?base64?eA==?=", 0), ("", 9007199254740991)):
        assert execute(api, "ModernTs.route", region=region, n=n)["output"]["value"] == f"{region} {n}"
    assert execute(api, "ModernTs.route", region="eu")["output"]["value"] == "eu undefined"
    assert execute(api, "ModernTs.slow")["output"]["value"] == "done at 2026-07-28"
    for tool, words, input in (("fail", "broken on purpose", {}), ("add", "expected number", {"a": "x"}), ("confirm", "-32021", {})):
        failed = execute(api, f"ModernTs.{tool}", **input)
        assert failed["success"] is False and failed["output"]["error"]["kind"] == "TOOL_RUNTIME_FATAL" and words in failed["output"]["error"]["message"]
    assert api.get("/v1/workers/remote/health").json()["healthy"] is True


def test_models_see_the_servers_own_schema(api, modern):
    register(api, modern.uri)
    f = api.get("/v1/formatted_tools/Probe.pets").json()["function"]
    assert f["name"] == "Probe_pets" and f["parameters"]["properties"]["tags"]["anyOf"][0]["items"] == {"type": "string"}
    assert api.get("/v1/formatted_tools/Probe.pets", params={"format": "anthropic"}).json()["input_schema"] == f["parameters"]


@pytest.mark.parametrize("spelling", ["Probe.odd_name", "probe_odd_name", "PROBE.ODD_NAME@2.0.0-betabuild.5", "remote.odd_name"])
def test_a_name_with_underscores_is_found_in_every_spelling(api, modern, spelling):
    register(api, modern.uri)
    assert execute(api, spelling, n="grüße\n")["output"]["value"] == {"result": "grüße\n"}


def test_the_reference_server_of_before(api, legacy):
    register(api, legacy.uri)
    tools = {t["name"]: t for t in api.get("/v1/workers/remote/tools", params={"limit": 100}).json()["items"]}
    assert len(tools) == 13 and tools["get-sum"]["toolkit"]["name"] == "SEverything"
    assert execute(api, "SEverything.get-sum", a=1, b=2)["output"]["value"] == "The sum of 1 and 2 is 3."
    assert execute(api, "severything_echo", message="hello")["output"]["value"] == "Echo: hello"
    weather = execute(api, "SEverything.get-structured-content", location="New York")["output"]["value"]
    assert "temperature" in weather
    picture = execute(api, "SEverything.get-tiny-image")["output"]["value"]
    assert [b["type"] for b in picture] == ["text", "image", "text"] and picture[1]["mimeType"] == "image/png"
    bad = execute(api, "SEverything.get-sum", a="x")
    assert bad["success"] is False and "-32602" in bad["output"]["error"]["message"]
    long = execute(api, "SEverything.trigger-long-running-operation", duration=1, steps=2)
    assert "completed" in long["output"]["value"]
    tasks = execute(api, "SEverything.simulate-research-query", topic="x")
    assert tasks["success"] is False


def test_health_and_trying_out(api, modern, legacy):
    for server, name in ((modern, "probe-mcp-server"), (legacy, "mcp-servers/everything")):
        tried = api.post("/v1/workers/test", json={"type": "mcp", "mcp": {"uri": server.uri}}).json()
        assert tried["success"] is True and tried["serverInfo"]["name"] == name, tried
    nothing = api.post("/v1/workers/test", json={"type": "mcp", "mcp": {"uri": "http://127.0.0.1:9/mcp"}}).json()
    assert nothing["success"] is False and nothing["message"]
    no_mcp = api.post("/v1/workers/test", json={"type": "mcp", "mcp": {"uri": modern.origin + "/nothing"}}).json()
    assert no_mcp["success"] is False and "HTTP+SSE" in no_mcp["message"]
    register(api, modern.uri)
    assert api.get("/v1/workers/remote/health").json() == {"id": "remote", "enabled": True, "healthy": True, "message": "ok"}


def test_headers_and_their_secrets(api, engine, modern):
    api.put("/v1/admin/secrets/TEAM", json={"value": "of-the-project"})
    made = register(api, modern.uri, headers={"X-Api-Key": "Key ${secret:OWN}", "X-Team": "${secret:team}", "X-Plain": "plain", "Authorization": "Bearer literal-token-1"},
                    secrets={"OWN": "a-secret-value-1234"})
    assert made["mcp"]["secrets"] == {"OWN": {"binding": "project", "editable": True, "exists": True, "hint": "...1234"}}
    assert made["mcp"]["headers"] == {"X-Api-Key": "Key ${secret:OWN}", "X-Team": "${secret:team}", "X-Plain": "plain", "Authorization": "********"}
    execute(api, "Probe.add", a=1)
    sent = [h for _, m, h, _ in modern.seen() if m == "tools/call"][-1]
    assert sent["x-api-key"] == "Key a-secret-value-1234" and sent["x-team"] == "of-the-project" and sent["x-plain"] == "plain"
    assert sent["authorization"] == "Bearer literal-token-1"
    r = api.patch("/v1/workers/remote", json={"mcp": {"headers": {"Authorization": "********", "X-Api-Key": "${secret:OWN}"}, "secrets": {"OWN": "another-value-5678"}}})
    assert r.status_code == 200 and r.json()["mcp"]["secrets"]["OWN"]["hint"] == "...5678"
    execute(api, "Probe.add", a=1)
    sent = [h for _, m, h, _ in modern.seen() if m == "tools/call"][-1]
    assert sent["authorization"] == "Bearer literal-token-1" and sent["x-api-key"] == "another-value-5678" and "x-plain" not in sent
    store = b"".join(f.read_bytes() for f in engine.data.iterdir() if f.name.startswith("store"))
    for value in (b"a-secret-value-1234", b"another-value-5678", b"literal-token-1", b"of-the-project"):
        assert value not in store and value.decode() not in engine.log()
    r = api.patch("/v1/workers/remote", json={"mcp": {"secrets": {"OWN": None}}})
    assert r.status_code == 200 and r.json()["mcp"]["secrets"] == {}
    missing = api.post("/v1/tools/execute", json={"tool_name": "Probe.add", "input": {"a": 1}})
    assert missing.status_code == 400 and missing.json()["message"] == "secret not found: OWN"
    assert api.get("/v1/workers/remote/health").json() == {"id": "remote", "enabled": True, "healthy": False, "message": "secret not found: OWN"}
    api.delete("/v1/admin/secrets/TEAM")


def test_headers_and_secrets_do_not_move_to_another_host(api, modern):
    register(api, modern.uri, headers={"X-Key": "${secret:K}"}, secrets={"K": "v"})
    other = "http://127.0.0.1:9/mcp"
    for mcp, field in (({"uri": other}, "mcp.headers"), ({"uri": other, "headers": {"X-Key": "${secret:K}"}}, "mcp.secrets"),
                       ({"uri": other, "headers": {"Authorization": "********"}, "secrets": {"K": "w"}}, "mcp.headers")):
        r = api.patch("/v1/workers/remote", json={"mcp": mcp})
        assert r.status_code == 400 and r.json()["field_errors"][0]["field"] == field, r.text
    assert api.get("/v1/workers/remote").json()["mcp"]["uri"] == modern.uri
    assert api.patch("/v1/workers/remote", json={"mcp": {"uri": other, "headers": {}, "secrets": {"K": None}}}).status_code == 200


@pytest.mark.parametrize("change,field", [
    ({"mcp": {"uri": "ftp://x"}}, "mcp.uri"), ({"mcp": {"uri": "http://u:p@127.0.0.1:1/"}}, "mcp.uri"), ({"mcp": {"uri": "http://127.0.0.1:1/#f"}}, "mcp.uri"),
    ({"mcp": {"timeout": 0}}, "mcp.timeout"), ({"mcp": {"retry": 11}}, "mcp.retry"), ({"mcp": {"headers": []}}, "mcp.headers"), ({"mcp": {"headers": {"a b": "c"}}}, "mcp.headers"),
    ({"mcp": {"headers": {"X": "a\r\nB: c"}}}, "mcp.headers"), ({"mcp": {"headers": {"X": 1}}}, "mcp.headers"), ({"mcp": {"headers": {"Host": "x"}}}, "mcp.headers"),
    ({"mcp": {"headers": {"Mcp-Session-Id": "x"}}}, "mcp.headers"), ({"mcp": {"headers": {"X": "********"}}}, "mcp.headers"), ({"mcp": {"secrets": {"a b": "c"}}}, "mcp.secrets"),
    ({"mcp": {"secrets": "x"}}, "mcp.secrets"), ({"type": "http"}, "type"), ({"type": "ftp"}, "type"), ({"http": {"uri": "http://127.0.0.1:1"}}, "mcp"),
])
def test_a_bad_mcp_worker_names_the_field(api, change, field):
    b = body("http://127.0.0.1:9/mcp")
    b = {**b, **change, "mcp": {**b["mcp"], **change.get("mcp", {})}}
    r = api.post("/v1/workers", json=b)
    assert r.status_code == 400 and field in [f["field"] for f in r.json()["field_errors"]], r.text
    assert api.get("/v1/workers").json()["items"] == []


def test_a_worker_keeps_its_kind(api, modern):
    register(api, modern.uri)
    r = api.patch("/v1/workers/remote", json={"http": {"timeout": 3}})
    assert r.status_code == 400 and r.json()["field_errors"][0]["field"] == "type"
    assert api.patch("/v1/workers/remote", json={"enabled": False}).json()["enabled"] is False
    assert api.get("/v1/tools").json()["items"] == []
    assert api.patch("/v1/workers/remote", json={"enabled": True, "mcp": {"timeout": 7}}).json()["mcp"]["timeout"] == 7
    assert len(api.get("/v1/tools").json()["items"]) == 7


def test_from_the_python_sdk(engine, api, modern):
    sdk = arcadepy.Arcade(base_url=engine.url, api_key=engine.key, max_retries=0)
    made = sdk.workers.create(id="remote", mcp={"uri": modern.uri, "timeout": 20, "retry": 2, "headers": {"X-K": "${secret:K}"}, "secrets": {"K": "a-secret-value-1234"}})
    assert made.type == "mcp" and made.mcp.uri == modern.uri and made.mcp.secrets["K"].hint == "...1234" and made.mcp.headers == {"X-K": "${secret:K}"}
    assert sdk.workers.get("remote").mcp.timeout == 20 and sdk.workers.health("remote").healthy is True
    assert len(sdk.workers.tools("remote").items) == 7
    assert sdk.workers.update("remote", mcp={"timeout": 9}).mcp.timeout == 9
    done = sdk.tools.execute(tool_name="Probe.add", input={"a": 1})
    assert done.success is True and done.output.value == {"result": 3}
    assert sdk.tools.authorize(tool_name="Probe.add", user_id="u@example.com").status == "completed"
    sdk.workers.delete("remote")
    assert sdk.tools.list().items == []
