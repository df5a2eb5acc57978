# SPDX-License-Identifier: Apache-2.0
"""What is wrong before a single byte is sent: a name server that never answers, names and notations that lead into our own network,
TLS that cannot be trusted.  Nothing is spent, nothing leaves, the step says so, others are served meanwhile."""
import datetime
import itertools
import json
import shutil
import socket
import subprocess
import threading

import pytest

from hostile import SECRET, Attempt, at_once, definition, instance, result
from peer import Peer, answer, server_tls
from world import Engine, until

DOWN, CONFIG = "provider_unavailable", "provider_misconfigured"
GOOD = answer(200, {"access_token": "good", "token_type": "Bearer", "expires_in": 3600})


# ---- a world of its own: /etc/hosts and /etc/resolv.conf of this test, for the engine alone ----
NAMES = {"loopback.example": "127.0.0.1", "loopback6.example": "::1", "mapped.example": "::ffff:127.0.0.1", "private.example": "10.1.2.3",
         "metadata.example": "169.254.169.254", "cgnat.example": "100.64.0.1", "ula.example": "fd00:ec2::254", "linklocal.example": "fe80::1",
         "any.example": "0.0.0.0", "nat64.example": "64:ff9b::7f00:1", "sixtofour.example": "2002:7f00:1::", "azure.example": "168.63.129.16",
         "broadcast.example": "255.255.255.255", "multicast.example": "224.0.0.1"}
SERVER = "127.0.0.77"  # a loopback address of our own: port 53 of 127.0.0.1 may be somebody's


def namespace():
    """How to run a command in a mount namespace; None: not to be had here."""
    for argv in (["unshare", "-m"], ["unshare", "-rm"]):
        if shutil.which("unshare") and subprocess.run([*argv, "sh", "-c", "mount --bind /etc/hostname /etc/hostname"], capture_output=True).returncode == 0:
            return argv
    return None


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """Engine prefix that gives it our hosts file and a name server that swallows everything."""
    ns = namespace()
    if ns is None:
        pytest.skip("no mount namespace to be had here")
    swallow = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        swallow.bind((SERVER, 53))
    except OSError as e:
        pytest.skip(f"no socket on port 53 to be had here: {e}")
    asked = []

    def drain():
        while True:
            try:
                asked.append(swallow.recv(4096))
            except OSError:
                return
    threading.Thread(target=drain, daemon=True).start()
    d = tmp_path_factory.mktemp("etc")
    (d / "hosts").write_text("127.0.0.1 localhost\n" + "".join(f"{a} {n}\n" for n, a in NAMES.items()))
    (d / "resolv.conf").write_text(f"nameserver {SERVER}\noptions timeout:30 attempts:1\n")
    script = f'mount --bind {d}/hosts /etc/hosts && mount --bind {d}/resolv.conf "$(readlink -f /etc/resolv.conf)" && exec "$@"'
    yield (*ns, "sh", "-c", script, "sh"), asked
    swallow.close()


# ---- names and notations ----
NOTATIONS = ["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
             "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "localhost", "localhost.", "LOCALHOST", "a.localhost", "0", "0.0.0.0", "[::]", "10.0.0.1", "0xa.1",
             "167772161", "172.16.0.1", "192.168.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "100.64.0.1",
             "100.100.100.200", "[fe80::1]", "[fc00::1]", "[ff02::1]", "168.63.129.16", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "%31%32%37.0.0.1",
             "127。0。0。1", "①②⑦.⓪.⓪.①"]
# every URL of a definition that the engine itself calls
CALLED = ["token", "refresh", "exchange", "user_info", "introspect", "lookup", "revoke"]


class Listener:
    """Whoever comes was not stopped."""

    def __init__(self):
        self.seen, self.sockets = [], []
        first = socket.create_server(("0.0.0.0", 0))
        self.port = first.getsockname()[1]
        self.sockets.append(first)
        if socket.has_ipv6:
            six = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            six.bind(("::", self.port))
            six.listen()
            self.sockets.append(six)
        for s in self.sockets:
            threading.Thread(target=self._run, args=(s,), daemon=True).start()

    def _run(self, s):
        while True:
            try:
                c, who = s.accept()
            except OSError:
                return
            self.seen.append(who)
            c.close()

    def close(self):
        for s in self.sockets:
            s.close()


