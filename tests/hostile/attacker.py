# SPDX-License-Identifier: Apache-2.0
"""What several attacks need: bytes on the wire as they are, answers counted, and what a process holds."""
import os
import re
import resource
import socket
import urllib.parse

from world import BOUND, until


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


__all__ = ["Answers", "address", "asked", "dial", "hear", "many_files", "raw", "resident_mb", "say", "sockets", "until"]
