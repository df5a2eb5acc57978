# SPDX-License-Identifier: Apache-2.0
"""Toolkits of Arcade as they come from PyPI, run through the engine: arcade-math on the arcade-serve of its generation, arcade-github and
arcade-dropbox as the programs they are (arcade-mcp-server), their providers and APIs answered by the simulator."""
import os

import pytest
from conftest import HERE, SECRET, McpServer, Worker, reaching, register
from sdks import Python
from test_contract import error
from test_tools import consent
from world import Engine, Process, Simulator

PROVIDERS = ("github", "dropbox")


@pytest.fixture(scope="module")
def simulator(binary, tmp_path_factory):
    with Simulator(binary, tmp_path_factory.mktemp("sim"), providers=PROVIDERS) as sim:
        yield sim


@pytest.fixture(scope="module")
def engine(binary, simulator, tmp_path_factory):
    with Engine(binary, tmp_path_factory.mktemp("engine"), simulator=simulator) as eng, eng.client() as c:
        for id in PROVIDERS:
            app = {"client_id": f"{id}-client", "client_secret": f"{id}-client-secret"}
            r = c.post("/v1/admin/auth_providers", json={"id": id, "provider_id": id, "oauth2": app})
            assert r.status_code == 201, r.text
            simulator.app(r.json()["oauth2"]["redirect_uri"], **app, provider=id)
        yield eng


@pytest.fixture()
def served(request, api, simulator, tmp_path):
    """A toolkit's own program as a worker of the engine."""
    with McpServer(["-m", f"arcade_{request.param}", "http", "127.0.0.1", "0"], tmp_path, simulator) as process:
        assert register(api, process.ready["uri"], id=request.param).status_code == 201
        yield process
        api.delete(f"/v1/workers/{request.param}")


def needs_consent(api, tool, user, scopes):
    refused = error(api.post("/v1/tools/execute", json={"tool_name": tool, "user_id": user}), 403, "tool_authorization_required")
    assert "authorization required" in refused["message"]
    asked = api.post("/v1/tools/authorize", json={"tool_name": tool, "user_id": user}).json()
    assert asked["status"] == "pending" and asked["scopes"] == scopes, asked
    return asked["url"]


def only_there(engine, simulator, process, user, provider, scopes, *answers):
    """The user's token went to the worker, and from there to the provider; it is in no answer, log or cell."""
    token = Python(engine)("auth.start", user, provider, scopes=scopes)["context"]["token"]
    store = b"".join(f.read_bytes() for f in engine.data.iterdir() if f.name.startswith("store"))
    assert token.encode() not in store
    for kept in (*map(str, answers), engine.log(), process.log(), simulator.log()):
        assert token not in kept and SECRET not in kept


@pytest.mark.parametrize("served", ["github"], indirect=True)
def test_github(api, engine, simulator, served):
    user, run = "dev@toolkits.example", lambda tool, **input: api.post("/v1/tools/execute", json={"tool_name": tool, "user_id": user, "input": input}).json()
    tools = {t["name"]: t for t in api.get("/v1/tools", params={"toolkit": "GitHub", "limit": 100}).json()["items"]}
    assert len(tools) > 40 and tools["GetRepository"]["metadata"]["behavior"]["read_only"] is True
    assert tools["WhoAmI"]["requirements"]["secrets"] == [{"key": "GITHUB_SERVER_URL", "met": False, "status_reason": "secret not found"}]
    consent(engine, simulator, needs_consent(api, "GitHub.WhoAmI", user, []), user)
    missing = error(api.post("/v1/tools/execute", json={"tool_name": "GitHub.WhoAmI", "user_id": user}), 400, "tool_requirements_not_met")
    assert missing["message"] == "secret not found: GITHUB_SERVER_URL"
    assert api.put("/v1/admin/secrets/GITHUB_SERVER_URL", json={"value": "https://api.github.com"}).status_code == 200
    me = run("GitHub.WhoAmI")
    assert me["success"] is True, me
    assert me["output"]["value"]["profile"]["login"] == "alice" and [o["login"] for o in me["output"]["value"]["organizations"]["organizations"]] == ["acme"]
    assert [t["slug"] for t in me["output"]["value"]["teams"]["teams"]] == ["roadrunners"]
    repo = run("GitHub.GetRepository", owner="acme", repo="anvil")
    assert repo["success"] is True and repo["output"]["value"]["full_name"] == "acme/anvil", repo
    assert run("GitHub.CountStargazers", owner="acme", name="anvil")["output"]["value"] == 80
    gone = run("GitHub.GetRepository", owner="acme", repo="rocket")
    assert gone["success"] is False and gone["output"]["error"]["kind"] == "UPSTREAM_RUNTIME_NOT_FOUND" and gone["output"]["error"]["status_code"] == 404, gone
    assert {c["path"] for c in simulator.calls(provider="github", kind="api", user="alice", status=200)} >= {"/user/orgs", "/user/teams", "/repos/acme/anvil"}
    only_there(engine, simulator, served, user, "github", [], me, repo, gone)
    api.delete("/v1/admin/secrets/GITHUB_SERVER_URL")


