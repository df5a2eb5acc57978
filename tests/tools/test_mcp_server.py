# SPDX-License-Identifier: Apache-2.0
"""The page's custom tool on arcade-mcp-server, from both SDKs: as a tool worker (ARCADE_WORKER_SECRET), and the same server spoken to in MCP."""
import pytest
from conftest import SECRET, McpServer, Worker, register
from sdks import SDKS, Refused
from test_tools import consent


@pytest.fixture(scope="module")
def server(simulator, tmp_path_factory):
    with McpServer(["mcp_server.py"], tmp_path_factory.mktemp("mcp-server"), simulator) as process:
        yield Worker(process)


@pytest.fixture()
def custom(api, server):
    assert register(api, server.uri).status_code == 201
    yield server
    api.delete("/v1/workers/custom")


def guilds(simulator):
    return simulator.calls(kind="api", user="alice", path="/api/users/@me/guilds", status=200)


@pytest.mark.parametrize("name", ["arcadepy", "arcadejs"])
def test_the_pages_tool(engine, simulator, custom, name):
    sdk, user = SDKS[name](engine), f"{name}@mcp-server.example"
    assert [t["fully_qualified_name"] for t in sdk("tools.list")["items"]] == ["Custom.ListGuilds@1.2.3", "Custom.ListServers@1.2.3"]
    with pytest.raises(Refused) as no:
        sdk("tools.execute", tool_name="Custom.ListServers", user_id=user)
    assert no.value.status == 403 and no.value.body["name"] == "tool_authorization_required" and "authorization required" in no.value.body["message"]
    asked = sdk("tools.authorize", tool_name="Custom.ListServers", user_id=user)
    assert asked["status"] == "pending"
    before = len(guilds(simulator))
    consent(engine, simulator, asked["url"], user)
    # As printed the tool says "-> dict" while Discord sends a list: the worker's own refusal comes through unchanged.
    printed = sdk("tools.execute", tool_name="Custom.ListServers", user_id=user)
    assert printed["success"] is False and printed["output"]["error"]["kind"] == "TOOL_RUNTIME_BAD_OUTPUT_VALUE"
    done = sdk("tools.execute", tool_name="Custom.ListGuilds", user_id=user)
    assert done["success"] is True and [g["name"] for g in done["output"]["value"]] == ["Discord Testers", "Alice and friends"]
    assert len(guilds(simulator)) == before + 2
    token = sdk("auth.start", user, "discord", scopes=["guilds"])["context"]["token"]
    store = b"".join(f.read_bytes() for f in engine.data.iterdir() if f.name.startswith("store"))
    for kept in (str(printed), str(done), engine.log(), custom.process.log()):
        assert token not in kept and SECRET not in kept
    assert token.encode() not in store and SECRET.encode() not in store
    sdk.close()


def test_a_wrong_secret(api, server):
    assert register(api, server.uri, secret="another-secret").status_code == 201
    assert api.get("/v1/workers/custom/tools").json()["items"] == []
    assert api.delete("/v1/workers/custom").status_code == 204


def test_the_same_server_as_a_remote_mcp_server(api, server):
    """Its tools are there too.  Over MCP it gives a tool that needs a user's token to nobody, and its words for that come through."""
    r = api.post("/v1/workers", json={"id": "custom", "type": "mcp", "mcp": {"uri": server.uri + "/mcp", "timeout": 20, "retry": 1}})
    assert r.status_code == 201, r.text
    assert [t["fully_qualified_name"] for t in api.get("/v1/workers/custom/tools").json()["items"]] == ["Custom.Custom_ListGuilds@1.2.3", "Custom.Custom_ListServers@1.2.3"]
    done = api.post("/v1/tools/execute", json={"tool_name": "Custom.Custom_ListGuilds", "user_id": "u@example.com"}).json()
    assert done["success"] is False and "cannot run over HTTP transport" in done["output"]["error"]["message"]
    assert api.delete("/v1/workers/custom").status_code == 204
