# SPDX-License-Identifier: Apache-2.0
"""The process's memory after load holds no token of an idle grant, no code, verifier, state, password or key: a core file, if there were
one, would say nothing."""
import collections
import concurrent.futures
import contextlib
import json
import os
import socket
import ssl
import time
import urllib.parse

import httpx
import pytest
from canary import Canaries, Image, Search
from canary_peer import DEFINITION, Peer, Walker
from canary_tools import ToolServers, person_in_charge, run_tools
from world import BOUND, LONG, Engine, figure, query, until

USERS = 2000 if LONG else 100
FEW = 100 if LONG else 6
THREADS = 8

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="another process's memory needs root")


class Load:
    """An engine under everything that makes a secret pass through it."""

    def __init__(self, binary, folder, tls):
        self.folder, self.canaries = folder, Canaries()
        self.peer, self.factors = Peer(folder, self.canaries), []
        self.servers = ToolServers(self.peer)
        self.secret, self.env_secret, self.root = (self.canaries.make(k) for k in ("client secret", "client secret", "root key"))
        scheme, extra = ("https", f"tls:\n  cert_file: {self.peer.cert_file}\n  key_file: {self.peer.key_file}\n") if tls else ("http", "")
        config = f"""api:
  development: true
  read_timeout: 10m
limits: {{mcp_session_idle: 1s}}
{self.peer.network}{DEFINITION}{extra}security:
  root_keys: [{{id: k1, value: "{self.root}"}}]
auth:
  providers:
    - {{id: canary, type: oauth2, provider_id: canary, client_id: app, client_secret: "{self.secret}"}}
    - {{id: canary-env, type: oauth2, provider_id: canary, client_id: app, client_secret: "${{env:CANARY_SECRET}}"}}
    - {{id: canary-real, type: oauth2, provider_id: canary, client_id: app, client_secret: "${{env:CANARY_REAL}}"}}
"""
        (folder / ".env").write_text(f"CANARY_SECRET={self.env_secret}\n")
        self.engine = Engine(binary, folder, config=config, env={"CANARY_REAL": self.canaries.make("client secret")})
        self.verify = ssl.create_default_context(cafile=str(self.peer.cert_file)) if tls else True
        assert self.engine.url.startswith(scheme + ":")
        self.canaries.add("API key", self.engine.key)
        self.canaries.add("set-up token", query(self.engine.ready["setup_url"])["token"])

    def close(self):
        self.engine.stop()
        self.peer.close()

    def all(self, jobs, act, provider="canary"):
        """act(walker, job) for every job, each thread with connections of its own."""
        def some(part):
            with Walker(self.engine, self.peer, provider, verify=self.verify) as w:
                return [act(w, job) for job in part]

        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            return [x for part in pool.map(some, [jobs[i::THREADS] for i in range(THREADS)]) for x in part]

    # ---- what is done ----
    def consents(self):
        self.all(users("plain", USERS), lambda w, u: w.connect(u))
        for where in ("env", "real"):
            self.all(users(where, FEW), lambda w, u: w.connect(u), provider=f"canary-{where}")
        for _ in range(3):
            self.all(users("plain", USERS), lambda w, u: w.token(u))

    def waits(self):
        """The token as a long poll's answer."""
        def act(w, user):
            start = w.ask(user)
            with concurrent.futures.ThreadPoolExecutor(1) as pool, self.engine.client(verify=self.verify) as other:
                waiting = pool.submit(other.get, "/v1/auth/status", params={"id": start["id"], "wait": 30})
                w.confirm(user, w.back(w.click(start["url"])))
                assert waiting.result().json()["context"]["token"] in self.canaries.kinds

        self.all(users("waits", FEW), act)

    def refreshes(self):
        """Found by a reader."""
        self.peer.lifetime = 2
        self.all(users("refreshed", FEW), lambda w, u: w.connect(u))
        self.peer.lifetime = 3600

        self.all(users("refreshed", FEW), lambda w, u: until("a new token", lambda: w.token(u) and self.peer.refreshed(u)))

    def due(self):
        """Due while nobody reads."""
        self.peer.lifetime = 16
        self.all(users("due", FEW), lambda w, u: w.connect(u))
        self.peer.lifetime = 3600

    def due_done(self):
        until("refreshes in the background", lambda: self.peer.refreshed("due") >= FEW, bound=150)  # marks of use are written once a minute

    def failures(self):
        """Every provider's answer that is not a token set says back what it was sent."""
        kinds = iter(range(10**6))

        def say(path, form, headers):
            if path != "/token" or "refresh_token" in form:
                return None
            echo = json.dumps({**form, "authorization": headers.get("Authorization", ""), "access_token": self.canaries.make("access token")})
            answers = [(400, {}, json.dumps({"error": "invalid_grant", "error_description": echo}).encode()),
                       (500, {"Content-Type": "text/html", "X-Echo": form["code"]}, f"<html>{echo}</html>".encode()),
                       (200, {}, echo[:-3].encode()),
                       (200, {}, json.dumps({"access_token": self.canaries.make("access token"), "token_type": "mac"}).encode()),
                       (429, {"Retry-After": "1"}, echo.encode()),
                       (302, {"Location": "https://canary.test/" + form["code"]}, echo.encode())]
            return answers[next(kinds) % len(answers)]

        def act(w, user):
            r = w.back(w.click(w.ask(user)["url"]))
            assert r.status_code in (400, 502, 503), (r.status_code, r.text[:300])

        self.peer.say = say
        self.all(users("failed", 2 * FEW), act)
        self.peer.say = lambda *_: None
        self.all(users("denied", FEW), lambda w, u: w.back(w.click(w.ask(u)["url"]), error="access_denied", error_description=self.canaries.make("code")))

    def ends(self):
        """A mismatch and a disconnect: the tokens are revoked and forgotten."""
        def mismatch(w, user):
            flow = query(w.back(w.click(w.ask(user)["url"])).headers["location"])["flow_id"]
            assert w.app.post("/v1/auth/confirm_user", json={"flow_id": self.canaries.add("flow id", flow), "user_id": "else@example.com"}).status_code == 400

        def disconnect(w, user):
            w.connect(user)
            row = w.app.get("/v1/admin/user_connections", params={"user_id": user}).json()["items"][0]
            assert w.app.delete(f"/v1/admin/user_connections/{row['id']}").status_code == 204

        self.all(users("mismatch", FEW), mismatch)
        self.all(users("gone", FEW), disconnect)

    def tools(self):
        with Walker(self.engine, self.peer, verify=self.verify) as w:
            w.connect("tools@example.com")
            run_tools(self.servers, w, "tools@example.com")

    def people(self):
        """Keys, passwords, sessions, client secrets over the API, right and wrong."""
        def act(w, user):
            password, secret = self.canaries.make("password"), self.canaries.make("client secret")
            made = self.engine.cli("user", "add", user, "--password-file", "-", "--role", "owner", stdin=password + "\n")
            assert made.returncode == 0, made.stderr
            with httpx.Client(base_url=self.engine.url, timeout=BOUND, trust_env=False, verify=self.verify, headers={"Origin": self.engine.url}) as c:
                assert c.post("/tb/v1/sessions", json={"email": user, "password": self.canaries.make("password")}).status_code in (401, 429)
                if (r := c.post("/tb/v1/sessions", json={"email": user, "password": password})).status_code == 201:
                    for cookie in c.cookies.jar:
                        self.canaries.add("session cookie", cookie.value)
                    self.factors.append(person_in_charge(self.canaries, c, self.engine.url, user, password))
                else:
                    assert r.status_code == 429
            key = w.app.post("/tb/v1/api_keys", json={"name": user}).json()["key"]
            with self.engine.client(self.canaries.add("API key", key), verify=self.verify) as c:
                assert c.get("/v1/admin/auth_providers").status_code == 200
                assert c.post("/v1/auth/authorize", headers={"Content-Type": "application/json"},
                              content=b'{"user_id": "' + self.canaries.make("access token").encode()).status_code == 400
            name = user.split("@")[0]
            body = {"id": name, "provider_id": "canary", "oauth2": {"client_id": "app", "client_secret": secret}}
            assert w.app.post("/v1/admin/auth_providers", json=body).status_code == 201
            assert w.app.patch(f"/v1/admin/auth_providers/{name}", json={"oauth2": {"client_secret": self.canaries.make("client secret")}}).status_code == 200
            w.provider = name
            w.connect(user)

        with Walker(self.engine, self.peer, verify=self.verify) as w:  # one by one: a password takes 64 MB and a core to hash
            for user in users("person", 3):
                act(w, user)


