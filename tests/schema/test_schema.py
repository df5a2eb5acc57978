# SPDX-License-Identifier: Apache-2.0
"""Our own OpenAPI, taken at its word by schemathesis: whatever the schema allows or forbids is sent to the real engine, and every
answer must be one that the schema has: no 5xx, its status, content type, headers and body as described, bad data refused, a request
without its key refused.  As anonymous, with an API key, and as the operator over the control socket."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading

import pytest
from world import LONG, Engine, figure

HERE = pathlib.Path(__file__).parent
EXAMPLES = 60 if LONG else 2  # of each operation, beside what the coverage phase always sends
SHORT = r"^/(v1|tb/v1)/(?!orgs/)"  # the twins under a project are the same handlers: whole in the long run
TRUST = "api:\n  development: true\n  trusted_proxies: [127.0.0.1]\n"


@pytest.fixture(scope="module")
def engine(binary, simulator, tmp_path_factory):
    with Engine(binary, tmp_path_factory.mktemp("engine"), simulator=simulator, config=TRUST) as eng:
        eng.add_discord()
        yield eng


class Bridge:
    """TCP to the control socket, for a client that knows only TCP."""

    def __init__(self, path):
        self.path = str(path)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            inner = socket.socket(socket.AF_UNIX)
            inner.connect(self.path)
            for a, b in ((peer, inner), (inner, peer)):
                threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    @staticmethod
    def _pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # either side has gone; the other pump ends as well

    def close(self):
        self.listener.close()


def failures(report):
    """What broke, without the lists of warnings behind it."""
    found = report.partition("= FAILURES =")[2].partition("= WARNINGS =")[0]
    return (found or report)[:30000]


def check(engine, tmp_path, who, *args, url=None):
    """Runs schemathesis on what the engine itself serves; fails with its report."""
    with engine.client(key="") as c:
        served = c.get("/v1/swagger").json()
    if who == "operator":  # whoever may open the socket shows no key and no session
        served.pop("security", None)
        served["components"].pop("securitySchemes")
        for operation in (o for path in served["paths"].values() for o in path.values() if isinstance(o, dict)):
            operation.pop("security", None)
    (tmp_path / "openapi.json").write_text(json.dumps(served))
    shutil.copy(HERE / "schemathesis.toml", tmp_path)
    st = pathlib.Path(sys.executable).with_name("schemathesis")
    argv = [st, "run", "openapi.json", "--url", url or engine.url, "--seed", "1", "--max-examples", str(EXAMPLES), "--no-color", *args]
    argv += [] if LONG else ["--include-path-regex", SHORT, "--no-shrink"]
    env = {**os.environ, "SCHEMATHESIS_HOOKS": "callers", "PYTHONPATH": str(HERE)}
    run = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=3600 if LONG else 280)
    said = re.search(r"([0-9]+) generated", run.stdout)
    figure(f"schemathesis, {who}: requests", said[1] if said else "none")
    (tmp_path / "report.txt").write_text(run.stdout + run.stderr)
    assert run.returncode == 0, failures(run.stdout) + run.stderr[-4000:]
    assert said and int(said[1]) > 100, run.stdout[-4000:]
    with engine.client() as c:
        assert c.get("/v1/health").json()["healthy"] is True


def test_without_a_key(engine, tmp_path):
    check(engine, tmp_path, "anonymous")


def test_with_an_api_key(engine, tmp_path):
    check(engine, tmp_path, "API key", "-H", f"Authorization: Bearer {engine.key}", "--exclude-path-regex", "/api_keys")


def test_as_the_operator(engine, tmp_path):
    bridge = Bridge(engine.data / "control.sock")
    try:
        check(engine, tmp_path, "operator", url=bridge.url)
    finally:
        bridge.close()
