# SPDX-License-Identifier: Apache-2.0
"""An MCP server on the Python SDK, on a loopback port of its own: python server.py [stateless] [json].  It speaks 2026-07-28 and,
with sessions unless stateless, the revisions before it.  GET /seen tells which requests came (method, protocol headers)."""
import json
import socket
import sys

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from starlette.responses import JSONResponse

seen = []
server = MCPServer("probe-mcp-server", version="2.0.0-beta+build.5", instructions="Adds and fails.")


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


class Seen:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if scope["path"] == "/seen":
            return await JSONResponse(seen)(scope, receive, send)
        h = {k.decode(): v.decode() for k, v in scope["headers"]}
        entry = {"http": scope["method"], "headers": h, "body": ""}
        seen.append(entry)

        async def watched():
            message = await receive()
            entry["body"] += message.get("body", b"").decode()
            return message

        return await self.app(scope, watched, send)


def main():
    app = Seen(server.streamable_http_app(stateless_http="stateless" in sys.argv, json_response="json" in sys.argv))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


main()
