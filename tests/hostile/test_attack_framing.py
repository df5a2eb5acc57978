# SPDX-License-Identifier: Apache-2.0
"""Request smuggling: two readers of one stream of bytes are to be made to disagree on where a request ends.  Every case hides a
second request; nobody may ever see it asked.  Once against the engine alone, once with nginx in front, as operators run it."""
import shutil
import subprocess

import pytest
from attacker import Answers, asked, dial, hear, raw, say
from world import BOUND, Engine, free_port, until

HIDDEN = "GET /tb/v1/projects HTTP/1.1\r\nHost: x\r\n\r\n"  # nginx below forbids this route to the outside
LAST = "GET /v1/config HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = "POST /v1/auth/authorize HTTP/1.1\r\nHost: x\r\n"
N = len(HIDDEN)
CHUNKED = f"{N:x}\r\n{HIDDEN}\r\n0\r\n\r\n"

# Two lengths in one request, or a length that two readers read differently: refused, and the connection with all that follows on it is gone.
TWO_MEANINGS = {
    "CL.TE": f"{POST}Content-Length: {5 + N}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}",
    "TE.CL": f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKED}",
    "TE twice": f"{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{HIDDEN}",
    "TE list": f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n{HIDDEN}",
    "TE quoted": f"{POST}Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n{HIDDEN}",
    "TE with VT": f"{POST}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n{HIDDEN}",
    "TE, space before the colon": f"{POST}Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}",
    "TE after a TAB": f"{POST}\tTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}",
    "TE folded": f"{POST}Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}",
    "TE behind a bare LF": f"{POST}X: y\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}",
    "TE behind a bare CR": f"{POST}X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}",
    "TE with an underscore's twin": f"{POST}Transfer-Encoding\x00: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}",
    "TE on HTTP/1.0": f"POST /v1/auth/authorize HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}",
    "CL twice": f"{POST}Content-Length: 0\r\nContent-Length: {N}\r\n\r\n{HIDDEN}",
    "CL twice, the same": f"{POST}Content-Length: {N}\r\nContent-Length: {N}\r\n\r\n{HIDDEN}",
    "CL list": f"{POST}Content-Length: 0, {N}\r\n\r\n{HIDDEN}",
    "CL signed": f"{POST}Content-Length: +0\r\n\r\n{HIDDEN}",
    "CL negative": f"{POST}Content-Length: -{N}\r\n\r\n{HIDDEN}",
    "CL hex": f"{POST}Content-Length: 0x0\r\n\r\n{HIDDEN}",
    "CL with a space inside": f"{POST}Content-Length: 0 0\r\n\r\n{HIDDEN}",
    "CL empty": f"{POST}Content-Length:\r\n\r\n{HIDDEN}",
    "CL beyond 64 bits": f"{POST}Content-Length: 18446744073709551616\r\n\r\n{HIDDEN}",
    "chunk size signed": f"{POST}Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n{HIDDEN}",
    "chunk size with 0x": f"{POST}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{HIDDEN}",
    "chunk size empty": f"{POST}Transfer-Encoding: chunked\r\n\r\n\r\n{HIDDEN}",
    "chunk line ends in LF": f"{POST}Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n{HIDDEN}",
    "chunk extension with LF": f"{POST}Transfer-Encoding: chunked\r\n\r\n1;a\nx\r\n0\r\n\r\n{HIDDEN}",
    "chunk size with CR": f"{POST}Transfer-Encoding: chunked\r\n\r\n0\r\r\n\r\n{HIDDEN}",
    "chunk data too long": f"{POST}Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n{HIDDEN}",
    "trailer with LF": f"{POST}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\n{HIDDEN}",
    "Host twice": f"GET /v1/config HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n{HIDDEN}",
    "request line with two spaces": f"GET  /v1/config HTTP/1.1\r\nHost: x\r\n\r\n{HIDDEN}",
    "request line with a TAB": f"GET\t/v1/config HTTP/1.1\r\nHost: x\r\n\r\n{HIDDEN}",
    "HTTP/0.9": f"GET /v1/config\r\n{HIDDEN}",
    "HTTP/2 preface": f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{HIDDEN}",
    "no colon": f"{POST}Transfer-Encoding chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}",
}
# One meaning only, and the hidden request is part of it (a body): exactly these answers, then LAST's.
ONE_MEANING = {
    "GET with a body": (f"GET /v1/config HTTP/1.1\r\nHost: x\r\nContent-Length: {N}\r\n\r\n{HIDDEN}", 1),
    "GET with a chunked body": (f"GET /v1/config HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKED}", 1),
    "DELETE with a body": (f"DELETE /v1/config HTTP/1.1\r\nHost: x\r\nContent-Length: {N}\r\n\r\n{HIDDEN}", 1),
    "a length with zeros before it": (f"{POST}Content-Length: 00{N}\r\n\r\n{HIDDEN}", 1),
    "chunks": (f"{POST}Transfer-Encoding: chunked\r\n\r\n{CHUNKED}", 1),
    "chunks, spelled otherwise": (f"{POST}transfer-ENCODING:  Chunked \r\n\r\n{CHUNKED}", 1),
    "chunks with extension and trailer": (f"{POST}Transfer-Encoding: chunked\r\n\r\n{N:x};a=b\r\n{HIDDEN}\r\n0\r\nX-Trailer: y\r\n\r\n", 1),
    "a length among the trailers": (f"{POST}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: {len(LAST)}\r\n\r\n", 1),
    "upgrade to h2c": (f"POST /v1/config HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
                       f"Content-Length: {N}\r\n\r\n{HIDDEN}", 1),
    "upgrade to websocket": (f"GET /v1/config HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\nContent-Length: {N}\r\n\r\n{HIDDEN}", 1),
    "Connection names the length": (f"{POST}Connection: Content-Length\r\nContent-Length: {N}\r\n\r\n{HIDDEN}", 1),
    "two, pipelined": (f"{POST}Content-Length: {N}\r\n\r\n{HIDDEN}GET /v1/config HTTP/1.1\r\nHost: x\r\n\r\n", 2),
}


