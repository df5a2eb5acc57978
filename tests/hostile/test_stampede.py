# SPDX-License-Identifier: Apache-2.0
"""Very many grants come due within a minute, and very many readers meet one that is over: each is renewed once, and nobody waits who
need not."""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest
from quick import Quick
from seeded import LEAD_S, LIFE_S, Readers, Seeded, at, user
from world import LONG, figure, until

WITHIN_S = 60


@pytest.fixture()
def seeded(binary, tmp_path, request):
    s = Seeded(binary, tmp_path, *request.param)
    yield s
    s.close()


@pytest.mark.parametrize("seeded", [(10000 if LONG else 1000, WITHIN_S)], indirect=True)
def test_grants_that_expire_within_a_minute_are_renewed_ahead_each_once_and_readers_do_not_wait(seeded):
    n = seeded.n
    seeded.start()
    readers = Readers(seeded.engine, n)
    readers.read_each()
    calm, users, wrong = readers.stop()
    assert not wrong and len(users) == n, wrong
    assert seeded.engine.stop() == 0 and not seeded.sim.calls(kind="refresh")

    early = 20 if LONG else -30  # the first is due so many seconds after the start
    seeded.start(late=LIFE_S - LEAD_S - early)
    readers = Readers(seeded.engine, n)
    began = time.monotonic()
    until("each grant to be renewed", lambda: not seeded.left(), 280)
    renewed = seeded.consents()
    took = time.monotonic() - began
    storm, users, wrong = readers.stop()
    assert not wrong, wrong
    assert len(renewed) == n and {(g["pairs"], g["reused"]) for g in seeded.consents().values()} == {(2, 0)}
    least = min(g["least_left_s"] for g in renewed.values())
    assert least >= 60, f"a grant was renewed {least} s before its end: its readers had to wait"
    most = seeded.sim.control.get("/calls").json()["most_refreshing"]
    figure(f"{n} grants expiring within {WITHIN_S} s: renewed in", f"{took:.0f} s, the last {least} s ahead, at most {most} at once")
    figure("reads calm: p50, p99", f"{at(calm, .5):.2f} ms, {at(calm, .99):.2f} ms of {len(calm)}")
    figure("reads meanwhile: p50, p99", f"{at(storm, .5):.2f} ms, {at(storm, .99):.2f} ms of {len(storm)}")
    figure("p99 meanwhile / calm (aim 2)", f"{at(storm, .99) / at(calm, .99):.2f}")


READ = """
import concurrent.futures, json, os, sys
from quick import Quick
def read(_):
    with Quick(sys.argv[1], os.environ["ARCADE_API_KEY"]) as api:
        status, _, a = api.authorize("user-1@example.com")
        return status, a.get("context", {}).get("token")
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    print(json.dumps(list(pool.map(read, range(16)))))
"""


@pytest.mark.parametrize("seeded", [(1, 0)], indirect=True)
def test_readers_of_several_keys_and_processes_cause_one_refresh_at_a_slow_provider(seeded):
    seeded.start(late=LIFE_S + 60)
    seeded.sim.fault(on="refresh", times=1, delay_ms=1500, hold_ms=1500)
    keys = [json.loads(seeded.engine.cli("key", "create", f"reader-{i}", "--json").stdout)["key"] for i in range(4)]
    here = pathlib.Path(__file__).parent
    running = [subprocess.Popen([sys.executable, "-c", READ, seeded.engine.url], stdout=subprocess.PIPE, text=True, cwd=here,
                                env={**os.environ, "ARCADE_API_KEY": key, "PYTHONPATH": str(here)}) for key in keys]
    answers = [tuple(a) for p in running for a in json.loads(p.communicate(timeout=120)[0])]
    assert len(answers) == 64 and {status for status, _ in answers} == {200}, answers
    tokens = {token for _, token in answers}
    assert len(tokens) == 1 and len(seeded.sim.calls(kind="refresh")) == 1
    known = seeded.sim.control.post("/tokens", json={"tokens": list(tokens)}).json()["items"][0]
    assert known["good"] and known["nth"] == 2


@pytest.mark.parametrize("seeded", [(200, 0)], indirect=True)
def test_readers_who_all_need_a_new_token_take_turns_at_the_provider(seeded):
    """200 grants are over, each with a reader: as many calls as grants, and never more than 32 at once."""
    seeded.start(late=LIFE_S + 60)
    seeded.sim.fault(on="refresh", delay_ms=100)

    def read(i):
        with Quick(seeded.engine.url, seeded.engine.key) as api:
            return until(f"{user(i)} to have a token", lambda: (r := api.authorize(user(i)))[0] == 200 and r[2], 60)

    with concurrent.futures.ThreadPoolExecutor(seeded.n) as pool:
        answers = list(pool.map(read, range(1, seeded.n + 1)))
    assert {a["status"] for a in answers} == {"completed"}
    assert {(g["pairs"], g["reused"]) for g in seeded.consents().values()} == {(2, 0)}
    most = seeded.sim.control.get("/calls").json()["most_refreshing"]
    figure("200 readers with a token that is over: refreshes at once", most)
    assert 1 < most <= 32
