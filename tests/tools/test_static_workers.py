# SPDX-License-Identifier: Apache-2.0
"""Workers that engine.yaml declares: as Arcade's configuration has them, shown as such, read-only by API (contract 5.2)."""
import subprocess

import pytest
from conftest import SECRET, real_worker, register
from test_contract import error
from world import Engine, free_port, until

DIRECTORS = """api:
  development: false
tools:
  directors:
    - id: default
      enabled: true
      max_tools: 64
      workers:
        - id: yaml-worker
          enabled: true
          http:
            uri: %s
            timeout: 20
            retry: 2
            secret: ${env:ARCADE_WORKER_SECRET}
        - id: not-this-one
          enabled: false
          http: {uri: "${env:NOBODY_SET_THIS}", secret: x}
    - id: another
      enabled: false
      workers: [{id: nor-this, enabled: true, http: {uri: "http://127.0.0.1:9", secret: x}}]
"""


def engine(binary, folder, uri, secret=SECRET, config=DIRECTORS, args=()):
    return Engine(binary, folder, config=config % uri if "%s" in config else config, env={"ARCADE_WORKER_SECRET": secret}, args=args)


def test_declared_shown_and_run(binary, tmp_path, worker):
    """On a private address, which the egress guard refuses to others."""
    with engine(binary, tmp_path, worker.uri) as eng, eng.client() as c:
        [shown] = c.get("/v1/workers").json()["items"]
        assert shown["id"] == "yaml-worker" and shown["type"] == "http" and shown["enabled"] is True and shown["binding"]["type"] == "static"
        assert shown["http"]["uri"] == worker.uri and shown["http"]["timeout"] == 20 and shown["http"]["retry"] == 2
        assert shown["http"]["secret"] == {"binding": "static", "editable": False, "exists": True}
        until("its tools", lambda: c.get("/v1/tools").json()["total_count"] > 0)
        assert c.post("/v1/tools/execute", json={"tool_name": "Custom.Add", "input": {"a": 1}}).json()["output"]["value"] == 3
        assert c.get("/v1/workers/yaml-worker/health").json()["healthy"] is True
        for r in (c.patch("/v1/workers/yaml-worker", json={"enabled": False}), c.delete("/v1/workers/yaml-worker")):
            assert error(r, 403, "forbidden")["message"] == "worker yaml-worker is declared in engine.yaml; change it there"
        assert error(register(c, worker.uri, id="yaml-worker"), 409, "conflict")
        # Its address alone: another port of the same host stays closed.
        assert register(c, "http://127.0.0.1:%d" % free_port(), id="other").status_code == 201
        assert "allow" in c.get("/v1/workers/other/health").json()["message"]
        store = b"".join(f.read_bytes() for f in eng.data.iterdir() if f.name.startswith("store"))
        assert SECRET.encode() not in store and SECRET not in eng.log()


def test_over_restarts(binary, tmp_path, simulator):
    first = real_worker(tmp_path, simulator)
    uri = first.ready["uri"]
    with engine(binary, tmp_path, uri) as eng, eng.client() as c:
        count = until("its tools", lambda: c.get("/v1/tools").json()["total_count"])
        made = c.get("/v1/workers/yaml-worker").json()
    first.stop()
    with engine(binary, tmp_path, uri) as eng, eng.client() as c:  # the worker is down: what it told of last
        assert c.get("/v1/tools").json()["total_count"] == count and c.get("/v1/workers/yaml-worker").json() == made
    with engine(binary, tmp_path, "http://127.0.0.1:9") as eng, eng.client() as c:
        assert c.get("/v1/workers/yaml-worker").json()["http"]["uri"] == "http://127.0.0.1:9"
    with engine(binary, tmp_path, uri, config="api:\n  development: false\n") as eng, eng.client() as c:
        assert c.get("/v1/workers").json()["items"] == [] and c.get("/v1/tools").json()["items"] == []
        assert register(c, uri, id="yaml-worker").status_code == 201
    with engine(binary, tmp_path, uri) as eng, eng.client() as c:  # the project's own comes first
        assert c.get("/v1/workers/yaml-worker").json()["binding"]["type"] == "project" and "worker.hidden" in eng.log()
        assert c.delete("/v1/workers/yaml-worker").status_code == 204


@pytest.mark.parametrize("workers,words", [
    ("[{id: w, http: {uri: 'http://127.0.0.1:1'}}]", "http.secret is required"),
    ("[{id: w, http: {secret: s}}]", "uri"),
    ("[{id: 'a b', http: {uri: 'http://127.0.0.1:1', secret: s}}]", "id must be"),
    ("[{http: {uri: 'http://127.0.0.1:1', secret: s}}]", "id must be"),
    ("[{id: w, http: {uri: 'file:///etc/passwd', secret: s}}]", "must be an http or https address"),
    ("[{id: w, http: {uri: 'http://127.0.0.1:1/?a=b', secret: s}}]", "must be an http or https address"),
    ("[{id: w, http: {uri: 'http://127.0.0.1:1', secret: s, timeout: soon}}]", "timeout"),
    ("[{id: w, http: {uri: 'http://127.0.0.1:1', secret: s, retry: 11}}]", "retry"),
    ("[{id: w, http: {uri: 'http://127.0.0.1:1', secret: '${env:NOBODY_SET_THIS}'}}]", "NOBODY_SET_THIS"),
    ("[{id: w, http: {uri: 'http://a:1', secret: s}}, {id: w, http: {uri: 'http://b:1', secret: s}}]", "used twice"),
    ("[{id: w, mcp: {timeout: 5}}]", "uri"),
    ("{id: w}", "workers"),
])
def test_refused_at_start(binary, tmp_path, workers, words):
    file = tmp_path / "engine.yaml"
    file.write_text("tools:\n  directors:\n    - id: d\n      workers: " + workers + "\n")
    r = subprocess.run([binary, "serve", "--config", str(file), "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
    assert r.returncode == 3 and words in r.stderr and "engine.yaml" in r.stderr, r.stderr
