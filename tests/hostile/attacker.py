# SPDX-License-Identifier: Apache-2.0
"""What several attacks need: people with browsers, bytes on the wire as they are, answers counted, and what a process holds."""
import datetime
import ipaddress
import os
import re
import resource
import socket
import urllib.parse

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from people import PASSWORD, Person
from world import BOUND, Engine


def address(url):
    u = urllib.parse.urlsplit(url)
    return u.hostname, u.port


def dial(url, bound=BOUND):
    return socket.create_connection(address(url), bound)


def say(sock, data):
    """Sends what the other side still takes: a refusal may come before all of it is out."""
    try:
        sock.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass


def hear(sock):
    """Everything until the other side closes."""
    got = b""
    try:
        while chunk := sock.recv(65536):
            got += chunk
    except ConnectionResetError:
        pass
    return got


def raw(url, data):
    """Sends bytes; everything that comes until the engine closes.  The last request must ask for the close."""
    with dial(url) as s:
        say(s, data)
        return hear(s)


class Answers:
    """A stream of answers, cut by their Content-Length: how many they are is what smuggling is about."""

    def __init__(self, data, heads=()):
        self.status, self.headers, self.bodies = [], [], []
        while data:
            m = re.match(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n", data)
            assert m, f"no answer begins here: {data[:200]!r}"
            headers = {k.lower().decode(): v.decode() for k, v in (h.split(b": ", 1) for h in m[2].split(b"\r\n") if h)}
            assert len(headers) == m[2].count(b"\r\n") or b"Set-Cookie" in m[2], f"a header twice: {m[2]!r}"
            n = 0 if len(self.status) in heads else int(headers.get("content-length", 0))
            self.status.append(int(m[1]))
            self.headers.append(headers)
            self.bodies.append(data[m.end():m.end() + n])
            data = data[m.end() + n:]


def sockets(pid):
    """How many sockets a process holds."""
    n = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            n += os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")
        except OSError:
            pass
    return n


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+) kB", f.read())[1]) / 1024


def many_files(wanted):
    """Raises this process's limit of open files; how many connections that allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else wanted + 500
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(most, wanted + 500)), hard))
    return min(wanted, most - 500)


def asked(engine, since=0):
    """The routes of the engine's access log."""
    return re.findall(r'http\.request .*?route="([^"]*)"', engine.log()[since:])


def listeners(pid):
    """{(address, port)} a process listens on, as /proc has them."""
    inodes, found = set(), set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            inodes.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            pass
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}", encoding="ascii") as f:
            for row in (ln.split() for ln in f.readlines()[1:]):
                if row[3] == "0A" and f"socket:[{row[9]}]" in inodes:
                    at, port = row[1].split(":")
                    found.add((at, int(port, 16)))
    return found


def listening(engine):
    """Where it really listens, its public address being another."""
    (port,) = {p for _, p in listeners(engine.p.pid)}
    return f"https://localhost:{port}"


def certificate(folder):
    """cert.pem and key.pem for this machine, made by nobody but us."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    (folder / "cert.pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    (folder / "key.pem").chmod(0o600)


# ---- people ----
@pytest.fixture(scope="module")
def home(binary, simulator, tmp_path_factory):
    """An engine with the built-in verifier, an owner, and one account a role; it logs everything it can."""
    with Engine(binary, tmp_path_factory.mktemp("home"), simulator=simulator, verifier=None, args=("--log-level", "debug")) as eng:
        eng.add_discord()
        eng.owner, eng.setup = Person(eng), eng.ready["setup_url"]
        eng.owner.set_up(eng.setup, "owner@example.com")
        for role in ("verify", "viewer", "member", "admin"):
            r = eng.owner.call("POST", "/tb/v1/accounts", {"email": f"{role}@example.com", "password": PASSWORD, "role": role})
            assert r.status_code == 201, r.text
        yield eng


@pytest.fixture()
def as_role(home):
    people = []

    def enter(role):
        p = Person(home)
        assert p.sign_in(f"{role}@example.com").status_code == 303
        people.append(p)
        return p

    yield enter
    for p in people:
        p.http.close()
