# SPDX-License-Identifier: Apache-2.0
"""A request that is sent again with its Idempotency-Key is not carried out again (contract 1.3)."""
import json
import os
import re
import subprocess
import threading

import pytest
from conftest import HERE, register
from test_contract import error
from test_hostile_workers import TOOL, Odd
from test_schedules import later
from world import BOUND, until

SAYS = {"tool_name": "Odd.Do", "input": {"a": 1}, "user_id": "u@example.com"}


@pytest.fixture()
def odd(api):
    o = Odd()
    o.release = threading.Event()
    o.invoke = lambda h: h.json({"success": True, "output": {"value": o.calls}})
    assert register(api, o.uri, id="odd", timeout=30, retry=1).status_code == 201
    yield o
    o.release.set()
    api.delete("/v1/workers/odd")
    o.close()


def send(c, key, **body):
    return c.post("/v1/tools/execute", json={**SAYS, **body}, headers={"Idempotency-Key": key})


def test_the_first_answer_is_given_again(api, odd):
    first, again = send(api, "one"), send(api, "one")
    assert first.json()["output"]["value"] == 1 and first.content == again.content and odd.calls == 1
    assert "idempotent-replayed" not in first.headers and again.headers["idempotent-replayed"] == "true"
    assert send(api, "two").json()["output"]["value"] == 2
    assert api.post("/v1/tools/execute", json=SAYS).json()["output"]["value"] == 3
    odd.invoke = lambda h: h.json({}, 500)  # it may have run: that is an answer, too
    assert send(api, "three").content == send(api, "three").content and odd.calls == 4


def test_whoever_asks_meanwhile_has_the_same_answer(api, engine, odd):
    odd.invoke = lambda h: odd.release.wait(20) and h.json({"success": True, "output": {"value": "once"}})
    answers = []

    def ask():
        with engine.client() as c:
            answers.append(send(c, "crowd"))

    asking = [threading.Thread(target=ask) for _ in range(12)]
    for t in asking:
        t.start()
    parked = lambda: int(re.search(r'^tokenbooth_lane_busy\{lane="parked"\} (\d+)', api.get("/metrics").text, re.M)[1])
    until("eleven asleep", lambda: odd.calls == 1 and parked() == 11)
    odd.release.set()
    for t in asking:
        t.join(BOUND)
    assert odd.calls == 1 and len({r.content for r in answers}) == 1 and answers[0].json()["output"]["value"] == "once"
    assert sorted("idempotent-replayed" in r.headers for r in answers) == [False] + [True] * 11


def test_a_key_names_one_request_of_one_caller(api, engine, odd):
    assert send(api, "mine").status_code == 200
    assert error(send(api, "mine", input={"a": 2}), 400, "malformed_request")["field_errors"][0]["field"] == "Idempotency-Key"
    assert error(send(api, "x" * 256), 400, "malformed_request")["field_errors"][0]["field"] == "Idempotency-Key"
    other = api.post("/tb/v1/api_keys", json={"name": "another"}).json()["key"]
    with engine.client(key=other) as c:
        assert send(c, "mine").json()["output"]["value"] == 2
    assert odd.calls == 2


def test_a_refusal_is_not_kept(api, odd):
    error(send(api, "early", tool_name="Odd.Late"), 404, "not_found")
    odd.tools = [TOOL, {**TOOL, "name": "Late"}]
    assert api.patch("/v1/workers/odd", json={"http": {"timeout": 29}}).status_code == 200
    assert send(api, "early", tool_name="Odd.Late").json()["success"] is True and odd.calls == 1


def test_a_large_answer_is_not_kept_and_nothing_runs_twice(api, odd):
    odd.invoke = lambda h: h.json({"success": True, "output": {"value": "x" * (2 << 20)}})
    assert len(send(api, "large").content) > 2 << 20
    r = send(api, "large")
    assert "its answer is not kept" in error(r, 409, "conflict")["message"] and r.headers["x-should-retry"] == "false" and odd.calls == 1


def test_a_run_is_put_off_once(api, odd):
    at = later(3600)
    first, again = send(api, "put off", run_at=at), send(api, "put off", run_at=at)
    assert first.status_code == 200 and first.content == again.content
    assert api.get("/v1/scheduled_tools").json()["total_count"] == 1
    assert api.delete("/v1/scheduled_tools/" + first.json()["id"]).status_code == 204


def test_arcadejs_gives_up_and_asks_again(engine, odd):
    """The SDK's own repetition after its own time-out: it waits for the run that is under way."""
    odd.invoke = lambda h: odd.release.wait(20) and h.json({"success": True, "output": {"value": "once"}})
    env = {"PATH": os.environ["PATH"], "ARCADE_BASE_URL": engine.url, "ARCADE_API_KEY": engine.key}
    p = subprocess.Popen(["node", str(HERE.parent / "node/clients/impatient.mjs"), json.dumps(SAYS)], env=env, stdout=subprocess.PIPE, text=True)
    assert json.loads(p.stdout.readline()) == {"asked": 1} and json.loads(p.stdout.readline()) == {"asked": 2}
    odd.release.set()
    assert json.loads(p.stdout.readline())["output"]["value"] == "once" and p.wait(BOUND) == 0 and odd.calls == 1
