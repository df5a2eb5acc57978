# SPDX-License-Identifier: Apache-2.0
"""Runs put off with run_at: durable, once per run whatever dies when, retried when the tool says so, cancelled (contract 3.8, 3.11)."""
import datetime
import json
import random
import signal
import socket
import urllib.parse

import arcadepy
import pytest
from conftest import real_worker, register
from test_contract import error
from test_hostile_workers import Odd
from test_tools import consent
from world import Engine, figure, until

NOW = "2020-01-01T00:00:00"  # long past: at once
WORD = "canary-of-a-scheduled-input-5d1f"


def later(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def put_off(c, at=NOW, **body):
    r = c.post("/v1/tools/execute", json={"run_at": at, **body})
    assert r.status_code == 200, r.text
    return r.json()


def shown(c, id):
    r = c.get(f"/v1/scheduled_tools/{id}")
    assert r.status_code == 200, r.text
    return r.json()


def ended(c, id, bound=30):
    return until(f"the end of {id}", lambda: (s := shown(c, id))["execution_status"] in ("completed", "failed") and s, bound)


@pytest.fixture()
def odd(api):
    o = Odd()
    assert register(api, o.uri, id="odd", timeout=20, retry=1).status_code == 201
    yield o
    api.delete("/v1/workers/odd")
    o.close()


def test_from_the_python_sdk(engine, api, custom, tmp_path):
    sdk = arcadepy.Arcade(base_url=engine.url, api_key=engine.key, max_retries=0)
    file = tmp_path / "notes"
    at = later(6)
    made = sdk.tools.execute(tool_name="Custom.Note", input={"path": str(file), "line": WORD}, user_id="u@example.com", run_at=at)
    assert made.id.startswith("te_") and made.execution_type == "scheduled" and made.status == "scheduled" and made.success is True and made.run_at == at + "Z"
    waiting = sdk.tools.scheduled.get(made.id)
    assert waiting.execution_status == "scheduled" and waiting.attempts == [] and waiting.input == {"path": str(file), "line": WORD} and not file.exists()
    assert (waiting.tool_name, waiting.toolkit_name, waiting.toolkit_version, waiting.user_id) == ("Note", "Custom", "0.0.0", "u@example.com")
    assert [s.id for s in sdk.tools.scheduled.list(limit=1).items] == [made.id]
    ended(api, made.id)
    done = sdk.tools.scheduled.get(made.id)
    assert done.execution_status == "completed" and done.finished_at >= done.started_at >= made.run_at
    [attempt] = done.attempts
    assert attempt.id.startswith("tc_") and attempt.success is True and attempt.output.value == WORD and not attempt.system_error_message
    assert file.read_text() == WORD + "\n"
    store = b"".join(f.read_bytes() for f in engine.data.iterdir() if f.name.startswith("store"))
    assert WORD.encode() not in store and WORD not in engine.log()


def test_with_the_users_token(engine, api, simulator, custom):
    user = simulator.person() + "@scheduled.example"
    refused = error(api.post("/v1/tools/execute", json={"tool_name": "Custom.ListGuilds", "user_id": user, "run_at": NOW}), 403, "tool_authorization_required")
    assert "authorization required" in refused["message"]
    link = api.post("/v1/tools/authorize", json={"tool_name": "Custom.ListGuilds", "user_id": user}).json()["url"]
    consent(engine, simulator, link, user)
    made = put_off(api, tool_name="Custom.ListGuilds", user_id=user)
    assert ended(api, made["id"])["attempts"][0]["output"]["value"]
    # The grant ends between asking and running: it fails in words, and is not tried again.
    gone = put_off(api, at=later(6), tool_name="Custom.ListGuilds", user_id=user)
    mine = api.get("/v1/admin/user_connections", params={"user_id": user}).json()["items"]
    assert api.delete("/v1/admin/user_connections/" + mine[0]["id"]).status_code == 204
    failed = ended(api, gone["id"])
    [attempt] = failed["attempts"]
    assert failed["execution_status"] == "failed" and attempt["output"]["error"]["kind"] == "TOOL_REQUIREMENTS_NOT_MET"
    assert "authorization required" in attempt["output"]["error"]["message"] and attempt["output"]["error"]["can_retry"] is False


@pytest.mark.parametrize("body,status,name,words", [
    ({"tool_name": "Custom.Add", "run_at": "run_at"}, 400, "malformed_request", "run_at"),
    ({"tool_name": "Custom.Add", "run_at": "2026-13-01T00:00:00"}, 400, "malformed_request", "run_at"),
    ({"tool_name": "Custom.Add", "run_at": "2026-02-30T00:00:00Z"}, 400, "malformed_request", "run_at"),
    ({"tool_name": "Custom.Nothing", "run_at": NOW}, 404, "not_found", "not found"),
    ({"tool_name": "Custom.Add", "run_at": NOW, "input": [1]}, 400, "malformed_request", "input"),
    ({"tool_name": "Custom.SecretLength", "run_at": NOW}, 400, "tool_requirements_not_met", "secret not found: SEARCH_KEY"),
    ({"tool_name": "Custom.ListGuilds", "run_at": NOW}, 400, "malformed_request", "user_id"),
])
def test_what_is_refused_at_once(api, custom, body, status, name, words):
    before = api.get("/v1/scheduled_tools").json()["total_count"]
    assert words in error(api.post("/v1/tools/execute", json=body), status, name)["message"]
    assert api.get("/v1/scheduled_tools").json()["total_count"] == before


@pytest.mark.parametrize("at,utc", [("2099-07-01T10:00:00", "2099-07-01T10:00:00Z"), ("2099-07-01T10:00:00+02:00", "2099-07-01T08:00:00Z"), ("2099-07-01T10:00:00Z", "2099-07-01T10:00:00Z")])
def test_times_are_utc_unless_they_say_otherwise(api, custom, at, utc):
    made = put_off(api, at=at, tool_name="Custom.Add", input={"a": 1})
    assert made["run_at"] == utc
    assert api.delete("/v1/scheduled_tools/" + made["id"]).status_code == 204


def test_retried_as_long_as_the_tool_says_so(api, custom):
    failed = ended(api, put_off(api, tool_name="Custom.TryAgain")["id"])
    assert failed["execution_status"] == "failed" and len(failed["attempts"]) == 3
    assert [a["output"]["error"]["kind"] for a in failed["attempts"]] == ["TOOL_RUNTIME_RETRY"] * 3 and len({a["id"] for a in failed["attempts"]}) == 3
    once = ended(api, put_off(api, tool_name="Custom.Crash")["id"])
    assert once["execution_status"] == "failed" and len(once["attempts"]) == 1 and "stacktrace" not in once["attempts"][0]["output"]["error"]
    traced = ended(api, put_off(api, tool_name="Custom.Crash", include_error_stacktrace=True)["id"])
    assert "Traceback" in traced["attempts"][0]["output"]["error"]["stacktrace"]


def test_a_second_attempt_that_works(api, odd):
    again = {"success": False, "output": {"error": {"message": "busy", "kind": "UPSTREAM_RUNTIME_RATE_LIMIT", "can_retry": True, "retry_after_ms": 10}}}
    odd.invoke = lambda h: h.json(again if odd.calls == 1 else {"success": True, "output": {"value": 7}})
    done = ended(api, put_off(api, tool_name="Odd.Do")["id"])
    assert done["execution_status"] == "completed" and [a["success"] for a in done["attempts"]] == [False, True] and odd.calls == 2


@pytest.mark.parametrize("what,invoke", [("500", lambda h: h.json({}, 500)), ("502", lambda h: h.json({}, 502)), ("no JSON", lambda h: h.raw(b"x"))])
def test_what_may_have_run_is_not_repeated(api, odd, what, invoke):
    odd.invoke = invoke
    done = ended(api, put_off(api, tool_name="Odd.Do")["id"])
    assert done["execution_status"] == "failed" and len(done["attempts"]) == 1 and odd.calls == 1


def test_cancelled(api, custom, odd, tmp_path):
    file = tmp_path / "notes"
    made = put_off(api, at=later(5), tool_name="Custom.Note", input={"path": str(file), "line": "never"})
    assert api.delete("/v1/scheduled_tools/" + made["id"]).status_code == 204
    r = api.delete("/v1/scheduled_tools/" + made["id"])
    assert "only one that waits can be cancelled" in error(r, 409, "conflict")["message"] and r.headers["x-should-retry"] == "false"
    assert "not found" in error(api.delete("/v1/scheduled_tools/te_nothing"), 404, "not_found")["message"]
    error(api.get("/v1/scheduled_tools/te_nothing"), 404, "not_found")
    last = put_off(api, at=later(6), tool_name="Custom.Add", input={"a": 1})
    ended(api, last["id"])
    assert shown(api, made["id"])["execution_status"] == "cancelled" and shown(api, made["id"])["attempts"] == [] and not file.exists()
    error(api.delete("/v1/scheduled_tools/" + last["id"]), 409, "conflict")
    kinds = [e["kind"] for e in api.get("/tb/v1/events", params={"resource_type": "execution", "limit": 100}).json()["items"] if e["resource_id"] == made["id"]]
    assert kinds == ["schedule.cancelled", "schedule.created"]


def test_one_that_runs_is_not_cancelled(api, odd):
    release = []
    odd.invoke = lambda h: until("release", lambda: release) and h.json({"success": True, "output": {"value": 1}})
    made = put_off(api, tool_name="Odd.Do")
    until("the call", lambda: odd.calls)
    assert shown(api, made["id"])["execution_status"] == "running"
    error(api.delete("/v1/scheduled_tools/" + made["id"]), 409, "conflict")
    release.append(True)
    assert ended(api, made["id"])["execution_status"] == "completed"


def test_a_client_that_goes_away_leaves_a_recorded_execution(engine, api, odd):
    release = []
    odd.invoke = lambda h: until("release", lambda: release) and h.json({"success": True, "output": {"value": "done without you"}})
    body = json.dumps({"tool_name": "Odd.Do", "user_id": "gone@example.com"}).encode()
    u = urllib.parse.urlsplit(engine.url)
    with socket.create_connection((u.hostname, u.port)) as s:
        s.sendall(b"POST /v1/tools/execute HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (engine.key.encode(), len(body), body))
        until("the call", lambda: odd.calls == 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, not a polite end
    release.append(True)
    event = until("the record", lambda: [e for e in api.get("/tb/v1/events", params={"kind": "tool.executed"}).json()["items"] if e["data"].get("user_id") == "gone@example.com"])
    assert event[0]["outcome"] == "ok" and odd.calls == 1


def test_killed_while_the_tool_runs(binary, tmp_path):
    """It may have run: it is not run again, and says so."""
    odd = Odd()
    odd.invoke = lambda h: until("never", lambda: False, bound=60)
    eng = Engine(binary, tmp_path)
    with eng.client() as c:
        assert register(c, odd.uri, id="odd", timeout=30).status_code == 201
        made = put_off(c, tool_name="Odd.Do")
        until("the call", lambda: odd.calls)
        waiting = put_off(c, at=later(3600), tool_name="Odd.Do")
    eng.stop(signal.SIGKILL)
    with Engine(binary, tmp_path) as again, again.client() as c:
        failed = ended(c, made["id"])
        [attempt] = failed["attempts"]
        assert failed["execution_status"] == "failed" and attempt["success"] is False and "it may have run, so it is not run again" in attempt["system_error_message"]
        assert shown(c, waiting["id"])["execution_status"] == "scheduled" and odd.calls == 1
    odd.close()


def test_killed_at_any_moment_no_run_is_made_twice(binary, tmp_path, simulator):
    """Eighty runs (a kill cuts at most eight, and waits for four), the engine killed again and again while they begin and end: every one ends, none was made twice, and
    one that is failed for want of knowing is the only kind that may have run unseen."""
    rnd, file, worker = random.Random(20261126), tmp_path / "notes", real_worker(tmp_path, simulator)
    ids, count = {}, 80
    with Engine(binary, tmp_path) as eng, eng.client() as c:
        assert register(c, worker.ready["uri"]).status_code == 201
        for n in range(count):
            ids[n] = put_off(c, at=later(2 + n // 5), tool_name="Custom.Note", input={"path": str(file), "line": f"run {n}", "seconds": 0.2})["id"]
    lines = lambda: file.read_text().splitlines() if file.exists() else []
    for kill in range(6):
        eng, want = Engine(binary, tmp_path), len(lines()) + rnd.randrange(1, 5)
        until("some runs", lambda: len(lines()) >= want or len(lines()) == count)
        eng.stop(signal.SIGKILL)
    with Engine(binary, tmp_path) as eng, eng.client() as c:
        ends = {n: ended(c, id, bound=60) for n, id in ids.items()}
        made = lines()
        assert len(made) == len(set(made)), "a run was made twice"
        for n, s in ends.items():
            if s["execution_status"] == "completed":
                assert f"run {n}" in made
            else:
                assert "may have run" in s["attempts"][-1]["system_error_message"], s
        states = [s["execution_status"] for s in ends.values()]
        figure("scheduled runs: completed, cut off by six kills", (states.count("completed"), states.count("failed")))
        assert states.count("completed") > 0 and states.count("failed") > 0, states
    worker.stop()


def test_an_answer_that_is_too_large_to_be_kept_ends_its_run(api, odd):
    """Neither is it found much later as a run that nobody ended."""
    odd.invoke = lambda h: h.json({"success": True, "output": {"value": "x" * 1200000}})
    done = ended(api, put_off(api, tool_name="Odd.Do")["id"])
    [attempt] = done["attempts"]
    assert done["execution_status"] == "completed" and "larger than 1 MB" in attempt["system_error_message"] and odd.calls == 1


def test_what_came_of_a_run_is_kept_when_its_answer_took_all_memory(api, odd):
    """Two million numbers in 4 MB: nothing of it fits, and that the tool may have run is in the record all the same."""
    body = b'{"success": true, "output": {"value": [' + b"1," * 2000000 + b"1]}}"
    odd.invoke = lambda h: h.raw(body, headers=[("Content-Type", "application/json")])
    done = ended(api, put_off(api, tool_name="Odd.Do")["id"])
    [attempt] = done["attempts"]
    assert done["execution_status"] == "failed" and odd.calls == 1
    assert "may have run" in attempt["output"]["error"]["message"] and attempt["system_error_message"] == "", attempt


def test_an_input_that_is_too_large_to_be_kept_is_named(api, odd):
    body = {"tool_name": "Odd.Do", "input": {"t": "x" * 1200000}, "run_at": "2099-01-01T00:00:00"}
    r = api.post("/v1/tools/execute", json=body)
    assert r.status_code == 400 and r.json()["field_errors"][0]["field"] == "input" and "1 MB" in r.json()["message"], r.text