@pytest.mark.parametrize("served", ["dropbox"], indirect=True)
def test_dropbox(api, engine, simulator, served):
    user, run = "files@toolkits.example", lambda **input: api.post("/v1/tools/execute", json={"tool_name": "Dropbox.ListItemsInFolder", "user_id": user, "input": input}).json()
    assert [t["name"] for t in api.get("/v1/tools", params={"toolkit": "Dropbox"}).json()["items"]] == ["DownloadFile", "ListItemsInFolder", "SearchFilesAndFolders"]
    consent(engine, simulator, needs_consent(api, "Dropbox.ListItemsInFolder", user, ["files.metadata.read"]), user)
    first = run()
    assert first["success"] is True and [i["path"] for i in first["output"]["value"]["items"]] == ["/Reports", "/Prime_Numbers.txt"], first
    assert first["output"]["value"]["has_more"] is True
    last = run(cursor=first["output"]["value"]["cursor"])
    assert [i["name"] for i in last["output"]["value"]["items"]] == ["notes.md"] and last["output"]["value"]["has_more"] is False, last
    assert run(folder_path="Reports/")["output"]["value"]["items"] == []
    assert run(folder_path="/nowhere")["output"]["value"] == {"error": "The specified path was not found by Dropbox"}
    needs_consent(api, "Dropbox.DownloadFile", user, ["files.content.read"])  # one consent is not another
    only_there(engine, simulator, served, user, "dropbox", ["files.metadata.read"], first, last)


@pytest.fixture()
def arithmetic(api, simulator, tmp_path):
    process = Process([os.environ["TB_OLDER_PYTHON"], "math_worker.py", SECRET], tmp_path / "worker.log", env=reaching(simulator), cwd=HERE)
    assert register(api, process.ready["uri"], id="math").status_code == 201
    yield
    api.delete("/v1/workers/math")
    process.stop()


def test_math(api, arithmetic):
    def run(tool, **input):
        r = api.post("/v1/tools/execute", json={"tool_name": tool, "input": input})
        assert r.status_code == 200, r.text
        return r.json()["output"]

    tools = api.get("/v1/tools", params={"toolkit": "math", "limit": 100}).json()["items"]
    assert len(tools) == 23 and {t["toolkit"]["version"] for t in tools} == {"2.0.2"} and all(t["requirements"]["met"] for t in tools)
    assert run("Math.Add", a="0.1", b="0.2") == {"value": "0.3"}
    assert run("math_sumlist", numbers=["1", "-2.5", "1e3"]) == {"value": "998.5"}
    assert run("Math.Factorial", a="25") == {"value": "15511210043330985984000000"}
    assert run("Math.GenerateRandomInt", min_value="1", max_value="6", seed="7") == run("Math.GenerateRandomInt", min_value="1", max_value="6", seed="7")
    by_zero = run("Math.Divide", a="1", b="0")["error"]
    assert by_zero["kind"] == "TOOL_RUNTIME_FATAL" and "DivisionByZero" in by_zero["message"] and by_zero["can_retry"] is False, by_zero
    assert run("Math.Sqrt", a=4)["error"]["kind"] == "TOOL_RUNTIME_BAD_INPUT_VALUE"
