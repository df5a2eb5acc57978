# SPDX-License-Identifier: Apache-2.0
"""A remote MCP server behind OAuth: the Python SDK's, its tokens given out by oidc-provider (contract 4.8)."""
import json
import urllib.parse

import httpx
import pytest
from conftest import HERE, NODE, PYTHON, Server, body, execute, register
from world import Browser, Engine, Form, Process, query, until

SCOPES = "files:read files:write"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    p = Process([NODE, str(HERE / "issuer.mjs"), SCOPES], tmp_path_factory.mktemp("issuer") / "issuer.log", cwd=HERE)
    p.url = p.ready["issuer"]
    p.seen = lambda: httpx.get(p.url + "/seen", trust_env=False).json()
    p.kill = lambda what: httpx.post(p.url + "/kill/" + what, trust_env=False).raise_for_status()
    yield p
    p.stop()


@pytest.fixture(scope="module")
def server(issuer, tmp_path_factory):
    s = Server([PYTHON, str(HERE / "server.py"), "issuer=" + issuer.url], tmp_path_factory.mktemp("server"))
    yield s
    s.stop()


def agree(api, engine, link, user, account="alice"):
    """In a browser: signs in at the issuer and agrees; the app confirms who it was.  Returns the authorize address."""
    with Browser() as b:
        at = asked = b.to_provider(link)
        for _ in range(12):
            if at.startswith(engine.url):
                break
            r = b.get(at)
            if r.status_code == 200:
                form = Form(r.text, at)
                form.fields.update({k: v for k, v in (("login", account), ("password", "x")) if k in form.fields})
                r = b.post(form.action, form.fields)
            assert r.status_code in (302, 303), (r.status_code, at, r.text[-600:])
            at = urllib.parse.urljoin(at, r.headers["location"])
        verify = b.callback(at)
        assert verify.status_code == 303, (verify.status_code, verify.text[:2000])
        done = api.post("/v1/auth/confirm_user", json={"flow_id": query(verify.headers["location"])["flow_id"], "user_id": user})
        assert done.status_code == 200, done.text
    return asked


def worker_authorize(api, user):
    r = api.get("/v1/workers/remote/authorize", params={"user_id": user})
    assert r.status_code == 200, r.text
    return r.json()


@pytest.fixture()
def ready(api, engine, server):
    """Registered, and the admin has agreed."""
    register(api, server.uri)
    auth = worker_authorize(api, "admin@example.com")
    agree(api, engine, auth["url"], "admin@example.com", "admin")
    assert worker_authorize(api, "admin@example.com")["status"] == "completed"


