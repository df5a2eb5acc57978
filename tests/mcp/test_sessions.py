# SPDX-License-Identifier: Apache-2.0
"""Sessions at servers of the revisions before 2026-07-28: kept between two calls, never shared, ended when nobody needs them."""
import threading

import pytest
from conftest import body, everything, execute, python_server, register
from odd import Odd, lives
from test_hostile_servers import never
from world import Engine, until


@pytest.fixture()
def odd(api):
    yield from lives(Remembers(), api)


class Remembers(Odd):
    """Gives each initialize a session of its own, and knows those that live."""

    def __init__(self):
        super().__init__()
        self.alive, self.given, self.handle = set(), 0, self.remember

    def remember(self, h):
        id = h.headers.get("Mcp-Session-Id")
        if h.method == "initialize":
            self.given += 1
            mine = f"s-{self.given}"  # two may be greeted at once
            self.alive.add(mine)
            return self.welcome(h, mine) or True
        if h.command == "DELETE":
            self.alive.discard(id)
        elif h.method and h.method != "server/discover" and id not in self.alive:
            return h.raw(b"no such session", 404) or True

    def used(self):
        return [a[3]["Mcp-Session-Id"] for a in self.asked if a[2] == "tools/call"]

    def of_calls(self):
        """Sessions that calls opened: the catalogue's own have a tools/list in them."""
        lists = {a[3].get("Mcp-Session-Id") for a in self.asked if a[2] == "tools/list"}
        return [s for s in dict.fromkeys(self.used()) if s not in lists]


def test_calls_of_a_user_go_on_in_one_session(api, odd):
    register(api, odd.uri)
    for _ in range(5):
        assert execute(api, "Odd.do", user="alice@example.com")["output"]["value"] == "done"
    assert len(set(odd.used())) == 1 and len(odd.used()) == 5 and odd.of_calls() == [odd.used()[0]]
    ids = [a[4]["id"] for a in odd.asked if a[3].get("Mcp-Session-Id") == odd.used()[0] and "id" in a[4]]
    assert len(ids) == len(set(ids))  # no id comes twice in a session
    assert odd.used()[0] in odd.alive


def test_nobody_is_given_anothers_session(api, odd):
    register(api, odd.uri, headers={"X-Key": "one"})
    for _ in range(2):
        for user in ("alice@example.com", "bob@example.com", None):
            execute(api, "Odd.do", user=user)
    assert len(set(odd.used())) == 3 and odd.used()[:3] == odd.used()[3:]
    assert api.patch("/v1/workers/remote", json={"mcp": {"headers": {"X-Key": "two"}}}).status_code == 200
    execute(api, "Odd.do", user="alice@example.com")
    assert len(set(odd.used())) == 4


def test_a_session_is_one_calls_at_a_time(api, engine, odd):
    register(api, odd.uri)
    both, usual = threading.Barrier(2, timeout=20), odd.call
    odd.call = lambda h: both.wait() is None or usual(h)

    def ask():
        with engine.client() as c:
            execute(c, "Odd.do", user="alice@example.com")

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for t in asking:
        t.start()
    for t in asking:
        t.join(30)
    assert len(set(odd.used())) == 2
    odd.call = usual
    execute(api, "Odd.do", user="alice@example.com")
    assert len(set(odd.used())) == 2


def test_a_server_that_forgot_is_greeted_again_and_the_call_made_once_more(api, odd):
    register(api, odd.uri)
    execute(api, "Odd.do")
    odd.alive.clear()
    assert execute(api, "Odd.do")["output"]["value"] == "done"
    assert len(odd.used()) == 3 and len(set(odd.used())) == 2
    odd.alive.clear()
    odd.handle = lambda h: (h.raw(b"", 404) or True) if h.method == "tools/call" else odd.remember(h)
    assert execute(api, "Odd.do")["success"] is False
    assert len(odd.used()) == 5  # once in the session of before, once in a new one


@pytest.mark.parametrize("status,code,message", [(400, -32000, "Bad Request: Server not initialized"), (400, -32600, "Session not found"), (400, -32022, "Unsupported protocol version")])
def test_other_words_for_a_session_that_is_over(api, odd, status, code, message):
    register(api, odd.uri)
    execute(api, "Odd.do")
    over = odd.used()[0]
    odd.handle = lambda h: (h.error(code, message, status) or True) if h.method == "tools/call" and h.headers["Mcp-Session-Id"] == over else odd.remember(h)
    assert execute(api, "Odd.do")["output"]["value"] == "done" and len(set(odd.used())) == 2