def certificate(folder, name, names, ca=None, days=(-1, 30)):
    """(certificate file, key file) signed by `ca`, or by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer, signer = (subject, key) if ca is None else (ca[0].subject, ca[1])
    build = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key()).serial_number(x509.random_serial_number())
             .not_valid_before(now + datetime.timedelta(days=days[0])).not_valid_after(now + datetime.timedelta(days=days[1]))
             .add_extension(x509.BasicConstraints(ca is None, None), critical=True)
             .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False))
    cert = build.sign(signer, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return cert, key, str(folder / f"{name}.pem"), str(folder / f"{name}.key")


def inward(where, url, good):
    """A definition that is sound but for one address."""
    calls = {k: {"url": f"{good}/{k}"} for k in ("token",)}
    more = {"token": calls["token"], "refresh": {}, "authorize": {"url": "https://public.example/authorize"}, "name": "Inward"}
    if where in ("token", "refresh"):
        more[where] = {**more[where], "url": url}
    elif where == "lookup":
        more["lookup"] = [{"url": url, "rows": "$.list", "store": {"id": "$.id"}}]
    elif where == "user_info":
        more |= {"user_info": {"url": url}, "identity": [{"from": "user_info", "id": "{{user.id}}"}]}
    elif where == "exchange":
        more["exchange"] = {"url": url, "on": ["grant"]}
    elif where == "introspect":
        more["introspect"] = {"url": url, "on": ["grant"]}
    else:
        more["revoke"] = {"url": url, "ends": "token"}
    return more


STEP = {"token": "code_exchange", "refresh": "refresh", "exchange": "token_swap", "user_info": "user_info", "introspect": "introspection", "lookup": "lookup", "revoke": "revoke"}


PLACES = [("token", name) for name in NAMES] + [(where, name) for where in CALLED[1:] for name in ("loopback.example", "mapped.example", "metadata.example")]


@pytest.fixture(scope="module")
def fortress(binary, names, tmp_path_factory):
    """An engine that is not in development.  Its providers are sound but for one address each; the sound ones are reached by connect_to."""
    folder = tmp_path_factory.mktemp("fortress")
    ca = certificate(folder, "ca", [])
    _, _, cert, key = certificate(folder, "good", ["good.example"], ca)
    listener = Listener()
    with Peer(server_tls(cert, key)) as peer:
        count = itertools.count()  # each its own: a token that another connection holds is not revoked

        def token(c, request):
            n = next(count)
            return answer(200, {"access_token": f"good-{n}", "token_type": "Bearer", "expires_in": 4, "refresh_token": f"again-{n}"})(c, request)

        peer.rules["/token"] = token
        kinds = {f"{where}-{name}": inward(where, f"https://{name}:{listener.port}/x", "https://good.example") for where, name in PLACES}
        config = f"api: {{}}\nnetwork:\n  connect_to: ['good.example:443:127.0.0.1:{peer.port}']\n  ca_file: {ca[2]}\nprovider_definitions: {json.dumps(kinds)}\n"
        with Engine(binary, folder, config=config, prefix=names[0]) as engine:
            for id in kinds:
                instance(engine, id, id)
            rows = at_once(lambda item: drive(engine, *item[0]), [(p,) for p in PLACES], 24)
            yield dict(rows=rows, listener=listener, engine=engine)
    listener.close()


def drive(engine, where, name):
    a = Attempt(engine, f"{where}-{name}", f"{where}-{name}@example.com")
    if where == "token":
        assert a.back(code="secret-code").status_code == 400
    else:
        a.connect()
    if where == "refresh":
        return a.first("refresh", ("failed",))
    if where == "revoke":
        with engine.client() as api:
            connection = api.get("/v1/admin/user_connections", params={"user_id": a.user}).json()["items"][0]
            assert api.delete(f"/v1/admin/user_connections/{connection['id']}").headers["tokenbooth-revocation"] == "queued"
    return until(f"{where} to {name}", lambda: next((e for e in a.events(STEP[where]) if e["outcome"] == "failed"), None))


@pytest.mark.parametrize("where,name", PLACES, ids=[" ".join(p) for p in PLACES])
def test_a_name_that_resolves_into_our_own_network_is_not_called(fortress, where, name):
    event = result(fortress["rows"], (where, name))
    assert event["data"]["result"] == "not_sent" and event["reason"] == DOWN and event["cause"] and event["fix"], event
    assert "guard" in event["data"]["detail"], event
    assert fortress["listener"].seen == []


@pytest.mark.parametrize("where", NOTATIONS)
def test_no_notation_of_an_inner_address_is_called(fortress, where):
    """Refused when it is given, or when it is called."""
    engine, port = fortress["engine"], fortress["listener"].port
    with engine.client() as api:
        for scheme in ("https", "http"):
            r = api.post("/v1/admin/auth_providers", json={"id": "notation", "oauth2": {
                "client_id": "x", "client_secret": SECRET, "authorize_request": {"endpoint": "https://public.example/authorize"},
                "token_request": {"endpoint": f"{scheme}://{where}:{port}/token"}}})
            if r.status_code == 400:
                continue
            assert r.status_code == 201, r.text
            try:
                a = Attempt(engine, "notation", "notation@example.com")
                a.back(code="secret-code")
                event = next(e for e in a.events("code_exchange") if e["outcome"] == "failed")
                assert event["data"]["result"] in ("not_sent", "config") and event["reason"] in (DOWN, CONFIG), event
            finally:
                assert api.delete("/v1/admin/auth_providers/notation").status_code == 200
    assert fortress["listener"].seen == []


# ---- a name server that never answers ----
def test_a_name_server_that_never_answers_keeps_nobody_else_waiting(binary, names, tmp_path):
    prefix, asked = names
    with Peer() as peer:
        peer.rules["/token"] = answer(200, {"access_token": "calm-token", "token_type": "Bearer", "expires_in": 3600})
        lost = {**definition(peer), "token": {"url": "https://nowhere.invalid/token", "auth": ["post"]}}
        config = f"provider_definitions: {json.dumps({'lost': lost, 'calm': definition(peer)})}\n"
        with Engine(binary, tmp_path, config=config, prefix=prefix) as engine:
            for k in ("lost", "calm"):
                instance(engine, k, k)
            waiting = [Attempt(engine, "lost", f"lost-{i}@example.com") for i in range(8)]
            threads = [threading.Thread(target=a.back, kwargs={"code": "a-code"}) for a in waiting]
            for t in threads:
                t.start()
            until("the name to be asked for", lambda: len(asked) > 0)
            served, calm = 0, None
            while any(t.is_alive() for t in threads):  # whole flows of others, and reads, go on all the while
                if served < 200:  # an address may click 600 times at once, and a quick machine would
                    if calm is not None:
                        calm.close()
                    calm = Attempt(engine, "calm", f"calm-{served}@example.com")
                    calm.connect()
                    served += 1
                assert calm.authorize().json()["context"]["token"] == "calm-token"
            assert served >= 5, served
            for a in waiting:
                event = next(e for e in a.events("code_exchange") if e["outcome"] == "failed")
                assert event["reason"] == DOWN and event["data"]["result"] == "not_sent", event
                assert a.shown()["status"] == "pending"


# ---- TLS ----
def test_tls_that_cannot_be_trusted_is_sent_nothing(binary, tmp_path):
    """Wrong name, over, not yet, signed by somebody else, by itself, plain HTTP on the port: the code and the secret stay here."""
    ca, other = certificate(tmp_path, "ca", []), certificate(tmp_path, "other-ca", [])
    faults = {
        "wrong-name": certificate(tmp_path, "wrong-name", ["another.example"], ca),
        "over": certificate(tmp_path, "over", ["over.example"], ca, (-30, -1)),
        "not-yet": certificate(tmp_path, "not-yet", ["not-yet.example"], ca, (1, 30)),
        "untrusted": certificate(tmp_path, "untrusted", ["untrusted.example"], other),
        "self-signed": certificate(tmp_path, "self-signed", ["self-signed.example"]),
    }
    peers = {k: Peer(server_tls(c[2], c[3])) for k, c in faults.items()} | {"plain": Peer()}
    good = certificate(tmp_path, "good", ["good.example"], ca)
    peers["good"] = Peer(server_tls(good[2], good[3]))
    for p in peers.values():
        p.rules["/token"] = GOOD
    kinds = {k: {"name": k, "authorize": {"url": f"https://{k}.example/authorize"}, "token": {"url": f"https://{k}.example/token", "auth": ["post"]}} for k in peers}
    to = [f"{k}.example:443:127.0.0.1:{p.port}" for k, p in peers.items()]
    config = f"network:\n  connect_to: {json.dumps(to)}\n  ca_file: {ca[2]}\nprovider_definitions: {json.dumps(kinds)}\n"
    with Engine(binary, tmp_path, config="api:\n  development: true\n" + config) as engine:
        for k in kinds:
            instance(engine, k, k)
        for k in kinds:
            a = Attempt(engine, k, f"{k}@example.com")
            if k == "good":
                a.connect()
                continue
            assert a.back(code="secret-code").status_code == 400
            event = next(e for e in a.events("code_exchange") if e["outcome"] == "failed")
            assert event["reason"] == DOWN and event["data"]["result"] == "not_sent" and event["data"]["detail"], (k, event)
            assert peers[k].calls == [], (k, peers[k].calls)
            assert a.shown()["status"] == "pending" and a.authorize().json()["url"] == a.link
    assert len(peers["good"].calls) == 1
    for p in peers.values():
        p.close()
