# SPDX-License-Identifier: Apache-2.0
"""A server of our own that does what it is told: an MCP server that lies, an authorization server with other metadata."""
import json

from serving import Handler, Server

TOOL = {"name": "do", "description": "Does.", "inputSchema": {"type": "object", "properties": {"a": {"type": "string"}}}}


class Odd:
    """handle(h) answers what it wants with h.json, h.raw; None: as an MCP server of 2025-11-25 would.  `asked` has every request."""

    def __init__(self, address="127.0.0.1"):
        odd, self.asked, self.handle, self.tools, self.session, self.call = self, [], (lambda h: None), [TOOL], None, (lambda h: h.result({"content": [{"type": "text", "text": "done"}]}))

        class Answers(Handler):
            def result(self, value, **kw):
                self.json({"jsonrpc": "2.0", "id": self.message.get("id"), "result": value}, **kw)

            def error(self, code, message="no", status=200, data=None):
                self.json({"jsonrpc": "2.0", "id": self.message.get("id"), "error": {"code": code, "message": message, **({"data": data} if data else {})}}, status)

            def stream(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()

            def event(self, value):
                self.wfile.write(b"event: message\ndata: " + json.dumps(value).encode() + b"\n\n")
                self.wfile.flush()

            def do(self):
                n = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(n)
                try:
                    self.message = json.loads(self.body) if self.body else {}
                except ValueError:
                    self.message = {}
                self.method = self.message.get("method") if isinstance(self.message, dict) else None
                odd.asked.append((self.command, self.path, self.method, dict(self.headers), self.message))
                if odd.handle(self) is None:
                    odd.as_usual(self)

            do_GET = do_POST = do_DELETE = do

        self.server = Server(Answers, address)
        self.origin = self.server.origin
        self.uri = self.origin + "/mcp"

    @staticmethod
    def welcome(h, session):
        return h.result({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "odd", "version": "1.0.0"}},
                        headers=[("Mcp-Session-Id", session)] if session else [])

    def as_usual(self, h):
        if h.method == "initialize":
            return self.welcome(h, self.session)
        if h.method == "tools/list":
            return h.result({"tools": self.tools})
        if h.method == "tools/call":
            return self.call(h)
        if h.method == "notifications/initialized":
            return h.raw(b"", 202)
        if h.command == "DELETE":
            return h.raw(b"", 200)
        return h.error(-32601, status=404 if h.method is None else 200)

    def count(self, method):
        return len([1 for a in self.asked if a[2] == method])

    def readings(self):
        """How often the catalogue was begun to be read: a page without a cursor is the first (the engine reads again by itself)."""
        return len([1 for a in self.asked if a[2] == "tools/list" and not a[4].get("params", {}).get("cursor")])

    def close(self):
        self.server.close()


def lives(odd, api):
    """Of a fixture: it is there for one test, and so is the worker that the test makes of it."""
    yield odd
    api.delete("/v1/workers/remote")
    odd.close()
