# SPDX-License-Identifier: Apache-2.0
"""Workers that lie, break off, drown or never answer; and a worker that dies and comes back."""
import base64
import json
import socket
import threading
import time

import arcadepy
import pytest
from conftest import real_worker, register
from people import Person
from serving import Handler, Server
from test_contract import error
from world import Engine, free_port, until

TOOL = {"name": "Do", "toolkit": {"name": "Odd", "version": "1.0.0"}, "input": {"parameters": []}, "output": None,
        "requirements": {"authorization": None, "secrets": None, "metadata": None}}


class Odd:
    """A worker of our own that does what `invoke` says; its catalogue is `tools`."""

    def __init__(self):
        odd, self.tools, self.invoke, self.calls = self, [TOOL], (lambda h: h.json({})), 0
        self.catalogue, self.asked = (lambda h: h.json(odd.tools)), []

        class Answers(Handler):
            def do_GET(self):
                odd.asked.append(self.path)
                self.json({"status": "ok"}) if self.path.endswith("/health") else odd.catalogue(self)

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                odd.calls += 1
                odd.invoke(self)

        self.server = Server(Answers)
        self.uri = self.server.origin

    def close(self):
        self.server.close()


@pytest.fixture()
def odd(api):
    o = Odd()
    yield o
    api.delete("/v1/workers/odd")
    o.close()


def run(api, name="Odd.Do"):
    r = api.post("/v1/tools/execute", json={"tool_name": name})
    assert r.status_code == 200, r.text
    return r.json()


def never(h):
    threading.Event().wait(20)


def cut(h):
    h.send_response(200)
    h.send_header("Content-Length", "1000")
    h.end_headers()
    h.wfile.write(b'{"success": tr')
    h.wfile.flush()
    h.connection.shutdown(socket.SHUT_RDWR)


def huge(h):
    h.send_response(200)
    h.send_header("Content-Length", str(100 << 20))
    h.end_headers()
    for _ in range(100):
        h.wfile.write(b"x" * (1 << 20))


def drip(h):
    """A byte now and then, so that no single read waits long."""
    h.send_response(200)
    h.send_header("Content-Length", "1000")
    h.end_headers()
    while True:  # until the engine hangs up, which ends the write
        h.wfile.write(b" ")
        h.wfile.flush()
        threading.Event().wait(0.1)


def failing(**error):
    return lambda h: h.json({"success": False, "output": {"error": {"message": "m", "kind": "TOOL_RUNTIME_FATAL", "can_retry": False, **error}}})


MAY_HELP = ("500", "502 may have run", "503 did not", "drips", "breaks off", "no answer")  # contract 3.8: the way there, or the server, failed


