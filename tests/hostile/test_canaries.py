# SPDX-License-Identifier: Apache-2.0
"""Canaries in every secret place, then everything the engine says or writes is searched for each of them in every spelling.

One folder lives through everything: set-up, consents, every route with good and bad input, a provider that says back what it was sent,
a full disk, a peer that is gone, a crash, a restart under each log level and format.  What came out is kept by place (an answer's head
and body by method, path and status; a log; a file; a command's output), and each place that must carry a secret stands in MEANT."""
import base64
import collections
import contextlib
import html
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import httpx
import pytest
from canary import Canaries, Search, spellings
from canary_issuer import ECHO, Issuer
from canary_peer import DEFINITION, HANG_UP, Peer, Walker, authority
from canary_tools import ToolServers, person_in_charge, run_tools
from world import BOUND, LONG, Engine, Form, figure, query, until

# (kind of secret, place, why it must be there)
MEANT = [
    ("access token|user info", r"POST /v1(/orgs/.*)?/auth/authorize 200 body", "the answer that carries the token, and what the provider says of its user"),
    ("access token|user info", r"GET /v1(/orgs/.*)?/auth/status 200 body", "the other one"),
    ("connect token", r"POST /v1(/orgs/.*)?/auth/authorize 200 body", "the link to give to the user"),
    ("connect token", r"GET /v1(/orgs/.*)?/auth/status 200 body", "the link to give to the user"),
    ("connect token", r"GET /(connect/~|api/v1/oauth/[\w-]+/callback) \d+ body", "the page's link to try again"),
    ("state", r"GET /connect/~ 303 head", "RFC 6749 section 4.1.1: the provider must send it back"),
    ("browser cookie", r"GET /(connect/~|sign-in|sign-in/oidc/issuer/callback|setup) \d+ head", "the browser's own cookie"),
    ("state|sign-in cookie", r"GET /sign-in/oidc/issuer 303 head", "the issuer must send it back, to the browser that began"),
    ("(session|device) cookie", r"GET /sign-in/oidc/issuer/callback 303 head", "of whoever signed in with it"),
    ("session cookie", r"POST (/sign-in|/setup|/tb/v1/sessions) \d+ head", "the user's own cookie"),
    ("device cookie", r"POST (/sign-in|/setup|/tb/v1/sessions) \d+ head", "the browser's, which has signed in before"),
    ("flow id", r"GET /api/v1/oauth/[\w-]+/callback 303 head", "how the verifier learns which flow it is about"),
    ("API key", r"POST /tb/v1/api_keys 201 body", "shown once"),
    ("API key", r"start \d+ out|key create out", "shown once"),
    ("set-up token", r"start \d+ out", "the address of the first account, shown once"),
    ("CSRF value", r"GET /tb/v1/sessions/current 200 body", "what a page of ours sends along with its writes"),
    ("second factor", r"POST /tb/v1/totp 200 body", "for the app that makes the codes, shown once"),
    ("recovery code", r"(PUT /tb/v1/totp|POST /tb/v1/totp/recovery_codes) 200 body", "shown once"),
    ("invitation", r"POST /tb/v1/invitations 201 body", "the link to give to who is invited"),
    ("header that names no secret", r"(POST|GET) /v1/workers(/remote)? 20[01] body", "a part of the set-up, shown to who may read servers"),
    ("answer of a tool", r"POST /v1/tools/execute 200 body", "what was asked for, and the same once more"),
    ("user info", r"GET /v1/admin/user_connections 200 body|connection (list|show)( by key)? out", "contract 3.2: provider_user_info, for who may read connections"),
    ("sent by the caller", r"[A-Z]+ /.*", "an answer that says back to the caller what he sent"),
]


