# SPDX-License-Identifier: Apache-2.0
"""An MCP server on the Python SDK, on a loopback port of its own: python server.py [stateless] [json] [legacy] [issuer=URL].  It speaks 2026-07-28 and,
with sessions unless stateless, the revisions before it.  GET /seen tells which requests came (method, protocol headers)."""
import asyncio
import json
import socket
import sys
import urllib.parse
import urllib.request

import uvicorn
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import Context, MCPServer
from starlette.responses import JSONResponse

seen = []
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
uri = "http://127.0.0.1:%d/mcp" % listener.getsockname()[1]


def how(name):
    return next((a.split("=", 1)[1] for a in sys.argv if a.startswith(name + "=")), None)


class Verifier:
    """A token counts when the issuer knows it and gave it out for this very server."""

    def ask(self, token):
        with urllib.request.urlopen(how("issuer") + "/check?" + urllib.parse.urlencode({"token": token})) as r:
            return r.read()

    async def verify_token(self, token):
        t = json.loads(await asyncio.to_thread(self.ask, token))
        if t.get("audience") != uri:
            return None
        return AccessToken(token=token, client_id=t["client"], subject=t["user"], scopes=t["scope"].split(), expires_at=t["expires"], resource=uri)


def protected():
    if how("issuer") is None:
        return {}
    return {"token_verifier": Verifier(), "auth": AuthSettings(issuer_url=how("issuer"), resource_server_url=uri, required_scopes=["files:read"], validate_token_resource=True)}


server = MCPServer("probe-mcp-server", version="2.0.0-beta+build.5", instructions="Adds and fails.", **protected())


@server.tool(annotations={"readOnlyHint": True})
def add(a: int, b: int = 2) -> int:
    """Adds two numbers."""
    return a + b


@server.tool()
def pets(kind: str, tags: list[str] | None = None) -> dict[str, object]:
    """Tells of pets."""
    return {"kind": kind, "tags": tags}


@server.tool(structured_output=False)
def words(n: int) -> str:
    """Plain text."""
    return " ".join(["word"] * n)


@server.tool()
def fail() -> str:
    """Always fails."""
    raise ValueError("broken on purpose")


@server.tool()
async def slow(ctx: Context) -> str:
    """Tells of its progress, so that the answer is a stream."""
    for i in range(3):
        await ctx.report_progress(i, 3, "step")
    return "done"


@server.tool()
def odd_name(n: str) -> str:
    """Echoes text of any kind."""
    return n


@server.tool()
def whoami() -> dict[str, object]:
    """Tells whose token came."""
    t = get_access_token()
    return {"user": None if t is None else t.subject, "scopes": [] if t is None else sorted(t.scopes)}


class Seen:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if scope["path"] == "/seen":
            return await JSONResponse(seen)(scope, receive, send)
        h = {k.decode(): v.decode() for k, v in scope["headers"]}
        if "legacy" in sys.argv and "mcp-method" in h:  # as a server that never heard of 2026-07-28
            return await JSONResponse({"error": "not found"}, 404)(scope, receive, send)
        entry = {"http": scope["method"], "headers": h, "body": ""}
        seen.append(entry)

        async def watched():
            message = await receive()
            entry["body"] += message.get("body", b"").decode()
            return message

        return await self.app(scope, watched, send)


def main():
    app = Seen(server.streamable_http_app(stateless_http="stateless" in sys.argv, json_response="json" in sys.argv))
    listener.listen(128)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


main()
