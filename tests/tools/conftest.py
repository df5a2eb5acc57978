# SPDX-License-Identifier: Apache-2.0
"""The tools tests stand on the world of the flow tests, and on workers that run in an environment of their own."""
import json
import os
import pathlib
import re
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "flow"))
from fixtures import *  # noqa: E402,F401,F403
from world import Process, until  # noqa: E402

SECRET = "a-worker-secret-of-length"


def reaching(simulator):
    """What a tool server of Arcade's needs to reach the simulated https hosts through the simulator's CONNECT proxy, and nothing else."""
    return {"HTTPS_PROXY": simulator.ready["proxy"], "HTTP_PROXY": simulator.ready["proxy"], "SSL_CERT_FILE": simulator.ready["ca_file"],
            "NO_PROXY": "", "PYTHONDONTWRITEBYTECODE": "1", "ARCADE_USAGE_TRACKING": "0"}


def real_worker(folder, simulator, secret=SECRET, port=0):
    """arcade-serve, reaching the simulated https://discord.com, untouched."""
    return Process([os.environ["TB_TOOLS_PYTHON"], str(HERE / "worker.py"), secret, str(port)], folder / "worker.log", env=reaching(simulator), cwd=HERE)


class McpServer(Process):
    """arcade-mcp-server as a program: it tells only its log where it listens."""

    def __init__(self, argv, folder, simulator, secret=SECRET):
        env = {**reaching(simulator), "ARCADE_WORKER_SECRET": secret, "ARCADE_WORK_DIR": str(folder)}
        super().__init__([os.environ["TB_TOOLS_PYTHON"], *argv], folder / "server.log", env=env, cwd=HERE)

    def _first_line(self):
        at = until("the server's address", lambda: re.search(r"Uvicorn running on (http://\S+)", self.log()) or self.p.poll() is not None)
        return json.dumps({"uri": at[1]}) if isinstance(at, re.Match) else ""


class Worker:
    def __init__(self, process):
        self.process, self.uri = process, process.ready["uri"]


@pytest.fixture(scope="module")
def worker(simulator, tmp_path_factory):
    process = real_worker(tmp_path_factory.mktemp("worker"), simulator)
    yield Worker(process)
    process.stop()


def register(api, uri, id="custom", secret=SECRET, timeout=20, retry=2, **more):
    return api.post("/v1/workers", json={"id": id, "type": "http", "http": {"uri": uri, "secret": secret, "timeout": timeout, "retry": retry}, **more})


@pytest.fixture()
def custom(api, worker):
    r = register(api, worker.uri)
    assert r.status_code == 201, r.text
    yield r.json()
    api.delete("/v1/workers/custom")