@pytest.mark.parametrize("what,invoke,kind,calls", [
    ("500", lambda h: h.json({}, 500), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("502 may have run", lambda h: h.json({}, 502), "NETWORK_TRANSPORT_RUNTIME_UNREACHABLE", 1),
    ("503 did not", lambda h: h.json({}, 503), "NETWORK_TRANSPORT_RUNTIME_UNREACHABLE", 2),
    ("HTML", lambda h: h.raw(b"<html>hello</html>", type="text/html"), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("no JSON", lambda h: h.raw(b"{'single': 1}"), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("not UTF-8", lambda h: h.raw(b'{"success":true,"output":{"value":"\xff"}}'), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("a list", lambda h: h.json([1]), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("no success", lambda h: h.json({"output": {"value": 1}}), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("success is text", lambda h: h.json({"success": "true", "output": {"value": 1}}), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("success is a number", lambda h: h.json({"success": 1, "output": {"value": 1}}), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("output is text", lambda h: h.json({"success": True, "output": "text"}), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("output is a list", lambda h: h.json({"success": True, "output": [1]}), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("a failure without an error", lambda h: h.json({"success": False, "output": {"value": 1}}), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("a failure without an output", lambda h: h.json({"success": False}), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("error is text", lambda h: h.json({"success": False, "output": {"error": "text"}}), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("message is a number", failing(message=5), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("kind is a list", failing(kind=["A"]), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("can_retry is text", failing(can_retry="yes"), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("retry_after_ms is text", failing(retry_after_ms="soon"), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("retry_after_ms has a fraction", failing(retry_after_ms=2.5), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("status_code is a map", failing(status_code={}), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("extra is a list", failing(extra=[1]), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("nested", lambda h: h.raw(b'{"success":true,"output":{"value":' + b"[" * 100000 + b"]" * 100000 + b"}}"), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("says it twice", lambda h: h.raw(b'{"success":true,"success":false,"output":{"value":1}}'), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("half an escape", lambda h: h.raw(b'{"success":true,"output":{"value":"\\ud8"}}'), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("drips", drip, "NETWORK_TRANSPORT_RUNTIME_TIMEOUT", 1),
    ("redirect", lambda h: h.raw(b"", 307, headers=[("Location", "http://127.0.0.1:9/")]), "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("breaks off", cut, "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("100 MB", huge, "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", 1),
    ("no answer", never, "NETWORK_TRANSPORT_RUNTIME_TIMEOUT", 1),
])
def test_a_call_that_goes_wrong_is_told_and_not_repeated(api, odd, what, invoke, kind, calls):
    odd.invoke = invoke
    late = kind.endswith("TIMEOUT")
    assert register(api, odd.uri, id="odd", timeout=20, retry=2).status_code == 201
    assert not late or api.patch("/v1/workers/odd", json={"http": {"timeout": 2}}).status_code == 200
    r = run(api)
    assert r["success"] is False and r["status"] == "failed" and r["output"]["error"]["kind"] == kind, r
    assert "worker odd" in r["output"]["error"]["message"] and r["output"]["error"]["can_retry"] is (what in MAY_HELP), r
    assert odd.calls == calls
    assert not late or api.patch("/v1/workers/odd", json={"http": {"timeout": 20}}).status_code == 200
    odd.invoke = lambda h: h.json({"success": True, "output": {"value": "well again"}})
    assert run(api)["output"]["value"] == "well again"


@pytest.mark.parametrize("said,value", [
    ("12345678901234567890", 12345678901234567890), ('{"deep":[-9223372036854775809]}', {"deep": [-9223372036854775809]}),
    (r'"cut \ud83d"', "cut \ufffd"), (r'"a\u0000b"', "a\ufffdb"), ("1.5e300", 1.5e300), ("null", None), ('""', ""), ('"9223372036854775808"', "9223372036854775808"),
])
def test_any_json_is_a_value(api, odd, said, value):
    """The tool has run: an integer past 64 bits, or a text that was cut within a pair, is not a reason to say that it failed."""
    assert register(api, odd.uri, id="odd").status_code == 201
    odd.invoke = lambda h: h.raw(b'{"success":true,"output":{"value":%s}}' % said.encode())
    r = run(api)
    assert r["success"] is True and r["output"].get("value") == value and odd.calls == 1, r


def test_a_number_of_any_size_reaches_the_command_line(engine, api, odd):
    odd.tools = [{**TOOL, "metadata": {"extras": {"most": 18446744073709551616}}}]
    assert register(api, odd.uri, id="odd").status_code == 201
    odd.invoke = lambda h: h.raw(b'{"success":true,"output":{"value":%s}}' % (b"9" * 400))
    ran = engine.cli("tool", "run", "Odd.Do", "--json")
    assert ran.returncode == 0 and "9" * 400 in ran.stdout, (ran.stdout, ran.stderr)
    assert "Odd.Do" in engine.cli("tool", "list").stdout


def test_what_old_workers_call_an_artifact_is_the_value(api, odd):
    assert register(api, odd.uri, id="odd").status_code == 201
    odd.invoke = lambda h: h.json({"success": True, "output": {"artifact": {"rows": [1, 2]}}})
    assert run(api)["output"] == {"value": {"rows": [1, 2]}}


def test_a_catalogue_may_hold_numbers_of_any_size_and_objects_of_any_shape(api, odd):
    """What models are shown is JSON Schema all the way down."""
    tags = {"val_type": "array", "inner_val_type": "json", "inner_properties": {"n": {"val_type": "integer", "enum": [1, 18446744073709551616]}}, "inner_required_keys": ["n"]}
    person = {"val_type": "json", "inner_val_type": None, "enum": None, "required_keys": ["name"],
              "properties": {"name": {"val_type": "string", "inner_val_type": None, "enum": None, "properties": None, "description": "who"}, "tags": tags}}
    odd.tools = [{**TOOL, "input": {"parameters": [{"name": "person", "required": True, "description": "a person", "inferrable": True, "value_schema": person}]}}]
    assert register(api, odd.uri, id="odd").status_code == 201
    shown = api.get("/v1/formatted_tools/Odd.Do").json()["function"]["parameters"]
    assert shown == {"type": "object", "required": ["person"], "properties": {"person": {
        "type": "object", "description": "a person", "required": ["name"], "properties": {
            "name": {"type": "string", "description": "who"},
            "tags": {"type": "array", "items": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "enum": [1, 18446744073709551616]}}}}}}}}


def test_an_answer_that_is_too_large_to_hold_is_an_answer(api, odd):
    """1.2 MB on the wire, and fifty times that in memory.  The tool has run: no refusal may lead a client to call it again, and it is recorded."""
    assert register(api, odd.uri, id="odd", timeout=20, retry=3).status_code == 201
    odd.invoke = lambda h: h.json({"success": True, "output": {"value": [1] * 600000}})
    before = api.get("/tb/v1/events", params={"kind": "tool.executed"}).json()["total_count"]
    for _ in range(3):
        r = api.post("/v1/tools/execute", json={"tool_name": "Odd.Do"}, headers={"Idempotency-Key": "too-large"})
        assert r.status_code == 200 and r.json()["success"] is False and r.json()["status"] == "failed", r.text[:300]
        told = r.json()["output"]["error"]
        assert told["kind"] == "NETWORK_TRANSPORT_RUNTIME_UNMAPPED" and told["can_retry"] is False and "may have run" in told["message"]
    assert odd.calls == 1
    assert api.get("/tb/v1/events", params={"kind": "tool.executed"}).json()["total_count"] == before + 1


def test_tries_have_one_deadline_together(api, odd):
    """A second try has what is left of the time, not all of it again: its token ends when the first one's does."""
    assert register(api, odd.uri, id="odd", timeout=20, retry=3).status_code == 201
    ends = []

    def invoke(h):
        claims = h.headers["Authorization"].split(".")[1]
        ends.append(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
        began = time.time()
        if len(ends) == 1:
            until("three seconds", lambda: time.time() > began + 3)
            return h.raw(b"", 503)
        h.json({"success": True, "output": {"value": 1}})
    odd.invoke = invoke
    assert run(api)["success"] is True and len(ends) == 2 and ends[1] - ends[0] <= 1


def test_an_error_that_says_little_has_what_every_error_has(api, odd):
    odd.invoke = lambda h: h.json({"success": False, "output": {"error": {"message": None, "developer_message": "d", "retry_after_ms": 2}}})
    assert register(api, odd.uri, id="odd").status_code == 201
    error = run(api)["output"]["error"]
    assert error == {"developer_message": "d", "retry_after_ms": 2, "message": "the tool failed and did not say why", "kind": "UNKNOWN", "can_retry": False}
    odd.invoke = lambda h: h.json({"success": False, "output": {"requires_authorization": {"id": "a", "url": "https://as.example/a", "scopes": ["s"], "status": "pending"}}})
    assert run(api)["output"] == {"authorization": {"id": "a", "url": "https://as.example/a", "scopes": ["s"], "status": "pending"}}


@pytest.mark.parametrize("what,catalogue", [
    ("500", lambda h: h.json([TOOL], 500)), ("HTML", lambda h: h.raw(b"<html>", type="text/html")), ("breaks off", cut), ("100 MB", huge), ("no answer", never),
    ("drips", drip), ("nested", lambda h: h.raw(b"[" * 100000)), ("empty", lambda h: h.raw(b"")), ("a map", lambda h: h.json({"tools": [TOOL]})),
    ("redirect", lambda h: h.raw(b"", 307, headers=[("Location", h.server.origin + "/moved")])),
])
def test_a_catalogue_that_is_none_leaves_the_tools_as_they_were(api, odd, what, catalogue):
    wait = 3 if what in ("no answer", "drips") else 19
    assert register(api, odd.uri, id="odd", timeout=20, retry=1).status_code == 201
    odd.catalogue = catalogue
    assert api.patch("/v1/workers/odd", json={"http": {"timeout": wait}}).status_code == 200  # it is read again, and waited for
    assert [t["name"] for t in api.get("/v1/tools", params={"toolkit": "odd"}).json()["items"]] == ["Do"]
    odd.invoke = lambda h: h.json({"success": True, "output": {"value": "well"}})
    assert run(api)["output"]["value"] == "well"
    assert register(api, odd.uri, id="new", timeout=wait).status_code == 201
    assert api.get("/v1/workers/new/tools").json()["items"] == []
    assert api.delete("/v1/workers/new").status_code == 204
    assert "/moved" not in odd.asked


def test_a_worker_that_is_not_there_is_tried_again_and_keeps_its_tools(api, odd):
    assert register(api, odd.uri, id="odd", timeout=20, retry=3).status_code == 201
    odd.close()
    r = run(api)
    assert r["output"]["error"]["kind"] == "NETWORK_TRANSPORT_RUNTIME_UNREACHABLE"
    assert api.get("/tb/v1/events", params={"kind": "tool.executed", "limit": 1}).json()["items"][0]["data"]["tries"] == 3
    assert [t["name"] for t in api.get("/v1/tools", params={"toolkit": "odd"}).json()["items"]] == ["Do"]
    assert api.get("/v1/workers/odd/health").json()["healthy"] is False


@pytest.mark.parametrize("tools,names", [
    ({"not": "a list"}, []),
    ([TOOL, 7, None, [], {"name": "NoToolkit"}, {**TOOL, "name": ""}, {**TOOL, "name": "x" * 129}, {**TOOL, "name": "with space"},
      {**TOOL, "toolkit": {"name": "hy-phen"}}, {**TOOL, "toolkit": None}, {**TOOL, "name": "Bad", "input": {"parameters": [{}]}}], ["Do"]),
    ([TOOL, TOOL, {**TOOL, "name": "DO"}], ["Do"]),
    ([{**TOOL, "toolkit": {"name": "Odd", "version": v}} for v in ("1.2.0", "1.10.0", "1.9.9", "1.10.0-beta")], ["Do"]),
])
def test_a_catalogue_with_absurd_entries_keeps_the_good_ones(api, odd, tools, names):
    odd.tools = tools
    assert register(api, odd.uri, id="odd").status_code == 201
    page = api.get("/v1/tools", params={"toolkit": "odd"}).json()
    assert [t["name"] for t in page["items"]] == names
    if len(tools) == 4 and names:
        assert page["items"][0]["toolkit"]["version"] == "1.10.0"
        every = api.get("/v1/tools", params={"toolkit": "odd", "include_all_versions": "true"}).json()["items"]
        assert [t["toolkit"]["version"] for t in every] == ["1.10.0", "1.10.0-beta", "1.9.9", "1.2.0"]


def test_ten_thousand_tools(api, odd):
    odd.tools = [{**TOOL, "name": f"Tool{n}"} for n in range(10000)]
    assert register(api, odd.uri, id="odd").status_code == 201
    page = api.get("/v1/tools", params={"toolkit": "odd", "limit": 100, "offset": 9900}).json()
    assert page["total_count"] == 10000 and len(page["items"]) == 100
    assert api.get("/v1/tools/Odd.Tool7777").json()["name"] == "Tool7777"


def test_a_project_has_a_share_of_the_catalogue(binary, tmp_path):
    """Three servers with as many tools as one may have: the last one's end where their project's share does, and another project has its own."""
    odds = [Odd() for _ in range(4)]
    for n, odd in enumerate(odds):
        odd.tools = [{**TOOL, "name": f"T{k}", "toolkit": {"name": f"Kit{n}", "version": "1.0.0"}} for k in range(10000)]
    with Engine(binary, tmp_path) as eng:
        owner = Person(eng)
        owner.set_up(eng.ready["setup_url"], "owner@example.com")
        other = owner.call("POST", "/tb/v1/projects", {"name": "Other"}).json()["id"]
        key = owner.call("POST", f"/tb/v1/orgs/default/projects/{other}/api_keys", {"name": "other"}).json()["key"]
        with eng.client() as c, eng.client(key=key) as o:
            for n, odd in enumerate(odds):
                assert register(o if n == 3 else c, odd.uri, id=f"w{n}", timeout=30).status_code == 201
            count = lambda who, kit: who.get("/v1/tools", params={"toolkit": kit, "limit": 1}).json()["total_count"]
            assert [count(c, f"Kit{n}") for n in range(3)] == [10000, 10000, 5000]
            message = c.get("/v1/workers/w2/health").json()["message"]
            assert "5000 of its tools are left out" in message and "than a project may have" in message, message
            assert count(o, "Kit3") == 10000
    for odd in odds:
        odd.close()


def test_a_private_address_is_refused_unless_it_is_allowed(binary, tmp_path, odd):
    with Engine(binary, tmp_path, config="api:\n  development: false\n") as strict, strict.client() as c:
        assert c.post("/v1/workers/test", json={"type": "http", "http": {"uri": odd.uri}}).json()["success"] is False
        assert register(c, odd.uri, id="odd").status_code == 201
        assert c.get("/v1/tools").json()["items"] == [] and odd.calls == 0
        assert c.get("/v1/workers/odd/health").json()["healthy"] is False
    (tmp_path / "allowed").mkdir()
    with Engine(binary, tmp_path / "allowed", config="api:\n  development: false\nsecurity:\n  ssrf_allowlist: [127.0.0.0/8]\n") as let, let.client() as c:
        assert register(c, odd.uri, id="odd").status_code == 201
        assert [t["name"] for t in c.get("/v1/tools").json()["items"]] == ["Do"]


def test_a_worker_dies_comes_back_and_the_engine_restarts_meanwhile(binary, tmp_path, simulator):
    """The catalogue is stored: it is there before the worker is."""
    port = free_port()
    first = real_worker(tmp_path, simulator, port=port)
    with Engine(binary, tmp_path, simulator=simulator) as eng, eng.client() as c:
        assert register(c, f"http://127.0.0.1:{port}").status_code == 201
        assert c.post("/v1/tools/execute", json={"tool_name": "Custom.Add", "input": {"a": 1}}).json()["output"]["value"] == 3
    first.stop()
    with Engine(binary, tmp_path, simulator=simulator) as eng, eng.client() as c:
        assert len(c.get("/v1/tools").json()["items"]) == 8
        assert run(c, "Custom.Add")["output"]["error"]["kind"] == "NETWORK_TRANSPORT_RUNTIME_UNREACHABLE"
        second = real_worker(tmp_path, simulator, port=port)
        assert c.post("/v1/tools/execute", json={"tool_name": "Custom.Add", "input": {"a": 1}}).json()["output"]["value"] == 3
        second.stop()


def test_what_is_too_large_is_left_out_and_costs_nobody_else(binary, tmp_path):
    """Of one worker a tool, of another all: the others are read, changed and removed as ever, and the engine starts with what is there."""
    odds = {id: Odd() for id in ("good", "bad", "large", "big1", "big2", "big3", "late")}
    for id, odd in odds.items():
        odd.tools = [{**TOOL, "toolkit": {"name": id.capitalize(), "version": "1.0.0"}}]
    odds["bad"].tools.append({**odds["bad"].tools[0], "name": "Drowns", "description": "x" * (1 << 20)})
    odds["large"].tools.append({**odds["large"].tools[0], "name": "Other", "description": "x" * (16 << 20)})
    for id in ("big1", "big2", "big3"):  # together more than a request may hold
        odds[id].tools += [{**odds[id].tools[0], "name": f"Do{n}", "description": "d" * (700 << 10)} for n in range(20)]
    listed = lambda c: {id for id in odds if c.get(f"/v1/tools/{id.capitalize()}.Do").status_code == 200}
    engine = Engine(binary, tmp_path)
    with engine.client() as c:
        for id, odd in odds.items():
            r = register(c, odd.uri, id=id)
            assert r.status_code == 201, r.text
        assert listed(c) == {"good", "bad", "big1", "big2", "big3", "late"}
        told = [f"{id.capitalize()}.Do" for id in ("bad", "good", "late")] + [f"Big{k}.Do{n}" for k in (1, 2, 3) for n in ("", *range(20))]
        sdk = arcadepy.Arcade(base_url=engine.url, api_key=engine.key)
        assert sorted(t.qualified_name for t in sdk.tools.list(limit=100)) == sorted(told)  # pages end early, and the SDK goes on
        page = c.get("/v1/tools", params={"limit": 100, "include_format": "openai,anthropic,arcade"}).json()
        assert 0 < page["page_count"] == len(page["items"]) < 10 and page["total_count"] == len(told) and page["limit"] == 100
        health = c.get("/v1/workers/bad/health").json()
        assert health["healthy"] and health["message"].startswith("ok; 1 of its tools are left out: Drowns: "), health
        health = c.get("/v1/workers/large/health").json()
        assert health["healthy"] and "its tools could not be read" in health["message"] and "too large" in health["message"], health
        assert c.delete("/v1/workers/good").status_code == 204
        assert c.post("/v1/tools/execute", json={"tool_name": "Good.Do"}).status_code == 404
    engine.stop()
    with Engine(binary, tmp_path) as engine, engine.client() as c:
        assert listed(c) == {"bad", "big1", "big2", "big3", "late"}
    for odd in odds.values():
        odd.close()


def test_new_tools_of_a_worker_appear_by_themselves(api, odd):
    assert register(api, odd.uri, id="odd").status_code == 201
    odd.tools = [{**TOOL, "name": f"Newer{n}", "description": "d" * 600} for n in range(8000)]  # many of them, too
    until("the new tools", lambda: api.get("/v1/tools", params={"toolkit": "odd"}).json()["total_count"] == 8000, bound=60)


def test_roles_and_projects(api, odd, engine):
    assert register(api, odd.uri, id="odd").status_code == 201
    with engine.client(key="arc_nobody") as c:
        error(c.get("/v1/tools"), 401, "invalid_authorization")
        error(c.post("/v1/tools/execute", json={"tool_name": "Odd.Do"}), 401, "invalid_authorization")
    assert api.get("/v1/orgs/default/projects/default/tools", params={"toolkit": "odd"}).json()["total_count"] == 1


# Title of the window, screen cleared, words of the engine's own in red; the same with the controls that are one character.
SEQUENCES = "\x1b]0;owned\x07\x1b[2J\x1b[31mtokenbooth: done\x1b[0m \x9b2J \x7f"


def shown(r):
    """What reaches the terminal is text."""
    bad = [c for c in r.stdout + r.stderr if not c.isprintable() and c not in "\n\t"]
    assert bad == [], (bad, r.stdout, r.stderr)
    return r


def test_no_text_of_a_tool_server_moves_the_operators_cursor(engine, api, odd):
    tool = {**TOOL, "description": SEQUENCES, "input": {"parameters": [{"name": "a", "required": False, "description": SEQUENCES, "value_schema": {"val_type": "string"}}]}}
    odd.tools = [tool]
    register(api, odd.uri, id="odd")
    failed = {"success": False, "output": {"error": {"message": "boom " + SEQUENCES, "kind": "TOOL_RUNTIME_FATAL", "can_retry": False}}}
    odd.invoke = lambda h: h.json({"invocation_id": "x", "finished_at": "2026-01-01T00:00:00Z", "duration": 1, **failed})
    r = shown(engine.cli("tool", "run", "Odd.Do"))
    assert r.returncode == 1 and "the tool failed: boom ?]0;owned??[2J" in r.stderr and r.stderr.count("\n") == 1, r.stderr
    r = shown(engine.cli("tool", "run", "Odd.Do", "--json"))
    assert r.returncode == 1 and json.loads(r.stdout)["output"]["error"]["message"] == "boom " + SEQUENCES
    odd.invoke = lambda h: h.json({"invocation_id": "x", "finished_at": "2026-01-01T00:00:00Z", "duration": 1, "success": True, "output": {"value": "two\nlines\t" + SEQUENCES}})
    assert shown(engine.cli("tool", "run", "Odd.Do")).stdout.startswith("two\nlines\t?]0;owned?")
    assert "?]0;owned?" in shown(engine.cli("tool", "show", "Odd.Do")).stdout and "?]0;owned?" in shown(engine.cli("tool", "list")).stdout
    assert shown(engine.cli("server", "add", "bad" + SEQUENCES, odd.uri, "--secret-file", "-", stdin="x\n")).returncode == 1
    odd.catalogue = lambda h: h.json({"error": SEQUENCES}, status=500)
    shown(engine.cli("server", "test", odd.uri))
