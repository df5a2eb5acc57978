# SPDX-License-Identifier: Apache-2.0
"""A provider that can do what no library lets one do: sockets by hand, one thread a connection.  What it does is a function of the
connection and the request, chosen by the request's path; the makers below are the usual ones."""
import dataclasses
import json
import socket
import ssl
import struct
import threading
import urllib.parse


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: dict
    body: bytes

    @property
    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode("utf-8", "replace")))


class Peer:
    """rules[path] = behaviour(conn, request); a path without one is answered 404.  `calls` is what was asked, in order."""

    def __init__(self, tls=None, host="127.0.0.1"):
        self.rules, self.calls, self.opened, self._tls = {}, [], 0, tls
        self.closing = threading.Event()  # whoever hangs waits for this, not for a time
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._s = socket.socket(family, socket.SOCK_STREAM)
        self._s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._s.bind((host, 0))
        self._s.listen(512)
        self.port = self._s.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://{host}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def asked(self, path):
        return [c for c in self.calls if c.path == path]

    def _accept(self):
        while True:
            try:
                c, _ = self._s.accept()
            except OSError:
                return
            self.opened += 1
            threading.Thread(target=self._serve, args=(c,), daemon=True).start()

    def _serve(self, c):
        try:
            c.settimeout(120)
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                c = self._tls.wrap_socket(c, server_side=True)
            while (r := read_request(c)) is not None:
                self.calls.append(r)
                if not self.rules.get(r.path, answer(404, {"error": "not_found"}))(c, r):
                    return
        except OSError:  # the engine has hung up on us: that is its right
            pass
        finally:
            c.close()

    def close(self):
        self.closing.set()
        self._s.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def read_request(c):
    data = b""
    while b"\r\n\r\n" not in data:
        more = c.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
    while len(body) < int(headers.get("content-length", 0)):
        if not (more := c.recv(65536)):
            return None
        body += more
    return Request(method, urllib.parse.urlsplit(target).path, headers, body)


# ---- makers of behaviours; a true result keeps the connection open ----
def head(status=200, content_type="application/json", length=None, **more):
    lines = [f"HTTP/1.1 {status} Whatever"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    if length is not None:
        lines.append(f"Content-Length: {length}")
    lines += [f"{k.replace('_', '-')}: {v}" for k, v in more.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(status=200, body=b"", content_type="application/json", **more):
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()

    def run(c, _):
        c.sendall(head(status, content_type, len(body), **more) + body)
        return True
    return run


def form(status=200, **fields):
    return answer(status, urllib.parse.urlencode(fields), "application/x-www-form-urlencoded")


def raw(*pieces):
    """Sends this and hangs up."""
    def run(c, _):
        for p in pieces:
            c.sendall(p)
        return False
    return run


def reset(*pieces):
    """Sends this and tears the connection down (RST)."""
    def run(c, _):
        for p in pieces:
            c.sendall(p)
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    return run


def hang(peer, *pieces):
    """Sends this and then nothing, until the test is over."""
    def run(c, _):
        for p in pieces:
            c.sendall(p)
        peer.closing.wait(110)
        return False
    return run


def drip(peer, *pieces, each=1.0):
    """One byte after the other; a whole answer would take minutes."""
    def run(c, _):
        for b in b"".join(pieces):
            c.sendall(bytes([b]))
            if peer.closing.wait(each):
                return False
        return False
    return run


def flood(size, chunked=False, piece=b"x" * 65536):
    """An answer of `size` bytes that begins like a good one."""
    def run(c, _):
        start = b'{"access_token":"flooded-token-0000000001","token_type":"Bearer","filler":"'
        if chunked:
            c.sendall(head(Transfer_Encoding="chunked"))
            c.sendall(b"%x\r\n%s\r\n" % (len(start), start))
        else:
            c.sendall(head(length=size) + start)
        sent = len(start)
        while sent < size:
            c.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            sent += len(piece)
        return False
    return run


def server_tls(cert, key):
    t = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    t.load_cert_chain(cert, key)
    return t