@contextlib.contextmanager
def half_a_request(load):
    """A secret that must be in memory: of a request whose end has not come yet."""
    u = urllib.parse.urlsplit(load.engine.url)
    with socket.create_connection((u.hostname, u.port), BOUND) as plain:
        with load.verify.wrap_socket(plain, server_hostname=u.hostname) if load.verify is not True else plain as s:
            s.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\nX: " + load.canaries.make("half a request").encode())
            yield


def users(what, n):
    return [f"{what}-{i}@example.com" for i in range(n)]


def leftovers(load):
    image = Image(load.engine.p.pid, load.folder / "image")
    found = Search(load.canaries.kinds, in_pieces=True).files(load.folder, [image.path])
    return [(kind, spelling, value, image.where(at), image.around(at)) for kind, spelling, value, _, at in found]


def at_rest(load):
    """What is in memory once the calls under way have ended: a revocation or a refresh that still runs holds its token by right."""
    found, end = [], time.monotonic() + 2 * BOUND
    while {kind for kind, *_ in found} != {"half a request"} and time.monotonic() < end:
        found = leftovers(load)
    return found


def told(found):
    counts = collections.Counter((kind, spelling, where.split()[0]) for kind, spelling, _, where, _ in found)
    return "\n".join([str(c) for c in counts.most_common()] + [str(f) for f in found[:40]])


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_after_load_the_memory_says_nothing(binary, tmp_path, tls):
    load = Load(binary, tmp_path, tls)
    try:
        if tls:  # takes a turn of a job: once is enough
            load.due()
        load.consents()
        load.waits()
        load.refreshes()
        load.failures()
        load.ends()
        load.tools()
        load.people()
        if tls:
            load.due_done()
        with half_a_request(load):
            found = at_rest(load)
        figure("bytes of memory searched", os.path.getsize(tmp_path / "image"))
        figure("secrets looked for in memory", len(load.canaries))
        assert {kind for kind, *_ in found} == {"half a request"}, told(found)  # what is there is found, and nothing else is there
        image = (tmp_path / "image").read_bytes()
        assert load.factors and not [f.hex() for f in load.factors if f in image]
    finally:
        load.close()