@pytest.fixture(scope="module")
def alone(binary, tmp_path_factory):
    with Engine(binary, tmp_path_factory.mktemp("alone")) as eng:
        yield eng


def test_the_hidden_request_is_one_that_would_be_seen(alone):
    """Whether the tests below could fail: asked openly, it is answered and stands in the access log."""
    before = len(alone.log())
    a = Answers(raw(alone.url, (HIDDEN + LAST).encode("latin-1")))
    assert a.status == [401, 200] and until("the log", lambda: "/tb/v1/projects" in asked(alone, before))


@pytest.mark.parametrize("name", TWO_MEANINGS)
@pytest.mark.parametrize("in_pieces", [False, True])
def test_two_meanings_are_refused(alone, name, in_pieces):
    before, data = len(alone.log()), (TWO_MEANINGS[name] + LAST).encode("latin-1")
    with dial(alone.url) as s:
        say(s, b"GET /v1/config HTTP/1.1\r\nHost: x\r\n\r\n")  # behind a good request, as on a connection that a proxy keeps
        at = data.index(HIDDEN.encode()) if in_pieces else len(data)
        say(s, data[:at])
        say(s, data[at:])
        a = Answers(hear(s))
    assert len(a.status) == 2 and a.status[0] == 200 and a.status[1] in (400, 413, 501, 505), a.status
    assert a.headers[1]["connection"] == "close"
    assert "/tb/v1/projects" not in asked(alone, before)


@pytest.mark.parametrize("name", ONE_MEANING)
def test_one_meaning_is_one_request(alone, name):
    before, (text, n) = len(alone.log()), ONE_MEANING[name]
    a = Answers(raw(alone.url, (text + LAST).encode("latin-1")))
    assert len(a.status) == n + 1 and a.status[-1] == 200 and 101 not in a.status, a.status
    assert "/tb/v1/projects" not in asked(alone, before)


def test_the_answer_to_head_has_no_body(alone):
    """A body behind an answer to HEAD would be read as the next answer."""
    a = Answers(raw(alone.url, (f"HEAD /v1/config HTTP/1.1\r\nHost: x\r\n\r\nHEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n{LAST}").encode()), heads=(0, 1))
    assert a.status == [200, 404, 200] and a.bodies[2].startswith(b"{")


# ---- nginx in front ----
NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  upstream engine {{ server 127.0.0.1:{engine}; keepalive 1; }}
  server {{
    listen 127.0.0.1:{port};
    location /tb/ {{ return 403; }}
    location / {{
      proxy_pass http://engine; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_request_buffering {buffering};
    }}
  }}
}}
"""


@pytest.fixture(scope="module", params=["on", "off"])
def front(request, alone, tmp_path_factory):
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, engine=alone.url.rsplit(":", 1)[1], port=port, buffering=request.param))
    p = subprocess.Popen([nginx, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def up():
        assert p.poll() is None, (folder / "error.log").read_text()
        try:
            return dial(url).close() is None
        except ConnectionRefusedError:
            return False

    try:
        until("nginx", up)
        yield url
    finally:
        p.terminate()
        p.wait(BOUND)


def test_the_proxy_is_one(alone, front):
    before = len(alone.log())
    assert Answers(raw(front, HIDDEN.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").encode())).status == [403]
    assert Answers(raw(front, LAST.encode())).status == [200]
    until("the log", lambda: "/v1/config" in asked(alone, before))
    assert "/tb/v1/projects" not in asked(alone, before)


@pytest.mark.parametrize("name", [*TWO_MEANINGS, *ONE_MEANING])
def test_nothing_is_smuggled_past_a_proxy(alone, front, name):
    """Whatever nginx makes of it: what it forbids is never asked of the engine, and whoever comes next gets his own answer."""
    before, text = len(alone.log()), TWO_MEANINGS[name] if name in TWO_MEANINGS else ONE_MEANING[name][0]
    with dial(front) as s:
        say(s, (text + LAST).encode("latin-1"))
        hear(s)
    for _ in range(2):
        a = Answers(raw(front, LAST.encode()))
        assert a.status == [200] and a.bodies[0].startswith(b'{"dashboard"'), a.bodies
    assert "/tb/v1/projects" not in asked(alone, before)
