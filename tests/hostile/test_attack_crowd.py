# SPDX-License-Identifier: Apache-2.0
"""Many, slow or swollen: clients that hold connections, send or read by the byte, and bodies that grow when unpacked."""
import gzip
import http.server
import json
import select
import socket
import ssl
import threading
import time
import zlib

import httpx
import pytest
from attacker import Answers, certificate, dial, hear, listening, many_files, raw, resident_mb, say, sockets
from test_discord import authorize
from world import BOUND, Browser, Engine, figure, query, until

HASTY = "api:\n  development: true\n  read_timeout: 2s\n  write_timeout: 2s\n  idle_timeout: 2s\n"
HEALTH = b"GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
GET = b"GET /v1/config HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def hasty(binary, simulator, tmp_path_factory):
    with Engine(binary, tmp_path_factory.mktemp("hasty"), simulator=simulator, config=HASTY) as eng:
        eng.add_discord()
        yield eng


# ---- slow clients ----
def drip(sock, data):
    """One byte at a time, until the engine has had enough; what it said."""
    got = b""
    for i in range(int(BOUND * 10)):
        readable, _, _ = select.select([sock], [], [], 0.1)
        if readable:
            try:
                chunk = sock.recv(65536)
            except ConnectionResetError:
                return got
            if not chunk:
                return got
            got += chunk
        say(sock, data[i % len(data):][:1])
    raise AssertionError(f"still listened to after {BOUND} s")


SLOW = {
    "head": (b"GET / HTTP/1.1\r\n", b"X-A: b\r\n", [408]),
    "request line": (b"A", b"A", [408]),
    "body": (b"POST /v1/auth/authorize HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n", b" ", [408]),
    "chunks": (b"POST /v1/auth/authorize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", [408]),
    "second request": (GET + b"GET / HTTP/1.1\r\n", b"X-A: b\r\n", [200, 408]),
}


@pytest.mark.parametrize("what", SLOW)
def test_slow_sending_is_cut(hasty, what):
    """Slowloris: each byte comes in time, the request never does."""
    first, then, want = SLOW[what]
    with dial(hasty.url) as s:
        say(s, first)
        said = drip(s, then)
    assert Answers(said).status == want


def test_half_a_handshake_is_cut(binary, tmp_path):
    """TLS costs memory before a request is read: a hello by the byte, or none, is cut by the same clock."""
    certificate(tmp_path)
    config = HASTY + "  public_host: https://localhost:8443\ntls:\n  cert_file: cert.pem\n  key_file: key.pem\n"
    with Engine(binary, tmp_path, config=config) as eng:
        hello = ssl.MemoryBIO()
        half = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            half.do_handshake()
        with dial(listening(eng)) as s, dial(listening(eng)) as mute:
            assert b"HTTP" not in drip(s, hello.read()[:200] + bytes(1000))
            assert hear(mute) == b""
        until("their end", lambda: sockets(eng.p.pid) < 20)


def test_silence_is_cut(hasty):
    """Nothing sent at all, and nothing more after an answer."""
    with dial(hasty.url) as mute, dial(hasty.url) as done:
        say(done, GET)
        assert hear(mute) == b""
        assert Answers(hear(done)).status == [200]


