# SPDX-License-Identifier: Apache-2.0
"""Addresses: claimed ones, inner ones; and what a process, a socket or a file gives away."""
import base64
import os
import re
import select
import socket
import subprocess
import threading
import time
import urllib.parse

import httpx
import pytest
from attacker import Person, PASSWORD, home, raw  # noqa: F401
from test_discord import authorize
from world import BOUND, Browser, Engine, Simulator, query


def let_in(began):
    """Wrong keys that may be tried: sixty, and one more a second."""
    return 60 + 1 + int(time.monotonic() - began)


def test_key_guessing_is_throttled_whatever_address_is_claimed(binary, tmp_path):
    with Engine(binary, tmp_path) as eng:
        with httpx.Client(base_url=eng.url, trust_env=False) as c:
            began = time.monotonic()
            said = [c.get("/v1/admin/auth_providers", headers={"Authorization": f"arc_guess{i}", "X-Forwarded-For": f"198.51.100.{i}"}) for i in range(150)]
            held = [r for r in said if r.status_code == 429]
            assert len(held) >= 150 - let_in(began) and int(held[0].headers["retry-after"]) >= 1
            assert c.get("/v1/admin/auth_providers", headers={"Authorization": eng.key}).status_code == 200  # who has a key is not locked out


def test_a_client_cannot_choose_his_address_behind_a_proxy(binary, tmp_path):
    """A proxy may append its line below the client's own (HAProxy does): only what proxies of ours wrote counts."""
    with Engine(binary, tmp_path, config="api:\n  development: true\n  trusted_proxies: ['127.0.0.1/32']\n") as eng:
        u = urllib.parse.urlsplit(eng.url)

        def guess(i):
            text = (f"GET /v1/admin/auth_providers HTTP/1.1\r\nHost: {u.netloc}\r\nAuthorization: arc_guess{i}\r\nX-Forwarded-For: 198.51.100.{i}\r\n"
                    f"X-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n")
            return raw(eng.url, text.encode()).split(b" ", 2)[1]

        began = time.monotonic()
        assert [guess(i) for i in range(150)].count(b"429") >= 150 - let_in(began)


@pytest.mark.parametrize("where", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "localhost.",
                                   "10.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "[64:ff9b::7f00:1]", "0.0.0.0", "0", "[::]", "168.63.129.16", "192.168.0.1",
                                   "172.16.0.1", "[fe80::1]", "224.0.0.1", "255.255.255.255", "[2002:7f00:1::]", "metadata.google.internal"])
def test_no_call_to_our_own_network(binary, tmp_path_factory, fortress, where):
    """Provider addresses inside the engine's network, in every notation: refused when given, or when called."""
    engine, listener = fortress
    for scheme in ("https", "http"):
        lure(engine, f"{scheme}://{where}:{listener.port}/token")
    assert listener.seen == []


def lure(engine, endpoint):
    """Has the engine redeem a code at an address, if it takes the address at all."""
    with engine.client() as c:
        r = c.post("/v1/admin/auth_providers", json={"id": "inside", "oauth2": {
            "client_id": "x", "client_secret": "y", "authorize_request": {"endpoint": "https://public.example/authorize"}, "token_request": {"endpoint": endpoint}}})
        if r.status_code == 400:
            return
        assert r.status_code == 201, r.text
        try:
            start = c.post("/v1/auth/authorize", json={"auth_requirement": {"id": "inside"}, "user_id": "ssrf@example.com"}).json()
            with Browser() as b:
                q = query(b.to_provider(start["url"]))
                page = b.callback(f"{q['redirect_uri']}?code=c&state={q['state']}")
            assert page.status_code == 400
        finally:
            c.delete("/v1/admin/auth_providers/inside")


class Listener(threading.Thread):
    """Says whether anybody came, on either loopback."""

    def __init__(self):
        super().__init__(daemon=True)
        self.sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = self.sockets[0].getsockname()[1]
        self.sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self.seen, self.ended = [], False
        self.start()

    def run(self):
        while not self.ended:
            for s in select.select(self.sockets, [], [], 0.1)[0]:
                visit, who = s.accept()
                self.seen.append(who)
                visit.close()

    def end(self):
        self.ended = True
        self.join()
        for s in self.sockets:
            s.close()


@pytest.fixture(scope="module")
def fortress(binary, tmp_path_factory):
    """An engine that is not in development."""
    listener = Listener()
    with Engine(binary, tmp_path_factory.mktemp("fortress"), config="api: {}\n") as eng:
        yield eng, listener
    listener.end()


