# SPDX-License-Identifier: Apache-2.0
"""Servers before 2026-07-28 that end a stream early and give the rest to whoever asks for it by the id of the last event."""
import json
import time

import pytest
from conftest import execute, register
from odd import Odd, lives

PAUSE_MS = 300


class Resumable(Odd):
    """tools/call gets a stream that ends at once; its answer lies ready for a GET.  `rest(h)` gives it."""

    def __init__(self):
        super().__init__()
        self.session, self.handle, self.call = "s-1", self.get, self.begin
        self.ended, self.came, self.answers, self.rest = 0, [], [], self.give

    def get(self, h):
        if h.command == "GET":
            self.came.append((time.monotonic() - self.ended, dict(h.headers)))
            self.rest(h)
            return True

    def begin(self, h):
        self.answers.append({"jsonrpc": "2.0", "id": h.message["id"], "result": {"content": [{"type": "text", "text": "the rest"}]}})
        h.stream()
        h.wfile.write(f"id: e-1\nretry: {PAUSE_MS}\ndata:\n\n".encode())
        self.ended = time.monotonic()

    def give(self, h):
        h.stream()
        h.wfile.write(b"id: e-2\ndata: " + json.dumps(self.answers[-1]).encode() + b"\n\n")


@pytest.fixture()
def odd(api):
    yield from lives(Resumable(), api)


def test_the_rest_is_fetched_and_the_tool_ran_once(api, odd):
    register(api, odd.uri, headers={"X-Key": "k"})
    assert execute(api, "Odd.do")["output"]["value"] == "the rest"
    [(after, headers)] = odd.came
    assert headers["Last-Event-ID"] == "e-1" and headers["Mcp-Session-Id"] == "s-1" and headers["X-Key"] == "k"
    assert headers["Accept"] == "text/event-stream" and headers["MCP-Protocol-Version"] == "2025-11-25"
    assert after >= PAUSE_MS / 1000 and odd.count("tools/call") == 1


def test_a_rest_may_end_early_too(api, odd):
    def twice(h):
        if h.headers["Last-Event-ID"] == "e-1":
            h.stream()
            h.wfile.write(b"id: e-1b\nretry: 1\ndata:\n\ndata: {\"half")
        else:
            odd.give(h)

    odd.rest = twice
    register(api, odd.uri)
    assert execute(api, "Odd.do")["output"]["value"] == "the rest"
    assert [h["Last-Event-ID"] for _, h in odd.came] == ["e-1", "e-1b"] and odd.count("tools/call") == 1


def test_an_event_that_is_no_json_does_not_hide_the_rest(api, odd):
    def begin(h):
        odd.begin(h)
        h.wfile.write(b"id: e-1a\ndata: not json\n\n")

    odd.call = begin
    register(api, odd.uri)
    assert execute(api, "Odd.do")["output"]["value"] == "the rest"
    assert [h["Last-Event-ID"] for _, h in odd.came] == ["e-1a"] and odd.count("tools/call") == 1


@pytest.mark.parametrize("what,rest,kind,says", [
    ("no GET here", lambda h: h.raw(b"", 405), "UNMAPPED", "status 405"), ("a dead session", lambda h: h.raw(b"", 404), "UNMAPPED", "status 404"),
    ("a token wanted", lambda h: h.raw(b"", 401, headers=[("WWW-Authenticate", "Bearer")]), "UNMAPPED", "status 401"),
    ("never", lambda h: h.stream(), "TIMEOUT", "did not come in time"),
])
def test_a_rest_that_cannot_be_had_is_told_and_nothing_runs_again(api, odd, what, rest, kind, says):
    odd.rest = rest
    register(api, odd.uri, timeout=3 if kind == "TIMEOUT" else 20, retry=3)
    error = execute(api, "Odd.do")["output"]["error"]
    assert error["kind"] == "NETWORK_TRANSPORT_RUNTIME_" + kind and says in error["message"], error
    assert odd.count("tools/call") == 1 and len(odd.came) >= 1