class Said:
    """All bytes that came out, by place."""

    def __init__(self):
        self.texts = collections.defaultdict(bytearray)

    def add(self, place, text):
        self.texts[place] += (text if isinstance(text, bytes) else text.encode()) + b"\n"

    def answer(self, r):
        """An httpx hook: the last part of a path is left out where it may itself be a secret."""
        body = r.read()
        path = re.sub(r"(?<=/)[^/]{20,}", "~", r.request.url.path)
        place = f"{r.request.method} {path} {r.status_code}"
        self.add(place + " head", b"".join(k + b": " + v + b"\n" for k, v in r.headers.raw))
        self.add(place + " body", body)

    def ran(self, name, p):
        self.add(f"{name} out", p.stdout if isinstance(p.stdout, bytes) else p.stdout or "")
        self.add(f"{name} err", p.stderr if isinstance(p.stderr, bytes) else p.stderr or "")
        return p


class Run:
    def __init__(self, binary, folder):
        self.binary, self.folder, self.said, self.canaries, self.starts = binary, folder, Said(), Canaries(), itertools.count(1)
        self.peer = Peer(folder, self.canaries)
        self.servers, self.issuer = ToolServers(self.peer), Issuer(self.canaries)
        self.peer.also = lambda *asked: self.issuer.answer(*asked) or self.servers.answer(*asked)
        make = self.canaries.make
        self.direct, self.dotenv, self.real, self.filed = (make("client secret") for _ in range(4))
        self.root, self.older = make("root key"), make("root key")
        self.log_env = make("variable nobody asked for")
        (folder / "secret.txt").write_text(self.filed + "\n")
        (folder / ".env").write_text(f"DOTENV_SECRET='{self.dotenv}'\nOTHER={self.log_env}\n")
        self.config = f"""api:
  development: true
{self.peer.network}{DEFINITION}limits: {{body_bytes: 20000}}
security:
  root_keys:
    - {{id: k2, default: true, value: "{self.root}"}}
    - {{id: k1, value: "${{env:OLDER_KEY}}"}}
auth:
  providers:
""" + "".join(f"    - {{id: canary{name}, type: oauth2, provider_id: canary, client_id: app, client_secret: \"{value}\"}}\n" for name, value in (
            ("", self.direct), ("-env", "${env:DOTENV_SECRET}"), ("-real", "${env:REAL_SECRET}"), ("-file", "${file:secret.txt}"))) + self.issuer.config
        self.env = {"REAL_SECRET": self.real, "OLDER_KEY": self.older}
        for line in self.peer.key_file.read_text().splitlines()[1:-1]:
            if len(line) >= 32:
                self.canaries.add("TLS private key", line)
        self.verifier = None

    @contextlib.contextmanager
    def engine(self, level="debug", form="json", verifier="http://127.0.0.1:9/verify", prefix=(), ends=0):
        """One life of the engine on the folder; its log and all it leaves in the folder are kept."""
        n = next(self.starts)
        log = self.folder / "engine.log"
        log.write_bytes(b"")
        engine = Engine(self.binary, self.folder, config=self.config, args=("--log-level", level, "--log-format", form), env=self.env,
                        prefix=prefix, verifier=verifier)
        self.said.add(f"start {n} out", json.dumps(engine.ready))
        if engine.ready["first_run"]:
            self.canaries.add("API key", engine.key)
            self.canaries.add("set-up token", query(engine.ready["setup_url"])["token"])
        try:
            self.hooks = {"event_hooks": {"response": [self.said.answer]}}
            yield engine
            for name in ("cmdline", "environ"):
                with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{engine.p.pid}/{name}", "rb") as f:
                    self.said.add(f"/proc/{name}", f.read())
        finally:
            code = engine.stop()
        assert code == ends, engine.log()[-3000:]
        self.said.add(f"log {n} {level} {form}", log.read_bytes())
        self.files(f"after start {n}")

    def files(self, when):
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name not in ("root.key", "engine.yaml", ".env", "secret.txt", "peer.key", "peer.pem", "engine.log", "key"):
                self.said.add(f"file {path.relative_to(self.folder)} {when}", path.read_bytes())

    def walker(self, engine, provider="canary"):
        return Walker(engine, self.peer, provider, **self.hooks)

    def http(self, engine, **kw):
        return httpx.Client(base_url=engine.url, timeout=BOUND, trust_env=False, **self.hooks, **kw)

    # ---- what is done ----
    def consents(self, engine, what, n=6, providers=("canary", "canary-env", "canary-real", "canary-file")):
        for provider in providers:
            with self.walker(engine, provider) as w:
                for i in range(n):
                    user = f"{what}-{provider}-{i}@example.com"
                    start = w.ask(user)
                    w.app.get("/v1/auth/status", params={"id": start["id"]})
                    w.confirm(user, w.back(w.click(start["url"])))
                    w.token(user)
                    w.app.get("/v1/auth/status", params={"id": start["id"]})

    def refreshes(self, engine, what):
        self.peer.lifetime = 2
        user = f"{what}-refreshed@example.com"
        with self.walker(engine) as w:
            w.connect(user)
            self.peer.lifetime = 3600
            until("a new token", lambda: w.token(user) and self.peer.refreshed(user))

    def echoes(self, engine, what, times=9):
        """The provider says back what it was sent, in every place and spelling it has, and adds tokens to its refusals."""
        turn = itertools.count()

        def spelt(value):
            return [value, base64.b64encode(value.encode()).decode(), value.encode().hex(), "".join(f"%{c:02X}" for c in value.encode()),
                    json.dumps(value)[1:-1].replace("/", "\\/"), html.escape(value), "".join(f"\\u{ord(c):04x}" for c in value)]

        def say(path, form, headers):
            if path == "/authorize":
                return None
            sent = [v for k, v in form.items() if k in ("code", "code_verifier", "client_secret", "refresh_token", "token") and len(v) >= 16]
            sent += [v for v in (headers.get("Authorization", "").split(" ")[-1], self.canaries.make("access token"), self.canaries.make("refresh token")) if v]
            words = " ; ".join(x for v in sent for x in spelt(v))
            n = next(turn) % 9 if path != "/me" else next(turn) % 3  # a 200 of /me is user info, which its readers are shown
            error = {"error": "invalid_grant" if n < 2 else "temporarily_unavailable", "error_description": words[:4000 if n else None]}
            head = {"X-Echo": sent[0], "Set-Cookie": f"s={sent[-1]}", "WWW-Authenticate": f'Bearer error="invalid_token", error_description="{sent[0]}"'}
            return [(400, head, json.dumps(error).encode()), (401, head, json.dumps({**error, "access_token": sent[-1]}).encode()),
                    (500, {**head, "Content-Type": "text/html"}, f"<html><h1>{words}</h1></html>".encode()), (200, head, json.dumps(error)[:-2].encode()),
                    (200, head, json.dumps({"access_token": sent[-2], "token_type": words[:200]}).encode()),
                    (200, {**head, "Content-Type": "application/x-www-form-urlencoded"}, f"error={sent[0]}&error_description={words}".encode()),
                    (302, {**head, "Location": f"https://canary.test/?{sent[0]}"}, b""), (429, {**head, "Retry-After": "1"}, words.encode()),
                    (400, head, json.dumps({"error": sent[0], "error_description": [words], "error_uri": f"https://canary.test/{sent[0]}"}).encode())][n]

        starts = []
        self.peer.say = say
        with self.walker(engine) as w:
            for i in range(times):
                start = w.ask(f"{what}-echo-{i}@example.com")
                w.back(w.click(start["url"]))
                starts.append(start["id"])
            for i in range(3):
                w.back(w.click(w.ask(f"{what}-denied-{i}@example.com")["url"]), error=self.canaries.make("code") if i else "access_denied",
                       error_description=" ; ".join(spelt(self.canaries.make("code"))), code=self.canaries.make("code"))
            self.peer.say = lambda *_: None
            self.peer.lifetime = 2
            users = [f"{what}-soured-{i}@example.com" for i in range(times)]
            for user in users:
                w.connect(user)
            self.peer.lifetime = 3600
            self.peer.say = say
            asked = len(self.peer.seen)
            until("refreshes that are refused", lambda: [w.app.post("/v1/auth/authorize", json=w.body(u)) for u in users] and len(self.peer.seen) >= asked + times)
            self.peer.say = lambda path, form, headers: say(path, form, headers) if path in ("/me", "/revoke") else None
            w.connect(f"{what}-unknown@example.com")
            for row in w.app.get("/v1/admin/user_connections", params={"limit": 100}).json()["items"]:
                if what in row["user_id"] and ("unknown" in row["user_id"] or "soured" in row["user_id"]):
                    w.app.delete(f"/v1/admin/user_connections/{row['id']}")
            self.peer.say = lambda *_: None
            for id in starts:
                w.app.get(f"/tb/v1/authorizations/{id}")

    def people(self, engine, what):
        """Accounts, sign-in right and wrong, the pages, sessions, and the built-in verifier."""
        email, password = f"{what}@example.com", self.canaries.make("password")
        self.said.ran("user add", engine.cli("user", "add", email, "--password-file", "-", "--role", "owner", stdin=password + "\n"))
        with self.http(engine, headers={"Origin": engine.url, "Accept": "text/html"}) as c:
            if "setup_url" in engine.ready:
                c.get(engine.ready["setup_url"])
                c.get("/setup")
            page = c.get("/sign-in")
            form = Form(page.text, engine.url).fields
            c.post("/sign-in", data={**form, "email": email, "password": self.canaries.make("password")})
            assert c.post("/sign-in", data={**form, "email": email, "password": password}).status_code == 303
            self.jar(c)
            for path in ("/dashboard", "/", "/sign-in", "/setup", "/tb/v1/sessions/current", "/tb/v1/accounts", "/tb/v1/events?limit=100", "/tb/v1/members"):
                c.get(path)
            c.post("/tb/v1/sessions", json={"email": email, "password": password})
            self.jar(c)
            c.post("/tb/v1/sessions", json={"email": email, "password": self.canaries.make("password")})
            c.put("/tb/v1/settings", json={"password": self.canaries.make("password")})
            with self.walker(engine) as w:
                start = w.ask(email)
                r = w.back(w.click(start["url"]))
                assert r.status_code == 303
                verify = r.headers["location"]
                self.canaries.add("flow id", query(verify)["flow_id"])
                if verify.startswith(engine.url):
                    for cookie in w.browser.cookies.jar:
                        c.cookies.set(cookie.name, cookie.value)
                    page = c.get(verify)
                    if page.status_code == 200 and "<form" in page.text:
                        c.post(Form(page.text, verify).action, data=Form(page.text, verify).fields)
            person_in_charge(self.canaries, c, engine.url, email, password)
            c.post("/tb/v1/sessions", json={"email": email, "password": password, "code": self.canaries.make("sent by the caller")})
            c.post("/sign-out", data=form)
        with self.http(engine, headers={"Accept": "text/html"}) as c:  # with another issuer: an ID token of somebody else's, a code refused, and in
            assert [self.issuer.visit(c, wrong).status_code for wrong in ("somebody-else", ECHO, None)] == [403, 403, 303]
            self.jar(c)
            assert c.get("/tb/v1/identities").json()["items"][0]["subject"] == "ivy"

    def jar(self, c):
        for cookie in c.cookies.jar:
            self.canaries.add(next((f"{what} cookie" for what in ("session", "device") if f"_{what}" in cookie.name), "browser cookie"), cookie.value)

    def things(self, engine, what):
        """Keys and client secrets by API and command line, and what the commands say."""
        said, files = self.said, self.folder
        with self.walker(engine) as w:
            for i in range(4):
                made = w.app.post("/v1/admin/auth_providers", json={"id": f"{what}-{i}", "provider_id": "canary", "oauth2": {
                    "client_id": "app", "client_secret": self.canaries.make("client secret")}})
                assert made.status_code == 201, made.text
                w.app.patch(f"/v1/admin/auth_providers/{what}-{i}", json={"oauth2": {"client_secret": self.canaries.make("client secret")}})
                w.app.patch(f"/v1/admin/auth_providers/{what}-{i}", json={"oauth2": {"client_secret": [self.canaries.make("client secret")]}})
                w.app.patch(f"/v1/admin/auth_providers/{what}-{i}", json={"oauth2": {"client_secret": self.canaries.make("client secret") * 40}})
                w.app.post("/v1/admin/auth_providers", json={"id": f"{what}-{i}", "provider_id": "canary", "oauth2": {"client_secret": self.canaries.make("client secret")}})
            self.consents(engine, what, 1, [f"{what}-0"])
            for i in range(4):
                self.canaries.add("API key", w.app.post("/tb/v1/api_keys", json={"name": f"{what}-{i}"}).json()["key"])
            w.connect(f"{what}-tools@example.com")
            run_tools(self.servers, w, f"{what}-tools@example.com", repeats=True)
            row = w.app.get("/v1/admin/user_connections").json()["items"][0]["id"]
        made = said.ran("key create", engine.cli("key", "create", f"{what}-cli", "--json"))
        self.canaries.add("API key", json.loads(made.stdout)["key"])
        wrong = self.canaries.make("client secret")
        for argv, stdin in ((("provider", "add", f"{what}-cli", "--type", "canary", "--client-id", "app", "--client-secret-file", "-"), self.canaries.make("client secret") + "\n"),
                            (("provider", "add", f"{what}-cli", "--type", "canary", "--client-id", "app", "--client-secret-file", "-"), self.canaries.make("client secret") + "\n"),
                            (("provider", "add", f"{what}-bad", "--type", "canary", "--client-id", "app", "--client-secret-file", "-"), self.canaries.make("client secret") * 50),
                            (("provider", "set", f"{what}-cli", "--client-secret-file", "-"), self.canaries.make("client secret") + "\n"),
                            (("provider", "set", f"{what}-cli", "--client-secret-file", "-"), self.canaries.make("client secret") * 50),
                            (("provider", "add", "x", "--client-secret", wrong), None), (("provider", "add", "x", f"--client-secret={wrong}"), None),
                            (("user", "add", f"cli-{what}@example.com", "--password-file", "-"), self.canaries.make("password") + "\n"),
                            (("user", "add", f"{what}@example.com", "--password-file", "-"), self.canaries.make("password") + "\n"),
                            (("user", "add", "y@example.com", f"--password={self.canaries.make('password')}"), None),
                            (("key", "list", "--key", self.canaries.make("API key"), "--url", engine.url), None)):
            said.ran(f"{argv[0]} {argv[1]}", engine.cli(*argv, stdin=stdin))
        for argv in (("provider", "list"), ("provider", "show", f"{what}-0"), ("provider", "show", "canary"), ("connection", "list"), ("connection", "show", row),
                     ("key", "list"), ("doctor",), ("version",), ("connection", "show", "uc_none"), ("key", "revoke", "key_none"), ("provider", "remove", f"{what}-1"),
                     ("connection", "delete", row), ("backup", str(files / f"backup-{what}"))):
            said.ran(" ".join(argv[:2]), engine.cli(*argv))
            if argv[0] not in ("backup", "version"):
                said.ran(" ".join(argv[:2]) + " by key", engine.cli(*argv, "--json", key=True))

    def routes(self, engine):
        """Every operation of its own OpenAPI, with good and with bad input, by everybody."""
        spec = httpx.get(engine.url + "/v1/swagger", trust_env=False).json()
        mine = lambda: self.canaries.make("sent by the caller")  # noqa: E731
        calls = 0
        with self.http(engine) as c:
            for path, ops in spec["paths"].items():
                for method in [m for m in ops if m in ("get", "post", "put", "patch", "delete")]:
                    if method == "delete" and path.endswith("/sessions"):
                        continue
                    names = re.findall(r"{(\w+)}", path)
                    for key, fill in ((engine.key, None), (engine.key, mine()), (None, None), (mine(), None)):
                        where = path
                        for name in names:
                            where = where.replace("{%s}" % name, fill.replace("/", "-").replace("+", "-") if fill else "default")
                        head = {"Authorization": f"Bearer {key}"} if key else {}
                        bodies = [None] if method in ("get", "delete") else [
                            {"content": json.dumps({"oauth2": {"client_secret": mine()}, "password": mine(), "flow_id": mine(), "value": mine(), "user_id": "x"}).encode(),
                             "headers": {"Content-Type": "application/json"}},
                            {"content": b'{"user_id": "' + mine().encode(), "headers": {"Content-Type": "application/json"}},
                            {"content": json.dumps([mine()]).encode(), "headers": {"Content-Type": "application/json"}},
                            {"content": json.dumps({"user_id": {"a": mine()}, "flow_id": [mine()], "password": 7, "email": mine()}).encode(), "headers": {"Content-Type": "application/json"}},
                            {"content": b"a=" + mine().encode(), "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
                            {"content": b'{"a":"' + mine().encode() * 600 + b'"}', "headers": {"Content-Type": "application/json"}}]
                        for body in bodies if key == engine.key else bodies[:1]:
                            kw = dict(body or {})
                            kw["headers"] = {**head, **kw.get("headers", {}), "X-Request-Id": "a b " + mine()[:18], "Cookie": f"tb={mine()}"}
                            if method == "get":
                                kw["params"] = {"wait": "0", "limit": mine(), "id": mine()}
                            r = c.request(method.upper(), where, **kw)
                            calls += 1
                            assert r.status_code < 500 or "/health" in where or r.status_code == 503, (method, where, r.status_code, r.text)
                c.request("BREW", path, headers={"Authorization": mine()})
            for path in ("/v1/" + mine(), "/connect/" + mine().replace("/", "-"), "/api/v1/oauth/canary/callback?code=" + mine() + "&state=" + mine(), "/" + mine() * 300):
                c.get(path, headers={"Accept": "text/html"})
                c.get(path)
            c.get("/", headers={"X": mine() * 500})
        figure("calls to every route", calls)

    def raw_errors(self, engine):
        """Requests that are none."""
        import socket
        import urllib.parse

        u = urllib.parse.urlsplit(engine.url)
        mine = self.canaries.make("sent by the caller").encode()
        for text in (b"GET / HTTP/1.1\r\nAuthorization: " + mine + b"\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /" + mine + b" HTTP/9.9\r\n\r\n", mine + b"\r\n\r\n",
                     b"POST /v1/auth/authorize HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nAuthorization: " + mine + b"\r\n\r\n"):
            with socket.create_connection((u.hostname, u.port), BOUND) as s:
                s.sendall(text)
                s.shutdown(socket.SHUT_WR)
                got = b""
                while chunk := s.recv(65536):
                    got += chunk
                self.said.add("GET /raw 400 body", got)

    def peer_gone(self, engine, what):
        """Nobody answers at the provider's address."""
        self.peer.say = lambda *_: HANG_UP
        with self.walker(engine) as w:
            w.back(w.click(w.ask(f"{what}-gone@example.com")["url"]))
        self.peer.say = lambda *_: None

    def full_disk(self):
        """Its folder full, while consents and refreshes go on."""
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "none", self.folder / "data"], capture_output=True).returncode != 0:
            return  # the faults of the disk have tests of their own; here it is one more way to speak
        key = self.folder / "key"
        was = key.read_bytes()
        try:
            with self.engine() as engine, self.walker(engine) as w:
                w.connect("full-0@example.com")
                start, other = w.ask("full-1@example.com"), w.ask("full-2@example.com")
                where = w.click(start["url"])
                with contextlib.suppress(OSError), open(self.folder / "data" / "fill", "wb") as f:
                    while True:
                        f.write(b"x" * 4096)
                w.back(where)
                w.browser.get(other["url"])
                for i in range(4):
                    w.app.post("/tb/v1/api_keys", json={"name": "full"})
                    w.app.post("/v1/auth/authorize", json=w.body(f"full-{i}@example.com"))
                os.unlink(self.folder / "data" / "fill")
        finally:
            subprocess.run(["umount", self.folder / "data"], check=True)
            key.write_bytes(was)  # the store under it is the one with the accounts and grants

    def refused_starts(self):
        """Starts that end with a message, each with a secret near the mistake."""
        make = self.canaries.make
        good = self.config

        def attempt(name, config=good, env=None, argv=(), dotenv=None):
            folder = self.folder / "refused"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            (folder / "engine.yaml").write_text(config)
            (folder / "secret.txt").write_text(make("client secret"))
            if dotenv:
                (folder / ".env").write_text(dotenv)
            for level in ("debug", "error"):
                p = subprocess.run([self.binary, "serve", "--config", "engine.yaml", "--data", str(folder / "data"), "--listen", "127.0.0.1:0", "--log-level", level, *argv],
                                   capture_output=True, timeout=BOUND, cwd=folder, stdin=subprocess.DEVNULL, env={**os.environ, "TOKENBOOTH_DATA": "", **self.env, **(env or {})})
                assert p.returncode != 0, name
                self.said.ran(f"refused: {name}", p)

        full = {"DOTENV_SECRET": make("client secret")}
        attempt("a variable is not set")
        attempt("not YAML", good + f'x: "{make("client secret")}\n', full)
        attempt("a tab", good + f"\tclient_secret: {make('client secret')}\n", full)
        attempt("an unknown key of ours", good + f"network2: {{x: {make('client secret')}}}\nverifier: {{secret: {make('client secret')}}}\n", full)
        attempt("a wrong type", good.replace("client_id: app", f'client_id: {{a: "{make("client secret")}"}}', 1), full)
        attempt("a list for a secret", good.replace(f'client_secret: "{self.direct}"', f'client_secret: ["{make("client secret")}"]'), full)
        attempt("a secret as a number", f"api: {{port: \"{make('client secret')}\"}}\n", full)
        attempt("a secret that is too long", good.replace(self.direct, make("client secret") * 50), full)
        attempt("two root keys of one id", good.replace("id: k1", "id: k2"), full)
        attempt("a short root key", f"security: {{root_keys: [{{id: k, value: {make('root key', '')[:20]}}}]}}\n")
        attempt("a proxy with a password", f"api: {{development: true}}\nnetwork: {{proxy: 'http://user:{make('proxy password', '')}@127.0.0.1:3128'}}\n")
        attempt("a malformed .env", good, dotenv=f"DOTENV_SECRET\n{make('client secret')}\n")
        attempt("a key file that is none", f"tls: {{cert_file: {self.peer.cert_file}, key_file: secret.txt}}\n")
        other = self.folder / "other"
        other.mkdir(exist_ok=True)
        _, wrong = authority(other)
        attempt("a key of another certificate", f"tls: {{cert_file: {self.peer.cert_file}, key_file: {wrong}}}\n")
        attempt("an option that is none", good, full, ("--root-key", make("root key")))
        with_store = self.folder / "wrong-root"
        shutil.rmtree(with_store, ignore_errors=True)
        shutil.copytree(self.folder / "data", with_store, ignore=shutil.ignore_patterns("control.sock", "lock"))
        os.chmod(with_store, 0o700)
        for name, config in (("a wrong root key", good.replace(self.root, make("root key"))), ("a lost root key", "api: {development: true}\n")):
            attempt(name, config, full, ("--data", str(with_store)))
        (with_store / "root.key").write_text(make("root key") + "\n")
        os.chmod(with_store / "root.key", 0o600)
        attempt("a damaged root.key", "api: {development: true}\n", full, ("--data", str(with_store)))

    def crash(self, engine, signal_number):
        os.kill(engine.p.pid, signal_number)
        engine.p.wait(BOUND)