@pytest.mark.parametrize("where", ["127.0.0.1", "localhost"])  # a literal of IPv6 is refused in a definition already
def test_the_listener_would_have_seen_it(binary, tmp_path, where):
    """The same with the address allowed: the call comes, so it was the guard that kept it away above."""
    listener = Listener()
    try:
        with Engine(binary, tmp_path, config="api: {}\nsecurity:\n  ssrf_allowlist: ['127.0.0.1', '::1', localhost]\n") as eng:
            lure(eng, f"https://{where}:{listener.port}/token")
        assert listener.seen
    finally:
        listener.end()


def test_core_files_and_the_process_say_nothing(home):
    pid = home.p.pid
    limits = open(f"/proc/{pid}/limits").read()
    assert re.search(r"Max core file size\s+0\s+0", limits), limits
    for name in ("cmdline", "environ"):
        text = open(f"/proc/{pid}/{name}", "rb").read()
        assert home.key.encode() not in text and Simulator.CLIENT_SECRET.encode() not in text


def test_who_may_open_the_control_socket(home):
    assert oct(os.stat(home.data).st_mode & 0o777) == "0o700"
    for name in os.listdir(home.data):
        assert os.stat(home.data / name).st_mode & 0o077 == 0, name
    if os.geteuid() != 0:
        pytest.skip("another user's attempt needs root")
    script = ("import os,socket,sys\n"
              "os.setgid(65534); os.setuid(65534)\n"
              "s=socket.socket(fileno=int(sys.argv[1]))\n"
              "try:\n s.connect(sys.argv[2])\n s.sendall(b'GET /tb/v1/api_keys HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); s.settimeout(5); print(s.recv(9999))\n"
              "except OSError as e: print('refused', e)\n")
    with socket.socket(socket.AF_UNIX) as s:
        out = subprocess.run(["python3", "-c", script, str(s.fileno()), str(home.data / "control.sock")], pass_fds=[s.fileno()], capture_output=True, text=True, timeout=BOUND)
    assert "200" not in out.stdout and "key_" not in out.stdout, out




# ---- nothing is written down ----
def spellings(secret):
    b = secret.encode()
    return {b, base64.b64encode(b).rstrip(b"="), b.hex().encode(), urllib.parse.quote(secret, safe="").encode()}


def test_nothing_secret_is_written_anywhere(home, simulator):
    canaries = {"key": home.key, "setup": query(home.setup)["token"], "client secret": Simulator.CLIENT_SECRET, "password": PASSWORD}
    with home.client() as c, Browser(simulator) as b:
        start = authorize(c, "admin@example.com").json()
        canaries["connect token"] = start["url"].rsplit("/", 1)[1]
        where = b.to_provider(start["url"])
        canaries["state"] = query(where)["state"]
        back = b.consent(where, simulator.person())
        canaries["code"] = query(back)["code"]
        verify = b.callback(back).headers["location"]
        canaries["flow id"] = query(verify)["flow_id"]
        p = Person(home)
        p.http.cookies = b.direct.cookies
        page = p.page(verify.replace(home.url, ""))
        p.send(page, "/sign-in", email="admin@example.com", password=PASSWORD)
        for cookie in p.http.cookies.jar:
            if cookie.name.startswith("tb"):
                canaries[cookie.name] = cookie.value
        page = p.page(verify.replace(home.url, ""))
        assert p.send(page, "/api/v1/oauth/callback_verify").status_code in (200, 303)
        status = c.get("/v1/auth/status", params={"id": start["id"]}).json()
        canaries["token"] = status["context"]["token"]
        for path in ("/v1/" + canaries["token"], "/connect/" + canaries["token"], "/v1/auth/status?id=" + canaries["token"], "/tb/v1/authorizations/" + canaries["token"]):
            c.get(path)
        c.get("/v1/admin/auth_providers", headers={"Authorization": canaries["token"]})
        c.post("/v1/auth/authorize", content=b'{"user_id": "' + canaries["token"].encode())
        for read in ("/tb/v1/events?limit=100", "/tb/v1/authorizations/" + start["id"], "/v1/admin/auth_providers", "/v1/admin/user_connections", "/tb/v1/api_keys", "/v1/config", "/v1/health"):
            text = c.get(read).content
            for what, secret in canaries.items():
                assert not any(s in text for s in spellings(secret)), (what, read)
    places = {"log": home.log().encode()}
    for name in os.listdir(home.data):
        path = home.data / name
        if path.is_file() and name != "root.key":
            places[name] = path.read_bytes()
    canaries["root key"] = (home.data / "root.key").read_text().strip()
    for place, text in places.items():
        for what, secret in canaries.items():
            assert not any(s in text for s in spellings(secret)), (what, place)
