# SPDX-License-Identifier: Apache-2.0
"""The log: every line is JSON, every event of the audit log has its one line, with the ids of the request that caused it."""
import json
import re

import pytest
from test_discord import authorize, connect
from world import Engine, Simulator, until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture()
def world(binary, tmp_path):
    with Simulator(binary, tmp_path) as sim, Engine(binary, tmp_path, simulator=sim, args=["--log-format", "json"]) as eng:
        eng.add_discord()
        yield eng, sim


def lines(engine):
    return [json.loads(line) for line in engine.log().splitlines() if line.strip()]


def test_every_event_has_its_line(world):
    engine, sim = world
    with engine.client() as api:
        connect(engine, sim, api, "logged@example.com", sim.person(), ["identify"])
        items = api.get("/v1/admin/user_connections").json()["items"]
        assert api.delete(f"/v1/admin/user_connections/{items[0]['id']}").status_code == 204
        key = api.post("/tb/v1/api_keys", json={"name": "second"}).json()
        assert api.delete(f"/tb/v1/api_keys/{key['id']}").status_code == 204
        until("the access line of the last change", lambda: any(x["event"] == "http.request" and x["route"] == "/tb/v1/api_keys/{id}" for x in lines(engine)))
        events = api.get("/tb/v1/events", params={"limit": 100}).json()["items"]
    assert len(events) >= 8
    said = lines(engine)
    access = {x["request_id"]: x for x in said if x["event"] == "http.request"}
    left = list(said)
    for e in events:
        match = [x for x in left if x["event"] == e["kind"] and x.get("resource") == e["resource_id"] and x.get("outcome", "ok") == (e["outcome"] or "ok")
                 and x.get("step") == e["step"] and x.get("data", {}) == (e["data"] or {})]
        assert match, (e, [x for x in said if x["event"] == e["kind"]])
        left.remove(match[0])
        if e["principal_type"] == "api_key":  # the request that did it has its own line, with the same ids
            assert access[match[0]["request_id"]]["trace_id"] == match[0]["trace_id"], match[0]


def test_a_trace_is_taken_and_a_wrong_one_is_not(world):
    engine, _ = world
    with engine.client() as api:
        r = api.post("/v1/auth/authorize", headers={"traceparent": PARENT, "X-Request-Id": "my-request-7"},
                     json={"auth_requirement": {"provider_id": "discord", "oauth2": {"scopes": ["identify"]}}, "user_id": "traced@example.com"})
        assert r.status_code == 200 and r.headers["x-request-id"] == "my-request-7"
        ids = [api.get("/v1/config", headers=[("traceparent", t) for t in bad]).headers["x-request-id"] for bad in
               ([PARENT + "-x"], [PARENT.upper()], [PARENT, PARENT], ["00-" + "0" * 32 + "-00f067aa0ba902b7-01"], [])]
    until("the access lines", lambda: {"my-request-7", *ids} <= {x.get("request_id") for x in lines(engine) if x["event"] == "http.request"})
    said = lines(engine)
    mine = [x for x in said if x.get("request_id") == "my-request-7"]
    assert {"authorization.created", "http.request"} <= {x["event"] for x in mine}, mine
    assert all(x["trace_id"] == TRACE for x in mine)
    others = [x["trace_id"] for x in said if x.get("request_id") in ids]
    assert len(others) == 5 == len(set(others)) and TRACE not in others and all(re.fullmatch("[0-9a-f]{32}", t) for t in others)


def test_no_access_line_when_it_is_off(binary, tmp_path):
    with Engine(binary, tmp_path, config="telemetry:\n  logging:\n    access: false\n", args=["--log-format", "json"]) as eng:
        with eng.client() as api:
            assert api.post("/tb/v1/api_keys", json={"name": "quiet"}).status_code == 201
        until("the event's line", lambda: any(x["event"] == "api_key.created" for x in lines(eng)))
        assert not any(x["event"] == "http.request" for x in lines(eng))