@pytest.fixture(scope="module")
def run(binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("canaries")
    r = Run(binary, folder)
    try:
        everything(r)
        r.search = Search(r.canaries.kinds, in_pieces=True)
        r.found = r.search.texts(folder, r.said.texts)
        yield r
    finally:
        r.peer.close()


UNLIMITED = ("bash", "-c", 'ulimit -c unlimited; exec "$@"', "serve")


def everything(r):
    with r.engine() as engine:
        r.consents(engine, "first")
        r.refreshes(engine, "first")
        r.echoes(engine, "first")
        r.things(engine, "first")
        r.routes(engine)
        r.raw_errors(engine)
        r.peer_gone(engine, "first")
    with r.engine(form="console", verifier=None) as engine:
        r.people(engine, "second")
    for level, form in itertools.product(("debug", "info", "warn", "error"), ("json", "console")):
        with r.engine(level, form) as engine:
            r.consents(engine, f"{level}-{form}", 1, ["canary"])
            r.echoes(engine, f"{level}-{form}", 9 if LONG else 2)
            r.raw_errors(engine)
            r.peer_gone(engine, f"{level}-{form}")
    r.full_disk()
    r.refused_starts()
    for number in (signal.SIGSEGV, signal.SIGABRT):
        with r.engine(prefix=UNLIMITED, ends=-number) as engine:
            r.consents(engine, number.name, 2, ["canary"])
            r.crash(engine, number)
    return r


def not_meant(found):
    return [f for f in found if not any(re.fullmatch(kind, f[0]) and re.fullmatch(place, f[3]) for kind, place, _ in MEANT)]


def told(found, texts):
    counts = collections.Counter((kind, spelling, place) for kind, spelling, _, place, _ in found)
    return "\n".join([str(c) for c in counts.most_common(40)] + [f"{k} {p}: {bytes(texts[p][max(0, at - 80):at + 80])!r}" for k, _, _, p, at in found[:30]])


def test_nothing_that_came_out_holds_a_secret(run):
    found = not_meant(run.found)
    figure("canaries", len(run.canaries))
    figure("places searched", len(run.said.texts))
    figure("bytes searched", sum(map(len, run.said.texts.values())))
    assert not found, told(found, run.said.texts)


def test_every_secret_place_has_canaries(run):
    kinds = collections.Counter(run.canaries.kinds.values())
    assert len(run.canaries) >= 500, kinds
    for kind in ("access token", "refresh token", "id token", "webhook token", "user info", "code", "verifier", "state", "flow id", "connect token", "client secret",
                 "root key", "API key", "password", "session cookie", "device cookie", "browser cookie", "set-up token", "TLS private key", "proxy password",
                 "CSRF value", "second factor", "recovery code", "invitation", "tool secret", "worker secret", "token for a worker", "header of a remote server",
                 "header that names no secret", "session at an MCP server", "answer of a tool", "Idempotency-Key", "sign-in cookie"):
        assert kinds[kind] > 0, (kind, kinds)


@pytest.mark.parametrize("spelling", ["clear", "base64", "hex", "percent", "json", "html"])
def test_the_search_finds_what_is_planted(run, spelling):
    """Of each kind one, in each spelling, put into the middle of what came out."""
    one = {kind: value for value, kind in run.canaries.kinds.items()}
    texts = dict(run.said.texts)
    log = next(place for place in texts if place.startswith("log 1 "))
    for kind, value in one.items():
        for form in spellings(value)[spelling]:
            texts[log] = bytes(texts[log][:1000]) + b" x" + form + b"x " + bytes(texts[log][1000:])
    found = {f[0] for f in not_meant(Search({value: kind for kind, value in one.items()}).texts(run.folder, {log: texts[log]}))}
    assert found >= {kind for kind, value in one.items() if spellings(value)[spelling]}


def test_no_exception_is_idle(run):
    """A place that carries nothing any more must not stay allowed."""
    for kind, place, why in MEANT:
        assert any(re.fullmatch(kind, f[0]) and re.fullmatch(place, f[3]) for f in run.found), (kind, place, why)


def test_the_provider_gets_secrets_in_bodies_and_authorization_only(run):
    asked = {f"{method} head {i}": (path + "".join(f"\n{k}: {v}" for k, v in headers.items() if k.lower() != "authorization")).encode()
             for i, (method, path, headers, _) in enumerate(run.peer.seen) if path != "/mcp"}  # a remote server is sent its headers
    assert len(asked) > 100
    found = run.search.texts(run.folder, asked)
    assert not found, found[:5]


def test_a_crash_leaves_no_core(run):
    """The same folder, limit and signal do leave one of a process that allows it, where the system writes cores to files."""
    pattern = open("/proc/sys/kernel/core_pattern").read().strip()
    before = set(run.folder.rglob("*core*"))
    assert not [p for p in before if p.is_file() and p.name.startswith("core")], before
    if pattern.startswith("|"):
        return  # a program gets them: RLIMIT_CORE and PR_SET_DUMPABLE are looked at in tests/flow/test_attacks.py
    control = subprocess.run([*UNLIMITED, sys.executable, "-c", "import os; os.abort()"], cwd=run.folder, capture_output=True)
    assert control.returncode == -signal.SIGABRT
    if pattern == "core":
        cores = [p for p in run.folder.iterdir() if p.name.startswith("core")]
        assert cores, "the control left no core: this machine cannot prove it"
        for p in cores:
            p.unlink()
