# SPDX-License-Identifier: Apache-2.0
"""Processes and helpers the flow tests stand on.  Nothing here sleeps to wait: conditions are polled with a bound."""
import itertools
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

import httpx

BOUND = 30.0  # seconds any single wait may take before the test fails
START = 120.0  # and the start of a process, which may have to load large packages

for _phase in ("connect", "read", "write", "pool"):  # a request that names no time waits as long as everything else here, not httpx's 5 s
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, _phase, BOUND)


PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # for http on loopback: reading the system's certificates for each client takes long


def until(what, check, bound=BOUND):
    """Polls check() until it is true; fails by name when the bound is over."""
    end = time.monotonic() + bound
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {bound} s for {what}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


LONG = bool(os.environ.get("TB_LONG"))  # ./test --long: the whole of a run that is shortened otherwise


def figure(name, value):
    """A measured figure, for people: printed, and kept where the step says.  Nothing is asserted of it here."""
    line = f"{name}: {value}"
    print(line)
    if os.environ.get("TB_FIGURES"):
        with open(os.environ["TB_FIGURES"], "a", encoding="utf-8") as f:
            f.write(line + "\n")


class Process:
    """A child that says it is ready with one JSON line on stdout; its stderr is kept for the tests to search."""

    def __init__(self, argv, log, env=None, cwd=None):
        self.log_path = log
        self._log = open(log, "ab")
        self.p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=self._log, stdin=subprocess.DEVNULL,
                                  env={**os.environ, **(env or {})}, cwd=cwd)
        line = self._first_line()
        assert line, f"{argv[0]} {argv[1]} ended ({self.p.wait()}; -9: was not ready within {START} s) before it was ready:\n{self.log()}"
        self.ready = json.loads(line)
        self._drain = threading.Thread(target=self.p.stdout.read, daemon=True)
        self._drain.start()

    def _first_line(self):
        timer = threading.Timer(START, self.p.kill)
        timer.start()
        try:
            return self.p.stdout.readline()
        finally:
            timer.cancel()

    def log(self):
        if not self._log.closed:
            self._log.flush()
        with open(self.log_path, "rb") as f:
            return f.read().decode("utf-8", "replace")

    def stop(self, sig=signal.SIGTERM):
        if self.p.poll() is None:
            self.p.send_signal(sig)
        try:
            code = self.p.wait(BOUND)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
            raise AssertionError(f"did not stop in {BOUND} s after signal {sig}:\n{self.log()[-4000:]}")
        finally:
            self._log.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        code = self.stop()
        if exc[0] is None:
            assert code == 0, f"exit status {code}:\n{self.log()[-6000:]}"


class Simulator(Process):
    """tokenbooth simulate PROVIDER…, and its control address."""

    CLIENT_ID, CLIENT_SECRET = "1199990000000000001", "sim-client-secret-c0ffee"

    def __init__(self, binary, folder, providers=("discord",), plain=False, apps=()):
        self.folder = folder
        argv = [binary, "simulate", *providers, "--listen", "127.0.0.1:0", "--json"]
        argv += ["--plain"] if plain else ["--ca-dir", str(folder / "ca")]
        for app in apps:
            argv += ["--app", ":".join(app)]
        super().__init__(argv, folder / "sim.log")
        self._people = itertools.count(1)
        self.control = httpx.Client(base_url=self.ready["control"], timeout=BOUND, trust_env=False, verify=PLAIN)

    def app(self, redirect_uri, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, provider=None):
        r = self.control.post("/apps", json={"client_id": client_id, "client_secret": client_secret, "redirect_uri": redirect_uri, **({"provider": provider} if provider else {})})
        assert r.status_code == 200, r.text

    def person(self):
        """A user of the provider who never consented to anything: Discord remembers what was granted before."""
        n = next(self._people)
        name = f"person-{n}"
        r = self.control.post("/users", json={"name": name, "id": str(90000000000000000 + n), "username": name, "global_name": None, "discriminator": "0",
                                              "avatar": None, "email": f"{name}@example.com", "verified": True, "guilds": []})
        assert r.status_code == 200, r.text
        return name

    def api(self, token=None):
        """A client of the provider's API, through the proxy, as an app would have it."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(proxy=self.ready["proxy"], verify=tls(self.ready["ca_file"]), headers={"User-Agent": "DiscordBot (http://localhost, 1)", **headers},
                            timeout=BOUND, trust_env=False)

    def calls(self, **match):
        """What was called so far: [{method, host, path, status, client_id, grant_type, …}]."""
        items = self.control.get("/calls").json()["items"]
        return [c for c in items if all(c.get(k) == v for k, v in match.items())]

    def fault(self, **knobs):
        r = self.control.post("/faults", json=knobs)
        assert r.status_code == 200, r.text

    def clear(self):
        assert self.control.delete("/faults").status_code == 200

    def __exit__(self, *exc):
        self.control.close()
        super().__exit__(*exc)


def tls(ca_file):
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def certificate(folder):
    """Makes tls.pem and tls.key for this machine's loopback; returns the file to trust."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "tls.key", "-out", "tls.pem"], cwd=folder, check=True,
                   capture_output=True, timeout=BOUND)
    return str(folder / "tls.pem")


