# SPDX-License-Identifier: Apache-2.0
"""A wire between the engine and the simulated provider.  It ends the TLS of the engine's calls, passes each request on in plain and
the answer back, as slowly as it is told, and knows at every moment how far each call has come.  A call whose engine dies under it
still reaches the provider, unless it is lost here."""
import http.client
import itertools
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

from world import until

# A call's way: the connection is there, the request has come, the provider has it, the answer has come, the answer has been sent on.
STAGES = OPEN, ASKED, AT_PROVIDER, ANSWERED, SENT = "open", "asked", "at the provider", "answered", "sent"


def certificate(folder, host):
    """A certificate for `host` that signs itself; the engine is told to trust it."""
    cert, key = folder / "relay.pem", folder / "relay.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={host}",
                    "-addext", f"subjectAltName=DNS:{host}", "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


class Call:
    """One request on its way: kind is refresh, token, revoke or api; key the refresh token, code or token it carries."""

    def __init__(self, number):
        self.number, self.stage, self.kind, self.key, self.status = number, "", "", "", 0  # no stage until _reached
        self.at = {}

    def copy(self):
        c = Call(self.number)
        c.__dict__.update(self.__dict__, at=dict(self.at))
        return c


class Relay:
    def __init__(self, folder, provider_url, host="discord.com"):
        self.upstream = urllib.parse.urlsplit(provider_url)
        self.host = host
        self.ca_file, key = certificate(folder, host)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.ca_file, key)
        self.lock = threading.Lock()
        self.calls, self.open, self.most_open = [], 0, 0
        self.delay = lambda stage: 0.0  # seconds to wait after a stage was reached
        self.hold = {}  # stage: an Event that must be set before a call goes on from there
        self.loses = lambda call: False  # a request that never reaches the provider
        self.watch = lambda call: None  # told at every stage, on the call's own thread
        self._numbers = itertools.count()
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.sock.getsockname()[1]
        self.ready = {"connect_to": [f"{host}:443:127.0.0.1:{self.port}"], "ca_file": str(self.ca_file)}
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self):
        self.sock.close()

    def snapshot(self):
        with self.lock:
            return [c.copy() for c in self.calls]

    def quiet(self):
        """Until every call has come to its end."""
        until("the calls under way to end", lambda: self.open == 0)

    def forget(self):
        with self.lock:
            self.calls = []

    # ---- one connection is one call ----
    def _accept(self):
        while True:
            try:
                raw, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _reached(self, call, stage):
        with self.lock:
            gate = self.hold.get(stage)  # taken before anybody sees the stage, since who sees it may take the gate away
            call.stage = stage
            call.at[stage] = time.monotonic()
        self.watch(call)
        wait = self.delay(stage)
        if wait > 0:
            time.sleep(wait)  # the wire's own slowness
        if gate is not None:
            gate.wait()

    def _serve(self, raw):
        call = Call(next(self._numbers))
        with self.lock:
            self.calls.append(call)
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        try:
            self._reached(call, OPEN)
            with self.tls.wrap_socket(raw, server_side=True) as engine:
                self._pass(call, engine)
        except OSError:  # the engine is gone
            pass
        finally:
            raw.close()
            with self.lock:
                self.open -= 1

    def _pass(self, call, engine):
        request = read_request(engine)
        if request is None:
            return
        method, path, headers, body = request
        call.kind, call.key = what(path, headers, body)
        self._reached(call, ASKED)
        if self.loses(call):
            return
        c = http.client.HTTPConnection(self.upstream.hostname, self.upstream.port, timeout=60)
        try:
            c.request(method, path, body=body or None, headers=headers)
            self._reached(call, AT_PROVIDER)
            r = c.getresponse()
            answer = r.read()
        finally:
            c.close()
        call.status = r.status
        self._reached(call, ANSWERED)
        head = f"HTTP/1.1 {r.status} {r.reason}\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in r.getheaders() if k.lower() not in ("connection", "content-length", "transfer-encoding"))
        engine.sendall(head.encode() + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        self._reached(call, SENT)


def read_request(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    length = int(next((v for k, v in headers.items() if k.lower() == "content-length"), 0))
    while len(body) < length:
        more = sock.recv(65536)
        if not more:
            return None
        body += more
    headers = {k: v for k, v in headers.items() if k.lower() not in ("content-length", "connection")}
    return method, path, headers, body


def what(path, headers, body):
    form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
    if "refresh_token" in form:
        return "refresh", form["refresh_token"]
    if "code" in form:
        return "token", form["code"]
    if "token" in form:
        return "revoke", form["token"]
    return "api", headers.get("Authorization", "").removeprefix("Bearer ")