def test_the_whole_way(api, engine, issuer, server):
    made = register(api, server.uri)
    assert made["requirements"] == {"met": False, "authorization": {"met": False, "oauth2": {"met": False}}}
    assert made["mcp"]["oauth2"]["client_id"] and made["mcp"]["oauth2"]["redirect_uri"] == f"{engine.url}/api/v1/oauth/{made['mcp']['external_id']}/callback"
    client = issuer.seen()["registered"][-1]
    assert client["redirect_uris"] == [made["mcp"]["redirect_uri"]] and client["application_type"] == "native" and client["client_id"] == made["mcp"]["oauth2"]["client_id"]
    assert api.get("/v1/tools").json()["items"] == []
    health = api.get("/v1/workers/remote/health").json()
    assert health["healthy"] is True and "authorization" in health["message"]
    # The admin first, so that the tools can be read.
    auth = worker_authorize(api, "admin@example.com")
    assert auth["status"] == "pending" and auth["scopes"] == ["files:read", "offline_access"] and auth["worker_id"] == "remote"
    asked = query(agree(api, engine, auth["url"], "admin@example.com", "admin"))
    assert asked["resource"] == server.uri and asked["code_challenge_method"] == "S256" and asked["prompt"] == "consent" and asked["scope"] == "files:read offline_access"
    done = worker_authorize(api, "admin@example.com")
    assert done["status"] == "completed" and "url" not in done
    assert api.get("/v1/workers/remote").json()["requirements"] == {"met": True, "authorization": {"met": True, "oauth2": {"met": True}}}
    tool = api.get("/v1/tools/Probe.whoami", params={"user_id": "bob@example.com"}).json()
    wants = tool["requirements"]["authorization"]
    assert wants["oauth2"]["scopes"] == ["files:read", "offline_access"] and wants["status"] == "active" and wants["token_status"] == "not_started"
    # Then each user for himself.
    r = api.post("/v1/tools/execute", json={"tool_name": "Probe.whoami", "user_id": "bob@example.com"})
    assert r.status_code == 403 and r.json()["name"] == "tool_authorization_required" and "authorization required for tool Probe.whoami" in r.json()["message"]
    auth = api.post("/v1/tools/authorize", json={"tool_name": "Probe.whoami", "user_id": "bob@example.com"}).json()
    assert auth["status"] == "pending"
    assert api.get("/v1/tools/Probe.whoami", params={"user_id": "bob@example.com"}).json()["requirements"]["authorization"]["token_status"] == "pending"
    agree(api, engine, auth["url"], "bob@example.com", "bob")
    status = api.get("/v1/auth/status", params={"id": auth["id"]}).json()
    assert status["status"] == "completed" and "token" not in status["context"]  # it is for the server and nobody else
    again = api.post("/v1/tools/authorize", json={"tool_name": "Probe.whoami", "user_id": "bob@example.com"}).json()
    assert again["status"] == "completed" and "token" not in again["context"]
    assert execute(api, "Probe.whoami", user="bob@example.com")["output"]["value"]["user"] == "bob"
    assert execute(api, "Probe.whoami", user="admin@example.com")["output"]["value"]["user"] == "admin"
    store = b"".join(f.read_bytes() for f in engine.data.iterdir() if f.name.startswith("store"))
    tokens = {h["authorization"].removeprefix("Bearer ") for _, _, h, _ in server.seen() if "authorization" in h}
    assert len(tokens) == 2
    for t in tokens:
        assert t.encode() not in store and t not in engine.log()
    assert api.get("/v1/admin/auth_providers").json()["items"] == []
    assert api.post("/v1/auth/authorize", json={"auth_requirement": {"id": "mcp:remote"}, "user_id": "bob@example.com"}).status_code == 400


def test_the_tools_appear_by_themselves_after_the_consent(api, engine, server):
    register(api, server.uri)
    agree(api, engine, worker_authorize(api, "admin@example.com")["url"], "admin@example.com", "admin")
    until("the tools", lambda: len(api.get("/v1/workers/remote/tools").json()["items"]) == 7, bound=60)


def test_the_operator_agrees_by_command(api, engine, server):
    assert engine.cli("server", "add", "remote", server.uri, "--type", "mcp").returncode == 0
    asked = engine.cli("server", "authorize", "remote", "--user", "admin@example.com")
    assert asked.returncode == 0, asked.stderr
    agree(api, engine, next(w for w in asked.stdout.split() if w.startswith("http")), "admin@example.com", "admin")
    again = engine.cli("server", "authorize", "remote", "--user", "admin@example.com")
    assert again.stdout == "admin@example.com may use remote: completed.\n", again


def test_a_token_that_is_not_taken_is_renewed_once_and_then_asked_for_anew(api, engine, issuer, server, ready):
    before = issuer.seen()["refreshed"]
    issuer.kill("access")
    assert execute(api, "Probe.whoami", user="admin@example.com")["output"]["value"]["user"] == "admin"
    assert issuer.seen()["refreshed"] == before + 1
    issuer.kill("all")
    r = api.post("/v1/tools/execute", json={"tool_name": "Probe.whoami", "user_id": "admin@example.com"})
    assert r.status_code == 403 and r.json()["name"] == "tool_authorization_required", r.text
    auth = api.post("/v1/tools/authorize", json={"tool_name": "Probe.whoami", "user_id": "admin@example.com"}).json()
    assert auth["status"] == "pending"
    agree(api, engine, auth["url"], "admin@example.com", "admin")
    assert execute(api, "Probe.whoami", user="admin@example.com")["output"]["value"]["user"] == "admin"


def test_the_old_client_and_its_tokens_go_with_the_address(api, engine, issuer, server, ready):
    was = api.get("/v1/workers/remote").json()["mcp"]["oauth2"]["client_id"]
    assert [c["provider_id"] for c in api.get("/v1/admin/user_connections").json()["items"]] == ["mcp:remote"]
    assert api.patch("/v1/workers/remote", json={"mcp": {"uri": server.uri + "?x=1"}}).status_code == 200
    assert api.get("/v1/admin/user_connections").json()["items"] == []
    now = api.get("/v1/workers/remote").json()
    assert now["mcp"]["oauth2"]["client_id"] not in ("", was) and now["requirements"]["met"] is False
    r = api.post("/v1/tools/execute", json={"tool_name": "Probe.whoami", "user_id": "admin@example.com"})
    assert r.status_code == 403, r.text
    assert api.delete("/v1/workers/remote").status_code == 204


