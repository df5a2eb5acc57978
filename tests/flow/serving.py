# SPDX-License-Identifier: Apache-2.0
"""HTTP peers of the tests' own, for what no real peer does: a handler that answers what it is told, and its server."""
import http.server
import json
import socket
import socketserver
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # no connection outlives close()

    def json(self, value, status=200, headers=()):
        self.raw(json.dumps(value).encode(), status, headers=headers)

    def raw(self, body, status=200, type="application/json", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Answers on a free port of `address` until close(); `origin` is where."""
    daemon_threads = True

    def __init__(self, handler, address="127.0.0.1"):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), handler)
        host = f"[{address}]" if ":" in address else address
        self.origin = "http://%s:%d" % (host, self.server_address[1])
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that hangs up is what many of these tests are about

    def close(self):
        self.shutdown()
        self.server_close()
