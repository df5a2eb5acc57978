# SPDX-License-Identifier: Apache-2.0
"""A provider that is down for an hour: no grant is lost, and when it is back it is not run over."""
import collections
import concurrent.futures

import pytest
from quick import Quick
from seeded import LEAD_S, LIFE_S, Seeded, user
from world import figure, until

GRANTS, OUTAGE_S, STEP_S = 300, 3600, 120
DOWN = {
    "answers 503": {"status": 503, "body": "<html>maintenance</html>", "content_type": "text/html"},
    "says slow down": {"status": 429, "body": "{}", "content_type": "application/json", "retry_after_s": 30},
}


@pytest.fixture()
def seeded(binary, tmp_path):
    s = Seeded(binary, tmp_path, GRANTS, 60)
    yield s
    s.close()


def read_all(seeded):
    """One read of each grant: how many got a token, how many were told to come again."""
    def some(first):
        said = collections.Counter()
        with Quick(seeded.engine.url, seeded.engine.key) as api:
            for i in range(first, GRANTS + 1, 8):
                status, headers, a = api.authorize(user(i))
                if status == 503:
                    assert a["name"] == "provider_unavailable" and int(headers["Retry-After"]) >= 1, a
                else:
                    assert status == 200 and a["status"] == "completed", a
                said[status] += 1
        return said

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return sum(pool.map(some, range(1, 9)), collections.Counter())


@pytest.mark.parametrize("down", list(DOWN))
def test_an_hour_without_the_provider_kills_no_grant_and_ends_without_a_stampede(seeded, tmp_path, down):
    seeded.start(clock=tmp_path / "clock")
    assert read_all(seeded) == {200: GRANTS}
    seeded.later(LIFE_S - LEAD_S - 60)
    seeded.sim.fault(on="refresh", **DOWN[down])
    for _ in range(OUTAGE_S // STEP_S):
        seeded.later(STEP_S)
        said = read_all(seeded)
    assert said == {503: GRANTS}, said
    tried = len(seeded.sim.calls(kind="refresh"))
    assert tried > 0 and {g["pairs"] for g in seeded.consents().values()} == {1}
    figure(f"outage, the provider {down}: refreshes tried in an hour for {GRANTS} grants", tried)

    assert seeded.sim.control.delete("/calls").status_code == 200  # first: the scan may call as soon as the fault is gone
    seeded.sim.clear()
    seeded.sim.fault(on="refresh", delay_ms=50)

    def recovered():
        seeded.later(1)
        return read_all(seeded)[200] == GRANTS

    until("each grant to have a token again", recovered, 240)
    assert {(g["pairs"], g["reused"]) for g in seeded.consents().values()} == {(2, 0)}
    calls = seeded.sim.control.get("/calls").json()
    refreshes = [c for c in calls["items"] if c["kind"] == "refresh" and c["status"] != DOWN[down].get("status")]
    a_second = collections.Counter(c["at"][:19] for c in refreshes)
    figure(f"outage, the provider {down}: refreshes after it, at once, in the busiest second", f"{len(refreshes)}, {calls['most_refreshing']}, {max(a_second.values())}")
    assert len(refreshes) == GRANTS and calls["most_refreshing"] <= 32
    with seeded.engine.client() as api:
        expired = [c for c in api.get("/v1/admin/user_connections", params={"limit": 100}).json()["items"] if c["connection_status"] != "active"]
    assert not expired