def test_deleting_the_worker_revokes_its_tokens(api, engine, issuer, server, ready):
    before = issuer.seen()["revoked"]
    assert api.delete("/v1/workers/remote").status_code == 204
    until("the revocation", lambda: issuer.seen()["revoked"] > before, bound=60)
    assert api.get("/v1/admin/user_connections").json()["items"] == []


def test_a_client_of_the_operators_own(api, engine, issuer, server):
    register(api, server.uri, id="first")
    c = issuer.seen()["registered"][-1]
    made = register(api, server.uri, oauth2={"client_id": c["client_id"], "client_secret": c["client_secret"], "external_id": "my-remote"})
    assert made["mcp"]["oauth2"]["client_id"] == c["client_id"] and made["mcp"]["external_id"] == "my-remote" and made["mcp"]["redirect_uri"].endswith("/my-remote/callback")
    assert made["mcp"]["oauth2"]["client_secret"]["exists"] is True and c["client_secret"] not in json.dumps(made)
    assert len([x for x in issuer.seen()["registered"] if x["client_id"] == c["client_id"]]) == 1
    r = api.patch("/v1/workers/remote", json={"mcp": {"oauth2": {"external_id": "other"}}})
    assert r.status_code == 400 and r.json()["field_errors"][0]["field"] == "mcp.oauth2.external_id"


def test_sessions_are_a_users_own_and_end_with_his_token(binary, issuer, tmp_path):
    """At a server of before 2026-07-28, which knows its sessions by the token, too."""
    (tmp_path / "server").mkdir()
    legacy = Server([PYTHON, str(HERE / "server.py"), "legacy", "issuer=" + issuer.url], tmp_path / "server")
    with Engine(binary, tmp_path, config="limits: {mcp_session_idle: 1s}\n") as eng, eng.client() as c:
        register(c, legacy.uri)
        for who in ("alice", "bob"):
            agree(c, eng, worker_authorize(c, f"{who}@example.com")["url"], f"{who}@example.com", who)
        until("the tools", lambda: c.get("/v1/workers/remote/tools").json()["items"], bound=60)
        for who in ("alice", "bob", "alice", "bob"):
            assert execute(c, "Probe.whoami", user=f"{who}@example.com")["output"]["value"]["user"] == who
        used = {(h["authorization"], h["mcp-session-id"]) for _, m, h, _ in legacy.seen() if m == "tools/call"}
        assert len({token for token, _ in used}) == 2 and len({id for _, id in used}) == len(used) <= 4
        until("their ends", lambda: used <= {(h.get("authorization"), h["mcp-session-id"]) for http, _, h, _ in legacy.seen() if http == "DELETE"}, bound=60)
        store = b"".join(f.read_bytes() for f in eng.data.iterdir() if f.name.startswith("store"))
        assert not [id for _, id in used if id.encode() in store or id in eng.log()]
    legacy.stop()


@pytest.mark.parametrize("oauth2,field", [
    ({"client_id": "x" * 1001}, "mcp.oauth2.client_id"), ({"client_id": "a\nb"}, "mcp.oauth2.client_id"), ({"client_secret": "x" * 1001}, "mcp.oauth2.client_secret"),
    ({"authorization_url": "ftp://x"}, "mcp.oauth2.authorization_url"), ({"authorization_url": "http://as.example/"}, "mcp.oauth2.authorization_url"),
    ({"external_id": "a b"}, "mcp.oauth2.external_id"), ({"external_id": "x" * 51}, "mcp.oauth2.external_id"), ({"client_id": 1}, "mcp.oauth2.client_id"),
])
def test_a_bad_client_names_the_field(api, oauth2, field):
    r = api.post("/v1/workers", json=body("http://127.0.0.1:9/mcp", oauth2=oauth2))
    assert r.status_code == 400 and field in [f["field"] for f in r.json()["field_errors"]], r.text


def test_whose_authorization_has_to_be_said(api, server):
    register(api, server.uri)
    r = api.get("/v1/workers/remote/authorize")
    assert r.status_code == 400 and r.json()["field_errors"][0]["field"] == "user_id"
    assert api.get("/v1/workers/none/authorize", params={"user_id": "u@example.com"}).status_code == 404
