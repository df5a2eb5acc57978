# SPDX-License-Identifier: Apache-2.0
"""A server of our own that does what it is told: an MCP server that lies, an authorization server with other metadata."""
import http.server
import json
import socketserver
import threading

TOOL = {"name": "do", "description": "Does.", "inputSchema": {"type": "object", "properties": {"a": {"type": "string"}}}}


class Odd:
    """handle(h) answers what it wants with h.json, h.raw; None: as an MCP server of 2025-11-25 would.  `asked` has every request."""

    def __init__(self, address="127.0.0.1"):
        odd, self.asked, self.handle, self.tools, self.session, self.call = self, [], (lambda h: None), [TOOL], None, (lambda h: h.result({"content": [{"type": "text", "text": "done"}]}))

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"  # no connection outlives close()

            def json(self, value, status=200, headers=()):
                self.raw(json.dumps(value).encode(), status, headers=headers)

            def result(self, value, **kw):
                self.json({"jsonrpc": "2.0", "id": self.message.get("id"), "result": value}, **kw)

            def error(self, code, message="no", status=200, data=None):
                self.json({"jsonrpc": "2.0", "id": self.message.get("id"), "error": {"code": code, "message": message, **({"data": data} if data else {})}}, status)

            def raw(self, body, status=200, type="application/json", headers=()):
                self.send_response(status)
                self.send_header("Content-Type", type)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

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

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        class Server6(Server):
            import socket
            address_family = socket.AF_INET6

        self.server = (Server6 if ":" in address else Server)((address, 0), Handler)
        host = f"[{address}]" if ":" in address else address
        self.origin = "http://%s:%d" % (host, self.server.server_address[1])
        self.uri = self.origin + "/mcp"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def as_usual(self, h):
        if h.method == "initialize":
            return h.result({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "odd", "version": "1.0.0"}},
                            headers=[("Mcp-Session-Id", self.session)] if self.session else [])
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

    def close(self):
        self.server.shutdown()
        self.server.server_close()
