# SPDX-License-Identifier: Apache-2.0
"""An engine that is stopped (SIGSTOP) in the middle of a refresh, past the end of its lease and of its call, and goes on: it sends nothing
that it may not send any more, and loses no pair that has come.  A minute passes while it stands still: on the wall clock alone, as
when a machine was suspended, or on both clocks, as when only the process was."""
import os
import signal
import threading

import pytest
from late import set_clock
from quick import Quick
from relay import ANSWERED, OPEN, SENT, Relay
from test_refresh import WEEK
from world import Browser, Engine, Simulator, query, until

BOTH, WALL = "both clocks", "the wall clock"
USER = "frozen@example.com"


class World:
    def __init__(self, binary, folder, clocks):
        self.sim = Simulator(binary, folder, plain=True)
        self.relay = Relay(folder, self.sim.ready["url"])
        self.clock, self.late = folder / "clock", 0
        self._set()
        config = f"network:\n  connect_to: [\"{self.relay.ready['connect_to'][0]}\"]\n  ca_file: {self.relay.ready['ca_file']}\n"
        self.engine = Engine(binary, folder, config=config, env=set_clock(self.clock, both=clocks == BOTH))
        self.sim.app(self.engine.add_discord()["oauth2"]["redirect_uri"])
        self.who = self.sim.person()
        self.consent()

    def _set(self):
        new = self.clock.with_suffix(".new")
        new.write_text(f"+{self.late}\n")
        os.replace(new, self.clock)

    def later(self, seconds):
        self.late += seconds
        self._set()
        assert self.sim.control.post("/clock", json={"advance_s": seconds}).status_code == 200

    def api(self):
        return Quick(self.engine.url, self.engine.key)

    def consent(self):
        with self.api() as api, Browser() as b:
            link = api.authorize(USER)[2]["url"]
            back = b.callback(b.consent(b.to_provider(link).replace("https://discord.com", self.sim.ready["url"]), self.who))
            assert api.post("/v1/auth/confirm_user", {"flow_id": query(back.headers["location"])["flow_id"], "user_id": USER})[0] == 200

    def read(self):
        with self.api() as api:
            return api.authorize(USER)

    def reader(self):
        """A reader who waits for a new token."""
        t = threading.Thread(target=self._quiet_read, daemon=True)
        t.start()
        return t

    def _quiet_read(self):
        with self.api() as api:
            api.authorize(USER)

    def refreshes(self, stage=None):
        return [c for c in self.relay.snapshot() if c.kind == "refresh" and (stage is None or c.stage == stage)]

    def stop(self):
        os.kill(self.engine.p.pid, signal.SIGSTOP)
        until("the engine to stand still", lambda: open(f"/proc/{self.engine.p.pid}/stat").read().rsplit(") ", 1)[1][0] == "T")

    def go_on(self):
        os.kill(self.engine.p.pid, signal.SIGCONT)

    def given(self):
        """Of the user's last consent: pairs given, uses of a refresh token that was spent, refresh tokens alive."""
        c = next(g for g in self.sim.control.get("/grants").json()["items"] if g["user"] == self.who)["consents"][0]
        return c["pairs"], c["reused"], c["refresh_tokens"]

    def served(self):
        """The reader's token once he has one, as the provider knows it."""
        def token():
            status, _, a = self.read()
            assert status == 200 and a["status"] == "completed" or status == 503, (status, a)
            return status == 200 and a["context"]["token"]

        text = until("a token", token, 90)
        return self.sim.control.post("/tokens", json={"tokens": [text]}).json()["items"][0]

    def notes(self):
        with self.api() as api:
            items = api.get("/tb/v1/authorizations", user_id=USER)[2]["items"]
            return str([api.get(f"/tb/v1/authorizations/{a['id']}")[2]["events"] for a in items])

    def close(self):
        self.go_on()
        for e in self.relay.hold.values():
            e.set()
        self.engine.stop()
        self.relay.close()
        self.sim.control.close()
        self.sim.stop()


@pytest.fixture()
def world(binary, tmp_path, request):
    w = World(binary, tmp_path, request.param)
    w.later(WEEK + 60)
    w.relay.forget()
    yield w
    w.close()


@pytest.mark.parametrize("world", [BOTH, WALL], indirect=True)
def test_frozen_before_it_sends_it_does_not_send_afterwards(world):
    world.relay.hold[OPEN] = threading.Event()
    world.reader()
    until("the call to be under way", lambda: len(world.relay.snapshot()) == 1)
    world.stop()
    world.later(60)
    gate = world.relay.hold.pop(OPEN)
    first = world.relay.snapshot()[0].number
    gate.set()
    world.go_on()
    assert world.served()["nth"] == 2
    assert world.given() == (2, 0, 1)
    assert not [c for c in world.refreshes() if c.number == first], "what was claimed before the freeze was sent after it"


@pytest.mark.parametrize("world", [BOTH, WALL], indirect=True)
def test_an_answer_that_came_while_it_was_frozen_is_stored(world):
    world.relay.hold[ANSWERED] = threading.Event()
    world.reader()
    until("the answer to be on the wire", lambda: world.refreshes(ANSWERED))
    world.stop()
    world.relay.hold.pop(ANSWERED).set()
    until("the answer to lie in the engine's socket", lambda: world.refreshes(SENT))
    world.later(60)
    world.go_on()
    assert world.served()["nth"] == 2
    assert world.given() == (2, 0, 1) and len(world.refreshes()) == 1


@pytest.mark.parametrize("world", [WALL], indirect=True)
def test_an_answer_that_comes_after_the_lease_is_over_is_stored_and_nobody_asks_beside_it(world):
    """Readers come while the call still runs, and by the wall clock its lease is long over."""
    world.sim.control.post("/knobs", json={"reuse_ends_family": True})
    world.relay.hold[ANSWERED] = threading.Event()
    world.reader()
    until("the answer to be on the wire", lambda: world.refreshes(ANSWERED))
    world.stop()
    world.later(60)
    world.go_on()
    for _ in range(8):
        status, _, a = world.read()
        assert status == 503, (status, a)
    world.relay.hold.pop(ANSWERED).set()
    assert world.served()["nth"] == 2
    assert world.given() == (2, 0, 1) and len(world.refreshes()) == 1


@pytest.mark.parametrize("world", [WALL], indirect=True)
def test_a_code_whose_answer_came_while_the_engine_was_frozen_is_not_lost(world):
    world.relay.hold[ANSWERED] = threading.Event()
    with world.api() as api, Browser() as b:
        a = api.authorize("late@example.com")[2]
        who = world.sim.person()
        url = b.consent(b.to_provider(a["url"]).replace("https://discord.com", world.sim.ready["url"]), who)
        back = {}
        t = threading.Thread(target=lambda: back.update(r=b.callback(url)))
        t.start()
        until("the tokens to be on the wire", lambda: [c for c in world.relay.snapshot() if c.kind == "token" and c.stage == ANSWERED])
        world.stop()
        world.later(60)
        world.relay.hold.pop(ANSWERED).set()
        world.go_on()
        t.join()
        assert back["r"].status_code == 303, back["r"].text[:2000]
        flow = query(back["r"].headers["location"])["flow_id"]
        assert api.post("/v1/auth/confirm_user", {"flow_id": flow, "user_id": "late@example.com"})[0] == 200
        assert api.get("/v1/auth/status", id=a["id"])[2]["status"] == "completed"
