# SPDX-License-Identifier: Apache-2.0
"""The machine's clock is set while the engine runs: five minutes and a year, ahead and back.  No grant ends by the clock alone."""
import sqlite3
import time

import pytest
from hostile import stored
from machine import World, clock
from world import until

YEAR = 365 * 24 * 3600


@pytest.fixture()
def timed(binary, tmp_path):
    env, ahead = clock(tmp_path)
    with World(binary, tmp_path, env=env) as w:
        w.ahead = ahead
        yield w


def row(world, user, columns):
    return stored(world.engine, f"SELECT {columns} FROM connections WHERE user_id = ?", user)


@pytest.mark.parametrize("step", [300, -300])
def test_five_minutes(timed, step):
    timed.connect("alice@example.com")
    pending = timed.ask("later@example.com").json()
    for n, at in enumerate((step, 0, step)):
        timed.ahead(at)
        assert timed.works(timed.token("alice@example.com"))
        timed.connect(f"during-{n}@example.com")
        assert timed.works(timed.token(f"during-{n}@example.com"))
    assert timed.ask("later@example.com").json()["id"] == pending["id"]
    assert timed.health().status_code == 200


def test_a_year_ahead_and_back_ends_no_grant(timed):
    """While the clock is ahead every token looks as if it had expired long ago, and everything pending as if it were over."""
    timed.connect("alice@example.com")
    timed.sim.control.post("/knobs", json={"token_lifetime_s": 3600})
    timed.connect("idle@example.com")
    pending = timed.ask("later@example.com").json()
    # a grant that cannot be renewed: nothing but its own clock could end it
    db = sqlite3.connect(timed.engine.data / "store.sqlite3")
    db.execute("UPDATE connections SET due_at = 0, has_refresh = 0, last_used_at = 0 WHERE user_id = 'idle@example.com'")
    db.commit()
    events = db.execute("SELECT count(*) FROM events").fetchone()[0]
    db.close()
    assert timed.engine.stop() == 0
    timed.restart(env=timed.env)

    timed.ahead(YEAR)
    until("the jump to be seen", lambda: "clock.jumped" in timed.engine.log(), 60)
    # to this engine every certificate is out of date as well: it cannot renew, and says so; it does not ask for a new consent
    assert timed.ask("alice@example.com").status_code == 503
    assert row(timed, "alice@example.com", "status") == row(timed, "idle@example.com", "status") == ("live",)

    timed.ahead(0)
    until("the jump back to be seen", lambda: timed.engine.log().count("clock.jumped") == 2, 60)
    assert timed.works(timed.token("alice@example.com"))
    assert timed.works(timed.token("idle@example.com"))
    assert timed.ask("later@example.com").json()["id"] == pending["id"]
    timed.connect("new@example.com")
    assert stored(timed.engine, "SELECT count(*) FROM events")[0] >= events  # nothing was thrown away as too old


def test_what_a_wrong_clock_dated_is_renewed_when_it_is_used(timed):
    """A grant that was renewed, and one whose renewal was under way, while the clock was a year ahead; then the engine was killed."""
    for user in ("alice@example.com", "bob@example.com"):
        timed.connect(user)
    before = timed.token("alice@example.com")
    timed.engine.p.kill()
    timed.engine.p.wait()
    db = sqlite3.connect(timed.engine.data / "store.sqlite3")
    year = YEAR * 1000000
    db.execute("UPDATE connections SET token_issued_at = token_issued_at + ?, token_expires_at = token_expires_at + ?, due_at = due_at + ?", (year,) * 3)
    db.execute("UPDATE connections SET lease_owner = 'x', lease_until = ?1, next_try_at = ?1, token_expires_at = 1, due_at = 1 WHERE user_id LIKE 'bob%'",
               (int(time.time() * 1e6) + year,))
    db.execute("UPDATE leases SET until = until + ?, owner = 'a dead engine'", (year,))
    db.commit()
    db.close()
    timed.restart(env=timed.env)
    bob = until("the other to be renewed at once", lambda: (a := timed.ask("bob@example.com")).status_code == 200 and a.json()["context"]["token"])
    assert timed.works(bob)
    until("a date that is right", lambda: timed.token("alice@example.com") != before)
    for user in ("alice@example.com", "bob@example.com"):
        issued, expires, wait = row(timed, user, "token_issued_at, token_expires_at, next_try_at")
        assert abs(issued / 1e6 - time.time()) < 600 and expires / 1e6 - time.time() < 8 * 24 * 3600 and wait == 0
        assert timed.works(timed.token(user))
    # the jobs of the store are done by this engine, although a dead one had them for a year
    until("the jobs to run", lambda: owners(timed) and "a dead engine" not in owners(timed), 60)


def owners(world):
    db = sqlite3.connect(f"file:{world.engine.data}/store.sqlite3?mode=ro", uri=True)
    try:
        return [o for (o,) in db.execute("SELECT owner FROM leases")] or ["none"]
    finally:
        db.close()


def test_a_year_back_delays_nothing(timed):
    """A refresh that failed while the clock was ahead leaves a next try and a lease that lie a year away."""
    timed.sim.control.post("/knobs", json={"token_lifetime_s": 20})
    timed.connect("alice@example.com")
    timed.ahead(YEAR)
    timed.sim.fault(on="refresh", status=503, body="down", content_type="text/plain")
    assert timed.ask("alice@example.com").status_code == 503
    assert row(timed, "alice@example.com", "next_try_at / 1000000 > unixepoch() + 3000000") == (1,)
    timed.sim.clear()
    timed.sim.control.post("/knobs", json={"token_lifetime_s": -1})
    timed.ahead(0)

    def served():
        answer = timed.ask("alice@example.com")
        return answer.status_code == 200 and row(timed, "alice@example.com", "generation") > (1,) and answer
    until("the grant to be renewed", served, 90)
    assert timed.works(timed.token("alice@example.com"))