class Engine(Process):
    """tokenbooth serve on a folder of its own."""

    def __init__(self, binary, folder, simulator=None, config="", args=(), env=None, prefix=(), verifier="http://127.0.0.1:9/verify"):
        self.binary, self.folder, self.simulator, self.args = binary, folder, simulator, list(args)
        self.data = folder / "data"
        self.config = folder / "engine.yaml"
        text = "api:\n  development: true\n" if "api:" not in config else ""
        if simulator is not None:
            text += "network:\n  connect_to: %s\n  ca_file: %s\n" % (json.dumps(simulator.ready["connect_to"]), simulator.ready["ca_file"])
        if verifier:
            text += f"verifier:\n  url: {verifier}\n"
        self.config.write_text(text + config)
        listen = "127.0.0.1:0" if not any(a == "--listen" for a in self.args) else None
        argv = [*prefix, binary, "serve", "--json", "--config", str(self.config), "--data", str(self.data)]
        argv += (["--listen", listen] if listen else []) + self.args
        super().__init__(argv, folder / "engine.log", env={"TOKENBOOTH_DATA": "", **(env or {})}, cwd=folder)
        self.url = self.ready["url"]
        key_file = folder / "key"
        if "api_key" in self.ready:
            key_file.write_text(self.ready["api_key"])
        self.key = key_file.read_text() if key_file.exists() else None

    def client(self, key=None, **kw):
        headers = {"Authorization": key if key is not None else self.key}
        return httpx.Client(base_url=self.url, headers={k: v for k, v in headers.items() if v}, timeout=70, trust_env=False, **{"verify": PLAIN, **kw})

    def add_discord(self, id="my-discord", **over):
        body = {"id": id, "provider_id": "discord", "description": "Discord, simulated",
                "oauth2": {"client_id": Simulator.CLIENT_ID, "client_secret": Simulator.CLIENT_SECRET}, **over}
        with self.client() as c:
            r = c.post("/v1/admin/auth_providers", json=body)
        assert r.status_code == 201, r.text
        provider = r.json()
        if self.simulator is not None:
            self.simulator.app(provider["oauth2"]["redirect_uri"], body["oauth2"]["client_id"], body["oauth2"]["client_secret"])
        return provider

    def cli(self, *argv, key=False, stdin=None, env=None):
        """Runs another command on the same folder (over the control socket), or over the network with the key."""
        extra = ["--url", self.url] if key else ["--data", str(self.data)]
        e = {**os.environ, **(env or {})}
        if key:
            e["ARCADE_API_KEY"] = self.key
        return subprocess.run([self.binary, *argv, *extra], capture_output=True, text=True, input=stdin, timeout=BOUND * 2, env=e)


class Browser:
    """A browser's legs without a screen: cookies, redirects by hand, forms.  The provider is reached through the simulator's proxy."""

    def __init__(self, simulator=None, verify=PLAIN):
        self.cookies = httpx.Cookies()
        self.direct = httpx.Client(timeout=BOUND, trust_env=False, cookies=self.cookies, verify=verify)
        self.proxied = httpx.Client(timeout=BOUND, trust_env=False, cookies=self.cookies, proxy=simulator.ready["proxy"],
                                    verify=tls(simulator.ready["ca_file"])) if simulator else self.direct

    def _client(self, url):
        host = urllib.parse.urlsplit(url).hostname
        return self.direct if host in ("127.0.0.1", "localhost", "::1") else self.proxied

    def get(self, url):
        return self._client(url).get(url, headers={"Accept": "text/html"})

    def post(self, url, form):
        return self._client(url).post(url, data=form, headers={"Accept": "text/html", "Origin": origin(url)})

    def to_provider(self, url):
        """Opens the engine's link; returns the provider's authorize URL it leads to."""
        r = self.get(url)
        assert r.status_code == 303, (r.status_code, r.text[:2000])
        return r.headers["location"]

    def consent(self, authorize_url, user="alice", decision="allow", scopes=None):
        """Agrees (or not) on the simulator's consent page as one of its users; returns the callback URL."""
        page = self.get(authorize_url)
        assert page.status_code == 200, (page.status_code, page.text[:2000])
        form = Form(page.text, authorize_url)
        form.fields["user"] = user
        form.fields["decision"] = decision
        if scopes is not None:
            form.fields["scope"] = " ".join(scopes)
        r = self.post(form.action, form.fields)
        assert r.status_code in (302, 303), (r.status_code, r.text[:2000])
        return r.headers["location"]

    def callback(self, url):
        """The provider's redirect back to the engine; returns the response (303 to the verifier when all is well)."""
        return self.get(url)

    def flow_id(self, link, user="alice", **kw):
        """The whole way to the custom verifier; returns the flow_id it was handed."""
        r = self.callback(self.consent(self.to_provider(link), user, **kw))
        assert r.status_code == 303, (r.status_code, r.text[:2000])
        return query(r.headers["location"])["flow_id"]

    def close(self):
        self.direct.close()
        if self.proxied is not self.direct:
            self.proxied.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


class Form:
    """The first form of a page: where it goes and what it would send."""

    def __init__(self, html, base):
        from html.parser import HTMLParser

        form = self

        class P(HTMLParser):
            inside = False

            def handle_starttag(self, tag, attrs):
                a = dict(attrs)
                if tag == "form" and form.action is None:
                    self.inside, form.action = True, urllib.parse.urljoin(base, a.get("action") or base)
                elif self.inside and tag == "input" and a.get("name") and a.get("type") not in ("submit", "radio", "checkbox"):
                    form.fields[a["name"]] = a.get("value", "")

            def handle_endtag(self, tag):
                if tag == "form":
                    self.inside = False

        self.action, self.fields = None, {}
        P().feed(html)
        assert self.action, f"no form on the page:\n{html[:2000]}"


def query(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def origin(url):
    u = urllib.parse.urlsplit(url)
    return f"{u.scheme}://{u.netloc}"
