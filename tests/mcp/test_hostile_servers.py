# SPDX-License-Identifier: Apache-2.0
"""MCP servers that lie, break off, drown, never answer or change their minds."""
import json
import threading

import pytest
from conftest import body, execute, register
from odd import TOOL, Odd, lives
from world import Engine, until


@pytest.fixture()
def odd(api):
    yield from lives(Odd(), api)


DONE = threading.Event()


def never(h):
    DONE.wait(15)


def endless(h):
    h.stream()
    for _ in range(150):
        h.wfile.write(b": still here\n\n")
        h.wfile.flush()
        if DONE.wait(0.1):
            return


def cut(h):
    h.send_response(200)
    h.send_header("Content-Type", "application/json")
    h.send_header("Content-Length", "1000")
    h.end_headers()
    h.wfile.write(b'{"jsonrpc": "2.0", "id"')


def huge(h):
    h.send_response(200)
    h.send_header("Content-Type", "application/json")
    h.send_header("Content-Length", str(100 << 20))
    h.end_headers()
    for _ in range(100):
        h.wfile.write(b"x" * (1 << 20))


def drowning(h):
    h.stream()
    for _ in range(100):
        h.wfile.write(b"data: " + b"x" * (1 << 20))


def silent_end(h):
    h.stream()
    h.event({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}})


UNMAPPED, TIMEOUT, UNREACHABLE = ("NETWORK_TRANSPORT_RUNTIME_" + k for k in ("UNMAPPED", "TIMEOUT", "UNREACHABLE"))


@pytest.mark.parametrize("what,call,kind,calls", [
    ("500", lambda h: h.json({}, 500), UNMAPPED, 1), ("502 may have run", lambda h: h.raw(b"", 502), UNREACHABLE, 1), ("503 did not", lambda h: h.raw(b"", 503), UNREACHABLE, 2),
    ("HTML", lambda h: h.raw(b"<html>hello</html>", type="text/html"), UNMAPPED, 1), ("no JSON", lambda h: h.raw(b"{'single': 1}"), UNMAPPED, 1),
    ("not UTF-8", lambda h: h.raw(b'{"jsonrpc":"2.0","id":3,"result":{"x":"\xff"}}'), UNMAPPED, 1), ("a list", lambda h: h.json([1]), UNMAPPED, 1),
    ("another's id", lambda h: h.json({"jsonrpc": "2.0", "id": 999, "result": {}}), UNMAPPED, 1), ("id as text", lambda h: h.json({"jsonrpc": "2.0", "id": str(h.message["id"]), "result": {}}), UNMAPPED, 1),
    ("result is a list", lambda h: h.result([1]), UNMAPPED, 1), ("elsewhere", lambda h: h.raw(b"", 307, headers=[("Location", "http://127.0.0.1:9/mcp")]), UNMAPPED, 1),
    ("to another scheme", lambda h: h.raw(b"", 308, headers=[("Location", "file:///etc/passwd")]), UNMAPPED, 1), ("breaks off", cut, UNMAPPED, 1), ("100 MB", huge, UNMAPPED, 1),
    ("drowning", drowning, UNMAPPED, 1), ("the stream ends", silent_end, UNMAPPED, 1), ("no answer", never, TIMEOUT, 1), ("the stream never ends", endless, TIMEOUT, 1),
])
def test_a_call_that_goes_wrong_is_told_and_not_repeated(api, odd, what, call, kind, calls):
    register(api, odd.uri, timeout=3 if kind == TIMEOUT else 20, retry=2)
    usual, odd.call = odd.call, call
    r = execute(api, "Odd.do")
    assert r["success"] is False and r["output"]["error"]["kind"] == kind, r
    assert "worker remote" in r["output"]["error"]["message"] and odd.count("tools/call") == calls
    odd.call = usual
    assert execute(api, "Odd.do")["output"]["value"] == "done"


