# SPDX-License-Identifier: Apache-2.0
"""Tool servers and an MCP server behind the canaries' peer, and what passes through an engine that runs their tools: the user's token and
the tool's secrets in a call, what the engine signs for its worker, the headers of a remote server."""
import base64
import json

from canary_peer import HOST
from test_second_factor import totp

TOOL = {"name": "Do", "toolkit": {"name": "Canary", "version": "1.0.0"}, "input": {"parameters": []}, "output": None,
        "requirements": {"authorization": {"id": "canary", "provider_id": "canary", "provider_type": "oauth2", "oauth2": {"scopes": ["read"]}},
                         "secrets": [{"key": "TOOL_KEY"}], "metadata": None}}
REMOTE = {"name": "do", "description": "Does.", "inputSchema": {"type": "object", "properties": {}}}


class ToolServers:
    def __init__(self, peer):
        self.canaries, self.given, self.headers = peer.canaries, [], []
        self.sessions = set()  # at the remote server
        peer.also = self.answer

    def answer(self, path, headers, body):
        if path.endswith("/worker/health"):
            return 200, {}, b'{"status":"ok"}'
        if path.endswith("/worker/tools"):
            return 200, {}, json.dumps([TOOL]).encode()
        if path.endswith("/worker/tools/invoke"):
            self.canaries.add("token for a worker", headers["Authorization"].removeprefix("Bearer "))
            self.given.append(json.loads(body)["context"])
            return 200, {}, json.dumps({"success": True, "output": {"value": self.done()}}).encode()
        return self.remote(headers, json.loads(body or b"{}")) if path == "/mcp" else None

    def done(self):
        return self.canaries.make("answer of a tool", "")

    def remote(self, headers, message):
        self.headers.append(dict(headers))
        method, head, answers = message.get("method"), {}, {
            "initialize": lambda: {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "remote", "version": "1.0.0"}},
            "tools/list": lambda: {"tools": [REMOTE]}, "tools/call": lambda: {"content": [{"type": "text", "text": self.done()}]}}
        if method == "initialize":
            head["Mcp-Session-Id"] = self.canaries.make("session at an MCP server", "")
            self.sessions.add(head["Mcp-Session-Id"])
        elif method in answers:
            assert headers["Mcp-Session-Id"] in self.sessions
        if method is None or method.startswith("notifications/"):
            return 202, {}, b""
        said = {"result": answers[method]()} if method in answers else {"error": {"code": -32601, "message": "no"}}
        return 200, head, json.dumps({"jsonrpc": "2.0", "id": message.get("id"), **said}).encode()


def run_tools(servers, walker, user, times=3, repeats=False):
    """Both kinds of servers registered, their tools run for a user with a grant, the secrets changed, and all of it removed.  repeats: each
    call is sent twice with the same Idempotency-Key, so that its answer is kept."""
    make, api = servers.canaries.make, walker.app

    def good(r, status=200):
        assert r.status_code == status, r.text
        return r.json() if r.content else None

    def runs(tool, **more):
        head = {"Idempotency-Key": make("Idempotency-Key")} if repeats else {}
        answers = [good(api.post("/v1/tools/execute", json={"tool_name": tool, "user_id": user, **more}, headers=head)) for _ in range(1 + repeats)]
        assert answers[0]["success"] and servers.canaries.kinds[answers[0]["output"]["value"]] == "answer of a tool", answers
        assert answers[0] == answers[-1]

    secret, other = make("tool secret"), make("tool secret")
    good(api.put("/v1/admin/secrets/TOOL_KEY", json={"value": secret}))
    good(api.post("/v1/workers", json={"id": "own", "type": "http", "http": {
        "uri": f"https://{HOST}/own", "secret": make("worker secret"), "timeout": 20, "retry": 1}}), 201)
    for _ in range(times):
        runs("Canary.Do")
    good(api.put("/v1/admin/secrets/TOOL_KEY", json={"value": other}))
    good(api.patch("/v1/workers/own", json={"http": {"secret": make("worker secret")}}))
    runs("Canary.Do")
    token = walker.token(user)
    assert [g["secrets"][0]["value"] for g in servers.given[-2:]] == [secret, other]
    assert all(g["authorization"]["token"] == token for g in servers.given[-times:])
    header, kept = make("header of a remote server", ""), make("header that names no secret", "")
    good(api.post("/v1/workers", json={"id": "remote", "type": "mcp", "mcp": {"uri": f"https://{HOST}/mcp", "timeout": 20, "retry": 1, "headers": {
        "X-Key": "Key ${secret:KEY}", "X-Own": kept}, "secrets": {"KEY": header}}}), 201)
    for _ in range(times):
        runs("Remote.do")
    assert all(h["X-Key"] == "Key " + header and h["X-Own"] == kept for h in servers.headers)
    for path in ("/v1/workers", "/v1/workers/remote", "/v1/workers/remote/tools", "/v1/tools?include_format=openai", "/v1/admin/secrets", "/tb/v1/events?limit=100"):
        good(api.get(path))
    for id in ("own", "remote"):
        good(api.delete(f"/v1/workers/{id}"), 204)
    good(api.delete("/v1/admin/secrets/TOOL_KEY"), 204)


def person_in_charge(canaries, http, origin, email, password):
    """Somebody signed in who has a second factor made, proves it, gets new recovery codes and
    invites; `http` keeps his session.  The bytes of the factor's secret."""
    csrf = canaries.add("CSRF value", http.get("/tb/v1/sessions/current").json()["csrf"])

    def call(method, path, **body):
        r = http.request(method, path, json=body, headers={"Origin": origin, "Tokenbooth-CSRF": csrf})
        assert r.status_code < 300, (path, r.text)
        return r.json() if r.content else None

    secret = canaries.add("second factor", call("POST", "/tb/v1/totp", password=password)["secret"])
    codes = call("PUT", "/tb/v1/totp", code=totp(secret))["recovery_codes"]
    codes += call("POST", "/tb/v1/totp/recovery_codes", code=totp(secret, 1))["recovery_codes"]  # this step's and the next one's: a border between is no matter
    for code in codes:
        canaries.add("recovery code", code)
    link = call("POST", "/tb/v1/invitations", email="invited-by-" + email, role="viewer")["url"]
    canaries.add("invitation", link.split("token=")[1] if "token=" in link else link.rsplit("/", 1)[1])
    return base64.b32decode(secret + "=" * (-len(secret) % 8))