def test_a_refusal_that_sounds_like_a_session_is_none(api, odd):
    register(api, odd.uri)
    execute(api, "Odd.do")
    odd.handle = lambda h: (h.error(-32602, "Expression must be a text; its progression is unknown", 400) or True) if h.method == "tools/call" else odd.remember(h)
    assert "Expression" in execute(api, "Odd.do")["output"]["error"]["message"] and len(odd.used()) == 2


@pytest.mark.parametrize("call", [never, lambda h: h.raw(b"<html>"), lambda h: h.raw(b"", 503)], ids=["no answer", "HTML", "503"])
def test_after_a_call_that_went_wrong_its_session_is_ended(api, odd, call):
    register(api, odd.uri, timeout=3 if call is never else 20, retry=0)
    usual, odd.call = odd.call, call
    assert execute(api, "Odd.do")["success"] is False
    until("its end", lambda: odd.used()[-1] not in odd.alive)
    odd.call = usual
    assert execute(api, "Odd.do")["output"]["value"] == "done" and odd.used()[-1] != odd.used()[0]


def test_a_tool_that_fails_leaves_its_session(api, odd):
    register(api, odd.uri)
    odd.call = lambda h: h.error(-32603, "broken on purpose")
    for _ in range(2):
        assert execute(api, "Odd.do")["success"] is False
    assert len(set(odd.used())) == 1


def test_a_server_without_sessions_is_greeted_once(api, odd):
    odd.handle = lambda h: None
    register(api, odd.uri)
    for _ in range(4):
        assert execute(api, "Odd.do")["output"]["value"] == "done"
    calls = [n for n, a in enumerate(odd.asked) if a[2] == "tools/call"]
    between = [a[2] for a in odd.asked[calls[0]:calls[-1]]]
    assert between.count("initialize") == between.count("tools/list") and "DELETE" not in [a[0] for a in odd.asked]  # of the catalogue alone


def test_idle_ones_are_ended_and_all_at_the_end(binary, tmp_path):
    odd = Remembers()
    with Engine(binary, tmp_path, config="limits: {mcp_session_idle: 1s}\n") as eng, eng.client() as c:
        assert c.post("/v1/workers", json=body(odd.uri)).status_code == 201
        execute(c, "Odd.do", user="alice@example.com")
        until("the end of the idle one", lambda: odd.used()[0] not in odd.alive, bound=60)
        execute(c, "Odd.do", user="alice@example.com")
        assert odd.used()[1] != odd.used()[0]
    odd.alive = set()
    with Engine(binary, tmp_path) as eng, eng.client() as c:
        for user in ("alice@example.com", "bob@example.com"):
            execute(c, "Odd.do", user=user)
        last = set(odd.used()[-2:])
        assert len(last) == 2 and last <= odd.alive
    assert not last & odd.alive
    with Engine(binary, tmp_path, config="limits: {mcp_sessions: 0}\n") as eng, eng.client() as c:
        for _ in range(2):
            execute(c, "Odd.do", user="alice@example.com")
            until("the end of its session", lambda: odd.used()[-1] not in odd.alive)
        assert len(set(odd.used()[-2:])) == 2
    odd.close()


@pytest.mark.parametrize("how", [("legacy",), ("legacy", "json"), ("legacy", "stateless")])
def test_the_python_sdk_before_2026(api, tmp_path, how):
    server = python_server(tmp_path, *how)
    register(api, server.uri)
    for n in range(4):
        assert execute(api, "Probe.add", user="u@example.com", a=n)["output"]["value"] == {"result": n + 2}
    calls = [h for _, m, h, _ in server.seen() if m == "tools/call"]
    assert len(calls) == 4 and {h["mcp-protocol-version"] for h in calls} == {"2025-11-25"} and len({h.get("mcp-session-id") for h in calls}) == 1
    assert ("mcp-session-id" in calls[0]) == ("stateless" not in how)
    assert len([1 for _, m, _, _ in server.seen() if m == "initialize"]) <= 1 + len([1 for _, m, _, _ in server.seen() if m == "tools/list"])
    server.stop()


def test_the_reference_server_restarts(api, tmp_path):
    """The TypeScript SDK's: it says 400 for a session that it does not know."""
    server = everything(tmp_path)
    port = server.process.ready["port"]
    register(api, server.uri)
    for n in range(3):
        assert execute(api, "SEverything.get-sum", a=n, b=2)["output"]["value"] == f"The sum of {n} and 2 is {n + 2}."
    server.stop()
    (tmp_path / "again").mkdir()
    again = everything(tmp_path / "again", port)
    assert execute(api, "SEverything.get-sum", a=5, b=2)["output"]["value"] == "The sum of 5 and 2 is 7."
    again.stop()