@pytest.mark.parametrize("call", [never, endless], ids=["no answer", "a stream without an end"])
def test_a_call_that_is_given_up_is_cancelled(api, odd, call):
    register(api, odd.uri, timeout=3)
    odd.call = call
    assert execute(api, "Odd.do")["output"]["error"]["kind"] == TIMEOUT
    [given_up] = [a[4] for a in odd.asked if a[2] == "tools/call"]
    told = until("a word to the server", lambda: [a[4] for a in odd.asked if a[2] == "notifications/cancelled"])
    assert told == [{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": given_up["id"], "reason": "timed out"}}]


def test_who_called_a_hung_server_has_his_answer_before_it_is_told(api, odd):
    """Before 2026-07-28 a call that nobody waits for is taken back and its session ended: by others, while the server still hangs."""
    odd.session, hangs, free = "s-1", threading.Event(), threading.Event()
    register(api, odd.uri, timeout=3)

    def handle(h):
        if h.method == "tools/call":
            hangs.set()
        if hangs.is_set():
            free.wait(60)  # whatever it is: nothing of it may have been waited for
            return True
    odd.handle = handle
    r = execute(api, "Odd.do")
    assert r["output"]["error"]["kind"] == TIMEOUT and not free.is_set()
    free.set()
    until("both words to the server", lambda: odd.count("notifications/cancelled") == 1 and [a for a in odd.asked if a[0] == "DELETE"])


LARGE = json.dumps({"rows": ["y" * 1000] * 15000})


@pytest.mark.parametrize("text", [LARGE, json.dumps([1] * 1000000)], ids=["15 MB", "a million numbers"])
def test_an_answer_that_is_too_large_to_hold_is_an_answer(api, odd, text):
    """The tool has run: no error of ours may lead a client to call it again, and it is recorded."""
    register(api, odd.uri, timeout=30)
    odd.call = lambda h: h.result({"content": [{"type": "text", "text": text}]})
    ask = {"tool_name": "Odd.do"}
    before = api.get("/tb/v1/events", params={"kind": "tool.executed"}).json()["total_count"]
    first, again = (api.post("/v1/tools/execute", json=ask, headers={"Idempotency-Key": f"too-large-{len(text)}"}) for _ in range(2))
    assert first.status_code == 200 and again.content == first.content, (first.text[:300], again.text[:300])
    error = first.json()["output"]["error"]
    assert first.json()["success"] is False and error["kind"] == UNMAPPED and error["can_retry"] is False and "may have run" in error["message"]
    assert odd.count("tools/call") == 1
    assert api.get("/tb/v1/events", params={"kind": "tool.executed"}).json()["total_count"] == before + 1


@pytest.mark.parametrize("levels", [61, 62, 63, 64, 65])
def test_a_text_of_many_levels_is_a_value_or_a_text(api, odd, levels):
    register(api, odd.uri)
    text = "[" * levels + "]" * levels
    odd.call = lambda h: h.result({"content": [{"type": "text", "text": text}]})
    assert execute(api, "Odd.do")["output"]["value"] == (json.loads(text) if levels <= 62 else text)
    assert odd.count("tools/call") == 1


def test_a_ping_too_long_to_be_answered_does_not_end_the_call(api, odd):
    def call(h):
        h.stream()
        h.event({"jsonrpc": "2.0", "id": "p" * 70000, "method": "ping"})
        h.event({"jsonrpc": "2.0", "id": h.message["id"], "result": {"content": [{"type": "text", "text": "done"}]}})
    register(api, odd.uri)
    odd.call = call
    assert execute(api, "Odd.do")["output"]["value"] == "done"


def test_a_server_that_wants_to_know_whether_we_are_there_is_told_in_the_middle(api, odd):
    answered = threading.Event()

    def replies(h):
        if h.method is None and h.command == "POST":
            if h.message.get("result") == {} and h.message.get("id") == "are-you-there":
                answered.set()
            return h.raw(b"", 202) or True

    def call(h):
        h.stream()
        h.event({"jsonrpc": "2.0", "id": "are-you-there", "method": "ping"})
        h.event({"jsonrpc": "2.0", "id": h.message["id"], "result": {"content": [{"type": "text", "text": "heard" if answered.wait(10) else "nothing"}]}})
        DONE.wait(5)  # and the stream stays open: the answer is enough

    odd.handle, odd.call = replies, call
    register(api, odd.uri, timeout=8)
    assert execute(api, "Odd.do")["output"]["value"] == "heard"


def test_a_dead_session_is_replaced_once(api, odd):
    odd.session, alive = "s-1", {"s-1"}

    def handle(h):
        if h.method == "tools/call" and h.headers.get("Mcp-Session-Id") not in alive:
            return h.raw(b"no such session", 404) or True
        if h.method == "initialize":
            odd.session = "s-%d" % odd.count("initialize")
            alive.add(odd.session)

    odd.handle = handle
    register(api, odd.uri)
    forget, odd.call = odd.call, odd.call
    inits = odd.count("initialize")

    def dies_once(h):
        handle(h)
        if h.method == "notifications/initialized" and odd.count("initialize") == inits + 1:
            alive.clear()

    odd.handle = lambda h: dies_once(h) if h.method == "notifications/initialized" else handle(h)
    assert execute(api, "Odd.do")["output"]["value"] == "done"
    assert odd.count("initialize") == inits + 2 and odd.count("tools/call") == 2
    last = [a[3]["Mcp-Session-Id"] for a in odd.asked if a[2] == "tools/call"][-1]
    assert last in alive and last not in [a[3]["Mcp-Session-Id"] for a in odd.asked if a[0] == "DELETE"]  # it is kept for the next call
    odd.handle = lambda h: (h.raw(b"", 404) or True) if h.method == "tools/call" else None
    before, calls = odd.count("initialize"), odd.count("tools/call")
    assert execute(api, "Odd.do")["success"] is False and odd.count("initialize") > before and odd.count("tools/call") == calls + 2


def test_a_redirect_on_the_same_origin_is_followed_with_everything(api, odd):
    odd.handle = lambda h: (h.raw(b"", 307, headers=[("Location", "/mcp")]) or True) if h.path == "/mcp/" else None
    register(api, odd.uri + "/", headers={"X-Key": "v"})
    assert execute(api, "Odd.do", a="b")["output"]["value"] == "done"
    call = [a for a in odd.asked if a[2] == "tools/call"][-1]
    assert call[1] == "/mcp" and call[3]["X-Key"] == "v" and call[4]["params"]["arguments"] == {"a": "b"}


@pytest.mark.parametrize("pages,words", [
    (lambda n: {"tools": [TOOL], "nextCursor": "again"}, "circle"), (lambda n: {"tools": [], "nextCursor": "c%d" % n}, "too many pages"),
    (lambda n: {"tools": {"not": "a list"}}, "no list of tools"), (lambda n: {}, "no list of tools"),
])
def test_a_list_of_tools_that_makes_no_sense_is_told(api, odd, engine, pages, words):
    odd.handle = lambda h: (h.result(pages(odd.count("tools/list"))) or True) if h.method == "tools/list" else None
    register(api, odd.uri)
    assert api.get("/v1/tools").json()["items"] == [] and words in engine.log()
    assert 0 < odd.count("tools/list") <= 100 * odd.readings()  # two readings may go on side by side


def test_pages_and_absurd_tools(api, odd):
    absurd = [7, None, [], {"name": ""}, {"name": "with space"}, {"name": "x" * 129}, {"name": "no_schema"}, {"name": "odd", "inputSchema": []}, {**TOOL, "name": "DO"}]
    pages = {None: {"tools": [TOOL, *absurd], "nextCursor": "p 2&"}, "p 2&": {"tools": [{**TOOL, "name": f"t{n}"} for n in range(3)], "nextCursor": ""}}
    odd.handle = lambda h: (h.result(pages[h.message.get("params", {}).get("cursor")]) or True) if h.method == "tools/list" else None
    register(api, odd.uri)
    assert [t["name"] for t in api.get("/v1/tools").json()["items"]] == ["do", "no_schema", "odd", "t0", "t1", "t2"]


def test_ten_thousand_tools(api, odd):
    odd.tools = [{**TOOL, "name": f"tool{n}"} for n in range(10000)]
    register(api, odd.uri)
    assert api.get("/v1/tools", params={"limit": 1}).json()["total_count"] == 10000


def modern(odd, tools):
    def handle(h):
        if h.method == "server/discover":
            return h.result({"resultType": "complete", "supportedVersions": ["2026-07-28"], "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "odd", "version": "1.0.0"}}}) or True
        if h.method == "tools/list":
            return h.result({"resultType": "complete", "tools": tools()}) or True
        if h.method == "initialize":
            return h.error(-32022, status=400, data={"supported": ["2026-07-28"]}) or True
    return handle


def test_arguments_in_headers_and_a_server_that_changed_its_mind_about_them(api, odd):
    mirrored = {**TOOL, "inputSchema": {"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": "Alpha"}}}}
    bad = {**TOOL, "name": "bad", "inputSchema": {"type": "object", "properties": {"a": {"type": "number", "x-mcp-header": "Alpha"}}}}
    tools = [TOOL, bad]
    odd.handle = modern(odd, lambda: tools)

    def call(h):
        if tools[0] is mirrored and h.headers.get("Mcp-Param-Alpha") != "=?base64?Z3LDvMOfZQ==?=":
            return h.error(-32020, "header mismatch", 400)
        h.result({"resultType": "complete", "content": [], "structuredContent": h.headers.get("Mcp-Param-Alpha")})

    odd.call = call
    register(api, odd.uri)
    assert [t["name"] for t in api.get("/v1/tools").json()["items"]] == ["do"]  # the other one must not be offered
    assert execute(api, "Odd.do", a="grüße")["output"].get("value") is None
    tools[0] = mirrored
    assert execute(api, "Odd.do", a="grüße")["output"]["value"] == "=?base64?Z3LDvMOfZQ==?="
    assert odd.count("tools/call") == 3


def test_a_server_that_goes_back_to_an_older_revision_is_found_out(api, odd):
    odd.handle = modern(odd, lambda: [TOOL])
    register(api, odd.uri)
    odd.handle = lambda h: (h.error(-32000, "Server not initialized", 400) or True) if "Mcp-Method" in h.headers else None
    assert execute(api, "Odd.do")["output"]["value"] == "done"
    probes = odd.count("server/discover")
    assert execute(api, "Odd.do")["output"]["value"] == "done" and odd.count("server/discover") == probes  # and that is kept
    odd.handle = modern(odd, lambda: [TOOL])
    assert execute(api, "Odd.do")["output"]["value"] == "done"


def test_a_tool_that_is_gone_leaves_the_catalogue(api, odd):
    register(api, odd.uri)
    odd.tools, odd.call = [{**TOOL, "name": "other"}], lambda h: h.error(-32602, "Unknown tool: do")
    r = execute(api, "Odd.do")
    assert r["output"]["error"]["kind"] == "TOOL_RUNTIME_BAD_INPUT_VALUE"
    assert [t["name"] for t in api.get("/v1/tools").json()["items"]] == ["other"]


def test_a_server_that_wants_the_user_somewhere_first(api, odd):
    register(api, odd.uri)
    odd.call = lambda h: h.error(-32042, "go", data={"elicitations": [{"mode": "url", "elicitationId": "e", "url": "https://connect.example/x", "message": "m"}]})
    r = execute(api, "Odd.do")
    assert r["success"] is False and r["output"]["error"]["kind"] == "TOOL_RUNTIME_CONTEXT_REQUIRED" and "https://connect.example/x" in r["output"]["error"]["message"]
    assert r["output"]["authorization"]["url"] == "https://connect.example/x" and r["output"]["authorization"]["status"] == "pending"
    odd.call = lambda h: h.result({"resultType": "input_required", "inputRequests": {"q": {"method": "sampling/createMessage", "params": {}}}})
    r = execute(api, "Odd.do")
    assert r["output"]["error"]["kind"] == "TOOL_RUNTIME_FATAL" and "sampling/createMessage" in r["output"]["error"]["message"]


def test_a_tool_with_a_dot_is_shown_to_models_under_a_name_that_finds_it(api, odd):
    odd.tools = [{**TOOL, "name": "files.read"}, {**TOOL, "name": "a_b.c-d"}, {**TOOL, "name": "files_read"}]
    register(api, odd.uri)
    called = lambda: [a for a in odd.asked if a[2] == "tools/call"][-1][4]["params"]["name"]
    names = [t["function"]["name"] for t in api.get("/v1/formatted_tools", params={"format": "openai"}).json()["items"]]
    assert names == ["Odd_a_b_c-d", "Odd_files_read"]  # two that a model could not tell apart are one
    for name, tool in ((names[0], "a_b.c-d"), (names[1], "files.read"), ("Odd.files.read", "files.read"), ("Odd_files.read", "files.read"),
                       ("odd.FILES_READ", "files.read"), ("remote.files_read", "files.read")):
        assert execute(api, name)["output"]["value"] == "done" and called() == tool, name
    assert "Odd.files_read" in api.get("/v1/workers/remote/health").json()["message"]


def test_one_server_in_trouble_keeps_nobody_from_being_asked(api, odd):
    """A secret that cannot be a header: whoever set it reads which header it is, and the servers after it are read as ever."""
    second = Odd()
    assert api.put("/v1/admin/secrets/BROKEN", json={"value": "abcdef-token\n"}).status_code == 200
    register(api, odd.uri, headers={"X-Api": "${secret:BROKEN}"})
    register(api, second.uri, id="second")
    health = api.get("/v1/workers/remote/health").json()
    assert health["healthy"] is False and "the header X-Api cannot be sent" in health["message"] and "abcdef" not in health["message"]
    assert odd.asked == []
    second.tools = [{**TOOL, "name": "newer"}]
    until("the tools of the server after it", lambda: [t["name"] for t in api.get("/v1/tools").json()["items"]] == ["newer"], bound=60)
    assert api.put("/v1/admin/secrets/BROKEN", json={"value": "abcdef-token"}).status_code == 200
    assert api.get("/v1/workers/remote/health").json()["healthy"] is True
    assert api.delete("/v1/workers/second").status_code == 204
    second.close()


def test_an_external_id_belongs_to_one_worker(api, odd):
    oauth2 = {"client_id": "mine", "client_secret": "the-operators-secret-123456", "external_id": "same"}
    register(api, odd.uri, oauth2=oauth2)
    r = api.post("/v1/workers", json=body(odd.uri, id="second", oauth2=oauth2))
    assert r.status_code == 409 and "mcp.oauth2.external_id same is used by another" in r.json()["message"], r.text
    assert api.get("/v1/workers/second").status_code == 404
    r = api.post("/v1/workers", json=body(odd.uri, oauth2={**oauth2, "external_id": "other"}))
    assert r.status_code == 409 and "a worker with the id remote is there already" in r.json()["message"], r.text
    assert api.delete("/v1/workers/remote").status_code == 204
    register(api, odd.uri, oauth2=oauth2)


def test_a_private_address_is_refused_unless_it_is_allowed(binary, tmp_path):
    odd = Odd()
    with Engine(binary, tmp_path, config="api:\n  development: false\n") as strict, strict.client() as c:
        assert c.post("/v1/workers/test", json={"type": "mcp", "mcp": {"uri": odd.uri}}).json()["success"] is False
        assert c.post("/v1/workers", json=body(odd.uri)).status_code == 201
        assert c.get("/v1/tools").json()["items"] == [] and odd.asked == []
    (tmp_path / "allowed").mkdir()
    with Engine(binary, tmp_path / "allowed", config="api:\n  development: false\nsecurity:\n  ssrf_allowlist: [127.0.0.0/8]\n") as let, let.client() as c:
        assert c.post("/v1/workers", json=body(odd.uri)).status_code == 201
        assert [t["name"] for t in c.get("/v1/tools").json()["items"]] == ["do"]
    odd.close()


def test_a_server_that_wants_a_token_and_nobody_gives_one_out_is_not_authorized_by_a_user(api, odd):
    """A static key that is over: no link could mend it, so none is promised, and who asks for the server's health is told."""
    register(api, odd.uri, headers={"Authorization": "Bearer the-key-that-is-over"})
    odd.handle = lambda h: h.raw(b"", 401 if h.path == "/mcp" else 404) or True
    r = execute(api, "Odd.do")
    error = r["output"]["error"]
    assert r["success"] is False and error["kind"] == "UPSTREAM_RUNTIME_AUTH_ERROR" and error["status_code"] == 401 and error["can_retry"] is False, r
    assert "status 401" in error["message"] and odd.count("tools/call") <= 1
    health = api.get("/v1/workers/remote/health").json()
    assert health["healthy"] is False and health["message"], health
    tried = api.post("/v1/workers/test", json={"type": "mcp", "mcp": {"uri": odd.uri}}).json()
    assert tried["success"] is False and tried["message"], tried
