# SPDX-License-Identifier: Apache-2.0
"""MCP servers that engine.yaml declares: with headers and secrets as over the API, read-only there, followed over restarts (contract 5.2)."""
import subprocess

import pytest
from conftest import execute
from odd import Odd
from world import Engine, until

OWN, ENV = "own-secret-of-yaml-1f2e", "env-secret-of-yaml-9a8b"
CONFIG = """api:
  development: false
tools:
  directors:
    - id: default
      workers:
        - id: remote
          mcp:
            uri: %s
            timeout: 20
            headers: {X-Key: "Key ${secret:OWN}", X-Team: "${secret:team}", X-Plain: 7}
            secrets: {OWN: %s, FROM_ENV: "${env:TB_MCP_SECRET}"}
            oauth2: {client_id: 1199990000000000001, client_secret: "${env:TB_MCP_SECRET}", external_id: remote-mcp}
"""


@pytest.fixture()
def odd():
    o = Odd()
    yield o
    o.close()


def engine(binary, folder, uri, own=OWN, config=CONFIG):
    return Engine(binary, folder, config=config % (uri, own) if "%s" in config else config, env={"TB_MCP_SECRET": ENV})


def headers(odd, method="tools/call"):
    return [a[3] for a in odd.asked if a[2] == method][-1]


def called(c):
    return execute(c, "Odd.do")["output"]["value"]


def test_declared_shown_called_and_followed(binary, tmp_path, odd):
    with engine(binary, tmp_path, odd.uri) as eng, eng.client() as c:
        assert c.put("/v1/admin/secrets/team", json={"value": "the-team"}).status_code == 200
        until("its tools", lambda: c.get("/v1/tools").json()["total_count"] == 1)
        [shown] = c.get("/v1/workers").json()["items"]
        assert (shown["id"], shown["type"], shown["binding"]["type"], shown["mcp"]["uri"]) == ("remote", "mcp", "static", odd.uri)
        assert shown["mcp"]["headers"] == {"X-Key": "Key ${secret:OWN}", "X-Team": "${secret:team}", "X-Plain": "7"} and set(shown["mcp"]["secrets"]) == {"OWN", "FROM_ENV"}
        assert {(s["binding"], s["editable"]) for s in (*shown["mcp"]["secrets"].values(), shown["mcp"]["oauth2"]["client_secret"])} == {("static", False)}
        assert shown["mcp"]["oauth2"]["client_id"] == "1199990000000000001" and shown["mcp"]["oauth2"]["redirect_uri"].endswith("/api/v1/oauth/remote-mcp/callback")
        assert called(c) == "done"
        assert (headers(odd)["X-Key"], headers(odd)["X-Team"], headers(odd)["X-Plain"]) == ("Key " + OWN, "the-team", "7")
        for r in (c.patch("/v1/workers/remote", json={"enabled": False}), c.delete("/v1/workers/remote")):
            assert r.status_code == 403 and r.json()["message"] == "worker remote is declared in engine.yaml; change it there"
        store = b"".join(f.read_bytes() for f in eng.data.iterdir() if f.name.startswith("store"))
        assert not [s for s in (OWN, ENV) if s.encode() in store or s in eng.log()]
    with engine(binary, tmp_path, odd.uri, own="another-of-yaml-4d3c") as eng, eng.client() as c:
        assert c.get("/v1/tools").json()["total_count"] == 1 and called(c) == "done"
        assert headers(odd)["X-Key"] == "Key another-of-yaml-4d3c"
    fewer = CONFIG.replace('"Key ${secret:OWN}"', "plain").replace("secrets: {OWN: %s, ", "secrets: {") % odd.uri
    with engine(binary, tmp_path, odd.uri, config=fewer) as eng, eng.client() as c:
        [shown] = c.get("/v1/workers").json()["items"]
        assert set(shown["mcp"]["secrets"]) == {"FROM_ENV"} and called(c) == "done" and headers(odd)["X-Key"] == "plain"
    as_http = 'tools: {directors: [{id: d, workers: [{id: remote, http: {uri: "%s", secret: of-an-http-worker}}]}]}\n' % odd.origin
    with engine(binary, tmp_path, odd.uri, config=as_http) as eng, eng.client() as c:
        assert [(w["id"], w["type"]) for w in c.get("/v1/workers").json()["items"]] == [("remote", "http")]
        assert c.get("/v1/tools").json()["total_count"] == 0
    with engine(binary, tmp_path, odd.uri, config="tools: {}\n") as eng, eng.client() as c:
        assert c.get("/v1/workers").json()["items"] == []


@pytest.mark.parametrize("section,words", [
    ("{}", "mcp"),
    ("{uri: 'ftp://127.0.0.1/'}", "mcp.uri"),
    ("{uri: 'http://127.0.0.1:9/#x'}", "mcp.uri"),
    ("{uri: 'http://127.0.0.1:9/', headers: [a]}", "mcp.headers must be a map of texts"),
    ("{uri: 'http://127.0.0.1:9/', headers: {X-A: [a]}}", "mcp.headers.X-A must be a text"),
    ("{uri: 'http://127.0.0.1:9/', headers: {Host: a}}", "worker remote: mcp.headers must leave Host to the engine"),
    ("{uri: 'http://127.0.0.1:9/', secrets: {'a b': c}}", "mcp.secrets"),
    ("{uri: 'http://127.0.0.1:9/', oauth2: {authorization_url: 'http://elsewhere.example/'}}", "mcp.oauth2.authorization_url"),
    ("{uri: 'http://127.0.0.1:9/', timeout: 0}", "timeout"),
    ("{uri: 'http://127.0.0.1:9/'}, http: {uri: 'http://127.0.0.1:9/', secret: x}", "mcp: {uri"),
])
def test_refused_at_start(binary, tmp_path, section, words):
    config = tmp_path / "engine.yaml"
    config.write_text("tools: {directors: [{id: d, workers: [{id: remote, mcp: %s}]}]}\n" % section)
    r = subprocess.run([binary, "serve", "--data", str(tmp_path / "data"), "--config", str(config), "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=60)
    assert r.returncode == 3 and words in r.stderr and "engine.yaml" in r.stderr, r.stderr
