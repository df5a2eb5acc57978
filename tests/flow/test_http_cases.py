# SPDX-License-Identifier: Apache-2.0
"""Every row of http-cases.tsv against the running engine, byte for byte as the table has it."""
import json
import pathlib
import re
import socket
import urllib.parse

import pytest
from world import Engine

TABLE = pathlib.Path(__file__).with_name("http-cases.tsv")


def rows():
    lines = [ln for ln in TABLE.read_text(encoding="ascii").splitlines() if ln and not ln.startswith("#")]
    assert lines[0] == "name\texpect\tbytes"
    found = [tuple(ln.split("\t", 2)) for ln in lines[1:]]
    assert len(found) >= 28
    return found


def expand(text):
    text = re.sub(r"<X-%d: a\\r\\n \* (\d+)>", lambda m: "".join(f"X-{i}: a\\r\\n" for i in range(int(m[1]))), text)
    text = re.sub(r"<([a-z])\*(\d+)>", lambda m: m[1] * int(m[2]), text)
    return text.encode("ascii").decode("unicode_escape").encode("latin-1")


class Wire:
    def __init__(self, url):
        at = urllib.parse.urlsplit(url)
        self.sock = socket.create_connection((at.hostname, at.port), timeout=20)
        self.bytes = b""

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was out: the answer tells

    def more(self):
        got = self.sock.recv(65536)
        self.bytes += got
        return got != b""

    def answer(self):
        while b"\r\n\r\n" not in self.bytes:
            assert self.more(), "closed without an answer"
        head, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        lines = head.decode("ascii").split("\r\n")
        headers = {k.lower(): v for k, v in (ln.split(": ", 1) for ln in lines[1:])}
        n = int(headers.get("content-length", "0"))
        while len(self.bytes) < n:
            assert self.more(), "closed in the middle of an answer"
        body, self.bytes = self.bytes[:n], self.bytes[n:]
        return int(lines[0].split(" ")[1]), headers, body

    def closed(self):
        return self.bytes == b"" and not self.more()


@pytest.fixture(scope="module")
def plain_engine(binary, tmp_path_factory):
    with Engine(binary, tmp_path_factory.mktemp("http")) as engine:
        yield engine


@pytest.mark.parametrize("name,expect,text", rows(), ids=[r[0] for r in rows()])
def test_row(plain_engine, name, expect, text):
    wire = Wire(plain_engine.url)
    wire.send(expand(text))
    for want in expect.split(" "):
        status, headers, body = wire.answer()
        assert headers["content-type"].startswith("application/json")
        problem = json.loads(body)
        assert problem["name"] and problem["message"]
        if "ok" in want.split("|") and status not in (400, 408, 413, 414, 431, 501, 505):
            assert status == 401 and problem["name"] == "invalid_authorization"  # the route was reached: the key is nobody's
            continue
        assert str(status) in want.split("|"), (status, body)
        assert headers["connection"] == "close"
        assert wire.closed()


def test_requests_go_on_after_the_bad_ones(plain_engine):
    wire = Wire(plain_engine.url)
    for _ in range(2):
        wire.send(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, body = wire.answer()
        assert status == 200 and json.loads(body)["healthy"] is True and "connection" not in headers
