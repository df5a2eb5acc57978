# SPDX-License-Identifier: Apache-2.0
"""Allocations of the real binary fail now and then, on every thread and in every library, while real clients use it."""
import concurrent.futures

import httpx
import pytest
from machine import Faults, World
from world import LONG, figure, until


@pytest.fixture()
def faulty(binary, tmp_path):
    faults = Faults(tmp_path)
    with World(binary, tmp_path, env=faults.env) as w:
        w.faults = faults
        yield w
        faults[faults.RATE] = 0


def test_memory_that_cannot_be_had(faulty):
    """Each answer is right or an error of the engine's own; afterwards everything works and no grant is gone."""
    users = [f"user-{n}@example.com" for n in range(4)]
    faulty.sim.control.post("/knobs", json={"token_lifetime_s": 6})
    for user in users:
        faulty.connect(user)
    counts = {}

    def act(n):
        user = users[n % len(users)] if n % 3 else f"new-{n}@example.com"
        try:
            with faulty.engine.client() as api:
                api.timeout = 10
                r = (api.get("/v1/admin/user_connections") if n % 7 == 0 else api.get("/tb/v1/events") if n % 11 == 0 else
                     api.post("/v1/auth/authorize", json={"auth_requirement": {"provider_id": "discord", "oauth2": {"scopes": ["identify"]}}, "user_id": user}))
        except httpx.TransportError as e:  # refused or cut: no answer is no wrong answer
            return type(e).__name__
        if r.status_code == 200 and n % 7 and n % 11:
            wanted = ("completed",) if user in users else ("pending",)
            assert r.json()["status"] in wanted, r.text
        assert r.status_code == 200 or 500 <= r.status_code < 600, r.text
        return r.status_code

    for rate in (200, 2000, 10000):
        faulty.faults[faulty.faults.RATE] = rate
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for outcome in pool.map(act, range(2000 if LONG else 150)):
                counts[outcome] = counts.get(outcome, 0) + 1
        assert faulty.engine.p.poll() is None, faulty.engine.log()[-3000:]
    faulty.faults[faulty.faults.RATE] = 0
    figure("memory that cannot be had", f"{faulty.faults[faulty.faults.REFUSED]} allocations refused; answers {counts}")
    assert faulty.faults[faulty.faults.REFUSED] > 0
    faulty.sim.control.post("/knobs", json={"token_lifetime_s": -1})

    def served(user):
        answer = faulty.ask(user)
        return answer.status_code == 200 and answer.json()["status"] == "completed" and faulty.works(answer.json()["context"]["token"])

    for user in users:
        until(f"{user} to be served", lambda: served(user), 450)  # an uncertain refresh is tried again after up to five minutes
    faulty.connect("after@example.com")
    assert faulty.health().status_code == 200
