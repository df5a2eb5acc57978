# SPDX-License-Identifier: Apache-2.0
"""A provider of our own behind TLS, whose every code, token and word is a canary, and somebody who goes through its consent."""
import base64
import datetime
import http.server
import ipaddress
import json
import ssl
import threading
import urllib.parse

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from world import BOUND, query

HOST = "canary.test"
HANG_UP = object()  # an answer: none


def authority(folder, names=(HOST,)):
    """A certificate that vouches for itself: (certificate file, key file)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.datetime.now(datetime.timezone.utc)
    alt = [x509.DNSName(n) for n in names] + [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=2)).not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(alt), critical=False).sign(key, hashes.SHA256()))
    cert_file, key_file = folder / "peer.pem", folder / "peer.key"
    cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    key_file.chmod(0o600)
    return cert_file, key_file


class Peer:
    """The provider.  `say(path, form, headers)` may answer in its place: (status, headers, body) or None; `also(path, headers, body)`
    answers what is not a provider's."""

    def __init__(self, folder, canaries, lifetime=3600):
        self.canaries, self.lifetime, self.say = canaries, lifetime, lambda path, form, headers: None
        self.also = lambda path, headers, body: None
        self.cert_file, self.key_file = authority(folder)
        self.seen, self.tokens, self.lock = [], {}, threading.Lock()
        self.codes, self.renewed = {}, []  # code -> user; users whose tokens were refreshed
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                peer.serve(self)

            do_POST = do_DELETE = do_GET

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert_file, self.key_file)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def network(self):
        return f"network:\n  connect_to: [\"{HOST}:443:127.0.0.1:{self.port}\"]\n  ca_file: {self.cert_file}\n"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, h):
        body = h.rfile.read(int(h.headers.get("Content-Length") or 0))
        form = query("http://x/?" + body.decode("utf-8", "replace"))
        with self.lock:
            self.seen.append((h.command, h.path, dict(h.headers), body))
        self.note(form)
        said = self.also(h.path, h.headers, body) or self.say(h.path, form, h.headers) or self.answer(h.path, form, h.headers)
        if said is HANG_UP:
            h.close_connection = True
            return
        status, headers, answer = said
        h.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            h.send_header(name, value)
        h.send_header("Content-Length", str(len(answer)))
        h.end_headers()
        h.wfile.write(answer)

    def note(self, form):
        for name, kind in (("code_verifier", "verifier"), ("client_secret", "client secret"), ("code", "code")):
            if len(form.get(name, "")) >= 16:
                self.canaries.add(kind, form[name])

    def code(self, user):
        code = self.canaries.make("code")
        self.codes[code] = user
        return code

    def answer(self, path, form, headers):
        if path == "/token":
            return self.give(form)
        if path == "/me":
            who = base64.urlsafe_b64encode(headers.get("Authorization", "").encode())[-24:].decode()
            return 200, {}, json.dumps({"id": who, "name": "Somebody", "secret_note": self.canaries.make("user info")}).encode()
        if path == "/revoke":
            return 200, {}, b"{}"
        return 404, {}, b"{}"

    def give(self, form):
        refresh = form.get("refresh_token")
        user = self.tokens.pop(refresh, None) if refresh else self.codes.get(form["code"])
        if user is None:
            return 400, {}, b'{"error":"invalid_grant"}'
        claims = base64.urlsafe_b64encode(json.dumps({"sub": "somebody"}).encode()).rstrip(b"=").decode()
        identity = self.canaries.add("id token", f"eyJhbGciOiJub25lIn0.{claims}.{self.canaries.make('id token', '')}")
        pair = {"access_token": self.canaries.make("access token"), "refresh_token": self.canaries.make("refresh token"), "id_token": identity,
                "token_type": "Bearer", "expires_in": self.lifetime, "scope": "read", "webhook": {"id": "1", "token": self.canaries.make("webhook token")}}
        with self.lock:
            self.tokens[pair["refresh_token"]] = user
            self.renewed += [user] if refresh else []
        return 200, {}, json.dumps(pair).encode()

    def refreshed(self, what):
        with self.lock:
            return len({u for u in self.renewed if u.startswith(what)})


DEFINITION = f"""provider_definitions:
  canary:
    name: Canary
    authorize: {{url: "https://{HOST}/authorize"}}
    token: {{url: "https://{HOST}/token", auth: [basic, post]}}
    refresh: {{rotates: yes}}
    answer: {{store: {{webhook.id: $.webhook.id}}}}
    user_info: {{url: "https://{HOST}/me"}}
    identity: [{{from: user_info, id: "{{{{user.id}}}}", name: "{{{{user.name}}}}"}}]
    revoke: {{url: "https://{HOST}/revoke", ends: token}}
"""


class Walker:
    """An app and its user's browser in one, over connections kept alive; every secret that passes through its hands becomes a canary."""

    def __init__(self, engine, peer, provider="canary", verify=True, **kw):
        self.engine, self.peer, self.canaries, self.provider, self.user = engine, peer, peer.canaries, provider, None
        self.app = engine.client(verify=verify, **kw)
        self.browser = httpx.Client(timeout=BOUND, trust_env=False, verify=verify, **kw)

    def close(self):
        self.app.close()
        self.browser.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def body(self, user):
        return {"auth_requirement": {"id": self.provider, "oauth2": {"scopes": ["read"]}}, "user_id": user}

    def ask(self, user):
        self.user = user
        r = self.app.post("/v1/auth/authorize", json=self.body(user))
        assert r.status_code == 200, r.text
        return r.json()

    def click(self, link):
        """To the provider: its authorize address."""
        self.canaries.add("connect token", link.rsplit("/", 1)[1])
        self.browser.cookies.clear()
        r = self.browser.get(link)
        assert r.status_code == 303, (r.status_code, r.text[:400])
        for c in self.browser.cookies.jar:
            self.canaries.add("browser cookie", c.value)
        self.canaries.add("state", query(r.headers["location"])["state"])
        return r.headers["location"]

    def back(self, where, **more):
        """From the provider: the callback's answer."""
        q = query(where)
        answer = more or {"code": self.peer.code(self.user)}
        return self.browser.get(q["redirect_uri"] + "?" + urllib.parse.urlencode({"state": q["state"], **answer}))

    def connect(self, user):
        self.confirm(user, self.back(self.click(self.ask(user)["url"])))
        return self.token(user)

    def confirm(self, user, r):
        """From the callback's answer to the grant."""
        assert r.status_code == 303, (r.status_code, r.text[:2000])
        flow = self.canaries.add("flow id", query(r.headers["location"])["flow_id"])
        r = self.app.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": user})
        assert r.status_code == 200, r.text

    def token(self, user):
        answer = self.ask(user)
        assert answer["status"] == "completed", answer
        assert answer["context"]["token"] in self.canaries.kinds
        return answer["context"]["token"]