def test_slow_reading_is_cut(hasty):
    """Answers that nobody takes, or takes by the byte, do not stay in memory: the connections go."""
    before, liars = sockets(hasty.p.pid), []
    try:
        for i in range(24):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", int(hasty.url.rsplit(":", 1)[1])))
            s.setblocking(False)
            liars.append(s)
            try:
                s.send(b"GET /v1/swagger HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
            except BlockingIOError:
                pass
        until("their arrival", lambda: sockets(hasty.p.pid) >= before + 20)

        def gone():
            for s in liars[::2]:
                try:
                    s.recv(1)
                except (BlockingIOError, ConnectionResetError):
                    pass
            assert Answers(raw(hasty.url, HEALTH)).status == [200]
            return sockets(hasty.p.pid) <= before + 1

        until("the end of all that do not read", gone)
    finally:
        for s in liars:
            s.close()


def test_a_long_poll_outlives_those_limits(hasty):
    """Waiting for an answer is no slowness: it takes longer than every time-out above."""
    with hasty.client() as c:
        start = authorize(c, "patient@example.com").json()
        r = c.get("/v1/auth/status", params={"id": start["id"], "wait": 5})
        assert r.status_code == 200 and r.json()["status"] == "pending"


# ---- crowds ----
def crowd(engine, n, first=b""):
    found = []
    for _ in range(n):
        s = dial(engine.url)
        found.append(s)
        if first:
            s.sendall(first)
    return found


def times(client, n):
    took = []
    for _ in range(n):
        at = time.monotonic()
        r = client.get("/v1/health")
        took.append(time.monotonic() - at)
        assert r.status_code == 200
    return sorted(took)


def test_ten_thousand_idle_connections(binary, tmp_path):
    wanted = many_files(10000)
    assert wanted >= 10000, f"the limit of open files allows only {wanted} connections"
    with Engine(binary, tmp_path, config="api:\n  development: true\n  read_timeout: 10m\n  idle_timeout: 10m\n") as eng:
        pid = eng.p.pid
        with eng.client() as c:
            calm, empty = times(c, 100), resident_mb(pid)
            held = []
            try:
                held += crowd(eng, wanted // 2)  # never a byte
                held += crowd(eng, wanted - wanted // 2, GET)  # kept after an answer
                until("all of them", lambda: sockets(pid) >= wanted)
                busy, full = times(c, 100), resident_mb(pid)
                with eng.client() as new:
                    assert new.get("/v1/health").status_code == 200
                assert sockets(pid) >= wanted
                for s in (held[0], held[-1]):  # they are connections, not leftovers
                    s.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                    assert set(Answers(hear(s)).status) == {200}
            finally:
                for s in held:
                    s.close()
            figure("idle connections held", wanted)
            figure("memory of the engine without and with them, MB", f"{empty:.1f}, {full:.1f}")
            figure("p50 of /v1/health without and with them, ms", f"{calm[50] * 1000:.2f}, {busy[50] * 1000:.2f}")
            assert full - empty < 64, "an idle connection is a socket and a small record"
            until("their end", lambda: sockets(pid) < 100)


@pytest.mark.parametrize("kind,first", [("silent", b""), ("idle", GET), ("half a head", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "),
                                        ("half a body", b"POST /v1/auth/authorize HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")])
def test_a_full_house_lets_those_in_who_ask(binary, tmp_path, kind, first):
    """More connections than limits.connections, held by somebody who asks for nothing: he does not keep others out."""
    limit = 200
    with Engine(binary, tmp_path, config=f"limits:\n  connections: {limit}\n") as eng:
        held = crowd(eng, limit, first)
        try:
            until("a full house", lambda: sockets(eng.p.pid) >= limit)
            full = time.monotonic()
            # What was begun a moment ago is spared for a second: the crowd came over some time, and the youngest of it counts.
            until("the end of that second", lambda: time.monotonic() > full + 1.1)
            for _ in range(50):
                assert Answers(raw(eng.url, HEALTH)).status == [200]
            assert sockets(eng.p.pid) <= limit + 64 + 50
            assert "http.crowded" in eng.log()
        finally:
            for s in held:
                s.close()


# ---- bombs ----
BOMB = gzip.compress(bytes(64 << 20), 9)


def test_a_packed_request_is_not_unpacked(engine):
    before = resident_mb(engine.p.pid)
    body = json.dumps({"auth_requirement": {"provider_id": "discord"}, "user_id": "x@example.com"}).encode()
    with engine.client() as c:
        for coding, data in (("gzip", BOMB), ("gzip", gzip.compress(body)), ("deflate", zlib.compress(body)), ("br", b"x"), ("gzip, gzip", BOMB), ("x-gzip", BOMB)):
            r = c.post("/v1/auth/authorize", content=data, headers={"Content-Encoding": coding, "Content-Type": "application/json"})
            assert r.status_code == 415 and r.json()["name"] == "unsupported_media_type", (coding, r.text)
        assert c.post("/v1/auth/authorize", content=BOMB, headers={"Content-Type": "application/json"}).status_code == 400
        assert c.post("/v1/auth/authorize", content=body, headers={"Content-Encoding": "identity", "Content-Type": "application/json"}).status_code == 200
    assert "content-encoding" not in {h.lower() for h in httpx.get(engine.url + "/v1/swagger", headers={"Accept-Encoding": "gzip, br"}, trust_env=False).headers}
    r = raw(engine.url, b"POST /v1/auth/authorize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + b"0\r\n\r\n")
    assert Answers(r).status == [501]
    assert resident_mb(engine.p.pid) - before < 32


class Packer(http.server.BaseHTTPRequestHandler):
    """A token endpoint that answers every call with a bomb, whatever the client said it accepts."""
    asked = []

    def do_POST(self):
        self.asked.append({k.lower(): v for k, v in self.headers.items()})
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(BOMB)))
        self.end_headers()
        self.wfile.write(BOMB)

    def log_message(self, *a):
        pass


def test_a_packed_answer_of_a_provider_is_not_unpacked(engine, api):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Packer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    before = resident_mb(engine.p.pid)
    try:
        r = api.post("/v1/admin/auth_providers", json={"id": "packer", "oauth2": {
            "client_id": "x", "client_secret": "y", "authorize_request": {"endpoint": "https://packer.example/authorize"},
            "token_request": {"endpoint": f"http://127.0.0.1:{server.server_port}/token"}}})
        assert r.status_code == 201, r.text
        start = api.post("/v1/auth/authorize", json={"auth_requirement": {"id": "packer"}, "user_id": "bomb@example.com"}).json()
        with Browser() as b:
            q = query(b.to_provider(start["url"]))
            page = b.callback(f"{q['redirect_uri']}?code=c&state={q['state']}")
        assert page.status_code in (400, 502) and "location" not in page.headers
        assert len(Packer.asked) == 1 and "accept-encoding" not in Packer.asked[0]
        assert resident_mb(engine.p.pid) - before < 32
        story = api.get(f"/tb/v1/authorizations/{start['id']}").json()
        assert story["status"] == "pending" and any(e["outcome"] != "ok" for e in story["events"]), story
    finally:
        api.delete("/v1/admin/auth_providers/packer")
        server.shutdown()
